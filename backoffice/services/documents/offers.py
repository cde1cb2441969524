"""What the documents' filters and forms offer: payers, and people who sent something."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.models.payers import Payer, PracticePayer
from backoffice.models.users import Membership, User
from backoffice.services.access import held


def payers_of_documents(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return the payers that these practices know, by name."""
    known = select(PracticePayer.payer_id).where(held(session, PracticePayer.practice_id))
    query = select(Payer.id, Payer.short_name).where(Payer.id.in_(known))
    return session.execute(query.order_by(Payer.short_name, Payer.id)).all()


def uploaders(session: Session) -> Sequence[tuple[UUID, str]]:
    """Return the people of these practices, and the house's, who can have sent something."""
    here = select(Membership.user_id).where(held(session, Membership.practice_id))
    query = select(User.id, User.name).where(or_(User.id.in_(here), User.house_role.is_not(None)))
    return session.execute(query.order_by(User.name, User.id)).all()
