"""The dataclasses of an 835: one payment with its claims, lines, adjustments and take-backs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backoffice.edi.envelope import Group, Interchange
from backoffice.edi.problems import Problem

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Why an amount was not paid (CAS): group CO, PR, OA or PI; reason (CARC); dollars."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RemittancePerson:
    """Somebody a CLP loop names (NM1): patient, insured, corrected insured, rendering provider."""

    kind: str  # NM102
    name: str  # NM103
    first_name: str
    middle_name: str
    suffix: str
    id_kind: str  # NM108
    id: str  # NM109


@dataclass(frozen=True, slots=True)
class RemittanceParty:
    """Payer or payee (N1*PR, N1*PE). `id_kind` is N103: XX for an NPI, FI for a tax id."""

    name: str = ""
    id_kind: str = ""
    id: str = ""
    references: tuple[tuple[str, str], ...] = ()

    def reference(self, kind: str) -> str:
        """The number in the party's first REF of that kind (TJ is a payee's tax id)."""
        return next((value for each, value in self.references if each == kind), "")

    @property
    def npi(self) -> str:
        """The payee's NPI (N103 XX), empty when the payer identifies it otherwise."""
        return self.id if self.id_kind == "XX" else self.reference("HPI")

    @property
    def tax_id(self) -> str:
        """The payee's tax id: N104 where N103 is FI, else REF*TJ."""
        return self.id if self.id_kind == "FI" else self.reference("TJ")


@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """One service line as the payer decided it (loop 2110).

    `procedure_code` and `modifiers` are what was adjudicated (SVC01); the `submitted_` ones what
    had been sent (SVC06), empty where the payer does not say that it changed them.
    """

    segment: int
    procedure_kind: str
    procedure_code: str
    modifiers: tuple[str, ...]
    charge_amount: Decimal  # SVC02
    paid_amount: Decimal  # SVC03
    units: Decimal | None  # SVC05
    submitted_procedure_code: str
    submitted_modifiers: tuple[str, ...]
    submitted_units: Decimal | None  # SVC07
    first_day: date | None  # DTM*472 or *150
    last_day: date | None  # DTM*472 or *151
    line_control_number: str  # REF*6R
    allowed_amount: Decimal | None  # AMT*B6
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]  # LQ*HE
    references: tuple[tuple[str, str], ...]
    amounts: tuple[tuple[str, Decimal], ...]

    @property
    def adjusted_amount(self) -> Decimal:
        """The sum of this line's adjustments."""
        return sum((each.amount for each in self.adjustments), ZERO)


@dataclass(frozen=True, slots=True)
class RemittanceClaim:
    """One claim as the payer decided it (loop 2100)."""

    segment: int
    patient_control_number: str  # CLP01: ours
    outcome: str  # CLP02
    charge_amount: Decimal  # CLP03
    paid_amount: Decimal  # CLP04
    patient_responsibility: Decimal | None  # CLP05
    filing_code: str  # CLP06
    payer_claim_control_number: str  # CLP07: theirs
    place_of_service: str  # CLP08
    frequency: str  # CLP09
    adjustments: tuple[Adjustment, ...]  # CAS of the claim itself
    lines: tuple[RemittanceLine, ...]
    patient: RemittancePerson | None  # NM1*QC
    insured: RemittancePerson | None  # NM1*IL
    corrected_insured: RemittancePerson | None  # NM1*74
    rendering: RemittancePerson | None  # NM1*82
    crossover: RemittancePerson | None  # NM1*TT
    first_day: date | None  # DTM*232
    last_day: date | None  # DTM*233
    received_on: date | None  # DTM*050
    coverage_expired_on: date | None  # DTM*036
    remarks: tuple[str, ...]  # MOA03-07, MIA05, MIA20-23
    references: tuple[tuple[str, str], ...]
    amounts: tuple[tuple[str, Decimal], ...]

    @property
    def adjusted_amount(self) -> Decimal:
        """The sum of all adjustments, the claim's own and its lines'."""
        own = sum((each.amount for each in self.adjustments), ZERO)
        return sum((line.adjusted_amount for line in self.lines), own)

    def every_adjustment(self) -> Iterator[Adjustment]:
        """The claim's own adjustments, then its lines'."""
        yield from self.adjustments
        for line in self.lines:
            yield from line.adjustments


@dataclass(frozen=True, slots=True)
class ProviderAdjustment:
    """Money moved outside any claim (PLB): a positive amount takes it away, a negative adds it.

    `reason` is PLB03-1 (WO, 72, FB, CS, L6 ...), `reference` PLB03-2, often the claim's number.
    """

    segment: int
    provider_id: str  # PLB01
    fiscal_year_end: date | None  # PLB02
    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """What the head of an 835 says of the money itself (BPR, TRN, N1*PR, N1*PE).

    The same `trace_number`, `originator_id`, `payment_date` and `payment_amount` are the same
    payment. Bank accounts are not read.
    """

    handling: str = ""  # BPR01
    payment_amount: Decimal = ZERO  # BPR02
    credit_or_debit: str = ""  # BPR03
    method: str = ""  # BPR04: ACH, CHK, NON, BOP, FWT
    payment_date: date | None = None  # BPR16
    trace_number: str = ""  # TRN02
    originator_id: str = ""  # TRN03
    originator_supplement: str = ""  # TRN04
    receiver_id: str = ""  # REF*EV
    production_date: date | None = None  # DTM*405
    payer: RemittanceParty = field(default_factory=RemittanceParty)
    payee: RemittanceParty = field(default_factory=RemittanceParty)


@dataclass(frozen=True, slots=True)
class Remittance:
    """One transaction set of an 835: a payment, its claims, and what was wrong in reading it.

    `errors` of them, or one, mean: keep the file, show it, post nothing of it. `problems` are
    the first of them and the warnings (a log keeps a bounded number, but counts all).
    """

    control_number: str  # ST02
    segment: int
    interchange: Interchange | None
    group: Group | None
    payment: Payment
    claims: tuple[RemittanceClaim, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]
    problems: tuple[Problem, ...]
    errors: int

    @property
    def is_readable(self) -> bool:
        """Whether the set is whole and every value in it could be read."""
        return self.errors == 0
