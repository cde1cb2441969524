"""Canned replies: a practice's, the house's and the shipped ones, filled in for one thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.base import new_id
from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.messages import Thread
from backoffice.models.practices import Practice
from backoffice.models.replies import CannedReply, HiddenReply, HouseReply
from backoffice.rules.canned import DEFAULTS, Canned, MergeField, merged, unknown_fields
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.messages.reading import thread_for
from backoffice.services.messages.saying import MOST
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.unbilled.missing import lacks_of, lacks_on

LONGEST_NAME = 60


class ReplyWrong(Refused):
    """What was typed is no reply."""

    code = "reply_wrong"


@dataclass(frozen=True)
class Kept:
    """All replies that somebody may edit, and those that came with the house.

    `hidden` are the names of the shipped ones that the house has put away.
    """

    house: Sequence[HouseReply]
    practices: Sequence[CannedReply]
    shipped: Sequence[Canned]
    hidden: frozenset[str]


def offered(session: Session, thread_id: UUID, person: Person) -> list[Canned]:
    """Return the replies for one thread, filled in with what is known of it, by name."""
    thread = thread_for(session, thread_id, person)
    audit.read(session, "thread", [thread.id], practice_id=thread.practice_id)
    values = _values(session, thread, person)
    hidden = _hidden(session)
    found = {each.name.casefold(): each for each in DEFAULTS if each.name not in hidden}
    found |= {row.name.casefold(): Canned(row.name, row.body) for row in _house(session)}
    own = visible(session, CannedReply).where(
        CannedReply.practice_id == thread.practice_id, CannedReply.withdrawn_at.is_(None)
    )
    found |= {row.name.casefold(): Canned(row.name, row.body) for row in session.scalars(own)}
    return [Canned(found[key].name, merged(found[key].body, values)) for key in sorted(found)]


def kept(session: Session) -> Kept:
    """Return all replies: the house's, those of this session's practices, the shipped ones."""
    own = visible(session, CannedReply).where(CannedReply.withdrawn_at.is_(None))
    return Kept(
        house=_house(session),
        practices=session.scalars(own.order_by(CannedReply.practice_id, CannedReply.name)).all(),
        shipped=DEFAULTS,
        hidden=_hidden(session),
    )


def add(session: Session, practice_id: UUID | None, reply: Canned) -> HouseReply | CannedReply:
    """Keep a reply for one practice, or for the house's every thread. Raises ReplyWrong."""
    plain = good(reply)
    row: HouseReply | CannedReply = (
        HouseReply(name=plain.name, body=plain.body)
        if practice_id is None
        else CannedReply(practice_id=practice_id, name=plain.name, body=plain.body)
    )
    session.add(row)
    session.flush()
    _record(session, "add_reply", row)
    return row


def change(session: Session, row: HouseReply | CannedReply, reply: Canned) -> None:
    """Write a reply anew. Raises ReplyWrong."""
    plain = good(reply)
    row.name, row.body = plain.name, plain.body
    _record(session, "edit_reply", row)


def withdraw(session: Session, row: HouseReply | CannedReply, *, now: datetime) -> None:
    """Take a reply out of use; a shipped one of the same name is offered again. Twice is once.

    Unless that one is hidden.
    """
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at = now
    _record(session, "withdraw_reply", row)


def hide(session: Session, name: str, *, now: datetime) -> None:
    """Put a shipped reply away, for all practices; one of ours by its name is offered still.

    Raises NotVisible where none is called so.
    """
    _put(session, name, "hide_reply", hidden_at=now, now=now)


def bring_back(session: Session, name: str, *, now: datetime) -> None:
    """Offer a shipped reply again that was hidden. Raises NotVisible where none is called so."""
    _put(session, name, "bring_reply_back", hidden_at=None, now=now)


def reply_of(session: Session, reply_id: UUID, *, out_of_use: bool = False) -> CannedReply:
    """Return a practice's reply that is in use (or not any more), or raise NotVisible."""
    row = one(session, CannedReply, reply_id, lock=True)
    if row.withdrawn_at is not None and not out_of_use:
        raise NotVisible
    return row


def house_reply_of(session: Session, reply_id: UUID, *, out_of_use: bool = False) -> HouseReply:
    """Return a reply of the house that is in use (or not any more), or raise NotVisible."""
    row = session.get(HouseReply, reply_id, with_for_update=True)
    if row is None or (row.withdrawn_at is not None and not out_of_use):
        raise NotVisible
    return row


