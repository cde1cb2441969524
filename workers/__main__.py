"""A worker process: answers the bell, one forked process a job, until told to stop."""

import os
from importlib import import_module

from sqlalchemy import text
from sqlalchemy.orm import configure_mappers

from backoffice.config import Settings
from backoffice.gateways.logs import write_as
from backoffice.gateways.queue import answer_the_bell
from backoffice.jobs import Job
from workers.runtime import stand_ready, this_process


def preload() -> None:
    """Do in the parent once what every fork would do again: imports, mappings, a first look.

    The first connection teaches the engine what server it speaks to.
    """
    for module in {job.value.rpartition(".")[0] for job in Job}:
        import_module(module)
    configure_mappers()
    with this_process().work(None) as session:
        session.execute(text("SELECT 1"))


def begin_job() -> None:
    """Let go of what must not be shared over a fork: the parent's database connections."""
    this_process().engine.dispose(close=False)


def main() -> None:
    """Work until told to stop."""
    write_as("worker")
    settings = Settings.from_environment(os.environ)
    stand_ready(this_process())
    preload()
    answer_the_bell(settings.redis_url, in_each_job=begin_job)


if __name__ == "__main__":
    main()
