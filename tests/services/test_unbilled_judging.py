"""Findings hang on what lacks something; appointments count what they rest on."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, ReadinessFinding, UnbilledTotal
from backoffice.models.clients import Authorization, Client
from backoffice.models.payers import Enrollment, Payer
from backoffice.models.practices import Clinician, Practice, ServiceFacility
from backoffice.rules.claim_facts import PayerOrder
from backoffice.rules.readiness import (
    AppointmentStatus,
    BillingType,
    Disposition,
    EnrollmentStatus,
    Readiness,
    Shape,
    Subject,
    readiness_of,
)
from backoffice.services import unbilled
from backoffice.services.unbilled.findings import refresh
from tests import builders
from tests.builders import NOW, TODAY


@dataclass
class Office:
    """One practice whose appointments can be billed."""

    session: Session
    practice: Practice
    clinician: Clinician
    facility: ServiceFacility
    payer: Payer
    client: Client

    def visit(self, client: Client | None = None, **values: Any) -> Appointment:
        """A session of the client's, not yet judged."""
        return builders.an_appointment(
            self.session, client or self.client, self.clinician, self.facility, **values
        )

    def judged(self, *appointments: Appointment) -> None:
        """Judge these appointments and read them again."""
        ids = [each.id for each in appointments]
        unbilled.appointments_changed(self.session, self.practice.id, ids, now=NOW)
        for each in appointments:
            self.session.refresh(each)

    def changed(self, kind: Subject, subject_id: UUID, *seen: Appointment) -> None:
        """Say that a subject changed and read the appointments again."""
        unbilled.subjects_changed(self.session, self.practice.id, kind, [subject_id], now=NOW)
        for each in seen:
            self.session.refresh(each)

    def codes(self, subject_id: UUID) -> set[str]:
        """The findings that hang on a subject."""
        query = select(ReadinessFinding.code).where(
            ReadinessFinding.practice_id == self.practice.id,
            ReadinessFinding.subject_id == subject_id,
        )
        return set(self.session.scalars(query))


@pytest.fixture
def office(session: Session, practice_id: UUID) -> Office:
    """A practice with profile, clinician, office, payer and one insured client, all judged."""
    practice = builders.a_practice(session, practice_id)
    builders.a_profile(session, practice)
    clinician = builders.a_clinician(session, practice)
    facility = builders.a_facility(session, practice)
    payer = builders.a_payer(session, electronic_id=f"T{practice_id.hex[:8]}")
    client = builders.a_client(session, practice)
    builders.a_policy(session, client, payer)
    unbilled.judge_practice_anew(session, practice_id, now=NOW)
    return Office(session, practice, clinician, facility, payer, client)


def test_a_whole_appointment_is_ready_and_stands_in_the_queue(office: Office) -> None:
    visit = office.visit()

    office.judged(visit)

    assert (visit.unbilled, visit.readiness, visit.missing_count) == (True, Readiness.READY, 0)
    assert visit.payer_id == office.payer.id
    assert visit.deadline_on == visit.served_on + timedelta(days=office.payer.filing_days)


def test_what_a_client_lacks_hangs_on_the_client_and_counts_on_every_session(
    office: Office,
) -> None:
    first, second = office.visit(), office.visit(served_on=date(2026, 11, 13))
    office.judged(first, second)

    office.client.birth_date = None
    office.client.birth_date_shape = Shape.ABSENT
    office.changed(Subject.CLIENT, office.client.id, first, second)

    assert office.codes(office.client.id) == {"client_birth_date_missing"}
    assert office.codes(first.id) == set()
    assert [each.missing_count for each in (first, second)] == [1, 1]
    assert {first.readiness, second.readiness} == {Readiness.MISSING}


def test_a_finding_put_right_frees_the_sessions_again(office: Office) -> None:
    visit = office.visit(diagnosis_codes=[])
    office.judged(visit)
    assert office.codes(visit.id) == {"diagnosis_missing"}

    visit.diagnosis_codes = ["F411"]
    office.judged(visit)

    assert office.codes(visit.id) == set()
    assert visit.readiness is Readiness.READY


def test_an_unchanged_finding_is_left_as_it_is(office: Office) -> None:
    visit = office.visit(diagnosis_codes=[])
    office.judged(visit)
    query = select(ReadinessFinding.id).where(ReadinessFinding.subject_id == visit.id)
    before = set(office.session.scalars(query))

    office.judged(visit)

    assert set(office.session.scalars(query)) == before


def test_judging_leaves_the_version_alone(office: Office) -> None:
    visit = office.visit(diagnosis_codes=[])

    office.judged(visit)

    assert visit.version == 1


