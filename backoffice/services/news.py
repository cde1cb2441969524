"""What a mail is about, for the person it was written to, once they have signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentState
from backoffice.models.notifications import Mail, Notice
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.notices import Topic
from backoffice.services import audit
from backoffice.services.access import visible
from backoffice.services.accounts import Person
from backoffice.services.documents.reading import reach
from backoffice.services.notifications.facts import notices_of
from backoffice.services.notifications.summing_up import LOST_IN_TIME
from backoffice.services.past_due import PastDue, past_due_in
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
    """What one mail told: of claims that moved, of a thread, or of other things by their topics."""

    topic: Topic
    practice_id: UUID
    thread_id: UUID | None
    moved: Sequence[Moved]
    others: frozenset[Topic] = frozenset()
    """Of what else a daily summary told."""
    late: PastDue | None = None
    """What is past due now, where the mail told of such."""
    document_id: UUID | None = None
    """The document, where the mail told of one alone that its reader may open."""


def news_of(session: Session, mail_id: UUID, person: Person, *, now: datetime) -> News:
    """Return what a mail is about, opened from now on; NotVisible for all but its recipient."""
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
    mail.opened_at = mail.opened_at or now
    notices = notices_of(session, mail)
    moved = [notice for notice in notices if notice.topic is Topic.CLAIM_STATUS]
    topics = frozenset(notice.topic for notice in notices)
    late = Topic.PAST_DUE in topics
    return News(
        mail.topic,
        mail.practice_id,
        mail.subject_id if mail.topic is Topic.UNREAD_MESSAGE else None,
        _moved(session, mail, moved, person),
        topics - {Topic.CLAIM_STATUS, Topic.PAST_DUE},
        past_due_in(session, mail.practice_id, person, now=now) if late else None,
        _document(session, mail, notices, person),
    )


def note_refused(session: Session, mail_id: UUID) -> None:
    """Put on record that somebody opened the link of a mail that is not theirs, or of none."""
    audit.record(
        session,
        "refused_mail_link",
        subject_kind="mail",
        subject_ids=[mail_id],
        practice_id=None,
    )


def _document(
    session: Session, mail: Mail, notices: Sequence[Notice], person: Person
) -> UUID | None:
    """Return the one document that a mail told of, if it can be opened still."""
    told = {UUID(notice.facts["document_id"]) for notice in notices if _is_shared(mail, notice)}
    if len(told) != 1:
        return None
    query = visible(session, Document).where(
        Document.id.in_(told), Document.state == DocumentState.STORED, reach(session, person)
    )
    document = session.scalars(query).one_or_none()
    return document.id if document else None


def _is_shared(mail: Mail, notice: Notice) -> bool:
    return mail.topic is notice.topic is Topic.DOCUMENT_SHARED


def _moved(session: Session, mail: Mail, notices: Sequence[Notice], person: Person) -> list[Moved]:
    """Return the claims that moved: what may be lost first, then by money."""
    last = {UUID(notice.facts["claim_id"]): notice for notice in notices}
    query = (
        visible(session, Claim)
        .where(Claim.practice_id == mail.practice_id, Claim.id.in_(last))
        .options(joinedload(Claim.client), joinedload(Claim.payer))
        .order_by(Claim.id)
    )
    if mail.topic is Topic.DAILY_DIGEST:
        query = query.order_by(None).order_by(
            Claim.status.not_in(LOST_IN_TIME), Claim.charge_amount.desc(), Claim.id
        )
    own = own_clinicians(session, person)
    return [
        Moved(claim, ClaimStatus(last[claim.id].facts["status"]), last[claim.id].created_at)
        for claim in session.scalars(query)
        if not own or claim.clinician_id in own
    ]
