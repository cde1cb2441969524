"""Whether the time of a refused sign-in tells who has an account: known and unknown emails."""

import statistics
import sys
import time

from flask import Flask

from backoffice.rules.roles import Role
from tests.bench import with_servers
from tests.builders import a_practice
from tests.cast import a_user, joins
from tests.databases import Database
from tests.pages import Browser

TRIES = 40


def test_a_known_email_takes_as_long_as_an_unknown_one(
    app: Flask, fresh_database: Database
) -> None:
    with fresh_database.work(house=True) as session:
        practice = a_practice(session)
        people = [a_user(session, f"Person {number}") for number in range(TRIES)]
    with fresh_database.work(practices=[practice.id], house=True) as session:
        for person in people:
            joins(session, person, practice, Role.BILLER)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number, person in enumerate(people):
        for known, email in ((True, person.email), (False, f"nobody.{number}@example.test")):
            browser = Browser(app)
            browser.get("/sign-in")
            began = time.perf_counter()
            assert browser.post("/sign-in", email=email, password="not the password").status == 401
            taken[known].append(time.perf_counter() - began)
    with_account, without = (statistics.median(taken[each]) * 1000 for each in (True, False))
    sys.stdout.write(
        f"\nknown {with_account:.1f} ms, unknown {without:.1f} ms: {with_account / without:.3f}, "
        f"of {TRIES} tries each\n"
    )


if __name__ == "__main__":
    with_servers.run(__file__)
