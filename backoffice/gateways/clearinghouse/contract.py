"""What a clearinghouse can be asked and what it may answer, whoever it is.

The words are ours (house.md B); each field names where Claim.MD puts it. Marks: [verified] in the
vendor's own samples or documentation, [assumed] known from third parties only, or our reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

RawObject: TypeAlias = Mapping[str, Any]

# 20: invalid AccountKey [assumed]. The HTTP answers say that we are not known, or not there.
ACCOUNT_ERRORS = frozenset({"20", "HTTP 401", "HTTP 403", "HTTP 404"})


class Sender(StrEnum):
    """Who speaks in a response row: told by `sender_name` [assumed]."""

    CLEARINGHOUSE = "clearinghouse"
    PAYER = "payer"
    UNSAID = "unsaid"


@dataclass(frozen=True)
class ServiceError:
    """One error the clearinghouse named: `error_code` and `error_mesg` or `error_message`.

    `words` may quote what we sent, so they are kept for people with the right to read them and
    never put into a log or an exception; `code` is safe anywhere. Codes seen: 20 invalid
    AccountKey, 711 nothing found [assumed].
    """

    code: str
    words: str = field(repr=False)


@dataclass(frozen=True)
class RowMessage:
    """One message about a claim. `response_id` is its dedupe key [assumed]; empty at upload.

    `status` is the vendor's letter: A accepted so far, R rejected [verified]; anything else is
    information for a person. `category` is the X12 claim status category (STC01-1: A1, A2, P1,
    R3 ...) when `mesgid` carries an STC01 string such as `A2:20` [assumed], else empty.
    """

    response_id: str
    status: str
    category: str
    message_id: str
    words: str = field(repr=False)
    fields: str = field(repr=False)


@dataclass(frozen=True)
class ClaimRow:
    """What is said about one claim at one moment, in `upload` and `response` answers.

    `patient_control_number` is ours (pcn, CLM01); `trace` is ours (remote_claimid, REF*D9);
    `clearinghouse_claim_number` is theirs (claimmd_id); `sender_claim_number` is the sender's own
    (sender_icn): the payer claim control number when `sender` is the payer [assumed].
    `said_at` is `response_time`, US-Eastern wall time on the wire [assumed], here aware UTC; in the
    doubled hour of autumn the earlier moment. `raw` is the row as it came: it holds PHI.
    """

    patient_control_number: str
    status: str
    sender: Sender
    sender_name: str
    clearinghouse_claim_number: str
    sender_claim_number: str
    trace: str
    payer_id: str
    file_id: str
    filename: str
    batch_id: str
    charge_amount: Decimal | None
    said_at: datetime | None
    messages: tuple[RowMessage, ...]
    raw: RawObject = field(repr=False)


@dataclass(frozen=True)
class Accepted:
    """The file was taken; a row for each claim, each with its own A or R."""

    rows: tuple[ClaimRow, ...]
    errors: tuple[ServiceError, ...] = ()


@dataclass(frozen=True)
class Refused:
    """The file was turned away as a whole, and definitively: nothing of it was taken.

    One exception to think of: a refusal as a duplicate says that an *earlier* send of the same
    interchange arrived. So ask `find` once before believing a refusal on any attempt but the first.
    """

    errors: tuple[ServiceError, ...]

    @property
    def concerns_the_account(self) -> bool:
        """True when our key or address is at fault, not the file: hold it and tell somebody."""
        return any(error.code in ACCOUNT_ERRORS for error in self.errors)


class WhyNotAccepted(StrEnum):
    """Why nothing can have been taken, so that the same bytes may be sent again."""

    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class NotAccepted:
    """The file did not arrive, for certain: send the same bytes again later."""

    why: WhyNotAccepted
    retry_after_seconds: float | None = None


class WhyUnknown(StrEnum):
    """Why it cannot be said whether the file was taken."""

    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    SERVER_FAILED = "server_failed"
    ANSWER_UNREADABLE = "answer_unreadable"
    ANSWER_NOT_ABOUT_OUR_FILE = "answer_not_about_our_file"


@dataclass(frozen=True)
class Unknown:
    """The file may have arrived. Never sent again blindly: ask `find`, or a person."""

    why: WhyUnknown


SendResult: TypeAlias = Accepted | Refused | NotAccepted | Unknown


@dataclass(frozen=True)
class Found:
    """The clearinghouse holds a file of this name (uploadlist: inboundid, uploadtime)."""

    inbound_id: str
    uploaded_at: datetime | None


@dataclass(frozen=True)
class NotFound:
    """Every page of the list was read and the file is not in it *now*.

    A list may lag behind what was taken: whoever asks decides how long after the send a "not
    found" is believed (safety.md 7, row 11).
    """


class WhyCannotTell(StrEnum):
    """Why `find` has no answer."""

    NOT_REACHED = "not_reached"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    NO_QUERY = "no_query"


@dataclass(frozen=True)
class CannotTell:
    """The list could not be read whole: stay unknown, ask again, then ask a person."""

    why: WhyCannotTell


Lookup: TypeAlias = Found | NotFound | CannotTell


@dataclass(frozen=True)
class ResponsePage:
    """Rows newer than a cursor. `cursor` is stored in the same transaction as the rows.

    `grew` is False when the cursor did not move: there is nothing more now. (The vendor leaves
    `last_responseid` out when nothing is new, so "until it is absent" could loop for ever.)
    """

    rows: tuple[ClaimRow, ...]
    cursor: str
    grew: bool


@dataclass(frozen=True)
class EraListing:
    """One remittance that may be fetched (eralist: eraid, check_number, paid_amount ...)."""

    era_id: str
    payer_id: str
    payer_name: str
    check_number: str
    paid_amount: Decimal | None
    paid_on: date | None
    raw: RawObject = field(repr=False)


@dataclass(frozen=True)
class EraPage:
    """Remittances newer than a cursor; `cursor` and `grew` as in ResponsePage."""

    eras: tuple[EraListing, ...]
    cursor: str
    grew: bool


@dataclass(frozen=True)
class PayerListing:
    """A payer the clearinghouse reaches; `services` says what for, in the vendor's own words."""

    payer_id: str
    name: str
    services: Mapping[str, str]
    raw: RawObject = field(repr=False)


