"""Shapes a remittance's page for its template: addresses of acts, marks, parts of the bar."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import url_for

from backoffice.rules.money import ZERO, total
from backoffice.services.remittances.page import Entry, Page, Unmatched
from backoffice.web.filters import here

_DENIED = "denied"


@dataclass(frozen=True)
class EntryRow:
    """One line with what may be done about it: (word, address, key) for each act."""

    entry: Entry
    glyph: str
    tone: str
    acts: tuple[tuple[str, str, str], ...]
    decide_url: str
    undo_url: str

    @property
    def id(self) -> str:
        """The row's id on the page."""
        return str(self.entry.id)


def entry_rows(entries: Iterable[Entry], *, may_reverse: bool) -> list[EntryRow]:
    """Lines with their acts."""
    return [_entry_row(each, may_reverse=may_reverse) for each in entries]


def bar_of(page: Page) -> list[dict[str, Any]]:
    """How the claims' money is distributed, as parts of one bar in percent."""
    parts = [
        ("ok", "Posted", page.remittance.posted_amount),
        ("warn", "Review", page.review_amount),
        ("bad", "Unmatched", page.unmatched_amount),
    ]
    whole = total(max(amount, ZERO) for _, _, amount in parts)
    found, start = [], Decimal(0)
    for tone, words, amount in parts:
        percent = max(amount, ZERO) * 100 / whole if whole else Decimal(0)
        found.append(
            {
                "tone": tone,
                "words": words,
                "amount": amount,
                "start": f"{start:.2f}",
                "percent": f"{percent:.2f}",
            }
        )
        start += percent
    return found if whole else []


def unmatched_part(found: Unmatched | None) -> dict[str, Any] | None:
    """The unmatched claim on show, as its template wants it."""
    if found is None:
        return None
    row, lines = found.row, found.lines
    days = sorted({each.served_on for each in lines if each.served_on})
    return {
        "id": row.id,
        "position": f"{found.place} of {found.count}",
        "previous": here(unmatched=found.place - 1) if found.place > 1 else None,
        "next": here(unmatched=found.place + 1) if found.place < found.count else None,
        "parked": found.parked,
        "client_name": row.client_name,
        "days": days,
        "codes": " ".join(dict.fromkeys(each.procedure_code for each in lines)),
        "charge_amount": row.charge_amount,
        "paid_amount": row.paid_amount,
        "member_id": row.member_id,
        "payer_number": row.payer_claim_control_number,
        "our_number": row.patient_control_number,
        "candidates": found.candidates,
    }


def _entry_row(entry: Entry, *, may_reverse: bool) -> EntryRow:
    denied = _DENIED in entry.words.lower()
    undo = entry.line is not None and entry.posted and may_reverse
    return EntryRow(
        entry=entry,
        glyph="status-denied" if denied else "triangle",
        tone="bad" if denied else "warn",
        acts=() if entry.posted else _acts(entry),
        decide_url=""
        if entry.line is None or entry.posted
        else url_for("remittances.decide", line_id=entry.id),
        undo_url=url_for("remittances.unpost", line_id=entry.id) if undo else "",
    )


def _acts(entry: Entry) -> tuple[tuple[str, str, str], ...]:
    if entry.line is None:
        return (("Note", url_for("remittances.note", remittance_claim_id=entry.id), ""),)
    return (("Hold", url_for("remittances.hold", line_id=entry.id), ""),)
