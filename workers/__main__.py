"""A worker process: answers the bell, one forked process a job, until told to stop."""

import os

from backoffice.config import Settings
from backoffice.gateways.queue import answer_the_bell
from workers.runtime import this_process


def begin_job() -> None:
    """Let go of what must not be shared over a fork: the parent's database connections."""
    this_process().engine.dispose(close=False)


def main() -> None:
    """Work until told to stop."""
    settings = Settings.from_environment(os.environ)
    this_process()
    answer_the_bell(settings.redis_url, in_each_job=begin_job)


if __name__ == "__main__":
    main()
