"""What an image's own headers say: how many pixels it has, and whether it is there to its end.

Headers only: a picture that would fill the memory when painted is known by its size before anybody
paints it. Each reader raises NotTaken(TORN) for what does not hang together.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from backoffice.services.documents.looking.why_not import NotTaken, WhyNot

MOST_PIXELS: Final = 120_000_000
"""A sheet of A4 at 600 dots an inch has 35 million, a phone's largest photo 108."""

_MOST_PARTS: Final = 100_000
_MOST_PAGES: Final = 1_000
_MOST_ENTRIES: Final = 65_536
_WITHOUT_SIZE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9
_WIDTH, _HEIGHT, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 256, 257, 273, 279, 324, 325
_HOLDS_BOXES: Final = frozenset({b"meta", b"iprp", b"ipco"})


def look(content: bytes, media_type: str) -> None:
    """Look at an image of a known type; raises NotTaken (TORN, TOO_MANY_PIXELS)."""
    try:
        sizes = list(_READERS[media_type](content))
    except (struct.error, IndexError):
        raise NotTaken(WhyNot.TORN) from None
    if not sizes or any(not width or not height for width, height in sizes):
        raise NotTaken(WhyNot.TORN)
    if any(width * height > MOST_PIXELS for width, height in sizes):
        raise NotTaken(WhyNot.TOO_MANY_PIXELS)


def _png(content: bytes) -> Iterator[tuple[int, int]]:
    """Walk the chunks to IEND, each with its checksum right."""
    at = 8
    for number in range(_MOST_PARTS):
        length, name = struct.unpack_from(">I4s", content, at)
        body_ends = at + 8 + length
        (checksum,) = struct.unpack_from(">I", content, body_ends)
        if zlib.crc32(content[at + 4 : body_ends]) != checksum:
            raise NotTaken(WhyNot.TORN)
        if (number == 0) != (name == b"IHDR"):
            raise NotTaken(WhyNot.TORN)
        if name == b"IHDR":
            yield struct.unpack_from(">II", content, at + 8)
        if name == b"IEND":
            return
        at = body_ends + 4
    raise NotTaken(WhyNot.TORN)


def _jpeg(content: bytes) -> Iterator[tuple[int, int]]:
    """Walk the segments to the first scan; after it the end marker must come."""
    at = 2
    for _ in range(_MOST_PARTS):
        if content[at] != 0xFF:
            raise NotTaken(WhyNot.TORN)
        marker = content[at + 1]
        if marker == 0xFF or marker in _WITHOUT_SIZE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            yield width, height
        if marker in {_SCAN, _END}:
            if marker == _END or content.rfind(b"\xff\xd9") < at:
                raise NotTaken(WhyNot.TORN)
            return
        at += 2 + length
    raise NotTaken(WhyNot.TORN)


def _tiff(content: bytes) -> Iterator[tuple[int, int]]:
    """Walk the pages; each page's strips or tiles must lie inside the file."""
    order = "<" if content[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", content, 4)
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) >= _MOST_PAGES:
            raise NotTaken(WhyNot.TORN)
        seen.add(at)
        tags, at = _directory(content, at, order)
        for places, sizes in ((_STRIPS, _STRIP_SIZES), (_TILES, _TILE_SIZES)):
            for place, size in zip(tags.get(places, ()), tags.get(sizes, ()), strict=False):
                if place + size > len(content):
                    raise NotTaken(WhyNot.TORN)
        if _STRIPS not in tags and _TILES not in tags:
            raise NotTaken(WhyNot.TORN)
        yield tags.get(_WIDTH, (0,))[0], tags.get(_HEIGHT, (0,))[0]


def _directory(content: bytes, at: int, order: str) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return the numbers of one page's directory by tag, and where the next page's lies."""
    (count,) = struct.unpack_from(f"{order}H", content, at)
    tags: dict[int, tuple[int, ...]] = {}
    for number in range(count):
        entry = at + 2 + 12 * number
        tag, form, length = struct.unpack_from(f"{order}HHI", content, entry)
        letter = {3: "H", 4: "I"}.get(form)
        if letter is None or not length:
            continue
        if length > _MOST_ENTRIES:
            raise NotTaken(WhyNot.TORN)
        numbers = f"{order}{length}{letter}"
        place = entry + 8
        if struct.calcsize(numbers) > 4:
            (place,) = struct.unpack_from(f"{order}I", content, place)
        tags[tag] = struct.unpack_from(numbers, content, place)
    (after,) = struct.unpack_from(f"{order}I", content, at + 2 + 12 * count)
    return tags, after


def _heic(content: bytes) -> Iterator[tuple[int, int]]:
    """Walk the boxes: their sizes must add up to the file's, and `ispe` tells the pixels."""
    boxes = list(_boxes(content, 0, len(content)))
    if all(name != b"mdat" for name, _, _ in boxes) and b"idat" not in content:
        raise NotTaken(WhyNot.TORN)
    for name, start, end in boxes:
        if name == b"meta":
            yield from _sizes(content, start + 4, end)


def _sizes(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    for name, inner, after in _boxes(content, start, end):
        if name == b"ispe":
            yield struct.unpack_from(">II", content, inner + 4)
        elif name in _HOLDS_BOXES:
            yield from _sizes(content, inner, after)


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box's name, where its content begins and where it ends."""
    for _ in range(_MOST_PARTS):
        if at == end:
            return
        length, name = struct.unpack_from(">I4s", content, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", content, at + 8)
            head = 16
        ends = end if length == 0 else at + length
        if (length and length < head) or ends > end:
            raise NotTaken(WhyNot.TORN)
        yield name, at + head, ends
        at = ends
    raise NotTaken(WhyNot.TORN)


_READERS: Final[Mapping[str, Callable[[bytes], Iterator[tuple[int, int]]]]] = MappingProxyType(
    {"image/png": _png, "image/jpeg": _jpeg, "image/tiff": _tiff, "image/heic": _heic}
)
IMAGES: Final = frozenset(_READERS)
