"""The portal as the tests open it: a database of each test's alone, documents in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing.rules import Rule

from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.scanner import InMemoryScanner
from backoffice.models.sealing import Keyring
from backoffice.web.extensions import db
from tests.databases import Database


class _Compiled(BytecodeCache):
    """Templates as one portal compiled them, for the portals of the tests after it."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from this very source, if it was."""
        if code := self._codes.get(f"{bucket.key}{bucket.checksum}"):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[f"{bucket.key}{bucket.checksum}"] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def _builders_once() -> None:
    """Let each address be compiled once a process: a portal a test compiles two hundred anew."""
    compile_builder, known = Rule._compile_builder, {}

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    Rule._compile_builder = once  # type: ignore[assignment, method-assign]  # a part of its own


_builders_once()


@pytest.fixture
def app(settings: Settings, fresh_database: Database, keyring: Keyring) -> Iterator[Flask]:
    """A portal over a database of this test's alone."""
    own = fresh_database.reached_by(settings)
    made = create_app(own, documents=InMemoryDocuments(), scanner=InMemoryScanner())
    made.jinja_env.bytecode_cache = _COMPILED
    yield made
    with made.app_context():
        db.engine.dispose()
