"""Claim.MD over HTTP: the real clearinghouse, or whatever speaks its API at another address.

All calls are POST with `AccountKey` in the body and `Accept: application/json` [verified]; the
test and the live account share one host, the key decides [assumed]. How an upload ended is told by
what is certain, not by what is likely:
  an answer with claim rows about our file            Accepted
  an error object, or a 4xx other than 408 and 429    Refused
  no connection, 429, 503                             NotAccepted: the same bytes may go again
  time-out, lost connection, other 5xx, half answer   Unknown: `find` is asked, never sent blindly
"""

import ipaddress
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from backoffice.gateways.clearinghouse import answers
from backoffice.gateways.clearinghouse.contract import (
    Accepted,
    CannotTell,
    ClearinghouseAnswerUnreadable,
    ClearinghouseAskedForPatience,
    ClearinghouseRefused,
    ClearinghouseUnreachable,
    EnrollmentLink,
    EnrollmentRequest,
    EraListing,
    EraPage,
    Found,
    Lookup,
    NotAccepted,
    NotFound,
    PayerListing,
    Refused,
    ResponsePage,
    SendResult,
    ServiceError,
    Unknown,
    WhyCannotTell,
    WhyNotAccepted,
    WhyUnknown,
)
from backoffice.gateways.clearinghouse.pace import Pace

