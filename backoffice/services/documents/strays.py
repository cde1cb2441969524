"""What lies in the store outside the folders of practices that stand, and what of it no row names.

Every prefix that we write is somebody's to sweep: `t/<practice>/` the practice's own turn does
(looking_after), `h/` and `intake/` and the folders of removed practices are here. Anchors of the
record (`a/`) are never swept: they are read from the store's own list because the database is not
to be believed about them, so no missing row may take one away. A folder in `t/` of a practice that
the database does not know is left: a database put back from a backup may know less than the store.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.gateways.documents import StoredDocument
from backoffice.models.inbound import InboundFile
from backoffice.models.intake import IntakeBatch
from backoffice.models.practices import Practice
from backoffice.services.documents.looking_after import is_old

INBOUND: Final = "h/"
BROUGHT: Final = "intake/"
OF_PRACTICES: Final = "t/"


def of_inbound(
    session: Session, lying: Iterable[StoredDocument], *, now: datetime
) -> Sequence[str]:
    """Return the keys of raw files that no row tells of; in a session of the intake role."""
    old = {each.key for each in lying if is_old(each, now=now)}
    if not old:
        return []
    return sorted(old.difference(session.scalars(select(InboundFile.document_key))))


def of_brought(
    session: Session, lying: Iterable[StoredDocument], *, now: datetime
) -> Sequence[str]:
    """Return the keys of brought files that no batch tells of; in a session of the house."""
    old = {each.key for each in lying if is_old(each, now=now)}
    if not old:
        return []
    kept = session.scalars(select(IntakeBatch.files))
    return sorted(old.difference(file.get("key", "") for files in kept for file in files))


def removed_among(session: Session, names: Collection[str]) -> Sequence[UUID]:
    """Return which of these folders are of practices whose rows have been removed."""
    removed = session.scalars(select(Practice.id).where(Practice.removed_at.is_not(None)))
    return sorted(practice_id for practice_id in removed if str(practice_id) in names)


def of_removed(lying: Iterable[StoredDocument], *, now: datetime) -> Sequence[str]:
    """Return what is left of a removed practice: what was still being written while it went."""
    return [each.key for each in lying if is_old(each, now=now)]
