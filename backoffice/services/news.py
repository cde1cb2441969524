"""What a mail is about, for the person it was written to, once they have signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.notifications import Mail, Notice
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.notices import Topic
from backoffice.services import audit
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled.reach import own_clinicians


@dataclass(frozen=True)
class Moved:
    """One claim of the mail: where it stood when the mail was written, and the claim itself."""

    claim: Claim
    told: ClaimStatus
    at: datetime


@dataclass(frozen=True)
class News:
    """What one mail told: of claims that moved, of a thread, or of documents."""

    topic: Topic
    practice_id: UUID
    thread_id: UUID | None
    moved: Sequence[Moved]


def news_of(session: Session, mail_id: UUID, person: Person) -> News:
    """Return what a mail is about; raises NotVisible for anybody but whom it was written to."""
    query = visible(session, Mail).where(Mail.id == mail_id, Mail.user_id == person.id)
    mail = session.scalars(query).one_or_none()
    if mail is None:
        raise NotVisible
    audit.took(
        session,
        "open_mail",
        subject_kind="mail",
        subject_ids=[mail.id],
        practice_id=mail.practice_id,
    )
    moved = _moved(session, mail, person) if mail.topic is Topic.CLAIM_STATUS else []
    return News(mail.topic, mail.practice_id, mail.subject_id, moved)


def note_refused(session: Session, mail_id: UUID) -> None:
    """Put on record that somebody opened the link of a mail that is not theirs, or of none."""
    audit.record(
        session,
        "refused_mail_link",
        subject_kind="mail",
        subject_ids=[mail_id],
        practice_id=None,
    )


def _moved(session: Session, mail: Mail, person: Person) -> list[Moved]:
    notices = session.scalars(
        visible(session, Notice)
        .where(Notice.mail_id == mail.id)
        .order_by(Notice.created_at, Notice.id)
    )
    last = {UUID(notice.facts["claim_id"]): notice for notice in notices}
    query = (
        visible(session, Claim)
        .where(Claim.practice_id == mail.practice_id, Claim.id.in_(last))
        .options(joinedload(Claim.client), joinedload(Claim.payer))
        .order_by(Claim.id)
    )
    own = own_clinicians(session, person)
    return [
        Moved(claim, ClaimStatus(last[claim.id].facts["status"]), last[claim.id].created_at)
        for claim in session.scalars(query)
        if not own or claim.clinician_id in own
    ]
