"""Writes down what people are to be told, and puts it into each person's open mail."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.claims import Claim, ClaimStep
from backoffice.models.documents import Document
from backoffice.models.messages import Message
from backoffice.models.notifications import Mail, MailState, Notice
from backoffice.rules.notices import Topic
from backoffice.services.access import held
from backoffice.services.notifications import unread
from backoffice.services.notifications.people import audience_of
from backoffice.services.notifications.terms import terms_of
from backoffice.services.work import at_the_end

_BUNDLE_KEY: Final = ("practice_id", "user_id", "topic", "subject_id")


def claim_moved(session: Session, claim: Claim, step: ClaimStep) -> None:
    """Tell the practice's owners and billing people and the claim's clinician of a moved step.

    Whoever moved the claim by hand is not told of it.
    """
    if not step.moved:
        return
    listeners = audience_of(session, claim.practice_id).about(claim.clinician_id) - {step.by_id}
    facts = {"claim_id": str(claim.id), "status": step.to_status.value}
    _tell(
        session, claim.practice_id, listeners, Topic.CLAIM_STATUS, step.id, at=step.at, facts=facts
    )


def message_posted(session: Session, message: Message, listeners: Iterable[UUID]) -> None:
    """Announce a message to these people, should they not have read it by then.

    Whoever was mailed about the thread and has not read it since is not mailed again.
    """
    told = unread.told_already(session, message.practice_id, message.thread_id)
    _tell(
        session,
        message.practice_id,
        set(listeners) - told,
        Topic.UNREAD_MESSAGE,
        message.id,
        at=message.sent_at,
        subject_id=message.thread_id,
    )


def document_shared(
    session: Session, document: Document, listeners: Iterable[UUID], *, now: datetime
) -> None:
    """Tell these people that a document is there; its kind, never its name."""
    facts = {"document_id": str(document.id), "kind": document.kind.value}
    topic = Topic.DOCUMENT_SHARED
    _tell(session, document.practice_id, listeners, topic, document.id, at=now, facts=facts)


def agreement_ending(
    session: Session,
    practice_id: UUID,
    listeners: Iterable[UUID],
    *,
    ends_on: date,
    alarm: int,
    now: datetime,
) -> None:
    """Tell these people that a practice's agreement ends within `alarm` days; once each alarm."""
    cause = uuid5(practice_id, f"{ends_on.isoformat()} {alarm}")
    known = select(Notice.user_id).where(
        held(session, Notice.practice_id),
        Notice.practice_id == practice_id,
        Notice.topic == Topic.AGREEMENT_ENDING,
        Notice.cause == str(cause),
    )
    fresh = set(listeners) - set(session.scalars(known))
    facts = {"ends_on": ends_on.isoformat()}
    _tell(session, practice_id, fresh, Topic.AGREEMENT_ENDING, cause, at=now, facts=facts)


def _tell(  # noqa: PLR0913 - a notice has many parts, all named
    session: Session,
    practice_id: UUID,
    listeners: Iterable[UUID],
    topic: Topic,
    cause: UUID,
    *,
    at: datetime,
    subject_id: UUID | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    notices = [
        Notice(
            practice_id=practice_id,
            user_id=user_id,
            topic=topic,
            subject_id=subject_id,
            cause=str(cause),
            facts=facts or {},
            created_at=at,
        )
        for user_id in sorted(listeners)
    ]
    if notices:
        session.add_all(notices)
        at_the_end(session, bundle)


def bundle(session: Session) -> None:
    """Put loose notices into each person's open mail; a mail that is not there yet is begun.

    An open mail is shared by all units of work, so this is their last act, and all take the mails
    in one order: nobody waits in a circle, or for longer than a commit.
    """
    session.flush()
    wanted = _mails_wanted(session)
    if not wanted:
        return
    begun = {values["id"]: values for values in wanted}
    for mail in session.execute(
        insert(Mail)
        .values(wanted)
        .on_conflict_do_update(
            index_elements=_BUNDLE_KEY,
            index_where=text("state = 'queued'"),
            set_={"tries": Mail.tries},  # nothing changes: the open mail is locked and returned
        )
        .returning(Mail.id, Mail.practice_id, Mail.user_id, Mail.topic, Mail.subject_id)
    ).all():
        session.execute(
            update(Notice)
            .where(
                Notice.practice_id == mail.practice_id,
                Notice.user_id == mail.user_id,
                Notice.topic == mail.topic,
                Notice.subject_id.is_not_distinct_from(mail.subject_id),
                Notice.mail_id.is_(None),
            )
            .values(mail_id=mail.id)
            .execution_options(synchronize_session=False)
        )
        if mail.id in begun:
            ask_for(
                session,
                Job.SEND_MAIL,
                subject_id=mail.id,
                practice_id=mail.practice_id,
                due_at=begun[mail.id]["due_at"],
            )


def _mails_wanted(session: Session) -> list[dict[str, Any]]:
    """Return the values of a mail for each person and topic with loose notices, in one order."""
    terms = terms_of(session)
    key = (Notice.practice_id, Notice.user_id, Notice.topic, Notice.subject_id)
    loose = session.execute(
        select(*key, func.min(Notice.created_at).label("first_at"))
        .where(held(session, Notice.practice_id), Notice.mail_id.is_(None))
        .group_by(*key)
        .order_by(*key)
    )
    return [
        {
            "id": new_id(),
            "created_at": found.first_at,
            "practice_id": found.practice_id,
            "user_id": found.user_id,
            "topic": found.topic,
            "subject_id": found.subject_id,
            "state": MailState.QUEUED,
            "reason": "",
            "tries": 0,
            "due_at": found.first_at + terms.wait(found.topic),
        }
        for found in loose
    ]
