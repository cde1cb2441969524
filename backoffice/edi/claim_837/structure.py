"""Does a transaction set have the guide's shape: each segment in its loop, in its order."""

from backoffice.edi.claim_837.guide import Guide, LoopRule, SegmentRule
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import Segment


class _Open:
    """A loop being walked: where in it we are, and how often each child was seen."""

    __slots__ = ("counts", "rule", "segment", "slot")

    def __init__(self, rule: LoopRule, segment: int) -> None:
        self.rule = rule
        self.segment = segment
        self.slot = 0
        self.counts: dict[int, int] = {}

    def find(self, segment: Segment, component: str, *, behind: bool = False) -> int | None:
        """The child that takes a segment: from here on, or (`behind`) among those passed."""
        for index, child in enumerate(self.rule.children):
            if (child.slot < self.slot) is behind and child.takes(segment, component):
                return index
        return None


class Walk:
    """Follows a transaction set along the guide, one segment at a time, ST to SE."""

    def __init__(self, guide: Guide, component: str, problems: ProblemLog, *, first: int) -> None:
        """`first` is the number of the ST in the file."""
        self.problems = problems
        self._guide = guide
        self._component = component
        self._open = [_Open(guide.root, first)]

    @property
    def loop(self) -> str:
        """The id of the loop that the last segment was in."""
        return self._open[-1].rule.id

    def step(self, segment: Segment) -> SegmentRule | None:
        """Place one segment; None (and a problem) when it has no place here."""
        for depth in range(len(self._open) - 1, -1, -1):
            index = self._open[depth].find(segment, self._component)
            if index is not None:
                while len(self._open) > depth + 1:
                    self._close(self._open.pop())
                return self._enter(index, segment)
        return self._misplaced(segment)

    def finish(self) -> None:
        """Say what is still missing once the last segment was placed."""
        while self._open:
            self._close(self._open.pop())

    def _enter(self, index: int, segment: Segment) -> SegmentRule:
        at = self._open[-1]
        child = at.rule.children[index]
        at.slot = child.slot
        self._counted(at, index, child, segment)
        while isinstance(child, LoopRule):
            at = _Open(child, segment.number)
            self._open.append(at)
            child = child.children[0]
            at.slot = child.slot
            at.counts[0] = 1
        return child

    def _counted(
        self, at: _Open, index: int, child: SegmentRule | LoopRule, segment: Segment
    ) -> None:
        count = at.counts[index] = at.counts.get(index, 0) + 1
        if child.repeat and count == child.repeat + 1:
            code = (
                ProblemCode.LOOP_REPEATED
                if isinstance(child, LoopRule)
                else ProblemCode.SEGMENT_REPEATED
            )
            self.problems.add(
                code,
                f"{child.name} comes more than {child.repeat} times in loop {at.rule.id}.",
                segment=segment.number,
                element=child.id,
            )

    def _misplaced(self, segment: Segment) -> SegmentRule | None:
        name = segment.elements[0]
        if name not in self._guide.segment_ids:
            self.problems.add(
                ProblemCode.UNKNOWN_SEGMENT,
                "A segment that the guide does not know.",
                segment=segment.number,
            )
            return None
        for at in reversed(self._open):
            index = at.find(segment, self._component, behind=True)
            if index is not None:
                child = at.rule.children[index]
                self._counted(at, index, child, segment)
                self.problems.add(
                    ProblemCode.SEGMENT_OUT_OF_ORDER,
                    f"{child.name} stands too late in loop {at.rule.id}.",
                    segment=segment.number,
                    element=name,
                )
                return child if isinstance(child, SegmentRule) else None
        self.problems.add(
            ProblemCode.UNEXPECTED_SEGMENT,
            f"{name} has no place here (in loop {self.loop}), or not with this qualifier.",
            segment=segment.number,
            element=name,
        )
        return None

    def _close(self, at: _Open) -> None:
        for index, child in enumerate(at.rule.children):
            if child.required and index not in at.counts:
                loop = isinstance(child, LoopRule)
                self.problems.add(
                    ProblemCode.LOOP_MISSING if loop else ProblemCode.SEGMENT_MISSING,
                    f"{child.name} is missing in loop {at.rule.id}.",
                    segment=at.segment,
                    element=child.id,
                )
