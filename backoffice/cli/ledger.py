"""`backoffice ledger`: is what the portal shows what the ledger's entries say?"""

import json
import os
import sys

import click
from sqlalchemy import create_engine, select

from backoffice.config import Settings, SettingsIncomplete
from backoffice.models.practices import Practice
from backoffice.sandbox.run_file import NothingRuns, stack_environment
from backoffice.services.receivables import Verification, verify
from backoffice.services.work import sessions, unit_of_work

FINE, PROBLEMS, FAILURE = 0, 1, 2


@click.group()
def ledger() -> None:
    """Look after the ledger."""


@ledger.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout.")
def verify_command(*, as_json: bool) -> None:
    """Recompute every claim and remittance from the entries, for all practices.

    Exit 0: all agree and debits are credits; 1: something differs; 2: no stack is reached.
    """
    try:
        settings = Settings.from_environment(stack_environment(os.environ))
    except (NothingRuns, SettingsIncomplete) as refused:
        click.echo(str(refused), err=True)
        sys.exit(FAILURE)
    found = _verified(settings)
    click.echo(json.dumps(_line(found)) if as_json else _sentences(found))
    sys.exit(FINE if found.balanced else PROBLEMS)


def _verified(settings: Settings) -> Verification:
    factory = sessions(create_engine(settings.database_url, hide_parameters=True))
    with unit_of_work(factory, house=True) as session:
        practices = session.scalars(select(Practice.id)).all()
    with unit_of_work(factory, practices=practices) as session:
        return verify(session)


def _line(found: Verification) -> dict[str, object]:
    return {
        "balanced": found.balanced,
        "claims": found.claims,
        "remittances": found.remittances,
        "entries": found.entries,
        "debits": str(found.debits),
        "credits": str(found.credits),
        "differences": [
            {
                "subject": each.subject,
                "id": str(each.id),
                "field": each.field,
                "kept": str(each.kept),
                "recomputed": str(each.recomputed),
            }
            for each in found.differences
        ],
    }


def _sentences(found: Verification) -> str:
    words = [
        f"{found.entries} entries, {found.debits} in debits and {found.credits} in credits; "
        f"{found.claims} claims and {found.remittances} remittances recomputed."
    ]
    words += [
        f"{each.subject} {each.id}: {each.field} is kept as {each.kept}, "
        f"the entries say {each.recomputed}"
        for each in found.differences
    ]
    return "\n".join([*words, "It balances." if found.balanced else "It does not balance."])
