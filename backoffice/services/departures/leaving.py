"""The days of a departure: when a practice leaves, until when its rows stay, what holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client
from backoffice.models.contract import Departure, DepartureState, RemovalBasis
from backoffice.models.practices import Practice
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.dates import today_in
from backoffice.rules.retention import keep_until
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.departures.exporting import Exported
from backoffice.services.refusal import NotVisible, Refused

LEAST_STAY: Final = timedelta(days=30)
"""Between leaving and removal, whatever the contract says: time to find out that it was a mistake.

The database asks for as long since the departure was entered.
"""
LIVE: Final = (DepartureState.ANNOUNCED, DepartureState.LEFT, DepartureState.EXPORTED)


class NotPossible(Refused):
    """The departure cannot be so, or not any more."""

    code = "departure_not_possible"


class NoSuchDeparture(NotVisible):
    """This practice does not leave."""


@dataclass(frozen=True)
class Plan:
    """When a practice leaves, and on what its removal rests; `contract_on` only with CONTRACT."""

    leaves_on: date
    basis: RemovalBasis
    contract_on: date | None = None


def announce(
    session: Session, practice_id: UUID, plan: Plan, *, by: UUID, now: datetime
) -> Departure:
    """Set the day on which a practice leaves; nothing changes before it. Raises NotPossible."""
    practice = session.get_one(Practice, practice_id, with_for_update=True)
    if practice.left_at is not None or _live(session, practice_id) is not None:
        raise NotPossible("This practice is leaving already.")
    if plan.leaves_on < today_in(HOUSE_ZONE, now):
        raise NotPossible("This day is over.", field="leaves_on")
    departure = Departure(
        practice_id=practice_id,
        asked_at=now,
        asked_by_id=by,
        leaves_on=plan.leaves_on,
        basis=plan.basis,
        remove_on=_removal(session, practice, plan, now=now),
    )
    session.add(departure)
    session.flush()
    _record(session, "announce_departure", departure)
    return departure


def _removal(session: Session, practice: Practice, plan: Plan, *, now: datetime) -> date:
    """Return the first day on which rows may go."""
    earliest = max(plan.leaves_on, today_in(HOUSE_ZONE, now)) + LEAST_STAY
    if plan.basis is RemovalBasis.RETENTION:
        return max(earliest, retained_until(session, practice) or earliest)
    if plan.contract_on is None:
        raise NotPossible("Give the day that the contract names.", field="contract_on")
    if plan.contract_on < earliest:
        words = f"Rows stay for {LEAST_STAY.days} days at least after the practice has left."
        raise NotPossible(words, field="contract_on")
    return plan.contract_on


def retained_until(session: Session, practice: Practice) -> date | None:
    """Return the day until which the practice's state has its last client's records kept."""
    last = dict(
        session.execute(
            select(Appointment.client_id, func.max(Appointment.served_on))
            .where(held(session, Appointment.practice_id), Appointment.practice_id == practice.id)
            .group_by(Appointment.client_id)
        ).all()
    )
    query = visible(session, Client).where(Client.practice_id == practice.id)
    clients = session.scalars(query.execution_options(yield_per=500))
    days = [
        keep_until(practice.state, last_service_on=last[client.id], born_on=client.born_on)
        for client in clients
        if client.id in last
    ]
    return max(days, default=None)


def cancel(session: Session, departure_id: UUID, *, now: datetime) -> Departure:
    """Let a practice stay after all: what it had is open again. Raises NotPossible once removed."""
    departure = _one(session, departure_id)
    if departure.state not in LIVE:
        raise NotPossible("There is nothing left that could be cancelled.")
    departure.state = DepartureState.CANCELLED
    session.get_one(Practice, departure.practice_id).left_at = None
    _record(session, "cancel_departure", departure)
    return departure


def due(session: Session, *, now: datetime) -> Sequence[Departure]:
    """Return the departures with something to do today, in a session of the house."""
    today = today_in(HOUSE_ZONE, now)
    query = select(Departure).where(
        ((Departure.state == DepartureState.ANNOUNCED) & (Departure.leaves_on <= today))
        | (Departure.state == DepartureState.LEFT)
        | ((Departure.state == DepartureState.EXPORTED) & (Departure.remove_on <= today))
        | ((Departure.state == DepartureState.REMOVED) & (Departure.export_key.is_not(None)))
    )
    return session.scalars(query.order_by(Departure.id)).all()


def take_effect(session: Session, departure_id: UUID, *, now: datetime) -> Departure:
    """From now on the practice is only read; twice changes nothing. Works for the practice."""
    departure = _one(session, departure_id)
    if departure.state is not DepartureState.ANNOUNCED:
        return departure
    practice = session.get_one(Practice, departure.practice_id)
    practice.left_at, departure.state = now, DepartureState.LEFT
    if departure.basis is RemovalBasis.RETENTION:  # sessions may have come since it was announced
        departure.remove_on = max(
            departure.remove_on, retained_until(session, practice) or departure.remove_on
        )
    _record(session, "leave", departure)
    return departure


def exported(
    session: Session, departure_id: UUID, made: Exported, *, key: str, now: datetime
) -> None:
    """Remember the export that lies at `key`."""
    departure = _one(session, departure_id)
    if departure.state is not DepartureState.LEFT:
        return
    departure.state, departure.exported_at = DepartureState.EXPORTED, now
    departure.export_key, departure.export_sha256 = key, made.sha256
    departure.export_size, departure.export_counts = made.size, dict(made.counts)
    audit.record(
        session,
        "export",
        subject_kind="practice",
        subject_ids=[departure.practice_id],
        practice_id=departure.practice_id,
        detail={"rows": sum(made.counts.values()), "sha256": made.sha256},
    )


def fetched(session: Session, departure_id: UUID, *, now: datetime) -> Departure:
    """Put on record that the export is handed out; a disclosure of every client's record."""
    departure = _one(session, departure_id)
    if departure.export_key is None or departure.state is not DepartureState.EXPORTED:
        raise NoSuchDeparture
    departure.fetched_at = departure.fetched_at or now
    _record(session, "hand_out_export", departure)
    return departure


def departure_of(session: Session, practice_id: UUID) -> Departure | None:
    """Return how far a practice's leaving has come, None where it stays."""
    query = select(Departure).where(
        Departure.practice_id == practice_id, Departure.state != DepartureState.CANCELLED
    )
    return session.scalars(query).one_or_none()


def _live(session: Session, practice_id: UUID) -> Departure | None:
    query = select(Departure).where(Departure.practice_id == practice_id, Departure.state.in_(LIVE))
    return session.scalars(query).one_or_none()


def _one(session: Session, departure_id: UUID) -> Departure:
    found = session.get(Departure, departure_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoSuchDeparture
    return found


def _record(session: Session, action: str, departure: Departure) -> None:
    audit.record(
        session,
        action,
        subject_kind="practice",
        subject_ids=[departure.practice_id],
        practice_id=departure.practice_id,
        detail={"departure": str(departure.id)},
    )
