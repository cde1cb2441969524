"""The three wrappings of X12 data: interchange (ISA), group (GS), transaction set (ST)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time

from backoffice.edi.segments import Delimiters, Segment


@dataclass(frozen=True, slots=True)
class Interchange:
    """Who sends a file to whom, when, under which number (ISA).

    `day` and `clock` are the sender's wall clock (ISA09, ISA10): X12 has no time zone.
    `control_number` is ISA13, nine digits; `usage` is ISA15, P production or T test.
    """

    sender_id: str
    receiver_id: str
    control_number: str
    day: date | None
    clock: time | None
    usage: str = "P"
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    version: str = "00501"
    acknowledgement_requested: bool = False
    delimiters: Delimiters = field(default_factory=Delimiters)
    segment: int = 0  # where it was read; 0 when it wasn't


@dataclass(frozen=True, slots=True)
class Group:
    """One functional group: transaction sets of one guide (GS).

    `functional_id` is GS01 (HC, HP, FA, HN), `control_number` GS06, `guide` GS08.
    """

    functional_id: str
    sender_code: str
    receiver_code: str
    control_number: str
    day: date | None
    clock: time | None
    guide: str
    segment: int = 0


@dataclass(slots=True)
class TransactionSet:
    """One ST..SE as it is read: `segments` yields ST to SE once, and must not be kept for later.

    `interchange` and `group` are None where the file lacks them. `guide` is ST03, or GS08 where
    ST03 is left out (835). `segment` is the number of the ST in the file.
    """

    set_id: str
    control_number: str
    guide: str
    segment: int
    interchange: Interchange | None
    group: Group | None
    delimiters: Delimiters
    segments: Iterator[Segment]


@dataclass(frozen=True, slots=True)
class InterchangeReply:
    """A TA1 segment, which stands between ISA and GS, with the interchange that it came in."""

    interchange: Interchange | None
    segment: Segment
