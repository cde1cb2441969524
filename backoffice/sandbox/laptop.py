"""The whole product on one laptop: servers, migrations, demo data, and every process of ours."""

import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from backoffice.config import Settings
from backoffice.sandbox.run_file import PROJECT, RunFile
from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import Part, PartFailed, free_port, held_port, listens
from backoffice.sandbox.stack.servers import START_SECONDS, Servers, start_servers
from backoffice.sandbox.stack.supervisor import StopAsked, Supervisor

_PORTAL_PORT, _EVENTS_PORT, _CLEARINGHOUSE_PORT = 8000, 8001, 8010
_LOOPS = {
    "relay": "workers.relay",
    "sealer": "workers.sealer",
    "cron": "workers.schedule",
    "worker 1": "workers",
    "worker 2": "workers",
}
_OURS = {"web", "events", *_LOOPS}
_KEPT = {".lock"}

# A payer's day lasts a second and everything that waits for people waits for seconds.
_SANDBOX_SETTINGS = {
    "SANDBOX": "1",
    "SECONDS_PER_DAY": "1",
    "POLL_SECONDS": "2",
    "MAIL_BUNDLE_SECONDS": "5",
    "SUBMIT_DELAY_SECONDS": "5",
    "MAIL_FROM": "no-reply@cleanclaim.example",
}


class RunsAlready(Exception):
    """A stack runs on this folder; says where."""


@dataclass(frozen=True)
class _Laptop:
    """What one run is made of."""

    folder: Path
    environment: Mapping[str, str]
    supervisor: Supervisor
    servers: Servers
    ports: Mapping[str, int]
    doors: Mapping[str, socket.socket]
    """Of web and events, held from the start: another stack may begin at the same moment."""


def run(folder: Path, told: Mapping[str, str], *, fresh: bool, tell: Callable[[str], None]) -> None:
    """Run everything on `folder` until Ctrl-C or SIGTERM; `fresh` forgets all data first.

    Raises RunsAlready, or PartFailed naming the part that did not start and its log's end.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)  # PostgreSQL may be another user
    with _alone_on(folder):
        (folder / "run.json").unlink(missing_ok=True)  # of a run that was killed
        if fresh:
            _forget(folder)
        supervisor = Supervisor(tell)
        try:
            supervisor.take_charge()
            laptop = _start(folder, told, supervisor)
            people = _prepare(laptop)
            _start_ours(laptop)
            run_file = _run_file(laptop, people)
            run_file.write(folder)
            tell(_announcement(run_file))
            supervisor.wait_until_ready(START_SECONDS)
            supervisor.watch(changed=lambda: _run_file(laptop, people).write(folder))
        except StopAsked:
            tell("Stopping.")
        finally:
            # web and workers first, so that no request or job loses its database midway
            supervisor.stop([part.name for part in supervisor.parts if part.name in _OURS])
            supervisor.stop()
            (folder / "run.json").unlink(missing_ok=True)


@contextmanager
def _alone_on(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = RunFile.read(folder)
            where = f"at {running.portal}" if running else "and is still starting"
            raise RunsAlready(f"It runs already, {where}. Stop that one first.") from None
        yield


def _forget(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in _KEPT:
            path.unlink()


def _start(folder: Path, told: Mapping[str, str], supervisor: Supervisor) -> _Laptop:
    """The servers and the sandbox clearinghouse, as far as `told` does not replace them."""
    keys = StackKeys.of(folder)
    servers = start_servers(supervisor, folder, keys, told)
    doors = {"portal": held_port(_PORTAL_PORT), "events": held_port(_EVENTS_PORT)}
    ports = {name: int(door.getsockname()[1]) for name, door in doors.items()}
    ports["clearinghouse"] = free_port(_CLEARINGHOUSE_PORT)
    ours = {
        "SECRET_KEY": keys.secret_key,
        "FIELD_KEYS": f"k1:{keys.field_key}",
        "INDEX_KEY": keys.index_key,
        "CLEARINGHOUSE_KEY": keys.clearinghouse_key,
        "PUSH_KEY": keys.push_key,
        **_SANDBOX_SETTINGS,
    }
    if not told.get("CLEARINGHOUSE_URL"):
        root = f"http://127.0.0.1:{ports['clearinghouse']}"
        ours |= {"CLEARINGHOUSE_URL": f"{root}/services", "ACK_MAILBOX_URL": f"{root}/mailbox"}
    addressed = {
        "PORTAL_URL": f"http://localhost:{ports['portal']}",
        "EVENTS_URL": f"http://localhost:{ports['events']}",
        "PYTHONUNBUFFERED": "1",
    }
    environment = {**os.environ, **ours, **told, **servers.environment, **addressed}
    Settings.from_environment(environment)  # a gap is told here once, not by every process
    laptop = _Laptop(folder, environment, supervisor, servers, ports, doors)
    if not told.get("CLEARINGHOUSE_URL"):
        supervisor.spawn([_clearinghouse(laptop)])
    return laptop


def _prepare(laptop: _Laptop) -> list[dict[str, str]]:
    """Bring the database to today's shape, at the first start to life; answers who signs in."""
    if not laptop.servers.is_at((PROJECT / "migrations/versions/HEAD").read_text().strip()):
        _once(laptop, "migrate", [sys.executable, "-m", "alembic", "upgrade", "head"])
    people = laptop.folder / "people.json"
    if not people.exists():
        demo = [sys.executable, "-m", "backoffice.sandbox.demo"]
        answer = _once(laptop, "demo", demo)
        people.touch(mode=0o600)
        people.write_text(answer)
    loaded: list[dict[str, str]] = json.loads(people.read_text())
    return loaded


