"""The exact bytes of every file sent, for whoever checks them."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from backoffice.models.submissions import Submission, SubmissionState
from backoffice.services.access import visible
from backoffice.services.submissions.sending import body_of

_LEFT: Final = frozenset(SubmissionState) - {SubmissionState.PENDING, SubmissionState.WITHDRAWN}
"""A pending file was never sent, or certainly not taken, however often it was tried; a withdrawn
one was pending until it was taken back."""


def sent_files(session: Session) -> Iterator[tuple[str, bytes]]:
    """Yield the name (`<ISA13>.837`) and the bytes of each file that has left, in number order.

    A file has left when the clearinghouse has, or may have, seen it. Each account counts for
    itself: the second file of one number is `<ISA13>-2.837`.
    """
    query = (
        visible(session, Submission)
        .where(Submission.state.in_(_LEFT))
        .order_by(Submission.interchange_number, Submission.id)
    )
    seen: Counter[int] = Counter()
    for submission in session.scalars(query.execution_options(yield_per=50)):
        number = submission.interchange_number
        seen[number] += 1
        again = f"-{seen[number]}" if seen[number] > 1 else ""
        yield f"{number:09d}{again}.837", body_of(submission)
