"""The command line of operators and checks: thin, like a view."""

import click

from backoffice.cli.demo import demo
from backoffice.cli.edi import edi
from backoffice.cli.intake import intake
from backoffice.cli.ledger import ledger
from backoffice.cli.run import run
from backoffice.cli.submissions import submissions


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Cleanclaim's command line. Exit 0: fine; 1: problems found; 2: bad use or failure."""


main.add_command(demo)
main.add_command(edi)
main.add_command(intake)
main.add_command(ledger)
main.add_command(run)
main.add_command(submissions)
