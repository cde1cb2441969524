"""What the database says of itself: roles, walls, what its log quotes, its clock, its keys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backoffice.models.factors import Factor
from backoffice.models.sealing import key_id_of, keyring
from backoffice.models.users import User
from backoffice.services import audit, field_keys
from backoffice.services.doctor.shapes import Finding, Severity

KEY_LIFE: Final = timedelta(days=365)
SKEW: Final = timedelta(seconds=10)
LOG_SETTINGS: Final = {
    "log_error_verbosity": frozenset({"terse"}),
    "log_min_error_statement": frozenset({"panic"}),
    "log_min_messages": frozenset({"log", "fatal", "panic"}),
    "log_parameter_max_length_on_error": frozenset({"0"}),
    "log_parameter_max_length": frozenset({"0"}),
    "log_statement": frozenset({"none"}),
    "log_min_duration_statement": frozenset({"-1"}),
}
"""With any other value the server's log may quote what somebody typed (docs/operator.md)."""

_ROLES: Final = ("app", "owner", "relay", "sealer", "intake", "search", "auditor", "remover")
_WITHOUT_A_WALL: Final = text("""
  SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'practice_id' AND NOT a.attisdropped
   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relforcerowsecurity
     AND has_table_privilege(c.oid, 'SELECT') AND c.relname <> ALL (:opaque) ORDER BY 1""")
_OPAQUE: Final = ["control_numbers", "errands", "payee_identities"]
"""Directories outside the wall: docs/tables-without-practice.md gives each its reason."""


def findings(session: Session, *, now: datetime, is_local: bool) -> Iterator[Finding]:
    """Yield what is wrong; `session` is of the app role and works for the house."""
    yield from _roles(session)
    yield from _server(session, now=now, is_local=is_local)
    yield from _keys(session, now=now)
    yield from _people(session)
    lag = audit.seal_lag(session, now=now)
    if lag.alarms:
        seconds = round(lag.behind.total_seconds())
        yield Finding("seal_lag", f"The record waits for its seals since {seconds} seconds.")


def _roles(session: Session) -> Iterator[Finding]:
    mighty = session.scalars(
        text(
            "SELECT rolname FROM pg_roles"
            " WHERE rolname = ANY (:roles) AND (rolsuper OR rolbypassrls OR rolcreaterole)"
        ),
        {"roles": list(_ROLES)},
    )
    for role in mighty:
        yield Finding("mighty_role", f"The role {role} goes round the wall: take its rights away.")
    owned = session.scalar(
        text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    )
    if owned:
        yield Finding("app_owns", f"The app's role owns {owned} tables: owner must own them.")
    for table in session.scalars(_WITHOUT_A_WALL, {"opaque": _OPAQUE}):
        yield Finding("no_wall", f"The table {table} has a practice and no forced row security.")


def _server(session: Session, *, now: datetime, is_local: bool) -> Iterator[Finding]:
    for name, right in LOG_SETTINGS.items():
        value = session.scalar(text("SELECT current_setting(:name, true)"), {"name": name})
        if value not in right:
            wanted = " or ".join(sorted(right))
            yield Finding("database_log", f"PostgreSQL's {name} is {value}: set it to {wanted}.")
    told = session.execute(
        text("SELECT clock_timestamp(), (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())")
    ).one()
    apart = abs(told[0] - now)
    if apart > SKEW:
        seconds = round(apart.total_seconds())
        yield Finding("clock_skew", f"The database's clock is {seconds} seconds from ours.")
    if not is_local and not told[1]:
        yield Finding("database_in_the_clear", "The database is reached without TLS.")


def _keys(session: Session, *, now: datetime) -> Iterator[Finding]:
    known, given = field_keys.keys_in_use(session), keyring().field_keys
    for key_id in sorted(known.keys() - given.keys()):
        yield Finding(
            "key_missing", f"Sealed values may need the key {key_id}: FIELD_KEYS lacks it."
        )
    began = known.get(key_id_of(keyring()))
    if began is not None and now - began > KEY_LIFE:
        yield Finding(
            "old_key", f"The field key is in use since {began:%Y-%m-%d}: rotate it.", Severity.NOTE
        )


def _people(session: Session) -> Iterator[Finding]:
    proved = select(Factor.user_id).where(Factor.confirmed_at.is_not(None))
    without = session.scalar(
        select(func.count())
        .select_from(User)
        .where(User.disabled_at.is_(None), User.password_hash.is_not(None), User.id.not_in(proved))
    )
    if without:
        who = "person has" if without == 1 else "people have"
        yield Finding(
            "no_second_factor",
            f"{without} {who} no second factor yet: nothing of a patient opens to them.",
            Severity.NOTE,
        )
