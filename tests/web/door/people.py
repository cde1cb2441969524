"""Everybody who may stand at the door: each role, two roles at once, those it stays shut for."""

import enum
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from backoffice.models.practices import Practice
from backoffice.models.users import Level, SignIn, User
from backoffice.rules.roles import Role
from backoffice.web.extensions import clock
from tests.cast import a_user, joins
from tests.web.door.rows import rows_of_a_person
from tests.web.door.sides import World

_RAW_TOKEN = hashlib.sha1(b"one for all", usedforsecurity=False).hexdigest()
"""What every session of the door test holds as its form token, so that one token fits all."""


class Standing(enum.StrEnum):
    """How far somebody has come in."""

    IN = "in"
    NOBODY = "nobody"
    HALF = "without_second_factor"
    IDLE = "idle_too_long"
    OLD = "twelve_hours_old"
    REVOKED = "revoked"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Visitor:
    """One person with one session. `roles` are by practice; a house role holds in all."""

    name: str
    standing: Standing
    user_id: UUID | None = None
    roles: Mapping[UUID, Role] = field(default_factory=dict)
    house_role: Role | None = None
    token: str = ""
    ids: Mapping[str, UUID] = field(default_factory=dict)
    """Rows of this person's own: a mail, something to undo."""

    def role_in(self, practice_id: UUID) -> Role | None:
        """What this person is in a practice."""
        return self.house_role or self.roles.get(practice_id)

    @property
    def all_roles(self) -> frozenset[Role]:
        """Every role, wherever it holds."""
        return frozenset({self.house_role} if self.house_role else self.roles.values())


def form_token(app: Flask) -> str:
    """The token that a form must carry to be ours, for any session of the door test."""
    signer = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
    return str(signer.dumps(_RAW_TOKEN))


def everybody(world: World) -> list[Visitor]:
    """Make all visitors, their sessions and the rows that are theirs alone."""
    home, away = world.own.practice_id, world.away.practice_id
    with world.database.work(practices=[home], house=True) as session:
        practice = session.get_one(Practice, home)
        staff = {
            role: a_user(session, f"House {role.value}", house_role=role)
            for role in (Role.ADMINISTRATOR, Role.AUDITOR)
        }
        own = {role: a_user(session, f"Home {role.value}") for role in _HOME_ROLES}
        own[Role.CLINICIAN] = session.get_one(User, world.clinicians["own"].id)
        for role, user in own.items():
            joins(session, user, practice, role)
        both = a_user(session, "Both roles")
        joins(session, both, practice, Role.BILLER)
        shut = {
            standing: a_user(session, f"Shut {standing.value}")
            for standing in Standing
            if standing not in {Standing.IN, Standing.NOBODY}
        }
        for user in shut.values():
            joins(session, user, practice, Role.BILLER)
        shut[Standing.DISABLED].disabled_at = clock()
    with world.database.work(practices=[away], house=True) as session:
        joins(session, both, session.get_one(Practice, away), Role.PRACTICE_OWNER)
    known = [
        *(Visitor(r.value, Standing.IN, u.id, house_role=r) for r, u in staff.items()),
        *(Visitor(r.value, Standing.IN, u.id, {home: r}) for r, u in own.items()),
        Visitor("two_roles", Standing.IN, both.id, {home: Role.BILLER, away: Role.PRACTICE_OWNER}),
        *(Visitor(s.value, s, u.id, {home: Role.BILLER}) for s, u in shut.items()),
        Visitor("anonymous", Standing.NOBODY),
    ]
    return [_with_rows(world, each) for each in known]


_HOME_ROLES = (Role.BILLER_LEAD, Role.BILLER, Role.PRACTICE_OWNER, Role.PRACTICE_BILLING)


def _with_rows(world: World, visitor: Visitor) -> Visitor:
    token = signed_in(world, visitor)
    ids = (
        rows_of_a_person(world.database, visitor.user_id, world.own.practice_id)
        if visitor.user_id
        else {}
    )
    return replace(visitor, token=token, ids=ids)


def signed_in(world: World, visitor: Visitor) -> str:
    """Begin a session of this visitor's standing and return its token."""
    now, token = clock(), secrets.token_urlsafe(32)
    with world.database.work(house=True) as session:
        session.add(_session_row(visitor, token, now))
    return token


def _session_row(visitor: Visitor, token: str, now: datetime) -> SignIn:
    began = now - timedelta(hours=13) if visitor.standing is Standing.OLD else now
    seen = now - timedelta(minutes=16) if visitor.standing is Standing.IDLE else now
    half = visitor.standing in {Standing.HALF, Standing.NOBODY}
    data = {"csrf_token": _RAW_TOKEN}
    return SignIn(
        token_hash=hashlib.sha256(token.encode()).digest(),
        user_id=visitor.user_id,
        level=Level.PASSWORD if half else Level.FULL,
        factor_at=None if half else now,
        data=data | ({"user_id": str(visitor.user_id)} if visitor.user_id else {}),
        created_at=began,
        last_seen_at=seen,
        revoked_at=now if visitor.standing is Standing.REVOKED else None,
    )
