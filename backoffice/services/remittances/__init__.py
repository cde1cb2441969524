"""Remittances of one practice: stored as read, matched to claims, posted where clean, decided.

storing: an 835 payment as rows. matching: whose claim and line each is. posting: what posts itself
and what waits. deciding: what a person does about the rest. lists and page: read-only questions.
"""

from backoffice.services.remittances.lists import ClaimDecided, LineDecided, of_claim

__all__ = ["ClaimDecided", "LineDecided", "of_claim"]
