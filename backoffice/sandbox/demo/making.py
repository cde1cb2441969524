"""Makes rows from a seeded chance: practices, clients, policies, appointments."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from backoffice.models.appointments import Appointment, AppointmentLine
from backoffice.models.base import Base
from backoffice.models.clients import Authorization, Client, Policy
from backoffice.models.payers import Payer, PracticePayer
from backoffice.models.practices import (
    BillingProfile,
    Clinician,
    Practice,
    PracticeKind,
    ServiceFacility,
)
from backoffice.rules.claim_facts import EntityKind, PayerOrder, Sex, TaxIdKind
from backoffice.rules.identifiers import npi_is_valid
from backoffice.rules.readiness import AppointmentStatus, Shape
from backoffice.sandbox.demo.vocabulary import (
    CLINICIAN_TAXONOMIES,
    DIAGNOSES,
    FIRST_NAMES,
    LAST_NAMES,
    ORGANIZATION_TAXONOMY,
    SESSIONS,
    STREETS,
    PayerIdea,
    PracticeIdea,
)
from backoffice.services.practices import note_payee

TELEHEALTH_SHARE = 0.35
AGREED_ON = date(2025, 1, 1)
"""The first day of the demo's business associate agreements."""


@dataclass
class Chance:
    """The seeded chance and what must never repeat."""

    dice: random.Random
    npis: set[str] = field(default_factory=set)

    def npi(self) -> str:
        """Return an NPI with a right check digit that nobody here has yet."""
        while True:
            body = "1" + "".join(self.dice.choice("0123456789") for _ in range(8))
            npi = next(body + digit for digit in "0123456789" if npi_is_valid(body + digit))
            if npi not in self.npis:
                self.npis.add(npi)
                return npi

    def digits(self, count: int) -> str:
        """Return so many digits, the first not zero."""
        return self.dice.choice("123456789") + "".join(
            self.dice.choice("0123456789") for _ in range(count - 1)
        )

    def phone(self, area_code: str) -> str:
        """Return a number of the range kept free for fiction (555-01xx)."""
        return f"{area_code}55501{self.dice.randrange(100):02d}"

    def street(self) -> str:
        """Return a house number and a street."""
        return f"{self.dice.randrange(1, 400)} {self.dice.choice(STREETS)}"

    def happens(self, share: float) -> bool:
        """Whether something of this likelihood happens."""
        return self.dice.random() < share


@dataclass
class DemoPractice:
    """A practice with what its appointments draw from."""

    practice: Practice
    idea: PracticeIdea
    clinicians: list[Clinician]
    office: ServiceFacility
    telehealth: ServiceFacility
    profile: BillingProfile


def make_practice(
    session: Session, chance: Chance, idea: PracticeIdea, practice: Practice
) -> DemoPractice:
    """Fill a practice: its address, billing profile, two places and its clinicians."""
    town = idea.town
    place = {"street": chance.street(), "city": town.city, "state": town.state, "zip": town.zip}
    practice.kind = PracticeKind.SOLO if idea.solo else PracticeKind.GROUP
    practice.agreement_on = AGREED_ON
    practice.phone, practice.note_gate = chance.phone(town.area_code), idea.note_gate
    practice.street, practice.city = place["street"], place["city"]
    practice.state, practice.zip = place["state"], place["zip"]
    clinicians = [_clinician(practice, chance) for _ in range(idea.clinicians)]
    session.add_all(clinicians)
    profile = _profile(practice, chance, idea, clinicians[0], place)
    elsewhere = {**place, "street": chance.street()} if idea.shows_facility else place
    office = ServiceFacility(
        practice_id=practice.id, name="Office", place_of_service="11", **elsewhere
    )
    telehealth = ServiceFacility(
        practice_id=practice.id, name="Telehealth", place_of_service="10", **place
    )
    session.add_all([profile, office, telehealth])
    session.flush()
    note_payee(session, profile)
    return DemoPractice(practice, idea, clinicians, office, telehealth, profile)


def _clinician(practice: Practice, chance: Chance) -> Clinician:
    first, last = chance.dice.choice(FIRST_NAMES), chance.dice.choice(LAST_NAMES)
    credentials, taxonomy = chance.dice.choice(CLINICIAN_TAXONOMIES)
    return Clinician(
        practice_id=practice.id,
        first_name=first,
        last_name=last,
        name_key=f"{last}, {first}".lower(),
        credentials=credentials,
        npi=chance.npi(),
        taxonomy=taxonomy,
    )


def _profile(
    practice: Practice,
    chance: Chance,
    idea: PracticeIdea,
    first: Clinician,
    place: dict[str, str],
) -> BillingProfile:
    tax_id = chance.digits(9)
    profile = BillingProfile(
        practice_id=practice.id,
        name="Default",
        kind=EntityKind.PERSON if idea.solo else EntityKind.ORGANIZATION,
        organization_name="" if idea.solo else idea.name,
        last_name=first.last_name if idea.solo else "",
        first_name=first.first_name if idea.solo else "",
        npi=first.npi if idea.solo else chance.npi(),
        tax_id=tax_id,
        tax_id_shape=Shape.WELL_FORMED,
        tax_id_last4=tax_id[-4:],
        tax_id_kind=TaxIdKind.SSN if idea.ssn_biller else TaxIdKind.EIN,
        taxonomy=first.taxonomy if idea.solo else ORGANIZATION_TAXONOMY,
        phone=practice.phone,
        show_service_facility=idea.shows_facility,
        **place,
    )
    if idea.pays_elsewhere:
        profile.pay_to_street, profile.pay_to_city = "PO Box 4120", place["city"]
        profile.pay_to_state, profile.pay_to_zip = place["state"], place["zip"]
    return profile


