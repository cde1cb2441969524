"""Runs the whole product on a folder until a pytest ends, then removes the folder.

`python -m tests.journeys.keeper FOLDER PID`; all xdist workers of one run share what it runs.
"""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from backoffice.sandbox import laptop
from backoffice.sandbox.stack.supervisor import tell_on_stderr


def main() -> None:
    """Run until the process PID is no more."""
    folder, pid = Path(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_stop_after, args=(pid,), daemon=True).start()
    laptop.run(folder / "var", os.environ, fresh=False, tell=tell_on_stderr)
    shutil.rmtree(folder, ignore_errors=True)


def _stop_after(pid: int) -> None:
    """End as Ctrl-C would when the pytest that we run for has ended."""
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
