"""What a payer decided, in billing terms: the one shape that is judged and posted, from any source.

An 835 and a typed EOB both become these facts; where a value sits is told for the 835.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from backoffice.rules.claim_facts import AdjustmentFacts, PayerOrder
from backoffice.rules.money import ZERO, total

REVERSAL = "22"  # CLP02
DENIED_OUTRIGHT = "4"  # CLP02; an ordinary denial comes as 1 to 3 with nothing paid
# CLP02 of a claim decided in its turn, with the turn; 19 to 21 say that it was also passed on.
DECIDED_AS: dict[str, PayerOrder] = {
    "1": PayerOrder.PRIMARY,
    "2": PayerOrder.SECONDARY,
    "3": PayerOrder.TERTIARY,
    "19": PayerOrder.PRIMARY,
    "20": PayerOrder.SECONDARY,
    "21": PayerOrder.TERTIARY,
}
CROSSED_OVER = frozenset({"19", "20", "21"})


@dataclass(frozen=True)
class AdjudicatedLine:
    """One line as the payer decided it (SVC with its CAS, REF*6R). Amounts are dollars.

    `procedure_code` and `modifiers` are what was adjudicated (SVC01); `submitted_procedure_code`
    is what we had sent, only where it was changed (SVC06). In a reversal every amount is negated.
    """

    charge_amount: Decimal  # SVC02
    paid_amount: Decimal  # SVC03
    adjustments: tuple[AdjustmentFacts, ...] = ()
    procedure_code: str = ""
    modifiers: tuple[str, ...] = ()
    submitted_procedure_code: str = ""
    line_control_number: str = ""

    @property
    def adjusted_amount(self) -> Decimal:
        """The sum of all adjustments of this line."""
        return total(each.amount for each in self.adjustments)

    @property
    def adds_up(self) -> bool:
        """Whether charge less adjustments is what was paid: SVC02 - CAS = SVC03."""
        return self.charge_amount - self.adjusted_amount == self.paid_amount


@dataclass(frozen=True)
class AdjudicatedClaim:
    """One claim as the payer decided it (CLP with its CAS and lines). Amounts are dollars."""

    patient_control_number: str  # CLP01: ours
    status_code: str  # CLP02
    charge_amount: Decimal  # CLP03
    paid_amount: Decimal  # CLP04
    lines: tuple[AdjudicatedLine, ...] = ()
    adjustments: tuple[AdjustmentFacts, ...] = ()  # CAS of the claim itself
    patient_amount: Decimal = ZERO  # CLP05: the payer's word, never posted from
    payer_claim_control_number: str = ""  # CLP07

    def every_adjustment(self) -> Iterator[AdjustmentFacts]:
        """The claim's own adjustments, then those of its lines."""
        yield from self.adjustments
        for line in self.lines:
            yield from line.adjustments

    @property
    def adds_up(self) -> bool:
        """Whether the claim and each line add up: CLP03 - all CAS = CLP04, and lines make CLP03."""
        adjusted = total(each.amount for each in self.every_adjustment())
        lines = total(line.charge_amount for line in self.lines)
        return (
            self.charge_amount - adjusted == self.paid_amount
            and all(line.adds_up for line in self.lines)
            and (not self.lines or lines == self.charge_amount)
        )

    @property
    def is_reversal(self) -> bool:
        """Whether an earlier decision is taken back (CLP02 22), with every amount negated."""
        return self.status_code == REVERSAL

    @property
    def crossed_over(self) -> bool:
        """Whether the payer passed the claim on to the next: no secondary is to be sent by us."""
        return self.status_code in CROSSED_OVER


@dataclass(frozen=True)
class ProviderAdjustment:
    """Money moved outside any claim (PLB): positive takes it away from us, negative adds it."""

    code: str  # PLB03-1
    amount: Decimal  # PLB04
    reference: str = ""  # PLB03-2: theirs; often the claim it is about
