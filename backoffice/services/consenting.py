"""What a client signs and takes back under 42 CFR Part 2; what waits to be billed follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.clients import Client
from backoffice.models.contract import Consent
from backoffice.models.documents import Document
from backoffice.rules.part2 import ConsentKind
from backoffice.rules.readiness import Subject
from backoffice.services import audit, unbilled
from backoffice.services.access import one
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
    client = _client_in_turn(session, client_id)
    if (client.part2_since is not None) is is_part2:
        return client
    client.part2_since = now if is_part2 else None
    _record(session, "flag" if is_part2 else "unflag", client.practice_id, client_id, ["part2"])
    _judge_anew(session, client, now=now)
    return client


def sign(
    session: Session, client_id: UUID, signed: Signed, *, by: UUID, today: date, now: datetime
) -> Consent:
    """Write down a consent that the client signed. Raises ConsentWrong or NotVisible."""
    client = _client_in_turn(session, client_id)
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
    _judge_anew(session, client, now=now)
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


def revoke(session: Session, consent_id: UUID, *, on: date, today: date, now: datetime) -> Consent:
    """End a consent by the client's written word: from that day nothing leaves under it.

    What left before stays where it is (42 CFR 2.31: a revocation does not undo what was done in
    reliance on the consent).
    """
    client = _client_in_turn(session, one(session, Consent, consent_id).client_id)
    consent = one(session, Consent, consent_id, lock=True)
    if consent.revoked_on is not None:
        raise ConsentWrong("This consent is revoked already.")
    if not consent.signed_on <= on <= today:
        raise ConsentWrong("Give a day between its signature and today.", field="revoked_on")
    consent.revoked_on = on
    _record(
        session, "revoke_consent", consent.practice_id, consent.client_id, ["consent"], consent.id
    )
    _judge_anew(session, client, now=now)
    return consent


def _client_in_turn(session: Session, client_id: UUID) -> Client:
    """Return a client, held to the commit, after everybody else who changes readiness here."""
    unbilled.take_turn(session, one(session, Client, client_id).practice_id)
    return one(session, Client, client_id, lock=True)


def _judge_anew(session: Session, client: Client, *, now: datetime) -> None:
    unbilled.subjects_changed(session, client.practice_id, Subject.CLIENT, [client.id], now=now)


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
