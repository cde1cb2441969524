"""One process's ear for changes, shared by all its open streams; it looks itself when deaf."""

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from backoffice.gateways.live import Change, Live, LiveSilent
from backoffice.services.changes import Missed, Seen

MOST_STREAMS: Final = 240
"""In one process; it has a few threads more, for what is asked beside the streams."""
MOST_WAITING = 500
MOST_TOLD = 2000
PATIENCE = 1.0
LOOK_EVERY = 2.0
LOOK_ANYWAY = 3.0
"""What is told may be lost on the way: then one look of the process finds it this soon."""
TRY_AGAIN_AFTER = 10.0
TALK: Final = frozenset({"thread", "message", "presence"})
"""The kinds of change that are about messages."""

Look = Callable[[Collection[UUID], Seen | None], Missed | None]
"""Asks the database what these practices changed unseen; None while it is away."""


class Full(Exception):
    """So many streams are open that another would starve the process."""


@dataclass(frozen=True)
class Ears:
    """Whose changes somebody is told of: of all their practices, or less."""

    practices: frozenset[UUID]
    talking: frozenset[UUID] = frozenset()
    """Where they may see messages."""
    staff: frozenset[UUID] = frozenset()
    """Where they stand on the house's side, and know of internal notes."""

    def hear(self, change: Change) -> bool:
        """Whether this change is for them."""
        if change.kind in TALK and change.practice_id not in self.talking:
            return False
        return change.practice_id in (self.staff if change.staff_only else self.practices)


@dataclass(eq=False)
class Stream:
    """What one open page has still to be told. `missed`: more than could wait, or we were deaf."""

    ears: Ears
    missed: threading.Event = field(default_factory=threading.Event)
    _waiting: "queue.Queue[Change | None]" = field(
        default_factory=lambda: queue.Queue(MOST_WAITING)
    )
    _told: dict[tuple[str, UUID, int], None] = field(default_factory=dict)

    def put(self, change: Change) -> None:
        """Keep a change for the page, if it is for its ears, until the page takes it."""
        if not self.ears.hear(change):
            return
        try:
            self._waiting.put_nowait(change)
        except queue.Full:
            self.missed.set()

    def wake(self) -> None:
        """Have `take` return now; a stream with much before it wakes by itself."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)

    def take(self, patience: float) -> Sequence[Change]:
        """Return what has come that was not told yet; waits up to `patience` seconds for it."""
        taken: list[Change | None] = []
        try:
            taken.append(self._waiting.get(timeout=patience))
            while True:
                taken.append(self._waiting.get_nowait())
        except queue.Empty:
            return self.untold(change for change in taken if change is not None)

    def untold(self, changes: Iterable[Change]) -> Sequence[Change]:
        """Return those that are for these ears and new to them; from now on they are told."""
        fresh = []
        for change in changes:
            if self.ears.hear(change) and change.key not in self._told:
                self._told[change.key] = None
                fresh.append(change)
        while len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]
        return fresh


class Hub:
    """Passes what it hears on to every stream it concerns; one subscription for the process."""

    def __init__(self, live: Live, look: Look) -> None:
        """Listen on `live`; `look` at the database while it is silent."""
        self._live, self.look = live, look
        self._streams: list[Stream] = []
        self._lock = threading.Lock()
        self._ear: threading.Thread | None = None
        self.stopped = threading.Event()

    @contextmanager
    def open(self, ears: Ears) -> Iterator[Stream]:
        """Join as one stream for as long as it is read. Raises Full."""
        stream = Stream(ears)
        with self._lock:
            if len(self._streams) >= MOST_STREAMS:
                raise Full
            self._streams = [*self._streams, stream]
            if self._ear is None:
                self._ear = threading.Thread(target=self._run, name="changes", daemon=True)
                self._ear.start()
        try:
            yield stream
        finally:
            with self._lock:
                self._streams = [each for each in self._streams if each is not stream]

    def stop(self) -> None:
        """End every stream and the ear; within a second or two."""
        self.stopped.set()
        for stream in self._streams:
            stream.wake()

    def _run(self) -> None:
        while not self.stopped.is_set():
            try:
                self._hear()
            except LiveSilent:
                self._look_instead()

    def _hear(self) -> None:
        resumed, looked, seen = False, time.monotonic(), None
        for changes in self._live.listen(patience=PATIENCE):
            if self.stopped.is_set():
                return
            if not resumed:
                resumed = True
                self._say_missed()
            self._pass_on(changes)
            if time.monotonic() - looked > LOOK_ANYWAY:
                seen, looked = self._look(seen), time.monotonic()

    def _look_instead(self) -> None:
        """Ask the database for a while, then let the ear try again."""
        seen: Seen | None = None
        for _ in range(round(TRY_AGAIN_AFTER / LOOK_EVERY)):
            if seen is None:
                self._say_missed()  # each looks since when it saw last
            seen = self._look(seen)
            if self.stopped.wait(LOOK_EVERY):
                return

    def _look(self, seen: Seen | None) -> Seen | None:
        """Pass on what the database has that `seen` has not; return up to where that is."""
        practices = self._watched()
        missed = self.look(practices, seen) if practices else None
        if missed is None:
            return seen
        if missed.changes is None:
            self._say_missed()
        else:
            self._pass_on(missed.changes)
        return missed.seen

    def _watched(self) -> frozenset[UUID]:
        return frozenset[UUID]().union(*(stream.ears.practices for stream in self._streams))

    def _say_missed(self) -> None:
        for stream in self._streams:
            stream.missed.set()
            stream.wake()

    def _pass_on(self, changes: Iterable[Change]) -> None:
        streams = self._streams
        for change in changes:
            for stream in streams:
                stream.put(change)
