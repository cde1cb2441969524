"""Writes messages through the service for bench_live, a process of its own, and says when.

Arguments: practice, thread and author ids, how many a second. Each line out that begins with
`wrote` is a message's id and the moment its commit stood (CLOCK_MONOTONIC, one for the machine).
Ends when its input does.
"""

import os
import select
import sys
import time
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import create_engine, event

from backoffice.config import Settings
from backoffice.gateways.live import RedisLive
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.services import messages
from backoffice.services.accounts import person
from backoffice.services.changes import announce_changes
from backoffice.services.work import sessions, unit_of_work


def main() -> None:
    """Write until nobody listens any more."""
    practice, thread, author = (UUID(word) for word in sys.argv[1:4])
    every = 1 / float(sys.argv[4])
    settings = Settings.from_environment(os.environ)
    install_keyring(Keyring(settings.field_keys, settings.index_key))
    factory = sessions(create_engine(settings.database_url, hide_parameters=True))
    stood = [0.0]
    event.listen(factory, "after_commit", lambda _: stood.__setitem__(0, time.monotonic()))
    announce_changes(factory, RedisLive(settings.redis_url).tell)
    with unit_of_work(factory, house=True, user_id=author) as session:
        by = person(session, author)
    assert by is not None
    while not select.select([sys.stdin], [], [], every)[0]:
        with unit_of_work(factory, practices=[practice]) as session:
            now = datetime.now(UTC)
            said = messages.reply(session, thread, by=by, body="Another word.", now=now)
        sys.stdout.write(f"wrote {said.id} {stood[0]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
