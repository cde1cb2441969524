"""Every address of the portal says who may open it."""

import pytest
from flask import Flask

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.rules.roles import Permission
from backoffice.web.access import HALF_SIGNED_IN, OPEN, SIGNED_IN
from tests.house.test_config import WHOLE

WITHOUT_SIGNING_IN = {
    "static",
    "accounts.sign_in",
    "accounts.health",
    "links.forgot",
    "links.follow",
    "push.worker",  # a script of ours, the same for everybody; browsers fetch it by themselves
}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(Settings.from_environment(WHOLE))


def test_every_endpoint_names_a_permission_that_exists(app: Flask) -> None:
    known = {permission.value for permission in Permission} | {OPEN, SIGNED_IN, HALF_SIGNED_IN}

    asked = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], "permission", None)
        for rule in app.url_map.iter_rules()
    }

    assert {name: permission for name, permission in asked.items() if permission not in known} == {}


def test_only_these_addresses_open_without_signing_in(app: Flask) -> None:
    opened = {
        name
        for name, view in app.view_functions.items()
        if getattr(view, "permission", None) == OPEN
    }

    assert opened == WITHOUT_SIGNING_IN


def test_no_address_carries_more_than_ids_and_words_of_ours(app: Flask) -> None:
    """A free text in a path would end in logs and histories: ids are typed as such."""
    free = [
        f"{rule.rule} <{name}>"
        for rule in app.url_map.iter_rules()
        for name, converter in rule._converters.items()
        if type(converter).__name__ in {"UnicodeConverter", "PathConverter"}
        and rule.endpoint != "static"
    ]

    assert free == []
