"""How a claim's status reads on a page: its glyph, its tone, and who acts next."""

from collections.abc import Mapping
from typing import NamedTuple

from flask import Flask

from backoffice.models.appointments import WaitingOn
from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimStatus


class Look(NamedTuple):
    """A symbol of icons.svg and the tone that colours it."""

    glyph: str
    tone: str


_TONES: Mapping[ClaimStatus, str] = {
    ClaimStatus.PREPARED: "mute",
    ClaimStatus.SCRUB: "warn",
    ClaimStatus.QUEUED: "info",
    ClaimStatus.SUBMITTED: "info",
    ClaimStatus.RECEIVED: "info",
    ClaimStatus.PENDING: "info",
    ClaimStatus.MORE_INFO_REQUIRED: "warn",
    ClaimStatus.ACCEPTED: "teal",
    ClaimStatus.REJECTED: "bad",
    ClaimStatus.DENIED: "bad",
    ClaimStatus.DEDUCTIBLE: "violet",
    ClaimStatus.PAID: "ok",
    ClaimStatus.DOWNLOADED: "mute",
    ClaimStatus.SUBMITTED_EXTERNALLY: "mute",
    ClaimStatus.REOPENED: "warn",
    ClaimStatus.VOIDED: "mute",
}

STATUS_LOOKS: Mapping[ClaimStatus, Look] = {
    status: Look(f"status-{status.value.replace('_', '-')}", tone)
    for status, tone in _TONES.items()
}
"""The same tones as templates/macros/status.html, whose glyphs follow from the status."""

_WAITS_FOR: Mapping[ClaimStatus, WaitingOn] = {
    ClaimStatus.PREPARED: WaitingOn.US,
    ClaimStatus.SCRUB: WaitingOn.US,
    ClaimStatus.SUBMITTED: WaitingOn.PAYER,
    ClaimStatus.RECEIVED: WaitingOn.PAYER,
    ClaimStatus.PENDING: WaitingOn.PAYER,
    ClaimStatus.MORE_INFO_REQUIRED: WaitingOn.US,
    ClaimStatus.ACCEPTED: WaitingOn.PAYER,
    ClaimStatus.REJECTED: WaitingOn.US,
    ClaimStatus.DENIED: WaitingOn.US,
    ClaimStatus.DEDUCTIBLE: WaitingOn.PRACTICE,
    ClaimStatus.DOWNLOADED: WaitingOn.US,
    ClaimStatus.SUBMITTED_EXTERNALLY: WaitingOn.PAYER,
    ClaimStatus.REOPENED: WaitingOn.US,
}
"""Who acts next where nobody was named: screens' table of statuses. The others wait for nobody."""


def waits_for(claim: Claim) -> WaitingOn | None:
    """Return who must act next: whoever was asked, us where a review is due, else by its status."""
    if claim.waiting_on is not WaitingOn.US:
        return claim.waiting_on
    return WaitingOn.US if claim.needs_review else _WAITS_FOR.get(claim.status)


def register(app: Flask) -> None:
    """Let templates ask who a claim waits for."""
    app.jinja_env.globals["waits_for"] = waits_for
