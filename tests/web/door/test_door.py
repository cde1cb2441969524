"""Every route x method x visitor x row against the policy table; made from the url map.

Left out because provably equal: HEAD goes through the view of GET (werkzeug drops the body), so it
is tried by two visitors only; OPTIONS and methods that a rule does not have are answered before any
view, so nobody tries them all and somebody who is in tries one at each address. Who is refused
before the view is met is refused whatever the ids: one row stands for all. A session that holds no
more is told apart before any view too, so where a role is needed the ways of being shut out take
turns; where none is needed each of them tries.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask, Request, current_app, request
from werkzeug.datastructures import ImmutableMultiDict

from backoffice.web.access import OPEN
from backoffice.web.objects import Near
from backoffice.web.routes import Route, routes_of
from tests.databases import Database
from tests.web.door.bodies import BODIES, Rows
from tests.web.door.people import Standing, Visitor
from tests.web.door.policy import ANYBODYS, Expected, near
from tests.web.door.sides import Side
from tests.web.door.walk import SAFE, Door, Target, body_of, wants
from tests.web.door.watching import changed, state_of
from tests.web.door.world import a_world

HEARD = "door.heard"
WIDENS = "glass.break_it"
"""Opens a practice that is closed to one: what its form names is open to them afterwards."""
NAMES_FIELDS = frozenset({"clients.save", "clients.save_authorization", "clients.save_policy"})
"""Their ids stand in the names of fields: those of another record's name are not read."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_ROWS = Target("-", {})
QUERIES: Mapping[str, str] = {
    "practice": "practice_id",
    "open": "appointment_id",
    "appointment_id": "billable_id",
    "claim": "claim_id",
    "claim_id": "claim_id",
    "clinician": "clinician_id",
    "after": "document_id",
    "before": "submission_id",
    "beside": "claim_id",
}
"""Words behind an address's question mark that take an id, and whose they are given here."""
SAID_BEFORE = {"beside": "claim:"}
"""What stands before the id, where a word of an address says of what kind it is."""
PLAIN = frozenset({
    "age", "as", "at", "box", "by", "code", "count", "days", "filters", "group", "kind", "lacks",
    "linked", "next", "owner", "payer", "pictures", "q", "review", "seen", "served", "show",
    "shown", "silent", "sort", "stamp", "state", "status", "tab", "twice", "unmatched",
})  # fmt: skip
"""Words that take no id of a practice's rows: payers belong to the house, people to nobody."""
TAKEN_BACK = "the invitation went with the rights of whoever sent it"
ONCE = {
    "account.change_password": "nobody's password is known here",
    "account.remove": "the only factor stays",
    "appointments.supply": "what was missing has been typed in by then",
    "filing.sort": "the document is withdrawn by then",
    "filing.turn": "the document is being split by then",
    "importing.era": "a picture is no payment report",
    "glass.break_it": "the practice of the form is open already",
    "own_people.resend": TAKEN_BACK,
    "own_people.revoke": TAKEN_BACK,
    "people.readdress": TAKEN_BACK,
    "people.resend": TAKEN_BACK,
    "people.revoke": TAKEN_BACK,
    "people.assign": "who is of a practice's side is no biller there",
    "accounts.factor": "a code is not guessed",
    "accounts.sign_in": "a password is not guessed",
    "accounts.step_up": "a code is not guessed",
    "enrolling.add_app": "a code is not guessed",
    "enrolling.add_passkey": "a browser makes one",
    "links.follow": "a link's secret is not guessed",
    "remittances.accept": "the line is posted by the time it is accepted",
    "remittances.hold": "a posted line is not held",
    "remittances.note": "a claim without lines is to be matched first",
    "payers.reports": "payers are the house's, and the form of no practice names one",
    "submissions.send_again": "the file counts as sent by then",
}
"""Routes whose rows others have settled before, so that they succeed for nobody here."""


@pytest.fixture
def door(app: Flask, fresh_database: Database, keyring: object) -> Door:
    return Door.of(app, a_world(app, fresh_database))


def test_every_route_has_its_case(app: Flask) -> None:
    routes = routes_of(app)
    missing = [
        f"{route.rule}: add <{name}> to backoffice/web/objects.py and its row to door/world.py"
        for route in routes
        for name in route.unknown
    ]
    missing += [
        f"{route.endpoint}: say in door/bodies.py what its form takes"
        for route in routes
        if set(route.methods) - SAFE and route.endpoint not in BODIES
    ]

    assert missing == []
    assert BODIES.keys() - {route.endpoint for route in routes} == set()


