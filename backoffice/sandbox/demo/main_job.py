"""Takes fresh appointments through the main job and holds every end to what the sandbox wrote."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NewType
from uuid import UUID

import requests
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backoffice.config import Settings
from backoffice.models.base import Base
from backoffice.models.claims import Claim, ServiceLine
from backoffice.models.notifications import Mail, MailState
from backoffice.models.payers import Payer
from backoffice.models.practices import BillingProfile, Clinician, Practice, ServiceFacility
from backoffice.models.submissions import Attempt
from backoffice.models.users import Membership
from backoffice.rules.claim_status import OUT, ClaimStatus
from backoffice.rules.money import ZERO
from backoffice.rules.roles import Role
from backoffice.sandbox.demo.making import (
    Chance,
    DemoPractice,
    imagine_visit,
    make_appointment,
    make_client,
    write_down,
)
from backoffice.sandbox.demo.vocabulary import PAYERS, PRACTICES, PayerIdea
from backoffice.services.access import visible
from backoffice.services.receivables import verify
from backoffice.services.unbilled import appointments_changed
from backoffice.services.unbilled.billing import Bill, bill
from backoffice.services.work import WalledSession, unit_of_work

LOOK_EVERY_SECONDS = 1.0
MAIL_PATIENCE_SECONDS = 15.0
DAYS_BACK = 14

Factory = sessionmaker[WalledSession]
Number = NewType("Number", str)


class NothingToTake(Exception):
    """The stack holds no demo practices: load them first (`./dev run --fresh`)."""


@dataclass(frozen=True)
class Outcome:
    """What became of the claims, as `backoffice demo` prints it. `paid` counts claims."""

    created: int
    submitted: int
    ends: dict[str, int]
    unexplained: int
    needs_review: int
    paid: int
    paid_amount: str
    emails: int
    ledger_balanced: bool
    seconds: float

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class End:
    """How the sandbox said one claim would end, and what it still has to say about it."""

    status: str
    waiting: int


def run(
    factory: Factory, settings: Settings, *, claims: int, seed: int, patience: timedelta
) -> Outcome:
    """Take `claims` fresh appointments through and wait for their ends, at most `patience`."""
    begun, started = datetime.now(UTC), time.monotonic()
    taken = submit(factory, claims=claims, seed=seed, now=begun)
    numbers = _numbers(factory, taken)
    ends = _wait(factory, settings, taken, numbers, until=started + patience.total_seconds())
    emails = _wait_for_mail(factory, list(taken), since=begun)
    rows = list(_claims(factory, taken).values())
    statuses = Counter(row.status.value for row in rows)
    return Outcome(
        created=len(rows),
        submitted=sum(row.status in OUT for row in rows),
        ends=dict(sorted(statuses.items())),
        unexplained=sum(_differs(row, ends.get(numbers[row.id])) for row in rows),
        needs_review=sum(row.needs_review for row in rows),
        paid=statuses[ClaimStatus.PAID.value],
        paid_amount=str(sum((row.insurance_paid_amount for row in rows), ZERO)),
        emails=emails,
        ledger_balanced=_ledger_balances(factory, list(taken)),
        seconds=round(time.monotonic() - started, 1),
    )


def submit(factory: Factory, *, claims: int, seed: int, now: datetime) -> dict[UUID, list[UUID]]:
    """Make so many fresh clients with one appointment each, bill them; claim ids by practice."""
    chance = Chance(random.Random(f"{seed} {now.isoformat()}"))  # noqa: S311 - new at every call
    practices = _demo_practices(factory)
    shares = Counter(chance.dice.choice(practices) for _ in range(claims))
    fresh: dict[UUID, list[UUID]] = {}
    for practice_id, share in shares.items():
        with unit_of_work(factory, practices=[practice_id], house=True) as session:
            fresh[practice_id] = _fresh(session, chance, practice_id, share, now)
            appointments_changed(session, practice_id, fresh[practice_id], now=now)

    def work(practice_id: UUID) -> AbstractContextManager[Session]:
        return unit_of_work(factory, practices=[practice_id])

    asked = Bill(
        appointment_ids=frozenset(one for some in fresh.values() for one in some),
        submit=True,
        by=_a_biller(factory),
        now=now,
        delay=timedelta(0),
    )
    bill(work, fresh, asked, key=f"demo-{now.isoformat()}")
    return {
        practice_id: _claims_of(factory, practice_id, ids) for practice_id, ids in fresh.items()
    }


def _a_biller(factory: Factory) -> UUID:
    with unit_of_work(factory, house=True) as session:
        found = session.scalars(
            select(Membership.user_id).where(Membership.role == Role.BILLER).limit(1)
        ).one_or_none()
    if found is None:
        raise NothingToTake
    return found


def _claims_of(factory: Factory, practice_id: UUID, appointments: list[UUID]) -> list[UUID]:
    with unit_of_work(factory, practices=[practice_id]) as session:
        query = select(ServiceLine.claim_id).where(
            ServiceLine.practice_id == practice_id, ServiceLine.appointment_id.in_(appointments)
        )
        return list(session.scalars(query.distinct()))


def _demo_practices(factory: Factory) -> list[UUID]:
    names = [idea.name for idea in PRACTICES]
    with unit_of_work(factory, house=True) as session:
        found = session.scalars(
            select(Practice.id).where(Practice.name.in_(names)).order_by(Practice.name)
        ).all()
    if not found:
        raise NothingToTake
    return list(found)


def _fresh(
    session: Session, chance: Chance, practice_id: UUID, share: int, now: datetime
) -> list[UUID]:
    home = _home(session, practice_id)
    ideas = {idea.electronic_id: idea for idea in PAYERS if not _needs_more(idea)}
    known = select(Payer).where(Payer.electronic_id.in_(ideas)).order_by(Payer.electronic_id)
    payers = session.scalars(known).all()
    made: list[UUID] = []
    rows: list[Base] = []
    for _ in range(share):
        payer = chance.dice.choice(payers)
        covered = make_client(chance, home, payer, ideas[payer.electronic_id or ""])
        day = now.date() - timedelta(days=chance.dice.randrange(1, DAYS_BACK))
        visit = imagine_visit(chance, home, day)
        appointment, line = make_appointment(home, covered.client, visit)
        made.append(appointment.id)
        rows += [covered.client, covered.policy, appointment, line]
    write_down(session, rows)
    return made


def _needs_more(idea: PayerIdea) -> bool:
    """Whether a payer asks for an enrollment or an authorization, which a fresh client lacks."""
    return idea.enrollment_needed or idea.authorization


def _home(session: Session, practice_id: UUID) -> DemoPractice:
    practice = session.get_one(Practice, practice_id)
    idea = next(idea for idea in PRACTICES if idea.name == practice.name)
    places = {
        place.place_of_service: place
        for place in session.scalars(visible(session, ServiceFacility))
    }
    clinicians = session.scalars(visible(session, Clinician).order_by(Clinician.id)).all()
    profile = session.scalars(visible(session, BillingProfile)).first()
    if profile is None:
        raise NothingToTake
    return DemoPractice(practice, idea, list(clinicians), places["11"], places["10"], profile)


def _claims(factory: Factory, taken: Mapping[UUID, list[UUID]]) -> dict[UUID, Claim]:
    found: dict[UUID, Claim] = {}
    with unit_of_work(factory, practices=taken) as session:
        for ids in taken.values():
            rows = session.scalars(visible(session, Claim).where(Claim.id.in_(ids)))
            found |= {row.id: row for row in rows}
    return found


def _numbers(factory: Factory, taken: Mapping[UUID, list[UUID]]) -> dict[UUID, Number]:
    """Return the patient control number of each claim's first attempt."""
    wanted = [claim_id for ids in taken.values() for claim_id in ids]
    with unit_of_work(factory, practices=taken) as session:
        rows = session.execute(
            select(Attempt.claim_id, Attempt.patient_control_number).where(
                Attempt.practice_id.in_(list(taken)),
                Attempt.claim_id.in_(wanted),
                Attempt.attempt_no == 1,
            )
        )
        return defaultdict(lambda: Number(""), {claim: Number(number) for claim, number in rows})


