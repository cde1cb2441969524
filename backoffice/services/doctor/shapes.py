"""What the doctor finds: a code for machines, words for people."""

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """UNSAFE: to be mended before patients' data come in; NOTE: to be known."""

    UNSAFE = "unsafe"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and what to do; never a secret, never a name."""

    code: str
    words: str
    severity: Severity = Severity.UNSAFE
