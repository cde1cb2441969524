"""Where a claim stands, what can happen to it, and the one table of what follows what."""

from dataclasses import dataclass
from enum import StrEnum


class ClaimStatus(StrEnum):
    """Where a claim stands with its newest attempt; money and balances are the ledger's to say."""

    PREPARED = "prepared"
    SCRUB = "scrub"
    QUEUED = "queued"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    PENDING = "pending"
    MORE_INFO_REQUIRED = "more_info_required"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DENIED = "denied"
    DEDUCTIBLE = "deductible"
    PAID = "paid"
    DOWNLOADED = "downloaded"
    SUBMITTED_EXTERNALLY = "submitted_externally"
    REOPENED = "reopened"
    VOIDED = "voided"


class ClaimEvent(StrEnum):
    """What can happen to a claim; each leaves a ClaimStep, whether or not it moves the claim."""

    # what our people, or our own machinery, do
    CREATED = "created"  # how a history begins; no claim takes this step from anywhere
    RELEASED = "released"
    RECALLED = "recalled"
    HELD = "held"
    SCRUB_FAILED = "scrub_failed"
    CORRECTED = "corrected"
    TRANSMITTED = "transmitted"
    INFORMATION_SUPPLIED = "information_supplied"
    DOWNLOADED = "downloaded"
    SUBMITTED_EXTERNALLY = "submitted_externally"
    REOPENED = "reopened"
    VOIDED = "voided"
    # what the clearinghouse and the payer answer
    ACKNOWLEDGED_BY_CLEARINGHOUSE = "acknowledged_by_clearinghouse"
    RECEIVED_BY_PAYER = "received_by_payer"
    ACCEPTED = "accepted"
    PENDING_AT_PAYER = "pending_at_payer"
    MORE_INFO_REQUIRED = "more_info_required"
    REJECTED = "rejected"
    DENIED = "denied"
    APPLIED_TO_DEDUCTIBLE = "applied_to_deductible"
    PAID = "paid"
    REVERSED = "reversed"


class Effect(StrEnum):
    """What an event does to a claim's status. Whatever it does, the event is kept."""

    MOVES = "moves"
    STAYS = "stays"  # belongs here and changes nothing
    STALE = "stale"  # late or out of order: overtaken by what is known already
    ASKS = "asks"  # contradicts where the claim stands: the status stays, a person is asked


class EventNotPossible(Exception):
    """Somebody asked for a step that a claim cannot take from where it stands."""

    def __init__(self, status: ClaimStatus, event: ClaimEvent) -> None:
        super().__init__(f"A claim that is {status.value} cannot be {event.value}.")
        self.status = status
        self.event = event


@dataclass(frozen=True)
class Step:
    """The outcome of one event: what it does, and the status the claim has afterwards."""

    effect: Effect
    status: ClaimStatus


_S = ClaimStatus
_E = ClaimEvent

# How far an attempt has come. Answers move a claim forward only, so that duplicates and any order
# of arrival end alike: the furthest answer wins. A2 (into adjudication) stands before P* and R*,
# which payers send while they adjudicate; a rejection may follow any of them; money outranks all.
RANK: dict[ClaimStatus, int] = {
    _S.PREPARED: 0,
    _S.SCRUB: 0,
    _S.REOPENED: 0,
    _S.QUEUED: 1,
    _S.SUBMITTED: 2,
    _S.DOWNLOADED: 2,
    _S.SUBMITTED_EXTERNALLY: 2,
    _S.RECEIVED: 3,
    _S.ACCEPTED: 4,
    _S.PENDING: 5,
    _S.MORE_INFO_REQUIRED: 6,
    _S.REJECTED: 7,
    _S.DENIED: 8,
    _S.DEDUCTIBLE: 9,
    _S.PAID: 10,
    _S.VOIDED: 11,
}

