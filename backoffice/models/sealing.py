"""Fields sealed with AES-256-GCM, bound to their table, column, row and practice."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
_ID_BYTES = 1


class KeysNotInstalled(RuntimeError):
    """A sealed field was touched before the process installed its keys."""


class SealBroken(ValueError):
    """A sealed value does not open at this place: another row's, altered, or its key is gone."""


@dataclass(frozen=True)
class Place:
    """Where a sealed value lives; it opens nowhere else."""

    table: str
    column: str
    practice_id: UUID | None
    row_id: UUID

    def bound(self) -> bytes:
        """Return the bytes that authenticate the place (AES-GCM associated data)."""
        return f"{self.table}|{self.column}|{self.row_id}|{self.practice_id}".encode()


@dataclass(frozen=True)
class Keyring:
    """Field keys by id, the current one first, and the key of the blind indexes.

    A sealed value is: one byte of key-id length, the key id, 12 bytes of nonce, the ciphertext.
    """

    field_keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    def seal(self, place: Place, plain: bytes) -> bytes:
        """Seal under the current key."""
        key_id = key_id_of(self)
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.field_keys[key_id]).encrypt(nonce, plain, place.bound())
        name = key_id.encode()
        return len(name).to_bytes(_ID_BYTES, "big") + name + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> bytes:
        """Open what was sealed at this very place, or raise SealBroken."""
        end = _ID_BYTES + sealed[0]
        key = self.field_keys.get(sealed[_ID_BYTES:end].decode())
        if key is None:
            raise SealBroken
        nonce, body = sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, place.bound())
        except InvalidTag as broken:
            raise SealBroken from broken

    def blind_index(self, practice_id: UUID | None, purpose: str, value: str) -> bytes:
        """Return the keyed hash by which a sealed value is found exactly, within one practice."""
        message = f"{purpose}|{practice_id}|{value}".encode()
        return hmac.new(self.index_key, message, hashlib.sha256).digest()


def key_id_of(keys: Keyring) -> str:
    """Return the id of the key that new values are sealed with."""
    return next(iter(keys.field_keys))


_installed: list[Keyring] = []


def install_keyring(keyring: Keyring) -> None:
    """Give this process its keys, once at start (again only to rotate)."""
    _installed[:] = [keyring]


def keyring() -> Keyring:
    """Return the process's keys, or raise KeysNotInstalled."""
    if not _installed:
        raise KeysNotInstalled
    return _installed[0]


class SealedRow(Protocol):
    """What a row needs to hold sealed fields."""

    __tablename__: str
    id: Any


def place_of(row: Any, column: str) -> Place:
    """Return the place of one column of a row."""
    return Place(row.__tablename__, column, getattr(row, "practice_id", None), row.id)


class SealedText:
    """An attribute that reads and writes text through the column `<name>_sealed`.

    With `indexed=True` it also keeps the blind index in `<name>_index`. With `was_plain=True` the
    column `<name>`, mapped as `<name>_plain`, holds what an earlier release wrote in the clear: it
    is read where nothing is sealed, and emptied by whoever seals (`backoffice keys rotate`).
    """

    def __init__(self, *, indexed: bool = False, was_plain: bool = False) -> None:
        """Say whether a blind index is kept beside the value, and whether it was plain once."""
        self.indexed = indexed
        self.was_plain = was_plain
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember the attribute's name."""
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> "SealedText": ...
    @overload
    def __get__(self, row: object, owner: type) -> str | None: ...
    def __get__(self, row: object | None, owner: type) -> "SealedText | str | None":
        """Open the value, None where there is none."""
        if row is None:
            return self
        sealed: bytes | None = getattr(row, f"{self.name}_sealed")
        if sealed is None:
            return getattr(row, f"{self.name}_plain") or None if self.was_plain else None
        return keyring().open(place_of(row, self.name), sealed).decode()

    def __set__(self, row: object, value: str | None) -> None:
        """Seal the value; None or an empty text clears it and its index."""
        place = place_of(row, self.name)
        keys = keyring()
        setattr(row, f"{self.name}_sealed", keys.seal(place, value.encode()) if value else None)
        if self.was_plain:
            setattr(row, f"{self.name}_plain", "")
        if self.indexed:
            index = keys.blind_index(place.practice_id, self.name, value) if value else None
            setattr(row, f"{self.name}_index", index)
