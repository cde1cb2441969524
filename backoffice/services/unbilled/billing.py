"""From appointments to claims: a dry run that says what would go, and the bulk act itself."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from backoffice.models.appointments import Appointment
from backoffice.models.claims import Claim
from backoffice.models.users import OnceKey
from backoffice.rules.grouping import (
    APART_WORDS,
    BillableLine,
    ClaimGroup,
    PayerGroupingRules,
    group_lines,
)
from backoffice.rules.money import ZERO, total
from backoffice.rules.readiness import Readiness
from backoffice.rules.scrub import has_errors
from backoffice.services import claims
from backoffice.services.access import held, visible
from backoffice.services.refusal import ChangedElsewhere, Refused
from backoffice.services.unbilled.changes import appointments_changed
from backoffice.services.unbilled.surroundings import take_turn

Work = Callable[[UUID], AbstractContextManager[Session]]
"""Opens one transaction for one practice."""

MOST_SELECTED = 2000


class OtherRequestUnderThisKey(ChangedElsewhere):
    """The same idempotency key came with another selection."""

    code = "other_request_under_this_key"

    def __init__(self) -> None:
        """Say what to do."""
        words = "This selection was changed since the dry run. Look at it and send again."
        Refused.__init__(self, words)


class TooManySelected(Refused):
    """More appointments than one act takes."""

    code = "too_many_selected"

    def __init__(self) -> None:
        """Say how many."""
        super().__init__(f"Select at most {MOST_SELECTED} appointments at once.")


@dataclass(frozen=True)
class WouldBill:
    """One claim that would be made."""

    client_name: str
    practice_id: UUID
    line_count: int
    first_day: date
    last_day: date
    charge_amount: Decimal
    apart: str  # why it is a claim of its own; empty for a client's first


@dataclass(frozen=True)
class WouldStay:
    """One appointment that would not go."""

    client_name: str
    served_on: date
    reason: str


@dataclass(frozen=True)
class DryRun:
    """What would happen to a selection; nothing is written."""

    selected: int
    selected_amount: Decimal
    claims: Sequence[WouldBill]
    blocked: Sequence[WouldStay]
    stay_amount: Decimal
    key: str

    @property
    def go(self) -> int:
        """Return how many claims would be made."""
        return len(self.claims)

    @property
    def go_amount(self) -> Decimal:
        """Return their charges."""
        return total(claim.charge_amount for claim in self.claims)

    @property
    def stay(self) -> int:
        """Return how many appointments would not go."""
        return len(self.blocked)

    @property
    def reasons(self) -> list[str]:
        """Return why not, most frequent first, counted."""
        counted = Counter(one.reason for one in self.blocked)
        return [f"{count} {reason.lower()}" for reason, count in counted.most_common(3)]


def dry_run(session: Session, appointment_ids: Collection[UUID], *, key: str) -> DryRun:
    """Say which claims a selection would make and what would not go, and why.

    `key` is the idempotency key under which the very same selection may then be billed.
    """
    selected = _selected(session, appointment_ids)
    ready = [each for each in selected if _is_ready(each)]
    groups = _groups(ready)
    stay = [each for each in selected if not _is_ready(each)]
    by_id = {each.id: each for each in ready}
    return DryRun(
        selected=len(selected),
        selected_amount=total(each.charge_amount for each in selected),
        claims=[_would_bill(group, by_id) for group in groups],
        blocked=[WouldStay(each.client.name, each.served_on, _reason(each)) for each in stay],
        stay_amount=total(each.charge_amount for each in stay),
        key=key,
    )


@dataclass(frozen=True)
class Bill:
    """What somebody asks to be billed."""

    appointment_ids: frozenset[UUID]
    submit: bool
    by: UUID
    now: datetime
    delay: timedelta  # until a submitted claim leaves: the undo window

    @property
    def asked_hash(self) -> str:
        """Return what tells this request from another under the same key."""
        asked = [sorted(map(str, self.appointment_ids)), self.submit]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def bill(work: Work, practices: Iterable[UUID], asked: Bill, *, key: str) -> dict[str, Any]:
    """Make claims of a selection, one transaction for each practice; answer per practice.

    The answer is JSON: `practices` maps ids to claims, submitted, held_back (the scrub found
    something), stayed, amount in cents and problem. The same key with the same request gives the
    same answer and does nothing twice: each practice's part is kept in its own transaction, so a
    request that broke off goes on where it stopped. Raises OtherRequestUnderThisKey.
    """
    answers: dict[str, Any] = {}
    for practice_id in sorted(practices):
        part = f"{key}:{practice_id}"
        try:
            with work(practice_id) as session:
                answer = _once(session, part, asked)
                if answer is None:
                    answer = _bill_practice(session, practice_id, asked)
                    _keep(session, part, asked, answer)
        except OtherRequestUnderThisKey:
            raise
        except Refused as problem:
            answer = _nothing(problem.words)
        if any(answer.values()):
            answers[str(practice_id)] = answer
    return {"practices": answers}


def _once(session: Session, key: str, asked: Bill) -> dict[str, Any] | None:
    """Return the answer given under this key, or take the key; a second request waits here."""
    taken = session.scalar(
        insert(OnceKey)
        .values(user_id=asked.by, key=key, asked_hash=asked.asked_hash, created_at=asked.now)
        .on_conflict_do_nothing()
        .returning(OnceKey.key)
    )
    if taken is not None:
        return None
    kept = session.get_one(OnceKey, (asked.by, key), populate_existing=True)
    if kept.asked_hash != asked.asked_hash:
        raise OtherRequestUnderThisKey
    return kept.answer


def _keep(session: Session, key: str, asked: Bill, answer: dict[str, Any]) -> None:
    session.get_one(OnceKey, (asked.by, key)).answer = answer


def _bill_practice(session: Session, practice_id: UUID, asked: Bill) -> dict[str, Any]:
    take_turn(session, practice_id)
    selected = [
        each
        for each in _selected(session, asked.appointment_ids)
        if each.practice_id == practice_id
    ]
    if not selected:
        return _nothing("")
    ready = [each for each in selected if _is_ready(each)]
    made = claims.create_claims(session, _groups(ready), by=asked.by, now=asked.now)
    held_back = _submit(session, made, asked) if asked.submit else 0
    appointments_changed(session, practice_id, [each.id for each in ready], now=asked.now)
    return {
        "claims": len(made),
        "submitted": len(made) - held_back if asked.submit else 0,
        "held_back": held_back,
        "stayed": len(selected) - len(ready),
        "amount": int(total(claim.charge_amount for claim in made) * 100),
        "problem": "",
    }


def _submit(session: Session, made: Sequence[Claim], asked: Bill) -> int:
    """Release the claims and return how many the scrub held back."""
    found = [
        claims.release(session, claim, by=asked.by, now=asked.now, delay=asked.delay)
        for claim in made
    ]
    return sum(has_errors(findings) for findings in found)


def _nothing(problem: str) -> dict[str, Any]:
    return {
        "claims": 0, "submitted": 0, "held_back": 0, "stayed": 0, "amount": 0, "problem": problem,
    }  # fmt: skip


def practices_of_selection(session: Session, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return whose appointments are selected, of the session's practices.

    Raises TooManySelected.
    """
    if len(ids) > MOST_SELECTED:
        raise TooManySelected
    query = (
        select(Appointment.practice_id)
        .where(held(session, Appointment.practice_id), Appointment.id.in_(ids))
        .distinct()
    )
    return frozenset(session.scalars(query))


