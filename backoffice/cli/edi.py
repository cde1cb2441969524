"""`backoffice edi`: what X12 files hold and what is wrong with them; needs no stack."""

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from backoffice.edi.claim_837 import Claim
from backoffice.edi.problems import Problem, ProblemLog
from backoffice.edi.survey import Survey, survey
from backoffice.services.claim_files import scrub_problems

FINE, PROBLEMS, FAILURE = 0, 1, 2


@click.group()
def edi() -> None:
    """Read and check X12 files: 837P, 835, 999, 277CA, TA1."""


@edi.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each file (always so).")
def read(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Tell what each file is and holds: a JSON line each.

    Exit 0: no errors; 1: a file has an error; 2: a file can't be opened.
    """
    del as_json  # accepted because every command takes it: the answer is JSON anyway
    sys.exit(max(_answer(path, check_too=False) for path in files))


@edi.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each file (always so).")
def check(files: tuple[Path, ...], *, as_json: bool) -> None:
    """The same line; for an 837P, all that a strict clearinghouse would refuse is a problem.

    Form by the guide, then the portal's own scrub applied to the claims read.
    Exit 0: no errors; 1: a file has an error; 2: a file can't be opened.
    """
    del as_json
    sys.exit(max(_answer(path, check_too=True) for path in files))


def _answer(path: Path, *, check_too: bool) -> int:
    """Print one file's line; its exit code."""
    try:
        with path.open("rb") as file:
            found = survey(file, check_form=check_too, watch=_scrubbed if check_too else None)
    except OSError as error:
        click.echo(f"{path}: {error.strerror or 'it cannot be read'}", err=True)
        return FAILURE
    click.echo(json.dumps(_line(path, found)))
    return PROBLEMS if found.has_errors else FINE


def _scrubbed(claim: Claim, log: ProblemLog) -> None:
    today = datetime.now(UTC).date()
    for problem in scrub_problems(claim, on=today):
        log.keep(problem)


def _line(path: Path, found: Survey) -> dict[str, object]:
    problems = [_problem(each) for each in found.problems]
    if found.left_out:
        words = f"{found.left_out} more problems are not listed."
        left_out: dict[str, object] = {
            "segment": None,
            "code": "more",
            "severity": "error",
            "words": words,
        }
        problems.append(left_out)
    return {
        "file": str(path),
        "kind": found.kind.value,
        "transactions": found.transactions,
        "claims": found.claims,
        "charged": _dollars(found.charged),
        "paid": _dollars(found.paid),
        "balanced": found.balanced,
        "problems": problems,
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "segment": problem.segment,
        "code": str(problem.code),
        "severity": problem.severity.value,
        "words": problem.words,
    }


def _dollars(amount: Decimal | None) -> float | None:
    """A JSON number. Its text is exact: a double's repr keeps 15 digits, dollars here fewer."""
    return None if amount is None else float(amount)
