"""A conversation in the shapes its templates read: days, names, cards, who may take part."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import g, url_for
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.documents import Document
from backoffice.models.messages import Thread, ThreadState
from backoffice.models.practices import Practice
from backoffice.rules.roles import Permission
from backoffice.services import documents, messages
from backoffice.services.accounts.people import Chip
from backoffice.services.claim_pages import beside
from backoffice.services.claim_pages.record import Record, record
from backoffice.services.messages import Circle, Conversation, Line, Said
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled import missing, reach
from backoffice.web.extensions import me
from backoffice.web.frame import way

Card = dict[str, Any]


def said(found: Conversation) -> dict[str, Any]:
    """Return a conversation by its reader's own days."""
    return {
        "days": _by_day(found.messages),
        "participants": [user.name for user in found.participants],
        "stamp": found.stamp,
        "unread_from": found.unread_from,
    }


def in_list(line: Line, practice: Chip, *, now: datetime) -> dict[str, Any]:
    """Return a thread as its list shows it; `due_in` until the promise breaks, or since it did."""
    due_in = line.due_at - now if line.due_at and line.state is not ThreadState.DONE else None
    asleep = line.snoozed_until is not None and line.snoozed_until > now
    return {
        "id": line.id,
        "subject": line.subject,
        "practice": practice,
        "unread": line.unread,
        "last_message_at": line.last_message_at,
        "last": line.last,
        "about": line.about,
        "state": line.state,
        "owner": line.owner,
        "due_in": abs(due_in) if due_in is not None else None,
        "late": due_in is not None and due_in <= timedelta(0),
        "soon": due_in is not None and due_in <= messages.NEARLY,
        "asleep_until": line.snoozed_until if asleep else None,
    }


def with_names(words: str, names: Iterable[str]) -> Markup:
    """Return words as they are, "@Name" marked where somebody is meant by it; a template filter."""
    shown = escape(words)
    for name in names:
        meant = escape(f"@{name}")
        shown = shown.replace(meant, Markup('<b class="meant">{}</b>').format(meant))
    return shown


def about(session: Session, thread: Thread) -> dict[str, Any]:
    """Return the cards of what a thread is about, as far as they are open to this reader."""
    cards = {
        name: _card(session, getattr(thread, f"{name}_id"), shape)
        for name, shape in _CARDS.items()
        if name != "client" or not (thread.claim_id or thread.appointment_id)
    }
    named = any(getattr(thread, f"{name}_id") for name in _CARDS)
    claim = cards.get("claim")
    return {
        "client": None,
        **cards,
        "documents": claim.pop("documents") if claim else (),
        "about_hidden": named and not any(cards.values()),
    }


def correspondents(circle: Circle, practice_id: UUID) -> dict[str, Any]:
    """Return whom this person may choose for a thread: the house everybody, a practice its own."""
    ours = me().staff_in(practice_id)
    seen = circle.practice_side | (circle.staff if ours else frozenset())
    people = [each for each in circle.named(seen) if each.id != me().id]
    return {
        "people": [each for each in people if not each.is_staff],
        "staff": [each for each in people if each.is_staff],
        "billers": len(circle.billers - {me().id}),
        "readers": len(circle.readers - {me().id}),
    }


def mentionable(session: Session, found: Conversation) -> list[dict[str, Any]]:
    """Return whom "@" offers in a thread: name, and whether an internal note may name them."""
    practice_id = found.thread.practice_id
    circle = messages.circle_of(session, practice_id)
    near = frozenset(circle.people)
    if not me().staff_in(practice_id):
        near = circle.practice_side | {user.id for user in found.participants}
    return [
        {"name": each.name, "staff": each.is_staff}
        for each in circle.named(near)
        if each.id != me().id
    ]


def composing(session: Session, found: Conversation) -> dict[str, Any]:
    """Return what the box to write in offers: whom to name, whether files may come along."""
    practice_id = found.thread.practice_id
    may_write = me().may_in(practice_id, Permission.SEND_MESSAGES)
    if not may_write:
        return {"may_write": False, "may_note": False}
    is_on = session.get_one(Practice, practice_id).messaging_on
    return {
        "may_write": is_on,
        "is_off": not is_on,
        "may_note": me().may_in(practice_id, Permission.WRITE_INTERNAL_NOTES),
        "may_upload": me().may_in(practice_id, Permission.ADD_DOCUMENTS),
        "mentionable": mentionable(session, found),
    }


def _by_day(messages_of: Iterable[Said]) -> list[dict[str, Any]]:
    """Group messages by the reader's own days."""

    def day(each: Said) -> date:
        return each.sent_at.astimezone(g.zone).date()

    return [{"day": key, "messages": list(group)} for key, group in groupby(messages_of, day)]


def _card(
    session: Session, row_id: UUID | None, shape: Callable[[Session, UUID], Card]
) -> Card | None:
    if row_id is None:
        return None
    try:
        return shape(session, row_id)
    except NotVisible:  # whoever was asked into a thread does not come near its claim by that
        return None


def _claim(session: Session, claim_id: UUID) -> Card:
    found: Record = record(session, claim_id, person=me())
    claim = found.claim
    return {
        "id": claim.id,
        "our_number": claim.our_number,
        "client_name": claim.client.name,
        "status": claim.status.value,
        "clearinghouse_number": found.clearinghouse_number,
        "payer_number": found.payer_number,
        "first_day": claim.first_day,
        "last_day": claim.last_day,
        "charge_amount": claim.charge_amount,
        "deadline_on": claim.filing_deadline_on,
        "documents": beside.documents_of(session, claim),
        "usual_kind": messages.usual_kind(session, claim, me()),
    }


def _client(session: Session, client_id: UUID) -> Card:
    client = reach.client_for(session, client_id, me())
    return {"id": client.id, "name": client.name, "born_on": client.born_on}


def _appointment(session: Session, appointment_id: UUID) -> Card:
    row = reach.appointment_for(session, appointment_id, me())
    lacks = missing.lacks_of(session, row, me())
    return {
        "id": row.id,
        "client_name": row.client.name,
        "served_on": row.served_on,
        "clinician_name": row.clinician.name if row.clinician else "",
        "charge_amount": row.charge_amount,
        "lacks": [lack.words for lack in lacks],
    }


def _document(session: Session, document_id: UUID) -> Card:
    row = documents.document_for(session, document_id, me())
    return {
        "id": row.id,
        "name": row.original_name or "",
        "kind": row.kind,
        "state": row.state.value,
        "pages": row.pages,
        "created_at": row.created_at,
    }


_CARDS: Mapping[str, Callable[[Session, UUID], Card]] = {
    "claim": _claim,
    "appointment": _appointment,
    "client": _client,
    "document": _document,
}


def in_words(row: messages.About) -> Card:
    """Return what a new thread is about, as its form says it."""
    match row:
        case Claim():
            return {"words": row.client.name, "number": row.our_number}
        case Client():
            return {"words": row.name, "number": ""}
        case Appointment():
            return {"words": row.client.name, "number": "", "day": row.served_on}
        case Document():
            return {"words": row.original_name or "", "number": "", "kind": row.kind}
        case _:
            return {"words": "", "number": ""}


def where_it_stands(row: messages.About) -> str:
    """Return the page that a new thread is started from."""
    match row:
        case Claim():
            return url_for("claims.show", claim_id=row.id)
        case Client():
            return way("clients.show", client_id=row.id) or url_for("messages.index")
        case Appointment():
            return url_for("appointments.unbilled", open=row.id)
        case Document():
            return url_for("documents.index")
        case _:
            return url_for("messages.index")
