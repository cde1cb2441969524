"""Whose appointments a person comes near: a clinician meets their own clients' alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, func, or_, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, ReadinessFinding
from backoffice.models.clients import Client
from backoffice.models.practices import Clinician
from backoffice.rules.money import ZERO
from backoffice.rules.readiness import Subject, Supplier, Weight
from backoffice.services import audit
from backoffice.services.access import held, one, visible
from backoffice.services.accounts import Person
from backoffice.services.refusal import NotVisible
from backoffice.services.unbilled import queue
from backoffice.services.unbilled.findings import RESTS_ON
from backoffice.services.unbilled.missing import said
from backoffice.services.unbilled.wanted import Sum, Wanted
from backoffice.services.work import practices_of

NO_CLINICIAN_AT_ALL = UUID(int=2**128 - 1)
MOST_NEEDED = 50


def limited_practices(session: Session, person: Person) -> frozenset[UUID]:
    """Return those of the session's practices where this person meets their own clients alone."""
    return person.own_clients_only & practices_of(session)


def own_clinicians(session: Session, person: Person) -> frozenset[UUID]:
    """Return the clinician rows that a person is limited to; empty: not limited.

    The limit is one of the practices where the person's role is a clinician's: in the session's
    other practices every clinician is theirs to see. A clinician whose account is tied to no
    clinician row is limited to an id that nobody has.
    """
    limited = limited_practices(session, person)
    if not limited:
        return frozenset()
    query = visible(session, Clinician).where(
        or_(Clinician.practice_id.not_in(limited), Clinician.user_id == person.id)
    )
    own = {clinician.id for clinician in session.scalars(query)}
    return frozenset(own | person.clinician_ids) or frozenset({NO_CLINICIAN_AT_ALL})


def appointment_for(session: Session, appointment_id: UUID, person: Person) -> Appointment:
    """Return an appointment that this person may come near, or raise NotVisible."""
    row = one(session, Appointment, appointment_id)
    limited = row.practice_id in limited_practices(session, person)
    if limited and row.clinician_id not in own_clinicians(session, person):
        raise NotVisible
    return row


def client_for(session: Session, client_id: UUID, person: Person) -> Client:
    """Return a client that this person may come near, or raise NotVisible."""
    client = one(session, Client, client_id)
    if client.practice_id in limited_practices(session, person):
        own = own_clinicians(session, person)
        meets = select(Appointment.id).where(
            Appointment.practice_id == client.practice_id,
            Appointment.client_id == client.id,
            Appointment.clinician_id.in_(own),
        )
        if session.scalar(meets.limit(1)) is None:
            raise NotVisible
    return client


def clients_met(session: Session, clients: Sequence[Client], person: Person) -> list[Client]:
    """Return those of some clients whom this person may come near."""
    own = own_clinicians(session, person)
    if not own or not clients:
        return list(clients)
    query = select(Appointment.client_id).where(
        held(session, Appointment.practice_id),
        Appointment.client_id.in_([client.id for client in clients]),
        Appointment.clinician_id.in_(own),
    )
    met = set(session.scalars(query))
    limited = limited_practices(session, person)
    return [each for each in clients if each.practice_id not in limited or each.id in met]


@dataclass(frozen=True)
class Needed:
    """One thing that a practice's people can supply, and what waits for it."""

    id: UUID
    words: str
    why: str
    client_name: str
    dates: list[date]
    count: int
    amount: Decimal
    supplier: Supplier


def needed(session: Session, person: Person) -> list[Needed]:
    """Return what a practice's people still have to supply, the most money first."""
    near = _near(session, person)
    lists = (_needed_of(session, kind, near) for kind in RESTS_ON)
    return sorted((each for part in lists for each in part), key=lambda each: -each.amount)[
        :MOST_NEEDED
    ]


def waiting(session: Session, person: Person) -> Sum:
    """Return the appointments that can't be billed yet, of those this person may come near.

    Each counts once, however much it lacks.
    """
    totals = queue.totals(session, Wanted(clinician_ids=own_clinicians(session, person)))
    return totals.missing + totals.held


def _near(session: Session, person: Person) -> ColumnElement[bool]:
    """Return the condition "an appointment this person may come near"."""
    limited = limited_practices(session, person)
    own = own_clinicians(session, person)
    return or_(Appointment.practice_id.not_in(limited), Appointment.clinician_id.in_(own))


def _needed_of(session: Session, kind: Subject, near: ColumnElement[bool]) -> list[Needed]:
    row, finding = Appointment, ReadinessFinding
    subject = getattr(row, RESTS_ON[kind])
    client_name: Mapping[Subject, bool] = {
        Subject.CLIENT: True, Subject.POLICY: True, Subject.AUTHORIZATION: True,
        Subject.APPOINTMENT: True,
    }  # fmt: skip
    query = (
        select(
            finding,
            func.count().label("waiting"),
            func.sum(row.charge_amount, type_=row.charge_amount.type).label("amount"),
            func.array_agg(row.served_on.distinct()).label("dates"),
            func.min(Client.first_name + " " + Client.last_name).label("client_name"),
            func.array_agg(Client.id.distinct(), type_=ARRAY(Uuid())).label("client_ids"),
        )
        .join(row, (row.practice_id == finding.practice_id) & (subject == finding.subject_id))
        .join(Client, (Client.practice_id == row.practice_id) & (Client.id == row.client_id))
        .where(held(session, finding.practice_id), row.unbilled, near)
        .where(finding.subject_kind == kind, finding.weight != Weight.WARNS)
        .where(finding.supplier.in_([Supplier.PRACTICE, Supplier.CLINICIAN]))
        .group_by(finding.practice_id, finding.id)
        .order_by(func.sum(row.charge_amount).desc())
        .limit(MOST_NEEDED)
    )
    rows = session.execute(query).all()
    for each in rows:
        practice_id = each.ReadinessFinding.practice_id
        audit.read(session, "client", each.client_ids, practice_id=practice_id, fields=["name"])
    return [
        Needed(
            id=found.ReadinessFinding.id,
            words=said(found.ReadinessFinding).words,
            why=f"{said(found.ReadinessFinding).why}.",
            client_name=found.client_name if client_name.get(kind) else "",
            dates=sorted(found.dates)[:4],
            count=found.waiting,
            amount=found.amount or ZERO,
            supplier=found.ReadinessFinding.supplier,
        )
        for found in rows
    ]
