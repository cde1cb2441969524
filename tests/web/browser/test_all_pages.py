"""Every page there is, before everybody it opens to: sound, accessible, within the screen."""

from collections.abc import Callable, Sequence

import pytest
from flask import Flask

from backoffice.web.routes import Route
from tests.databases import Database
from tests.web.browser.seats import Visit
from tests.web.door.people import Visitor, signed_in
from tests.web.door.policy import Expected
from tests.web.door.walk import Door, Target, wants
from tests.web.door.world import a_world

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOT_PAGES = {"static", "events.stream", "enrolling.code_to_scan"}


@pytest.fixture
def door(served: Flask, fresh_database: Database) -> Door:
    return Door.of(served, a_world(served, fresh_database))


def test_every_page_is_sound_and_breaks_no_rule_of_its_own(
    door: Door, visit: Callable[..., Visit]
) -> None:
    faults: list[str] = []
    at_desks = _walk(door, visit, ("administrator", "biller"), faults, phone=False)
    on_phones = _walk(door, visit, ("practice_owner", "clinician"), faults, phone=True)

    assert faults == []
    assert at_desks >= {"account.show", "claims.show", "people.index", "record.index"}
    assert on_phones >= {"account.show", "claims.show", "claims.mine"}


def _walk(
    door: Door, visit: Callable[..., Visit], names: Sequence[str], faults: list[str], *, phone: bool
) -> set[str]:
    """Open every page that these people may, each once in this frame."""
    seen: set[str] = set()
    for name in names:
        visitor = door.named(name)
        seat = visit(token=signed_in(door.world, visitor), phone=phone)
        for route in door.routes:
            if "GET" in route.methods and route.endpoint not in seen | NOT_PAGES:
                seen |= {route.endpoint} if _look(door, seat, visitor, route, faults) else set()
    return seen


def _look(door: Door, seat: Visit, visitor: Visitor, route: Route, faults: list[str]) -> bool:
    """Open what a route shows of this visitor's own side; whether it is a whole page."""
    sides = {named.argument: door.world.own for named in route.objects}
    target = Target("own", sides)
    if wants(visitor, route, target) is not Expected.OPENS:
        return False
    path = door.path(route, visitor, target)
    answer = seat.page.request.get(path)
    whole = answer.ok and answer.text().startswith("<!doctype html")
    if whole:
        seat.page.goto(path)
        seat.picture(f"{visitor.name}-{route.endpoint}")
        faults += seat.faults()
    return whole
