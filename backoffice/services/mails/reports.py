"""Reads reports that mails could not be delivered (RFC 3464): which of our mails, and why."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Final
from uuid import UUID

LARGEST: Final = 1_000_000
"""Bytes of a report that are read; what stands behind them is the mail that came back."""
_MESSAGE_ID: Final = re.compile(
    r"<([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})@[^<>\s@]+>", re.I
)
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


class NoReport(ValueError):
    """What was given is no report of a mail of ours that failed for good."""


@dataclass(frozen=True)
class Report:
    """One mail of ours that will not arrive; `status` is an enhanced code, such as 5.1.1."""

    mail_id: UUID
    status: str


def read_report(raw: bytes) -> Report:
    """Read a report as a mail server sends it; raises NoReport for anything else.

    Delays and successes are reports of nothing to do, so they raise it too. The words of the report
    are not read, only its fields, and of the mail that it quotes only its Message-ID.
    """
    message = message_from_bytes(raw[:LARGEST], policy=policy.compat32)
    if message.get_content_type() != "multipart/report":
        raise NoReport("not a delivery report")
    parts = list(message.walk())
    failed = [fields for part in parts for fields in _recipients(part) if _has_failed(fields)]
    if not failed:
        raise NoReport("nothing in it has failed for good")
    for part in parts:
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            found = _MESSAGE_ID.search(_quoted_id(part))
            if found is not None:
                return Report(UUID(found[1]), _status(failed[0]))
    raise NoReport("it quotes no mail of ours")


def _recipients(part: Message) -> list[Message]:
    """Return the fields for each recipient: a status part holds them as parts of its own."""
    if part.get_content_type() != "message/delivery-status":
        return []
    blocks = part.get_payload()
    return (
        [each for each in blocks if isinstance(each, Message)] if isinstance(blocks, list) else []
    )


def _has_failed(fields: Message) -> bool:
    return str(fields.get("Action", "")).strip().lower() == "failed"


def _status(fields: Message) -> str:
    found = _STATUS.search(str(fields.get("Status", "")))
    return found[1] if found else "5.0.0"


def _quoted_id(part: Message) -> str:
    quoted = part.get_payload()
    if isinstance(quoted, list):
        found = (each.get("Message-ID", "") for each in quoted if isinstance(each, Message))
        return "".join(map(str, found))
    headers = message_from_bytes(str(quoted).encode("utf-8", "replace"), policy=policy.compat32)
    return str(headers.get("Message-ID", ""))
