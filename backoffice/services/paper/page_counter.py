"""Counts the pages of the PDF on its standard input and looks what else it carries, under limits.

Run as `python -m backoffice.services.paper.page_counter`; prints the number and the words of
`CARRIED` that fit, apart by blanks, or ends with 1.
"""

import io
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

MEMORY = 512 * 1024 * 1024
SECONDS = 5
MOST_PAGES = 10_000
MOST_OBJECTS = 50_000
CARRIED: Final[Mapping[str, str]] = {
    "/JavaScript": "javascript",
    "/JS": "javascript",
    "/Launch": "launch",
    "/EmbeddedFile": "embedded_file",
    "/EmbeddedFiles": "embedded_file",
    "/RichMedia": "media",
    "/XFA": "form_program",
    "/SubmitForm": "sends_forms",
    "/ImportData": "sends_forms",
    "/GoToR": "other_file",
    "/URI": "link",
}
"""What a PDF may hold beside pages, by the name that stands in its dictionaries."""


def main() -> int:
    """Count, look, print, and say whether it could be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        pages = len(reader.pages)
        carried = sorted(set(_carried(reader)))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError,
            MemoryError, IndexError, OverflowError, NotImplementedError):  # fmt: skip
        return 1
    if not 0 < pages <= MOST_PAGES:
        return 1
    sys.stdout.write(" ".join([str(pages), *carried]) + "\n")
    return 0


def _carried(reader: PdfReader) -> Iterator[str]:
    """Yield what is met on the way from the root to everything that hangs on it."""
    seen: set[int] = set()
    waiting: list[Any] = [reader.trailer]
    while waiting and len(seen) < MOST_OBJECTS:
        met = waiting.pop()
        met = met.get_object() if hasattr(met, "get_object") else met
        if id(met) in seen:
            continue
        seen.add(id(met))
        if isinstance(met, dict):
            yield from (CARRIED[name] for name in met if name in CARRIED)
            action = met.get("/S")
            if isinstance(action, str) and action in CARRIED:
                yield CARRIED[action]
            waiting += met.values()
        elif isinstance(met, list):
            waiting += met


if __name__ == "__main__":
    sys.exit(main())
