"""What a person may do next with a claim, in the order in which a page offers it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backoffice.models.claims import Claim
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus, choices


class Action(StrEnum):
    """A step that a page can offer; each is a function of services/claims of the same name."""

    RELEASE = "release"
    RECALL = "recall"
    HOLD = "hold"
    REOPEN = "reopen"


_EVENT = {
    Action.RELEASE: ClaimEvent.RELEASED,
    Action.RECALL: ClaimEvent.RECALLED,
    Action.HOLD: ClaimEvent.HELD,
    Action.REOPEN: ClaimEvent.REOPENED,
}
_NEXT_FROM_HERE = {
    ClaimStatus.PREPARED: Action.RELEASE,
    ClaimStatus.SCRUB: Action.RELEASE,
    ClaimStatus.REOPENED: Action.RELEASE,
    ClaimStatus.QUEUED: Action.RECALL,
    ClaimStatus.REJECTED: Action.REOPEN,
    ClaimStatus.DENIED: Action.REOPEN,
}


@dataclass(frozen=True)
class Choice:
    """One legal step; `is_next` marks the one that a page puts forward."""

    action: Action
    is_next: bool


def actions_for(claim: Claim, *, now: datetime) -> tuple[Choice, ...]:
    """Return the legal steps of a claim; a queued one can be recalled until it leaves.

    A hold is offered only where it stops something: while the claim is queued.
    """
    legal = choices(claim.status)
    window_is_over = claim.release_at is not None and claim.release_at <= now
    offered = []
    for action, event in _EVENT.items():
        if event not in legal or (action is Action.HOLD and claim.status is not ClaimStatus.QUEUED):
            continue
        if claim.status is ClaimStatus.QUEUED and window_is_over:
            continue
        offered.append(Choice(action, _NEXT_FROM_HERE.get(claim.status) is action))
    return tuple(offered)
