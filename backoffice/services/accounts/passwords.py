"""Passwords: how they are hashed, a few at once, and which ones are refused."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backoffice.services.accounts.breached import is_about, is_breached
from backoffice.services.refusal import Refused

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 128
AT_ONCE: Final = 4
"""Hashes at one time in one process: 64 MiB each, 256 MiB in all."""
PRODUCT: Final = ("Cleanclaim", "billing", "claims", "password", "portal")


class PasswordRefused(Refused):
    """A new password is too short, too long, breached, or made of names."""

    code = "password_refused"

    def __init__(self, words: str) -> None:
        """Say what is wrong with it."""
        super().__init__(words, field="password")


@dataclass(frozen=True)
class Checked:
    """Whether a password fits, and its hash by today's parameters where the kept one is older."""

    fits: bool
    renewed_hash: str | None = None


class Hashing:
    """argon2id with 64 MiB and 3 passes (RFC 9106, low memory), at most four at once."""

    def __init__(self) -> None:
        """Begin with no hash made, and one that nobody's password fits."""
        self._hasher = PasswordHasher()
        self._turns = BoundedSemaphore(AT_ONCE)
        self._lock = Lock()
        self.made = 0
        self._nobodys = self._hasher.hash("the password of an account that does not exist")

    def hash(self, password: str) -> str:
        """Return the hash of a password, compared in NFKC."""
        with self._turns:
            self._count()
            return self._hasher.hash(normal(password))

    def check(self, known: str | None, password: str) -> Checked:
        """Compare; an account without a hash, or none at all, costs the same time."""
        with self._turns:
            self._count()
            try:
                fits = self._hasher.verify(known or self._nobodys, normal(password))
            except (VerificationError, InvalidHashError):
                return Checked(fits=False)
        if known is None or not fits:
            return Checked(fits=False)
        renews = self._hasher.check_needs_rehash(known)
        return Checked(fits=True, renewed_hash=self.hash(password) if renews else None)

    def _count(self) -> None:
        with self._lock:
            self.made += 1


hashing: Final = Hashing()


def normal(password: str) -> str:
    """Return a password as it is compared: one way of writing the same signs (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, compared in NFKC."""
    return hashing.hash(password)


def require_good_password(password: str, *, about: Iterable[str]) -> None:
    """Raise PasswordRefused for a password that is too short, too long or guessed at once.

    `about` are the names it must not be made of: the person's, their email, their practices'.
    """
    plain = normal(password)
    if len(plain) < LEAST_CHARACTERS:
        raise PasswordRefused(f"A password has at least {LEAST_CHARACTERS} characters.")
    if len(plain) > MOST_CHARACTERS:
        raise PasswordRefused(f"A password has at most {MOST_CHARACTERS} characters.")
    if is_breached(plain):
        raise PasswordRefused(
            "This password is known from breaches, or is one with padding. Take another."
        )
    if is_about(plain, (*PRODUCT, *about)):
        raise PasswordRefused("This password is made of names that are easy to guess.")
