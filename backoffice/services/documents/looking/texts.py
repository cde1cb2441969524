"""What a text file is: a table of values, or a remittance that our own parser reads to its end."""

import csv
import io
import re
from typing import Final

from backoffice.edi.problems import ProblemCode
from backoffice.edi.survey import Kind, survey
from backoffice.services.documents.looking.why_not import NotTaken, WhyNot

CSV: Final = "text/csv"
X12: Final = "application/edi-x12"
LARGEST_REMITTANCE: Final = 5 * 1024 * 1024
"""What is read while somebody waits; larger ones come through the clearinghouse."""

_ISA: Final = 106
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RUNS: Final = re.compile(r"^[\s\x00-\x20]*(?:[=@]|[+-](?![\d.,$() -]*$))")
_NOT_WHOLE: Final = frozenset(
    {
        ProblemCode.NOT_X12,
        ProblemCode.BROKEN_INTERCHANGE_HEADER,
        ProblemCode.SEGMENT_NOT_TERMINATED,
        ProblemCode.TEXT_OUTSIDE_INTERCHANGE,
        ProblemCode.TRUNCATED,
        ProblemCode.COUNT_MISMATCH,
        ProblemCode.CONTROL_NUMBER_MISMATCH,
    }
)


def is_interchange(head: bytes) -> bool:
    """Whether bytes begin as an X12 interchange does."""
    return head.startswith(b"ISA") and len(head) >= _ISA and not head[3:4].isalnum()


def look_at_remittance(content: bytes) -> None:
    """Read an 835 to its end with our parser; raises NotTaken(NO_REMITTANCE)."""
    if len(content) > LARGEST_REMITTANCE:
        raise NotTaken(WhyNot.TOO_LARGE)
    found = survey(io.BytesIO(content))
    torn = any(problem.code in _NOT_WHOLE for problem in found.problems)
    if found.kind is not Kind.REMITTANCE or torn:
        raise NotTaken(WhyNot.NO_REMITTANCE)


def table_of(content: bytes) -> bool:
    """Whether bytes are a table of comma-separated values; raises NotTaken for formulas in it.

    UTF-8 to the last byte, no control characters, strictly quoted, at least two rows of the same
    width, at least two wide.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if _CONTROLS.search(text) or text.lstrip()[:1] in {"<", "{", "%"}:
        return False
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return False
    widths = {len(row) for row in rows}
    if len(rows) < 2 or len(widths) > 1 or widths == {1}:
        return False
    if any(_RUNS.match(cell) for row in rows for cell in row):
        raise NotTaken(WhyNot.FORMULAS)
    return True
