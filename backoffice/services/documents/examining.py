"""What a file really is, told by its bytes: kind, size, digest; a PDF's pages under limits."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from typing import BinaryIO, Final

import filetype

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


def examine(stream: BinaryIO) -> Examined:
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


def pages_of(content: bytes) -> int | None:
    """Count a PDF's pages in a process of its own with little memory and time; None: unreadable.

    A file made to exhaust its reader ends that process, not ours.
    """
    try:
        counted = subprocess.run(  # noqa: S603 - our own interpreter and module, bytes on stdin
            [sys.executable, "-m", _COUNTER],
            input=content,
            capture_output=True,
            timeout=_COUNT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    words = counted.stdout.decode("ascii", "replace").strip()
    return int(words) if counted.returncode == 0 and words.isdigit() else None
