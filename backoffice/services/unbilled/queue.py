"""The Unbilled queue: totals that are kept, one page by keyset, other filters counted so far."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Select,
    String,
    Uuid,
    exists,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from backoffice.models.appointments import (
    Appointment,
    AppointmentLine,
    ReadinessFinding,
    UnbilledTotal,
)
from backoffice.models.payers import Payer
from backoffice.models.practices import Clinician
from backoffice.rules.money import ZERO, total
from backoffice.rules.readiness import FINDING_KINDS, Readiness
from backoffice.services.access import held, visible
from backoffice.services.cursors import Cursor
from backoffice.services.unbilled.findings import RESTS_ON
from backoffice.services.unbilled.wanted import (
    PAGE_SIZE,
    PARSERS,
    Entry,
    Page,
    Sort,
    Sum,
    Totals,
    Wanted,
)
from backoffice.services.work import own_practices

COUNTED_TO = 10_000
NOBODY = UUID(int=0)
"""The id that stands in unbilled_totals where an appointment has no payer or no clinician."""


def totals(session: Session, wanted: Wanted) -> Totals:
    """Return count and money of Ready, Missing and Held.

    From the kept totals where only practice, payer and clinician filter; else counted, each to
    COUNTED_TO unless `wanted.exact`.
    """
    if wanted.beyond_totals:
        return Totals(*(_counted(session, wanted, state) for state in _STATES))
    query = select(
        UnbilledTotal.readiness,
        func.sum(UnbilledTotal.appointments),
        func.sum(UnbilledTotal.charge_amount, type_=UnbilledTotal.charge_amount.type),
    ).where(held(session, UnbilledTotal.practice_id))
    if wanted.payer_ids:
        query = query.where(UnbilledTotal.payer_id.in_(wanted.payer_ids))
    if wanted.clinician_ids:
        query = query.where(UnbilledTotal.clinician_id.in_(wanted.clinician_ids))
    found = {
        state: Sum(int(count), amount)
        for state, count, amount in session.execute(query.group_by(UnbilledTotal.readiness))
    }
    return Totals(*(found.get(state, Sum()) for state in _STATES))


def page(session: Session, wanted: Wanted, *, total_of_tab: Sum, grouped: bool = False) -> Page:
    """Return one page in the order asked for."""
    backwards = wanted.before is not None
    ids: Sequence[UUID] = session.scalars(page_query(session, wanted)).all()
    more = len(ids) > PAGE_SIZE
    ids = ids[:PAGE_SIZE]
    if backwards:
        ids = ids[::-1]
    entries = read_entries(session, ids)
    edge = wanted.before or wanted.after
    position = edge.position if edge else 0
    first = max(position - len(ids) - 1, 0) if backwards else position
    ahead, behind = (True, more) if backwards else (more, wanted.after is not None)
    key = _KEYS[wanted.sort]
    return Page(
        entries=grouped_by_client(entries) if grouped else entries,
        total=total_of_tab,
        first=first + 1,
        next=_cursor(key, entries[-1], first + len(ids)) if ahead and entries else None,
        previous=_cursor(key, entries[0], first + 1) if behind and entries else None,
        shown=len(ids),
    )


def entry(session: Session, appointment_id: UUID) -> Entry | None:
    """Return one appointment as a row of the queue; None once it isn't in it any more."""
    found = session.scalar(
        select(Appointment.id).where(
            held(session, Appointment.practice_id),
            Appointment.id == appointment_id,
            Appointment.unbilled,
        )
    )
    return next(iter(read_entries(session, [found])), None) if found else None


def grouped_by_client(entries: Sequence[Entry]) -> list[Entry]:
    """Join a page's rows of one client, payer and readiness under the first of them.

    The group's row carries their sum, the earliest day and the nearest deadline.
    """
    groups: dict[tuple[Any, ...], list[Entry]] = {}
    for each in entries:
        payer_id = each.payer.id if each.payer else None
        groups.setdefault((each.client.id, payer_id, each.readiness), []).append(each)
    return [_group(parts) if len(parts) > 1 else parts[0] for parts in groups.values()]


