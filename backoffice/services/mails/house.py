"""The house's own mails in the ledger: to whom, about what, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backoffice.models.notifications import BouncedAddress, MailState
from backoffice.models.people import AccountMail, AccountTopic, Invitation
from backoffice.models.users import User
from backoffice.services.mails.addressees import people_of, resting
from backoffice.services.mails.ledger import PAGE_SIZE

LOOKED_BACK: Final = timedelta(days=30)
"""What came back longer ago is not shown as waiting any more; the ledger has it still."""
_LOST: Final = (MailState.BOUNCED, MailState.FAILED)


@dataclass(frozen=True)
class AskedOfHouse:
    """Which of the house's mails are looked for; nothing named, all of them, the newest first."""

    state: MailState | None = None
    topic: AccountTopic | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class HouseEntry:
    """One mail; `rests` says that practices' mails are not sent to its address any more.

    No name: the account is gone or not there yet. No email: it was written for nobody.
    """

    id: UUID
    user_id: UUID | None
    name: str
    email: str
    topic: AccountTopic
    state: MailState
    reason: str
    begun_at: datetime
    sent_at: datetime | None
    tries: int
    rests: bool


@dataclass(frozen=True)
class HousePage:
    """Some entries, and after which mail the next ones stand."""

    entries: Sequence[HouseEntry]
    next: UUID | None


def house_ledger(session: Session, asked: AskedOfHouse) -> HousePage:
    """Return mails about accounts, the newest first; `session` works for the house."""
    query = select(AccountMail).order_by(AccountMail.id.desc()).limit(PAGE_SIZE + 1)
    if asked.state is not None:
        query = query.where(AccountMail.state == asked.state)
    if asked.topic is not None:
        query = query.where(AccountMail.topic == asked.topic)
    if asked.before is not None:
        query = query.where(AccountMail.id < asked.before)
    found = session.scalars(query).all()
    shown = found[:PAGE_SIZE]
    people = people_of(session, {mail.user_id for mail in shown if mail.user_id is not None})
    rested = resting(session, people)
    return HousePage(
        [
            _entry(mail, people.get(mail.user_id) if mail.user_id else None, rested)
            for mail in shown
        ],
        shown[-1].id if len(found) > PAGE_SIZE else None,
    )


def came_back(session: Session, *, now: datetime) -> int:
    """Count the addresses that did not get a mail about an account and still wait for somebody.

    An account's address waits until it is written to again or changed; an invitation's until it is
    corrected, taken back, over, or one sent again has arrived. `session` works for the house.
    """
    later = aliased(AccountMail)
    address = func.lower(AccountMail.recipient)
    rests = (
        select(User.id)
        .join(BouncedAddress, BouncedAddress.email_key == User.email_key)
        .where(User.email_key == address, User.disabled_at.is_(None))
    )
    invited = select(Invitation.id).where(
        Invitation.email_key == address,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
    arrived = select(later.id).where(
        later.id > AccountMail.id,
        later.recipient == AccountMail.recipient,
        later.state == MailState.SENT,
    )
    query = select(func.count(AccountMail.recipient.distinct())).where(
        AccountMail.state.in_(_LOST),
        AccountMail.created_at > now - LOOKED_BACK,
        or_(rests.exists(), and_(invited.exists(), ~arrived.exists())),
    )
    return session.scalar(query) or 0


def _entry(mail: AccountMail, user: User | None, rested: frozenset[str]) -> HouseEntry:
    theirs = user is not None and user.email == mail.recipient and user.email_key in rested
    return HouseEntry(
        id=mail.id,
        user_id=mail.user_id,
        name=user.name if user else "",
        email=mail.recipient,
        topic=mail.topic,
        state=mail.state,
        reason=mail.reason,
        begun_at=mail.created_at,
        sent_at=mail.sent_at,
        tries=mail.tries,
        rests=theirs,
    )
