"""Whose rows a set of files may bring: settled before the transaction, whose tenancy stays."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backoffice.models.base import new_id
from backoffice.models.practices import Practice
from backoffice.rules.dates import UnknownTimeZone, time_zone
from backoffice.services.audit import Actor
from backoffice.services.intake import practices
from backoffice.services.intake.export import Export
from backoffice.services.intake.mapping import given_by
from backoffice.services.practices import FALLBACK_ZONE
from backoffice.services.refusal import Refused
from backoffice.services.work import WalledSession, unit_of_work


class NoPractice(Refused):
    """The files don't say whose they are, and nobody else did."""

    code = "no_practice"

    def __init__(self) -> None:
        """Say how to help."""
        super().__init__("Choose a practice: the files do not name one.")


@dataclass(frozen=True)
class Scope:
    """For whom files are taken in: one practice or those the rows name, within what is allowed.

    `allowed` None means every practice. Only with `may_begin` do unknown practices begin, under an
    agreement since `agreement_on`; without that day their clients are not taken in yet.
    """

    practice_id: UUID | None = None
    allowed: frozenset[UUID] | None = None
    may_begin: bool = False
    agreement_on: date | None = None
    actor: Actor = field(default_factory=Actor)


@dataclass
class Directory:
    """Whose rows may be taken in: practice ids by the source's id, or one for all."""

    by_source: dict[str, UUID]
    only: UUID | None = None
    chosen: bool = False
    new: dict[str, UUID] = field(default_factory=dict)
    agreement_on: date | None = None

    @property
    def ids(self) -> set[UUID]:
        """Return every practice that rows may be of."""
        return {*self.by_source.values(), *([self.only] if self.only else [])}

    def practice_of(self, source_id: str | None) -> UUID | None:
        """Return whose a row is: as it names, or the only one there is."""
        if source_id is None:
            return self.only
        return self.by_source.get(source_id)


def directory_of(factory: sessionmaker[WalledSession], export: Export, scope: Scope) -> Directory:
    """Settle whose rows may come before the transaction begins: its tenancy never changes."""
    with unit_of_work(factory, house=True) as session:
        if scope.practice_id is not None:
            return _chosen(session, scope.practice_id, scope)
        known = practices.known_practices(session, scope.allowed)
        taken = set(session.scalars(select(Practice.source_id)))
    named = _practices_named(export)
    if not named and not _rows_name_practices(export):
        raise NoPractice
    found = Directory({each: known[each] for each in named or known if each in known})
    if scope.may_begin:
        found.agreement_on = scope.agreement_on
        found.new = {each: new_id() for each in named if each not in taken}
        found.by_source |= found.new
    if len(found.by_source) == 1 and named:
        (found.only,) = found.by_source.values()
    if not found.by_source:
        raise NoPractice
    return found


def _chosen(session: Session, practice_id: UUID, scope: Scope) -> Directory:
    chosen = session.get(Practice, practice_id)
    if (
        chosen is None
        or chosen.left_at is not None
        or (scope.allowed is not None and practice_id not in scope.allowed)
    ):
        raise NoPractice
    own = {chosen.source_id: chosen.id} if chosen.source_id else {}
    return Directory(own, only=chosen.id, chosen=True)


def _practices_named(export: Export) -> list[str]:
    """Return the practices that the export itself brings."""
    if export.mapping.practice:
        return [export.mapping.practice["id"]]
    return [
        source_id
        for table in export.tables
        if table.kind == "practices"
        for row in export.rows(table.file)
        if row.cells
        and (source_id := given_by(table, row.cells, export.book, zone_of(FALLBACK_ZONE)).get("id"))
    ]


def _rows_name_practices(export: Export) -> bool:
    return any("practice_id" in export.surveys[table.file].header for table in export.tables)


def zone_of(name: str) -> ZoneInfo:
    """Return a practice's zone, UTC where its name is not known (readiness says so)."""
    try:
        return time_zone(name)
    except UnknownTimeZone:
        return time_zone(FALLBACK_ZONE)
