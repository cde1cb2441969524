"""Takes a set of files in: one transaction, rolled back where it is only a dry run."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from backoffice.models.base import new_id
from backoffice.models.practices import Practice
from backoffice.services import unbilled
from backoffice.services.audit import act_as
from backoffice.services.intake import payers, practices
from backoffice.services.intake.directory import Directory, Scope, directory_of, zone_of
from backoffice.services.intake.export import Export
from backoffice.services.intake.fields import read_all
from backoffice.services.intake.following import follow
from backoffice.services.intake.kinds import KINDS, OF_PATIENTS, Home, Kind, Seat
from backoffice.services.intake.lines import lines_of
from backoffice.services.intake.mapping import (
    Table,
    given_by,
    skip_words,
    text_of,
)
from backoffice.services.intake.merging import Staged, merge, prepare
from backoffice.services.intake.outcome import FileReport, Outcome, Problem
from backoffice.services.intake.reading import Row
from backoffice.services.intake.rows import Reading, look_up, references_of, referring
from backoffice.services.practices import FALLBACK_ZONE, agreement_in_force, local_day
from backoffice.services.typed_values import WrongValue
from backoffice.services.work import WalledSession, act_in, unit_of_work

AT_ONCE = 10_000
TWICE = "This id stands on an earlier line of the file too."
NO_PRACTICE = "No practice of this id is known."
NO_AGREEMENT = (
    "No business associate agreement with this practice is in force: its clients come after it."
)


class _OnlyADryRun(Exception):
    """Rolls the transaction back."""


@dataclass(frozen=True)
class Watch:
    """Who is told meanwhile (rows read so far), and who writes at the end in the transaction."""

    progress: Callable[[int], None] = lambda _rows: None
    finish: Callable[[Session, Outcome], None] = lambda _session, _outcome: None


UNWATCHED = Watch()


def take_in(
    factory: sessionmaker[WalledSession],
    export: Export,
    scope: Scope,
    *,
    now: datetime,
    dry_run: bool,
    watch: Watch = UNWATCHED,
) -> Outcome:
    """Write what is new or changed in the files, and say what became of every row.

    One transaction: all of it or nothing. A dry run does the very same and takes it back. Raises
    NoPractice when it is not known whose the rows are.
    """
    directory = directory_of(factory, export, scope)
    run = _Run(export, directory, now, watch)
    run.outcome.notes += export.notes
    try:
        with unit_of_work(factory, practices=directory.ids, house=True) as session:
            act_as(session, scope.actor)
            run.all(session)
            if dry_run:
                raise _OnlyADryRun
            follow(session, run.outcome, now=now)
            watch.finish(session, run.outcome)
    except _OnlyADryRun:
        pass
    return run.outcome


class _Run:
    """One transaction's reading of all files."""

    def __init__(self, export: Export, directory: Directory, now: datetime, watch: Watch) -> None:
        self.export, self.directory, self.now, self.watch = export, directory, now, watch
        self.outcome = Outcome()
        self.turns: set[UUID] = set()
        self.homes: dict[UUID, Home] = {}
        self.seen: dict[str, set[tuple[UUID, str]]] = defaultdict(set)
        self.rows_read = 0

    def all(self, session: Session) -> None:
        """Take in every file in order."""
        prepare(session)
        self._own_practice(session)
        for table in self.export.tables:
            report = FileReport(table.file, table.kind, table.title)
            report.notes += self.export.surveys[table.file].notes
            self.outcome.files.append(report)
            if table.kind in KINDS:
                self._set_by_set(session, table, report)
            else:
                self._one_by_one(session, table, report)
        for left_out in self.export.mapping.left_out:
            self._leave_out(left_out.file, left_out.words)

    def _own_practice(self, session: Session) -> None:
        """Begin the practice of an export that names none."""
        given = self.export.mapping.practice
        if given and not self.directory.chosen:
            values, _ = read_all("practices", given)
            practice_id = self.directory.by_source[given["id"]]
            if given["id"] in self.directory.new:
                self._take_turns(session, {practice_id})
                act_in(session, practice_id)
                practices.take_in(
                    session,
                    values,
                    practice_id,
                    agreement_on=self.directory.agreement_on,
                    now=self.now,
                )
                self.outcome.touch(practice_id, "practices", [practice_id])
                self.outcome.notes.append(f"The practice {given['name']} is new.")

    def _leave_out(self, file: str, words: str) -> None:
        if file in self.export.surveys:
            count = sum(1 for _ in self.export.rows(file))
            report = FileReport(file, "", "left out", rows=count, skipped=count)
            report.skipped_for[words] += count
            self.outcome.files.append(report)
            self._read(count)

    def _read(self, count: int) -> None:
        self.rows_read += count
        self.watch.progress(self.rows_read)

    def _one_by_one(self, session: Session, table: Table, report: FileReport) -> None:
        """Practices and payers: few, and the house's own."""
        for row in self._readable(session, table, report):
            try:
                if table.kind == "practices":
                    self._practice(session, row, report)
                else:
                    self._payer(session, row, report)
            except WrongValue as wrong:
                self._refuse(report, row.line, [(wrong.field, wrong.words)], row.practice_id)
        self._read(report.rows)

    def _practice(self, session: Session, row: Reading, report: FileReport) -> None:
        self._take_turns(session, {row.practice_id})
        act_in(session, row.practice_id)
        taken = practices.take_in(
            session,
            row.values,
            row.practice_id,
            agreement_on=self.directory.agreement_on,
            now=self.now,
        )
        self._count(report, new=taken.new, changed=taken.changed)
        if taken.new or taken.changed:
            self.outcome.touch(row.practice_id, "practices", [row.practice_id])

    def _payer(self, session: Session, row: Reading, report: FileReport) -> None:
        home = self.homes[row.practice_id]
        if payers.says_something_new(session, row.values, home):
            self._take_turns(session, {row.practice_id})
        act_in(session, row.practice_id)
        end = payers.take_in(session, row.values, home, now=self.now)
        new, changed = end is payers.PayerEnd.NEW, end is payers.PayerEnd.CHANGED
        self._count(report, new=new, changed=changed)
        if new or changed:
            self.outcome.touch(row.practice_id, "payers", [home.payers[row.source_id].id])

    @staticmethod
    def _count(report: FileReport, *, new: bool, changed: bool) -> None:
        report.new += new
        report.changed += changed
        report.unchanged += not (new or changed)

    def _set_by_set(self, session: Session, table: Table, report: FileReport) -> None:
        kind = KINDS[table.kind]
        put_off: list[Reading] = []
        before = 0
        for part in _parts(self._readable(session, table, report), AT_ONCE):
            put_off += self._merge(session, kind, part, report)
            self._read(report.rows - before)
            before = report.rows
        while put_off:
            again = self._merge(session, kind, put_off, report)
            if len(again) == len(put_off):
                for row in again:
                    row.last_try = True
            put_off = again
        self._read(report.rows - before)

    def _readable(self, session: Session, table: Table, report: FileReport) -> Iterator[Reading]:
        """Yield the rows that can be read and are somebody's; count and report all others."""
        for raw in self.export.rows(table.file):
            report.rows += 1
            if raw.fault:
                self._refuse(report, raw.line, [("", raw.fault)], None)
                continue
            if why := skip_words(table, raw.cells, self.export.book):
                report.skipped += 1
                report.skipped_for[why] += 1
                continue
            row, practice_id, wrong = self._read_row(session, table, raw)
            if row is None:
                self._refuse(report, raw.line, wrong, practice_id)
            else:
                yield row

    def _read_row(
        self, session: Session, table: Table, raw: Row
    ) -> tuple[Reading | None, UUID | None, list[tuple[str, str]]]:
        """Return a row read, or whose it is and what is wrong with it."""
        # whose it is comes first: the practice's time zone is needed to read the rest
        column = "id" if table.kind == "practices" else "practice_id"
        source_id = self._text_of(table, column, raw)
        practice_id = self.directory.practice_of(source_id)
        if practice_id is None or (table.kind == "practices" and not source_id):
            return None, None, [(column, NO_PRACTICE)]
        zone = zone_of(FALLBACK_ZONE)
        if table.kind != "practices":
            home = self._home(session, practice_id)
            if home is None:  # the practice's own row was refused
                return None, None, [(column, NO_PRACTICE)]
            if table.kind in OF_PATIENTS and not home.is_open:
                return None, practice_id, [(column, NO_AGREEMENT)]
            zone = home.zone
        given = given_by(table, raw.cells, self.export.book, zone)
        values, wrong = read_all(table.kind, given)
        if not wrong and (practice_id, values["id"]) in self.seen[table.kind]:
            wrong = [("id", TWICE)]
        if wrong:
            return None, practice_id, wrong
        self.seen[table.kind].add((practice_id, values["id"]))
        self.outcome.note_missing(table.kind, values)
        return Reading(raw.line, practice_id, given, values), practice_id, []

    def _text_of(self, table: Table, field: str, raw: Row) -> str | None:
        made = table.fields.get(field)
        if made is None:
            return None
        return text_of(made, raw.cells, self.export.book, zone_of(FALLBACK_ZONE)) or None

    def _merge(
        self, session: Session, kind: Kind, part: Sequence[Reading], report: FileReport
    ) -> list[Reading]:
        """Write a part of a file; return the rows that refer to one further down."""
        asked = look_up(session, kind, part)
        if self._take_turns(session, {row.practice_id for row in asked}):
            asked = look_up(session, kind, part)  # others may have written while we waited
        report.unchanged += len(part) - len(asked)
        found = references_of(session, kind, asked)
        staged: list[Staged] = []
        put_off: list[Reading] = []
        for row in asked:
            try:
                columns, missing = referring(kind, row, found)
                if missing:
                    put_off.append(row)
                else:
                    staged.append(self._stage(kind, row, columns))
            except WrongValue as wrong:
                self._refuse(report, row.line, [(wrong.field, wrong.words)], row.practice_id)
        for practice_id, own in _by_practice(staged).items():
            act_in(session, practice_id)
            self._write(session, kind, practice_id, own, report)
        return put_off

    def _take_turns(self, session: Session, practice_ids: set[UUID]) -> bool:
        """Wait for our turn in these practices where we haven't it yet; tell whether we did.

        Files that change nothing wait for nobody, and nobody waits for them.
        """
        wanted = practice_ids - self.turns
        for practice_id in sorted(wanted):
            unbilled.take_turn(session, practice_id)
        self.turns |= wanted
        return bool(wanted)

    def _stage(self, kind: Kind, row: Reading, columns: dict[str, UUID | None]) -> Staged:
        old = row.kept
        seat = Seat(self.homes[row.practice_id], old.id if old else new_id(), old)
        whole = kind.shape(row.values, seat) | columns
        whole |= {
            "practice_id": row.practice_id,
            "id": seat.id,
            "source_id": row.source_id,
            "source_digest": row.digest,
        }
        appointment = kind.name == "appointments"
        lines = lines_of(row.values, row.practice_id, seat.id) if appointment else ()
        return Staged(row.line, old is None, whole, tuple(lines))

    def _write(
        self,
        session: Session,
        kind: Kind,
        practice_id: UUID,
        staged: Sequence[Staged],
        report: FileReport,
    ) -> None:
        """Write one practice's rows: nothing is written in a practice that is not acted in."""
        merged = merge(session, kind, staged, now=self.now)
        report.new += len(merged.new)
        report.changed += len(merged.changed)
        report.unchanged += merged.unchanged
        by_id = {row.id: row for row in staged}
        for row_id, words in merged.refused.items():
            row = by_id[row_id]
            self._refuse(report, row.line, [("id", words)], practice_id)
        if written := [*merged.new, *merged.changed]:
            self.outcome.touch(practice_id, kind.name, written)

    def _refuse(
        self,
        report: FileReport,
        line: int,
        wrong: Iterable[tuple[str, str]],
        practice_id: UUID | None,
    ) -> None:
        report.refused += 1
        self.outcome.problems += [
            Problem(report.file, line, name, words, practice_id) for name, words in wrong
        ]

    def _home(self, session: Session, practice_id: UUID) -> Home | None:
        """Return what a practice's rows are read with; None where it never began."""
        if practice_id not in self.homes:
            practice = session.get(Practice, practice_id)
            if practice is None:
                return None
            self.homes[practice_id] = Home(
                practice_id,
                zone_of(practice.time_zone),
                local_day(practice.time_zone, self.now),
                payers.payers_of(session, practice_id),
                is_open=agreement_in_force(practice, now=self.now),
            )
        return self.homes[practice_id]


def _by_practice(staged: Iterable[Staged]) -> dict[UUID, list[Staged]]:
    found: dict[UUID, list[Staged]] = defaultdict(list)
    for row in staged:
        found[row.columns["practice_id"]].append(row)
    return found


def _parts(rows: Iterable[Reading], size: int) -> Iterator[list[Reading]]:
    going = iter(rows)
    while part := list(islice(going, size)):
        yield part