def test_reading_opens_only_what_the_policy_says(door: Door) -> None:
    for route, visitor, target in cases(door, "GET"):
        door.visit("GET", route, visitor, target)

    assert not door.surprises, door.report()


def test_a_refused_change_changes_nothing_of_anybody(door: Door) -> None:
    before = state_of(door.world)

    for route, visitor, target in cases(door, "POST"):
        if wants(visitor, route, target) is not Expected.OPENS:
            door.visit("POST", route, visitor, target, rows_of(door, target))

    assert not door.surprises, door.report()
    assert changed(before, state_of(door.world)) == set()


def test_a_change_opens_to_whom_the_policy_says(door: Door) -> None:
    succeeded: set[str] = set()

    for route, visitor, target in cases(door, "POST"):
        if wants(visitor, route, target) is Expected.OPENS:
            fresh = door.signed_in_anew(visitor)
            answer = door.visit("POST", route, fresh, target, rows_of(door, target))
            if answer.status < 400:
                succeeded.add(route.endpoint)

    assert not door.surprises, door.report()
    tried = {route.endpoint for route in door.routes if set(route.methods) - SAFE}
    assert tried - succeeded - ONCE.keys() == set(), "nobody's form was taken: bodies are wrong"


def test_ids_of_others_in_a_form_do_no_more_than_ids_of_nothing(door: Door) -> None:
    before = state_of(door.world)
    home, elsewhere = door.world.own.practice_id, {str(door.world.third.practice_id)}

    for route, visitor in swappable(door):
        own = Target("own", {named.argument: door.world.own for named in route.objects})
        if wants(visitor, route, own) is not Expected.OPENS:
            continue
        for side in far_sides(door, visitor, route.permission):
            nobody = door.absent if side.practice_id != home else door.absent.beside(side)
            answers = [
                door.visit("POST", route, door.signed_in_anew(visitor), own, rows, judged=False)
                for rows in (nobody, side)
            ]
            door.compare(f"POST {route.rule} with {side.name} in its form", visitor, *answers)

    assert not door.surprises, door.report()
    assert changed(before, state_of(door.world), elsewhere) == set()


def test_ids_of_others_in_an_address_do_no_more_than_ids_of_nothing(door: Door) -> None:
    heard = words_of_addresses(door)
    unknown = set().union(*heard.values()) - QUERIES.keys() - PLAIN

    for route, visitor in readers(door):
        for word in sorted(heard[route.endpoint] & QUERIES.keys()):
            name, before = QUERIES[word], SAID_BEFORE.get(word, "")
            for side in far_sides(door, visitor, "signed_in"):
                nobody = door.absent if word != "clinician" else door.absent.beside(side)
                answers = [
                    door.visit(
                        "GET", route, visitor, NO_ROWS, query=f"?{word}={before}{rows.ids[name]}",
                        judged=False,
                    )
                    for rows in (nobody, side)
                ]  # fmt: skip
                door.compare(f"GET {route.rule}?{word}= of {side.name}", visitor, *answers)

    assert not door.surprises, door.report()
    assert unknown == set(), f"say in QUERIES whose ids these take, or in PLAIN: {unknown}"


def test_a_rule_answers_no_method_but_its_own(door: Door) -> None:
    for turn, route in enumerate(door.routes):
        others = [method for method in METHODS if method not in methods_at(door, route)]
        for visitor in (door.named("administrator"), door.named("anonymous")):
            path = door.path(route, visitor, next(iter(door.targets(route))))
            for place, method in enumerate(others):
                if visitor.standing is Standing.NOBODY or place == turn % len(others):
                    answer = door.ask(visitor, method, path)
                    if answer.status != 405:
                        door.surprises.append(
                            f"{visitor.name} {method} {route.rule}: {answer.status}"
                        )
            head = door.ask(visitor, "HEAD", path) if "GET" in route.methods else None
            if head is not None and head.body:
                door.surprises.append(f"{visitor.name} HEAD {route.rule}: has a body")

    assert not door.surprises, door.report()


def methods_at(door: Door, route: Route) -> set[str]:
    """All methods that some rule of this very address takes."""
    return {m for each in door.routes if each.rule == route.rule for m in each.methods}


