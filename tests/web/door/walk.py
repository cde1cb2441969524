"""Goes to the door: makes the cases from the url map, asks, and compares with the policy."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from backoffice.rules.roles import STAFF_ROLES
from backoffice.web.objects import OBJECTS, Near
from backoffice.web.routes import Route, routes_of
from tests.pages import BASE
from tests.web.door.bodies import BODIES, OTHER_ROWS, Nobody, Rows
from tests.web.door.people import Standing, Visitor, everybody, form_token, signed_in
from tests.web.door.policy import Expected, expected, near
from tests.web.door.sides import INTERNAL, Side, World

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ENDLESS = frozenset({"events.stream"})
"""Answers that go on until somebody leaves: their heads are looked at."""
ITSELF = frozenset({
    "accounts.factor", "accounts.sign_in", "accounts.sign_out", "accounts.step_up",
    "enrolling.add_app", "enrolling.add_passkey", "enrolling.choose", "enrolling.code_to_scan",
    "links.follow",
})  # fmt: skip
"""Open to whom the policy says, but what they answer then is for tests of their own: signing in and
out answer as a shut door does; a link is known by its secret, and nobody's is guessed here."""
SAME_FOR_ALL = frozenset({"glass.end"})
"""Closing what is not open says the same of every practice, there or not."""
NOT_YET = frozenset({"compliance.export"})
"""What is not there before something else was done: a departed practice's export."""
NAMES_PRACTICES = frozenset({"glass.break_it"})
"""Shows the names of practices that are closed to one, so that one may be chosen: no more."""
WAYS_IN = ("/sign-in",)
"""Where somebody is sent who has not come in all the way."""
WORDS: Mapping[str, Any] = {
    "action": "hold", "attempt_no": 1, "filename": "portal.css", "page": 1, "token": "x" * 43,
}  # fmt: skip
"""Values of the arguments that name no row."""
_PASSING = re.compile(
    rb'[0-9a-f]{32}|name="(?:csrf-?_?token|seen)"[^>]*|'
    rb'\d{4}-\d\d-\d\dT[\d:.+]+|data-session-left="\d+"'
)
"""What differs from one answer to the next and tells nothing: ids of requests, tokens, times."""
_ASKED = re.compile(
    rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|C-\d+|"
    rb"nobodyatall|aldermoor|brackenfell|cinderwick|dunmarrow",
    re.IGNORECASE,
)
"""Ids, numbers and words that a form or an address brought along and an answer may repeat."""


@dataclass(frozen=True)
class Target:
    """Rows for a route's arguments; None of an argument's side is a row that does not exist."""

    name: str
    sides: Mapping[str, Side | None]


@dataclass(frozen=True)
class Answer:
    """What came back, without what differs each time."""

    status: int
    location: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def told(self) -> bytes:
        """Everything a visitor could read, in lower case."""
        heads = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return self.body.lower() + heads.lower().encode()


