"""Ends a claim's review: somebody has looked, and nothing more needs to be done."""

from sqlalchemy.orm import Session

from backoffice.models.claims import Claim
from backoffice.services import audit
from backoffice.services.claims.releasing import held_fast
from backoffice.services.refusal import Refused


class NothingToReview(Refused):
    """The claim is not, or no longer, waiting for somebody's look."""

    code = "nothing_to_review"

    def __init__(self) -> None:
        """Say what happened."""
        super().__init__("This claim is not waiting for a review any more.")


def end_review(session: Session, claim: Claim) -> None:
    """Take the flag off a claim; who did so and for which reason it stood stays on record.

    Raises NothingToReview.
    """
    claim = held_fast(session, claim)
    if not claim.needs_review:
        raise NothingToReview
    reason = claim.review_reason
    claim.needs_review, claim.review_reason = False, ""
    session.flush()
    audit.record(
        session,
        "end_review",
        subject_kind="claim",
        subject_ids=[claim.id],
        practice_id=claim.practice_id,
        fields=("needs_review",),
        detail={"reason": reason},
    )
