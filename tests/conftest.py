"""Real servers for the tests that need them, loaded when one of those is met; loopback only.

`tests/servers.py` and `tests/databases.py` have the fixtures. The tests of the lower floors stay
apart from them: edi and rules run in seconds, without a server and without its libraries.
"""

import gc
import ipaddress
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests import spreading
from tests.shared_run import CONTROLLER, FOLDER

_NEED_NO_SERVER = {"edi", "rules"}
_NEED_NO_DATABASE = {"gateways", "sandbox"}
_OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""What was loaded stays: looking through all of it for garbage costs an eighth of a web test."""


def pytest_configure(config: pytest.Config) -> None:
    """Agree on where the servers of this run live, and on whose end they end with."""
    from_controller = getattr(config, "workerinput", None)
    if from_controller is None:
        config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="cleanclaim-tests-"))
        config.stash[CONTROLLER] = os.getpid()
        config.stash[FOLDER].chmod(0o711)  # PostgreSQL may run as another user
    else:
        config.stash[FOLDER] = Path(from_controller["servers_folder"])
        config.stash[CONTROLLER] = int(from_controller["controller_pid"])
    config.pluginmanager.register(spreading)
    sys.addaudithook(_refuse_the_outside)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker what the controller decided."""
    node.workerinput["servers_folder"] = str(node.config.stash[FOLDER])
    node.workerinput["controller_pid"] = node.config.stash[CONTROLLER]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder if no test asked for servers; else they remove it when they end."""
    folder = config.stash.get(FOLDER, None)
    if folder and not hasattr(config, "workerinput") and not (folder / "lock").exists():
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of the search for garbage, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    host = address[0] if isinstance(address, tuple) else "localhost"
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise PermissionError(f"tests talk to loopback only, not to {host}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Load the fixtures that this file's floor may use."""
    floor, *rooms = file_path.relative_to(Path(__file__).parent).parts
    if file_path.name.startswith("test_") and floor not in _NEED_NO_SERVER:
        parent.config.pluginmanager.import_plugin("tests.servers")
        if floor not in _NEED_NO_DATABASE:
            parent.config.pluginmanager.import_plugin("tests.databases")
        if floor == "web":
            parent.config.pluginmanager.import_plugin("tests.portal")
        if rooms[0] == "browser":
            parent.config.pluginmanager.import_plugin("tests.web.browser.seats")
