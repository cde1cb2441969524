"""Posts to the ledger and takes back: charges, decided lines, money outside claims.

Every posting has a cause and happens once. Entries come from rules/posting; the claim's projected
amounts follow in the same transaction, so that charge = paid + client share + write-off + balance.

The money of a service lies on the claim that charged it. A later payer's claim (primary_claim_id)
brings no second charge: it takes over what is open, and its postings move the first claim's money.
"""

from backoffice.services.postings.acts import (
    AlreadyReversed,
    MonthClosed,
    Occasion,
    charge,
    decide,
    decisions_of,
    is_charged,
    open_with,
    post_line,
    post_outside_claims,
    reverse,
    standing_cause,
    standing_of,
)
from backoffice.services.postings.amounts import Amounts, amounts_in, amounts_of, cash_of, project

__all__ = [
    "AlreadyReversed",
    "Amounts",
    "MonthClosed",
    "Occasion",
    "amounts_in",
    "amounts_of",
    "cash_of",
    "charge",
    "decide",
    "decisions_of",
    "is_charged",
    "open_with",
    "post_line",
    "post_outside_claims",
    "project",
    "reverse",
    "standing_cause",
    "standing_of",
]
