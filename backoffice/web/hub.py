"""One process's ear for changes, shared by all its open streams; it looks itself when deaf."""

import queue
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from backoffice.gateways.live import Change, Live, LiveSilent

MOST_STREAMS = 150
MOST_WAITING = 500
PATIENCE = 1.0
LOOK_EVERY = 2.0
TRY_AGAIN_AFTER = 10.0
OVERLAP = timedelta(seconds=30)
"""A step is written some time before its commit lets others see it."""

Look = Callable[[Collection[UUID], datetime], Sequence[Change]]
"""Asks the database which rows of these practices moved since a moment."""


class Full(Exception):
    """So many streams are open that another would starve the process."""


class Stream:
    """What one open page has still to be told. `missed`: more than could wait, or we were deaf."""

    def __init__(self, practices: Collection[UUID]) -> None:
        """Begin with nothing to tell."""
        self.practices = frozenset(practices)
        self.missed = threading.Event()
        self._waiting: queue.Queue[Change] = queue.Queue(MOST_WAITING)

    def put(self, change: Change) -> None:
        """Keep a change of this stream's practices until the page takes it."""
        if change.practice_id not in self.practices:
            return
        try:
            self._waiting.put_nowait(change)
        except queue.Full:
            self.missed.set()

    def take(self, patience: float) -> Change | None:
        """Return the next change, None when none came within `patience` seconds."""
        try:
            return self._waiting.get(timeout=patience)
        except queue.Empty:
            return None


class Hub:
    """Passes what it hears on to every stream it concerns; one subscription for the process."""

    def __init__(self, live: Live, look: Look, clock: Callable[[], datetime]) -> None:
        """Listen on `live`; `look` at the database while it is silent."""
        self._live, self._look, self._clock = live, look, clock
        self._streams: list[Stream] = []
        self._lock = threading.Lock()
        self._ear: threading.Thread | None = None
        self.stopped = threading.Event()

    @contextmanager
    def open(self, practices: Collection[UUID]) -> Iterator[Stream]:
        """Join as one stream for as long as it is read. Raises Full."""
        stream = Stream(practices)
        with self._lock:
            if len(self._streams) >= MOST_STREAMS:
                raise Full
            self._streams.append(stream)
            if self._ear is None:
                self._ear = threading.Thread(target=self._run, name="changes", daemon=True)
                self._ear.start()
        try:
            yield stream
        finally:
            with self._lock:
                self._streams.remove(stream)

    def stop(self) -> None:
        """End every stream and the ear; within a second or two."""
        self.stopped.set()

    def _run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._hear()
            except LiveSilent:
                self._look_instead()

    def _hear(self) -> None:
        resumed = False
        for change in self._live.listen(patience=PATIENCE):
            if self.stopped.is_set():
                return
            if not resumed:
                resumed = True
                self._say_missed()
            if change is not None:
                self._pass_on([change])

    def _look_instead(self) -> None:
        """Ask the database for a while, then let the ear try again."""
        since = self._clock()
        told: set[tuple[UUID, int]] = set()
        for _ in range(round(TRY_AGAIN_AFTER / LOOK_EVERY)):
            if self.stopped.wait(LOOK_EVERY):
                return
            practices = self._watched()
            found = self._look(practices, since - OVERLAP) if practices else ()
            fresh = [each for each in found if (each.id, each.version) not in told]
            told |= {(each.id, each.version) for each in fresh}
            self._pass_on(fresh)

    def _watched(self) -> frozenset[UUID]:
        with self._lock:
            return frozenset().union(*(stream.practices for stream in self._streams))

    def _say_missed(self) -> None:
        with self._lock:
            for stream in self._streams:
                stream.missed.set()

    def _pass_on(self, changes: Iterable[Change]) -> None:
        with self._lock:
            streams = list(self._streams)
        for change in changes:
            for stream in streams:
                stream.put(change)