def _once(laptop: _Laptop, name: str, command: Sequence[str]) -> str:
    """Run one step to its end; answers what it prints on stdout, raises PartFailed."""
    log = laptop.folder / "log" / f"{name}.log"
    with log.open("ab") as errors:
        done = subprocess.run(  # noqa: S603  (our own command line)
            command,
            env=dict(laptop.environment),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if done.returncode:
        raise PartFailed(name, f"ended with exit code {done.returncode}", log)
    return done.stdout


def _start_ours(laptop: _Laptop) -> None:
    """Every process of the Procfile, as on many machines: the portal answers, the rest begins."""
    portal, events = laptop.ports["portal"], laptop.ports["events"]
    web = _gunicorn(laptop, "web", laptop.doors["portal"], workers=2, threads=8)
    streams = _gunicorn(laptop, "events", laptop.doors["events"], workers=1, threads=256)
    laptop.supervisor.start([replace(web, ready=lambda: _answers(portal))], START_SECONDS)
    parts = [replace(streams, ready=lambda: _answers(events))]
    parts += [_part(laptop, name, _module(module)) for name, module in _LOOPS.items()]
    laptop.supervisor.spawn(parts)


def _clearinghouse(laptop: _Laptop) -> Part:
    port = laptop.ports["clearinghouse"]
    part = _part(laptop, "clearinghouse", _module("backoffice.sandbox.clearinghouse"))
    told = {
        "SANDBOX_CLEARINGHOUSE_PORT": str(port),
        "SANDBOX_CLEARINGHOUSE_FOLDER": str(laptop.folder / "clearinghouse"),
    }
    return replace(part, environment={**laptop.environment, **told}, ready=lambda: listens(port))


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _gunicorn(
    laptop: _Laptop, name: str, door: socket.socket, *, workers: int, threads: int
) -> Part:
    command = [
        *_module("gunicorn"),
        "--no-control-socket",
        "--logger-class=backoffice.web.gunicorn_log.GunicornLog",
        f"--bind=fd://{door.fileno()}",
        "--worker-class=gthread",
        "--preload",  # one import for all workers
        f"--workers={workers}",
        f"--threads={threads}",
        "--graceful-timeout=5",
        "backoffice.app:portal()",
    ]
    part = _part(laptop, name, command)
    return replace(part, death_signal=signal.SIGQUIT, sockets=[door])


def _part(laptop: _Laptop, name: str, command: list[str]) -> Part:
    log = laptop.folder / "log" / f"{name.replace(' ', '-')}.log"
    return Part(name=name, command=command, environment=laptop.environment, log=log, cwd=PROJECT)


def _answers(port: int) -> bool:
    """Whether the portal answers as itself, and not with an error of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _run_file(laptop: _Laptop, people: list[dict[str, str]]) -> RunFile:
    settings = laptop.environment
    mine = {name: value for name, value in settings.items() if os.environ.get(name) != value}
    return RunFile(
        portal=settings["PORTAL_URL"],
        database=settings["DATABASE_URL"],
        redis=settings["REDIS_URL"],
        s3=settings["S3_ENDPOINT_URL"],
        mail=laptop.servers.mail_page or _without_login(settings["SMTP_URL"]),
        clearinghouse=settings["CLEARINGHOUSE_URL"],
        pids={"supervisor": os.getpid(), **laptop.supervisor.pids},
        people=people,
        environment=mine,
    )


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 25}"


def _announcement(run_file: RunFile) -> str:
    lines = ["", f"Portal       {run_file.portal}", f"Caught mail  {run_file.mail}", ""]
    if run_file.people:
        lines.append("Sign in as (the last word is the secret of an authenticator app)")
        lines += [
            f"  {one['email']:<36} {one['password']:<28} {one['role']:<16} {one['practice']:<24}"
            f" {one.get('totp', '')}"
            for one in run_file.people
        ]
        lines += ["", "The code that such an app shows: .venv/bin/backoffice totp EMAIL", ""]
    lines.append("Ctrl-C stops everything; the data stay. ./dev run --fresh begins anew.")
    return "\n".join(lines)
