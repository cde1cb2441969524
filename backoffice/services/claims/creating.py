"""Makes claims of groups of appointment lines; the database lets no line onto two live ones."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.claims import CLAIM_NUMBERS, Claim, ClaimStep, ServiceLine, StepSource
from backoffice.models.clients import Policy
from backoffice.models.payers import Payer
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.dates import filing_deadline, service_dates
from backoffice.rules.grouping import BillableLine, ClaimGroup
from backoffice.rules.money import ZERO
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.claims.other_payers import decided_on
from backoffice.services.refusal import NotVisible, Refused

ON_A_LIVE_CLAIM = "uq_service_lines_live"


class AlreadyOnAClaim(Refused):
    """A line stands on another live claim of the same payer order."""

    code = "already_on_a_claim"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("One of these services is on a claim already. Look at the list again.")


class LineNotWhole(Refused):
    """A line lacks what no claim can be without."""

    code = "line_not_whole"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("One of these services has no charge or no units yet.")


class SeveralPractices(ValueError):
    """Lines of more than one practice were asked for at once: one transaction serves one."""


MOST_POINTERS = 4
TURNS = (PayerOrder.PRIMARY, PayerOrder.SECONDARY, PayerOrder.TERTIARY)
Rows = dict[UUID, tuple[AppointmentLine, Appointment]]


def create_claims(
    session: Session, groups: Sequence[ClaimGroup], *, by: UUID | None, now: datetime
) -> list[Claim]:
    """Make one claim, Prepared, of each group, all of one practice; nothing is sent yet.

    The claim of a later payer names the live claim of its lines with the payer before it.
    Whoever calls refreshes the readiness of the appointments. Raises NotVisible, LineNotWhole or
    AlreadyOnAClaim; then nothing at all was made, and the session can go on.
    """
    rows = _rows_of(session, [line.line_id for group in groups for line in group.lines])
    numbers = _numbers(session, len(groups))
    made = []
    try:
        with session.begin_nested():
            for number, group in zip(numbers, groups, strict=True):
                made.append(_make(session, group, rows, number=number, by=by, now=now))
    except IntegrityError as problem:
        diagnosis = getattr(problem.orig, "diag", None)
        if diagnosis is not None and diagnosis.constraint_name == ON_A_LIVE_CLAIM:
            raise AlreadyOnAClaim from None
        raise
    if made:
        audit.record(
            session,
            "create",
            subject_kind="claim",
            subject_ids=[claim.id for claim in made],
            practice_id=made[0].practice_id,
        )
    return made


def _rows_of(session: Session, line_ids: Sequence[UUID]) -> Rows:
    query = (
        select(AppointmentLine, Appointment)
        .join(
            Appointment,
            (Appointment.practice_id == AppointmentLine.practice_id)
            & (Appointment.id == AppointmentLine.appointment_id),
        )
        .where(held(session, AppointmentLine.practice_id), AppointmentLine.id.in_(line_ids))
    )
    rows = {line.id: (line, appointment) for line, appointment in session.execute(query)}
    if len(rows) != len(set(line_ids)):
        raise NotVisible
    if len({line.practice_id for line, _ in rows.values()}) > 1:
        raise SeveralPractices
    return rows


def _numbers(session: Session, count: int) -> list[int]:
    if not count:
        return []
    series = func.generate_series(1, count).alias("wanted")
    return list(session.scalars(select(CLAIM_NUMBERS.next_value()).select_from(series)))


def _make(
    session: Session,
    group: ClaimGroup,
    rows: Rows,
    *,
    number: int,
    by: UUID | None,
    now: datetime,
) -> Claim:
    first = group.lines[0]
    practice_id = rows[first.line_id][0].practice_id
    policy = session.get_one(Policy, (practice_id, first.policy_id))
    if policy.payer_id is None:
        raise LineNotWhole
    payer = session.get_one(Payer, policy.payer_id)
    days = service_dates(line.day for line in group.lines)
    earlier = _claim_before(session, first)
    claim = Claim(
        practice_id=practice_id,
        number=number,
        payer_order=first.payer_order,
        client_id=first.client_id,
        policy_id=first.policy_id,
        payer_id=payer.id,
        profile_id=first.billing_profile_id,
        clinician_id=first.clinician_id,
        facility_id=first.facility_id,
        authorization_id=first.authorization_id,
        primary_claim_id=earlier.id if earlier else None,
        place_of_service=first.place_of_service,
        diagnosis_codes=list(group.diagnoses),
        first_day=days.first,
        last_day=days.last,
        charge_amount=group.charge_amount,
        status=ClaimStatus.PREPARED,
        status_since=now,
        filing_deadline_on=filing_deadline(
            days.last,
            payer.filing_days,
            primary_remitted_on=decided_on(session, earlier) if earlier else None,
        ),
        insurance_paid_amount=ZERO,
        client_share_amount=ZERO,
        write_off_amount=ZERO,
        balance_amount=ZERO,
    )
    session.add(claim)
    session.flush()
    for position, line in enumerate(group.lines, start=1):
        session.add(_line(claim, group, line, rows[line.line_id], position=position))
    session.add(
        ClaimStep(
            practice_id=practice_id,
            claim_id=claim.id,
            event=ClaimEvent.CREATED,
            to_status=ClaimStatus.PREPARED,
            moved=True,
            source=StepSource.PERSON if by else StepSource.RULE,
            by_id=by,
            at=now,
        )
    )
    session.flush()
    return claim


def _line(
    claim: Claim,
    group: ClaimGroup,
    line: BillableLine,
    row: tuple[AppointmentLine, Appointment],
    *,
    position: int,
) -> ServiceLine:
    source, appointment = row
    if source.units is None or not source.charge_amount:
        raise LineNotWhole
    return ServiceLine(
        practice_id=claim.practice_id,
        claim_id=claim.id,
        position=position,
        appointment_id=appointment.id,
        appointment_line_id=source.id,
        payer_order=claim.payer_order,
        line_control_number=line_control_number(claim.number, position),
        procedure_code=source.procedure_code,
        modifiers=list(source.modifiers),
        units=source.units,
        charge_amount=source.charge_amount,
        served_on=appointment.served_on,
        diagnosis_pointers=_pointers(group, line, source, appointment),
    )


def line_control_number(claim_number: int, position: int) -> str:
    """Return our number of a line (REF*6R): at most 12 characters, no other line has it."""
    return f"{claim_number}L{position:02d}"


def _pointers(
    group: ClaimGroup, line: BillableLine, source: AppointmentLine, appointment: Appointment
) -> list[int]:
    """Move a line's pointers from its appointment's diagnoses to the claim's (SV107).

    Without pointers of its own a line points to all of its appointment's, at most four.
    """
    own = [
        appointment.diagnosis_codes[pointer - 1]
        for pointer in source.diagnosis_pointers
        if 0 < pointer <= len(appointment.diagnosis_codes)
    ]
    on_claim = {code: place for place, code in enumerate(group.diagnoses, start=1)}
    pointed = [on_claim[code] for code in dict.fromkeys(own) if code in on_claim]
    return pointed[:MOST_POINTERS] or list(group.pointers(line, MOST_POINTERS))


def _claim_before(session: Session, line: BillableLine) -> Claim | None:
    """Return the live claim of the line with the payer whose turn comes before."""
    if line.payer_order is PayerOrder.PRIMARY:
        return None
    earlier = [order for order in TURNS if TURNS.index(order) < TURNS.index(line.payer_order)]
    query = (
        visible(session, Claim)
        .join(
            ServiceLine,
            (ServiceLine.practice_id == Claim.practice_id) & (ServiceLine.claim_id == Claim.id),
        )
        .where(
            ServiceLine.appointment_line_id == line.line_id,
            ServiceLine.live,
            ServiceLine.payer_order.in_(earlier),
        )
    )
    found = {claim.payer_order: claim for claim in session.scalars(query)}
    return next((found[order] for order in reversed(earlier) if order in found), None)
