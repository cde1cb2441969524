"""Clients whose records fall under 42 CFR Part 2: what their consents let leave."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.contract import Consent
from backoffice.models.documents import DocumentLink
from backoffice.rules.part2 import may_be_billed, may_be_given
from backoffice.services.access import held, visible


def consents_of(session: Session, client_id: UUID) -> Sequence[Consent]:
    """Return a client's consents, the newest first."""
    query = visible(session, Consent).where(Consent.client_id == client_id)
    return session.scalars(query.order_by(Consent.signed_on.desc(), Consent.id.desc())).all()


def lets_bill(session: Session, client: Client, *, on: date) -> bool:
    """Whether a client's claim may leave for a payer on this day."""
    if client.part2_since is None:
        return True
    facts = [consent.facts for consent in consents_of(session, client.id)]
    return may_be_billed(is_part2=True, consents=facts, on=on)


def lets_give(session: Session, client: Client, *, on: date) -> bool:
    """Whether a client's record may be given to somebody outside on this day."""
    if client.part2_since is None:
        return True
    facts = [consent.facts for consent in consents_of(session, client.id)]
    return may_be_given(is_part2=True, consents=facts, on=on)


def documents_under_part2(session: Session, documents: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the documents that lie beside a flagged client's claim or are its consent."""
    query = (
        select(DocumentLink.document_id)
        .join(
            Claim,
            (Claim.practice_id == DocumentLink.practice_id) & (Claim.id == DocumentLink.claim_id),
        )
        .join(Client, (Client.practice_id == Claim.practice_id) & (Client.id == Claim.client_id))
        .where(
            held(session, DocumentLink.practice_id),
            DocumentLink.document_id.in_(documents),
            Client.part2_since.is_not(None),
        )
    )
    papers = select(Consent.document_id).where(
        held(session, Consent.practice_id), Consent.document_id.in_(documents)
    )
    found = {*session.scalars(query), *session.scalars(papers)}
    return frozenset(each for each in found if each is not None)
