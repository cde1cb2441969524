"""Runs the sandbox clearinghouse: `python -m backoffice.sandbox.clearinghouse`.

Environment: SANDBOX_CLEARINGHOUSE_FOLDER (where its memory lies) and CLEARINGHOUSE_KEY (one account
key, or several with commas between) are needed; SANDBOX_CLEARINGHOUSE_PORT (0: any free one),
SANDBOX_SEED (1), SECONDS_PER_DAY (4: a payer's day), SANDBOX_PYX12_EVERY (20; 0: never) and
SANDBOX_MAILBOX (1; 0: no acknowledgement files) may be given. Prints its address once it answers,
and ends cleanly on SIGINT or SIGTERM.
"""

import os
import signal
import sys
import threading

from backoffice.sandbox.clearinghouse.server import SandboxClearinghouse
from backoffice.sandbox.clearinghouse.world import Options


def main() -> int:
    """Serve until told to stop."""
    try:
        options = Options.from_environment(os.environ)
    except (KeyError, ValueError) as gap:
        sys.stderr.write(f"The sandbox clearinghouse can't start: {gap}\n")
        return 2
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with SandboxClearinghouse(options) as sandbox:
        sys.stdout.write(f"{sandbox.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
