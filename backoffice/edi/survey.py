"""What any bytes at all are and hold: kind, counts, sums, balance, problems; never an exception."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from backoffice.edi.ack_277 import StatusReader
from backoffice.edi.ack_ta1 import read_reply
from backoffice.edi.claim_837 import Claim, ClaimReader, FormCheck, is_claim_set
from backoffice.edi.envelope import EnvelopeReader, InterchangeReply, TransactionSet
from backoffice.edi.problems import Problem, ProblemCode, ProblemLog
from backoffice.edi.remittance_835 import PaymentTotals, RemittanceReader, claim_out_of_balance
from backoffice.edi.segments import Source

ZERO = Decimal("0.00")


class Kind(StrEnum):
    """What a file is."""

    CLAIM = "837P"
    REMITTANCE = "835"
    ACKNOWLEDGEMENT = "999"
    CLAIM_ACKNOWLEDGEMENT = "277CA"
    INTERCHANGE_ACKNOWLEDGEMENT = "TA1"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file is and holds.

    `transactions` counts ST; `claims` CLM, CLP or a 277CA's claims. `charged` is the sum of CLM02
    or CLP03, `paid` that of CLP04; None where the kind has no such figure (an 837P pays nothing).
    `balanced`: in an 837P every CLM02 is the sum of its lines; in an 835 line, claim and payment
    add up; None for the others. `left_out` counts problems beyond those kept.
    """

    kind: Kind
    transactions: int
    claims: int
    charged: Decimal | None
    paid: Decimal | None
    balanced: bool | None
    problems: tuple[Problem, ...]
    left_out: int

    @property
    def has_errors(self) -> bool:
        """Whether a strict receiver would refuse the file, or a part of it."""
        return self.left_out > 0 or any(problem.is_error for problem in self.problems)


ClaimWatch = Callable[[Claim, ProblemLog], None]


def survey(source: Source, *, check_form: bool = False, watch: ClaimWatch | None = None) -> Survey:
    """Read a file to its end, keeping counts only, and tell what it is.

    `check_form` holds an 837P to the guide's form as well; `watch` gets every claim of an 837P
    as it is read, with the log, so that others may judge it too.
    """
    log = ProblemLog()
    counted = _Counted(log, check_form=check_form, watch=watch)
    for unit in EnvelopeReader(source, log):
        if isinstance(unit, InterchangeReply):
            read_reply(unit, log)
            counted.replies += 1
        else:
            counted.transaction(unit)
    return counted.result()


class _Counted:
    """The running counts of one file."""

    def __init__(self, log: ProblemLog, *, check_form: bool, watch: ClaimWatch | None) -> None:
        self.log = log
        self.replies = 0
        self._check_form = check_form
        self._watch = watch
        self._kinds: dict[Kind, int] = {}
        self._transactions = 0
        self._claims = 0
        self._charged = ZERO
        self._paid = ZERO
        self._balanced = True

    def transaction(self, transaction: TransactionSet) -> None:
        """Count one transaction set."""
        self._transactions += 1
        kind = _kind_of(transaction)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if kind is Kind.CLAIM:
            self._claim_set(transaction)
        elif kind is Kind.REMITTANCE:
            self._remittance(transaction)
        elif kind is Kind.ACKNOWLEDGEMENT:
            self._acknowledgement(transaction)
        elif transaction.set_id == "837" and self._check_form:
            self.log.add(
                ProblemCode.WRONG_GUIDE,
                "The transaction set is an 837 of no guide for professional claims.",
                segment=transaction.segment,
                element="ST03",
            )
        elif transaction.set_id == "277":
            claims = sum(1 for _ in StatusReader(transaction, self.log))
            self._claims += claims if kind is Kind.CLAIM_ACKNOWLEDGEMENT else 0

    def result(self) -> Survey:
        """The survey, once the file is read."""
        kind = self._kind()
        if not (self._transactions or self.replies or self.log.errors):
            self.log.add(ProblemCode.NO_CONTENT, "There is no transaction set in the file.")
        has_charges = kind in {Kind.CLAIM, Kind.REMITTANCE}
        problems = tuple(self.log)
        return Survey(
            kind=kind,
            transactions=self._transactions,
            claims=self._claims,
            charged=self._charged if has_charges else None,
            paid=self._paid if kind is Kind.REMITTANCE else None,
            balanced=self._balanced if has_charges else None,
            problems=problems,
            left_out=self.log.left_out,
        )

    def _kind(self) -> Kind:
        if not self._kinds:
            return Kind.INTERCHANGE_ACKNOWLEDGEMENT if self.replies else Kind.OTHER
        if len(self._kinds) > 1:
            self.log.remark(
                ProblemCode.MIXED_KINDS,
                "The file holds several kinds of transaction sets; it is named by the first.",
            )
        return next(iter(self._kinds))

    def _claim_set(self, transaction: TransactionSet) -> None:
        check = FormCheck(transaction, self.log) if self._check_form else None
        errors = self.log.unreadable_amounts
        for claim in ClaimReader(transaction, self.log, watch=check.step if check else None):
            self._claims += 1
            self._charged += claim.charge_amount
            if claim.charge_amount != claim.line_total:
                self._balanced = False
            self._judge(claim, check)
        if check is not None:
            check.finish()
        if self.log.unreadable_amounts > errors:
            self._balanced = False

    def _judge(self, claim: Claim, check: FormCheck | None) -> None:
        if check is not None:
            check.claim(claim)
        elif claim.charge_amount != claim.line_total:
            self.log.add(
                ProblemCode.CLAIM_OUT_OF_BALANCE,
                "CLM02 is not the sum of the lines' charges (SV102).",
                segment=claim.segment,
                element="CLM02",
            )
        if self._watch is not None:
            self._watch(claim, self.log)

    def _remittance(self, transaction: TransactionSet) -> None:
        errors = self.log.unreadable_amounts
        reader = RemittanceReader(transaction, self.log)
        totals = PaymentTotals()
        for claim in reader:
            totals.add(claim)
            self._out_of_balance(claim_out_of_balance(claim))
        taken = sum((each.amount for each in reader.provider_adjustments), ZERO)
        self._out_of_balance(
            totals.out_of_balance(reader.payment.payment_amount, taken, segment=transaction.segment)
        )
        self._claims += totals.claims
        self._charged += totals.charged
        self._paid += totals.paid
        if self.log.unreadable_amounts > errors:
            self._balanced = False

    def _out_of_balance(self, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            self._balanced = False
            self.log.keep(problem)

    def _acknowledgement(self, transaction: TransactionSet) -> None:
        """A 999 is only held to its frame here: nothing of it is kept."""
        missing = {"AK1", "AK9"}
        for segment in transaction.segments:
            missing.discard(segment.elements[0])
        for name in sorted(missing):
            self.log.add(
                ProblemCode.SEGMENT_MISSING,
                f"The acknowledgement has no {name}.",
                segment=transaction.segment,
                element=name,
            )


def _kind_of(transaction: TransactionSet) -> Kind:
    if is_claim_set(transaction):
        return Kind.CLAIM
    if transaction.set_id == "277" and "X214" in transaction.guide:
        return Kind.CLAIM_ACKNOWLEDGEMENT
    return {"835": Kind.REMITTANCE, "999": Kind.ACKNOWLEDGEMENT}.get(transaction.set_id, Kind.OTHER)