LIVE_URL = "https://svc.claim.md/services"
OWN_NAMES = frozenset({"CLAIMMD"})  # sender_name of the clearinghouse, letters only [assumed]
LARGEST_ANSWER = 128 * 1024 * 1024
PAGES_AT_MOST = 500
NOT_THERE = "404"


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for a connection, for the next byte, and for the whole answer."""

    connect: float = 10.0
    silence: float = 45.0
    whole: float = 90.0


@dataclass(frozen=True)
class _HttpAnswer:
    status: int
    body: bytes = field(repr=False)
    retry_after: float | None


class _TookTooLong(Exception):
    """The answer kept trickling past the whole patience, or past the largest size."""


class ClaimMd:
    """A Claim.MD account. Each call opens its own connection.

    A kept connection that the other side has just closed can't be told from one lost in the middle
    of a send; a fresh one can, so fewer sends end Unknown.
    """

    def __init__(
        self,
        base_url: str,
        account_key: str,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._account_key = account_key
        self._pace = pace or Pace()
        self._patience = patience or Patience()
        # A proxy named in the environment serves the outside world, never this machine.
        self._trust_env = not _is_loopback(base_url)

    def __repr__(self) -> str:
        return f"ClaimMd({self._base_url!r})"

    def send(self, content: bytes, filename: str) -> SendResult:
        """Send one 837 file; see the module's words for how it can end."""
        try:
            answer = self._post("upload", {"Filename": filename}, upload=(filename, content))
        except (requests.RequestException, _TookTooLong) as lost:
            return _ending_of(lost)
        if answer.status != 200:
            return _ending_of_status(answer)
        try:
            said = answers.answer_in(answer.body)
            errors = answers.errors_in(said)
            rows = answers.claim_rows(said, OWN_NAMES)
        except ClearinghouseAnswerUnreadable:
            return Unknown(WhyUnknown.ANSWER_UNREADABLE)
        if not rows:
            return Refused(errors) if errors else Unknown(WhyUnknown.ANSWER_UNREADABLE)
        elements = frozenset(content.split(content[3:4] or b"*"))
        if any(row.patient_control_number.encode() not in elements for row in rows):
            return Unknown(WhyUnknown.ANSWER_NOT_ABOUT_OUR_FILE)
        return Accepted(rows, errors)

    def find(self, filename: str, *, since: datetime, now: datetime) -> Lookup:
        """Look for a file by name through the upload lists of every day since it was first sent."""
        try:
            for entry in self._uploads(since, now):
                if answers.text(entry.get("filename")) == filename:
                    return Found(
                        inbound_id=answers.text(entry.get("inboundid")),
                        uploaded_at=answers.epoch(entry.get("uploadtime")),
                    )
        except ClearinghouseUnreachable:
            return CannotTell(WhyCannotTell.NOT_REACHED)
        except ClearinghouseAnswerUnreadable:
            return CannotTell(WhyCannotTell.UNREADABLE)
        except ClearinghouseRefused as refused:
            no_query = any(error.code == f"HTTP {NOT_THERE}" for error in refused.errors)
            return CannotTell(WhyCannotTell.NO_QUERY if no_query else WhyCannotTell.REFUSED)
        return NotFound()

    def responses(self, cursor: str) -> ResponsePage:
        """Rows newer than the cursor."""
        said = self._ask("response", {"ResponseID": cursor or "0"})
        following, grew = answers.cursor_after(cursor, said, "last_responseid")
        return ResponsePage(answers.claim_rows(said, OWN_NAMES), following, grew)

    def eras(self, cursor: str) -> EraPage:
        """Remittances newer than the cursor: NewOnly=0, so that a lost fetch can be repeated."""
        listings: dict[str, EraListing] = {}
        following = cursor or "0"
        for page in range(PAGES_AT_MOST):
            asked = {"ERAID": cursor or "0", "NewOnly": "0"} | ({"Page": str(page)} if page else {})
            said = self._ask("eralist", asked)
            following, _ = answers.cursor_after(following, said, "last_eraid")
            fresh = [era for era in answers.era_listings(said) if era.era_id not in listings]
            listings |= {era.era_id: era for era in fresh}
            if not fresh and page != 1:  # page 1 is the first again where pages count from one
                break
        return EraPage(tuple(listings.values()), following, following != (cursor or "0"))

    def fetch_era(self, era_id: str) -> bytes:
        """The raw 835: in `data`, bare or one level down [key verified by third parties only]."""
        answer = self._asked("era835", {"eraid": era_id})
        if answer.body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"ISA"):
            return answer.body
        said = _said(answer)
        for candidate in (said, *answers.listed_with(said, "data")):
            if isinstance(data := candidate.get("data"), str) and data:
                return _as_bytes(data)
        raise ClearinghouseAnswerUnreadable("the remittance has no data")

    def payers(self, name: str = "") -> tuple[PayerListing, ...]:
        """Payers whose name holds `name`."""
        said = self._ask("payerlist", {"payer_name": name} if name else {})
        return answers.payer_listings(said)

    def enrollment_link(self, request: EnrollmentRequest) -> EnrollmentLink:
        """Start an enrollment; answers with the page on which the provider completes it."""
        asked = {
            "payerid": request.payer_id,
            "enroll_type": request.kind.value,
            "prov_taxid": request.tax_id,
            "prov_npi": request.npi,
            "prov_name_l": request.provider_last_or_organization_name,
            "prov_name_f": request.provider_first_name,
            "contact_name": request.contact_name,
            "contact_email": request.contact_email,
            "contact_phone": request.contact_phone,
        }
        said = self._ask("enroll", {key: value for key, value in asked.items() if value})
        return EnrollmentLink(url=answers.link_in(said), raw=said)

    def _uploads(self, since: datetime, now: datetime) -> list[dict[str, Any]]:
        """Every entry of the upload lists, day by day in the vendor's time zone [assumed].

        Whether pages count from 0 or 1 is not documented: the first is asked for without a number,
        and page 1 may bring nothing new without being the end.
        """
        entries: dict[str, dict[str, Any]] = {}
        day, last = since.astimezone(answers.EASTERN).date(), now.astimezone(answers.EASTERN).date()
        while day <= last:
            for page in range(PAGES_AT_MOST):
                asked = {"UploadDate": day.isoformat()} | ({"Page": str(page)} if page else {})
                said = self._ask("uploadlist", asked)
                fresh = {
                    answers.text(entry.get("inboundid")): entry
                    for entry in answers.listed_with(said, "inboundid")
                    if answers.text(entry.get("inboundid")) not in entries
                }
                entries |= fresh
                if not fresh and page != 1:
                    break
            day += timedelta(days=1)
        return list(entries.values())

    def _ask(self, service: str, asked: dict[str, str]) -> dict[str, Any]:
        return _said(self._asked(service, asked))

    def _asked(self, service: str, asked: dict[str, str]) -> _HttpAnswer:
        try:
            answer = self._post(service, asked)
        except (requests.RequestException, _TookTooLong) as lost:
            # The library's text quotes addresses and, at times, what was sent: only its kind stays.
            raise ClearinghouseUnreachable(f"{service}: {type(lost).__name__}") from None
        if answer.status in (429, 503):
            raise ClearinghouseAskedForPatience(answer.retry_after)
        if answer.status >= 500 or answer.status == 408:
            raise ClearinghouseUnreachable(f"{service}: HTTP {answer.status}")
        if answer.status != 200:
            raise ClearinghouseRefused((_error_of_status(answer.status),))
        return answer

    def _post(
        self, service: str, asked: dict[str, str], *, upload: tuple[str, bytes] | None = None
    ) -> _HttpAnswer:
        self._pace.wait()
        ends_at = time.monotonic() + self._patience.whole
        with requests.Session() as session:
            session.trust_env = self._trust_env
            with session.post(
                f"{self._base_url}/{service}/",
                data={"AccountKey": self._account_key, **asked},
                files={"File": (*upload, "application/octet-stream")} if upload else None,
                headers={"Accept": "application/json", "Connection": "close"},
                timeout=(self._patience.connect, self._patience.silence),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _HttpAnswer(
                    status=response.status_code,
                    body=_whole_body(response, ends_at),
                    retry_after=_seconds(response.headers.get("Retry-After", "")),
                )


def _whole_body(response: requests.Response, ends_at: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if time.monotonic() > ends_at or len(body) > LARGEST_ANSWER:
            raise _TookTooLong
    return bytes(body)


def _said(answer: _HttpAnswer) -> dict[str, Any]:
    said = answers.answer_in(answer.body)
    if errors := answers.errors_in(said):
        raise ClearinghouseRefused(errors)
    return said


def _as_bytes(data: str) -> bytes:
    """The 835's bytes; a character beyond Latin-1 can't have been one byte, so UTF-8 then."""
    try:
        return data.encode("latin-1")
    except UnicodeEncodeError:
        return data.encode()


def _ending_of(lost: Exception) -> NotAccepted | Unknown:
    """What a failed exchange proves about a send."""
    if isinstance(lost, requests.ConnectTimeout) or _never_connected(lost):
        return NotAccepted(WhyNotAccepted.NO_CONNECTION)
    timed_out = isinstance(lost, requests.Timeout | _TookTooLong)
    return Unknown(WhyUnknown.TIMED_OUT if timed_out else WhyUnknown.CONNECTION_LOST)


def _never_connected(lost: BaseException | None) -> bool:
    """True when no connection, or no trusted one, was made: then no byte of the file left."""
    seen: set[int] = set()
    waiting: list[object] = [lost]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        if isinstance(cause, NewConnectionError | ssl.SSLCertVerificationError):
            return True
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return False


def _ending_of_status(answer: _HttpAnswer) -> Refused | NotAccepted | Unknown:
    if answer.status == 429:
        return NotAccepted(WhyNotAccepted.RATE_LIMITED, answer.retry_after)
    if answer.status == 503:
        return NotAccepted(WhyNotAccepted.UNAVAILABLE, answer.retry_after)
    if 400 <= answer.status < 500 and answer.status != 408:
        return Refused((_error_of_status(answer.status),))
    return Unknown(WhyUnknown.SERVER_FAILED)


def _error_of_status(status: int) -> ServiceError:
    return ServiceError(code=f"HTTP {status}", words=f"The clearinghouse answered HTTP {status}.")


def _seconds(retry_after: str) -> float | None:
    """Retry-After in seconds; its other form, a date, is read as "not said"."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