# Still, or again, in our hands: may be edited; no attempt of it is under way.
EDITABLE = frozenset({_S.PREPARED, _S.SCRUB, _S.REOPENED})
# The payer has decided; only a reversal takes a claim back from here within one attempt.
DECIDED = frozenset({_S.DENIED, _S.DEDUCTIBLE, _S.PAID})
# With somebody else. QUEUED is among them: an answer may overtake our own note that we have sent.
OUT = frozenset(ClaimStatus) - EDITABLE - {_S.VOIDED}

# Where each answer takes a claim that is out and has not come that far yet.
ANSWERS: dict[ClaimEvent, ClaimStatus] = {
    _E.ACKNOWLEDGED_BY_CLEARINGHOUSE: _S.SUBMITTED,
    _E.RECEIVED_BY_PAYER: _S.RECEIVED,
    _E.ACCEPTED: _S.ACCEPTED,
    _E.PENDING_AT_PAYER: _S.PENDING,
    _E.MORE_INFO_REQUIRED: _S.MORE_INFO_REQUIRED,
    _E.REJECTED: _S.REJECTED,
    _E.DENIED: _S.DENIED,
    _E.APPLIED_TO_DEDUCTIBLE: _S.DEDUCTIBLE,
    _E.PAID: _S.PAID,
}
_MONEY = frozenset({_E.DENIED, _E.APPLIED_TO_DEDUCTIBLE, _E.PAID, _E.REVERSED})

# Facts from outside: never refused, because refusing a fact does not undo it.
FROM_OUTSIDE = frozenset(ANSWERS) | {_E.REVERSED}
# TRANSMITTED and SCRUB_FAILED are reported by machinery, never chosen.
_BY_HAND = frozenset(ClaimEvent) - FROM_OUTSIDE - {_E.TRANSMITTED, _E.SCRUB_FAILED}

_OURS: dict[tuple[ClaimStatus, ClaimEvent], ClaimStatus] = {
    (_S.PREPARED, _E.RELEASED): _S.QUEUED,
    (_S.SCRUB, _E.RELEASED): _S.QUEUED,
    (_S.REOPENED, _E.RELEASED): _S.QUEUED,
    # The undo window: until the file leaves, a claim comes back as it was.
    (_S.QUEUED, _E.RECALLED): _S.PREPARED,
    (_S.QUEUED, _E.HELD): _S.PREPARED,
    (_S.PREPARED, _E.HELD): _S.PREPARED,
    (_S.SCRUB, _E.HELD): _S.SCRUB,
    (_S.REOPENED, _E.HELD): _S.REOPENED,
    (_S.PREPARED, _E.SCRUB_FAILED): _S.SCRUB,
    (_S.REOPENED, _E.SCRUB_FAILED): _S.SCRUB,
    (_S.SCRUB, _E.SCRUB_FAILED): _S.SCRUB,
    # The last look, as the file is built.
    (_S.QUEUED, _E.SCRUB_FAILED): _S.SCRUB,
    (_S.PREPARED, _E.CORRECTED): _S.PREPARED,
    (_S.SCRUB, _E.CORRECTED): _S.PREPARED,
    (_S.REOPENED, _E.CORRECTED): _S.REOPENED,
    (_S.DOWNLOADED, _E.CORRECTED): _S.PREPARED,
    (_S.QUEUED, _E.TRANSMITTED): _S.SUBMITTED,
    (_S.SUBMITTED, _E.TRANSMITTED): _S.SUBMITTED,
    (_S.MORE_INFO_REQUIRED, _E.INFORMATION_SUPPLIED): _S.PENDING,
    (_S.PREPARED, _E.DOWNLOADED): _S.DOWNLOADED,
    (_S.REOPENED, _E.DOWNLOADED): _S.DOWNLOADED,
    (_S.DOWNLOADED, _E.DOWNLOADED): _S.DOWNLOADED,
    (_S.PREPARED, _E.SUBMITTED_EXTERNALLY): _S.SUBMITTED_EXTERNALLY,
    # Filed in a payer's own portal although our scrub disliked it: it happened, so it is noted.
    (_S.SCRUB, _E.SUBMITTED_EXTERNALLY): _S.SUBMITTED_EXTERNALLY,
    (_S.REOPENED, _E.SUBMITTED_EXTERNALLY): _S.SUBMITTED_EXTERNALLY,
    (_S.DOWNLOADED, _E.SUBMITTED_EXTERNALLY): _S.SUBMITTED_EXTERNALLY,
    # Everything that has left may be opened for a new attempt. A queued one is recalled instead.
    **{(status, _E.REOPENED): _S.REOPENED for status in sorted(OUT - {_S.QUEUED})},
    **{
        (status, _E.VOIDED): _S.VOIDED
        for status in ClaimStatus
        if status not in {_S.QUEUED, _S.VOIDED}
    },
}

