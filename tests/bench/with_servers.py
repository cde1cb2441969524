"""Runs a bench that needs the tests' own servers and databases: as pytest, with their fixtures."""

import os
import sys
from typing import NoReturn

_FIXTURES = ("tests.servers", "tests.databases", "tests.portal")


def run(bench: str) -> NoReturn:
    """Become pytest on one file; a process anew, for pytest rewrites the fixtures it imports."""
    plugins = [word for name in _FIXTURES for word in ("-p", name)]
    words = [sys.executable, "-m", "pytest", "-n0", "-q", "-s", *plugins, bench]
    os.execv(sys.executable, words)  # noqa: S606  (our own command line)
