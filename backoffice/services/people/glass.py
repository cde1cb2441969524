"""Breaking the glass: an hour of reading a practice that isn't assigned to one, seen by others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.people import AccountTopic, BrokenGlass
from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.roles import Permission, Role
from backoffice.services import audit
from backoffice.services.access import one, visible
from backoffice.services.accounts import Person
from backoffice.services.notifications import tell_about_account
from backoffice.services.people.refusals import NotYourself, need_reason
from backoffice.services.refusal import NotVisible, Refused

OPEN_FOR: Final = timedelta(minutes=60)


class OpenAlready(Refused):
    """The practice is the person's own, or its glass is broken."""

    code = "open_already"

    def __init__(self) -> None:
        """Say that nothing is needed."""
        super().__init__("This practice is open to you already.", field="practice")


class ReviewedAlready(Refused):
    """Somebody has looked at it."""

    code = "reviewed_already"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("Somebody has reviewed this already.")


@dataclass(frozen=True)
class Closed:
    """A practice that isn't open to somebody: its name, nothing else."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Breaking:
    """One time that the glass was broken, as its reviewers see it."""

    id: UUID
    practice_id: UUID
    who: str
    reason: str
    began_at: datetime
    ends_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str
    review_words: str


def closed_to(session: Session, person: Person) -> Sequence[Closed]:
    """Return the practices that aren't open to a person; the session works for the house."""
    query = (
        select(Practice.id, Practice.name)
        .where(Practice.left_at.is_(None), Practice.id.not_in(person.practice_ids))
        .order_by(Practice.name)
    )
    return [Closed(found.id, found.name) for found in session.execute(query)]


def break_glass(
    session: Session, practice_id: UUID, *, by: Person, reason: str, now: datetime
) -> BrokenGlass:
    """Open a practice to somebody's reading for sixty minutes; its owners and ours are told.

    The session works for that practice. Raises ReasonMissing, OpenAlready, NotVisible.
    """
    words = need_reason(reason)
    if not by.may(Permission.BREAK_GLASS):
        raise NotVisible
    if practice_id in by.practice_ids:
        raise OpenAlready
    practice = session.get(Practice, practice_id)
    if practice is None or practice.left_at is not None:
        raise NotVisible
    broken = BrokenGlass(
        practice_id=practice_id,
        created_at=now,
        user_id=by.id,
        reason=words,
        began_at=now,
        ends_at=now + OPEN_FOR,
    )
    session.add(broken)
    session.flush()
    _record(session, "break_glass", broken)
    for user in _who_hears(session, practice_id):
        tell_about_account(
            session,
            AccountTopic.GLASS_BROKEN,
            recipient=user.email,
            user_id=user.id,
            now=now,
            who=by.name,
            practice=practice.name,
            minutes=str(int(OPEN_FOR.total_seconds()) // 60),
            at=f"{now:%H:%M} UTC",
        )
    return broken


def end(session: Session, practice_id: UUID, *, by: Person, now: datetime) -> None:
    """Close what one has opened before its hour is over; the session works for that practice."""
    query = visible(session, BrokenGlass).where(
        BrokenGlass.practice_id == practice_id,
        BrokenGlass.user_id == by.id,
        BrokenGlass.ends_at > now,
    )
    for broken in session.scalars(query.with_for_update()).all():
        broken.ends_at = now
        _record(session, "end_broken_glass", broken)


def review(session: Session, glass_id: UUID, *, by: Person, words: str, now: datetime) -> None:
    """Note that somebody looked at why and what; not at one's own."""
    broken = one(session, BrokenGlass, glass_id, lock=True)
    if broken.user_id == by.id:
        raise NotYourself
    if broken.reviewed_at is not None:
        raise ReviewedAlready
    broken.review_words = need_reason(words)
    broken.reviewed_at, broken.reviewed_by_id = now, by.id
    _record(session, "review_broken_glass", broken)


def breakings(session: Session, *, limit: int = 200) -> Sequence[Breaking]:
    """Return when the glass of this session's practices was broken: unreviewed first, newest."""
    rows = session.scalars(
        visible(session, BrokenGlass)
        .order_by(BrokenGlass.reviewed_at.is_not(None), BrokenGlass.began_at.desc())
        .limit(limit)
    ).all()
    ids = {row.user_id for row in rows} | {row.reviewed_by_id for row in rows}
    names = {user.id: user.name for user in session.scalars(select(User).where(User.id.in_(ids)))}
    return [
        Breaking(
            id=row.id,
            practice_id=row.practice_id,
            who=names[row.user_id],
            reason=row.reason,
            began_at=row.began_at,
            ends_at=row.ends_at,
            reviewed_at=row.reviewed_at,
            reviewed_by=names.get(row.reviewed_by_id, "") if row.reviewed_by_id else "",
            review_words=row.review_words,
        )
        for row in rows
    ]


def _who_hears(session: Session, practice_id: UUID) -> Sequence[User]:
    """Return the administrators and the practice's owners."""
    owners = select(Membership.user_id).where(
        Membership.practice_id == practice_id,
        Membership.role == Role.PRACTICE_OWNER,
        Membership.ended_at.is_(None),
    )
    query = (
        select(User)
        .where(
            User.disabled_at.is_(None),
            (User.house_role == Role.ADMINISTRATOR) | User.id.in_(owners),
        )
        .order_by(User.id)
    )
    return session.scalars(query).all()


def _record(session: Session, action: str, broken: BrokenGlass) -> None:
    audit.record(
        session,
        action,
        subject_kind="broken_glass",
        subject_ids=[broken.id],
        practice_id=broken.practice_id,
    )
