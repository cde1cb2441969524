"""The words readiness speaks in: shapes, suppliers, screens, weights and states."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """All that is kept in the clear of an encrypted value: whether it is there and well formed."""

    ABSENT = "absent"
    MALFORMED = "malformed"
    WELL_FORMED = "well_formed"


class Supplier(StrEnum):
    """Who can supply what is missing."""

    US = "us"
    PRACTICE = "practice"
    CLINICIAN = "clinician"


class Weight(StrEnum):
    """What a finding does to the appointments that rest on it.

    BLOCKS: the payer would refuse the claim (Missing). HOLDS: the claim is right, but must wait
    for an event such as an accepted enrollment (Held). WARNS: worth a look, nothing stops.
    """

    BLOCKS = "blocks"
    HOLDS = "holds"
    WARNS = "warns"


class Subject(StrEnum):
    """What a finding hangs on."""

    PRACTICE = "practice"
    BILLING_PROFILE = "billing_profile"
    CLINICIAN = "clinician"
    LOCATION = "location"
    CLIENT = "client"
    POLICY = "policy"
    ENROLLMENT = "enrollment"
    AUTHORIZATION = "authorization"
    APPOINTMENT = "appointment"


class Screen(StrEnum):
    """Where in the portal a value is entered, in the word printed on that screen."""

    PRACTICE = "Practice"
    BILLING_PROFILE = "Billing profile"
    CLINICIAN = "Clinician"
    LOCATION = "Location"
    PAYER = "Payer"
    CLIENT = "Client"
    CONSENTS = "Consents"
    POLICY = "Policy"
    ENROLLMENT = "Enrollment"
    AUTHORIZATION = "Authorization"
    APPOINTMENT = "Appointment"


@dataclass(frozen=True)
class Where:
    """The screen and the field's label on it: where somebody goes to put it right."""

    screen: Screen
    label: str


class EnrollmentStatus(StrEnum):
    """How far permission from a payer has come (product's list; none on the wire)."""

    NOT_REQUIRED = "not_required"
    TO_ENROLL = "to_enroll"
    SUBMITTED = "submitted"
    DOCUMENT_REQUIRED = "document_required"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SUPPORTED = "not_supported"
    NO_CLIENTS_ON_FILE = "no_clients_on_file"


class EnrollmentKind(StrEnum):
    """What an enrollment permits: sending claims (837P) or receiving remittances (835)."""

    CLAIMS = "837P"
    REMITTANCES = "835"


class AppointmentStatus(StrEnum):
    """What became of an appointment; only a completed one is billable."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    LATE_CANCELLED = "late_cancelled"


class Disposition(StrEnum):
    """Whether an appointment is to be billed by us; everything but BILL can be undone."""

    BILL = "bill"
    SELF_PAY = "self_pay"
    FILED_ELSEWHERE = "filed_elsewhere"
    NOT_BILLABLE = "not_billable"


class BillingType(StrEnum):
    """Who pays for a client's sessions."""

    INSURANCE = "insurance"
    SELF_PAY = "self_pay"


class AuthorizationState(StrEnum):
    """How an appointment stands to prior authorization (REF*G1, Box 23)."""

    NOT_NEEDED = "not_needed"
    COVERED = "covered"
    MISSING = "missing"
    OUTSIDE_DATES = "outside_dates"
    USED_UP = "used_up"


class Readiness(StrEnum):
    """The one word beside an appointment in the Unbilled queue."""

    READY = "ready"
    MISSING = "missing"
    HELD = "held"


class NegativeCount(ValueError):
    """A count of findings was below zero."""


def readiness_of(blocking: int, holding: int, warning: int = 0) -> Readiness:
    """Return the state that the counts of findings give; what is missing comes before what waits.

    A warning never changes the state: the parameter is there so that a caller can hand over the
    three counts it keeps.
    """
    if min(blocking, holding, warning) < 0:
        raise NegativeCount
    if blocking:
        return Readiness.MISSING
    return Readiness.HELD if holding else Readiness.READY
