"""Would a strict receiver take an 837P by its form? Apart from reading and writing it."""

from datetime import date

from backoffice.edi.claim_837.element_form import ElementForm
from backoffice.edi.claim_837.guide import guide_837p
from backoffice.edi.claim_837.reading import ClaimReader, is_claim_set
from backoffice.edi.claim_837.shapes import Claim
from backoffice.edi.claim_837.structure import Walk
from backoffice.edi.claim_837.writing import MAX_CLAIMS
from backoffice.edi.envelope import EnvelopeReader, TransactionSet
from backoffice.edi.problems import Problem, ProblemCode, ProblemLog
from backoffice.edi.qualifiers import Guide, Level
from backoffice.edi.segments import Segment, Source

_LAST_ICD9_DAY = date(2015, 9, 30)


def validate(source: Source) -> tuple[Problem, ...]:
    """All that is wrong with the form of a file of 837Ps, by segment number; empty when clean.

    Form is what the guide and the envelope ask: whether codes exist, an NPI is real or a payer
    would pay is the scrub's business. A file without any professional claim set is a problem.
    """
    log = ProblemLog()
    found = False
    for transaction in EnvelopeReader(source, log).transaction_sets():
        if is_claim_set(transaction):
            found = True
            check = FormCheck(transaction, log)
            for claim in ClaimReader(transaction, log, watch=check.step):
                check.claim(claim)
            check.finish()
    if not found:
        log.add(ProblemCode.NO_CLAIMS, "There is no professional claim (837P) in the file.")
    return tuple(log)


class FormCheck:
    """Checks one transaction set's form beside its reading: give it every segment, then every
    claim as it is read, then finish()."""

    def __init__(self, transaction: TransactionSet, problems: ProblemLog) -> None:
        component = transaction.delimiters.component
        self.problems = problems
        self._component = component
        self._walk = Walk(guide_837p(), component, problems, first=transaction.segment)
        self._form = ElementForm(component, problems)
        self._hierarchy = _Hierarchy(problems)
        self._line = 0
        self._claims = 0
        self._first = transaction.segment
        if transaction.guide != Guide.CLAIM:
            problems.add(
                ProblemCode.WRONG_GUIDE,
                f"The transaction set is not of guide {Guide.CLAIM}.",
                segment=transaction.segment,
                element="ST03",
            )

    def step(self, segment: Segment) -> None:
        """Check one segment."""
        rule = self._walk.step(segment)
        if rule is not None:
            self._form.check(segment, rule)
        name = segment.elements[0]
        if name == "HL":
            self._hierarchy.level(segment)
        elif name == "SBR" and self._walk.loop == "2000B":
            self._hierarchy.subscriber(segment)
        elif name == "CLM":
            self._line = 0
            self._claims += 1
            self._hierarchy.claim(segment)
            self._too_many(segment)
        elif name == "LX":
            self._line_number(segment)
        elif name == "SV1":
            self._fifth_modifier(segment)

    def claim(self, claim: Claim) -> None:
        """Check what only a whole claim shows."""
        if claim.lines and claim.charge_amount != claim.line_total:
            self.problems.add(
                ProblemCode.CLAIM_OUT_OF_BALANCE,
                "CLM02 is not the sum of the lines' charges (SV102).",
                segment=claim.segment,
                element="CLM02",
            )
        self._diagnosis_kinds(claim)

    def finish(self) -> None:
        """Say what the end of the transaction set shows to be missing."""
        self._walk.finish()
        self._hierarchy.finish()
        if not self._claims:
            self.problems.add(
                ProblemCode.NO_CLAIMS, "The transaction set has no claim.", segment=self._first
            )

    def _too_many(self, segment: Segment) -> None:
        if self._claims == MAX_CLAIMS + 1:
            self.problems.remark(
                ProblemCode.SEGMENT_REPEATED,
                f"The transaction set has more than {MAX_CLAIMS} claims.",
                segment=segment.number,
                element="CLM",
            )

    def _line_number(self, segment: Segment) -> None:
        self._line += 1
        if segment.get(1) != str(self._line):
            self.problems.add(
                ProblemCode.BAD_LINE_NUMBER,
                f"LX01 is not {self._line}: lines are numbered from 1 in each claim.",
                segment=segment.number,
                element="LX01",
            )

    def _fifth_modifier(self, segment: Segment) -> None:
        """SV101-7 is a description; two characters there are a fifth modifier gone astray."""
        description = segment.component(1, 7, self._component)
        if len(description) == 2 and description.isalnum():
            self.problems.add(
                ProblemCode.ELEMENT_NOT_USED,
                "SV101-7 seems to hold a fifth modifier: a line has at most four.",
                segment=segment.number,
                element="SV101-7",
            )

    def _diagnosis_kinds(self, claim: Claim) -> None:
        kinds = {each.kind for each in claim.diagnoses}
        old, new = kinds & {"BK", "BF"}, kinds & {"ABK", "ABF"}
        days = [line.first_day for line in claim.lines if line.first_day is not None]
        late = bool(days) and max(days) > _LAST_ICD9_DAY
        if old and (new or late):
            self.problems.add(
                ProblemCode.UNKNOWN_CODE,
                "HI says ICD-9 (BK, BF) for a diagnosis: only ICD-10 (ABK, ABF) is taken.",
                segment=claim.segment,
                element="HI01-1",
            )