def _expected(settings: Settings, numbers: Iterable[Number]) -> dict[Number, End]:
    root = settings.clearinghouse_url.rsplit("/services", 1)[0]
    answer = requests.get(f"{root}/control/expected", timeout=30)
    answer.raise_for_status()
    told = answer.json()["claims"]
    return {
        number: End(told[number]["end"], int(told[number]["waiting"]))
        for number in numbers
        if number in told
    }


def _wait(
    factory: Factory,
    settings: Settings,
    taken: Mapping[UUID, list[UUID]],
    numbers: Mapping[UUID, Number],
    *,
    until: float,
) -> dict[Number, End]:
    """Look until every claim stands where the sandbox said it would, or patience ends."""
    while True:
        ends = _expected(settings, numbers.values())
        open_still = any(
            _differs(row, ends.get(numbers[row.id])) or ends[numbers[row.id]].waiting
            for row in _claims(factory, taken).values()
        )
        if not open_still or time.monotonic() > until:
            return ends
        time.sleep(LOOK_EVERY_SECONDS)


def _differs(claim: Claim, end: End | None) -> bool:
    return end is None or claim.status.value != end.status


def _wait_for_mail(factory: Factory, practices: list[UUID], *, since: datetime) -> int:
    """Wait until no mail is queued for these practices, then count what was sent."""
    until = time.monotonic() + MAIL_PATIENCE_SECONDS
    while _mails(factory, practices, MailState.QUEUED, since) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SECONDS)
    return _mails(factory, practices, MailState.SENT, since)


def _mails(factory: Factory, practices: list[UUID], state: MailState, since: datetime) -> int:
    with unit_of_work(factory, practices=practices) as session:
        count = session.scalar(
            select(func.count())
            .select_from(Mail)
            .where(Mail.practice_id.in_(practices), Mail.state == state, Mail.created_at >= since)
        )
        return count or 0


def _ledger_balances(factory: Factory, practices: list[UUID]) -> bool:
    with unit_of_work(factory, practices=practices) as session:
        return verify(session).balanced
