"""Forty words of patients that never were, and a search that finds them however wrapped."""

import base64
import binascii
import html
import quopri
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

CANARIES = {
    "last_name": "Quillfeather",
    "first_name": "Zaphiralda",
    "middle_name": "Umbrielle",
    "street": "77 Wyrmwhistle",
    "city": "Nimbleford",
    "phone": "2075550143",
    "ssn": "900664321",
    "ssn_dashed": "900-66-4321",
    "birth_date": "1971-04-23",
    "birth_date_wire": "19710423",
    "birth_date_words": "04/23/1971",
    "member_id": "ZQX77188204",
    "group_number": "GRPVELVET9",
    "group_name": "Moonbarrow Weavers",
    "gender_identity": "starkindled",
    "insured_last_name": "Thistlequay",
    "insured_first_name": "Orlandrine",
    "insured_street": "9 Lanternmoth",
    "authorization": "AUTHPERIWINKLE5",
    "diagnosis": "F43.12",
    "diagnosis_wire": "F4312",
    "note_reason": "relapse after bereavement",
    "message_subject": "Panic on Tuesdays",
    "message_body": "She hears the cellar singing",
    "reply_body": "Lithium was doubled",
    "internal_note": "Estranged from her brother Bartleby",
    "file_name": "quillfeather-intake-letter",
    "document_words": "Tremulous since the flood",
    "search_words": "Larkspurling",
    "intake_last_name": "Gloamwright",
    "intake_first_name": "Persimmonia",
    "intake_wrong_date": "1971-02-30",
    "era_last_name": "DUSKBERRY",
    "era_member_id": "DSK44099913",
    "era_trace": "TRACEHONEYSUCKLE",
    "era_reference": "CLMPENNYROYAL8",
    "payer_words": "MARIGOLD TEMPLETREE IS NOT THE MEMBER",
    "crash_words": "Wilhelmarine Oaksorrow",
    "address_words": "Fennelgrave",
    "header_words": "Brackenlullaby",
}

_LONGEST = 2_000_000
_DEPTH = 3
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){5,}")
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")


def found_in(blob: bytes | str) -> set[str]:
    """Return the names of the canaries in a blob, decoded in every way we know, in each other."""
    told: set[str] = set()
    for view in _views(blob.encode() if isinstance(blob, str) else blob, _DEPTH):
        words = view.decode("utf-8", "ignore").casefold()
        told |= {name for name, value in CANARIES.items() if value.casefold() in words}
    return told


def _views(blob: bytes, depth: int) -> Iterator[bytes]:
    yield blob
    if depth == 0 or len(blob) > _LONGEST:
        return
    for decoded in _decoded(blob):
        if decoded and decoded != blob:
            yield from _views(decoded, depth - 1)


def _decoded(blob: bytes) -> Iterator[bytes]:
    yield from _inflated(blob)
    for mark, decode in _DECODERS:
        if mark in blob:
            yield decode(blob)
    for token in _BASE64.findall(blob):
        yield from _of_base64(token)
    for token in _HEX.findall(blob):
        yield bytes.fromhex(token.decode())


def _percent(blob: bytes) -> bytes:
    return unquote_plus(blob.decode("latin-1")).encode("latin-1", "ignore")


def _entities(blob: bytes) -> bytes:
    return html.unescape(blob.decode("utf-8", "ignore")).encode()


def _escapes(blob: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "ignore"), blob)


def _unfolded(blob: bytes) -> bytes:
    """Headers that were folded, base64 that was written in lines."""
    return re.sub(rb"[\r\n]+[ \t]?", b"", blob)


_DECODERS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"%", _percent),
    (b"+", _percent),
    (b"=", quopri.decodestring),
    (b"&", _entities),
    (b"\\u", _escapes),
    (b"\0", lambda blob: blob.replace(b"\0", b"")),  # UTF-16 of plain letters, in both orders
    (b"\n", _unfolded),
)


def _of_base64(token: bytes) -> Iterator[bytes]:
    plain = token.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    for skipped in range(4):
        part = plain[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
        except binascii.Error:
            continue


def _inflated(blob: bytes) -> Iterator[bytes]:
    for bits in (15, -15, 31):
        try:
            yield zlib.decompressobj(bits).decompress(blob, _LONGEST)
        except zlib.error:
            continue
