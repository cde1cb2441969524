"""One form says one thing: a second click on it finds what the first one said."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.users import OnceKey
from backoffice.services.accounts import Person
from backoffice.services.messages.refusals import SaidOtherwise


def said_before(
    session: Session, key: str, words: str, *, by: Person, now: datetime
) -> UUID | None:
    """Return what was said under this key, or take the key and return None.

    A second click waits here for the first one's commit. Raises SaidOtherwise where the same form
    came with other words.
    """
    if not key:
        return None
    digest = hashlib.sha256(words.encode()).hexdigest()
    taken = session.scalar(
        insert(OnceKey)
        .values(user_id=by.id, key=_kept(key), asked_hash=digest, created_at=now)
        .on_conflict_do_nothing()
        .returning(OnceKey.key)
    )
    if taken is not None:
        return None
    known = session.get_one(OnceKey, (by.id, _kept(key)), populate_existing=True)
    if known.asked_hash != digest or known.answer is None:
        raise SaidOtherwise
    return UUID(known.answer["id"])


def remember(session: Session, key: str, said_id: UUID, *, by: Person) -> None:
    """Keep what was said under a key that `said_before` took."""
    if key:
        session.get_one(OnceKey, (by.id, _kept(key))).answer = {"id": str(said_id)}


def _kept(key: str) -> str:
    return f"message:{key}"
