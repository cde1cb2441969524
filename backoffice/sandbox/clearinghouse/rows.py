"""Claim rows as Claim.MD words them on the wire (edi.md 4.1)."""

from typing import Any

from backoffice.edi.values import amount_text, day_text
from backoffice.sandbox.clearinghouse.letters import OUR_ID
from backoffice.sandbox.clearinghouse.world import wall
from backoffice.sandbox.payer import ClaimSeen

SENDER_NAME = "CLAIM.MD"

WORDS = {
    "A1": "The payer has received the claim.",
    "A2": "The payer has accepted the claim for processing.",
    "A3": "Returned as unprocessable: claim submitted to the wrong payer.",
    "A6": "Rejected for missing information.",
    "A7": "Rejected for invalid information.",
    "A8": "Rejected for a relational field in error.",
    "P1": "The claim is in process.",
    "R3": "The payer asks for more information.",
}


def words_of(stc: str) -> str:
    """Our own plain words for a claim status category."""
    return WORDS.get(stc.split(":")[0], "Information from the payer.")


def claim_line(
    claim: ClaimSeen, claim_id: int, *, inbound_id: int, filename: str, at: float
) -> dict[str, Any]:
    """A claim's row without its message: names as in the vendor's samples, all values text."""
    days = sorted(line.day for line in claim.lines)
    return {
        "batchid": str(inbound_id),
        "bill_npi": claim.payee.npi,
        "bill_taxid": claim.payee.tax_id,
        "claimid": str(claim_id),
        "claimmd_id": str(7_000_000 + claim_id),
        "fdos": day_text(days[0]) if days else "",
        "fileid": str(inbound_id),
        "filename": filename,
        "ins_number": claim.member_id,
        "payerid": claim.payer_id,
        "pcn": claim.patient_control_number,
        "remote_claimid": claim.trace,
        "response_time": wall(at).strftime("%Y-%m-%d %I:%M:%S%p"),
        "sender_icn": "",
        "sender_name": SENDER_NAME,
        "senderid": OUR_ID,
        "total_charge": amount_text(claim.charge_amount),
    }


def said_by_clearinghouse(
    line: dict[str, Any], *, accepted: bool, words: str, stc: str = ""
) -> dict[str, Any]:
    """The clearinghouse's own A or R about a claim."""
    letter = "A" if accepted else "R"
    message = {"fields": "", "mesgid": stc, "message": words, "status": letter}
    return {**line, "status": letter, "messages": message}


def said_by_payer(
    line: dict[str, Any], claim: ClaimSeen, *, accepted: bool, stc: str, payer_number: str
) -> dict[str, Any]:
    """A payer's word about a claim, passed on."""
    letter = "A" if accepted else "R"
    message = {"fields": "", "mesgid": stc, "message": words_of(stc), "status": letter}
    return {
        **line,
        "status": letter,
        "sender_icn": payer_number,
        "sender_name": claim.payer_name,
        "senderid": claim.payer_id,
        "messages": message,
    }


def numbered(line: dict[str, Any], response_id: int) -> dict[str, Any]:
    """The row as `response` gives it: its message knows its number."""
    return {**line, "messages": {**line["messages"], "responseid": str(response_id)}}


def one_or_many(entries: list[dict[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """A list of one is given as the object itself, as the vendor's JSON does at times."""
    return entries[0] if len(entries) == 1 else entries
