"""What readiness and the queue cost, as ratios: python -m tests.bench.bench_unbilled.

Works in the database of the environment, in one transaction that is taken back at the end. The
floor is one plain UPDATE of all the appointments, which no refresh can beat.
"""

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from random import Random
from time import perf_counter

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.models.base import new_id
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.rules.readiness import Shape, Subject
from backoffice.services import unbilled
from backoffice.services.unbilled import queue
from backoffice.services.unbilled.wanted import Sort, Wanted
from backoffice.services.work import TENANCY, sessions, tenancy_of
from tests import builders
from tests.builders import NOW, TODAY

CLIENTS, APPOINTMENTS = 110, 7776  # Synthea's numbers


def fill(session: Session, practice: Practice) -> None:
    """A practice whose every fourth client lacks something, and as many sessions as Synthea."""
    dice = Random(1)
    clinician = builders.a_clinician(session, practice)
    office = builders.a_facility(session, practice)
    builders.a_profile(session, practice)
    payer = builders.a_payer(session, electronic_id=f"B{practice.id.hex[:9]}", filing_days=4000)
    clients = []
    for number in range(CLIENTS):
        lacking = {"birth_date": None, "birth_date_shape": Shape.ABSENT} if number % 4 == 0 else {}
        clients.append(builders.a_client(session, practice, **lacking))
        builders.a_policy(session, clients[-1], payer, effective_from=None)
    for number in range(APPOINTMENTS):
        builders.an_appointment(
            session, clients[number % CLIENTS], clinician, office,
            served_on=TODAY - timedelta(days=number // CLIENTS + dice.randrange(2)),
            diagnosis_codes=["F411"] if dice.random() < 0.7 else [],
        )  # fmt: skip


def timed(what: str, act: Callable[[], object], floor: float | None = None) -> float:
    """Do it, say how long it took and how many floors that is."""
    began = perf_counter()
    act()
    took = perf_counter() - began
    ratio = f"{took / floor:8.2f} x the floor" if floor else ""
    sys.stdout.write(f"{what:<46}{took * 1000:10.1f} ms {ratio}\n")
    return took


def main() -> None:
    """Measure and take everything back."""
    settings = Settings.from_environment(os.environ)
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    session = sessions(create_engine(settings.database_url, hide_parameters=True))()
    practice_id = new_id()
    session.info[TENANCY] = tenancy_of(
        practices=[practice_id], user_id=None, house=True, acting=practice_id
    )
    practice = builders.a_practice(session, practice_id)
    fill(session, practice)
    plain = text("UPDATE appointments SET warning_count = 0 WHERE practice_id = :practice")
    floor = timed("the floor: one plain UPDATE", lambda: session.execute(plain, {
        "practice": practice_id,
    }))  # fmt: skip
    timed(
        f"judge everything, {APPOINTMENTS:,} appointments",
        lambda: unbilled.judge_practice_anew(session, practice_id, now=NOW), floor,
    )  # fmt: skip
    timed(
        "judge everything again, nothing changes",
        lambda: unbilled.judge_practice_anew(session, practice_id, now=NOW), floor,
    )  # fmt: skip

    def lose_the_name() -> None:
        practice.name = ""
        unbilled.subjects_changed(session, practice_id, Subject.PRACTICE, [practice_id], now=NOW)

    timed("a finding on the practice, on all of them", lose_the_name, floor)
    total = queue.totals(session, Wanted()).all
    for sort in Sort:
        timed(
            f"a page by {sort.value}",
            lambda sort=sort: queue.page(session, Wanted(sort=sort), total_of_tab=total), floor,  # type: ignore[misc]  # mypy and defaults of lambdas
        )  # fmt: skip
    timed("the totals", lambda: queue.totals(session, Wanted()), floor)
    timed("a count with another filter", lambda: queue.totals(
        session, Wanted(served_from=TODAY - timedelta(days=30))
    ), floor)  # fmt: skip
    session.rollback()


if __name__ == "__main__":
    main()