def page_query(session: Session, wanted: Wanted) -> Select[UUID]:
    """Return the select of a page's ids, one row more than a page to see whether more follow.

    Practice by practice and state by state it walks an index in order and stops after a page, so
    that the cost hangs on how many practices are shown and not on how many appointments wait.
    """
    cells = _cells(session, wanted)
    key, direction = _KEYS[wanted.sort].column, _descends(wanted)
    order = [part.desc() if direction else part.asc() for part in (key, Appointment.id)]
    inner = (
        select(Appointment.id, key.label("sort_value"))
        .where(
            Appointment.practice_id == cells.c.practice_id,
            Appointment.readiness == cells.c.state,
            Appointment.unbilled,
            *conditions(wanted),
        )
        .order_by(*order)
        .limit(PAGE_SIZE + 1)
        .lateral("found")
    )
    outer = [inner.c.sort_value, inner.c.id]
    return (
        select(inner.c.id)
        .select_from(cells.join(inner, literal_column("true")))
        .order_by(*(part.desc() if direction else part.asc() for part in outer))
        .limit(PAGE_SIZE + 1)
    )


def payers_in_queue(session: Session) -> Sequence[Payer]:
    """Return the payers that have something unbilled, by name."""
    named = select(UnbilledTotal.payer_id).where(
        held(session, UnbilledTotal.practice_id), UnbilledTotal.appointments > 0
    )
    return session.scalars(select(Payer).where(Payer.id.in_(named)).order_by(Payer.name_key)).all()


def clinicians_in_queue(session: Session) -> Sequence[Clinician]:
    """Return the clinicians who have something unbilled, by name."""
    named = select(UnbilledTotal.clinician_id).where(
        held(session, UnbilledTotal.practice_id), UnbilledTotal.appointments > 0
    )
    query = visible(session, Clinician).where(Clinician.id.in_(named))
    return session.scalars(query.order_by(Clinician.name_key)).all()


class _Key(NamedTuple):
    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    name: str


_STATES = (Readiness.READY, Readiness.MISSING, Readiness.HELD)
_NO_DEADLINE = date.max
_KEYS: Mapping[Sort, _Key] = {
    Sort.RISK: _Key(Appointment.risk_key, "risk_key"),
    Sort.SERVED: _Key(Appointment.served_on, "served_on"),
    Sort.AMOUNT: _Key(Appointment.charge_amount, "charge_amount"),
    Sort.DEADLINE: _Key(
        func.coalesce(Appointment.deadline_on, literal(_NO_DEADLINE, Date)), "deadline_on"
    ),
}


def _descends(wanted: Wanted) -> bool:
    return wanted.down is not (wanted.before is not None)


def _cells(session: Session, wanted: Wanted) -> Any:
    """Return the pairs of practice and state that are looked at, as a table of the query."""
    states = [wanted.state] if wanted.state else list(_STATES)
    practices = select(func.unnest(own_practices(session)).label("practice_id")).subquery(
        "practices"
    )
    # of one array, so that its SQL is made once
    named = select(func.unnest(literal(states, ARRAY(String))).label("state")).subquery("states")
    return (
        select(practices.c.practice_id, named.c.state)
        .select_from(practices.join(named, literal_column("true")))
        .subquery("cells")
    )


def conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions of the filters and of the page's edge, the state apart."""
    row = Appointment
    if wanted.payer_ids:
        yield row.payer_id.in_(wanted.payer_ids)
    if wanted.clinician_ids:
        yield row.clinician_id.in_(wanted.clinician_ids)
    yield from _about_work(wanted)
    yield from _about_days(wanted)
    edge = wanted.before or wanted.after
    if edge is not None:
        yield _past(wanted, edge)


