"""What a process that reads somebody's bytes allows itself; set after imports, before reading."""

import resource
from typing import Final

MEMORY: Final = 1024 * 1024 * 1024
SECONDS: Final = 30
OPEN_FILES: Final = 32


def confine() -> None:
    """Give up, for good, all but a little memory and time; no file of any size may be written."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
