"""Our claims to the bytes of an 837P and back: the one translator between billing and X12."""

from backoffice.services.claim_files.inward import facts_in, facts_of
from backoffice.services.claim_files.judging import scrub_problems
from backoffice.services.claim_files.outward import (
    FileHeader,
    SeveralBillingProviders,
    claim_file,
    claim_of,
)

__all__ = [
    "FileHeader",
    "SeveralBillingProviders",
    "claim_file",
    "claim_of",
    "facts_in",
    "facts_of",
    "scrub_problems",
]
