"""Identifiers shown whole: for a reason of a short list, one at a time, each on record."""

import enum
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.clients import Client, Policy
from backoffice.models.practices import BillingProfile
from backoffice.models.remittances import Remittance
from backoffice.rules.roles import TO_SEE_IN_FULL, Identifier, Shown
from backoffice.services import audit
from backoffice.services.access import one
from backoffice.services.accounts import Person
from backoffice.services.claim_pages.record import claim_for
from backoffice.services.refusal import NotVisible, Refused
from backoffice.services.unbilled.reach import client_for

LAST: Final = 4
HIDDEN: Final = "••••"


class Why(enum.StrEnum):
    """Why somebody needs an identifier whole; chosen, not typed: no patient gets into it."""

    PAYER_ASKS = "payer_asks"
    COMPARE_CARD = "compare_card"
    CORRECT_RECORD = "correct_record"
    MATCH_DEPOSIT = "match_deposit"
    PRACTICE_ASKS = "practice_asks"


class ReasonNotChosen(Refused):
    """Somebody asked for an identifier without a reason."""

    code = "reason_not_chosen"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Choose why you need it.", field="reason")


@dataclass(frozen=True)
class Kept:
    """One identifier where it stands: of which row, and its value."""

    identifier: Identifier
    practice_id: UUID
    subject_kind: str
    subject_id: UUID
    value: str

    @property
    def masked(self) -> str:
        """Return the last four characters."""
        return masked(self.value)


def masked(value: str | None) -> str:
    """Return all that a page shows of an identifier unasked: its last four characters.

    One of four characters or fewer shows none of them.
    """
    if not value:
        return ""
    return f"{HIDDEN}{value[-LAST:]}" if len(value) > LAST else HIDDEN


def as_shown(value: str | None, person: Person, practice_id: UUID, identifier: Identifier) -> str:
    """Return an identifier as far as a person's role in its practice sees it unasked."""
    shown = person.shown(practice_id, identifier)
    if shown is Shown.FULL:
        return value or ""
    return masked(value) if shown is Shown.MASKED else ""


def ssn_of(session: Session, client_id: UUID, person: Person) -> Kept:
    """Return a client's SSN (REF*SY), or raise NotVisible."""
    client = client_for(session, client_id, person)
    return _kept(Identifier.SSN, client, "client", client.ssn)


def member_id_of(session: Session, policy_id: UUID, person: Person) -> Kept:
    """Return a policy's member ID (NM109 of the subscriber, Box 1a), or raise NotVisible."""
    policy = one(session, Policy, policy_id)
    client_for(session, policy.client_id, person)
    return _kept(Identifier.MEMBER_ID, policy, "policy", policy.member_id)


def tax_id_of(session: Session, claim_id: UUID, person: Person) -> Kept:
    """Return the tax ID a claim is billed under (REF*EI or REF*SY, Box 25), or raise NotVisible."""
    claim = claim_for(session, claim_id, person)
    profile = one(session, BillingProfile, claim.profile_id)
    return _kept(Identifier.TAX_ID, profile, "billing_profile", profile.tax_id)


def trace_number_of(session: Session, remittance_id: UUID) -> Kept:
    """Return the bank's trace number of a payment (TRN02), or raise NotVisible."""
    row = one(session, Remittance, remittance_id)
    return _kept(Identifier.TRACE_NUMBER, row, "remittance", row.trace_number)


def reveal(session: Session, kept: Kept, *, by: Person, reason: str) -> str:
    """Return an identifier whole and put on record that it was shown, why, and which."""
    if not by.may_in(kept.practice_id, TO_SEE_IN_FULL[kept.identifier]):
        raise NotVisible
    if reason not in set(Why):
        raise ReasonNotChosen
    audit.record(
        session,
        "show_identifier",
        subject_kind=kept.subject_kind,
        subject_ids=[kept.subject_id],
        practice_id=kept.practice_id,
        fields=[kept.identifier.value],
        detail={"reason": reason},
    )
    return kept.value


def _kept(
    identifier: Identifier,
    row: Client | Policy | BillingProfile | Remittance,
    kind: str,
    value: str | None,
) -> Kept:
    if not value:
        raise NotVisible
    return Kept(identifier, row.practice_id, kind, row.id, value)
