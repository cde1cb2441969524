"""The list of all addresses says of each what it asks; an address nobody thought about stops it."""

import json

from click.testing import CliRunner

from backoffice.app import addresses
from backoffice.cli import main
from backoffice.rules.roles import Permission
from backoffice.web.access import needs, public
from backoffice.web.routes import MOST_PUBLIC, problems_in, routes_of


def listed() -> list[dict[str, object]]:
    answer = CliRunner().invoke(main, ["routes", "--json"])
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, object]] = json.loads(answer.stdout)
    return found


def test_every_rule_stands_in_the_list_with_what_it_asks() -> None:
    rules = {rule.rule for rule in addresses().url_map.iter_rules()}

    found = listed()

    assert {each["rule"] for each in found} == rules
    assert all(each["permission"] and not each["unknown"] for each in found)


def test_at_most_eight_addresses_are_public() -> None:
    public_ones = {each["endpoint"] for each in listed() if each["permission"] == "public"}

    assert len(public_ones) <= MOST_PUBLIC


def test_a_claims_address_names_the_claim_and_a_list_names_none() -> None:
    by_endpoint = {each["endpoint"]: each for each in listed()}

    one, many = by_endpoint["claims.show"], by_endpoint["claims.export"]

    assert one["objects"] == [{"argument": "claim_id", "kind": "claim", "near": "clients"}]
    assert (one["practice_wide"], many["practice_wide"]) == (False, True)
    assert (one["step_up"], many["step_up"]) == (False, True)


def test_an_address_nobody_thought_about_is_a_problem() -> None:
    app = addresses()
    app.add_url_rule("/bare", "bare", lambda: "")
    app.add_url_rule("/odd/<uuid:odd_id>", "odd", needs(Permission.SEE_CLAIMS)(str))
    for number in range(MOST_PUBLIC):
        app.add_url_rule(f"/open/{number}", f"open{number}", public(lambda: ""))

    problems = problems_in(routes_of(app))

    assert problems[0] == "/bare names no permission."
    assert "nobody says what <odd_id> is" in problems[1]
    assert "are public; 8 are allowed" in problems[2]
