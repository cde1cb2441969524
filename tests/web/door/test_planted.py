"""The door test finds what it is there for: two planted views, each wrong in its own way."""

from uuid import UUID

from flask import Flask, abort

from backoffice.models.claims import Claim
from backoffice.rules.roles import Permission
from backoffice.services.access import one
from backoffice.services.claim_pages.record import claim_for
from backoffice.services.refusal import NotVisible
from backoffice.web.access import needs
from backoffice.web.extensions import me, work
from tests.databases import Database
from tests.web.door.policy import Expected
from tests.web.door.walk import Door, wants
from tests.web.door.world import a_world


@needs(Permission.SEE_CLAIMS)
def without_reach(claim_id: UUID) -> str:
    """Forgets that a clinician meets their own clients only."""
    with work() as session:
        return one(session, Claim, claim_id).client.name


@needs(Permission.SEE_CLAIMS)
def says_that_it_exists(claim_id: UUID) -> str:
    """Answers 403 for another's claim, so that one can tell it from no claim at all."""
    try:
        with work() as session:
            return claim_for(session, claim_id, me()).our_number
    except NotVisible:
        abort(403)


def test_both_planted_views_are_found(
    app: Flask, fresh_database: Database, keyring: object
) -> None:
    app.add_url_rule("/planted/reach/<uuid:claim_id>", "planted.reach", without_reach)
    app.add_url_rule("/planted/tells/<uuid:claim_id>", "planted.tells", says_that_it_exists)
    door = Door.of(app, a_world(app, fresh_database))

    for route in door.routes:
        if route.endpoint.startswith("planted."):
            for visitor in (door.named("clinician"), door.named("biller")):
                for target in door.targets(route):
                    door.visit("GET", route, visitor, target)

    found = "\n".join(door.surprises)
    assert "clinician GET /planted/reach/<uuid:claim_id> (colleague): 200 , not 404" in found
    assert f"shows {door.world.colleague.token}" in found
    assert "biller GET /planted/tells/<uuid:claim_id> (away): 403 , not 404" in found
    assert "biller GET /planted/reach" not in found


def test_the_policy_itself_tells_a_colleagues_client_from_ones_own(
    app: Flask, fresh_database: Database, keyring: object
) -> None:
    door = Door.of(app, a_world(app, fresh_database))
    show = next(route for route in door.routes if route.endpoint == "claims.show")
    by_name = {target.name: target for target in door.targets(show)}

    said = {
        who: [wants(door.named(who), show, by_name[name]) for name in ("own", "colleague", "away")]
        for who in ("administrator", "biller", "clinician", "two_roles", "anonymous")
    }

    opens, hidden = Expected.OPENS, Expected.NOT_FOUND
    assert said == {
        "administrator": [opens, opens, opens],
        "biller": [opens, opens, hidden],
        "clinician": [opens, hidden, hidden],
        "two_roles": [opens, opens, opens],
        "anonymous": [Expected.SIGN_IN] * 3,
    }