def _house(session: Session) -> Sequence[HouseReply]:
    query = select(HouseReply).where(HouseReply.withdrawn_at.is_(None)).order_by(HouseReply.name)
    return session.scalars(query).all()


def _hidden(session: Session) -> frozenset[str]:
    query = select(HiddenReply.name).where(HiddenReply.hidden_at.is_not(None))
    return frozenset(session.scalars(query))


def _put(
    session: Session, name: str, action: str, *, hidden_at: datetime | None, now: datetime
) -> None:
    if name not in {each.name for each in DEFAULTS}:
        raise NotVisible
    row_id = session.scalar(
        insert(HiddenReply)
        .values(id=new_id(), created_at=now, name=name, hidden_at=hidden_at)
        .on_conflict_do_update(index_elements=["name"], set_={"hidden_at": hidden_at})
        .returning(HiddenReply.id)
    )
    audit.record(
        session,
        action,
        subject_kind="reply",
        subject_ids=[row_id] if row_id else [],
        practice_id=None,
        detail={"name": name},
    )


def good(reply: Canned) -> Canned:
    """Return a reply as it is kept, or raise ReplyWrong at the field that is wrong."""
    name, body = " ".join(reply.name.split()), reply.body.replace("\r\n", "\n").strip()
    if not name or len(name) > LONGEST_NAME:
        raise ReplyWrong(f"Give it a name of at most {LONGEST_NAME} letters.", field="name")
    if not body or len(body) > MOST:
        raise ReplyWrong("Write what it says.", field="body")
    if unknown := unknown_fields(body):
        fields = ", ".join(f"{{{field.value}}}" for field in MergeField)
        raise ReplyWrong(f"There is no field {{{unknown[0]}}}. There are: {fields}.", field="body")
    return Canned(name, body)


def _values(session: Session, thread: Thread, person: Person) -> dict[MergeField, str]:
    """Return what is known of a thread; empty where it is about nothing of that kind."""
    practice = session.get_one(Practice, thread.practice_id)
    claim = one(session, Claim, thread.claim_id) if thread.claim_id else None
    appointment = (
        one(session, Appointment, thread.appointment_id) if thread.appointment_id else None
    )
    first, last = _days(claim, appointment)
    return {
        MergeField.PRACTICE: practice.name,
        MergeField.CLAIM_NUMBER: claim.our_number if claim else "",
        MergeField.DATE_OF_SERVICE: _in_words(first, last),
        MergeField.MISSING_ITEMS: "\n".join(
            f"- {words}" for words in _missing(session, thread, claim, appointment, person)
        ),
        MergeField.SENDER: person.name,
    }


def _days(claim: Claim | None, appointment: Appointment | None) -> tuple[date | None, date | None]:
    if claim is not None:
        return claim.first_day, claim.last_day
    return (appointment.served_on, appointment.served_on) if appointment else (None, None)


def _in_words(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return ""
    return f"{first:%m/%d/%Y}" if first == last else f"{first:%m/%d/%Y} to {last:%m/%d/%Y}"


def _missing(
    session: Session,
    thread: Thread,
    claim: Claim | None,
    appointment: Appointment | None,
    person: Person,
) -> list[str]:
    """Return what is missing for what the thread is about, each thing once."""
    if appointment is not None:
        lacks = lacks_of(session, appointment, person)
    elif claim is not None:
        lines = select(ServiceLine.appointment_id).where(
            held(session, ServiceLine.practice_id),
            ServiceLine.claim_id == claim.id,
            ServiceLine.appointment_id.is_not(None),
        )
        served = [each for each in session.scalars(lines) if each]
        about = [claim.client_id, claim.policy_id, claim.clinician_id, *served]
        lacks = lacks_on(session, thread.practice_id, about, person)
    elif thread.client_id is not None:
        lacks = lacks_on(session, thread.practice_id, [thread.client_id], person)
    else:
        return []
    return list(dict.fromkeys(lack.words for lack in lacks))


def _record(session: Session, action: str, row: HouseReply | CannedReply) -> None:
    audit.record(
        session,
        action,
        subject_kind="reply",
        subject_ids=[row.id],
        practice_id=row.practice_id if isinstance(row, CannedReply) else None,
    )