def _about_work(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    row = Appointment
    if wanted.owner_id:
        yield row.owner_id == wanted.owner_id
    if wanted.without_owner:
        yield row.owner_id.is_(None)
    if wanted.procedure_code:
        yield exists().where(
            AppointmentLine.practice_id == row.practice_id,
            AppointmentLine.appointment_id == row.id,
            AppointmentLine.procedure_code == wanted.procedure_code,
        )
    if wanted.lacking:
        subject = getattr(row, RESTS_ON[FINDING_KINDS[wanted.lacking].subject])
        yield exists().where(
            ReadinessFinding.practice_id == row.practice_id,
            ReadinessFinding.subject_id == subject,
            ReadinessFinding.code == wanted.lacking.value,
        )


def _about_days(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    row = Appointment
    if wanted.served_before:
        yield row.served_on < wanted.served_before
    if wanted.served_from:
        yield row.served_on >= wanted.served_from
    if wanted.served_to:
        yield row.served_on <= wanted.served_to


def _past(wanted: Wanted, edge: Cursor) -> ColumnElement[bool]:
    key = _KEYS[wanted.sort]
    here = tuple_(key.column, Appointment.id)
    there = tuple_(
        literal(PARSERS[wanted.sort](edge.value), key.column.type), literal(edge.row_id, Uuid())
    )
    return here < there if _descends(wanted) else here > there


def _counted(session: Session, wanted: Wanted, state: Readiness) -> Sum:
    plain = replace(wanted, after=None, before=None)
    rows = select(Appointment.charge_amount).where(
        held(session, Appointment.practice_id),
        Appointment.readiness == state,
        Appointment.unbilled,
        *conditions(plain),
    )
    if not wanted.exact:
        rows = rows.limit(COUNTED_TO + 1)
    seen = rows.subquery()
    count, amount = session.execute(
        select(func.count(), func.sum(seen.c.charge_amount, type_=seen.c.charge_amount.type))
    ).one()
    exact = wanted.exact or count <= COUNTED_TO
    return Sum(count if exact else COUNTED_TO, amount or ZERO, exact)


def _cursor(key: _Key, row: Entry, position: int) -> Cursor:
    value = getattr(row, key.name)
    return Cursor(str(_NO_DEADLINE if value is None else value), row.id, position)


def read_entries(session: Session, ids: Collection[UUID]) -> list[Entry]:
    """Read the page's appointments in a handful of queries and keep the order of the ids."""
    query = (
        visible(session, Appointment)
        .where(Appointment.id.in_(ids))
        .options(
            selectinload(Appointment.client),
            selectinload(Appointment.clinician),
            selectinload(Appointment.payer),
            selectinload(Appointment.facility),
            selectinload(Appointment.lines),
        )
        .execution_options(populate_existing=True)
    )
    found = {row.id: row for row in session.scalars(query)}
    return [_entry(found[each]) for each in ids if each in found]


def _entry(row: Appointment) -> Entry:
    return Entry(
        id=row.id,
        practice_id=row.practice_id,
        version=row.version,
        client=row.client,
        clinician=row.clinician,
        payer=row.payer,
        served_on=row.served_on,
        lines=row.lines,
        place_of_service=row.place_of_service
        or (row.facility.place_of_service if row.facility else None),
        diagnosis_count=len(row.diagnosis_codes),
        charge_amount=row.charge_amount,
        deadline_on=row.deadline_on,
        readiness=row.readiness,
        missing_count=row.missing_count,
        warning_count=row.warning_count,
        held_for=row.held_for,
        owner_id=row.owner_id,
        waiting_on=row.waiting_on,
        next_on=row.next_on,
        risk_key=row.risk_key,
    )


def _group(parts: list[Entry]) -> Entry:
    deadlines = [part.deadline_on for part in parts if part.deadline_on]
    return replace(
        parts[0],
        served_on=min(part.served_on for part in parts),
        lines=[line for part in parts for line in part.lines],
        charge_amount=total(part.charge_amount for part in parts),
        deadline_on=min(deadlines, default=None),
        missing_count=max(part.missing_count for part in parts),
        parts=tuple(parts),
    )
