"""Every address of the portal with what it asks of its visitor: for people, checks and tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from backoffice.rules.roles import STEP_UP
from backoffice.web.access import HALF_SIGNED_IN, OPEN, SIGNED_IN
from backoffice.web.objects import OBJECTS, WORDS

SPOKEN_FOR = frozenset({"HEAD", "OPTIONS"})
"""What Flask answers by itself: HEAD through the view of GET, OPTIONS without any view."""
MOST_PUBLIC = 8


@dataclass(frozen=True)
class Named:
    """One argument of an address: which kind of row, and who may come near one."""

    argument: str
    kind: str
    near: str


@dataclass(frozen=True)
class Route:
    """One rule of the url map.

    `permission` is a Permission's value, "signed_in", "half_signed_in" (by the password) or
    "public". `practice_wide` is a page that names no row: it shows what its reader's practices
    hold. `unknown` are arguments that nobody has said the meaning of; there should be none.
    """

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    permission: str
    step_up: bool
    objects: tuple[Named, ...]
    practice_wide: bool
    unknown: tuple[str, ...]


def routes_of(app: Flask) -> Sequence[Route]:
    """Return every rule, in the order of its address."""
    return sorted((_route(app, rule) for rule in app.url_map.iter_rules()), key=_place)


def problems_in(found: Sequence[Route]) -> list[str]:
    """Say which addresses name no permission or an unknown row, and whether too many are open."""
    bare = [f"{each.rule} names no permission." for each in found if not each.permission]
    unknown = [
        f"{each.rule}: nobody says what <{name}> is (backoffice/web/objects.py)."
        for each in found
        for name in each.unknown
    ]
    public = {each.endpoint for each in found if each.permission == OPEN}
    crowd = f"{len(public)} addresses are public; {MOST_PUBLIC} are allowed."
    return bare + unknown + ([crowd] if len(public) > MOST_PUBLIC else [])


def _place(route: Route) -> tuple[str, tuple[str, ...]]:
    return route.rule, route.methods


def _route(app: Flask, rule: Rule) -> Route:
    permission = getattr(app.view_functions[rule.endpoint], "permission", "")
    named = tuple(
        Named(name, OBJECTS[name].word, OBJECTS[name].near.value)
        for name in sorted(rule.arguments)
        if name in OBJECTS
    )
    asks = permission not in {OPEN, SIGNED_IN, HALF_SIGNED_IN}
    return Route(
        rule=rule.rule,
        endpoint=rule.endpoint,
        methods=tuple(sorted((rule.methods or set()) - SPOKEN_FOR)),
        permission=permission,
        step_up=permission in STEP_UP,
        objects=named,
        practice_wide=asks and not named,
        unknown=tuple(sorted(rule.arguments - OBJECTS.keys() - WORDS)),
    )
