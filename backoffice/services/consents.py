"""Clients whose records fall under 42 CFR Part 2: the flag, consents, what these let leave."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.contract import Consent
from backoffice.models.documents import Document, DocumentLink
from backoffice.rules.part2 import ConsentKind, may_be_billed, may_be_given
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.refusal import Refused


class ConsentWrong(Refused):
    """What was typed makes no consent."""

    code = "consent_wrong"


@dataclass(frozen=True)
class Signed:
    """A consent as it stands on paper; one without `expires_on` has no end."""

    kind: ConsentKind
    signed_on: date
    expires_on: date | None = None
    recipient: str = ""
    document_id: UUID | None = None


def mark(session: Session, client_id: UUID, *, is_part2: bool, now: datetime) -> Client:
    """Flag a client's records as substance use treatment, or take the flag off; twice is once."""
    client = one(session, Client, client_id, lock=True)
    if (client.part2_since is not None) is is_part2:
        return client
    client.part2_since = now if is_part2 else None
    _record(session, "flag" if is_part2 else "unflag", client.practice_id, client_id, ["part2"])
    return client


def sign(session: Session, client_id: UUID, signed: Signed, *, by: UUID, today: date) -> Consent:
    """Write down a consent that the client signed. Raises ConsentWrong or NotVisible."""
    client = one(session, Client, client_id)
    _check(session, client, signed, today)
    consent = Consent(
        practice_id=client.practice_id,
        client_id=client.id,
        kind=signed.kind,
        recipient=signed.recipient.strip(),
        signed_on=signed.signed_on,
        expires_on=signed.expires_on,
        document_id=signed.document_id,
        by_id=by,
    )
    session.add(consent)
    session.flush()
    _record(session, "consent", client.practice_id, client_id, ["consent"], consent.id)
    return consent


def _check(session: Session, client: Client, signed: Signed, today: date) -> None:
    if signed.signed_on > today:
        raise ConsentWrong("This day is ahead.", field="signed_on")
    if signed.expires_on is not None and signed.expires_on < signed.signed_on:
        raise ConsentWrong("It would end before it begins.", field="expires_on")
    if signed.kind is ConsentKind.NAMED_RECIPIENT and not signed.recipient.strip():
        raise ConsentWrong("Say who may receive the records.", field="recipient")
    if signed.document_id is not None:
        document = one(session, Document, signed.document_id)
        if document.practice_id != client.practice_id:
            raise ConsentWrong("This document is another practice's.", field="document")


def revoke(session: Session, consent_id: UUID, *, on: date, today: date) -> Consent:
    """End a consent by the client's written word: from that day nothing leaves under it.

    What left before stays where it is (42 CFR 2.31: a revocation does not undo what was done in
    reliance on the consent).
    """
    consent = one(session, Consent, consent_id, lock=True)
    if consent.revoked_on is not None:
        raise ConsentWrong("This consent is revoked already.")
    if not consent.signed_on <= on <= today:
        raise ConsentWrong("Give a day between its signature and today.", field="revoked_on")
    consent.revoked_on = on
    _record(
        session, "revoke_consent", consent.practice_id, consent.client_id, ["consent"], consent.id
    )
    return consent


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


def _record(
    session: Session,
    action: str,
    practice_id: UUID,
    client_id: UUID,
    fields: Sequence[str],
    consent_id: UUID | None = None,
) -> None:
    audit.record(
        session,
        action,
        subject_kind="client",
        subject_ids=[client_id],
        practice_id=practice_id,
        fields=fields,
        detail={"consent": str(consent_id)} if consent_id else None,
    )
