"""Which xdist worker runs which tests: those on one stack stay together, long ones go first.

`--dist loadgroup` would do the first, but pytest 9.2 keeps no `_nodeid`, in which xdist 3.8 writes
the group: the marks did nothing, and every worker started a stack of its own.
"""

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

ON_ONE_STACK: Final = ("tests/journeys/", "tests/sandbox/test_laptop.py")
"""One worker has the stack that the journeys sit at."""
LONG: Final = (
    "tests/web/browser/test_all_pages.py",
    "tests/web/door/test_door.py",
    "tests/web/test_record.py",
    "tests/web/browser/",
    "tests/web/test_canaries.py",
)
"""Begun last, one of these would keep one worker busy while the others wait."""


class Spreading(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped to us
    """Gives each worker one test at a time, and all tests on one stack to the same."""

    def _split_scope(self, nodeid: str) -> str:
        return "stack" if nodeid.startswith(ON_ONE_STACK) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spreading:
    """Spread the tests over the workers our way."""
    return Spreading(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the long tests before all others; each of both kinds keeps its order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(LONG))
