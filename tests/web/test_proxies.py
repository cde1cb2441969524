"""Behind proxies: who called is what our own proxies say, never what the caller says."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.sealing import Keyring
from backoffice.models.users import SignIn
from backoffice.web.extensions import db
from backoffice.web.slowing import whose_address
from tests.databases import Database
from tests.pages import BASE

FORGED, CALLER, OURS = "198.51.100.9", "203.0.113.7", "10.0.0.5"
BELIEVED = {
    0: [(FORGED, "127.0.0.1")],
    1: [(f"{FORGED}, {CALLER}", CALLER), ("", "127.0.0.1")],
    2: [(f"{FORGED}, {CALLER}, {OURS}", CALLER), (CALLER, "127.0.0.1")],
}
"""By proxies of ours in front: what a request says of its way, and whom we take it to be from."""


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        (CALLER, CALLER),
        (f"::ffff:{CALLER}", CALLER),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("a socket", "a socket"),
    ],
)
def test_one_customers_many_addresses_count_as_one(address: str, counted_as: str) -> None:
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert whose_address() == counted_as


def test_an_address_is_believed_as_far_as_our_own_proxies_reach(
    settings: Settings, fresh_database: Database, keyring: Keyring
) -> None:
    found: dict[int, list[tuple[str, str]]] = {}

    for proxies, cases in BELIEVED.items():
        own = replace(fresh_database.reached_by(settings), trusted_proxies=proxies)
        app = create_app(own, documents=InMemoryDocuments())
        for told, _ in cases:
            headers = {"X-Forwarded-For": told, "X-Forwarded-Host": "evil.example"}
            answer = app.test_client().get("/sign-in", base_url=BASE, headers=headers)
            assert answer.status_code == 200  # the host that a caller names counts for nothing
            with fresh_database.work() as session:
                newest = session.scalars(select(SignIn).order_by(SignIn.id.desc())).first()
                assert newest is not None
                found.setdefault(proxies, []).append((told, newest.address))
        with app.app_context():
            db.engine.dispose()

    assert found == BELIEVED
