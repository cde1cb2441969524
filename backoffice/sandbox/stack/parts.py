"""One part of the running whole: a process, its log, and how to tell that it is ready."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TAIL_LINES = 25
_PR_SET_PDEATHSIG = 1
_MOST_TRIES = 20
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class PartFailed(Exception):
    """A part did not start or is not ready in time; carries its name and its log's tail."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} {why}. Its log, {log}, ends with:\n{tail(log)}")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What to run and when to call it ready; `command` never carries a secret."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    ready: Callable[[], bool] | None = None
    """Asked until it says yes; None: ready when the process has taken SIGTERM into its hands."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals | None = None
    """What it gets when its supervisor is killed, if not the stop signal."""
    cwd: Path | None = None
    user: tuple[int, int] | None = None
    """uid and gid to drop to; None keeps ours."""
    sockets: Sequence[socket.socket] = ()
    """Listening ones that it takes over: no other program can come between choosing and using."""


class RunningPart:
    """A started part. It ends with the process that started it, even when that one is killed."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.started = time.monotonic()
        uid, gid = part.user or (None, None)
        part.log.parent.mkdir(parents=True, exist_ok=True)
        with part.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  (our own command lines)
                part.command,
                env=dict(part.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=part.cwd,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                pass_fds=[each.fileno() for each in part.sockets],
                # its own session: Ctrl-C reaches the supervisor alone, which stops in order
                start_new_session=True,
                preexec_fn=_dying_with(os.getpid(), part.death_signal or part.stop_signal),
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def wait_until_ready(self, seconds: float) -> None:
        """Return when the part answers; raises PartFailed when it ends or stays silent."""
        deadline = self.started + seconds
        while not self._is_ready():
            if self.has_ended():
                why = f"ended at its start with exit code {self.process.returncode}"
                raise PartFailed(self.part.name, why, self.part.log)
            if time.monotonic() > deadline:
                raise PartFailed(self.part.name, f"is silent after {seconds:g} s", self.part.log)
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        if self.has_ended():
            return False
        return _catches_sigterm(self.pid) if self.part.ready is None else self.part.ready()


def stop(running: Sequence[RunningPart]) -> None:
    """End these parts together: their own signal first, again when late, force at the end."""
    for one in running:
        _signal(one, one.part.stop_signal)
    for one in running:
        if not _ended_within(one, one.part.stop_seconds):
            # a second signal makes an RQ worker drop its job and a server its clients
            _signal(one, one.part.stop_signal)
            if not _ended_within(one, 3.0):
                _kill_group(one)
                one.process.wait()


def tail(log: Path) -> str:
    """The last lines of a log, to be shown to whoever started the part."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(nothing)"
    return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:]) or "    (nothing)"


def free_port(preferred: int = 0) -> int:
    """A free loopback port: the preferred one if nobody listens there, else any.

    It is this process's while it lives: no other stack that starts meanwhile chooses it too.
    """
    for wanted in (preferred, *[0] * _MOST_TRIES):
        port = _unused(wanted)
        if port is not None and _claim(port):
            return port
    raise OSError("no free port on 127.0.0.1")


def _unused(wanted: int) -> int | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _claim(port: int) -> bool:
    """Lock a port among our own processes; between choosing and listening nothing else would."""
    folder = Path(tempfile.gettempdir()) / f"cleanclaim-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    claim = os.open(folder / str(port), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return False
    return True  # open while this process lives, and so locked; children do not inherit it


def held_port(preferred: int = 0) -> socket.socket:
    """A socket that listens on the preferred loopback port, or on any if that is taken."""
    for port in (preferred, 0):
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", port))
            held.listen(128)  # bound alone would not keep others off
        except OSError:
            held.close()
            continue
        return held
    raise OSError("no free port on 127.0.0.1")


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def _dying_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes the part: ask to be told of its parent's death."""

    def ask() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:
                os._exit(1)

    return ask


def _catches_sigterm(pid: int) -> bool:
    """Whether a program is past its imports and at its work; without /proc: whether it is there."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def _signal(running: RunningPart, number: signal.Signals) -> None:
    if not running.has_ended():
        running.process.send_signal(number)


def _ended_within(running: RunningPart, seconds: float) -> bool:
    try:
        running.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(running: RunningPart) -> None:
    try:
        os.killpg(running.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
