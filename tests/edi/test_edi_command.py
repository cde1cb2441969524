"""`backoffice edi`: one JSON line per file, exit codes, no stack and no environment."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backoffice.cli.edi import edi
from tests.edi.mutations import OFFICE, broken, drop, good, put

OURS = Path(__file__).parent.parent / "samples"
KEYS = ["file", "kind", "transactions", "claims", "charged", "paid", "balanced", "problems"]


def run(*words: str | Path) -> Result:
    """The command's answer."""
    return CliRunner().invoke(edi, [str(word) for word in words])


def lines(result: Result) -> list[dict[str, object]]:
    """The answer's JSON lines."""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    path = tmp_path / "clean.837"
    path.write_bytes(good(OFFICE))
    return path


def test_a_clean_file_is_one_line_and_exit_0(clean: Path) -> None:
    for word in ("read", "check"):
        result = run(word, clean)

        (line,) = lines(result)
        assert result.exit_code == 0
        assert list(line) == KEYS
        assert (line["kind"], line["claims"], line["balanced"]) == ("837P", 1, True)
        assert line["problems"] == []


def test_what_is_wrong_is_listed_with_segment_and_words(tmp_path: Path) -> None:
    path = tmp_path / "bad.837"
    path.write_bytes(broken(put("NM1*85", 9, "1234567890")))

    assert run("read", path).exit_code == 0
    result = run("check", path)

    (line,) = lines(result)
    assert result.exit_code == 1
    problems = line["problems"]
    assert isinstance(problems, list)
    (problem,) = problems
    assert list(problem) == ["segment", "code", "severity", "words"]
    assert (problem["segment"], problem["code"], problem["severity"]) == (
        10,
        "npi_check_digit",
        "error",
    )
    assert "1234567890" not in result.stdout


def test_a_warning_alone_is_exit_0(tmp_path: Path) -> None:
    path = tmp_path / "fair.837"
    path.write_bytes(broken(drop("REF*6R")))

    result = run("check", path)

    (line,) = lines(result)
    problems = line["problems"]
    assert isinstance(problems, list)
    assert {problem["severity"] for problem in problems} == {"warning"}
    assert result.exit_code == 0


def test_several_files_are_several_lines_and_the_worst_exit_code(clean: Path) -> None:
    samples: Sequence[Path] = sorted(OURS.glob("*.835"))

    result = run("read", clean, *samples)

    assert [line["file"] for line in lines(result)] == [str(clean), *map(str, samples)]
    assert result.exit_code == 1


def test_a_file_that_cannot_be_opened_is_exit_2_and_the_others_are_answered(
    clean: Path, tmp_path: Path
) -> None:
    result = run("read", tmp_path / "nowhere", clean, tmp_path)

    assert result.exit_code == 2
    assert [line["file"] for line in lines(result)] == [str(clean)]
    assert "nowhere" in result.stderr


def test_no_file_is_bad_use() -> None:
    assert run("read").exit_code == 2


@pytest.mark.parametrize("junk", [b"", b"\0\1\2", b"%PDF", b"ISA", b"PK\x03\x04" * 100])
def test_any_bytes_are_answered(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk"
    path.write_bytes(junk)

    result = run("check", path)

    (line,) = lines(result)
    assert (line["kind"], line["claims"], result.exit_code) == ("other", 0, 1)


def test_the_command_needs_no_environment(clean: Path) -> None:
    """The real program, as an operator runs it, with an empty environment."""
    program = Path(sys.executable).with_name("backoffice")

    done = subprocess.run(  # noqa: S603 (our own program)
        [str(program), "edi", "check", "--json", str(clean)],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["kind"] == "837P"


def test_money_is_a_number_with_exact_cents() -> None:
    result = run("read", OURS / "interest_l6.835")

    assert '"charged": 200.0, "paid": 120.0' in result.stdout
