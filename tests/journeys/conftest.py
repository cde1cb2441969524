"""The stack that journeys run on, the browser they use, and the people who sit before it."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from backoffice.rules.roles import Role
from backoffice.sandbox.run_file import RunFile
from tests.chromium import a_chromium, needs_chromium
from tests.journeys.desk import PRACTICE, Seat, Stack
from tests.shared_run import CONTROLLER, FOLDER

START_SECONDS = 120.0
HURRIED = {"UNREAD_MAIL_SECONDS": "2", "SUBMIT_DELAY_SECONDS": "1", "POLL_SECONDS": "1"}
"""What waits for people, or for the clearinghouse, waits less than on a laptop."""


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The whole product, started by whichever xdist worker asks first; it ends with pytest."""
    needs_chromium()
    shared: Path = request.config.stash[FOLDER]
    folder = shared.with_name(f"{shared.name}-journeys")
    folder.mkdir(mode=0o711, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _start(folder, request.config.stash[CONTROLLER])
            _pay_every_claim(folder)
            (folder / "ready").touch()
    found = RunFile.read(folder / "var")
    assert found
    people = {person["email"]: person["password"] for person in found.people}
    secrets = {person["email"]: person["totp"] for person in found.people}
    clinician = next(
        person["email"]
        for person in found.people
        if person["role"] == Role.CLINICIAN and person["practice"] == PRACTICE
    )
    database = found.environment["DATABASE_URL"]
    return Stack(found.portal, found.mail, people, secrets, database, clinician)


def _start(folder: Path, controller: int) -> None:
    log = folder / "told"
    with log.open("w") as told:
        # not waited for: it outlives this xdist worker on purpose and ends with the controller
        keeper = subprocess.Popen(  # noqa: S603  (our own command line)
            [sys.executable, "-m", "tests.journeys.keeper", str(folder), str(controller)],
            env={**os.environ, **HURRIED},
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not _listens(folder / "var"):
        if keeper.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"the stack for the journeys did not start:\n{log.read_text()}", 2)
        time.sleep(0.1)
    keeper.returncode = 0  # ends after us: nobody is to be warned that it still runs


def _listens(var: Path) -> bool:
    """Whether the portal is told of and its stream of changes answers too."""
    found = RunFile.read(var)
    if found is None:
        return False
    events = urlsplit(found.environment["EVENTS_URL"])
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", events.port or 80)) == 0


def _pay_every_claim(folder: Path) -> None:
    """Let payers pay; a member id with DENY or REJECT in it still says otherwise."""
    found = RunFile.read(folder / "var")
    assert found
    order = Request(  # noqa: S310  (loopback)
        found.clearinghouse.removesuffix("/services") + "/control/script",
        data=json.dumps({"mix": {"paid": 1}}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(order):  # noqa: S310  (loopback)
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module's journeys; each person gets an empty profile of it."""
    with a_chromium() as opened:
        yield opened


@pytest.fixture
def sit(
    request: pytest.FixtureRequest, stack: Stack, browser: Browser
) -> Iterator[Callable[..., Seat]]:
    """Signs somebody in: `sit("ana@cleanclaim.example", phone=True, by_form=True)`.

    What any of their pages complains of (a script's error, the content policy) fails the journey.
    """
    seats: list[Seat] = []

    def take(email: str, *, phone: bool = False, by_form: bool = False) -> Seat:
        seats.append(Seat.take(stack, browser, email, phone=phone, by_form=by_form))
        return seats[-1]

    yield take
    for number, seat in enumerate(seats):
        seat.picture(f"end-{request.node.name}-{number}")
        seat.page.context.close()
    assert [said for seat in seats for said in seat.complaints] == []
