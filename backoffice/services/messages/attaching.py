"""Documents that messages bring along; beside the claim too, where the thread is about one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.documents import Document, DocumentKind, DocumentState
from backoffice.models.messages import Message, MessageDocument, Thread
from backoffice.services import documents, eobs
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.documents.lines import claims_beside
from backoffice.services.documents.reading import reach
from backoffice.services.messages.refusals import NotToAttach
from backoffice.services.refusal import NotVisible

ON_THE_WAY = frozenset({DocumentState.RECEIVING, DocumentState.QUARANTINED})
"""Sent and not looked through yet: shown by kind, opened by nobody."""

OFFERED = 20
"""How many of the newest documents are offered; older ones are attached from their own page."""


@dataclass(frozen=True)
class Attached:
    """A document at a message; it has a name for readers once it is kept."""

    id: UUID
    name: str
    kind: DocumentKind
    pages: int | None
    is_kept: bool
    on_its_way: bool


def attach(
    session: Session, thread: Thread, message: Message, document_ids: Sequence[UUID], *, by: Person
) -> None:
    """Bring documents along; each must be kept and open to `by`, or just sent by them."""
    for document_id in dict.fromkeys(document_ids):
        document = _to_attach(session, thread, document_id, by)
        session.add(
            MessageDocument(
                practice_id=thread.practice_id, message_id=message.id, document_id=document.id
            )
        )
        if thread.claim_id is not None:
            documents.link(session, document, one(session, Claim, thread.claim_id))
    session.flush()


def offered(session: Session, practice_id: UUID, person: Person) -> Sequence[Attached]:
    """Return the newest kept documents of a practice that this person may attach."""
    query = (
        visible(session, Document)
        .where(
            Document.practice_id == practice_id,
            Document.state == DocumentState.STORED,
            reach(session, person),
        )
        .order_by(Document.id.desc())
        .limit(OFFERED)
    )
    found = session.scalars(query).all()
    claims_beside(session, found)  # a name tells of whom a document is
    return [_shown(document) for document in found]


def usual_kind(session: Session, claim: Claim, person: Person) -> DocumentKind:
    """Return what a practice's person most likely sends where they write about a claim.

    An EOB where its payer sends no payment reports, or where it is wanted still.
    """
    if person.staff_in(claim.practice_id):
        return DocumentKind.OTHER
    asked = not claim.payer.era_supported or eobs.is_awaited(session, claim)
    return DocumentKind.EOB if asked else DocumentKind.OTHER


def attached_to(
    session: Session, messages: Sequence[Message]
) -> Mapping[UUID, tuple[Attached, ...]]:
    """Return what each message brought along, in the order it came."""
    rows = session.execute(
        select(MessageDocument.message_id, Document)
        .join(
            Document,
            (Document.practice_id == MessageDocument.practice_id)
            & (Document.id == MessageDocument.document_id),
        )
        .where(
            held(session, MessageDocument.practice_id),
            MessageDocument.message_id.in_([each.id for each in messages if not each.withdrawn_at]),
        )
        .order_by(MessageDocument.id)
    )
    found: defaultdict[UUID, list[Attached]] = defaultdict(list)
    for message_id, document in rows:
        found[message_id].append(_shown(document))
    return {message_id: tuple(each) for message_id, each in found.items()}


def _shown(document: Document) -> Attached:
    is_kept = document.state is DocumentState.STORED
    return Attached(
        id=document.id,
        name=(document.original_name or "") if is_kept else "",
        kind=document.kind,
        pages=document.pages if is_kept else None,
        is_kept=is_kept,
        on_its_way=document.state in ON_THE_WAY,
    )


def _to_attach(session: Session, thread: Thread, document_id: UUID, by: Person) -> Document:
    try:
        document = documents.document_for(session, document_id, by)
    except NotVisible:
        raise NotToAttach from None
    just_sent = document.state in ON_THE_WAY and document.uploaded_by_id == by.id
    if document.practice_id != thread.practice_id or not (
        just_sent or document.state is DocumentState.STORED
    ):
        raise NotToAttach
    return document
