"""Places a client's appointments: what each rests on, whether it waits to be billed, what it lacks.

The unit is the client: how many uses of an authorization are left and which of two sessions is the
duplicate can only be told over all of a client's unbilled appointments.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select, text

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.base import new_id
from backoffice.models.claims import ServiceLine
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Enrollment
from backoffice.rules.readiness import (
    AppointmentReadiness,
    AppointmentStatus,
    BillingType,
    Disposition,
    EnrollmentKind,
    EnrollmentStatus,
    Subject,
    VisitLine,
    is_billable,
    judge_appointment,
)
from backoffice.services.unbilled import choosing
from backoffice.services.unbilled.findings import Judged, write_findings
from backoffice.services.unbilled.judging import judge
from backoffice.services.unbilled.surroundings import Surroundings, grouped

Visit = Row[Any]  # an appointment's columns: thousands are read, so no objects are made of them

_VISIT = (
    Appointment.id, Appointment.client_id, Appointment.clinician_id, Appointment.facility_id,
    Appointment.served_on, Appointment.status, Appointment.note_signed, Appointment.disposition,
    Appointment.place_of_service, Appointment.diagnosis_codes, Appointment.charge_amount,
)  # fmt: skip
_SEATS = text("""
    UPDATE appointments AS kept
       SET policy_id = new.policy_id, payer_id = new.payer_id, profile_id = new.profile_id,
           enrollment_id = new.enrollment_id, authorization_id = new.authorization_id,
           unbilled = new.unbilled, deadline_on = new.deadline_on, risk_key = new.risk_key
      FROM unnest(CAST(:ids AS uuid[]), CAST(:policies AS uuid[]), CAST(:payers AS uuid[]),
                  CAST(:profiles AS uuid[]), CAST(:enrollments AS uuid[]),
                  CAST(:authorizations AS uuid[]), CAST(:unbilled AS bool[]),
                  CAST(:deadlines AS date[]), CAST(:risks AS bigint[]))
           AS new (id, policy_id, payer_id, profile_id, enrollment_id, authorization_id, unbilled,
                   deadline_on, risk_key)
     WHERE kept.practice_id = :practice_id AND kept.id = new.id
       AND (kept.policy_id, kept.payer_id, kept.profile_id, kept.enrollment_id,
            kept.authorization_id, kept.unbilled, kept.deadline_on, kept.risk_key)
           IS DISTINCT FROM
           (new.policy_id, new.payer_id, new.profile_id, new.enrollment_id,
            new.authorization_id, new.unbilled, new.deadline_on, new.risk_key)
""")
_MISSING_ENROLLMENTS = text("""
    INSERT INTO enrollments
        (practice_id, id, created_at, payer_id, kind, status, status_since, note)
    SELECT :practice_id, new.id, :now, new.payer_id, :kind, :status, :now, ''
      FROM unnest(CAST(:ids AS uuid[]), CAST(:payers AS uuid[])) AS new (id, payer_id)
    ON CONFLICT (practice_id, payer_id, clinician_id, kind) DO NOTHING
    RETURNING id
""")


@dataclass
class Seat:
    """One appointment with what it rests on."""

    visit: Visit
    policy: Policy | None = None
    profile_id: UUID | None = None
    enrollment: Enrollment | None = None
    authorization: Authorization | None = None
    unbilled: bool = False
    deadline_on: date | None = None
    lines: Sequence[Row[Any]] = field(default_factory=list)

    @property
    def payer_id(self) -> UUID | None:
        """Return the payer of the policy it rests on."""
        return self.policy.payer_id if self.policy else None


def place(
    around: Surroundings, client_ids: Collection[UUID], named: Collection[UUID] = ()
) -> list[Seat]:
    """Choose anew what these clients' unbilled appointments, and all named ones, rest on.

    Appointments on a live claim rest as they did, unless named.
    """
    seats = [Seat(visit) for visit in _visits(around, client_ids, named)]
    if not seats:
        return []
    _choose(around, seats)
    _write(around, seats)
    return seats


def judge_visits(around: Surroundings, seats: Iterable[Seat]) -> list[Judged]:
    """Judge the appointments themselves; one that isn't in the queue lacks nothing."""
    every = list(seats)
    waiting = [seat for seat in every if seat.unbilled]
    taken = _uses_before(waiting)
    twice = _duplicates(around, waiting)
    client_has_policy = {
        client_id for client_id, own in around.policies_of(_clients(waiting)).items() if own
    }
    judged = [Judged(Subject.APPOINTMENT, seat.visit.id, ()) for seat in every if not seat.unbilled]
    for seat in waiting:
        told = _facts(
            around,
            seat,
            client_has_policy=seat.visit.client_id in client_has_policy,
            is_duplicate=seat.visit.id in twice,
            earlier_unbilled=taken[seat.visit.id],
        )
        findings = judge_appointment(told, on=around.today)
        judged.append(Judged(Subject.APPOINTMENT, seat.visit.id, findings))
    return judged


