"""What readiness is told about each subject: plain facts, no encrypted value, no database."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backoffice.rules.claim_facts import AddressFacts, EntityKind, PayerOrder, Sex, TaxIdKind
from backoffice.rules.payer_rules import STANDARD, PayerScrubRules
from backoffice.rules.readiness.vocabulary import (
    AppointmentStatus,
    AuthorizationState,
    BillingType,
    Disposition,
    EnrollmentKind,
    EnrollmentStatus,
    Shape,
)


@dataclass(frozen=True)
class PracticeReadiness:
    """The practice itself. `locations` and `billing_profiles` count the live ones."""

    name: str
    phone: str
    address: AddressFacts | None
    time_zone: str
    locations: int
    billing_profiles: int
    billing_is_on: bool = True  # its master switch for insurance billing


@dataclass(frozen=True)
class BillingProfileReadiness:
    """One billing identity (loop 2010AA, Boxes 25 and 33). The tax id comes as its shape."""

    kind: EntityKind
    organization_name: str = ""
    last_name: str = ""
    first_name: str = ""
    npi: str = ""
    tax_id: Shape = Shape.ABSENT
    tax_id_kind: TaxIdKind | None = None
    taxonomy: str = ""
    address: AddressFacts | None = None
    phone: str = ""
    pay_to: AddressFacts | None = None


@dataclass(frozen=True)
class ClinicianReadiness:
    """A clinician as rendering provider (loop 2310B, Box 24J).

    `organization_npis` are the type 2 NPIs of the practice's billing profiles: a person's own
    NPI is never one of them. The supervisor matters only when `is_supervised` (loop 2310D).
    """

    last_name: str
    first_name: str = ""
    npi: str = ""
    taxonomy: str = ""
    organization_npis: frozenset[str] = frozenset()
    is_supervised: bool = False
    supervisor_last_name: str = ""
    supervisor_npi: str = ""


@dataclass(frozen=True)
class LocationReadiness:
    """A place where services happen (Box 32, Box 24B).

    `facility_shown`: a billing profile used with it prints Box 32. `at_billing_address`: it is
    the billing address of every profile used with it, so that Box 32 may stay empty.
    """

    name: str
    place_of_service: str = ""
    address: AddressFacts | None = None
    npi: str = ""
    facility_shown: bool = False
    at_billing_address: bool = True


@dataclass(frozen=True)
class ClientReadiness:
    """A client's own data as the payer has it on file (NM1*QC or IL, Boxes 2, 3, 5)."""

    last_name: str
    first_name: str = ""
    birth_date: Shape = Shape.ABSENT
    sex: Sex | None = None
    address: AddressFacts | None = None
    phone: str = ""
    billing_type: BillingType = BillingType.INSURANCE
    has_policy: bool = False
    may_be_billed: bool = True  # False: under 42 CFR Part 2, and no consent holds


@dataclass(frozen=True)
class InsuredReadiness:
    """The insured person when that isn't the client (NM1*IL, Boxes 4, 7, 11a)."""

    last_name: str = ""
    first_name: str = ""
    birth_date: Shape = Shape.ABSENT
    sex: Sex | None = None
    address: AddressFacts | None = None


@dataclass(frozen=True)
class PolicyPayer:
    """The payer of a policy, as far as the policy's readiness rests on it.

    `local_states` are set for payers that must be the plan local to the practice (BCBS).
    """

    name: str
    payer_id: str = ""
    filing_code: str = "CI"
    local_states: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PolicyReadiness:
    """A client's coverage (SBR, NM1*IL, NM1*PR; Boxes 1a to 11).

    `member_id` has the payer's own pattern folded into its shape. `same_order` counts the
    client's other live policies of the same payer order, `has_primary` says whether a live
    primary policy stands before this one.
    """

    order: PayerOrder
    payer: PolicyPayer | None = None
    member_id: Shape = Shape.ABSENT
    relationship: str = ""
    insured: InsuredReadiness | None = None
    insurance_type: str = ""
    first_day: date | None = None
    last_day: date | None = None
    practice_state: str = ""
    needs_review: bool = False
    same_order: int = 0
    has_primary: bool = True


@dataclass(frozen=True)
class EnrollmentReadiness:
    """A practice's (or clinician's) enrollment with one payer for one transaction."""

    kind: EnrollmentKind
    status: EnrollmentStatus


@dataclass(frozen=True)
class AuthorizationReadiness:
    """A prior authorization. `number` may be empty to count sessions only."""

    number: str = ""
    number_required: bool = False
    uses_allowed: int | None = None
    uses_taken: int = 0
    first_day: date | None = None
    last_day: date | None = None
    is_active: bool = True
    other_active: int = 0


@dataclass(frozen=True)
class VisitLine:
    """One service of an appointment. `charge_amount` None: no fee is known for the code."""

    procedure_code: str = ""
    modifiers: tuple[str, ...] = ()
    units: Decimal | None = None
    charge_amount: Decimal | None = None
    diagnosis_pointers: tuple[int, ...] = ()


@dataclass(frozen=True)
class AppointmentReadiness:
    """An appointment with the small facts of its neighbours that only it can be judged on.

    `place_of_service` is the session's own, or its location's. `policy_covers_day` matters when
    a policy is chosen. `filing_deadline` is the last day on which the payer takes the claim.
    """

    status: AppointmentStatus
    day: date
    lines: tuple[VisitLine, ...] = ()
    diagnoses: tuple[str, ...] = ()
    disposition: Disposition = Disposition.BILL
    place_of_service: str = ""
    has_clinician: bool = True
    has_location: bool = True
    has_billing_profile: bool = True
    client_has_policy: bool = True
    has_policy: bool = True
    policy_covers_day: bool = True
    note_signed: bool = True
    note_gate: bool = False
    is_duplicate: bool = False
    authorization: AuthorizationState = AuthorizationState.NOT_NEEDED
    enrollment_effective_on: date | None = None
    filing_deadline: date | None = None
    payer_rules: PayerScrubRules = field(default=STANDARD)