def _selected(session: Session, ids: Collection[UUID]) -> Sequence[Appointment]:
    if len(ids) > MOST_SELECTED:
        raise TooManySelected
    query = (
        visible(session, Appointment)
        .where(Appointment.id.in_(ids))
        .order_by(Appointment.practice_id, Appointment.client_id, Appointment.served_on)
        .options(
            selectinload(Appointment.client),
            selectinload(Appointment.facility),
            selectinload(Appointment.policy),
            selectinload(Appointment.payer),
            selectinload(Appointment.lines),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def _is_ready(appointment: Appointment) -> bool:
    return appointment.unbilled and appointment.readiness is Readiness.READY


def _reason(appointment: Appointment) -> str:
    if not appointment.unbilled:
        return "Not in the queue any more"
    if appointment.readiness is Readiness.HELD:
        return f"Held: {(appointment.held_for or 'held').replace('_', ' ')}"
    return "Information missing"


def _groups(ready: Sequence[Appointment]) -> list[ClaimGroup]:
    """Group payer by payer, since each payer has rules of its own, practice by practice."""
    by_payer: defaultdict[tuple[UUID, UUID | None], list[Appointment]] = defaultdict(list)
    for each in ready:
        by_payer[each.practice_id, each.payer_id].append(each)
    groups: list[ClaimGroup] = []
    for members in by_payer.values():
        payer = members[0].payer
        rules = (
            PayerGroupingRules(payer.lines_per_claim, payer.several_dates_per_claim)
            if payer
            else None
        )
        lines = (line for each in members for line in _billable(each))
        groups += group_lines(lines, rules)
    return groups


def _billable(appointment: Appointment) -> Iterable[BillableLine]:
    """Return the lines of a ready appointment: readiness has seen to it that nothing is absent."""
    policy, profile, clinician = (
        appointment.policy, appointment.profile_id, appointment.clinician_id,
    )  # fmt: skip
    place = appointment.place_of_service or (
        appointment.facility.place_of_service if appointment.facility else None
    )
    if policy is None or profile is None or clinician is None or not place:
        return
    for line in appointment.lines:
        if line.charge_amount is None or line.charge_amount == ZERO:
            continue  # a line of no charge is told by the appointment and goes on no claim
        yield BillableLine(
            line_id=line.id,
            appointment_id=appointment.id,
            client_id=appointment.client_id,
            policy_id=policy.id,
            payer_order=policy.payer_order,
            billing_profile_id=profile,
            clinician_id=clinician,
            place_of_service=place,
            facility_id=appointment.facility_id,
            authorization_id=appointment.authorization_id,
            day=appointment.served_on,
            diagnoses=tuple(appointment.diagnosis_codes),
            charge_amount=line.charge_amount,
        )


def _would_bill(group: ClaimGroup, by_id: Mapping[UUID, Appointment]) -> WouldBill:
    first = by_id[group.lines[0].appointment_id]
    return WouldBill(
        client_name=first.client.name,
        practice_id=first.practice_id,
        line_count=len(group.lines),
        first_day=min(line.day for line in group.lines),
        last_day=max(line.day for line in group.lines),
        charge_amount=group.charge_amount,
        apart=APART_WORDS[group.apart] if group.apart else "",
    )
