"""`backoffice demo`: fresh appointments through the main job, and were all ends as foretold?"""

import json
import sys
from datetime import timedelta

import click
from sqlalchemy import create_engine

from backoffice.config import Settings
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.sandbox.demo import main_job
from backoffice.sandbox.run_file import stack_environment
from backoffice.services.notifications import TERMS, terms_from
from backoffice.services.work import sessions

SECONDS_FOR_200 = 150
LEAST_SECONDS = 120


@click.command()
@click.option("--claims", default=20, show_default=True, type=click.IntRange(1, 5000))
@click.option("--seed", default=1, show_default=True, type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON line on stdout, nothing else.")
def demo(claims: int, seed: int, *, as_json: bool) -> None:
    """Take fresh demo appointments through the main job and wait for their ends.

    Exit 0 when every claim ended as the sandbox wrote down before answering and the ledger
    balances, 1 when not, 2 when nothing runs here.
    """
    settings = Settings.from_environment(stack_environment())
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    engine = create_engine(settings.database_url, hide_parameters=True)
    factory = sessions(engine, info={TERMS: terms_from(settings)})
    patience = timedelta(seconds=max(LEAST_SECONDS, SECONDS_FOR_200 * claims / 200))
    try:
        outcome = main_job.run(factory, settings, claims=claims, seed=seed, patience=patience)
    except main_job.NothingToTake:
        click.echo("There are no demo practices here: ./dev run --fresh loads them.", err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps(outcome.plain()))
    else:
        for name, value in outcome.plain().items():
            click.echo(f"{name:16} {value}")
    sys.exit(0 if outcome.unexplained == 0 and outcome.ledger_balanced else 1)
