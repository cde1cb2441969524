"""Ephemeral servers for the tests: `python -m backoffice.sandbox.stack FOLDER PID`.

They end when the process PID does, however it ends, and the folder goes with them. Once all
answer, FOLDER/servers.json (0600) says how they are reached; POSTGRES_BIN, VALKEY_SERVER and
S3_SERVER choose other programs.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from backoffice.sandbox.stack.keys import StackKeys
from backoffice.sandbox.stack.parts import PartFailed
from backoffice.sandbox.stack.servers import Servers, start_servers
from backoffice.sandbox.stack.supervisor import StopAsked, Supervisor, tell_on_stderr

_PROGRAMS = ("POSTGRES_BIN", "VALKEY_SERVER", "S3_SERVER")


def serve(folder: Path, watched: int) -> None:
    """Start, write servers.json, keep running until the watched process is gone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o711)  # PostgreSQL may be another user
    supervisor = Supervisor(tell_on_stderr)
    try:
        supervisor.take_charge()
        programs = {name: os.environ[name] for name in _PROGRAMS if name in os.environ}
        keys = StackKeys.of(folder)
        servers = start_servers(supervisor, folder, keys, programs, ephemeral=True)
        _write_whole(folder / "servers.json", servers)
        supervisor.watch(until=lambda: not _is_alive(watched))
    except StopAsked:
        pass
    except PartFailed as failed:
        tell_on_stderr(str(failed))
        sys.exit(1)
    finally:
        supervisor.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _write_whole(path: Path, servers: Servers) -> None:
    """Readers see nothing or everything."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    known = {
        "environment": dict(servers.environment),
        "mail_page": servers.mail_page,
        "postgres_port": servers.postgres.port if servers.postgres else None,
    }
    unfinished.write_text(json.dumps(known))
    unfinished.rename(path)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
