"""Finds our claim and line for each that a payer decided: our numbers first, then likeness.

Only our control number, or the payer's own number with the same charge, match by themselves. By
member, days and charge there are candidates for a person to choose from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.clients import Policy
from backoffice.models.remittances import RemittanceClaim, RemittanceLine
from backoffice.models.sealing import keyring
from backoffice.models.submissions import Attempt, ControlNumber
from backoffice.rules.claim_status import ClaimStatus
from backoffice.services.access import held, visible

BY_OUR_NUMBER = "our_number"
BY_PAYER_NUMBER = "payer_number"
BY_PERSON = "person"

_NEAR = timedelta(days=7)
_MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Matched:
    """An attempt of ours, and by what it was found."""

    attempt: Attempt
    by: str


@dataclass(frozen=True)
class Candidate:
    """A claim that an unmatched one may be, with what speaks for and against it."""

    claim: Claim
    reasons: tuple[tuple[bool, str], ...]


def attempts_by_our_number(session: Session, numbers: Iterable[str]) -> dict[str, Attempt]:
    """This practice's attempts by the control numbers that came back (CLP01)."""
    query = visible(session, Attempt).where(
        Attempt.patient_control_number.in_({each for each in numbers if each})
    )
    return {each.patient_control_number: each for each in session.scalars(query)}


def elsewhere(session: Session, practice_id: UUID, numbers: Iterable[str]) -> set[str]:
    """Which of these control numbers are another practice's."""
    query = select(ControlNumber.patient_control_number).where(
        ControlNumber.patient_control_number.in_({each for each in numbers if each}),
        ControlNumber.practice_id != practice_id,
    )
    return set(session.scalars(query))


def attempt_by_payer_number(session: Session, found: RemittanceClaim) -> Attempt | None:
    """The one attempt that carries the payer's number, where the charge is the same too."""
    if not found.payer_claim_control_number:
        return None
    query = (
        visible(session, Attempt)
        .join(
            Claim,
            (Claim.practice_id == Attempt.practice_id) & (Claim.id == Attempt.claim_id),
        )
        .where(
            Attempt.payer_number == found.payer_claim_control_number,
            Claim.charge_amount == abs(found.charge_amount),
        )
        .order_by(Attempt.attempt_no.desc())
    )
    attempts = list(session.scalars(query))
    return attempts[0] if len({each.claim_id for each in attempts}) == 1 else None


def match_lines(decided: Sequence[RemittanceLine], ours: Sequence[ServiceLine]) -> None:
    """Give each decided line our line, by REF*6R, else by what it says; never one line twice.

    A changed code or a missing modifier does not part two lines that nothing else can be.
    """
    free = list(ours)
    left = list(decided)
    for rule in (_same_number, _same_service, _same_code_and_day, _same_day_and_charge):
        for line in list(left):
            alike = [each for each in free if rule(line, each)]
            if len(alike) == 1:
                line.service_line_id = alike[0].id
                free.remove(alike[0])
                left.remove(line)
    if len(left) == len(free) == len(ours) == 1:
        left[0].service_line_id = free[0].id


def candidates_for(
    session: Session, found: RemittanceClaim, lines: Sequence[RemittanceLine]
) -> list[Candidate]:
    """Claims of this practice that an unmatched one may be, the likeliest first."""
    days = sorted(each.served_on for each in lines if each.served_on)
    query = visible(session, Claim).where(Claim.status != ClaimStatus.VOIDED)
    members = _of_member(session, found)
    near = Claim.charge_amount == abs(found.charge_amount)
    if days:
        near &= Claim.first_day.between(days[0] - _NEAR, days[-1] + _NEAR)
    likely = near | Claim.client_id.in_(members) if members else near
    claims = list(session.scalars(query.where(likely).order_by(Claim.id.desc()).limit(50)))
    judged = [Candidate(each, _speaks(each, found, lines, members)) for each in claims]
    judged.sort(key=lambda each: -sum(good for good, _ in each.reasons))
    return [each for each in judged if sum(good for good, _ in each.reasons) >= 2][
        :_MOST_CANDIDATES
    ]


def _of_member(session: Session, found: RemittanceClaim) -> set[UUID]:
    if not found.member_id:
        return set()
    index = keyring().blind_index(found.practice_id, "member_id", found.member_id)
    query = select(Policy.client_id).where(
        held(session, Policy.practice_id), Policy.member_id_index == index
    )
    return set(session.scalars(query))


def _speaks(
    claim: Claim, found: RemittanceClaim, lines: Sequence[RemittanceLine], members: set[UUID]
) -> tuple[tuple[bool, str], ...]:
    days = {each.served_on for each in lines if each.served_on}
    codes = {each.submitted_procedure_code or each.procedure_code for each in lines}
    own = {line.procedure_code for line in claim.lines}
    return (
        (bool(days) and min(days) >= claim.first_day and max(days) <= claim.last_day, "Date"),
        (bool(codes) and codes <= own, "CPT"),
        (claim.charge_amount == abs(found.charge_amount), "Amount"),
        (claim.client_id in members, "Member ID"),
        (_same_name(claim, found), "Name"),
    )


def _same_name(claim: Claim, found: RemittanceClaim) -> bool:
    said = (found.client_name or "").lower().replace(",", "").split()
    ours = f"{claim.client.last_name} {claim.client.first_name}".lower().split()
    return bool(said) and set(said) >= set(ours)


def _same_number(line: RemittanceLine, our: ServiceLine) -> bool:
    return bool(line.line_control_number) and line.line_control_number == our.line_control_number


def _code_of(line: RemittanceLine) -> set[str]:
    return {line.procedure_code, line.submitted_procedure_code} - {""}


def _same_service(line: RemittanceLine, our: ServiceLine) -> bool:
    return _same_code_and_day(line, our) and abs(line.charge_amount) == our.charge_amount


def _same_code_and_day(line: RemittanceLine, our: ServiceLine) -> bool:
    return our.procedure_code in _code_of(line) and line.served_on == our.served_on


def _same_day_and_charge(line: RemittanceLine, our: ServiceLine) -> bool:
    return line.served_on == our.served_on and abs(line.charge_amount) == our.charge_amount
