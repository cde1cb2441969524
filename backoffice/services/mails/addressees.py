"""Whom mails went to, and whose addresses rest because one came back."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.notifications import BouncedAddress
from backoffice.models.users import User


def people_of(session: Session, user_ids: set[UUID]) -> Mapping[UUID, User]:
    """Return the people with these ids, those that there are."""
    found = session.scalars(select(User).where(User.id.in_(user_ids)))
    return {user.id: user for user in found}


def resting(session: Session, people: Mapping[UUID, User]) -> frozenset[str]:
    """Return the email keys of these people to which no mail of a practice goes any more."""
    keys = [user.email_key for user in people.values()]
    query = select(BouncedAddress.email_key).where(BouncedAddress.email_key.in_(keys))
    return frozenset(session.scalars(query))