_ANSWERED: dict[tuple[ClaimStatus, ClaimEvent], ClaimStatus] = {
    (status, event): target
    for status in sorted(OUT)
    for event, target in ANSWERS.items()
    if RANK[target] > RANK[status] or target is status
} | {
    # Filed by another road: the clearinghouse's word about it tells nothing new.
    (_S.DOWNLOADED, _E.ACKNOWLEDGED_BY_CLEARINGHOUSE): _S.DOWNLOADED,
    (_S.SUBMITTED_EXTERNALLY, _E.ACKNOWLEDGED_BY_CLEARINGHOUSE): _S.SUBMITTED_EXTERNALLY,
    # Taken back (CLP02 22): with the payer again. What the ledger still holds of this claim, if
    # anything, follows as its own event (answers.event_of_ledger).
    **{(status, _E.REVERSED): _S.ACCEPTED for status in sorted(DECIDED)},
    # The payer's confirmation of a void (frequency 8).
    (_S.VOIDED, _E.REVERSED): _S.VOIDED,
}

NEXT: dict[tuple[ClaimStatus, ClaimEvent], ClaimStatus] = _OURS | _ANSWERED
"""(status, event) to the status that follows; a pair that keeps its status is legal and noted."""


def step(status: ClaimStatus, event: ClaimEvent) -> Step:
    """What `event` does to a claim that is `status`, every pair decided.

    Raises EventNotPossible for what our own people or machinery may not do from here. Facts from
    outside are never refused: they move the claim, stay, come stale, or ask for a person.
    """
    following = NEXT.get((status, event))
    if following is not None:
        return Step(Effect.STAYS if following is status else Effect.MOVES, following)
    if event is _E.TRANSMITTED and status in OUT and RANK[status] > RANK[_S.SUBMITTED]:
        return Step(Effect.STALE, status)  # the answer was here before our own note
    if event not in FROM_OUTSIDE:
        raise EventNotPossible(status, event)
    return Step(Effect.ASKS if _contradicts(status, event) else Effect.STALE, status)


def next_status(status: ClaimStatus, event: ClaimEvent) -> ClaimStatus:
    """The status after `event`: the same one where it stays, is stale or asks.

    Raises EventNotPossible as `step` does.
    """
    return step(status, event).status


def choices(status: ClaimStatus) -> tuple[ClaimEvent, ...]:
    """What a person may do with a claim from here, in the order of ClaimEvent."""
    return tuple(event for event in ClaimEvent if event in _BY_HAND and (status, event) in NEXT)


def _contradicts(status: ClaimStatus, event: ClaimEvent) -> bool:
    """Whether a fact that moves nothing is more than late.

    Money for a claim in our own hands or voided, a reversal of what was never decided, and a
    smaller decision after a payment: true, perhaps, but nobody may overlook it. Acknowledgements
    that come late are only late.
    """
    if status in OUT and status not in DECIDED:
        return event is _E.REVERSED
    return event in _MONEY
