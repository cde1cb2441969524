"""What a file really is, told by its bytes: kind, size, digest; a PDF's pages under limits."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from typing import BinaryIO, Final

import filetype

from backoffice.models.documents import DocumentKind
from backoffice.services.refusal import Refused

LARGEST: Final = 25 * 1024 * 1024
TAKEN: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
PDF: Final = "application/pdf"
_SNIFFED = 8192
_CHUNK = 1 << 20
_COUNT_SECONDS = 10
_COUNTER: Final = "backoffice.services.documents.page_counter"


class NotTaken(Refused):
    """The file is not one that we keep; says which are."""

    code = "file_not_taken"


@dataclass(frozen=True)
class Examined:
    """What was found: media type by content, size in bytes, SHA-256 in hex."""

    content_type: str
    size: int
    sha256: str


def examine(stream: BinaryIO, kind: DocumentKind = DocumentKind.OTHER) -> Examined:
    """Examine a seekable stream and rewind it; raises NotTaken for what we do not keep.

    The name and the type that came with it count for nothing.
    """
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    head = stream.read(_SNIFFED)
    stream.seek(0)
    while piece := stream.read(_CHUNK):
        size += len(piece)
        if size > LARGEST:
            raise NotTaken("The file is larger than 25 MB.", field="file")
        digest.update(piece)
    stream.seek(0)
    found = filetype.guess(head)
    if found is None or found.mime not in TAKEN:
        raise NotTaken("This is no PDF, JPEG or PNG, whatever its name says.", field="file")
    return Examined(found.mime, size, digest.hexdigest())


@dataclass(frozen=True)
class Inside:
    """What a PDF has: its pages, None where nobody can tell, and what it carries beside them."""

    pages: int | None
    carries: tuple[str, ...] = ()


def inside(content: bytes) -> Inside:
    """Look into a PDF in a process of its own, with little memory and time.

    A file made to exhaust its reader ends that process, not ours; it has no pages then.
    """
    try:
        looked = subprocess.run(  # noqa: S603 - our own interpreter and module, bytes on stdin
            [sys.executable, "-m", _COUNTER],
            input=content,
            capture_output=True,
            timeout=_COUNT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Inside(None)
    pages, *carries = looked.stdout.decode("ascii", "replace").split() or [""]
    if looked.returncode or not pages.isdigit():
        return Inside(None)
    return Inside(int(pages), tuple(carries))


def pages_of(content: bytes) -> int | None:
    """Return how many pages a PDF has, None where it cannot be read; see inside."""
    return inside(content).pages
