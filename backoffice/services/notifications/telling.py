"""Writes down what people are to be told, and puts it into each person's open mail."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.notifications import Mail, MailState, Notice
from backoffice.rules.notices import Topic, Way
from backoffice.services.access import held
from backoffice.services.notifications.wishes import wait_of, wishes_of
from backoffice.services.work import at_the_end

_BUNDLE_KEY: Final = ("practice_id", "user_id", "topic", "subject_id")


def tell(  # noqa: PLR0913 - a notice has many parts, all named
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
    """Write down one thing for each of these people, in the way that each chose.

    `cause` names it: asking twice with one cause is refused by the database. `subject_id` keeps
    what is about one thing in a mail of its own. `facts` hold words of ours, counts and ids.
    """
    wishes = wishes_of(session, practice_id)
    ways = {user_id: wishes.way(user_id, topic) for user_id in listeners}
    notices = [
        Notice(
            practice_id=practice_id,
            user_id=user_id,
            topic=topic,
            subject_id=subject_id,
            cause=str(cause),
            way=way,
            facts=facts or {},
            created_at=at,
        )
        for user_id, way in sorted(ways.items())
        if way is not Way.OFF
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
                Notice.way == Way.IMMEDIATE,
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
    key = (Notice.practice_id, Notice.user_id, Notice.topic, Notice.subject_id)
    loose = session.execute(
        select(*key, func.min(Notice.created_at).label("first_at"))
        .where(
            held(session, Notice.practice_id),
            Notice.mail_id.is_(None),
            Notice.way == Way.IMMEDIATE,
        )
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
            "due_at": found.first_at
            + wait_of(session, found.practice_id, found.user_id, found.topic),
        }
        for found in loose
    ]


def known(session: Session, practice_id: UUID, topic: Topic, cause: UUID) -> frozenset[UUID]:
    """Return who was told of a cause already: for what a clock finds again and again."""
    return frozenset(
        session.scalars(
            select(Notice.user_id).where(
                held(session, Notice.practice_id),
                Notice.practice_id == practice_id,
                Notice.topic == topic,
                Notice.cause == str(cause),
            )
        )
    )
