"""What follows when something changed: subjects judged anew, appointments counted anew."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.jobs import Job, ask_for
from backoffice.models.appointments import Appointment
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.practices import Clinician, Practice
from backoffice.rules.readiness import AppointmentStatus, EnrollmentKind, Subject
from backoffice.services import supplying
from backoffice.services.practices import local_day
from backoffice.services.unbilled.findings import refresh, write_findings
from backoffice.services.unbilled.judging import MODELS, judge
from backoffice.services.unbilled.placing import judge_visits, place
from backoffice.services.unbilled.surroundings import Surroundings, take_turn

CLIENTS_AT_ONCE = 500
DAYS_AHEAD = timedelta(days=15)  # a day more than the rules warn ahead
Item = TypeVar("Item")
Follow = Callable[[Surroundings, Collection[UUID]], None]


def appointments_changed(
    session: Session, practice_id: UUID, appointment_ids: Collection[UUID], *, now: datetime
) -> None:
    """Choose, judge and count anew after appointments or their lines came, changed or were billed.

    Also to be called when a claim takes lines or gives them back. Any number of ids; the
    clients' other unbilled appointments are looked at too (authorization uses, duplicates).
    """
    if not appointment_ids:
        return
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    found = session.execute(
        select(Appointment.id, Appointment.client_id).where(
            Appointment.practice_id == practice_id, Appointment.id.in_(appointment_ids)
        )
    ).all()
    by_client: dict[UUID, list[UUID]] = {}
    for appointment_id, client_id in found:
        by_client.setdefault(client_id, []).append(appointment_id)
    for part in batches(list(by_client), CLIENTS_AT_ONCE):
        _replace(around, part, named=[each for client in part for each in by_client[client]])


def subjects_changed(
    session: Session, practice_id: UUID, kind: Subject, ids: Collection[UUID], *, now: datetime
) -> None:
    """Judge subjects of one kind anew, whatever hangs on them, and count the appointments.

    Call it after rows of that kind came, changed or were withdrawn. Any number of ids.
    """
    if kind is Subject.APPOINTMENT:
        appointments_changed(session, practice_id, ids, now=now)
        return
    if not ids:
        return
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    for part in batches(list(ids), CLIENTS_AT_ONCE):
        _judge_and_count(around, kind, part)
        _FOLLOWS[kind](around, part)


def judge_practice_anew(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Judge everything of a practice and place all its appointments, in one transaction.

    For a first load. Where others work meanwhile ask for `refresh_later`: it goes in small steps.
    """
    judge_subjects(session, practice_id, now=now)
    clients_changed(session, practice_id, _all_clients(session, practice_id), now=now)


