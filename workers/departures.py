"""The job that moves a departure on: the practice is only read, exported, and in time removed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import structlog

from backoffice.models.base import new_id
from backoffice.models.contract import Departure, DepartureState
from backoffice.rules.agreements import HOUSE_ZONE
from backoffice.rules.dates import today_in
from backoffice.services import departures
from workers.runtime import Runtime, Task, errand_job

log = structlog.get_logger()


@errand_job
def see_to_departure(task: Task, run: Runtime) -> None:
    """Do what is due of one departure; run twice it finds that done and does what is left."""
    move_on(task, run)


def move_on(task: Task, run: Runtime) -> None:
    """Take each step whose day has come, one after the other; see see_to_departure."""
    while (departure := _as_it_is(task.subject_id, run)) is not None:
        before = departure.state
        _step(departure, run)
        after = _as_it_is(task.subject_id, run)
        if after is None or after.state is before:
            return


def _as_it_is(departure_id: UUID, run: Runtime) -> Departure | None:
    with run.work(None) as session:
        return session.get(Departure, departure_id)


def _step(departure: Departure, run: Runtime) -> None:
    today = today_in(HOUSE_ZONE, run.clock())
    if departure.state is DepartureState.ANNOUNCED and departure.leaves_on <= today:
        with run.work(departure.practice_id) as session:
            departures.take_effect(session, departure.id, now=run.clock())
    elif departure.state is DepartureState.LEFT:
        _export(departure, run)
    elif departure.state is DepartureState.EXPORTED and departure.remove_on <= today:
        _remove(departure, run)
    elif departure.state is DepartureState.REMOVED and departure.export_key is not None:
        _erase(departure, run)


def _export(departure: Departure, run: Runtime) -> None:
    """Write the archive, store it under a key without meaning, then say that it is there.

    What a run left that ended in between lies in the practice's own folder and is erased with it.
    """
    practice_id = departure.practice_id
    with TemporaryDirectory(prefix="departure-") as folder:
        with run.work(practice_id) as session:
            made = departures.write_export(
                session, practice_id, Path(folder), fetch=run.documents.stream, now=run.clock()
            )
        key = f"t/{practice_id}/{new_id()}"
        with made.path.open("rb") as content:
            run.documents.put(key, content, sha256=made.sha256)
        with run.work(practice_id) as session:
            departures.exported(session, departure.id, made, key=key, now=run.clock())


def _remove(departure: Departure, run: Runtime) -> None:
    """Remove the rows; what still stands in the way is asked again another day."""
    try:
        with run.work(departure.practice_id) as session:
            departures.remove(session, departure.id)
    except departures.NotPossible as held:
        log.warning("removal waits", departure=str(departure.id), why=held.code)


def _erase(departure: Departure, run: Runtime) -> None:
    """Erase the bytes once no row tells of them; begun again it erases what is left."""
    for stored in list(run.documents.list(f"t/{departure.practice_id}/")):
        run.documents.erase(stored.key)
    with run.work(None) as session:
        keys = departures.remaining_keys(session, departure.id)
    for key in keys:
        run.documents.erase(key)
    with run.work(departure.practice_id) as session:
        departures.erased(session, departure.id)
