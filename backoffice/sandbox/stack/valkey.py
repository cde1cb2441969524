"""An embedded server that speaks Redis' protocol: RQ's doorbell and nothing more."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from backoffice.sandbox.stack.binaries import valkey_server
from backoffice.sandbox.stack.parts import Part


def url(port: int, password: str) -> str:
    """The address, password included."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


def part(folder: Path, port: int, password: str, environment: Mapping[str, str]) -> Part:
    """How to run it: persistent within a second, refusing rather than forgetting when full."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)  # the password stays out of the process list
    settings.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'dir "{folder}"\nappendonly yes\nappendfsync everysec\nsave ""\n'
        "maxmemory-policy noeviction\ndaemonize no\n"
    )
    return Part(
        name="valkey",
        command=[str(valkey_server(environment)), str(settings)],
        environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        log=folder.parent / "log" / "valkey.log",
        ready=lambda: _answers(port, password),
        cwd=folder,
    )


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while b"PONG" not in answer:
                received = connection.recv(256)
                if not received or b"LOADING" in answer:
                    return False
                answer += received
    except OSError:
        return False
    return True
