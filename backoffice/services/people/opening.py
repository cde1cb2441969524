"""What a link from a mail leads to: one door for all of them, and one refusal."""

from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.models.people import LinkKind
from backoffice.services.accounts import Person
from backoffice.services.people import inviting, links
from backoffice.services.people.inviting import Invited
from backoffice.services.people.refusals import LinkRefused


def opened(
    session: Session, secret: str, *, by: Person | None, now: datetime
) -> Invited | LinkKind:
    """Return the invitation or the kind of link that a secret opens; raises LinkRefused."""
    try:
        return inviting.look(session, secret, by=by, now=now)
    except LinkRefused:
        return links.kind_of(session, secret, now=now)
