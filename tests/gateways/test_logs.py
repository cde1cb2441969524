"""A line of the log holds allow-listed fields and words of our code, whoever writes it."""

import json
import subprocess
import sys
from uuid import UUID

import pytest

from backoffice.gateways.logs import FIELDS, is_literal, only_allowed, what_broke
from tests.servers import PROJECT

CANARY = "Zaphira Quillfeather"

SPEAKER = f"""
import logging, sys, threading, warnings
import structlog
from backoffice.gateways.logs import write_as

write_as("worker")
patient = "{CANARY}"
log, library = structlog.get_logger(), logging.getLogger("some.library")

log.info("job failed", job="workers.inbound.poll", kind="ValueError", tries=3)
log.info("who", client=patient, words=patient, count=patient, errand=patient, kind=patient)
log.info(f"about {{patient}}")
log.info("two\\r\\nlines", endpoint="claims.show\\r\\nforged")
library.error("Client %s is not %s", patient, patient)
library.error(f"Client {{patient}} is not here")
library.error(ValueError(patient))
try:
    raise KeyError(patient)
except KeyError:
    library.exception("Error handling request %s", "/clients?name=" + patient)
warnings.warn(patient, stacklevel=1)
thread = threading.Thread(target=lambda: 1 / len(patient[:0]), name=patient)
thread.start()
thread.join()
raise RuntimeError(patient)
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    """What a process of ours writes that says a patient's name in every way."""
    done = subprocess.run(  # noqa: S603  (our own command line)
        [sys.executable, "-c", SPEAKER], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert CANARY not in done.stderr
    assert "Quillfeather" not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_json_with_its_moment_level_and_process(
    lines: list[dict[str, object]],
) -> None:
    assert len(lines) == 11
    assert all({"at", "level", "process", "event"} <= line.keys() for line in lines)
    assert all(set(line) <= {*FIELDS, "event", "dropped"} for line in lines)


def test_a_field_that_is_not_listed_or_not_of_its_form_is_dropped_and_counted(
    lines: list[dict[str, object]],
) -> None:
    assert lines[0]["tries"] == 3
    assert lines[0]["job"] == "workers.inbound.poll"
    assert lines[1]["dropped"] == 5
    assert lines[2]["event"] == "words that stand in no code"


def test_a_line_can_not_be_forged(lines: list[dict[str, object]]) -> None:
    assert lines[3]["event"] == "two\r\nlines"
    assert "endpoint" not in lines[3]


def test_of_a_library_only_what_stands_in_its_code_is_told(
    lines: list[dict[str, object]],
) -> None:
    assert lines[4]["event"] == "Client %s is not %s"
    assert lines[4]["logger"] == "some.library"
    assert [line["event"] for line in lines[5:7]] == ["a library's message"] * 2


def test_of_an_exception_its_kind_and_place_are_told(lines: list[dict[str, object]]) -> None:
    assert (lines[7]["kind"], lines[7]["event"]) == ("KeyError", "Error handling request %s")
    assert lines[8]["logger"] == "py.warnings"
    assert (lines[9]["event"], lines[9]["kind"]) == ("thread ended", "ZeroDivisionError")
    assert (lines[10]["kind"], lines[10]["level"]) == ("RuntimeError", "critical")


@pytest.mark.parametrize(
    ("name", "value", "is_kept"),
    [
        ("errand", "0199e7a2-5b1c-7a3d-9c4e-0242ac120002", True),
        ("errand", UUID(int=3), True),
        ("request_id", "0" * 32, True),
        ("errand", "987-65-4320", False),
        ("status", 200, True),
        ("status", "two hundred", False),
        ("kind", "Avery Sample", False),
        ("endpoint", "claims.show", True),
        ("client_name", "x", False),
        ("place", "workers/inbound.py:12", True),
    ],
)
def test_a_value_has_the_form_of_its_field(name: str, value: object, is_kept: bool) -> None:
    line = only_allowed(None, "info", {"event": "kept or not", name: value})

    assert (name in line) is is_kept
    assert line.get(name) in {None, value, str(value)}
    assert json.dumps(line)
    assert line["event"] == "kept or not"
    assert line.get("dropped", 0) == (0 if is_kept else 1)


def test_words_put_together_are_no_words_of_the_code() -> None:
    assert is_literal("words that stand here")
    assert not is_literal(" ".join(["words", "from", "elsewhere"]))
    assert not is_literal(b"bytes")


def test_the_place_of_an_exception_is_the_last_line_of_ours() -> None:
    with pytest.raises(json.JSONDecodeError) as broken:
        json.loads(CANARY)

    told = what_broke(broken.value)

    assert told["kind"] == "JSONDecodeError"
    assert told["place"].startswith("tests/gateways/test_logs.py:")
