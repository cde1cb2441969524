"""Keeps brought files in the store before anything is read: streamed, with their SHA-256."""

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from backoffice.gateways.documents import Documents
from backoffice.services.intake.batches import BroughtFile

_PIECE = 1 << 20
_LONGEST_NAME = 120


def keep(
    documents: Documents, batch_id: UUID, uploads: Iterable[tuple[str, BinaryIO]]
) -> list[BroughtFile]:
    """Put each upload into the store under a key of ids; its name stays in our rows."""
    return [
        _kept(documents, f"intake/{batch_id}/{number}", name, stream)
        for number, (name, stream) in enumerate(uploads)
    ]


def _kept(documents: Documents, key: str, name: str, stream: BinaryIO) -> BroughtFile:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    stream.seek(0)
    documents.put(key, stream, sha256=digest.hexdigest())
    short = PurePosixPath(name.replace("\\", "/")).name[-_LONGEST_NAME:]
    return BroughtFile(short, key, digest.hexdigest(), size)
