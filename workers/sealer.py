"""Seals the record each second, as the sealer role, and lays its head down outside once a day."""

import os
import signal
import time
from datetime import UTC, datetime
from types import FrameType

import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from backoffice.config import Settings, SettingsIncomplete
from backoffice.gateways.documents import Documents, DocumentsUnavailable
from backoffice.gateways.logs import write_as
from backoffice.services.audit import anchoring
from backoffice.services.audit.sealing import AT_ONCE, seal
from workers.runtime import documents_of

PAUSE_SECONDS = 1.0
LOOK_AGAIN = 60.0
"""Seconds between two looks at whether today's head is laid down and this month is there."""

log = structlog.get_logger()


def seal_waiting(engine: Engine) -> int:
    """Seal all that waits, one transaction after the other; any number of sealers may run."""
    sealed = 0
    while True:
        with engine.begin() as connection:
            done = seal(connection)
        sealed += done or 0
        if not done or done < AT_ONCE:
            return sealed


def keep_house(engine: Engine, documents: Documents, *, now: datetime) -> None:
    """Make the months that are missing; lay today's head down, if nobody has.

    The head goes out before it is noted: a crash between the two lays it down twice.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT keep_record_months()"))
    with engine.begin() as connection:
        head = anchoring.newest_head(connection)
        if head is None or anchoring.is_anchored(connection, now=now):
            return
    key = anchoring.lay_down(documents, head, now=now)
    with engine.begin() as connection:
        anchoring.note_anchor(connection, head, key, now=now)


def sealer_engine(settings: Settings) -> Engine:
    """Return the sealer role's way to the database; raises SettingsIncomplete without one."""
    if settings.sealer_database_url is None:
        raise SettingsIncomplete(("SEALER_DATABASE_URL",), {})
    return create_engine(settings.sealer_database_url, hide_parameters=True)


def main() -> None:
    """Seal until told to stop; a database or a store that is away is waited for."""
    write_as("sealer")
    settings = Settings.from_environment(os.environ)
    engine, documents = sealer_engine(settings), documents_of(settings)
    going = [True]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    looked = float("-inf")
    while going[0]:
        try:
            seal_waiting(engine)
            if time.monotonic() - looked > LOOK_AGAIN:
                keep_house(engine, documents, now=datetime.now(UTC))
                looked = time.monotonic()
        except (DBAPIError, DocumentsUnavailable) as away:
            log.warning("sealer waits", kind=type(away).__name__)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
