"""How slow tries go: after five failures each further one waits twice as long, up to 15 minutes.

A try is counted before it is looked at, so that many at once get no further than one after the
other. Doors of emails that nobody has an account for slow down alike. A browser that its owner has
fully signed in with before has a door of its own: strangers who keep trying shut theirs, not his.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Interval, case, delete, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.factors import Throttle
from backoffice.models.sealing import keyring

FREE_FAILURES: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(days=1)


def door_of_sign_in(email_key: str, known_browser: str = "") -> bytes:
    """Return the door of one email, or of one email from a browser it is known from."""
    return keyring().blind_index(None, "sign_in_door", f"{known_browser}|{email_key}")


def door_of_factor(user_id: UUID) -> bytes:
    """Return the door of one person's second factor."""
    return keyring().blind_index(None, "factor_door", str(user_id))


def door_of_password(user_id: UUID) -> bytes:
    """Return the door where a person signed in says their old password."""
    return keyring().blind_index(None, "password_door", str(user_id))


def knock(session: Session, door: bytes, *, now: datetime) -> int | None:
    """Count one try as failed; returns how many that makes in a row, None while it is shut.

    `let_in` takes the count back. Failures are forgotten after a day without a try.
    """
    kept = Throttle
    forgotten = kept.last_try_at < now - FORGOTTEN_AFTER
    failures = case((forgotten, 1), else_=kept.failures + 1)
    seconds = func.least(
        func.power(2, func.least(failures - FREE_FAILURES, 10)), LONGEST_WAIT.total_seconds()
    )
    shut_until = literal(now) + func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=Interval)
    query = insert(Throttle).values(door_hash=door, failures=1, last_try_at=now, shut_until=None)
    return session.scalar(
        query.on_conflict_do_update(
            index_elements=["door_hash"],
            set_={
                "failures": failures,
                "last_try_at": now,
                "shut_until": case((failures >= FREE_FAILURES, shut_until), else_=None),
            },
            where=func.coalesce(kept.shut_until, now) <= now,
        ).returning(kept.failures)
    )


def let_in(session: Session, door: bytes) -> None:
    """Forget the failures before a door: somebody proved to be its owner."""
    session.execute(delete(Throttle).where(Throttle.door_hash == door))
