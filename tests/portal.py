"""The portal as the tests open it: a database of each test's alone, documents in memory."""

from collections.abc import Iterator

import pytest
from flask import Flask

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.models.sealing import Keyring
from backoffice.web.extensions import db
from tests.databases import Database


@pytest.fixture
def app(settings: Settings, fresh_database: Database, keyring: Keyring) -> Iterator[Flask]:
    """A portal over a database of this test's alone."""
    own = fresh_database.reached_by(settings)
    made = create_app(own, documents=InMemoryDocuments())
    yield made
    with made.app_context():
        db.engine.dispose()
