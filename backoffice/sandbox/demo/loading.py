"""Loads the demo: practices, people, a season of sessions, some of them lacking something."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import sessionmaker

from backoffice.models.appointments import Appointment
from backoffice.models.base import Base
from backoffice.models.payers import ClearinghouseAccount, Enrollment, Payer
from backoffice.models.practices import Practice
from backoffice.rules.readiness import (
    AppointmentStatus,
    BillingType,
    EnrollmentKind,
    EnrollmentStatus,
    Shape,
)
from backoffice.sandbox.demo.making import (
    Chance,
    Covered,
    DemoPractice,
    imagine_visit,
    link_payer,
    make_appointment,
    make_authorization,
    make_client,
    make_payer,
    make_practice,
    write_down,
)
from backoffice.sandbox.demo.people import SignInOf, load_people
from backoffice.sandbox.demo.vocabulary import PAYERS, PRACTICES, PayerIdea
from backoffice.services.unbilled import judge_practice_anew
from backoffice.services.work import WalledSession, act_in, unit_of_work

CLIENTS_PER_CLINICIAN = 14
SEASON = timedelta(days=75)
EVERY = timedelta(days=9)

Known = list[tuple[Payer, PayerIdea]]


@dataclass(frozen=True)
class Demo:
    """What was loaded."""

    people: list[SignInOf]
    practices: list[DemoPractice]


def is_loaded(factory: sessionmaker[WalledSession]) -> bool:
    """Whether the database holds a practice already."""
    with unit_of_work(factory, house=True) as session:
        return bool(session.scalar(select(func.count()).select_from(Practice)))


def load(factory: sessionmaker[WalledSession], *, seed: int, now: datetime) -> Demo:
    """Load everything; the same seed makes the same company."""
    chance = Chance(random.Random(seed))  # noqa: S311 - a demo, not a secret
    with unit_of_work(factory, house=True) as session:
        payers = [(make_payer(idea), idea) for idea in PAYERS]
        session.add_all([payer for payer, _ in payers])
        account = _account()
        session.add(account)
    homes: list[DemoPractice] = []
    for hue in range(1, len(PRACTICES) + 1):
        homes.append(_load_practice(factory, chance, hue, payers, account, now=now))
    practices = [home.practice for home in homes]
    ids = [practice.id for practice in practices]
    with unit_of_work(factory, practices=ids, house=True) as session:
        people = load_people(session, practices, {home.practice: home.clinicians for home in homes})
        session.flush()
        for home in homes:
            act_in(session, home.practice.id)
            for clinician in home.clinicians:
                session.merge(clinician)
    return Demo(people, homes)


def _account() -> ClearinghouseAccount:
    return ClearinghouseAccount(
        name="Sandbox",
        sender_id="CLEANCLAIM",
        sender_name="Cleanclaim Billing",
        contact_name="Claims desk",
        contact_phone="2075550100",
        receiver_id="CLAIMMD",
        receiver_name="Claim.MD",
    )


def _load_practice(
    factory: sessionmaker[WalledSession],
    chance: Chance,
    hue: int,
    payers: Known,
    account: ClearinghouseAccount,
    *,
    now: datetime,
) -> DemoPractice:
    idea = PRACTICES[hue - 1]
    with unit_of_work(factory, house=True) as session:
        blank = Practice(name=idea.name, short_name=idea.short_name, mark=idea.mark, hue=hue)
        session.add(blank)
    with unit_of_work(factory, practices=[blank.id], house=True) as session:
        home = make_practice(session, chance, idea, session.get_one(Practice, blank.id))
        for payer, kind in payers:
            session.add(link_payer(home.practice, payer, account.id))
            session.add_all(_enrollments(chance, home, payer, kind, now))
        session.flush()
        rows: list[Base] = []
        for _ in range(CLIENTS_PER_CLINICIAN * idea.clinicians):
            rows += _client_rows(chance, home, payers, now.date())
        write_down(session, rows)
        judge_practice_anew(session, home.practice.id, now=now)
    return home


def _enrollments(
    chance: Chance, home: DemoPractice, payer: Payer, idea: PayerIdea, now: datetime
) -> Iterator[Enrollment]:
    def status(kind: EnrollmentKind, standing: EnrollmentStatus) -> Enrollment:
        return Enrollment(
            practice_id=home.practice.id,
            payer_id=payer.id,
            kind=kind,
            status=standing,
            status_since=now - timedelta(days=chance.dice.randrange(5, 60)),
        )

    if idea.enrollment_needed:
        waiting = chance.happens(0.4)
        standing = EnrollmentStatus.SUBMITTED if waiting else EnrollmentStatus.ACCEPTED
        yield status(EnrollmentKind.CLAIMS, standing)
    yield status(EnrollmentKind.REMITTANCES, EnrollmentStatus.ACCEPTED)


def _client_rows(chance: Chance, home: DemoPractice, payers: Known, today: date) -> Iterator[Base]:
    """Make one client's rows: policy, authorization, a season of sessions."""
    payer, idea = chance.dice.choice(payers)
    covered = make_client(chance, home, payer, idea)
    _spoil(chance, covered)
    yield from (covered.client, covered.policy)
    if idea.authorization and chance.happens(0.8):
        yield make_authorization(covered, used_up=chance.happens(0.2))
    regular = imagine_visit(chance, home, today).clinician
    day = today - SEASON + timedelta(days=chance.dice.randrange(9))
    while day < today:
        if day.weekday() < 5:
            visit = imagine_visit(chance, home, day)
            visit.clinician = regular
            appointment, line = make_appointment(home, covered.client, visit)
            _spoil_visit(chance, home, appointment)
            yield from (appointment, line)
        day += EVERY + timedelta(days=chance.dice.randrange(-2, 6))


def _spoil(chance: Chance, covered: Covered) -> None:
    """Leave out what a new practice's clients lack."""
    client, policy = covered.client, covered.policy
    lacks = chance.dice.choices(
        ["", "member id", "birth date", "address", "sex", "phone", "policy", "self pay"],
        weights=[86, 4, 2, 2, 2, 1, 1, 2],
    )[0]
    if lacks == "member id":
        policy.member_id, policy.member_id_shape = None, Shape.ABSENT
    elif lacks == "birth date":
        client.birth_date, client.birth_date_shape = None, Shape.ABSENT
    elif lacks == "address":
        client.street = client.zip = ""
    elif lacks == "sex":
        client.sex = None
    elif lacks == "phone":
        client.phone = ""
    elif lacks == "policy":
        policy.payer_id = None
    elif lacks == "self pay":
        client.billing_type = BillingType.SELF_PAY


def _spoil_visit(chance: Chance, home: DemoPractice, appointment: Appointment) -> None:
    """A missing diagnosis here, an unsigned note there, a client who did not come."""
    if chance.happens(0.03):
        appointment.diagnosis_codes = []
    if home.idea.note_gate and chance.happens(0.2):
        appointment.note_signed = False
    if chance.happens(0.04):
        appointment.status = chance.dice.choice(
            [AppointmentStatus.NO_SHOW, AppointmentStatus.LATE_CANCELLED]
        )
