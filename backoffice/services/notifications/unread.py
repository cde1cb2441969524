"""Whether a thread still waits to be read by somebody, and who wrote first of what waits."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from backoffice.models.messages import Message, Receipt
from backoffice.models.notifications import Mail
from backoffice.models.users import Membership, User
from backoffice.rules.dates import UnknownTimeZone, time_zone
from backoffice.rules.roles import STAFF_ROLES
from backoffice.services.access import held
from backoffice.services.notifications.wishes import wait_of


class TooEarly(Exception):
    """What is unread now was written later than what the mail was begun for."""

    def __init__(self, until: datetime) -> None:
        """Say from when on it may be announced."""
        self.until = until
        super().__init__("too early")


@dataclass(frozen=True)
class Author:
    """Who wrote: name, role in words, and the moment in the recipient's own time."""

    name: str
    role: str
    at: str


def is_waiting(session: Session, mail: Mail, *, now: datetime) -> bool:
    """Whether the recipient has something to read; raises TooEarly when it is too fresh."""
    first = session.scalars(_waiting(session, mail)).first()
    if first is None:
        return False
    due = first.sent_at + wait_of(session, mail.practice_id, mail.user_id, mail.topic)
    if due > now:
        raise TooEarly(due)
    return True


def first_author(session: Session, mail: Mail) -> Author:
    """Return who wrote the oldest message that waits."""
    first = session.scalars(_waiting(session, mail)).one()
    author = session.get_one(User, first.author_id)
    recipient = session.get_one(User, mail.user_id)
    role = _role(session, mail.practice_id, author)
    return Author(author.name, role, _moment(first.sent_at, recipient.time_zone))


def told_already(session: Session, practice_id: UUID, thread_id: UUID) -> frozenset[UUID]:
    """Return who was mailed about a thread and has not read it since."""
    return frozenset(
        session.scalars(
            select(Receipt.user_id).where(
                held(session, Receipt.practice_id),
                Receipt.practice_id == practice_id,
                Receipt.thread_id == thread_id,
                Receipt.mailed_through_id.is_not(None),
                or_(
                    Receipt.read_through_id.is_(None),
                    Receipt.read_through_id < Receipt.mailed_through_id,
                ),
            )
        )
    )


def newest(session: Session, mail: Mail) -> UUID:
    """Return the thread's last message: up to there this mail tells."""
    return session.scalars(
        select(Message.id)
        .where(
            held(session, Message.practice_id),
            Message.practice_id == mail.practice_id,
            Message.thread_id == mail.subject_id,
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).one()


def announced(session: Session, mail: Mail, through: UUID) -> None:
    """Remember up to where the recipient has been told: no second mail until they read."""
    receipt = _receipt(session, mail.practice_id, mail.subject_id, mail.user_id)
    if receipt is not None:
        receipt.mailed_through_id = through


def has_waiting(session: Session, practice_id: UUID, thread_id: UUID, user_id: UUID) -> bool:
    """Whether a thread holds something that somebody has not read."""
    return (
        session.scalars(_waiting_in(session, practice_id, thread_id, user_id)).first() is not None
    )


def _waiting(session: Session, mail: Mail) -> Select[Message]:
    return _waiting_in(session, mail.practice_id, mail.subject_id, mail.user_id)


def _waiting_in(
    session: Session, practice_id: UUID, thread_id: UUID | None, user_id: UUID
) -> Select[Message]:
    receipt = _receipt(session, practice_id, thread_id, user_id)
    query = (
        select(Message)
        .where(
            held(session, Message.practice_id),
            Message.practice_id == practice_id,
            Message.thread_id == thread_id,
            Message.author_id != user_id,
            Message.withdrawn_at.is_(None),
        )
        .order_by(Message.id)
        .limit(1)
    )
    if receipt is not None and receipt.read_through_id is not None:
        query = query.where(Message.id > receipt.read_through_id)
    if not _is_staff(session, practice_id, user_id):
        query = query.where(Message.internal.is_(False))
    return query


def _receipt(
    session: Session, practice_id: UUID, thread_id: UUID | None, user_id: UUID
) -> Receipt | None:
    return session.scalars(
        select(Receipt).where(
            held(session, Receipt.practice_id),
            Receipt.practice_id == practice_id,
            Receipt.thread_id == thread_id,
            Receipt.user_id == user_id,
        )
    ).one_or_none()


def _is_staff(session: Session, practice_id: UUID, user_id: UUID) -> bool:
    if session.get_one(User, user_id).house_role is not None:
        return True
    return _role_in(session, practice_id, user_id) in STAFF_ROLES


def _role_in(session: Session, practice_id: UUID, user_id: UUID) -> object:
    return session.scalar(
        select(Membership.role).where(
            held(session, Membership.practice_id),
            Membership.practice_id == practice_id,
            Membership.user_id == user_id,
        )
    )


def _role(session: Session, practice_id: UUID, user: User) -> str:
    role = user.house_role or _role_in(session, practice_id, user.id)
    return str(role).replace("_", " ") if role else "billing service"


def _moment(at: datetime, zone_name: str) -> str:
    zone: tzinfo
    try:
        zone = time_zone(zone_name)
    except UnknownTimeZone:
        zone = time_zone("UTC")
    local = at.astimezone(zone)
    half = "am" if local.hour < 12 else "pm"
    return f"{local:%b} {local.day}, {local.hour % 12 or 12}:{local:%M} {half} {local:%Z}"
