"""`backoffice doctor`: names every unsafe setting, one line each."""

import json
import sys
from datetime import UTC, datetime

import click
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from backoffice.config import Settings, SettingsIncomplete
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.run_file import stack_environment
from backoffice.services.doctor import Finding, Severity, findings
from backoffice.services.work import sessions


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout, nothing else.")
def doctor(*, as_json: bool) -> None:
    """Look at the settings, the database, Redis, the document store, mail and the scanner.

    Exit 0: nothing is unsafe (notes may stand); 1: something is; 2: no stack is named here.
    """
    found = _found()
    unsafe = [each for each in found if each.severity is Severity.UNSAFE]
    if as_json:
        told = [
            {"code": each.code, "severity": each.severity.value, "words": each.words}
            for each in found
        ]
        click.echo(json.dumps({"unsafe": len(unsafe), "findings": told}))
    else:
        for each in found:
            click.echo(f"{each.severity.value:8}{each.code:24}{each.words}")
        click.echo(f"{len(unsafe)} unsafe, {len(found) - len(unsafe)} to be known.")
    sys.exit(1 if unsafe else 0)


def _found() -> list[Finding]:
    try:
        settings = Settings.from_environment(stack_environment())
    except SettingsIncomplete as gaps:
        missing = [Finding("setting_missing", f"{name} is missing.") for name in gaps.missing]
        wrong = [Finding("setting_wrong", f"{name} {why}.") for name, why in gaps.malformed.items()]
        return missing + wrong
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    factory = sessions(create_engine(settings.database_url, hide_parameters=True))
    try:
        return findings(settings, factory, now=datetime.now(UTC))
    except SQLAlchemyError as away:
        return [Finding("database_away", f"The database did not answer ({type(away).__name__}).")]