def cases(door: Door, method: str) -> Iterator[tuple[Route, Visitor, Target]]:
    """Every route of a method x everybody x all its rows, the absent ones first."""
    for turn, route in enumerate(door.routes):
        if method in route.methods:
            targets = sorted(door.targets(route), key=lambda each: each.name != "absent")
            for visitor in _who_tries(door, route, turn):
                yield from (
                    (route, visitor, each) for each in targets if _matters(visitor, route, each)
                )


def _who_tries(door: Door, route: Route, turn: int) -> list[Visitor]:
    """Everybody; of those whose session holds no more, one where a role is needed."""
    shut = [each for each in door.visitors if each.standing not in {Standing.IN, Standing.NOBODY}]
    if route.permission in ANYBODYS | {OPEN}:
        return list(door.visitors)
    return [each for each in door.visitors if each not in shut or each is shut[turn % len(shut)]]


def _matters(visitor: Visitor, route: Route, target: Target) -> bool:
    """Whether a visitor needs to try these rows too.

    needs() and signed_in() refuse before they call the view, so the ids in the address are not
    looked at: one row stands for all. That every view wears one of them is what the app refuses to
    start without. Who comes near a whole practice meets each client of it alike: a colleague's
    client is tried by the clinician, who does not, and by two others.
    """
    if target.name in {"-", "own"}:
        return True
    if wants(visitor, route, target) in {Expected.SIGN_IN, Expected.FORBIDDEN}:
        return False
    if target.name == "absent":
        return True
    if target.name.startswith("own with"):
        return visitor.name in {"administrator", "practice_owner"}
    chosen = {"colleague": {"clinician", "biller", "practice_owner"}, "third": {"two_roles"}}
    return visitor.name in chosen.get(target.name, {visitor.name})


def rows_of(door: Door, target: Target) -> Rows:
    """What a form about this target holds: its side's ids; all good ones where it is absent."""
    return next(iter(target.sides.values()), None) or door.world.own


def swappable(door: Door) -> Iterator[tuple[Route, Visitor]]:
    """Routes whose form holds ids, and everybody who is in."""
    for route in door.routes:
        apart = route.endpoint == WIDENS or route.endpoint in NAMES_FIELDS
        if set(route.methods) - SAFE and not apart and _holds_ids(door, route):
            for visitor in door.visitors:
                if visitor.standing is Standing.IN:
                    yield route, visitor


def _holds_ids(door: Door, route: Route) -> bool:
    own, other = (str(body_of(route, rows)) for rows in (door.world.own, door.world.third))
    return own != other


def far_sides(door: Door, visitor: Visitor, permission: str) -> list[Side]:
    """The sides whose clients a visitor may not come near with a permission."""
    world = door.world
    return [
        side
        for side in (world.colleague, world.away, world.third)
        if not near(visitor, permission, Near.CLIENTS, side)
    ]


class Heard(ImmutableMultiDict[str, str]):
    """The words of an address, noting which of them a view asks for."""

    def __getitem__(self, key: str) -> str:
        """Note it and give it."""
        _note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        """Note it and say."""
        _note(str(key))
        return super().__contains__(key)

    def get(self, key: str, *rest: Any, **named: Any) -> Any:
        """Note it and give it."""
        _note(key)
        return super().get(key, *rest, **named)

    def getlist(self, key: str, *rest: Any, **named: Any) -> Any:
        """Note it and give them."""
        _note(key)
        return super().getlist(key, *rest, **named)


def _note(word: str) -> None:
    heard: dict[str, set[str]] = current_app.config[HEARD]
    heard.setdefault(request.endpoint or "", set()).add(word)


def words_of_addresses(door: Door) -> dict[str, set[str]]:
    """Which words behind the question mark each practice-wide page asks for."""
    door.app.config[HEARD] = {}
    door.app.request_class = Listening
    for route, visitor in readers(door):
        door.visit("GET", route, visitor, NO_ROWS)
    door.app.request_class = Request
    found: dict[str, set[str]] = door.app.config[HEARD]
    return {route.endpoint: found.get(route.endpoint, set()) for route in door.routes}


class Listening(Request):
    """A request whose address notes what is asked of it."""

    parameter_storage_class = Heard


def readers(door: Door) -> Iterator[tuple[Route, Visitor]]:
    """Practice-wide pages, and one visitor of each reach who may open them."""
    for route in door.routes:
        if route.practice_wide and "GET" in route.methods:
            for name in ("clinician", "two_roles"):
                visitor = door.named(name)
                if wants(visitor, route, Target("-", {})) is Expected.OPENS:
                    yield route, visitor
