"""What the wall costs, as ratios of the same pages and queries: python -m tests.bench.bench_wall.

Works on the running stack (`./dev run`, or the environment's) with whatever it holds. "Without" is
the owner role while FORCE is off: an owner that isn't forced stands before no wall. The app role
stays behind it all the while, and FORCE is put back however the bench ends.
"""

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.models.clients import Client
from backoffice.models.practices import Practice
from backoffice.models.users import Membership, User
from backoffice.rules.roles import Role
from backoffice.sandbox.run_file import stack_environment
from backoffice.services.claim_pages import lists
from backoffice.services.claim_pages.wanted import Wanted as Claims
from backoffice.services.unbilled import queue
from backoffice.services.unbilled.wanted import Wanted
from backoffice.services.work import WalledSession, sessions, unit_of_work
from tests.pages import Browser

TIMES = 40
PAGES = ("/today", "/unbilled", "/claims", "/eras/", "/messages/", "/documents/")

FORCED = "SELECT oid::regclass::text FROM pg_class WHERE relforcerowsecurity ORDER BY 1"
Factory = sessionmaker[WalledSession]


@contextmanager
def unforced(owner: Engine) -> Iterator[None]:
    """Let the owner see over the wall for a while."""
    with owner.begin() as connection:
        tables = connection.scalars(text(FORCED)).all()
    try:
        _force(owner, tables, "NO FORCE")
        yield
    finally:
        _force(owner, tables, "FORCE")


def _force(owner: Engine, tables: object, how: str) -> None:
    with owner.begin() as connection:
        for table in tables:  # type: ignore[attr-defined]  # a sequence of names
            connection.execute(text(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY"))


def compare(what: str, behind: Callable[[], object], before: Callable[[], object]) -> None:
    """Do both in turns, say the medians and their ratio."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMES):
        for act, times in ((behind, took[0]), (before, took[1])):
            began = perf_counter()
            act()
            times.append(perf_counter() - began)
    with_wall, without = (statistics.median(times) * 1000 for times in took)
    line = (
        f"{what:<34}{with_wall:9.2f} ms with {without:9.2f} ms without {with_wall / without:6.2f}"
    )
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Measure queries and whole pages."""
    settings = Settings.from_environment(stack_environment(os.environ))
    if settings.migration_database_url is None:
        sys.exit("The owner's address is missing: MIGRATION_DATABASE_URL.")
    owner = create_engine(settings.migration_database_url, poolclass=NullPool)
    as_owner = replace(settings, database_url=settings.migration_database_url)
    with unforced(owner):
        apps = create_app(settings), create_app(as_owner)
        factories = [sessions(create_engine(each.database_url)) for each in (settings, as_owner)]
        with unit_of_work(factories[0], house=True) as session:
            practices = list(session.scalars(select(Practice.id)))
            seat = select(Membership.user_id).where(Membership.role == Role.BILLER).limit(1)
            user = session.get_one(User, session.scalars(seat).one())
        sys.stdout.write(f"{len(practices)} practices; medians of {TIMES}\n")
        _compare_queries(factories, practices)
        _compare_pages(apps, user)


def _compare_queries(factories: list[Factory], practices: list[UUID]) -> None:
    def asked(factory: Factory, what: Callable[[WalledSession], object]) -> Callable[[], object]:
        def ask() -> object:
            with unit_of_work(factory, practices=practices) as session:
                return what(session)  # type: ignore[arg-type]  # the factory makes walled ones

        return ask

    with unit_of_work(factories[0], practices=practices) as session:
        key = session.execute(select(Client.practice_id, Client.id).limit(1)).first()
    queries: dict[str, Callable[[WalledSession], object]] = {
        "a row by its key": lambda session: key and session.get(Client, tuple(key)),
        "the queue's totals": lambda session: queue.totals(session, Wanted()),
        "all claims counted": lambda session: lists.counts(session, Claims()),
    }
    for name, what in queries.items():
        compare(name, *(asked(factory, what) for factory in factories))


def _compare_pages(apps: tuple[Flask, Flask], user: User) -> None:
    browsers = [Browser(app).sign_in(user) for app in apps]

    def opened(browser: Browser, path: str) -> Callable[[], object]:
        def page() -> None:
            answer = browser.client.get(
                path, base_url=apps[0].extensions["cleanclaim.settings"].portal_url
            )
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")

        return page

    for path in PAGES:
        compare(path, *(opened(browser, path) for browser in browsers))


if __name__ == "__main__":
    main()
