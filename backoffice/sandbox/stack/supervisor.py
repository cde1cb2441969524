"""Keeps parts running: starts them, restarts what dies, stops them all, leaves nobody behind."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from backoffice.sandbox.stack.parts import Part, RunningPart, stop, tail

_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_PAUSE = 30.0
_HEALTHY_AFTER = 60.0
_LOOK_EVERY = 0.2


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM, perhaps while parts were still starting."""


class Supervisor:
    """The running parts in their order of starting. One thread, in the main process."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._running: list[RunningPart] = []
        self._due: dict[str, tuple[float, Part]] = {}
        self._pauses: dict[str, float] = {}
        self._stop_asked = False
        self._in_charge = False

    def take_charge(self) -> None:
        """Make this process the supervisor's own.

        Ctrl-C and SIGTERM raise StopAsked once, later ones change nothing; what a killed part
        leaves behind becomes our child, and every child of ours ends with `stop()`.
        """
        self._in_charge = True
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    @property
    def pids(self) -> dict[str, int]:
        """The process id of every running part by its name."""
        return {one.part.name: one.pid for one in self._running}

    @property
    def parts(self) -> list[Part]:
        """The parts in the order of their starting."""
        return [one.part for one in self._running]

    def spawn(self, parts: Sequence[Part]) -> None:
        """Begin these parts without waiting for them."""
        for part in parts:
            self._running.append(RunningPart(part))

    def wait_until_ready(self, seconds: float) -> None:
        """Return when every part answers; raises PartFailed naming the one that does not."""
        for one in self._running:
            one.wait_until_ready(seconds)

    def start(self, parts: Sequence[Part], seconds: float) -> None:
        """Begin these parts and wait until they answer."""
        self.spawn(parts)
        for one in self._running[-len(parts) :]:
            one.wait_until_ready(seconds)

    def watch(
        self, until: Callable[[], bool] = lambda: False, changed: Callable[[], None] = lambda: None
    ) -> None:
        """Restart what dies until told otherwise; `changed` is called after each restart."""
        while not until():
            if self._bury_the_dead() or self._start_the_due():
                changed()
            time.sleep(_LOOK_EVERY)

    def stop(self, names: Sequence[str] | None = None) -> None:
        """End the named parts together, or all: the latest started first, servers last."""
        self._stop_asked = True
        ending = [one for one in self._running if names is None or one.part.name in names]
        stop(list(reversed(ending)))
        self._running = [one for one in self._running if one not in ending]
        if self._in_charge and not self._running:
            _end_children()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stop_asked:
            self._stop_asked = True
            raise StopAsked

    def _bury_the_dead(self) -> bool:
        dead = [one for one in self._running if one.has_ended()]
        for one in dead:
            self._running.remove(one)
            pause = self._next_pause(one)
            self._due[one.part.name] = (time.monotonic() + pause, one.part)
            self._tell(
                f"{one.part.name} ended with exit code {one.process.returncode}; "
                f"starting it again in {pause:g} s. Its log, {one.part.log}, ends with:\n"
                f"{tail(one.part.log)}"
            )
        return bool(dead)

    def _start_the_due(self) -> bool:
        now = time.monotonic()
        due = [name for name, (moment, _) in self._due.items() if moment <= now]
        for name in due:
            _, part = self._due.pop(name)
            self._running.append(RunningPart(part))
        return bool(due)

    def _next_pause(self, one: RunningPart) -> float:
        """Half a second, doubled at each early death, forgotten after a healthy minute."""
        name = one.part.name
        if time.monotonic() - one.started > _HEALTHY_AFTER:
            self._pauses.pop(name, None)
        pause = self._pauses.get(name, 0.5)
        self._pauses[name] = min(pause * 2, _LONGEST_PAUSE)
        return pause


def tell_on_stderr(words: str) -> None:
    """The supervisor's voice: whoever typed the command reads it."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201  (this is its one voice)


def _end_children() -> None:
    """A killed worker's job process, say, and whatever was being started just now."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (pids := children.read_text().split()):
        for pid in map(int, pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
