"""`backoffice run`: the whole product on this machine, until Ctrl-C."""

import os
import sys

import click

from backoffice.config import SettingsIncomplete
from backoffice.sandbox import laptop
from backoffice.sandbox.run_file import data_folder
from backoffice.sandbox.stack.binaries import ServerNotFound
from backoffice.sandbox.stack.parts import PartFailed
from backoffice.sandbox.stack.postgres import ClusterOfAnotherVersion
from backoffice.sandbox.stack.supervisor import tell_on_stderr

_REFUSALS = (
    laptop.RunsAlready,
    PartFailed,
    ServerNotFound,
    ClusterOfAnotherVersion,
    SettingsIncomplete,
)


@click.command()
@click.option("--fresh", is_flag=True, help="Forget all data and begin anew.")
def run(*, fresh: bool) -> None:
    """Start servers, migrate, load demo data at the first start, serve the portal."""
    try:
        laptop.run(data_folder(os.environ), os.environ, fresh=fresh, tell=tell_on_stderr)
    except _REFUSALS as refused:
        tell_on_stderr(str(refused))
        sys.exit(1)
