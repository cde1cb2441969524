"""Gunicorn's log: lines like all others, and no access log, for an address may carry a query."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn carries no types

from backoffice.gateways.logs import write_as


class GunicornLog(Logger):
    """What gunicorn says of its own life; requests are told of by web/told.py."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's handlers away: the root's writes the lines."""
        write_as("web")
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def access(self, *_: Any) -> None:
        """Say nothing."""
