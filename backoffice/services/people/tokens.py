"""The secrets of links in mails: 256 random bits, of which the tables know only the hash."""

import hashlib
import secrets
from typing import NamedTuple

BYTES = 32


class Token(NamedTuple):
    """What a link carries, and what a table keeps of it."""

    secret: str
    hash: bytes


def new_token() -> Token:
    """Return a fresh token."""
    secret = secrets.token_urlsafe(BYTES)
    return Token(secret, hash_of(secret))


def hash_of(secret: str) -> bytes:
    """Return what a table knows of a token (the secret is random: one round is enough)."""
    return hashlib.sha256(secret.encode()).digest()