def _clients(seats: Iterable[Seat]) -> set[UUID]:
    return {seat.visit.client_id for seat in seats}


def _visits(
    around: Surroundings, client_ids: Collection[UUID], named: Collection[UUID]
) -> Sequence[Visit]:
    """Read the appointments. Completed ones that are not unbilled yet may have just become so."""
    on_claim = exists().where(
        ServiceLine.practice_id == Appointment.practice_id,
        ServiceLine.appointment_id == Appointment.id,
        ServiceLine.live,
    )
    billable = (Appointment.status == AppointmentStatus.COMPLETED) & ~on_claim
    query = (
        select(*_VISIT, on_claim.label("on_claim"))
        .where(Appointment.practice_id == around.practice_id)
        .where(Appointment.client_id.in_(client_ids))
        .where(or_(Appointment.unbilled, billable, Appointment.id.in_(named)))
        .order_by(Appointment.served_on, Appointment.starts_at, Appointment.id)
    )
    found: Sequence[Row[Any]] = around.session.execute(query).all()  # type: ignore[assignment]  # columns stay untyped: thousands of rows, no objects
    return found


def _choose(around: Surroundings, seats: Sequence[Seat]) -> None:
    clients = _clients(seats)
    policies, authorizations = around.policies_of(clients), around.authorizations_of(clients)
    insured = _with_insurance(around, clients)
    lines = _lines(around, [seat.visit.id for seat in seats])
    for seat in seats:
        visit = seat.visit
        seat.lines = lines.get(visit.id, ())
        seat.policy = choosing.choose_policy(policies.get(visit.client_id, ()), visit.served_on)
        profile = choosing.choose_profile(around.profiles, seat.payer_id, visit.clinician_id)
        seat.profile_id = profile.id if profile else None
        seat.authorization = authorizations.get(seat.policy.id) if seat.policy else None
        seat.deadline_on = choosing.deadline_of(visit.served_on, around.payer(seat.payer_id))
        seat.unbilled = (
            is_billable(visit.status, visit.served_on, visit.disposition, today=around.today)
            and visit.client_id in insured
            and not visit.on_claim
        )
    _open_enrollments(around, seats)
    for seat in seats:
        seat.enrollment = choosing.choose_enrollment(
            around.claims_enrollments, seat.payer_id, seat.visit.clinician_id
        )


def _with_insurance(around: Surroundings, client_ids: Collection[UUID]) -> set[UUID]:
    query = select(Client.id).where(
        Client.practice_id == around.practice_id,
        Client.id.in_(client_ids),
        Client.billing_type == BillingType.INSURANCE,
    )
    return set(around.session.scalars(query))


def _lines(around: Surroundings, ids: Collection[UUID]) -> Mapping[UUID, Sequence[Row[Any]]]:
    line = AppointmentLine
    query = (
        select(
            line.appointment_id, line.procedure_code, line.modifiers, line.units,
            line.charge_amount, line.diagnosis_pointers,
        )
        .where(line.practice_id == around.practice_id, line.appointment_id.in_(ids))
        .order_by(line.appointment_id, line.position)
    )  # fmt: skip
    rows: Iterable[Row[Any]] = around.session.execute(query)
    return grouped((row.appointment_id, row) for row in rows)


def _open_enrollments(around: Surroundings, seats: Sequence[Seat]) -> None:
    """Begin an enrollment (To Enroll) with each payer that wants one and has none yet.

    Without the row nothing could hold the appointments, and nobody would see that one is due.
    """
    known = {each.payer_id for each in around.claims_enrollments}
    wanted = {
        seat.payer_id
        for seat in seats
        if seat.unbilled
        and (payer := around.payer(seat.payer_id)) is not None
        and payer.claim_enrollment_needed
    } - known
    if not wanted:
        return
    begun = around.session.scalars(
        _MISSING_ENROLLMENTS,
        {
            "practice_id": around.practice_id,
            "now": around.now,
            "kind": EnrollmentKind.CLAIMS.value,
            "status": EnrollmentStatus.TO_ENROLL.value,
            "ids": [new_id() for _ in wanted],
            "payers": list(wanted),
        },
    ).all()
    around.forget_enrollments()
    write_findings(around.session, around.practice_id, judge(around, Subject.ENROLLMENT, begun))


