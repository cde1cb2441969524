"""Pages as pictures, words to find them by, new PDFs made of pages: read apart, under limits."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backoffice.services.documents.examining import PDF
from backoffice.services.paper.confined import Unreadable, run_confined

AT_ONCE: Final = 10
"""Pages painted by one process."""
MOST_SHOWN: Final = 200
"""Pages that are shown; of a longer document the rest is downloaded."""
SHOWN_TYPES: Final = frozenset(
    {PDF, "image/jpeg", "image/png", "image/tiff", "image/heic", "image/heif"}
)
_ROOM = "backoffice.services.paper"
_PAINT_SECONDS, _READ_SECONDS, _CUT_SECONDS = 60.0, 40.0, 40.0
_LARGEST_PICTURE = 20 * 1024 * 1024


@dataclass(frozen=True)
class Picture:
    """One page, painted: its number from 1, its size in pixels, a JPEG and a small one."""

    page: int
    width: int
    height: int
    image: bytes
    thumbnail: bytes


@dataclass(frozen=True)
class Painted:
    """Some pages of a document, and how many it has."""

    count: int
    pictures: Sequence[Picture]


def paint(content: bytes, media_type: str, *, first: int, most: int = AT_ONCE) -> Painted:
    """Paint up to `most` pages from `first` on; raises Unreadable."""
    if media_type not in SHOWN_TYPES:
        raise Unreadable
    written = run_confined(
        f"{_ROOM}.page_painter",
        content,
        arguments=(media_type, str(first), str(most)),
        seconds=_PAINT_SECONDS,
    )
    return _painted(written)


def words_of(content: bytes) -> str:
    """Return the text of a PDF, empty where it has none; raises Unreadable."""
    written = run_confined(f"{_ROOM}.word_reader", content, seconds=_READ_SECONDS)
    return " ".join(written.decode("utf-8", "replace").replace("\x00", " ").split())


@dataclass(frozen=True)
class Cut:
    """One page of a new PDF: of which source and which of its pages (from 1), turned how far."""

    source: int
    page: int
    degrees: int = 0


def cut(sources: Sequence[bytes], pages: Sequence[Cut]) -> bytes:
    """Return a PDF made of these pages in this order; raises Unreadable."""
    plan = {
        "sizes": [len(source) for source in sources],
        "pages": [[each.source, each.page - 1, each.degrees] for each in pages],
    }
    given = json.dumps(plan).encode() + b"\n" + b"".join(sources)
    return run_confined(f"{_ROOM}.page_cutter", given, seconds=_CUT_SECONDS)


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def _painted(written: bytes) -> Painted:
    """Read what the painter wrote; whatever is not in its form is Unreadable."""
    head, _, rest = written.partition(b"\n")
    try:
        count = int(json.loads(head)["pages"])
        pictures = []
        while rest:
            line, _, rest = rest.partition(b"\n")
            picture, rest = _picture(json.loads(line), rest)
            pictures.append(picture)
    except (ValueError, KeyError, TypeError):
        raise Unreadable from None
    return Painted(count, pictures)


def _picture(said: dict[str, int], rest: bytes) -> tuple[Picture, bytes]:
    large, small = int(said["image"]), int(said["thumbnail"])
    if not (0 < large <= _LARGEST_PICTURE and 0 < small <= large + _LARGEST_PICTURE):
        raise Unreadable
    image, thumbnail, rest = rest[:large], rest[large : large + small], rest[large + small :]
    if len(thumbnail) != small:
        raise Unreadable
    return Picture(said["page"], said["width"], said["height"], image, thumbnail), rest
