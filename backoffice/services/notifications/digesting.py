"""Writes each person's daily summary when their hour has come: once a day, and only with news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.base import new_id
from backoffice.models.notifications import Digest, Mail, Notice
from backoffice.models.practices import Practice
from backoffice.rules.digests import digest_day, digest_moment
from backoffice.rules.notices import Topic, Way
from backoffice.services.access import held, one
from backoffice.services.notifications.summing_up import lines_of
from backoffice.services.notifications.wishes import wishes_of

NEWS_FOR: Final = timedelta(days=3)
"""What happened longer ago is no news any more, however long no summary could be written."""


@dataclass(frozen=True)
class _Day:
    """One person's day: its summary tells what happened until the person's hour."""

    practice_id: UUID
    user_id: UUID
    day: date
    until: datetime


def write_digests(session: Session, practice_id: UUID, *, now: datetime) -> int:
    """Begin the summaries of a practice that are due; returns how many mails will leave.

    Safe at any time and any number of times a day: a person's day is taken by one row, and what
    happens after their hour is for the next.
    """
    zone = session.get_one(Practice, practice_id).time_zone
    wishes = wishes_of(session, practice_id)
    begun = 0
    for user_id in _with_news(session, practice_id, now=now):
        if wishes.role_of(user_id) is None or wishes.way(user_id, Topic.DAILY_DIGEST) is Way.OFF:
            continue
        hour = wishes.rhythm(user_id).digest_hour
        day = digest_day(now, hour, zone)
        if day is not None:
            until = digest_moment(day, hour, zone)
            begun += _write(session, _Day(practice_id, user_id, day, until), now=now)
    return begun


def _with_news(session: Session, practice_id: UUID, *, now: datetime) -> Sequence[UUID]:
    query = (
        select(Notice.user_id)
        .where(
            held(session, Notice.practice_id),
            Notice.practice_id == practice_id,
            Notice.digest_id.is_(None),
            Notice.created_at > now - NEWS_FOR,
        )
        .distinct()
        .order_by(Notice.user_id)
    )
    return session.scalars(query).all()


def _write(session: Session, day: _Day, *, now: datetime) -> bool:
    """Take somebody's day and, where there is news, begin its mail."""
    news = session.scalars(
        select(Notice).where(
            held(session, Notice.practice_id),
            Notice.practice_id == day.practice_id,
            Notice.user_id == day.user_id,
            Notice.digest_id.is_(None),
            Notice.created_at > now - NEWS_FOR,
            Notice.created_at <= day.until,
        )
    ).all()
    digest_id = _taken(session, day, now=now) if news else None
    if digest_id is None:
        return False
    for notice in news:
        notice.digest_id = digest_id
    mail = Mail(
        practice_id=day.practice_id,
        user_id=day.user_id,
        topic=Topic.DAILY_DIGEST,
        subject_id=digest_id,
        due_at=now,
        created_at=now,
    )
    if not lines_of(session, mail, news, now=now):
        return False
    session.add(mail)
    session.flush()
    one(session, Digest, digest_id).mail_id = mail.id
    ask_for(session, Job.SEND_MAIL, subject_id=mail.id, practice_id=day.practice_id, due_at=now)
    return True


def _taken(session: Session, day: _Day, *, now: datetime) -> UUID | None:
    """Return the summary that this unit of work may write, None where the day has one."""
    values = {"practice_id": day.practice_id, "user_id": day.user_id, "day": day.day}
    return session.scalar(
        insert(Digest)
        .values(id=new_id(), created_at=now, **values)
        .on_conflict_do_nothing(index_elements=list(values))
        .returning(Digest.id)
    )