def judge_subjects(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Judge the practice and everything of it but its appointments; nothing is counted yet."""
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    write_findings(session, practice_id, judge(around, Subject.PRACTICE, [practice_id]))
    for kind, model in MODELS.items():
        ids = session.scalars(select(model.id).where(model.practice_id == practice_id)).all()
        for part in batches(ids, 10 * CLIENTS_AT_ONCE):
            write_findings(session, practice_id, judge(around, kind, part))


def clients_changed(
    session: Session, practice_id: UUID, client_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Place and count these clients' appointments anew; all else keeps its findings."""
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    _replace_all(around, client_ids)


def next_clients(
    session: Session, practice_id: UUID, *, after: UUID | None, payer_id: UUID | None = None
) -> Sequence[UUID]:
    """Return the next clients in order of id (with a policy of one payer): one step of work."""
    query = select(Client.id).where(Client.practice_id == practice_id)
    if payer_id is not None:
        query = select(Policy.client_id).where(
            Policy.practice_id == practice_id, Policy.payer_id == payer_id
        )
    (column,) = query.selected_columns
    if after is not None:
        query = query.where(column > after)
    return session.scalars(query.distinct().order_by(column).limit(CLIENTS_AT_ONCE)).all()


def refresh_later(
    session: Session, practice_id: UUID, *, now: datetime, payer_id: UUID | None = None
) -> None:
    """Ask for the errand that judges a whole practice anew, or what rests on one payer in it."""
    ask_for(
        session,
        Job.REFRESH_READINESS,
        subject_id=payer_id or practice_id,
        practice_id=practice_id,
        due_at=now,
        turn=now.isoformat(),
    )


def payer_changed(session: Session, payer_id: UUID, *, now: datetime) -> None:
    """Ask each practice that is still with us to judge anew what rests on a payer.

    The session works for the house. One errand for each practice, so that a hundred thousand
    appointments are counted in many small transactions.
    """
    for practice_id in session.scalars(select(Practice.id).where(Practice.left_at.is_(None))):
        refresh_later(session, practice_id, now=now, payer_id=payer_id)


def clients_changed_by_payer(
    session: Session, practice_id: UUID, client_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Judge policies and authorizations of these clients anew and place their appointments."""
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    for policies in around.policies_of(client_ids).values():
        for policy in policies:
            supplying.reshape_member_id(session, policy)  # the payer's pattern may be another
    session.flush()
    for kind, model in ((Subject.POLICY, Policy), (Subject.AUTHORIZATION, Authorization)):
        ids = session.scalars(
            select(model.id).where(
                model.practice_id == practice_id, model.client_id.in_(client_ids)
            )
        ).all()
        write_findings(session, practice_id, judge(around, kind, ids))
    _replace(around, client_ids)


def day_began(session: Session, practice_id: UUID, *, now: datetime) -> None:
    """Judge anew what a new day changes by itself: safe to run any number of times a day.

    Sessions that are over now, deadlines that came near or passed, authorizations that end, and
    consents: those of flagged clients, who are few.
    """
    take_turn(session, practice_id)
    around = Surroundings.of(session, practice_id, now=now)
    ending = session.scalars(
        select(Authorization.id).where(
            Authorization.practice_id == practice_id,
            Authorization.active,
            Authorization.last_day <= around.today + DAYS_AHEAD,
        )
    ).all()
    _judge_and_count(around, Subject.AUTHORIZATION, ending)
    flagged = select(Client.id).where(
        Client.practice_id == practice_id, Client.part2_since.is_not(None)
    )
    _judge_and_count(around, Subject.CLIENT, session.scalars(flagged).all())
    for part in batches(_clients_of_the_day(around), CLIENTS_AT_ONCE):
        _replace(around, part)


def ask_for_days(session: Session, *, now: datetime) -> None:
    """Ask for each practice's new day, once a day; the session is the house's."""
    live = select(Practice.id, Practice.time_zone).where(Practice.left_at.is_(None))
    for practice_id, zone in session.execute(live):
        ask_for(
            session,
            Job.BEGIN_DAY,
            subject_id=practice_id,
            practice_id=practice_id,
            due_at=now,
            turn=local_day(zone, now).isoformat(),
        )


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield the items in parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _clients_of_the_day(around: Surroundings) -> Sequence[UUID]:
    """Return whose appointments may have just become billable, or have a deadline near or passed.

    Deadlines long passed said so when they passed.
    """
    over: date = around.today
    query = (
        select(Appointment.client_id)
        .where(Appointment.practice_id == around.practice_id)
        .where(
            or_(
                Appointment.unbilled
                & Appointment.deadline_on.between(over - DAYS_AHEAD, over + DAYS_AHEAD),
                (Appointment.status == AppointmentStatus.COMPLETED)
                & Appointment.served_on.between(over - DAYS_AHEAD, over)
                & ~Appointment.unbilled,
            )
        )
        .distinct()
    )
    return around.session.scalars(query).all()


def _judge_and_count(around: Surroundings, kind: Subject, ids: Collection[UUID]) -> None:
    changed = write_findings(around.session, around.practice_id, judge(around, kind, ids))
    refresh(around.session, around.practice_id, kind, changed)


def _replace(
    around: Surroundings, client_ids: Collection[UUID], named: Collection[UUID] = ()
) -> None:
    """Place and judge these clients' appointments and count them; then the locations they use."""
    session, practice_id = around.session, around.practice_id
    seats = place(around, client_ids, named)
    write_findings(session, practice_id, judge_visits(around, seats))
    refresh(session, practice_id, Subject.APPOINTMENT, [seat.visit.id for seat in seats])
    used = {seat.visit.facility_id for seat in seats if seat.unbilled and seat.visit.facility_id}
    _judge_and_count(around, Subject.LOCATION, used)


def _replace_all(around: Surroundings, client_ids: Sequence[UUID]) -> None:
    for part in batches(client_ids, CLIENTS_AT_ONCE):
        _replace(around, part)


def _all_clients(session: Session, practice_id: UUID) -> Sequence[UUID]:
    query = select(Client.id).where(Client.practice_id == practice_id)
    return session.scalars(query.order_by(Client.id)).all()


def _replace_clients(around: Surroundings, ids: Collection[UUID]) -> None:
    _replace(around, ids)


def _follow_practice(around: Surroundings, ids: Collection[UUID]) -> None:
    """Its state tells which plan is local; its note gate and time zone touch every session."""
    policies = around.session.scalars(
        select(Policy.id).where(Policy.practice_id == around.practice_id)
    ).all()
    _judge_and_count(around, Subject.POLICY, policies)
    _replace_all(around, _all_clients(around.session, around.practice_id))


def _follow_profile(around: Surroundings, ids: Collection[UUID]) -> None:
    """Its practice counts it, clinicians and locations are seen from it, sessions choose it."""
    _judge_and_count(around, Subject.PRACTICE, [around.practice_id])
    _judge_and_count(around, Subject.CLINICIAN, list(around.clinicians))
    _replace_all(around, _all_clients(around.session, around.practice_id))
    _judge_and_count(around, Subject.LOCATION, [each.id for each in around.facilities])


def _follow_clinician(around: Surroundings, ids: Collection[UUID]) -> None:
    """A supervisor's NPI is also the finding of those supervised."""
    supervised = around.session.scalars(
        select(Clinician.id).where(
            Clinician.practice_id == around.practice_id, Clinician.supervisor_id.in_(ids)
        )
    ).all()
    _judge_and_count(around, Subject.CLINICIAN, supervised)


def _follow_location(around: Surroundings, ids: Collection[UUID]) -> None:
    """A location gives its sessions their place of service, and the practice counts it."""
    _judge_and_count(around, Subject.PRACTICE, [around.practice_id])
    clients = around.session.scalars(
        select(Appointment.client_id)
        .where(Appointment.practice_id == around.practice_id)
        .where(Appointment.facility_id.in_(ids), Appointment.unbilled)
        .distinct()
    ).all()
    _replace_all(around, clients)


def _follow_policy(around: Surroundings, ids: Collection[UUID]) -> None:
    """A policy clashes with its neighbours, covers its client, and is chosen by sessions."""
    clients = _clients_by(around, Policy, ids)
    neighbours = [
        policy.id for policies in around.policies_of(clients).values() for policy in policies
    ]
    _judge_and_count(around, Subject.POLICY, neighbours)
    _judge_and_count(around, Subject.CLIENT, clients)
    _replace(around, clients)


def _follow_authorization(around: Surroundings, ids: Collection[UUID]) -> None:
    _replace(around, _clients_by(around, Authorization, ids))


def _follow_enrollment(around: Surroundings, ids: Collection[UUID]) -> None:
    """A claims enrollment is chosen by the sessions of its payer, and says from when it counts."""
    payers = {
        each.payer_id
        for each in around.claims_enrollments
        if each.id in ids and each.kind is EnrollmentKind.CLAIMS
    }
    clients = around.session.scalars(
        select(Appointment.client_id)
        .where(Appointment.practice_id == around.practice_id)
        .where(Appointment.payer_id.in_(payers), Appointment.unbilled)
        .distinct()
    ).all()
    _replace_all(around, clients)


def _clients_by(
    around: Surroundings, model: type[Policy] | type[Authorization], ids: Collection[UUID]
) -> Sequence[UUID]:
    return around.session.scalars(
        select(model.client_id)
        .where(model.practice_id == around.practice_id, model.id.in_(ids))
        .distinct()
    ).all()


_FOLLOWS: Mapping[Subject, Follow] = {
    Subject.PRACTICE: _follow_practice,
    Subject.BILLING_PROFILE: _follow_profile,
    Subject.CLINICIAN: _follow_clinician,
    Subject.LOCATION: _follow_location,
    Subject.CLIENT: _replace_clients,
    Subject.POLICY: _follow_policy,
    Subject.ENROLLMENT: _follow_enrollment,
    Subject.AUTHORIZATION: _follow_authorization,
}
