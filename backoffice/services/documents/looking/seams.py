"""Whether a file is a second kind of file at the same time: whoever reads it chooses which."""

import re
import struct
from typing import Final

_SNIFFED: Final = 1024
"""How far into a file a browser, or a reader of PDFs, looks for what it could be."""
_MARKUP: Final = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|img|\?php)", re.I)
_END_OF_ZIP: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 65_535
_SIZE_OF_END: Final = 22


def has_seam(content: bytes, *, is_pdf: bool) -> bool:
    """Whether markup, a PDF's head or a ZIP archive's end stands where it would be found."""
    head = content[:_SNIFFED]
    if _MARKUP.search(head):
        return True
    if not is_pdf and b"%PDF-" in head:
        return True
    return _ends_as_archive(content)


def _ends_as_archive(content: bytes) -> bool:
    """Whether a ZIP's end record, with a comment that runs to the last byte, ends the file."""
    at = content.rfind(_END_OF_ZIP, max(0, len(content) - _LONGEST_COMMENT - _SIZE_OF_END))
    if at < 0 or at + _SIZE_OF_END > len(content):
        return False
    (comment,) = struct.unpack_from("<H", content, at + 20)
    return bool(at + _SIZE_OF_END + comment == len(content))
