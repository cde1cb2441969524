"""What an 835 says about one claim, as a payer of the sandbox decides it; balanced by construction.

On each line charge = paid + adjustments (SVC02 - CAS = SVC03), and a claim is the sum of its lines
(CLP03 - CAS = CLP04). All arithmetic is in whole cents inside Decimal.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from backoffice.sandbox.payer.seen import ClaimSeen, PartySeen, PayeeSeen

ZERO = Decimal("0.00")
NEUTRAL_REASONS = frozenset({("CO", "45"), ("CO", "253"), ("OA", "23")})


@dataclass(frozen=True)
class AdjustmentMade:
    """One CAS triplet: group, reason (CARC), dollars."""

    group: str
    reason: str
    amount: Decimal


@dataclass(frozen=True)
class LinePayment:
    """One SVC with its DTM*472, CAS, REF*6R, AMT*B6 and LQ*HE.

    `submitted_code` is SVC06: what we billed, when the payer paid under another code.
    """

    procedure_code: str
    modifiers: tuple[str, ...]
    charge_amount: Decimal
    paid_amount: Decimal
    units: Decimal
    day: date
    line_control_number: str
    adjustments: tuple[AdjustmentMade, ...]
    allowed_amount: Decimal = ZERO
    remarks: tuple[str, ...] = ()
    submitted_code: str = ""


@dataclass(frozen=True)
class ClaimPayment:
    """One CLP with its names and lines, and whom the check goes to.

    `outcome` is CLP02, `interest_amount` AMT*I.
    """

    patient_control_number: str
    outcome: str
    payer_claim_control_number: str
    filing_code: str
    frequency: str
    member_id: str
    patient: PartySeen
    subscriber: PartySeen
    payee: PayeeSeen
    payer_id: str
    payer_name: str
    lines: tuple[LinePayment, ...]
    rendering: PartySeen | None = None
    forwarded_to: PartySeen | None = None
    interest_amount: Decimal = ZERO
    remarks: tuple[str, ...] = ()

    @property
    def charge_amount(self) -> Decimal:
        """CLP03."""
        return sum((line.charge_amount for line in self.lines), ZERO)

    @property
    def paid_amount(self) -> Decimal:
        """CLP04."""
        return sum((line.paid_amount for line in self.lines), ZERO)

    @property
    def patient_responsibility(self) -> Decimal:
        """CLP05: the sum of the PR adjustments."""
        return sum(
            (made.amount for line in self.lines for made in line.adjustments if made.group == "PR"),
            ZERO,
        )


@dataclass(frozen=True)
class ProviderAdjustmentMade:
    """One PLB pair: reason, reference, dollars; a positive amount takes money away."""

    reason: str
    reference: str
    amount: Decimal


def payment_of(
    claim: ClaimSeen, lines: tuple[LinePayment, ...], *, outcome: str, payer_number: str
) -> ClaimPayment:
    """The CLP that answers a claim with these lines."""
    return ClaimPayment(
        patient_control_number=claim.patient_control_number,
        outcome=outcome,
        payer_claim_control_number=payer_number,
        filing_code=claim.filing_code,
        frequency=claim.frequency,
        member_id=claim.member_id,
        patient=claim.patient,
        subscriber=claim.subscriber,
        payee=claim.payee,
        payer_id=claim.payer_id,
        payer_name=claim.payer_name,
        lines=lines,
        rendering=claim.rendering,
    )


def reversal_of(payment: ClaimPayment) -> ClaimPayment:
    """Take a payment back whole: CLP02 = 22 and every amount negated."""
    lines = tuple(
        replace(
            line,
            charge_amount=-line.charge_amount,
            paid_amount=-line.paid_amount,
            allowed_amount=ZERO,
            adjustments=tuple(
                replace(made, amount=-made.amount) for made in line.adjustments if made.amount
            ),
            remarks=(),
        )
        for line in payment.lines
    )
    return replace(payment, outcome="22", lines=lines, interest_amount=ZERO, remarks=())


def end_of(payment: ClaimPayment) -> str:
    """The status our claim must end in after this payment: paid, deductible or denied (edi.md 5.4).

    An earlier payer's share (OA-23) is neutral: a secondary with nothing left to pay ends paid.
    """
    if payment.outcome == "4":
        return "denied"
    if payment.paid_amount > ZERO:
        return "paid"
    others = {
        (made.group, made.reason)
        for line in payment.lines
        for made in line.adjustments
        if made.amount
    } - NEUTRAL_REASONS
    if not others:
        return "paid"
    return "deductible" if others == {("PR", "1")} else "denied"
