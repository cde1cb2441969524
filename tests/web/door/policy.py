"""The policy table once more, as an answer to expect: who gets what at which address.

Written from rules/roles.py and the kinds of rows alone, never from what a view does.
"""

import enum
from collections.abc import Mapping

from backoffice.rules.roles import GRANTS, Permission, Reach, reach_of
from backoffice.web.access import OPEN
from backoffice.web.objects import Near
from backoffice.web.routes import Route
from tests.web.door.people import Standing, Visitor
from tests.web.door.sides import SHARED, Side

ABSENT = "absent"
SIGNED_IN, HALF_SIGNED_IN = "signed_in", "half_signed_in"
ALSO = {"record.export": Permission.SEE_AUDIT.value}
"""Views that ask for a second permission beside the one they declare."""
ANYBODYS = frozenset({SIGNED_IN, HALF_SIGNED_IN})
"""What needs no role: one's own account, and the way to it."""


class Expected(enum.StrEnum):
    """What the door does."""

    OPENS = "opens"
    SIGN_IN = "asks to sign in"
    FORBIDDEN = "403"
    NOT_FOUND = "404"


def expected(visitor: Visitor, route: Route, targets: Mapping[str, Side | None]) -> Expected:
    """Say what a visitor must get at a route whose arguments name rows of these sides.

    None is a row that does not exist. Rows of different sides in one address do not belong
    together: nobody finds them.
    """
    if route.permission == OPEN:
        return Expected.OPENS
    if visitor.standing is not Standing.IN:
        half = visitor.standing is Standing.HALF and route.permission == HALF_SIGNED_IN
        return Expected.OPENS if half else Expected.SIGN_IN
    asked = {route.permission, ALSO.get(route.endpoint, route.permission)}
    if not all(_granted_anywhere(visitor, each) for each in asked):
        return Expected.FORBIDDEN
    sides = [targets[named.argument] for named in route.objects]
    kinds = [Near(named.near) for named in route.objects]
    together = len({_whose(route, side) for side in sides}) < 2
    found = together and all(
        near(visitor, route.permission, kind, side) for kind, side in zip(kinds, sides, strict=True)
    )
    return Expected.OPENS if found else Expected.NOT_FOUND


def _whose(route: Route, side: Side | None) -> str:
    """What rows must share to belong together: a client's side, or only the practice."""
    if side is None:
        return ABSENT
    shared = all(named.argument in SHARED for named in route.objects)
    return str(side.practice_id) if shared else side.name


def near(visitor: Visitor, permission: str, kind: Near, side: Side | None) -> bool:
    """Whether a visitor with this permission comes near a row of this kind on that side."""
    if side is None:
        return False
    if kind is Near.HOUSE:
        return True
    if kind is Near.PERSON:
        return side.name == "own"
    role = visitor.role_in(side.practice_id)
    if role is None:
        return False
    if permission not in ANYBODYS and Permission(permission) not in GRANTS[role]:
        return False
    return kind is Near.PRACTICE or reach_of(role) is not Reach.OWN_CLIENTS or side.name == "own"


def _granted_anywhere(visitor: Visitor, permission: str) -> bool:
    if permission in ANYBODYS:
        return True
    return any(Permission(permission) in GRANTS[role] for role in visitor.all_roles)
