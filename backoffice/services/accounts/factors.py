"""Somebody's second factors: proving one, adding, naming and removing them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.users import User
from backoffice.services import audit
from backoffice.services.accounts.passkeys import Site, add_passkey, take_answer
from backoffice.services.accounts.recovery import (
    codes_left,
    forget_codes,
    make_codes,
    take_recovery_code,
)
from backoffice.services.accounts.sessions import end_sessions
from backoffice.services.accounts.throttles import door_of_factor, knock, let_in
from backoffice.services.accounts.totp import confirm_app, forget_apps_not_set_up, take_code
from backoffice.services.notifications import tell_of_security
from backoffice.services.refusal import NotVisible, Refused

LONGEST_NAME: Final = 40
WORDS: Final = {FactorKind.PASSKEY: "passkey", FactorKind.TOTP: "authenticator app"}


class LastFactor(Refused):
    """The only second factor somebody has is not removed; another comes first."""

    code = "last_factor"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("This is your only second factor. Add another, then remove this one.")


class FactorThere(Refused):
    """Only who has no second factor sets one up with the password alone."""

    code = "factor_there"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("You have a second factor already. Sign in with it, then add another.")


@dataclass(frozen=True)
class Proof:
    """What somebody gave to prove their second factor: one of the three, as typed or sent."""

    passkey: str = ""
    code: str = ""
    recovery_code: str = ""


@dataclass(frozen=True)
class Added:
    """A factor that was added, and ten recovery codes if they are the person's first."""

    factor: Factor
    recovery_codes: Sequence[str]


def prove(
    session: Session,
    user_id: UUID,
    proof: Proof,
    *,
    token_hash: bytes,
    site: Site,
    now: datetime,
) -> bool:
    """Whether a proof holds; it is used up. Commit in both cases: failures slow the next try."""
    user = session.get(User, user_id)
    door = door_of_factor(user_id)
    if user is None or user.disabled_at is not None or knock(session, door, now=now) is None:
        return False
    if proof.passkey:
        holds = take_answer(
            session, user_id, proof.passkey, token_hash=token_hash, site=site, now=now
        )
    elif proof.code:
        holds = take_code(session, user_id, proof.code, now=now)
    else:
        holds = take_recovery_code(session, user_id, proof.recovery_code, now=now)
    if not holds:
        _record(session, "fail_factor", user_id)
        return False
    let_in(session, door)
    _record(session, "give_factor", user_id)
    if proof.recovery_code:
        left = codes_left(session, user_id)
        _tell(session, user, f"A recovery code was used to sign in; {left} are left.", now=now)
    return True


def factors_of(session: Session, user_id: UUID) -> Sequence[Factor]:
    """Return somebody's factors that count, oldest first."""
    return session.scalars(
        select(Factor)
        .where(Factor.user_id == user_id, Factor.confirmed_at.is_not(None))
        .order_by(Factor.created_at, Factor.id)
    ).all()


def require_no_factor(session: Session, user_id: UUID) -> None:
    """Raise FactorThere unless somebody is about to set up their first; holds until the commit."""
    session.get_one(User, user_id, with_for_update=True)
    if factors_of(session, user_id):
        raise FactorThere


def with_a_factor(session: Session, user_ids: Iterable[UUID]) -> Collection[UUID]:
    """Return who of these people has a second factor."""
    asked = select(Factor.user_id).where(
        Factor.user_id.in_(list(user_ids)), Factor.confirmed_at.is_not(None)
    )
    return frozenset(session.scalars(asked))


def add_made_passkey(
    session: Session,
    user_id: UUID,
    answer: str,
    *,
    token_hash: bytes,
    site: Site,
    now: datetime,
) -> Added | None:
    """Add the passkey that a browser made, None when its answer does not hold."""
    added = add_passkey(session, user_id, answer, token_hash=token_hash, site=site, now=now)
    return _added(session, added, token_hash, now=now) if added else None


def add_confirmed_app(
    session: Session,
    user_id: UUID,
    code: str,
    *,
    begun: UUID | None,
    token_hash: bytes,
    now: datetime,
) -> Added | None:
    """Add the app that the session began, None when its code is wrong or tries are too many."""
    door = door_of_factor(user_id)
    if knock(session, door, now=now) is None:
        return None
    app = confirm_app(session, user_id, code, begun=begun, now=now)
    if app is None:
        return None
    let_in(session, door)
    return _added(session, app, token_hash, now=now)


def rename_factor(session: Session, user_id: UUID, factor_id: UUID, name: str) -> None:
    """Give one of one's own factors another name."""
    _own(session, user_id, factor_id).name = name.strip()[:LONGEST_NAME]
    _record(session, "rename_factor", user_id)


def remove_factor(
    session: Session, user_id: UUID, factor_id: UUID, *, token_hash: bytes, now: datetime
) -> None:
    """Remove one of one's own factors, never the last; all other sessions end."""
    user = session.get_one(User, user_id, with_for_update=True)  # two at once could take both
    factor = _own(session, user_id, factor_id)
    if len(factors_of(session, user_id)) == 1:
        raise LastFactor
    session.delete(factor)
    _changed(session, user, f"The {WORDS[factor.kind]} was removed.", "remove_factor", now=now)
    end_sessions(session, user_id, reason="factor_changed", now=now, except_token_hash=token_hash)


def remove_factors(session: Session, user: User, *, now: datetime) -> None:
    """Take all factors and recovery codes from somebody who has lost them; all sessions end.

    They sign in by password and set up a new factor first thing. For administrators.
    """
    session.execute(delete(Factor).where(Factor.user_id == user.id))
    forget_codes(session, user.id)
    what = "Your second factors were removed by an administrator."
    _changed(session, user, what, "remove_factors", now=now)
    end_sessions(session, user.id, reason="factor_changed", now=now)


def renew_recovery_codes(session: Session, user_id: UUID, *, now: datetime) -> Sequence[str]:
    """Return ten new recovery codes, to be shown once; the older ones stop working."""
    user = session.get_one(User, user_id)
    codes = make_codes(session, user_id, now=now)
    _changed(session, user, "New recovery codes were made.", "renew_recovery_codes", now=now)
    return codes


def _added(session: Session, factor: Factor, token_hash: bytes, *, now: datetime) -> Added:
    user = session.get_one(User, factor.user_id)
    forget_apps_not_set_up(session, user.id)
    is_first = len(factors_of(session, user.id)) == 1
    codes = make_codes(session, user.id, now=now) if is_first else ()
    article = "An" if factor.kind is FactorKind.TOTP else "A"
    _changed(session, user, f"{article} {WORDS[factor.kind]} was added.", "add_factor", now=now)
    end_sessions(session, user.id, reason="factor_changed", now=now, except_token_hash=token_hash)
    return Added(factor, codes)


def _own(session: Session, user_id: UUID, factor_id: UUID) -> Factor:
    factor = session.get(Factor, factor_id)
    if factor is None or factor.user_id != user_id or factor.confirmed_at is None:
        raise NotVisible
    return factor


def _changed(session: Session, user: User, what: str, action: str, *, now: datetime) -> None:
    _record(session, action, user.id)
    _tell(session, user, what, now=now)


def _tell(session: Session, user: User, what: str, *, now: datetime) -> None:
    tell_of_security(session, recipient=user.email, user_id=user.id, what=what, now=now)


def _record(session: Session, action: str, user_id: UUID) -> None:
    audit.record(session, action, subject_kind="user", subject_ids=[user_id], practice_id=None)