class _Hierarchy:
    """HL numbering, parents and children, and whether patient and subscriber fit them."""

    def __init__(self, problems: ProblemLog) -> None:
        self.problems = problems
        self._count = 0
        self._last: dict[str, str] = {}  # level to the HL01 of its latest
        self._open: tuple[Segment, str] | None = None  # the latest HL and its level
        self._self: bool | None = None  # SBR02 = 18 of the current subscriber
        self._subscriber: Segment | None = None
        self._dependents = 0

    def level(self, segment: Segment) -> None:
        """Check one HL against those before it."""
        self._count += 1
        number, parent, level = segment.get(1), segment.get(2), segment.get(3)
        if number != str(self._count):
            self._bad(segment, "HL01", f"HL01 is not {self._count}: levels are numbered from 1.")
        self._children(level)
        if level == Level.DEPENDENT:
            self._dependents += 1
            self._dependent(segment)
        else:
            self._subscriber_done()
        above = _ABOVE.get(level)
        expected = self._last.get(above, "") if above else ""
        if parent != expected:
            self._bad(segment, "HL02", "HL02 is not the number of the level above.")
        self._last[level] = number
        self._open = (segment, level)

    def subscriber(self, segment: Segment) -> None:
        """Note whether the subscriber is the patient (SBR02)."""
        self._subscriber = segment
        self._self = segment.get(2) == "18"
        self._dependents = 0

    def claim(self, segment: Segment) -> None:
        """A claim under a subscriber must be the subscriber's own."""
        if self._open is not None and self._open[1] == Level.SUBSCRIBER and self._self is False:
            self._bad(
                segment,
                "SBR02",
                "A claim stands under a subscriber who is not the patient: SBR02 is not 18 and "
                "there is no patient level (2000C).",
            )

    def finish(self) -> None:
        """Check the last level."""
        self._children("")
        self._subscriber_done()

    def _children(self, next_level: str) -> None:
        """HL04 of the level before must say whether the next one is below it."""
        if self._open is None:
            return
        segment, level = self._open
        has = _ABOVE.get(next_level) == level
        said = segment.get(4)
        if said == "1" and not has:
            self._bad(segment, "HL04", "HL04 says that a level follows below, but none does.")
        elif said == "0" and has:
            self._bad(segment, "HL04", "HL04 says that no level follows below, but one does.")

    def _dependent(self, segment: Segment) -> None:
        if self._self:
            self._bad(
                segment,
                "SBR02",
                "SBR02 is 18 (the subscriber is the patient), but a 2000C follows.",
            )

    def _subscriber_done(self) -> None:
        if self._self is False and not self._dependents and self._subscriber is not None:
            self._bad(
                self._subscriber,
                "SBR02",
                "The subscriber is not the patient (SBR02 is not 18), but no 2000C follows.",
            )
        self._self = None
        self._subscriber = None

    def _bad(self, segment: Segment, element: str, words: str) -> None:
        self.problems.add(ProblemCode.BAD_HIERARCHY, words, segment=segment.number, element=element)


_ABOVE: dict[str, str] = {Level.SUBSCRIBER: Level.SOURCE, Level.DEPENDENT: Level.SUBSCRIBER}
