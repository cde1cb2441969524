"""Everything of one practice that its appointments may rest on, loaded in few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment
from backoffice.models.base import Base, PracticeRow
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.contract import Consent
from backoffice.models.payers import Enrollment, Payer
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.rules.part2 import may_be_billed
from backoffice.rules.payer_rules import STANDARD, PayerScrubRules
from backoffice.rules.readiness import EnrollmentKind
from backoffice.services.access import visible
from backoffice.services.practices import local_day
from backoffice.services.readiness_facts import payer_rules
from backoffice.services.refusal import NotVisible

Row = TypeVar("Row", bound=PracticeRow)
Entity = TypeVar("Entity", bound=Base)
Value = TypeVar("Value")


def take_turn(session: Session, practice_id: UUID) -> None:
    """Wait until nobody else changes readiness of this practice, and keep others waiting.

    Held to the end of the transaction. Two changes at once would each add up tallies without the
    other's. Take the turn before writing rows that are judged, so that no two wait in a circle.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"),
        {"turn": f"readiness {practice_id}"},
    )


def fresh(session: Session, query: Select[Entity]) -> Sequence[Entity]:
    """Return the rows as the database has them now, also where the session knew them before."""
    return session.scalars(query.execution_options(populate_existing=True)).all()


@dataclass(frozen=True)
class Surroundings:
    """One practice with its house-side rows: few, so they are read whole for each change."""

    session: Session
    practice: Practice
    now: datetime

    @classmethod
    def of(cls, session: Session, practice_id: UUID, *, now: datetime) -> "Surroundings":
        """Read a practice that the session may see, or raise NotVisible."""
        session.flush()
        practice = session.get(Practice, practice_id, populate_existing=True)
        if practice is None:
            raise NotVisible
        return cls(session, practice, now)

    @property
    def practice_id(self) -> UUID:
        """Return the practice's id."""
        return self.practice.id

    @cached_property
    def today(self) -> date:
        """Return the day it is where the practice is."""
        return local_day(self.practice.time_zone, self.now)

    @cached_property
    def profiles(self) -> Sequence[BillingProfile]:
        """Return the live billing profiles."""
        query = self._mine(BillingProfile).where(BillingProfile.withdrawn_at.is_(None))
        return fresh(self.session, query.order_by(BillingProfile.id))

    @cached_property
    def facilities(self) -> Sequence[ServiceFacility]:
        """Return the live locations."""
        query = self._mine(ServiceFacility).where(ServiceFacility.withdrawn_at.is_(None))
        return fresh(self.session, query.order_by(ServiceFacility.id))

    @cached_property
    def clinicians(self) -> dict[UUID, Clinician]:
        """Return all clinicians by id, those who left included: their sessions stay."""
        found = fresh(self.session, self._mine(Clinician))
        return {clinician.id: clinician for clinician in found}

    @cached_property
    def places(self) -> dict[UUID, str | None]:
        """Return each location's place of service (Box 24B), withdrawn ones included."""
        found = fresh(self.session, self._mine(ServiceFacility))
        return {facility.id: facility.place_of_service for facility in found}

    @cached_property
    def claims_enrollments(self) -> Sequence[Enrollment]:
        """Return the enrollments that let claims go (837P)."""
        query = self._mine(Enrollment).where(Enrollment.kind == EnrollmentKind.CLAIMS)
        return fresh(self.session, query)

    @cached_property
    def payers(self) -> dict[UUID, Payer]:
        """Return the payers that policies of this practice name, by id."""
        named = select(Policy.payer_id).where(Policy.practice_id == self.practice_id)
        found = fresh(self.session, select(Payer).where(Payer.id.in_(named)))
        return {payer.id: payer for payer in found}

    @cached_property
    def _rules(self) -> dict[UUID, PayerScrubRules]:
        return {payer_id: payer_rules(payer) for payer_id, payer in self.payers.items()}

    def payer(self, payer_id: UUID | None) -> Payer | None:
        """Return a payer of this practice's policies; None for none."""
        return self.payers.get(payer_id) if payer_id else None

    def rules_of(self, payer_id: UUID | None) -> PayerScrubRules:
        """Return a payer's quirks, the standard ones where no payer is known."""
        return self._rules.get(payer_id, STANDARD) if payer_id else STANDARD

    def profiles_used_at(self, facility_ids: Collection[UUID]) -> dict[UUID, list[BillingProfile]]:
        """Return, per location, the profiles under which its unbilled sessions bill.

        A location without any is seen from every live profile.
        """
        by_id = {profile.id: profile for profile in self.profiles}
        pairs = self.session.execute(
            select(Appointment.facility_id, Appointment.profile_id)
            .where(Appointment.practice_id == self.practice_id)
            .where(Appointment.facility_id.in_(facility_ids), Appointment.unbilled)
            .distinct()
        )
        used: dict[UUID, list[BillingProfile]] = defaultdict(list)
        for facility_id, profile_id in pairs:
            if facility_id and profile_id in by_id:
                used[facility_id].append(by_id[profile_id])
        return {each: used.get(each) or list(self.profiles) for each in facility_ids}

    def policies_of(self, client_ids: Collection[UUID]) -> dict[UUID, list[Policy]]:
        """Return each client's live policies."""
        query = self._mine(Policy).where(
            Policy.client_id.in_(client_ids), Policy.withdrawn_at.is_(None)
        )
        return grouped((policy.client_id, policy) for policy in fresh(self.session, query))

    def kept_back(self, clients: Iterable[Client]) -> set[UUID]:
        """Return those of some clients whose claims no consent lets leave (42 CFR Part 2)."""
        flagged = [client.id for client in clients if client.part2_since is not None]
        if not flagged:
            return set()
        query = self._mine(Consent).where(Consent.client_id.in_(flagged))
        signed = grouped((each.client_id, each.facts) for each in fresh(self.session, query))
        return {
            each
            for each in flagged
            if not may_be_billed(is_part2=True, consents=signed.get(each, ()), on=self.today)
        }

    def authorizations_of(self, client_ids: Collection[UUID]) -> dict[UUID, Authorization]:
        """Return the active authorization of each policy of these clients."""
        query = self._mine(Authorization).where(
            Authorization.client_id.in_(client_ids), Authorization.active
        )
        return {each.policy_id: each for each in fresh(self.session, query)}

    def forget_enrollments(self) -> None:
        """Read the enrollments again when next asked: one was begun."""
        self.__dict__.pop("claims_enrollments", None)

    def mine(self, model: type[Row], ids: Collection[UUID]) -> Select[Row]:
        """Select rows of this practice by id."""
        return self._mine(model).where(model.id.in_(ids))

    def _mine(self, model: type[Row]) -> Select[Row]:
        return visible(self.session, model).where(model.practice_id == self.practice_id)


def grouped(pairs: Iterable[tuple[UUID, Value]]) -> dict[UUID, list[Value]]:
    """Return a list of values for each key."""
    lists: dict[UUID, list[Value]] = {}
    for key, value in pairs:
        lists.setdefault(key, []).append(value)
    return lists
