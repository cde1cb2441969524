"""Does a remittance add up, on its three levels: line, claim, payment. Told, never repaired."""

from decimal import Decimal

from backoffice.edi.problems import Problem, ProblemCode
from backoffice.edi.remittance_835.shapes import ZERO, Remittance, RemittanceClaim


def out_of_balance(remittance: Remittance) -> tuple[Problem, ...]:
    """Every place where a remittance does not add up; empty when it balances.

    Line: SVC02 less its CAS is SVC03. Claim: CLP03 less every CAS is CLP04.
    Payment: the CLP04 less the PLB amounts are BPR02.
    """
    problems = [each for claim in remittance.claims for each in claim_out_of_balance(claim)]
    totals = PaymentTotals()
    for claim in remittance.claims:
        totals.add(claim)
    taken = sum((each.amount for each in remittance.provider_adjustments), ZERO)
    payment = totals.out_of_balance(
        remittance.payment.payment_amount, taken, segment=remittance.segment
    )
    return (*problems, *payment)


def claim_out_of_balance(claim: RemittanceClaim) -> tuple[Problem, ...]:
    """Where one claim and its lines do not add up."""
    problems = []
    adjusted = sum((each.amount for each in claim.adjustments), ZERO)
    for line in claim.lines:
        of_line = line.adjusted_amount
        adjusted += of_line
        if line.charge_amount - of_line != line.paid_amount:
            problems.append(
                Problem(
                    line.segment,
                    ProblemCode.LINE_OUT_OF_BALANCE,
                    "The line's charge less its adjustments is not what was paid.",
                    element="SVC03",
                )
            )
    if claim.charge_amount - adjusted != claim.paid_amount:
        problems.append(
            Problem(
                claim.segment,
                ProblemCode.CLAIM_OUT_OF_BALANCE,
                "The claim's charge less all adjustments is not what was paid.",
                element="CLP04",
            )
        )
    return tuple(problems)


class PaymentTotals:
    """Sums of a payment's claims, kept while they stream by."""

    def __init__(self) -> None:
        self.claims = 0
        self.charged = ZERO
        self.paid = ZERO

    def add(self, claim: RemittanceClaim) -> None:
        """Count one claim."""
        self.claims += 1
        self.charged += claim.charge_amount
        self.paid += claim.paid_amount

    def out_of_balance(
        self, payment_amount: Decimal, taken: Decimal, *, segment: int
    ) -> tuple[Problem, ...]:
        """The payment's own problem, if BPR02 is not what claims and PLB make."""
        if self.paid - taken == payment_amount:
            return ()
        return (
            Problem(
                segment,
                ProblemCode.PAYMENT_OUT_OF_BALANCE,
                "The payment (BPR02) is not the sum of its claims less the provider adjustments.",
                element="BPR02",
            ),
        )
