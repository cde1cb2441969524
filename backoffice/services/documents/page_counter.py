"""Counts the pages of the PDF on its standard input, under limits of its own.

Run as `python -m backoffice.services.documents.page_counter`; prints one number or ends with 1.
"""

import io
import resource
import sys

from pypdf import PdfReader
from pypdf.errors import PyPdfError

MEMORY = 512 * 1024 * 1024
SECONDS = 5
MOST_PAGES = 10_000


def main() -> int:
    """Count, print, and say whether it could be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        pages = len(PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError,
            MemoryError, IndexError, OverflowError):  # fmt: skip
        return 1
    if not 0 < pages <= MOST_PAGES:
        return 1
    sys.stdout.write(f"{pages}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
