"""Authenticator apps (TOTP, RFC 6238): set up by a QR code; each code is taken once.

A code of the step before or after the current one is taken too: clocks of phones are off, and
people type slowly. It stretches a code's life from 30 to 90 seconds (a deviation from ASVS 6.5.5);
what it doesn't stretch is how often a code works.
"""

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from backoffice.models.factors import Factor, FactorKind
from backoffice.models.users import User

STEPS_AROUND: Final = 1
STEP_SECONDS: Final = 30
DIGITS: Final = 6


def begin_app(session: Session, user_id: UUID, *, begun: UUID | None, now: datetime) -> Factor:
    """Return the app that somebody is setting up; it counts for nothing until its code was given.

    `begun` is the one that their session began. Any other is forgotten for a new one: whoever knows
    the password may have begun it, and would know the secret that its owner then confirms.
    """
    session.get_one(User, user_id, with_for_update=True)  # one is being set up at a time
    pending = _being_set_up(session, user_id)
    if pending is None or pending.id != begun:
        forget_apps_not_set_up(session, user_id)
        pending = Factor(
            user_id=user_id, kind=FactorKind.TOTP, name="Authenticator app", created_at=now
        )
        pending.secret = pyotp.random_base32()
        session.add(pending)
        session.flush()
    return pending


def confirm_app(
    session: Session, user_id: UUID, code: str, *, begun: UUID | None, now: datetime
) -> Factor | None:
    """Make the app that the session began a factor once it gives the right code, else None."""
    pending = _being_set_up(session, user_id)
    if pending is None or pending.id != begun or not _take(session, pending, code, now=now):
        return None
    session.execute(
        update(Factor)
        .where(Factor.id == pending.id)
        .values(confirmed_at=now, last_used_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return pending


def forget_apps_not_set_up(session: Session, user_id: UUID) -> None:
    """Forget an app that was never confirmed."""
    session.execute(
        delete(Factor).where(
            Factor.user_id == user_id,
            Factor.kind == FactorKind.TOTP,
            Factor.confirmed_at.is_(None),
        )
    )


def take_code(session: Session, user_id: UUID, code: str, *, now: datetime) -> bool:
    """Whether a code is right for one of somebody's apps and was not taken before; it is now."""
    apps = session.scalars(
        select(Factor).where(
            Factor.user_id == user_id,
            Factor.kind == FactorKind.TOTP,
            Factor.confirmed_at.is_not(None),
        )
    ).all()
    return any(_take(session, app, code, now=now) for app in apps)


def setup_address(app: Factor, *, account: str) -> str:
    """Return the otpauth: address of an app, for its QR code; it holds the secret."""
    return _app(app).provisioning_uri(name=account, issuer_name="Cleanclaim")


def secret_of(app: Factor) -> str:
    """Return an app's secret in base32."""
    secret = app.secret
    if not secret:
        raise ValueError("not an authenticator app")
    return secret


def step_of(now: datetime) -> int:
    """Return the number of the 30-second step that a moment lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(app: Factor, step: int) -> str:
    """Return an app's code in one step."""
    return _app(app).generate_otp(step)


def _take(session: Session, app: Factor, code: str, *, now: datetime) -> bool:
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return False
    try:
        step = _app(app).verify_and_get_timecode(typed, for_time=now, valid_window=STEPS_AROUND)
    except OTPVerificationError:
        return False
    taken = session.execute(
        update(Factor)
        .where(Factor.id == app.id, Factor.last_timecode < step)
        .values(last_timecode=step, last_used_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], taken).rowcount == 1


def _app(app: Factor) -> pyotp.TOTP:
    return pyotp.TOTP(secret_of(app), digits=DIGITS, interval=STEP_SECONDS)


def _being_set_up(session: Session, user_id: UUID) -> Factor | None:
    return session.scalars(
        select(Factor).where(
            Factor.user_id == user_id,
            Factor.kind == FactorKind.TOTP,
            Factor.confirmed_at.is_(None),
        )
    ).one_or_none()
