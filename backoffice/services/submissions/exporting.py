"""The exact bytes of every file sent, for whoever checks them."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from backoffice.models.submissions import Submission
from backoffice.services.access import visible
from backoffice.services.submissions.sending import body_of


def sent_files(session: Session) -> Iterator[tuple[str, bytes]]:
    """Yield the name (`<ISA13>.837`) and the bytes of each file that has left, in sending order.

    A file has left when the clearinghouse has, or may have, seen it.
    """
    query = (
        visible(session, Submission)
        .where(Submission.tries > 0)
        .order_by(Submission.interchange_number, Submission.id)
        .execution_options(yield_per=50)
    )
    for submission in session.scalars(query):
        yield submission.filename, body_of(submission)
