"""A thread on paper, for the record: all that was said, changed and taken back, as a PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import HRFlowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.models.practices import Practice
from backoffice.rules.dates import time_zone
from backoffice.rules.part2 import NOTICE
from backoffice.services import audit
from backoffice.services.access import one
from backoffice.services.accounts import Person
from backoffice.services.messages.changing import Trace, trace
from backoffice.services.messages.reading import Conversation, Said, conversation

_FONTS = Path(reportlab.__file__).parent / "fonts"
_PLAIN, _BOLD = "Vera", "VeraBd"
_FAINT = colors.HexColor("#555555")
for _name in (_PLAIN, _BOLD):
    pdfmetrics.registerFont(TTFont(_name, str(_FONTS / f"{_name}.ttf")))
pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD, italic=_PLAIN, boldItalic=_BOLD)
_TEXT = ParagraphStyle("text", fontName=_PLAIN, fontSize=9, leading=13, spaceAfter=4)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7.5, leading=10, textColor=_FAINT)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=_BOLD, fontSize=13, leading=17)
_NOTE = ParagraphStyle("note", parent=_TEXT, backColor=colors.HexColor("#fff3d6"), borderPadding=4)
_OLD = ParagraphStyle("old", parent=_TEXT, leftIndent=14, textColor=_FAINT)


@dataclass(frozen=True)
class _Sheet:
    """What stands on every page."""

    practice: str
    thread_id: UUID
    made: str


def thread_on_paper(
    session: Session, thread_id: UUID, person: Person, *, notes: bool, now: datetime
) -> bytes:
    """Return a thread as a PDF and put on record that it was taken out.

    Everything that the reader may see, each version of what was changed, and who took back what,
    when and why; internal notes only with `notes`, for the house's own people. Moments are those of
    the practice's clocks, each with its zone.
    """
    found = conversation(session, thread_id, person)
    thread = found.thread
    notes = notes and person.staff_in(thread.practice_id)
    said = [each for each in found.messages if notes or not each.internal]
    traces = {
        each.id: trace(session, thread.id, each.id, person)
        for each in said
        if each.version > 1 or each.withdrawn_at
    }
    audit.took(
        session,
        "export",
        subject_kind="thread",
        subject_ids=[thread.id],
        practice_id=thread.practice_id,
        fields=["messages", "notes"] if notes else ["messages"],
        detail={"messages": len(said)},
    )
    practice = session.get_one(Practice, thread.practice_id)
    zone = time_zone(practice.time_zone)
    made = f"Made {_moment(now, zone)} by {person.name}"
    head = _head(session, found, zone, notes=notes)
    return _printed(_Sheet(practice.name, thread.id, made), [*head, *_body(said, traces, zone)])


def _head(session: Session, found: Conversation, zone: ZoneInfo, *, notes: bool) -> Iterator[Any]:
    thread = found.thread
    yield Paragraph(_shown(thread.subject), _HEAD)
    claim = one(session, Claim, thread.claim_id) if thread.claim_id else None
    client = one(session, Client, thread.client_id) if thread.client_id else None
    facts = [
        f"Claim {claim.our_number}" if claim else "",
        f"Client {client.name}" if client else "",
        f"Begun {_moment(thread.created_at, zone)}",
        f"State: {thread.state.value.replace('_', ' ')}",
        "With internal notes: not for the practice" if notes else "As the practice sees it",
    ]
    yield Paragraph(_shown(" · ".join(fact for fact in facts if fact)), _SMALL)
    if client is not None and client.part2_since is not None:
        yield Paragraph(_shown(NOTICE), _SMALL)
    yield HRFlowable(width="100%", color=colors.HexColor("#999999"), spaceAfter=8)


def _body(said: Sequence[Said], traces: dict[UUID, Trace], zone: ZoneInfo) -> Iterator[Any]:
    for each in said:
        name = f"<b>{_shown(each.author.name)}</b>"
        kind = " · internal note" if each.internal else ""
        parts: list[Any] = [Paragraph(f"{name} · {_moment(each.sent_at, zone)}{kind}", _TEXT)]
        words = Paragraph(_shown(each.body), _NOTE if each.internal else _TEXT)
        kept = traces.get(each.id)
        if each.withdrawn_at is None:
            parts.append(words)
        if each.edited_at is not None and each.withdrawn_at is None:
            parts.append(Paragraph(f"Changed {_moment(each.edited_at, zone)}. Before:", _SMALL))
        if each.withdrawn_at is not None and kept is not None:
            parts.append(Paragraph(_taken_back(each, kept, zone), _SMALL))
        parts += [
            Paragraph(f"Attached: {_shown(document.name or document.kind.value)}", _SMALL)
            for document in each.attached
        ]
        yield KeepTogether(parts)
        yield from _earlier(each, kept, zone)
        yield Spacer(1, 6)


def _taken_back(each: Said, kept: Trace, zone: ZoneInfo) -> str:
    by = kept.withdrawn_by.name if kept.withdrawn_by else "its author"
    why = f": {_shown(each.withdrawn_reason)}" if each.withdrawn_reason else ""
    at = _moment(each.withdrawn_at, zone) if each.withdrawn_at else ""
    return f"Withdrawn {at} by {_shown(by)}{why}"


def _earlier(each: Said, kept: Trace | None, zone: ZoneInfo) -> Iterator[Any]:
    """Yield what a message said before, the oldest first, as far as the reader may read it."""
    for version in kept.versions if kept else ():
        if each.withdrawn_at is None and version.number == each.version:
            continue
        at = _moment(version.written_at, zone)
        yield Paragraph(f"Version {version.number}, {at}:", _SMALL)
        yield Paragraph(
            _shown(version.body)
            if version.body is not None
            else "Withdrawn; kept for those who may see the record.",
            _OLD,
        )


class _Pages(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Counts its pages before it writes their numbers."""

    def __init__(self, *given: Any, sheet: _Sheet, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sheet, self._kept = sheet, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802 - reportlab's own name
        """Keep a page until it is known how many there are."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages, each with its number."""
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            _frame(self, self._sheet, number, len(self._kept))
            super().showPage()
        super().save()


def _printed(sheet: _Sheet, flow: list[Any]) -> bytes:
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=LETTER,
        leftMargin=0.9 * inch,
        rightMargin=0.9 * inch,
        topMargin=0.9 * inch,
        bottomMargin=0.8 * inch,
        title=f"Thread {sheet.thread_id}",
        author="Cleanclaim",
    )

    document.build(flow, canvasmaker=partial(_Pages, sheet=sheet))
    return file.getvalue()


def _frame(page: Any, sheet: _Sheet, number: int, pages: int) -> None:
    """Write the practice, the thread and the page's number at its edges."""
    width, height = LETTER
    page.setFont(_PLAIN, 7.5)
    page.setFillColor(_FAINT)
    page.drawString(0.9 * inch, height - 0.55 * inch, _printable(sheet.practice))
    page.drawRightString(width - 0.9 * inch, height - 0.55 * inch, f"Thread {sheet.thread_id}")
    page.drawString(0.9 * inch, 0.5 * inch, _printable(sheet.made))
    page.drawRightString(width - 0.9 * inch, 0.5 * inch, f"Page {number} of {pages}")


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def _shown(words: str) -> str:
    """Return words as a paragraph takes them: no markup of theirs, each line its own."""
    return escape(_printable(words)).replace("\n", "<br/>")


def _printable(words: str) -> str:
    """Name each sign that the font has no picture of, so that nothing is lost on paper."""
    known = pdfmetrics.getFont(_PLAIN).face.charToGlyph
    return "".join(
        sign if sign == "\n" or ord(sign) in known else f"[U+{ord(sign):04X}]" for sign in words
    )
