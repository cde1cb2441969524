"""Email addresses that take no mail: practices' mails wait for another address."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.notifications import BouncedAddress


def has_bounced(session: Session, email_key: str) -> bool:
    """Whether an address took no mail; another address of the same person is another matter."""
    query = select(BouncedAddress.id).where(BouncedAddress.email_key == email_key)
    return session.scalar(query) is not None


def takes_no_mail(session: Session, email_key: str, *, reason: str, now: datetime) -> UUID:
    """Remember that an address takes no mail, once; `reason` is a status code."""
    session.execute(
        insert(BouncedAddress)
        .values(id=new_id(), created_at=now, email_key=email_key, reason=reason)
        .on_conflict_do_nothing(index_elements=["email_key"])
    )
    query = select(BouncedAddress.id).where(BouncedAddress.email_key == email_key)
    return session.scalars(query).one()
