"""Our form check and pyx12 agree on files that others wrote, and on damage to our own."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from backoffice.edi import claim_837
from tests.edi import oracles
from tests.edi.mutations import OFFICE, SECONDARY, good
from tests.edi.test_planted_defects import problems_of

SHARED = Path("../shared/samples/837P")
RESTAMPED: list[Any] = sorted(SHARED.glob("x12__*.837")) or [
    pytest.param(Path(), marks=pytest.mark.skip("no ../shared/samples here"))
]
PRIZES = ("", "X", "1", "18", "D8", "ZZ", "11:B:1", "0", "-1", "20260101", "A" * 60, "HC:90837")


@pytest.mark.parametrize("path", RESTAMPED, ids=lambda path: path.name)
def test_we_take_and_refuse_the_same_files_as_pyx12(path: Path) -> None:
    """They are stamped with a guide that pyx12 has no map for, so they are stamped anew."""
    data = path.read_bytes().replace(b"005010X222A2", b"005010X222A1")

    refused = bool(oracles.pyx12_errors(data))

    assert bool(claim_837.validate(data)) is refused


def test_a_file_stamped_with_another_guide_is_refused() -> None:
    for path in RESTAMPED:
        if isinstance(path, Path):
            codes = {problem.code for problem in claim_837.validate(path.read_bytes())}

            assert "wrong_guide" in codes


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_whatever_pyx12_refuses_we_refuse(seed: int) -> None:
    data = damaged(seed)

    if oracles.pyx12_errors(data):
        assert any(problem.is_error for problem in problems_of(data))


def damaged(seed: int) -> bytes:
    """A good file with one element changed, or one segment doubled, dropped or moved."""
    random = Random(seed)
    segments = good(random.choice((OFFICE, SECONDARY))).decode().rstrip("~").split("~")
    at = random.randrange(2, len(segments) - 2)
    kind = random.choice(("element", "element", "element", "double", "drop", "swap"))
    if kind == "double":
        segments.insert(at, segments[at])
    elif kind == "drop":
        del segments[at]
    elif kind == "swap":
        other = random.randrange(3, len(segments) - 3)
        segments[at], segments[other] = segments[other], segments[at]
    else:
        parts = segments[at].split("*")
        parts[random.randrange(1, len(parts))] = random.choice(PRIZES)
        segments[at] = "*".join(parts)
    return ("~".join(segments) + "~").encode()
