"""A clearinghouse in memory, for tests of what is built on one: it keeps, and says what it is told.

It answers as scripted and invents nothing: what a payer would decide is the sandbox's business.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from backoffice.gateways.clearinghouse.contract import (
    Accepted,
    CannotTell,
    ClaimRow,
    ClearinghouseRefused,
    ClearinghouseUnreachable,
    EnrollmentLink,
    EnrollmentRequest,
    EraListing,
    EraPage,
    Found,
    Lookup,
    NotFound,
    PayerListing,
    ResponsePage,
    SendResult,
    ServiceError,
    WhyCannotTell,
)


@dataclass
class Receipt:
    """One file that arrived: a file that arrives twice has two."""

    filename: str
    content: bytes


class InMemoryClearinghouse:
    """Accepts every file with no rows unless told otherwise; `receipts` counts what arrived."""

    def __init__(self, payers: tuple[PayerListing, ...] = ()) -> None:
        self.receipts: list[Receipt] = []
        self.is_down = False
        self.has_query = True
        self.lags = False
        self.raises: dict[str, Exception] = {}  # by what is asked: "responses", or an era's id
        self._endings: deque[tuple[SendResult, bool]] = deque()
        self._rows: list[ClaimRow] = []
        self._eras: list[tuple[EraListing, bytes]] = []
        self._payers = payers

    def will_end(self, ending: SendResult, *, arrives: bool) -> None:
        """The next send ends so; `arrives` says whether the file was taken all the same."""
        self._endings.append((ending, arrives))

    def says(self, row: ClaimRow) -> ClaimRow:
        """Put a row behind the cursor; its messages get response ids in the order of saying."""
        first = self._last_response_id() + 1
        numbered = replace(
            row,
            messages=tuple(
                replace(message, response_id=str(first + place))
                for place, message in enumerate(row.messages)
            ),
        )
        self._rows.append(numbered)
        return numbered

    def offers(self, content: bytes, listing: EraListing) -> None:
        """Put a remittance behind the cursor; ids are numbers that grow."""
        self._eras.append((listing, content))

    def send(self, content: bytes, filename: str) -> SendResult:
        """Keep the file, or not, and end as told."""
        ending, arrives = self._endings.popleft() if self._endings else (Accepted(rows=()), True)
        if arrives:
            self.receipts.append(Receipt(filename, content))
        return ending

    def find(self, filename: str, *, since: datetime, now: datetime) -> Lookup:
        """Look among the receipts."""
        if self.is_down or not self.has_query:
            return CannotTell(WhyCannotTell.NOT_REACHED if self.is_down else WhyCannotTell.NO_QUERY)
        if since > now:
            raise ValueError("a file is looked for from the day it was sent, not from a later one")
        for place, receipt in enumerate(self.receipts, start=1):
            if receipt.filename == filename and not self.lags:
                return Found(inbound_id=str(place), uploaded_at=since)
        return NotFound()

    def responses(self, cursor: str) -> ResponsePage:
        """Rows with a message newer than the cursor."""
        self._must_be_up("responses")
        after = int(cursor or "0")
        rows = tuple(row for row in self._rows if _newest(row) > after)
        newest = max((_newest(row) for row in rows), default=after)
        return ResponsePage(rows, str(newest), newest > after)

    def eras(self, cursor: str) -> EraPage:
        """Remittances newer than the cursor."""
        self._must_be_up()
        after = int(cursor or "0")
        fresh = tuple(era for era, _ in self._eras if int(era.era_id) > after)
        newest = max((int(era.era_id) for era in fresh), default=after)
        return EraPage(fresh, str(newest), newest > after)

    def fetch_era(self, era_id: str) -> bytes:
        """The bytes that were offered under this id."""
        self._must_be_up(era_id)
        for listing, content in self._eras:
            if listing.era_id == era_id:
                return content
        raise ClearinghouseRefused((ServiceError("unnumbered", "No such remittance."),))

    def payers(self, name: str = "") -> tuple[PayerListing, ...]:
        """The payers given at the start."""
        self._must_be_up()
        return tuple(payer for payer in self._payers if name.lower() in payer.name.lower())

    def enrollment_link(self, request: EnrollmentRequest) -> EnrollmentLink:
        """A link that leads nowhere outside this machine."""
        self._must_be_up()
        return EnrollmentLink(
            url=f"http://localhost/enroll/{request.payer_id}/{request.kind.value}", raw={}
        )

    def _must_be_up(self, asked: str = "") -> None:
        if self.is_down:
            raise ClearinghouseUnreachable("down, as told")
        if asked in self.raises:
            raise self.raises[asked]

    def _last_response_id(self) -> int:
        return max((_newest(row) for row in self._rows), default=0)


def _newest(row: ClaimRow) -> int:
    return max((int(message.response_id) for message in row.messages), default=0)