def test_a_submitted_enrollment_holds_and_an_accepted_one_frees(office: Office) -> None:
    enrollment = builders.an_enrollment(
        office.session, office.practice, office.payer, status=EnrollmentStatus.SUBMITTED
    )
    visit = office.visit()
    unbilled.subjects_changed(
        office.session, office.practice.id, Subject.ENROLLMENT, [enrollment.id], now=NOW
    )
    office.judged(visit)
    assert (visit.readiness, visit.held_for) == (Readiness.HELD, "enrollment")

    enrollment.status = EnrollmentStatus.ACCEPTED
    office.changed(Subject.ENROLLMENT, enrollment.id, visit)

    assert (visit.readiness, visit.held_for) == (Readiness.READY, None)


def test_a_payer_that_wants_enrollment_gets_one_begun(office: Office) -> None:
    office.payer.claim_enrollment_needed = True
    visit = office.visit()

    office.judged(visit)

    begun = office.session.scalars(
        select(Enrollment).where(Enrollment.practice_id == office.practice.id)
    ).one()
    assert begun.status is EnrollmentStatus.TO_ENROLL
    assert (visit.enrollment_id, visit.readiness) == (begun.id, Readiness.HELD)


def test_the_same_service_twice_on_one_day_holds_the_second(office: Office) -> None:
    first, second = office.visit(), office.visit()

    office.judged(first, second)

    assert first.readiness is Readiness.READY
    assert (second.readiness, second.held_for) == (Readiness.HELD, "duplicate")


def test_a_session_billed_already_makes_its_repetition_a_duplicate(office: Office) -> None:
    billed = office.visit()
    policy = office.session.get_one(Appointment, (office.practice.id, billed.id))
    office.judged(billed)
    _bill(office, billed)
    again = office.visit()

    office.judged(billed, again)

    assert policy.unbilled is False
    assert again.held_for == "duplicate"


def _bill(office: Office, visit: Appointment) -> None:
    office.session.refresh(visit)
    assert visit.policy is not None
    builders.a_claim(office.session, visit.policy, visit, profile_id=visit.profile_id)


def test_an_authorization_of_two_uses_covers_the_two_earliest_sessions(office: Office) -> None:
    days = [date(2026, 11, day) for day in (5, 6, 7)]
    visits = [office.visit(served_on=day) for day in reversed(days)]
    office.judged(*visits)
    authorization = Authorization(
        practice_id=office.practice.id,
        client_id=office.client.id,
        policy_id=visits[0].policy_id,
        number="A100",
        uses_allowed=2,
        first_day=date(2026, 11, 1),
        last_day=date(2027, 3, 1),
    )
    office.session.add(authorization)
    office.session.flush()

    office.changed(Subject.AUTHORIZATION, authorization.id, *visits)

    latest, middle, earliest = visits
    assert (earliest.held_count, middle.held_count) == (0, 0)
    assert (latest.readiness, latest.held_for) == (Readiness.HELD, "authorization")


def test_the_policy_in_force_on_the_day_is_the_one_billed(office: Office) -> None:
    other = builders.a_payer(office.session, electronic_id=f"U{office.practice.id.hex[:8]}")
    old = builders.a_policy(
        office.session, office.client, other,
        effective_from=date(2025, 1, 1), effective_to=date(2026, 1, 1),
    )  # fmt: skip
    office.changed(Subject.POLICY, old.id)
    last_year, this_year = office.visit(served_on=date(2025, 6, 1)), office.visit()

    office.judged(last_year, this_year)

    assert (last_year.policy_id, last_year.payer_id) == (old.id, other.id)
    assert this_year.payer_id == office.payer.id
    assert "policy_order_taken" not in office.codes(old.id)


def test_two_policies_of_one_order_at_one_time_are_told_on_both(office: Office) -> None:
    visit = office.visit()
    office.judged(visit)
    twin = builders.a_policy(office.session, office.client, office.payer)

    office.changed(Subject.POLICY, twin.id, visit)

    assert "policy_order_taken" in office.codes(twin.id)
    assert visit.warning_count == 1


def test_the_most_specific_billing_profile_wins(office: Office) -> None:
    special = builders.a_profile(
        office.session, office.practice, payer_id=office.payer.id, clinician_id=None
    )
    visit = office.visit()
    office.judged(visit)
    assert visit.profile_id == special.id

    special.withdrawn_at = NOW
    office.changed(Subject.BILLING_PROFILE, special.id, visit)

    assert visit.profile_id not in {None, special.id}


