"""How statuses and sources look: glyph and tone, for pages that hand them to a template."""

from collections.abc import Mapping
from typing import NamedTuple

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
