"""Addresses of small pictures: given out with an answer whose record names them, so once is enough.

A list shows up to fifty first pages, a viewer all pages of its document. That somebody was shown
them stands in the record of that one answer, which is written before it leaves. The address says
so under a seal: for this person, this document and no longer than a session lasts. Whoever asks
for a small picture by any other address gets a record of their own, as for every page in full
size. See docs/adr/0022-a-picture-shown-is-on-record-once.md.
"""

import hashlib
from typing import Final, Protocol
from uuid import UUID

from flask import Flask, request, url_for
from itsdangerous import BadData, TimestampSigner

from backoffice.services.accounts import ABSOLUTE
from backoffice.services.audit.shown import gathered
from backoffice.web.extensions import me, settings

SHOWN: Final = "document_pages.small"
"""The field of a record that says: small pictures of these documents were shown."""


class Pictured(Protocol):
    """A document, or a list's line about one."""

    @property
    def id(self) -> UUID:
        """The document's id."""

    @property
    def practice_id(self) -> UUID:
        """Whose it is."""


def small_picture(document: Pictured, page: int = 1) -> str:
    """Return where a page's small picture is, and put it on the record of this answer."""
    shown, said = gathered(), _said(document.id)
    if shown is None:  # nothing of this answer will be on record
        return url_for("viewer.small", document_id=document.id, page=page)
    shown.note(document.practice_id, "document", [document.id], fields=[SHOWN])
    seal = _signer().sign(said).decode().removeprefix(f"{said}.")
    return url_for("viewer.small", document_id=document.id, page=page, shown=seal)


def is_on_record(document_id: UUID) -> bool:
    """Whether the address asked for was given out with an answer whose record names it."""
    seal = request.args.get("shown", "")
    try:
        _signer().unsign(f"{_said(document_id)}.{seal}", max_age=int(ABSOLUTE.total_seconds()))
    except BadData:
        return False
    return True


def _said(document_id: UUID) -> str:
    return f"{me().id}.{document_id}"


def _signer() -> TimestampSigner:
    return TimestampSigner(
        settings().secret_key, salt="small-picture", digest_method=hashlib.sha256
    )


def register(app: Flask) -> None:
    """Give every template `small_picture`."""
    app.jinja_env.globals["small_picture"] = small_picture
