"""What a file is called: as it came, without what could mislead or harm whoever saves it."""

import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Final

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application/pdf": ("pdf",),
        "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
        "image/png": ("png",),
        "image/tiff": ("tif", "tiff"),
        "image/heic": ("heic", "heif"),
        "text/csv": ("csv",),
        "application/edi-x12": ("835", "edi", "x12", "era"),
    }
)
"""How files of each type end; the first is ours."""

_LONGEST: Final = 200
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_OF_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
_NO_NAME: Final = "document"


def plain_name(name: str, content_type: str) -> str:
    """Return the last part of a file's name, seen as it is, with the ending of what it is.

    A PDF called eob.exe becomes eob.exe.pdf: what it is opened with follows its bytes, not a wish.
    """
    last = PureWindowsPath(PurePosixPath(name).name).name
    seen = "".join(each for each in last if unicodedata.category(each) not in _UNSEEN)
    stem = seen.strip(" .")[-_LONGEST:].strip(" .") or _NO_NAME
    endings = ENDINGS.get(content_type, ())
    if endings and not stem.lower().endswith(tuple(f".{each}" for each in endings)):
        stem = f"{stem}.{endings[0]}"
    return f"_{stem}" if stem.split(".")[0].lower() in _OF_DEVICES else stem