def _write(around: Surroundings, seats: Sequence[Seat]) -> None:
    around.session.execute(
        _SEATS,
        {
            "practice_id": around.practice_id,
            "ids": [seat.visit.id for seat in seats],
            "policies": [seat.policy and seat.policy.id for seat in seats],
            "payers": [seat.payer_id for seat in seats],
            "profiles": [seat.profile_id for seat in seats],
            "enrollments": [seat.enrollment and seat.enrollment.id for seat in seats],
            "authorizations": [seat.authorization and seat.authorization.id for seat in seats],
            "unbilled": [seat.unbilled for seat in seats],
            "deadlines": [seat.deadline_on for seat in seats],
            "risks": [
                choosing.risk_key(seat.visit.charge_amount, seat.deadline_on, seat.visit.served_on)
                for seat in seats
            ],
        },
    )


def _facts(
    around: Surroundings,
    seat: Seat,
    *,
    client_has_policy: bool,
    is_duplicate: bool,
    earlier_unbilled: int,
) -> AppointmentReadiness:
    visit = seat.visit
    return AppointmentReadiness(
        status=visit.status,
        day=visit.served_on,
        lines=tuple(
            VisitLine(
                procedure_code=line.procedure_code,
                modifiers=tuple(line.modifiers),
                units=line.units,
                charge_amount=line.charge_amount,
                diagnosis_pointers=tuple(line.diagnosis_pointers),
            )
            for line in seat.lines
        ),
        diagnoses=tuple(visit.diagnosis_codes),
        disposition=visit.disposition,
        place_of_service=visit.place_of_service or around.places.get(visit.facility_id) or "",
        has_clinician=visit.clinician_id is not None,
        has_location=visit.facility_id is not None,
        has_billing_profile=seat.profile_id is not None,
        client_has_policy=client_has_policy,
        has_policy=seat.policy is not None,
        policy_covers_day=seat.policy is None or choosing.covers(seat.policy, visit.served_on),
        note_signed=visit.note_signed,
        note_gate=around.practice.note_gate,
        is_duplicate=is_duplicate,
        authorization=choosing.authorization_state(
            seat.authorization,
            around.payer(seat.payer_id),
            visit.served_on,
            earlier_unbilled=earlier_unbilled,
        ),
        enrollment_effective_on=choosing.effective_day(seat.enrollment),
        filing_deadline=seat.deadline_on,
        payer_rules=around.rules_of(seat.payer_id),
    )


def _uses_before(waiting: Sequence[Seat]) -> dict[UUID, int]:
    """Count, per appointment, the earlier unbilled ones that take a use of its authorization."""
    counted: Counter[UUID] = Counter()
    before: dict[UUID, int] = {}
    for seat in waiting:  # in order of service
        authorization = seat.authorization
        before[seat.visit.id] = counted[authorization.id] if authorization else 0
        if authorization and choosing.is_within(authorization, seat.visit.served_on):
            counted[authorization.id] += 1
    return before


def _duplicates(around: Surroundings, waiting: Sequence[Seat]) -> set[UUID]:
    """Return which appointments repeat an earlier one: same client, clinician, day and service.

    The first of them stays free, unless one of them is on a live claim already.
    """
    seen = _on_claims(around, waiting)
    twice: set[UUID] = set()
    for seat in waiting:
        visit = seat.visit
        key = (visit.client_id, visit.clinician_id, visit.served_on)
        codes = {line.procedure_code for line in seat.lines if line.procedure_code}
        if codes & seen[key]:
            twice.add(visit.id)
        seen[key] |= codes
    return twice


def _on_claims(
    around: Surroundings, waiting: Sequence[Seat]
) -> defaultdict[tuple[UUID, UUID | None, date], set[str]]:
    """Return the services of these clients that are on live claims, by client, clinician, day."""
    query = (
        select(
            Appointment.client_id, Appointment.clinician_id, ServiceLine.served_on,
            ServiceLine.procedure_code,
        )
        .join(
            Appointment,
            (Appointment.practice_id == ServiceLine.practice_id)
            & (Appointment.id == ServiceLine.appointment_id),
        )
        .where(ServiceLine.practice_id == around.practice_id, ServiceLine.live)
        .where(Appointment.client_id.in_(_clients(waiting)))
        .where(Appointment.disposition == Disposition.BILL)
    )  # fmt: skip
    seen: defaultdict[tuple[UUID, UUID | None, date], set[str]] = defaultdict(set)
    for row in around.session.execute(query):
        seen[row.client_id, row.clinician_id, row.served_on].add(row.procedure_code)
    return seen
