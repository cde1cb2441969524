"""What a claim says, in billing terms: the one shape scrubbed, frozen and written as X12."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class EntityKind(StrEnum):
    """Whether a provider is a person or an organization (NM102: 1 or 2; Box 33)."""

    PERSON = "person"
    ORGANIZATION = "organization"


class TaxIdKind(StrEnum):
    """Which number a tax id is (REF01 EI or SY; Box 25)."""

    EIN = "ein"
    SSN = "ssn"


class Sex(StrEnum):
    """Sex as the payer has it on file (DMG03 M, F, U; Box 3). Not the client's gender identity."""

    MALE = "M"
    FEMALE = "F"
    UNKNOWN = "U"


class Frequency(StrEnum):
    """What this sending is to the payer (CLM05-3; Box 22)."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


class PayerOrder(StrEnum):
    """In which turn a coverage pays (SBR01)."""

    PRIMARY = "P"
    SECONDARY = "S"
    TERTIARY = "T"


@dataclass(frozen=True)
class AddressFacts:
    """A postal address (N3, N4). `zip` is digits only, 5 or 9; `state` two letters."""

    line1: str
    city: str
    state: str
    zip: str
    line2: str = ""
    country: str = "US"


@dataclass(frozen=True)
class PersonFacts:
    """A client or an insured person (NM1*QC / NM1*IL with N3, N4, DMG)."""

    last_name: str
    first_name: str
    middle_name: str = ""
    suffix: str = ""
    birth_date: date | None = None
    sex: Sex | None = None
    address: AddressFacts | None = None


@dataclass(frozen=True)
class ProviderFacts:
    """A provider in one role: rendering (82), supervising (DQ), referring (DN). NPI in NM109."""

    kind: EntityKind
    last_or_organization_name: str
    npi: str
    first_name: str = ""
    middle_name: str = ""
    taxonomy: str = ""


@dataclass(frozen=True)
class BillingFacts:
    """The billing provider (loop 2010AA, Box 33) with its tax id (REF EI/SY, Box 25)."""

    kind: EntityKind
    last_or_organization_name: str
    npi: str
    tax_id: str
    tax_id_kind: TaxIdKind
    taxonomy: str
    address: AddressFacts | None
    first_name: str = ""
    middle_name: str = ""
    phone: str = ""
    pay_to: AddressFacts | None = None


@dataclass(frozen=True)
class FacilityFacts:
    """Where services happened when that is not the billing address (loop 2310C, Box 32)."""

    name: str
    address: AddressFacts | None
    npi: str = ""


@dataclass(frozen=True)
class PayerFacts:
    """The payer as the clearinghouse knows it (NM1*PR, MI/PI in NM109, SBR09)."""

    name: str
    payer_id: str
    filing_code: str = "CI"
    address: AddressFacts | None = None


@dataclass(frozen=True)
class CoverageFacts:
    """One policy on a claim: whose, with which payer, in which order (SBR, NM1*IL, NM1*PR).

    `relationship` is the client's to the insured, the PAT01 / SBR02 code: 18 self, 01 spouse,
    19 child, 20 employee, 21 unknown, 39 organ donor, 40 cadaver donor, 53 life partner, G8 other.
    """

    order: PayerOrder
    payer: PayerFacts
    insured: PersonFacts
    member_id: str
    relationship: str
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""  # SBR05, only for Medicare as secondary
    assignment_of_benefits: str = "Y"
    release_of_information: str = "Y"


@dataclass(frozen=True)
class AdjustmentFacts:
    """Why an amount was not paid (CAS): group CO, PR, OA or PI, reason (CARC), dollars."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


@dataclass(frozen=True)
class LineAdjudicationFacts:
    """What another payer did with a line (loop 2430: SVD, CAS, DTP*573)."""

    payer_id: str
    paid_amount: Decimal
    procedure_code: str
    modifiers: tuple[str, ...]
    units: Decimal
    adjustments: tuple[AdjustmentFacts, ...]
    adjudicated_on: date
    remaining_patient_amount: Decimal | None = None


@dataclass(frozen=True)
class OtherPayerFacts:
    """Another payer's coverage and what it decided (loops 2320, 2330A, 2330B)."""

    coverage: CoverageFacts
    paid_amount: Decimal | None = None
    remaining_patient_amount: Decimal | None = None
    adjudicated_on: date | None = None
    payer_claim_control_number: str = ""
    adjustments: tuple[AdjustmentFacts, ...] = ()


@dataclass(frozen=True)
class LineFacts:
    """One procedure on one day, as charged to the payer (loop 2400: LX, SV1, DTP*472, REF*6R)."""

    line_control_number: str
    procedure_code: str
    charge_amount: Decimal
    units: Decimal
    first_day: date
    diagnosis_pointers: tuple[int, ...]
    modifiers: tuple[str, ...] = ()
    last_day: date | None = None
    place_of_service: str = ""  # SV105, only when it differs from the claim's
    prior_authorization: str = ""
    adjudications: tuple[LineAdjudicationFacts, ...] = ()


@dataclass(frozen=True)
class ClaimFacts:
    """Everything one claim says to one payer (loops 2000B/2000C and 2300 with its lines)."""

    patient_control_number: str  # CLM01: at most 17 of [A-Z0-9], ours, one per attempt
    frequency: Frequency  # CLM05-3
    place_of_service: str  # CLM05-1, Box 24B
    billing: BillingFacts
    coverage: CoverageFacts
    patient: PersonFacts
    diagnoses: tuple[str, ...]  # ICD-10-CM without dots, in order (HI, Box 21)
    lines: tuple[LineFacts, ...]
    rendering: ProviderFacts | None = None
    supervising: ProviderFacts | None = None
    referring: ProviderFacts | None = None
    facility: FacilityFacts | None = None
    trace: str = ""  # REF*D9: our attempt id, echoed in 277CA
    payer_claim_control_number: str = ""  # REF*F8, only with frequency 7 or 8
    prior_authorization: str = ""  # REF*G1, Box 23
    referral_number: str = ""  # REF*9F
    medical_record_number: str = ""  # REF*EA
    patient_paid_amount: Decimal | None = None  # AMT*F5, Box 29
    accept_assignment: str = "A"  # CLM07: A, B or C
    provider_signature_on_file: str = "Y"  # CLM06
    accident: str = ""  # CLM11-1 (AA, EM, OA), only when an accident caused it
    accident_state: str = ""  # CLM11-4 for AA
    accident_on: date | None = None  # DTP*439
    note: str = ""  # NTE*ADD
    others: tuple[OtherPayerFacts, ...] = ()
    # CLM02 as a foreign file states it; None on claims of ours, whose charge is the lines' sum.
    stated_charge_amount: Decimal | None = None

    @property
    def charge_amount(self) -> Decimal:
        """The claim's total charge, the exact sum of its lines (CLM02, Box 28)."""
        return sum((line.charge_amount for line in self.lines), Decimal("0.00"))
