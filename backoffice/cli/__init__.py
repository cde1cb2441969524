"""The command line of operators and checks: thin, like a view."""

import sys
from typing import Any

import click
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from backoffice.cli.audit import audit
from backoffice.cli.demo import demo
from backoffice.cli.doctor import doctor
from backoffice.cli.edi import edi
from backoffice.cli.intake import intake
from backoffice.cli.keys import keys
from backoffice.cli.ledger import ledger
from backoffice.cli.mail import mail
from backoffice.cli.routes import routes
from backoffice.cli.run import run
from backoffice.cli.submissions import submissions
from backoffice.cli.totp import totp
from backoffice.config import SettingsIncomplete
from backoffice.sandbox.run_file import NothingRuns
from backoffice.services.audit import Actor, acting

FAILURE = 2


class Commands(click.Group):
    """Turns what the outside refuses into one line on stderr and exit 2, never a traceback.

    Only the kind of a database's or a server's refusal is told: its words may quote a row.
    What a command does stands on the record under its name.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; from then on it acts under its name, never under what it was told."""
        name, command, rest = super().resolve_command(ctx, args)
        words = ["backoffice", name or ""]
        if isinstance(command, click.Group) and rest and rest[0] in command.commands:
            words.append(rest[0])
        ctx.with_resource(acting(Actor(job=" ".join(words))))
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (NothingRuns, SettingsIncomplete) as refused:
            click.echo(str(refused), err=True)
        except (SQLAlchemyError, RequestException, ConnectionError) as away:
            click.echo(f"The stack did not answer as it should ({type(away).__name__}).", err=True)
        sys.exit(FAILURE)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Cleanclaim's command line. Exit 0: fine; 1: problems found; 2: bad use or failure."""


main.add_command(audit)
main.add_command(demo)
main.add_command(doctor)
main.add_command(edi)
main.add_command(intake)
main.add_command(keys)
main.add_command(ledger)
main.add_command(mail)
main.add_command(routes)
main.add_command(run)
main.add_command(submissions)
main.add_command(totp)