@dataclass
class Door:
    """The portal, its routes and everybody who tries them; `surprises` is what was wrong."""

    app: Flask
    world: World
    routes: Sequence[Route]
    visitors: Sequence[Visitor]
    absent: Nobody
    token: str
    asked: int = 0
    surprises: list[str] = field(default_factory=list)
    _not_found: dict[str, Answer] = field(default_factory=dict)

    @classmethod
    def of(cls, app: Flask, world: World) -> "Door":
        """Stand before an app over this world."""
        routes = routes_of(app)
        absent = Nobody.like(world)
        return cls(app, world, routes, everybody(world), absent, form_token(app))

    def named(self, name: str) -> Visitor:
        """The visitor of this name."""
        return next(each for each in self.visitors if each.name == name)

    def ask(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request as this visitor, forms with their token."""
        self.asked += 1
        client = self.app.test_client(use_cookies=False)
        heads = headers | ({"Cookie": f"sid={visitor.token}"} if visitor.token else {})
        data = None if method in SAFE else {"csrf_token": self.token, **(body or {})}
        answer = client.open(path, method=method, base_url=BASE, headers=heads, data=data)
        found = self._read(answer)
        answer.close()
        return found

    def _read(self, answer: TestResponse) -> Answer:
        content = b"" if answer.mimetype == "text/event-stream" else answer.get_data()
        heads = [(n, v) for n, v in answer.headers if n not in {"X-Request-Id", "Date"}]
        location = answer.headers.get("Location", "")
        return Answer(
            answer.status_code, location, tuple(sorted(heads)), _PASSING.sub(b"", content)
        )

    def path(self, route: Route, visitor: Visitor, target: Target) -> str:
        """The address of a route for these rows."""
        values: dict[str, Any] = {
            named.argument: self._id(route, visitor, named.argument, target)
            for named in route.objects
        }
        plain = {name: value for name, value in WORDS.items() if f"{name}>" in route.rule}
        builder = self.app.url_map.bind("localhost:8000")
        return builder.build(route.endpoint, values | plain)

    def _id(self, route: Route, visitor: Visitor, argument: str, target: Target) -> UUID:
        side = target.sides[argument]
        name = OTHER_ROWS.get(route.endpoint, {}).get(argument, argument)
        if side is None:
            return self.absent.ids[name]
        if OBJECTS[argument].near is Near.HOUSE:
            return self.world.house.get(name) or side.ids[name]
        if OBJECTS[argument].near is Near.PERSON and side.name == "own":
            return visitor.ids.get(name) or self.absent.ids[name]
        return side.ids[name]

    def targets(self, route: Route) -> Iterator[Target]:
        """All ways to fill a route's arguments: of one side, of none, and swapped one by one."""
        arguments = [named.argument for named in route.objects]
        world = self.world
        if not arguments:
            yield Target("-", {})
            return
        yield Target("own", dict.fromkeys(arguments, world.own))
        yield Target("absent", dict.fromkeys(arguments, None))
        if all(OBJECTS[each].near is Near.HOUSE for each in arguments):
            return
        for side in (world.colleague, world.away, world.third):
            yield Target(side.name, dict.fromkeys(arguments, side))
        if len(arguments) > 1:
            own: dict[str, Side | None] = dict.fromkeys(arguments, world.own)
            for argument in arguments:
                for swapped in (world.colleague, world.away, None):
                    name = f"own with {swapped.name if swapped else 'absent'} {argument}"
                    yield Target(name, own | {argument: swapped})

    def hidden_from(self, visitor: Visitor, sent: str) -> frozenset[bytes]:
        """The canaries that must not come back, but for what the visitor sent themselves."""
        return frozenset(
            canary.encode() for canary in _far(self.world, visitor) if canary not in sent.lower()
        )

    def visit(
        self,
        method: str,
        route: Route,
        visitor: Visitor,
        target: Target,
        rows: Rows | None = None,
        *,
        query: str = "",
        judged: bool = True,
    ) -> Answer:
        """Ask once and note what was wrong with the answer; `rows` fill the form."""
        path = self.path(route, visitor, target) + query
        body = body_of(route, rows) if rows else {}
        what = f"{method} {route.rule} ({target.name})"
        answer = self.ask(visitor, method, path, body)
        sent = f"{path} {body}"
        if route.endpoint in NAMES_PRACTICES:
            sent += "".join(each for side in self.world.sides for each in side.practice_canaries)
        self._search(what, visitor, answer, sent)
        wanted = wants(visitor, route, target)
        apart = wanted is Expected.OPENS and route.endpoint in ITSELF | NOT_YET
        apart = apart or (wanted is Expected.NOT_FOUND and route.endpoint in SAME_FOR_ALL)
        if judged and not apart:
            self._judge(what, visitor, answer, wanted, method)
        return answer

    def signed_in_anew(self, visitor: Visitor) -> Visitor:
        """The same visitor with a session of their own: what was done before ended no other."""
        return replace(visitor, token=signed_in(self.world, visitor))

    def compare(self, what: str, visitor: Visitor, answer: Answer, nothing: Answer) -> None:
        """Note where an answer about somebody else's row differs from that about no row."""
        if _without_ids(answer) != _without_ids(nothing):
            self.surprises.append(
                f"{visitor.name} {what}: {answer.status} {answer.location} is not the answer"
                f" about nothing, {nothing.status}"
            )

    def report(self) -> str:
        """Every surprise, a line each."""
        return f"{len(self.surprises)} surprises in {self.asked} requests\n" + "\n".join(
            self.surprises
        )

    def _judge(
        self, what: str, visitor: Visitor, answer: Answer, wanted: Expected, method: str
    ) -> None:
        if not _as_expected(answer, wanted, safe=method in SAFE):
            self.surprises.append(
                f"{visitor.name} {what}: {answer.status} {answer.location}, not {wanted}"
            )
        if wanted is Expected.NOT_FOUND:
            known = self._not_found.setdefault(visitor.name, answer)
            if answer != known:
                self.surprises.append(f"{visitor.name} {what}: not the 404 of every absent row")

    def _search(self, what: str, visitor: Visitor, answer: Answer, sent: str) -> None:
        told = answer.told()
        met = sorted(each.decode() for each in self.hidden_from(visitor, sent) if each in told)
        if met:
            self.surprises.append(f"{visitor.name} {what}: shows {', '.join(met)}")


def _without_ids(answer: Answer) -> tuple[int, str, bytes]:
    """Return an answer without the ids and words that it was asked about."""
    plain = _ASKED.sub(b"", answer.body)
    return answer.status, _ASKED.sub(b"", answer.location.encode()).decode(), plain


def _far(world: World, visitor: Visitor) -> frozenset[str]:
    """Every canary of the sides this visitor may not come near, and what near ones share not."""
    far: set[str] = set()
    allowed: set[str] = {str(each) for each in visitor.ids.values()}
    for side in world.sides:
        role_there = visitor.standing is Standing.IN and visitor.role_in(side.practice_id)
        (allowed if role_there else far).update(side.practice_canaries)
        close = role_there and near(visitor, "signed_in", Near.CLIENTS, side)
        (allowed if close else far).update(side.canaries)
    if not any(role in STAFF_ROLES for role in visitor.all_roles):
        far.add(INTERNAL)
    return frozenset(far - allowed)


def _as_expected(answer: Answer, wanted: Expected, *, safe: bool) -> bool:
    sent_in = any(answer.location.startswith(way) for way in WAYS_IN)
    if wanted is Expected.SIGN_IN:
        # a closed session took its form token along: 400, before anybody is asked who they are
        closed = answer.status == 400 and not safe
        return closed or answer.status == 401 or (answer.status == 302 and sent_in)
    if wanted is Expected.FORBIDDEN:
        return answer.status == 403
    if wanted is Expected.NOT_FOUND:
        return answer.status == 404
    refused = {401, 403, 404, 405} | ({400} if safe else set())
    return answer.status < 500 and answer.status not in refused and not sent_in


def body_of(route: Route, rows: Rows) -> Mapping[str, Any]:
    """The form of an unsafe route with these rows' ids in it."""
    return BODIES[route.endpoint](rows)


def wants(visitor: Visitor, route: Route, target: Target) -> Expected:
    """What the policy says of a visitor, a route and its rows."""
    return expected(visitor, route, target.sides)
