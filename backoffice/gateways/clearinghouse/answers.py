"""Reads Claim.MD's JSON answers into our words, forgiving in form and strict in meaning.

Top-level keys stand bare (`last_responseid`, `claim`, `error`) or under `result`; a list of one is
sometimes given as the object itself; errors come with HTTP 200 [verified: vendor's samples;
`result` and one-element lists: assumed]. Numbers are read as Decimal, never float.
"""

import json
import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.gateways.clearinghouse.contract import (
    ClaimRow,
    ClearinghouseAnswerUnreadable,
    EraListing,
    PayerListing,
    RawObject,
    RowMessage,
    Sender,
    ServiceError,
)

EASTERN = ZoneInfo("America/New_York")
MOMENT_FORMATS = ("%Y-%m-%d %I:%M:%S%p", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S")
DAY_FORMATS = ("%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y", "%Y%m%d")
CENTS = Decimal("0.01")
STC = re.compile(r"^([A-Z]\d{1,2}):\d{1,3}\b")


def answer_in(body: bytes) -> dict[str, Any]:
    """The answer object of a body; raises ClearinghouseAnswerUnreadable."""
    try:
        answer = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ClearinghouseAnswerUnreadable("the answer is not JSON") from None
    if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
        answer = answer["result"]
    if not isinstance(answer, dict):
        raise ClearinghouseAnswerUnreadable("the answer is not an object")
    return answer


def text(value: object) -> str:
    """A value as trimmed text; nothing and nested things become the empty text."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return ""


def listed(value: object) -> tuple[dict[str, Any], ...]:
    """A list of objects, which may come as nothing, as one object or as a list."""
    if value is None or value == "":
        return ()
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ClearinghouseAnswerUnreadable("a list holds something that is not an object")
    return tuple(entries)


def listed_with(answer: RawObject, key: str) -> tuple[dict[str, Any], ...]:
    """The list whose objects carry `key`, under whatever name the vendor gives the list."""
    for value in answer.values():
        if isinstance(value, dict | list):
            entries = listed(value)
            if entries and key in entries[0]:
                return entries
    return ()


def amount(value: object) -> Decimal | None:
    """Dollars with two places, or None where there is no exact amount."""
    try:
        number = Decimal(text(value))
        exact = number.quantize(CENTS)
    except InvalidOperation:
        return None
    return exact if exact == number else None


def moment(value: object) -> datetime | None:
    """A US-Eastern wall time as an aware UTC moment; None when absent or in another form."""
    for form in MOMENT_FORMATS:
        try:
            wall = datetime.strptime(text(value), form).replace(tzinfo=EASTERN)
        except ValueError:
            continue
        return wall.astimezone(UTC)
    return None


def epoch(value: object) -> datetime | None:
    """Seconds since 1970 as an aware UTC moment; None when absent or impossible."""
    try:
        return datetime.fromtimestamp(int(text(value)), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def day(value: object) -> date | None:
    """A day in any of the vendor's forms; None when absent or in another form."""
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(text(value), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def errors_in(answer: RawObject) -> tuple[ServiceError, ...]:
    """The errors of an answer: `error` as an object, a list, or bare words."""
    found = answer.get("error")
    if isinstance(found, str):
        return (ServiceError(code="unnumbered", words=found),) if found.strip() else ()
    return tuple(
        ServiceError(
            code=text(entry.get("error_code")) or "unnumbered",
            words=text(entry.get("error_mesg")) or text(entry.get("error_message")),
        )
        for entry in listed(found)
    )


def _message(entry: RawObject) -> RowMessage:
    message_id = text(entry.get("mesgid"))
    stc = STC.match(message_id)
    return RowMessage(
        response_id=text(entry.get("responseid")),
        status=text(entry.get("status")).upper(),
        category=stc.group(1) if stc else "",
        message_id=message_id,
        words=text(entry.get("message")),
        fields=text(entry.get("fields")),
    )


def _sender(name: str, clearinghouse_names: Collection[str]) -> Sender:
    if not name:
        return Sender.UNSAID
    known = re.sub(r"[^A-Z0-9]", "", name.upper())
    return Sender.CLEARINGHOUSE if known in clearinghouse_names else Sender.PAYER


def claim_rows(answer: RawObject, clearinghouse_names: Collection[str]) -> tuple[ClaimRow, ...]:
    """The claim rows of an `upload` or `response` answer, in the order they came."""
    return tuple(_claim_row(entry, clearinghouse_names) for entry in listed(answer.get("claim")))


def _claim_row(entry: dict[str, Any], clearinghouse_names: Collection[str]) -> ClaimRow:
    sender_name = text(entry.get("sender_name"))
    return ClaimRow(
        patient_control_number=text(entry.get("pcn")),
        status=text(entry.get("status")).upper(),
        sender=_sender(sender_name, clearinghouse_names),
        sender_name=sender_name,
        clearinghouse_claim_number=text(entry.get("claimmd_id")),
        sender_claim_number=text(entry.get("sender_icn")),
        trace=text(entry.get("remote_claimid")),
        payer_id=text(entry.get("payerid")),
        file_id=text(entry.get("fileid")),
        filename=text(entry.get("filename")),
        batch_id=text(entry.get("batchid")),
        charge_amount=amount(entry.get("total_charge")),
        said_at=moment(entry.get("response_time")),
        messages=tuple(_message(message) for message in listed(entry.get("messages"))),
        raw=entry,
    )


def era_listings(answer: RawObject) -> tuple[EraListing, ...]:
    """The remittances of an `eralist` answer; one without its id is unreadable."""
    listings = tuple(
        EraListing(
            era_id=text(entry.get("eraid")),
            payer_id=text(entry.get("payerid")),
            payer_name=text(entry.get("payer_name")),
            check_number=text(entry.get("check_number")),
            paid_amount=amount(entry.get("paid_amount")),
            paid_on=day(entry.get("paid_date")),
            raw=entry,
        )
        for entry in listed(answer.get("era"))
    )
    if not all(listing.era_id for listing in listings):
        raise ClearinghouseAnswerUnreadable("a remittance is listed without its id")
    return listings


def payer_listings(answer: RawObject) -> tuple[PayerListing, ...]:
    """The payers of a `payerlist` answer."""
    return tuple(
        PayerListing(
            payer_id=text(entry.get("payerid")),
            name=text(entry.get("payer_name")),
            services={
                key: text(value)
                for key, value in entry.items()
                if key not in ("payerid", "payer_name") and text(value)
            },
            raw=entry,
        )
        for entry in listed_with(answer, "payerid")
    )


def link_in(answer: RawObject) -> str:
    """The first web address in an `enroll` answer, wherever the vendor puts it [assumed]."""
    waiting: list[object] = [answer]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and re.match(r"https?://\S+$", value.strip()):
            return value.strip()
    raise ClearinghouseAnswerUnreadable("the enrollment has no link")


def cursor_after(cursor: str, answer: RawObject, key: str) -> tuple[str, bool]:
    """Where the cursor stands after an answer, and whether it moved forward.

    A cursor is a number in text; one that is absent, unreadable or smaller leaves ours alone.
    """
    said = text(answer.get(key))
    if said.isascii() and said.isdigit() and int(said) > int(cursor or "0"):
        return said, True
    return cursor or "0", False
