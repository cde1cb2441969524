"""The professional claim (837P, 005010X222A1): dataclasses, read(), validate(), write()."""

from backoffice.edi.claim_837.reading import ClaimReader, is_claim_set, read
from backoffice.edi.claim_837.shapes import (
    Address,
    Adjustment,
    BillingProvider,
    Claim,
    ClaimSet,
    Contact,
    Diagnosis,
    Line,
    LineAdjudication,
    OtherPayer,
    Party,
    Patient,
    Receiver,
    Submitter,
    Subscriber,
)
from backoffice.edi.claim_837.validation import FormCheck, validate
from backoffice.edi.claim_837.writing import (
    MAX_CLAIMS,
    ClaimNotWritable,
    TooManyClaims,
    Written,
    write,
)

__all__ = [
    "MAX_CLAIMS",
    "Address",
    "Adjustment",
    "BillingProvider",
    "Claim",
    "ClaimNotWritable",
    "ClaimReader",
    "ClaimSet",
    "Contact",
    "Diagnosis",
    "FormCheck",
    "Line",
    "LineAdjudication",
    "OtherPayer",
    "Party",
    "Patient",
    "Receiver",
    "Submitter",
    "Subscriber",
    "TooManyClaims",
    "Written",
    "is_claim_set",
    "read",
    "validate",
    "write",
]
