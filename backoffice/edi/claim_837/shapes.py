"""The dataclasses of an 837P: one claim with its parties and lines, as X12 speaks of them."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from backoffice.edi.qualifiers import EntityType

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address (N3, N4). `zip` is N403 as it stands; `country` is empty for the US."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Party:
    """Anybody an NM1 names, with the segments of its loop.

    `kind` is NM102, `name` NM103 (last name or organization), `id_kind` and `id` NM108 and NM109,
    `taxonomy` PRV03, `birth_date` and `sex` DMG02 and DMG03, `references` each REF01 and REF02.
    `segment` is where the NM1 was read.
    """

    kind: str = EntityType.ORGANIZATION
    name: str = ""
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    id_kind: str = ""
    id: str = ""
    taxonomy: str = ""
    address: Address | None = None
    birth_date: date | None = None
    sex: str = ""
    references: tuple[tuple[str, str], ...] = ()
    segment: int = field(default=0, compare=False)

    def reference(self, kind: str) -> str:
        """The number in the party's first REF of that kind, empty when there is none."""
        return next((value for each, value in self.references if each == kind), "")


@dataclass(frozen=True, slots=True)
class Contact:
    """Who may be called (PER*IC): `phone` is TE, `extension` EX, `email` EM, `fax` FX."""

    name: str = ""
    phone: str = ""
    extension: str = ""
    email: str = ""
    fax: str = ""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who made the file (loop 1000A); `id` is NM109 with 46."""

    name: str
    id: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the file (loop 1000B); `id` is NM109 with 46."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class BillingProvider:
    """Who bills (loops 2000A, 2010AA, 2010AB). Its tax id is the party's REF EI or SY."""

    party: Party = field(default_factory=Party)
    contact: Contact | None = None
    pay_to: Address | None = None

    @property
    def tax_id_kind(self) -> str:
        """EI for an employer's number, SY for a social security number; empty without either."""
        return next((kind for kind, _ in self.party.references if kind in {"EI", "SY"}), "")

    @property
    def tax_id(self) -> str:
        """The number in REF*EI or REF*SY."""
        return self.party.reference(self.tax_id_kind) if self.tax_id_kind else ""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The insured under one payer (loops 2000B and 2010BA; for another payer 2320 and 2330A).

    `order` is SBR01, `relationship` SBR02 (in 2000B only 18 or empty: a dependent's relationship
    is the patient's PAT01; in 2320 the patient's to this insured), `filing_code` SBR09.
    """

    order: str = ""
    relationship: str = ""
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    filing_code: str = ""
    party: Party = field(default_factory=Party)
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient who isn't the subscriber (loops 2000C, 2010CA); `relationship` is PAT01."""

    relationship: str
    party: Party
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis (HI): `kind` ABK or ABF (BK, BF: the old ICD-9), `code` without a dot."""

    kind: str
    code: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Why an amount was not paid (CAS): group, reason (CARC), dollars, and units if given."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineAdjudication:
    """What another payer did with a line (loop 2430). `payer_id` is SVD01."""

    payer_id: str
    paid_amount: Decimal
    procedure_code: str
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    adjustments: tuple[Adjustment, ...] = ()
    adjudicated_on: date | None = None
    remaining_patient_amount: Decimal | None = None
    procedure_kind: str = "HC"
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OtherPayer:
    """Another payer of the same claim and what it decided (loops 2320, 2330A, 2330B)."""

    subscriber: Subscriber
    payer: Party
    paid_amount: Decimal | None = None  # AMT*D
    remaining_patient_amount: Decimal | None = None  # AMT*EAF
    benefits_assignment: str = "Y"  # OI03
    release_of_information: str = "Y"  # OI06
    adjustments: tuple[Adjustment, ...] = ()
    adjudicated_on: date | None = None  # DTP*573
    payer_claim_control_number: str = ""  # REF*F8
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One service line (loop 2400): LX, SV1, DTP*472, REF*6R, REF*G1 and other payers' answers."""

    procedure_code: str  # SV101-2
    charge_amount: Decimal  # SV102
    units: Decimal  # SV104
    first_day: date | None
    last_day: date | None
    diagnosis_pointers: tuple[int, ...]  # SV107
    modifiers: tuple[str, ...] = ()  # SV101-3 to -6
    place_of_service: str = ""  # SV105
    line_control_number: str = ""
    prior_authorization: str = ""
    procedure_kind: str = "HC"  # SV101-1
    unit: str = "UN"  # SV103
    adjudications: tuple[LineAdjudication, ...] = ()
    segment: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim to one payer (loop 2300), with the parties of the loops above it."""

    billing: BillingProvider
    subscriber: Subscriber
    payer: Party
    patient_control_number: str  # CLM01
    charge_amount: Decimal  # CLM02
    place_of_service: str  # CLM05-1
    frequency: str  # CLM05-3: 1, 7 or 8
    lines: tuple[Line, ...]
    diagnoses: tuple[Diagnosis, ...]
    patient: Patient | None = None
    provider_signature: str = "Y"  # CLM06
    assignment: str = "A"  # CLM07
    benefits_assignment: str = "Y"  # CLM08
    release_of_information: str = "Y"  # CLM09
    accident: str = ""  # CLM11-1
    accident_state: str = ""  # CLM11-4
    accident_on: date | None = None  # DTP*439
    patient_paid_amount: Decimal | None = None  # AMT*F5
    prior_authorization: str = ""  # REF*G1
    referral_number: str = ""  # REF*9F
    payer_claim_control_number: str = ""  # REF*F8
    trace: str = ""  # REF*D9
    medical_record_number: str = ""  # REF*EA
    note: str = ""  # NTE*ADD
    referring: Party | None = None  # NM1*DN
    rendering: Party | None = None  # NM1*82
    facility: Party | None = None  # NM1*77
    supervising: Party | None = None  # NM1*DQ
    others: tuple[OtherPayer, ...] = ()
    segment: int = field(default=0, compare=False)

    @property
    def line_total(self) -> Decimal:
        """The sum of the lines' charges, which CLM02 has to equal."""
        return sum((line.charge_amount for line in self.lines), ZERO)


@dataclass(frozen=True, slots=True)
class ClaimSet:
    """One transaction set of claims, ST to SE.

    `control_number` is ST02, `reference` BHT03 (unique per set, echoed in a 277CA), `day` and
    `clock` BHT04 and BHT05 by the sender's wall clock. At most 5,000 claims.
    """

    control_number: str
    reference: str
    day: date
    clock: time
    submitter: Submitter
    receiver: Receiver
    claims: tuple[Claim, ...]
