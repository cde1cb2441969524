"""What left the house about a client: to whom, when, why (45 CFR 164.528), six years back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.contract import Departure, Disclosure, DisclosureBasis
from backoffice.models.payers import Payer
from backoffice.models.practices import Practice
from backoffice.models.submissions import Attempt, Submission
from backoffice.rules.dates import today_in
from backoffice.services import audit, consents
from backoffice.services.access import held, one, visible
from backoffice.services.refusal import Refused

YEARS: Final = 6
"""How far back an accounting reaches: 45 CFR 164.528(a)(1)."""
WITHOUT_CONSENT: Final = frozenset(
    {
        DisclosureBasis.TO_THE_CLIENT,
        DisclosureBasis.LEGAL_PROCEEDING,
        DisclosureBasis.REQUIRED_BY_LAW,
        DisclosureBasis.IN_ERROR,
    }
)
"""What may be written down of a Part 2 client although no consent holds: 42 CFR 2.23 (to the
client), 2.61 to 2.67 (court orders), 2.12(c) (what the law reserves); and what should not have
happened, because it did. Everything else is refused."""


class DisclosureWrong(Refused):
    """What was typed makes no disclosure."""

    code = "disclosure_wrong"


@dataclass(frozen=True)
class Told:
    """A disclosure as somebody writes it down."""

    disclosed_on: date
    recipient: str
    what: str
    purpose: str
    basis: DisclosureBasis
    recipient_address: str = ""
    silent_until: date | None = None


@dataclass(frozen=True)
class Line:
    """One disclosure as the accounting lists it; `row` only of one written down by hand."""

    on: date
    recipient: str
    address: str
    what: str
    purpose: str
    row: Disclosure | None = None


@dataclass(frozen=True)
class Accounting:
    """A client's accounting: what is owed, what is listed beside it, how much is held back."""

    client: Client
    practice: Practice
    since: date
    owed: Sequence[Line]
    beside: Sequence[Line]
    held_back: int


def accounting(session: Session, client_id: UUID, *, now: datetime) -> Accounting:
    """Return what left about a client in six years, and put its reading on record.

    Owed are disclosures that 45 CFR 164.528 has listed. Beside them stand, though not owed, claims
    sent for payment and what was given with authorization, to the client, or back to the practice.
    What an agency asked to keep silent is left out until its day (164.528(a)(2)).
    """
    client = one(session, Client, client_id)
    practice = session.get_one(Practice, client.practice_id)
    today = today_in(practice.time_zone, now)
    since = _years_before(today)
    audit.read(
        session, "client", [client_id], practice_id=client.practice_id, fields=["disclosures"]
    )
    written = session.scalars(
        visible(session, Disclosure)
        .where(
            Disclosure.client_id == client_id,
            Disclosure.disclosed_on >= since,
            Disclosure.withdrawn_at.is_(None),
        )
        .order_by(Disclosure.disclosed_on.desc(), Disclosure.id.desc())
    ).all()
    told = [row for row in written if row.silent_until is None or row.silent_until < today]
    beside = [
        *(_line(row) for row in told if not row.is_owed),
        *_claims_sent(session, client, practice, since),
        *_returned(session, client, since),
    ]
    return Accounting(
        client=client,
        practice=practice,
        since=since,
        owed=[_line(row) for row in told if row.is_owed],
        beside=sorted(beside, key=lambda line: line.on, reverse=True),
        held_back=len(written) - len(told),
    )


def _years_before(today: date) -> date:
    try:
        return today.replace(year=today.year - YEARS)
    except ValueError:  # the 29th of February
        return date(today.year - YEARS, 2, 28)


def _line(row: Disclosure) -> Line:
    return Line(row.disclosed_on, row.recipient, row.recipient_address, row.what, row.purpose, row)


def _claims_sent(session: Session, client: Client, practice: Practice, since: date) -> list[Line]:
    """Every sending of a claim: to the payer, through the clearinghouse that we send with."""
    found = session.execute(
        select(Claim, Submission.sent_at, Payer.name)
        .join(Attempt, (Attempt.practice_id == Claim.practice_id) & (Attempt.claim_id == Claim.id))
        .join(
            Submission,
            (Submission.practice_id == Attempt.practice_id)
            & (Submission.id == Attempt.submission_id),
        )
        .join(Payer, Payer.id == Submission.payer_id)
        .where(
            held(session, Claim.practice_id),
            Claim.client_id == client.id,
            Submission.sent_at.is_not(None),
        )
    )
    lines = [
        Line(
            today_in(practice.time_zone, sent_at),
            payer,
            "",
            f"Claim {claim.our_number}: identity, policy, diagnoses, services of"
            f" {_days(claim.first_day, claim.last_day)}",
            "Payment, through our clearinghouse",
        )
        for claim, sent_at, payer in found
        if sent_at is not None
    ]
    return [line for line in lines if line.on >= since]


def _days(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


def _returned(session: Session, client: Client, since: date) -> list[Line]:
    query = select(Departure).where(
        Departure.practice_id == client.practice_id, Departure.fetched_at.is_not(None)
    )
    return [
        Line(
            departure.fetched_at.date(),
            "The practice itself",
            "",
            "The whole record, as an export",
            "Returned as the agreement ends (45 CFR 164.504(e)(2)(ii)(J))",
        )
        for departure in session.scalars(query)
        if departure.fetched_at is not None and departure.fetched_at.date() >= since
    ]


def write_down(
    session: Session, client_id: UUID, told: Told, *, by: UUID, now: datetime
) -> Disclosure:
    """Write down a disclosure. Raises DisclosureWrong, also for want of a Part 2 consent."""
    client = one(session, Client, client_id)
    practice = session.get_one(Practice, client.practice_id)
    _check(told, today_in(practice.time_zone, now))
    allowed = told.basis in WITHOUT_CONSENT or consents.lets_give(
        session, client, on=told.disclosed_on
    )
    if not allowed:
        raise DisclosureWrong(
            "This client's records are under 42 CFR Part 2 and no consent held on that day.",
            field="basis",
        )
    row = Disclosure(
        practice_id=client.practice_id,
        client_id=client.id,
        disclosed_on=told.disclosed_on,
        recipient=told.recipient.strip(),
        recipient_address=told.recipient_address.strip(),
        what=told.what.strip(),
        purpose=told.purpose.strip(),
        basis=told.basis,
        silent_until=told.silent_until,
        by_id=by,
    )
    session.add(row)
    session.flush()
    _record(session, "disclose", row)
    return row


def _check(told: Told, today: date) -> None:
    if told.disclosed_on > today:
        raise DisclosureWrong("This day is ahead.", field="disclosed_on")
    for name in ("recipient", "what", "purpose"):
        if not getattr(told, name).strip():
            raise DisclosureWrong("This is needed in an accounting.", field=name)


def withdraw(session: Session, disclosure_id: UUID, *, reason: str, now: datetime) -> Disclosure:
    """Take out what was written down by mistake, with the reason; the row stays."""
    row = one(session, Disclosure, disclosure_id, lock=True)
    if row.withdrawn_at is not None:
        raise DisclosureWrong("This was withdrawn already.")
    if not reason.strip():
        raise DisclosureWrong("Say why.", field="reason")
    row.withdrawn_at, row.withdrawn_reason = now, reason.strip()
    _record(session, "withdraw_disclosure", row)
    return row


def _record(session: Session, action: str, row: Disclosure) -> None:
    audit.record(
        session,
        action,
        subject_kind="client",
        subject_ids=[row.client_id],
        practice_id=row.practice_id,
        detail={"disclosure": str(row.id)},
    )
