"""Reads TA1s: whether a whole interchange of ours was taken, by its control number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from backoffice.edi import values
from backoffice.edi.envelope import EnvelopeReader, Interchange, InterchangeReply
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import Source


@dataclass(frozen=True, slots=True)
class InterchangeAcknowledgement:
    """One TA1: what became of an interchange that we sent."""

    control_number: str  # TA101: our ISA13
    day: date | None  # TA102: our ISA09
    clock: time | None  # TA103: our ISA10
    verdict: str  # TA104: A accepted, E accepted with errors, R rejected
    note: str  # TA105: 000 to 031
    interchange: Interchange | None  # theirs, which it came in
    segment: int

    @property
    def is_accepted(self) -> bool:
        """Whether the interchange went on, with or without remarks."""
        return self.verdict in {"A", "E"}


def read(
    source: Source, problems: ProblemLog | None = None
) -> Iterator[InterchangeAcknowledgement]:
    """The TA1s of a file; problems go to the log."""
    log = ProblemLog() if problems is None else problems
    for unit in EnvelopeReader(source, log):
        if isinstance(unit, InterchangeReply):
            yield read_reply(unit, log)


def read_reply(reply: InterchangeReply, problems: ProblemLog) -> InterchangeAcknowledgement:
    """One TA1 segment."""
    segment = reply.segment
    day: date | None = None
    clock: time | None = None
    try:
        day, clock = values.short_day(segment.get(2)), values.clock(segment.get(3))
    except values.UnreadableValue:
        problems.add(
            ProblemCode.UNREADABLE_DATE,
            "TA102 or TA103 can't be read as a day and a time.",
            segment=segment.number,
            element="TA102",
        )
    if segment.get(4) not in {"A", "E", "R"}:
        problems.add(
            ProblemCode.UNKNOWN_CODE,
            "TA104 is not A, E or R.",
            segment=segment.number,
            element="TA104",
        )
    return InterchangeAcknowledgement(
        control_number=segment.get(1),
        day=day,
        clock=clock,
        verdict=segment.get(4),
        note=segment.get(5),
        interchange=reply.interchange,
        segment=segment.number,
    )
