"""What a file really is, told by its bytes: kind, size, digest; a PDF's pages under limits."""

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import BinaryIO, Final

import filetype

from backoffice.models.documents import DocumentKind
from backoffice.services.documents.looking import images, texts
from backoffice.services.documents.looking.seams import has_seam
from backoffice.services.documents.looking.why_not import NotTaken, WhyNot

LARGEST: Final = 25 * 1024 * 1024
PDF: Final = "application/pdf"
PAPER: Final = frozenset({PDF, *images.IMAGES})
_SNIFFED = 8192
_PDF_TAIL = 2048
_CHUNK = 1 << 20
_COUNT_SECONDS = 10
_COUNTER: Final = "backoffice.services.paper.page_counter"
_PDF_HEAD: Final = re.compile(rb"%PDF-[12]\.\d")


@dataclass(frozen=True)
class Examined:
    """What was found: media type by content, size in bytes, SHA-256 in hex."""

    content_type: str
    size: int
    sha256: str


def examine(stream: BinaryIO, kind: DocumentKind = DocumentKind.OTHER) -> Examined:
    """Examine a seekable stream and rewind it; raises NotTaken for what we do not keep.

    The name and the type that came with it count for nothing. Nothing is decoded or run: headers,
    lengths, checksums and ends are read. An ERA file is an 835, and an 835 is nothing else; a CSV
    is taken as OTHER; paper and photos as every kind but ERA_FILE.
    """
    content = _whole(stream)
    media_type = _media_type(content)
    _look(content, media_type)
    if not _fits(kind, media_type):
        raise NotTaken(WhyNot.NOT_OF_KIND)
    return Examined(media_type, len(content), hashlib.sha256(content).hexdigest())


def _whole(stream: BinaryIO) -> bytes:
    stream.seek(0)
    content = stream.read(LARGEST + 1)
    stream.seek(0)
    if not content:
        raise NotTaken(WhyNot.EMPTY)
    if len(content) > LARGEST:
        raise NotTaken(WhyNot.TOO_LARGE)
    return content


def _media_type(content: bytes) -> str:
    """Return what the first bytes say; raises NotTaken for what is none of ours."""
    found = filetype.guess(content[:_SNIFFED])
    if found is not None and found.mime in PAPER:
        return str(found.mime)
    if texts.is_interchange(content[:_SNIFFED]):
        return texts.X12
    if found is None and texts.table_of(content):
        return texts.CSV
    raise NotTaken(WhyNot.UNKNOWN)


def _look(content: bytes, media_type: str) -> None:
    if media_type in PAPER and has_seam(content, is_pdf=media_type == PDF):
        raise NotTaken(WhyNot.TWO_KINDS)
    if media_type == PDF:
        _look_at_pdf(content)
    elif media_type in images.IMAGES:
        images.look(content, media_type)
    elif media_type == texts.X12:
        texts.look_at_remittance(content)


def _look_at_pdf(content: bytes) -> None:
    """A PDF begins at its first byte and has its end; what it carries is looked at by a job."""
    if not _PDF_HEAD.match(content):
        raise NotTaken(WhyNot.UNKNOWN)
    if b"%%EOF" not in content[-_PDF_TAIL:]:
        raise NotTaken(WhyNot.TORN)


def _fits(kind: DocumentKind, media_type: str) -> bool:
    if kind is DocumentKind.ERA_FILE or media_type == texts.X12:
        return kind is DocumentKind.ERA_FILE and media_type == texts.X12
    return media_type in PAPER or kind is DocumentKind.OTHER


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
