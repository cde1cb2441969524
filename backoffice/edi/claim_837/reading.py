"""An 837P as anybody wrote it to claims: lenient about order and gaps, strict about values."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from backoffice.edi.claim_837.drafts import EMPTY, Above, ClaimBuilder, Draft
from backoffice.edi.claim_837.shapes import (
    Address,
    Adjustment,
    BillingProvider,
    Claim,
    Contact,
    Diagnosis,
    Party,
    Patient,
    Subscriber,
)
from backoffice.edi.elements import ElementReader
from backoffice.edi.envelope import EnvelopeReader, TransactionSet
from backoffice.edi.problems import ProblemLog
from backoffice.edi.qualifiers import Entity, Level
from backoffice.edi.segments import Segment, Source


class ClaimReader:
    """The claims of one 837 transaction set, streaming; iterate it once.

    Values that can't be read become zero or None and a problem: a claim with such a problem is
    not to be acted on. After the last claim `segments` says how many segments there were.
    """

    def __init__(
        self,
        transaction: TransactionSet,
        problems: ProblemLog | None = None,
        *,
        watch: Callable[[Segment], None] | None = None,
    ) -> None:
        self.problems = ProblemLog() if problems is None else problems
        self.reference = ""  # BHT03
        self.submitter = EMPTY
        self.receiver = EMPTY
        self._transaction = transaction
        self._component = transaction.delimiters.component
        self._elements = ElementReader(self.problems)
        self._builder = ClaimBuilder(self._elements, self._component)
        self._watch = watch
        self._header: dict[str, Draft] = {}
        self._above: dict[str, Draft] = {}  # the parties of the loops above the claim
        self._subscriber = Subscriber()
        self._relationship: tuple[str, int] | None = None
        self._billing_taxonomy = ""
        self._shared: Above | None = None
        self._claim: Draft | None = None
        self._other: Draft | None = None
        self._line: Draft | None = None
        self._current = Draft(0)

    def __iter__(self) -> Iterator[Claim]:
        readers = self._READERS
        watch = self._watch
        for segment in self._transaction.segments:
            if watch is not None:
                watch(segment)
            name = segment.elements[0]
            if name in {"CLM", "HL", "SE"} and self._claim is not None:
                yield self._finished()
            reader = readers.get(name)
            if reader is not None and not self._too_big(segment):
                reader(self, segment)
        if self._claim is not None:
            yield self._finished()

    def _too_big(self, segment: Segment) -> bool:
        return self._claim is not None and self._elements.too_big(self._claim.head, segment)

    # --- the loops above the claim

    def _bht(self, segment: Segment) -> None:
        self.reference = segment.get(3)

    def _hl(self, segment: Segment) -> None:
        level = segment.get(3)
        self._shared = None
        if level == Level.SOURCE:
            self._above = {}
            self._billing_taxonomy = ""
        if level in {Level.SOURCE, Level.SUBSCRIBER}:
            for entity in (Entity.SUBSCRIBER, Entity.PAYER, Entity.PATIENT):
                self._above.pop(entity, None)
            self._subscriber = Subscriber()
        if level in {Level.SOURCE, Level.SUBSCRIBER, Level.DEPENDENT}:
            self._above.pop(Entity.PATIENT, None)
            self._relationship = None
        self._current = Draft(segment.number)

    def _prv(self, segment: Segment) -> None:
        if self._current.party is not EMPTY:
            self._current.party = replace(self._current.party, taxonomy=segment.get(3))
        elif segment.get(1) == "BI":
            self._billing_taxonomy = segment.get(3)

    def _sbr(self, segment: Segment) -> None:
        get = segment.get
        subscriber = Subscriber(
            order=get(1),
            relationship=get(2),
            group_number=get(3),
            group_name=get(4),
            insurance_type=get(5),
            filing_code=get(9),
            segment=segment.number,
        )
        if self._claim is None:
            self._subscriber = subscriber
            self._shared = None
        else:
            self._other = Draft(segment.number, subscriber=subscriber)
            self._claim.others.append(self._other)
            self._current = self._other

    def _pat(self, segment: Segment) -> None:
        self._relationship = (segment.get(1), segment.number)
        self._shared = None

    def _nm1(self, segment: Segment) -> None:
        get = segment.get
        entity = get(1)
        draft = Draft(
            segment.number,
            Party(
                kind=get(2),
                name=get(3),
                first_name=get(4),
                middle_name=get(5),
                suffix=get(7),
                id_kind=get(8),
                id=get(9),
                segment=segment.number,
            ),
        )
        self._current = draft
        if self._line is not None:
            self._line.parties[entity] = draft
        elif self._other is not None:
            self._other.parties.setdefault(entity, draft)
        elif self._claim is not None:
            self._claim.parties.setdefault(entity, draft)
        else:
            self._shared = None
            self._above[entity] = draft
            self._header_party(entity, draft.party)

    def _header_party(self, entity: str, party: Party) -> None:
        if entity == Entity.SUBMITTER:
            self.submitter = party
        elif entity == Entity.RECEIVER:
            self.receiver = party
        elif entity == Entity.BILLING_PROVIDER and self._billing_taxonomy:
            self._current.party = replace(party, taxonomy=self._billing_taxonomy)

    def _n3(self, segment: Segment) -> None:
        address = Address(segment.get(1), segment.get(2), segment=segment.number)
        self._current.party = replace(self._current.party, address=address)

    def _n4(self, segment: Segment) -> None:
        get = segment.get
        before = self._current.party.address or Address(segment=segment.number)
        address = replace(before, city=get(1), state=get(2), zip=get(3), country=get(4))
        self._current.party = replace(self._current.party, address=address)

    def _dmg(self, segment: Segment) -> None:
        born = self._elements.day_if_given(segment, 2)
        self._current.party = replace(self._current.party, birth_date=born, sex=segment.get(3))

    def _per(self, segment: Segment) -> None:
        if self._current.contact is None:
            pairs = zip(segment.elements[3::2], segment.elements[4::2], strict=False)
            ways = dict(pairs)
            self._current.contact = Contact(
                name=segment.get(2),
                phone=ways.get("TE", ""),
                extension=ways.get("EX", ""),
                email=ways.get("EM", ""),
                fax=ways.get("FX", ""),
            )

    # --- the claim and what hangs on it

    def _clm(self, segment: Segment) -> None:
        self._claim = self._current = Draft(segment.number, head=segment)
        self._other = self._line = None

    def _ref(self, segment: Segment) -> None:
        self._current.references.append((segment.get(1), segment.get(2)))

    def _dtp(self, segment: Segment) -> None:
        period = self._elements.period(segment, 3, segment.get(2))
        if period is not None:
            self._current.days.setdefault(segment.get(1), period)

    def _amt(self, segment: Segment) -> None:
        self._current.amounts.setdefault(segment.get(1), self._elements.money(segment, 2))

    def _nte(self, segment: Segment) -> None:
        if segment.get(1) == "ADD":
            self._current.note = segment.get(2)

    def _hi(self, segment: Segment) -> None:
        for place in range(1, len(segment.elements)):
            kind, _, code = segment.elements[place].partition(self._component)
            if kind in {"ABK", "ABF", "BK", "BF"}:
                code = code.split(self._component, 1)[0]
                self._current.diagnoses.append(Diagnosis(kind, code))

    def _cas(self, segment: Segment) -> None:
        group = segment.get(1)
        for place in range(2, len(segment.elements), 3):
            if not any(segment.elements[place : place + 3]):
                continue
            self._current.adjustments.append(
                Adjustment(
                    group,
                    segment.get(place),
                    self._elements.money(segment, place + 1),
                    self._elements.number_if_given(segment, place + 2),
                )
            )

    def _oi(self, segment: Segment) -> None:
        self._current.assignment = segment.get(3)
        self._current.release = segment.get(6)

    def _lx(self, segment: Segment) -> None:
        if self._claim is not None:
            self._line = self._current = Draft(segment.number)
            self._claim.lines.append(self._line)
            self._other = None

    def _sv1(self, segment: Segment) -> None:
        if self._line is None:
            self._lx(segment)
        if self._line is not None:
            self._line.head = segment

    def _svd(self, segment: Segment) -> None:
        if self._line is not None:
            self._current = Draft(segment.number, head=segment)
            self._line.adjudications.append(self._current)

    def _finished(self) -> Claim:
        draft = self._claim or Draft(0)
        if self._shared is None:
            self._shared = self._parties_above()
        claim = self._builder.claim(draft, self._shared)
        self._claim = self._other = self._line = None
        self._current = Draft(draft.segment)
        return claim

    def _parties_above(self) -> Above:
        above = self._above
        pay_to, billing = above.get(Entity.PAY_TO), above.get(Entity.BILLING_PROVIDER)
        insured, payer = above.get(Entity.SUBSCRIBER), above.get(Entity.PAYER)
        return (
            BillingProvider(
                party=billing.finished_party() if billing else EMPTY,
                contact=billing.contact if billing else None,
                pay_to=pay_to.party.address if pay_to else None,
            ),
            replace(self._subscriber, party=insured.finished_party() if insured else EMPTY),
            payer.finished_party() if payer else EMPTY,
            self._dependent(above.get(Entity.PATIENT)),
        )

    def _dependent(self, patient: Draft | None) -> Patient | None:
        if patient is None and self._relationship is None:
            return None
        relationship, number = self._relationship or ("", 0)
        return Patient(relationship, patient.finished_party() if patient else EMPTY, number)

    _READERS = {
        "BHT": _bht,
        "HL": _hl,
        "PRV": _prv,
        "SBR": _sbr,
        "PAT": _pat,
        "NM1": _nm1,
        "N3": _n3,
        "N4": _n4,
        "DMG": _dmg,
        "PER": _per,
        "CLM": _clm,
        "REF": _ref,
        "DTP": _dtp,
        "AMT": _amt,
        "NTE": _nte,
        "HI": _hi,
        "CAS": _cas,
        "OI": _oi,
        "LX": _lx,
        "SV1": _sv1,
        "SVD": _svd,
    }


def read(source: Source, problems: ProblemLog | None = None) -> Iterator[Claim]:
    """The claims of every 837P transaction set in a file, streaming; problems go to the log."""
    log = ProblemLog() if problems is None else problems
    for transaction in EnvelopeReader(source, log).transaction_sets():
        if is_claim_set(transaction):
            yield from ClaimReader(transaction, log)


def is_claim_set(transaction: TransactionSet) -> bool:
    """Whether a transaction set is a professional claim (837 of guide X222 or, before 5010, X098).

    An 837 that names no guide is taken for one: its claims are read, the missing guide reported.
    """
    guide = transaction.guide
    return transaction.set_id == "837" and (not guide or "X222" in guide or "X098" in guide)
