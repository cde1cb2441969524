"""Documents shared between a practice and its billers: take in, list, open, withdraw."""

from backoffice.services.documents.examining import (
    LARGEST,
    Examined,
    NotTaken,
    examine,
    pages_of,
)
from backoffice.services.documents.keeping import (
    MAY_TAKE,
    AlreadyWithdrawn,
    Arrival,
    begin,
    link,
    note_pages,
    overdue,
    refuse,
    stored,
    withdraw,
)
from backoffice.services.documents.reading import (
    PAGE_SIZE,
    Line,
    Listing,
    Wanted,
    claim_by_number,
    document_for,
    listed,
    opened,
    same_as,
)

__all__ = [
    "LARGEST",
    "MAY_TAKE",
    "PAGE_SIZE",
    "AlreadyWithdrawn",
    "Arrival",
    "Examined",
    "Line",
    "Listing",
    "NotTaken",
    "Wanted",
    "begin",
    "claim_by_number",
    "document_for",
    "examine",
    "link",
    "listed",
    "note_pages",
    "opened",
    "overdue",
    "pages_of",
    "refuse",
    "same_as",
    "stored",
    "withdraw",
]