def make_payer(idea: PayerIdea) -> Payer:
    """Make a payer with its quirks."""
    return Payer(
        name=idea.name,
        short_name=idea.short_name,
        name_key=idea.name.lower(),
        electronic_id=idea.electronic_id,
        filing_code=idea.filing_code,
        filing_days=idea.filing_days,
        several_dates_per_claim=idea.several_dates,
        claim_enrollment_needed=idea.enrollment_needed,
        era_supported=idea.era_supported,
    )


def link_payer(practice: Practice, payer: Payer, account_id: object) -> PracticePayer:
    """Say through which account the practice reaches the payer."""
    return PracticePayer(practice_id=practice.id, payer_id=payer.id, account_id=account_id)


@dataclass(frozen=True)
class Covered:
    """A client with the policy that pays."""

    client: Client
    policy: Policy
    payer: PayerIdea


def make_client(chance: Chance, home: DemoPractice, payer: Payer, idea: PayerIdea) -> Covered:
    """Make a whole client with a whole policy; about one in six is on somebody else's plan."""
    dice, town = chance.dice, home.idea.town
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    place = {"street": chance.street(), "city": town.city, "state": town.state, "zip": town.zip}
    client = Client(
        practice_id=home.practice.id,
        first_name=first,
        last_name=last,
        name_key=f"{last}, {first}".lower(),
        birth_date=_birth_date(dice, youngest=6).isoformat(),
        birth_date_shape=Shape.WELL_FORMED,
        sex=dice.choice([Sex.FEMALE, Sex.MALE]),
        phone=chance.phone(town.area_code),
        **place,
    )
    policy = Policy(
        practice_id=home.practice.id,
        client_id=client.id,
        payer_id=payer.id,
        payer_order=PayerOrder.PRIMARY,
        member_id=f"{idea.prefix}{chance.digits(8)}",
        member_id_shape=Shape.WELL_FORMED,
        group_number=chance.digits(4) if chance.happens(0.5) else "",
        relationship_code="18",
        effective_from=date(2025, 1, 1),
    )
    if chance.happens(0.16):
        _on_somebodys_plan(policy, chance, last, place)
    return Covered(client, policy, idea)


def _on_somebodys_plan(
    policy: Policy, chance: Chance, last_name: str, place: dict[str, str]
) -> None:
    policy.relationship_code = chance.dice.choice(["01", "19"])
    policy.insured_last_name = last_name
    policy.insured_first_name = chance.dice.choice(FIRST_NAMES)
    policy.insured_birth_date = _birth_date(chance.dice, youngest=32).isoformat()
    policy.insured_birth_date_shape = Shape.WELL_FORMED
    policy.insured_sex = chance.dice.choice([Sex.FEMALE, Sex.MALE])
    policy.insured_street, policy.insured_city = place["street"], place["city"]
    policy.insured_state, policy.insured_zip = place["state"], place["zip"]


def _birth_date(dice: random.Random, *, youngest: int) -> date:
    return date(2026, 1, 1) - timedelta(days=365 * youngest + dice.randrange(365 * 45))


def make_authorization(covered: Covered, *, used_up: bool) -> Authorization:
    """Make a prior authorization of twelve sessions."""
    return Authorization(
        practice_id=covered.client.practice_id,
        client_id=covered.client.id,
        policy_id=covered.policy.id,
        number=f"PA{str(covered.client.id.int)[-7:]}",
        uses_allowed=12,
        uses_spent=12 if used_up else 3,
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
    )


@dataclass
class Visit:
    """What one appointment is to be like."""

    day: date
    code: str
    fee: Decimal
    diagnoses: list[str]
    by_video: bool
    clinician: Clinician


def imagine_visit(chance: Chance, home: DemoPractice, day: date) -> Visit:
    """Draw a session: its kind, its reasons, whether by video, with whom."""
    kind = chance.dice.choices(SESSIONS, weights=[session.weight for session in SESSIONS])[0]
    reasons = chance.dice.sample(DIAGNOSES, k=chance.dice.choice([1, 1, 1, 2]))
    by_video = kind.code != "90853" and chance.happens(TELEHEALTH_SHARE)
    clinician = chance.dice.choice(home.clinicians)
    return Visit(day, kind.code, kind.fee, reasons, by_video, clinician)


def make_appointment(
    home: DemoPractice, client: Client, visit: Visit
) -> tuple[Appointment, AppointmentLine]:
    """Make a completed session and its one line."""
    appointment = Appointment(
        practice_id=home.practice.id,
        client_id=client.id,
        clinician_id=visit.clinician.id,
        facility_id=(home.telehealth if visit.by_video else home.office).id,
        served_on=visit.day,
        starts_at=datetime.combine(visit.day, time(15), UTC),
        status=AppointmentStatus.COMPLETED,
        diagnosis_codes=visit.diagnoses,
        charge_amount=visit.fee,
    )
    line = AppointmentLine(
        practice_id=home.practice.id,
        appointment_id=appointment.id,
        position=1,
        procedure_code=visit.code,
        modifiers=["95"] if visit.by_video else [],
        units=Decimal(1),
        charge_amount=visit.fee,
        diagnosis_pointers=list(range(1, len(visit.diagnoses) + 1)),
    )
    return appointment, line


def write_down(session: Session, rows: Sequence[Base]) -> None:
    """Write what was made, kind by kind: the oldest word first, nothing else tells the order.

    A season is thousands of rows: one by one they cost most of a laptop's first start.
    """
    for kind in (Client, Policy, Authorization, Appointment, AppointmentLine):
        session.add_all(row for row in rows if isinstance(row, kind))
        session.flush()