class EnrollmentKind(StrEnum):
    """Which transaction is enrolled (`enroll_type`) [assumed]."""

    ERA = "era"
    PROFESSIONAL_CLAIMS = "1500"
    ELIGIBILITY = "elig"
    ATTACHMENTS = "attach"


@dataclass(frozen=True)
class EnrollmentRequest:
    """Who enrols with which payer for what. Names and address only as the payer has them."""

    payer_id: str
    kind: EnrollmentKind
    tax_id: str = field(repr=False)
    npi: str
    provider_last_or_organization_name: str
    provider_first_name: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""


@dataclass(frozen=True)
class EnrollmentLink:
    """The page on which the provider completes the enrollment."""

    url: str
    raw: RawObject = field(repr=False)


class ClearinghouseUnreachable(Exception):
    """A question got no answer (no connection, time-out, 5xx): ask again later."""


class ClearinghouseAskedForPatience(ClearinghouseUnreachable):
    """HTTP 429 or 503: ask again after `retry_after_seconds` (None: not said)."""

    def __init__(self, retry_after_seconds: float | None) -> None:
        super().__init__("the clearinghouse asked us to wait")
        self.retry_after_seconds = retry_after_seconds


class ClearinghouseRefused(Exception):
    """A question was answered with errors. The text of this exception holds the codes only."""

    def __init__(self, errors: tuple[ServiceError, ...]) -> None:
        super().__init__(f"the clearinghouse refused: {', '.join(e.code for e in errors)}")
        self.errors = errors

    @property
    def concerns_the_account(self) -> bool:
        """True when our key or address is at fault, not what was asked for."""
        return any(error.code in ACCOUNT_ERRORS for error in self.errors)


class ClearinghouseAnswerUnreadable(Exception):
    """An answer came that is not what the contract says. Its text is never quoted."""


class Clearinghouse(Protocol):
    """A clearinghouse account: send files, ask for what came back.

    `send` and `find` never raise for what the network or the other side does: they answer. The
    others raise ClearinghouseUnreachable, ClearinghouseRefused or ClearinghouseAnswerUnreadable.
    """

    def send(self, content: bytes, filename: str) -> SendResult:
        """Send one 837 file; `filename` is its name for ever (`<ISA13>.837`) and holds no PHI."""
        ...

    def find(self, filename: str, *, since: datetime, now: datetime) -> Lookup:
        """Ask whether a file first sent at `since` (aware) has arrived, by its name."""
        ...

    def responses(self, cursor: str) -> ResponsePage:
        """Claim rows newer than `cursor` ("0": from the start)."""
        ...

    def eras(self, cursor: str) -> EraPage:
        """Remittances newer than `cursor` ("0": from the start), fetched before or not."""
        ...

    def fetch_era(self, era_id: str) -> bytes:
        """The raw 835 of one remittance."""
        ...

    def payers(self, name: str = "") -> tuple[PayerListing, ...]:
        """Payers whose name holds `name`; all of them when empty."""
        ...

    def enrollment_link(self, request: EnrollmentRequest) -> EnrollmentLink:
        """Start an enrollment; the provider completes it at the link."""
        ...