@pytest.mark.parametrize(
    "why",
    [
        {"status": AppointmentStatus.NO_SHOW},
        {"status": AppointmentStatus.SCHEDULED},
        {"served_on": TODAY + timedelta(days=1)},
        {"disposition": Disposition.SELF_PAY},
        {"disposition": Disposition.FILED_ELSEWHERE},
    ],
)
def test_what_is_not_billable_is_not_in_the_queue(office: Office, why: dict[str, Any]) -> None:
    visit = office.visit(**why)

    office.judged(visit)

    assert visit.unbilled is False
    assert office.codes(visit.id) == set()


def test_a_client_who_pays_in_person_leaves_the_queue_and_comes_back(office: Office) -> None:
    visit = office.visit()
    office.judged(visit)

    office.client.billing_type = BillingType.SELF_PAY
    office.changed(Subject.CLIENT, office.client.id, visit)
    assert visit.unbilled is False

    office.client.billing_type = BillingType.INSURANCE
    office.changed(Subject.CLIENT, office.client.id, visit)
    assert visit.unbilled is True


def test_a_session_tomorrow_comes_into_the_queue_when_the_day_begins(office: Office) -> None:
    visit = office.visit(served_on=TODAY + timedelta(days=1))
    office.judged(visit)

    unbilled.day_began(office.session, office.practice.id, now=NOW + timedelta(days=1))

    office.session.refresh(visit)
    assert visit.unbilled is True


def test_a_deadline_that_comes_near_warns_and_when_passed_blocks(office: Office) -> None:
    visit = office.visit(served_on=TODAY - timedelta(days=70))
    office.judged(visit)
    assert visit.warning_count == 0

    unbilled.day_began(office.session, office.practice.id, now=NOW + timedelta(days=10))
    assert office.codes(visit.id) == {"appointment_deadline_near"}

    unbilled.day_began(office.session, office.practice.id, now=NOW + timedelta(days=25))
    assert office.codes(visit.id) == {"appointment_deadline_passed"}


def test_a_secondary_policy_alone_lacks_its_primary(office: Office) -> None:
    alone = builders.a_client(office.session, office.practice)
    policy = builders.a_policy(
        office.session, alone, office.payer, payer_order=PayerOrder.SECONDARY
    )

    office.changed(Subject.POLICY, policy.id)

    assert "policy_primary_missing" in office.codes(policy.id)


def test_totals_are_those_of_the_appointments_whatever_changed(office: Office) -> None:
    visits = [office.visit(served_on=date(2026, 11, day), charge=Decimal(day)) for day in (2, 3, 4)]
    office.judged(*visits)
    visits[0].diagnosis_codes = []
    office.judged(visits[0])

    totals = office.session.scalars(
        select(UnbilledTotal).where(UnbilledTotal.practice_id == office.practice.id)
    )

    assert {each.readiness: (each.appointments, each.charge_amount) for each in totals} == {
        Readiness.READY: (2, Decimal("7.00")),
        Readiness.MISSING: (1, Decimal("2.00")),
    }


@pytest.mark.parametrize("counts", [(0, 0), (0, 2), (1, 0), (2, 3)])
def test_the_statement_that_counts_gives_the_state_that_the_rules_give(
    office: Office, counts: tuple[int, int]
) -> None:
    missing, held = counts
    visit = office.visit()
    office.judged(visit)
    office.session.execute(
        text(
            "INSERT INTO finding_tallies VALUES (:practice, :subject, :missing, :held, 0, NULL)"
        ),
        {"practice": office.practice.id, "subject": visit.client_id} | {
            "missing": missing, "held": held,
        },
    )  # fmt: skip

    unbilled_refresh(office, visit)

    assert visit.readiness is readiness_of(missing, held)


def unbilled_refresh(office: Office, visit: Appointment) -> None:
    """Count the appointment anew from the tallies as they stand."""
    refresh(office.session, office.practice.id, Subject.CLIENT, [visit.client_id])
    office.session.refresh(visit)


def test_a_payers_new_pattern_is_held_against_the_member_ids_on_file(office: Office) -> None:
    visit = office.visit()
    office.judged(visit)
    office.payer.member_id_pattern = "[0-9]{9}"
    office.session.flush()

    clients = unbilled.next_clients(
        office.session, office.practice.id, after=None, payer_id=office.payer.id
    )
    unbilled.clients_changed_by_payer(office.session, office.practice.id, clients, now=NOW)

    office.session.refresh(visit)
    assert visit.policy_id is not None
    assert office.codes(visit.policy_id) == {"policy_member_id_malformed"}
    assert visit.readiness is Readiness.MISSING
