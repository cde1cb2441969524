"""A second validator's word on a file: never in the way, looked at when it objects."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from backoffice.models.submissions import Attempt, Submission
from backoffice.services.access import one, visible
from backoffice.services.claims import ask_for_person, locked

TAKEN: Final = "taken"
LONGEST: Final = 500
_OBJECTED: Final = "A second validator objects to the file that carried this claim."


def keep_opinion(session: Session, submission_id: UUID, objections: Sequence[str]) -> None:
    """Keep what the validator said, as codes; an objection puts the file's claims up for review."""
    submission = one(session, Submission, submission_id, lock=True)
    if not objections:
        submission.second_opinion = TAKEN
        return
    submission.second_opinion = " ".join(objections)[:LONGEST]
    query = visible(session, Attempt).where(Attempt.submission_id == submission_id)
    for claim in locked(session, [attempt.claim_id for attempt in session.scalars(query)]):
        ask_for_person(claim, _OBJECTED)
