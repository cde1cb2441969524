"""Everything of one practice as one archive: tables, files, the record, and proof of all."""

import csv
import enum
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Mapper, Session

from backoffice.models.audit import AuditRecord
from backoffice.models.base import Base
from backoffice.models.clients import Client
from backoffice.models.contract import Departure
from backoffice.models.documents import Document, DocumentState
from backoffice.models.practices import Practice
from backoffice.models.sealing import SealedText
from backoffice.models.submissions import Submission
from backoffice.models.users import Membership, User
from backoffice.rules.part2 import NOTICE
from backoffice.services import audit
from backoffice.services.documents.naming import ENDINGS
from backoffice.services.exporting import harmless
from backoffice.services.submissions.sending import body_of

AT_ONCE: Final = 500
LEFT_OUT: Final = ("_sealed", "_index", "_hash", "_digest", "_plain")
"""Columns of ours alone: what is sealed in them is exported in the clear, under its own name."""
READ_ME: Final = """\
Everything that was held for this practice, as it was in one moment.

tables/NAME.jsonl   one JSON object for each row, exact; amounts are dollars, moments are UTC
tables/NAME.csv     the same for a spreadsheet; a text that would run as a formula has ' before it
documents/          documents by their id (tables/documents: kind, name, claim links)
submissions/        the claim files (837P) as they were sent
manifest.json       rows of each table, SHA-256 and bytes of each file
"""

Fetch = Callable[[str], Iterator[bytes]]
"""Reads the bytes at a key of the document store, piece by piece."""


class NotWhole(Exception):
    """A document's bytes are not those its row tells of: no export is better than a false one."""


@dataclass(frozen=True)
class Exported:
    """The finished archive: where it lies, its SHA-256 (hex), its bytes, rows by table."""

    path: Path
    sha256: str
    size: int
    counts: Mapping[str, int]


@dataclass
class _Archive:
    """The archive as it grows, with what the manifest will say."""

    zip: zipfile.ZipFile
    files: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, pieces: Iterator[bytes]) -> str:
        """Write one file; returns its SHA-256 (hex)."""
        digest, size = hashlib.sha256(), 0
        with self.zip.open(name, "w", force_zip64=True) as written:
            for piece in pieces:
                written.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files.append({"path": name, "sha256": digest.hexdigest(), "bytes": size})
        return digest.hexdigest()


def write_export(
    session: Session, practice_id: UUID, folder: Path, *, fetch: Fetch, now: datetime
) -> Exported:
    """Write a practice's archive into a folder that only we read. Raises NotWhole or SealBroken.

    The session works for the practice and has done nothing yet: all is read in one moment of the
    database, so that the tables fit each other while answers still come in.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        archive = _Archive(opened)
        for mapper in tables_of_practices():
            _write_table(mapper, _rows(session, mapper, practice_id), archive, folder)
        record = audit.of_practice(session, practice_id)
        _write_table(AuditRecord.__mapper__, record, archive, folder)
        _write_table(Practice.__mapper__, session.scalars(_itself(practice_id)), archive, folder)
        _write_table(User.__mapper__, session.scalars(_people(practice_id)), archive, folder)
        _write_files(session, practice_id, archive, fetch)
        _write_words(session, practice_id, archive, now)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Exported(path, sha256, path.stat().st_size, archive.counts)


def tables_of_practices() -> list[Mapper[Any]]:
    """Return the mapped tables whose rows name a practice and go with it, by name."""
    stay = {Departure.__mapper__, AuditRecord.__mapper__}
    found = {mapper for mapper in Base.registry.mappers if "practice_id" in mapper.columns} - stay
    return sorted(found, key=lambda mapper: mapper.local_table.description)


def _rows(session: Session, mapper: Mapper[Any], practice_id: UUID) -> Iterator[Any]:
    """Yield a table's rows of one practice, letting each go once it is written."""
    own = select(mapper.class_).where(mapper.columns["practice_id"] == practice_id)
    query = own.order_by(*mapper.primary_key).execution_options(yield_per=AT_ONCE)
    for row in session.scalars(query):
        yield row
        session.expunge(row)


def _itself(practice_id: UUID) -> Select[Any]:
    return select(Practice).where(Practice.id == practice_id)


def _people(practice_id: UUID) -> Select[Any]:
    members = select(Membership.user_id).where(Membership.practice_id == practice_id)
    return select(User).where(User.id.in_(members)).order_by(User.id)


def _write_table(mapper: Mapper[Any], rows: Iterable[Any], archive: _Archive, folder: Path) -> None:
    """Write one table as JSON lines and as CSV, in one pass over its rows."""
    name, names = mapper.local_table.description, columns_of(mapper)
    as_lines, as_csv, count = folder / "rows.jsonl", folder / "rows.csv", 0
    with as_lines.open("w") as lines, as_csv.open("w", newline="") as cells:
        table = csv.writer(cells, lineterminator="\r\n")
        table.writerow(names)
        for row in rows:
            values = {each: _plain(getattr(row, each)) for each in names}
            lines.write(json.dumps(values, ensure_ascii=False) + "\n")
            table.writerow([_in_csv(value) for value in values.values()])
            count += 1
    archive.counts[name] = count
    for made in (as_lines, as_csv):
        archive.add(f"tables/{name}{made.suffix}", _pieces(made))
        made.unlink()


def columns_of(mapper: Mapper[Any]) -> list[str]:
    """Return the names of a table's columns as they are exported; sealed ones by their own name."""
    plain = [each.key for each in mapper.column_attrs if not each.key.endswith(LEFT_OUT)]
    sealed = [
        name
        for parent in mapper.class_.__mro__
        for name, value in vars(parent).items()
        if isinstance(value, SealedText)
    ]
    return [*plain, *sorted(sealed)]


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it; amounts as text, so that no reader rounds them."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | str | dict):
        return value
    return str(value)


def _in_csv(value: Any) -> Any:
    if isinstance(value, list | dict):
        return harmless(json.dumps(value, ensure_ascii=False))
    return harmless(value) if isinstance(value, str) else value


def _write_files(session: Session, practice_id: UUID, archive: _Archive, fetch: Fetch) -> None:
    stored = select(Document).where(
        Document.practice_id == practice_id,
        Document.state.in_([DocumentState.STORED, DocumentState.WITHDRAWN]),
    )
    for document in session.scalars(stored.order_by(Document.id)):
        (ending, *_) = ENDINGS.get(document.content_type, ("bin",))
        name = f"documents/{document.id}.{ending}"
        if archive.add(name, fetch(document.document_key)) != document.sha256:
            raise NotWhole(str(document.id))
    sent = select(Submission).where(Submission.practice_id == practice_id)
    for submission in session.scalars(sent.order_by(Submission.id)):
        archive.add(f"submissions/{submission.filename}", iter([body_of(submission)]))


def _write_words(session: Session, practice_id: UUID, archive: _Archive, now: datetime) -> None:
    flagged = select(Client.id).where(
        Client.practice_id == practice_id, Client.part2_since.is_not(None)
    )
    if session.scalars(flagged.limit(1)).first() is not None:
        archive.add("NOTICE.txt", iter([f"{NOTICE}\n".encode()]))
    archive.add("README.txt", iter([READ_ME.encode()]))
    manifest = {
        "practice_id": str(practice_id),
        "made_at": now.isoformat(),
        "rows": archive.counts,
        "files": archive.files,
    }
    archive.zip.writestr("manifest.json", json.dumps(manifest, indent=2))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece
