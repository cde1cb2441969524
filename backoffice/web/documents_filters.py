"""The documents list's filters as they stand in the address: read, shown and offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from backoffice.models.documents import DocumentKind, DocumentState, DocumentStatus
from backoffice.services.accounts import Person
from backoffice.services.cursors import Cursor
from backoffice.services.documents.filing import Beside
from backoffice.services.documents.inbox import Wanted
from backoffice.services.documents.offers import payers_of_documents, uploaders
from backoffice.web.filters import here, label

Word = TypeVar("Word", DocumentKind, DocumentState, DocumentStatus)
MOST_OFFERED = 40
FILTERS = (
    "kind", "state", "status", "owner", "payer", "by", "linked", "twice", "claim", "days",
)  # fmt: skip
SINCE = (("1", "Today and yesterday"), ("7", "Last 7 days"), ("30", "Last 30 days"),
         ("90", "Last 90 days"))  # fmt: skip
LINKED = {"yes": True, "no": False}


def read_wanted(person: Person, now: datetime) -> Wanted:
    """Read what the address asks for; what can't be read filters nothing."""
    asked = request.args
    days = asked.get("days", type=int)
    return Wanted(
        kind=_member(DocumentKind, "kind"),
        state=_member(DocumentState, "state"),
        status=_member(DocumentStatus, "status"),
        owner_id=person.id if asked.get("owner") == "me" else None,
        without_owner=asked.get("owner") == "nobody",
        payer_id=asked.get("payer", type=UUID),
        uploaded_by_id=asked.get("by", type=UUID),
        linked=LINKED.get(asked.get("linked", "")),
        doubled=asked.get("twice") == "yes",
        claim_id=asked.get("claim", type=UUID),
        came_from=_midnight(now) - timedelta(days=days) if days and 0 < days < 10_000 else None,
        after=Cursor.read(asked.get("after"), str),
        before=Cursor.read(asked.get("before"), str),
    )


@dataclass(frozen=True)
class Named:
    """Whom filters name and offer, by name: looked up once for a page."""

    payers: Sequence[tuple[UUID, str]]
    people: Sequence[tuple[UUID, str]]


def named(session: Session) -> Named:
    """Return the payers that these practices know, and who can have sent something."""
    return Named(payers_of_documents(session), uploaders(session))


def tokens(wanted: Wanted, named: Named) -> list[dict[str, str]]:
    """Return the filters that are set, each with the address without it."""
    asked = request.args
    payers, people = dict(named.payers), dict(named.people)
    said = {
        "kind": wanted.kind and label(wanted.kind),
        "state": wanted.state and label(wanted.state),
        "owner": {"me": "Owner is me", "nobody": "Owner is nobody"}.get(asked.get("owner", "")),
        "payer": wanted.payer_id and f"Payer is {payers.get(wanted.payer_id, 'another')}",
        "by": wanted.uploaded_by_id and f"From {people.get(wanted.uploaded_by_id, 'another')}",
        "linked": wanted.linked is not None and ("Linked" if wanted.linked else "Not linked"),
        "twice": wanted.doubled and "Came twice",
        "claim": wanted.claim_id and "One claim",
        "days": wanted.came_from and f"Last {asked.get('days')} days",
    }  # fmt: skip
    return [
        {"label": str(words), "off": here(**{name: None})} for name, words in said.items() if words
    ]


def offers(named: Named) -> list[dict[str, Any]]:
    """Return the filters that can be added, each with its choices as links."""
    every: Sequence[tuple[str, str, Sequence[tuple[Any, str]]]] = [
        ("Type", "kind", [(kind.value, label(kind)) for kind in DocumentKind]),
        ("Owner", "owner", [("me", "Me"), ("nobody", "Nobody")]),
        ("Payer", "payer", named.payers[:MOST_OFFERED]),
        ("From", "by", named.people[:MOST_OFFERED]),
        ("Links", "linked", [("yes", "Linked"), ("no", "Not linked")]),
        ("Twice", "twice", [("yes", "The same file came before")]),
        ("Came", "days", SINCE),
        ("Keeping", "state", [(state.value, label(state)) for state in DocumentState]),
    ]
    return [
        {"label": words, "name": name, "options": [(str(value), say) for value, say in options]}
        for words, name, options in every
        if options and name not in request.args
    ]


def to_lie_beside() -> tuple[Beside, UUID] | None:
    """Read what documents are being chosen for (?beside=client:<id>); None: for nothing."""
    kind, _, row_id = request.args.get("beside", "").partition(":")
    try:
        return Beside(kind), UUID(row_id)
    except ValueError:
        return None


def _member(kind: type[Word], name: str) -> Word | None:
    words = request.args.get(name)
    return kind(words) if words in set(kind) else None


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
