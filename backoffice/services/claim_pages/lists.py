"""The claim list across practices: a page by keyset, and the counts of every status."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Uuid,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from backoffice.models.base import MoneyInCents
from backoffice.models.claims import Claim
from backoffice.models.payers import Payer
from backoffice.models.practices import Clinician
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.money import ZERO, total
from backoffice.services.access import held, visible
from backoffice.services.claim_pages.wanted import (
    COUNTED_TO,
    PAGE_SIZE,
    PARSERS,
    Page,
    Sort,
    Sum,
    Wanted,
)
from backoffice.services.cursors import Cursor
from backoffice.services.work import own_practices

WITH_OTHERS = (ClaimStatus.SUBMITTED, ClaimStatus.RECEIVED, ClaimStatus.ACCEPTED)
"""Where silence means that nobody has answered."""

_KEYS: Mapping[Sort, InstrumentedAttribute[Any]] = {
    Sort.MADE: Claim.id,
    Sort.SERVED: Claim.last_day,
    Sort.AMOUNT: Claim.charge_amount,
    Sort.SINCE: Claim.status_since,
}


def counts(session: Session, wanted: Wanted) -> dict[ClaimStatus, Sum]:
    """Return count and billed amount of every status, other filters kept.

    Each is counted to COUNTED_TO, beyond which there is no amount, unless `wanted.exact`.
    """
    plain = replace(wanted, after=None, before=None, statuses=frozenset())
    named = _statuses(ClaimStatus)
    rows = select(Claim.charge_amount).where(
        held(session, Claim.practice_id), Claim.status == named.c.status, *conditions(plain)
    )
    if not wanted.exact:
        rows = rows.limit(COUNTED_TO + 1)
    seen = rows.lateral("seen")
    summed = func.coalesce(
        func.sum(seen.c.charge_amount), literal(ZERO, MoneyInCents()), type_=MoneyInCents()
    )
    query = (
        select(named.c.status, func.count(seen.c.charge_amount), summed)
        .select_from(named.outerjoin(seen, literal_column("true")))
        .group_by(named.c.status)
    )
    return {
        ClaimStatus(status): _sum(count, amount, exact=wanted.exact)
        for status, count, amount in session.execute(query)
    }


def together(sums: Iterable[Sum]) -> Sum:
    """Return several sums as one; without an amount as soon as one of them has none."""
    known = list(sums)
    amounts = [each.amount for each in known]
    return Sum(
        sum(each.count for each in known),
        None if None in amounts else total(amount for amount in amounts if amount is not None),
        exact=all(each.exact for each in known),
    )


def _sum(count: int, amount: Any, *, exact: bool) -> Sum:
    counted = exact or count <= COUNTED_TO
    return Sum(count, amount) if counted else Sum(COUNTED_TO, None, exact=False)


def page(session: Session, wanted: Wanted) -> Page:
    """Return one page in the order asked for, each claim with its client, payer and lines."""
    backwards = wanted.before is not None
    ids: Sequence[UUID] = session.scalars(_page_query(session, wanted)).all()
    more = len(ids) > PAGE_SIZE
    ids = ids[:PAGE_SIZE]
    if backwards:
        ids = ids[::-1]
    claims = _read(session, ids)
    edge = wanted.before or wanted.after
    position = edge.position if edge else 0
    first = max(position - len(ids) - 1, 0) if backwards else position
    ahead, behind = (True, more) if backwards else (more, wanted.after is not None)
    return Page(
        claims=claims,
        first=first + 1,
        next=_cursor(wanted.sort, claims[-1], first + len(ids)) if ahead and claims else None,
        previous=_cursor(wanted.sort, claims[0], first + 1) if behind and claims else None,
    )


def _page_query(session: Session, wanted: Wanted) -> Select[UUID]:
    """Return the select of a page's ids, one more than a page to see whether more follow.

    Practice by practice (and status by status, where the days of service order the list) it
    walks an index in order and stops after a page.
    """
    cells = _cells(session, wanted)
    key, down = _KEYS[wanted.sort], _descends(wanted)
    here = [Claim.practice_id == cells.c.practice_id, *conditions(wanted)]
    if wanted.sort is Sort.SERVED:
        here.append(Claim.status == cells.c.status)
    inner = (
        select(Claim.id, key.label("sort_value"))
        .where(*here)
        .order_by(*(part.desc() if down else part.asc() for part in (key, Claim.id)))
        .limit(PAGE_SIZE + 1)
        .lateral("found")
    )
    outer = (inner.c.sort_value, inner.c.id)
    return (
        select(inner.c.id)
        .select_from(cells.join(inner, literal_column("true")))
        .order_by(*(part.desc() if down else part.asc() for part in outer))
        .limit(PAGE_SIZE + 1)
    )


def _cells(session: Session, wanted: Wanted) -> Any:
    """Return what is looked through one by one, as a table of the query."""
    practices = select(func.unnest(own_practices(session)).label("practice_id")).subquery(
        "practices"
    )
    if wanted.sort is not Sort.SERVED:
        return select(practices.c.practice_id).subquery("cells")
    named = _statuses(wanted.statuses or ClaimStatus)
    return (
        select(practices.c.practice_id, named.c.status)
        .select_from(practices.join(named, literal_column("true")))
        .subquery("cells")
    )


def _statuses(statuses: Iterable[ClaimStatus]) -> Any:
    """Return statuses as a table of the query; of one array, so that its SQL is made once."""
    words = literal([status.value for status in sorted(statuses)], ARRAY(String))
    return select(func.unnest(words).label("status")).subquery("statuses")


def _descends(wanted: Wanted) -> bool:
    return wanted.down is not (wanted.before is not None)


def conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    """Yield the conditions of the filters and of the page's edge, the practices apart."""
    if wanted.statuses:
        yield Claim.status.in_(wanted.statuses)
    if wanted.payer_ids:
        yield Claim.payer_id.in_(wanted.payer_ids)
    if wanted.clinician_ids:
        yield Claim.clinician_id.in_(wanted.clinician_ids)
    if wanted.client_id:
        yield Claim.client_id == wanted.client_id
    yield from _about_work(wanted)
    yield from _about_days(wanted)
    edge = wanted.before or wanted.after
    if edge is not None:
        yield _past(wanted, edge)


def _about_work(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.owner_id:
        yield Claim.owner_id == wanted.owner_id
    if wanted.without_owner:
        yield Claim.owner_id.is_(None)
    if wanted.needs_review:
        yield Claim.needs_review.expression
    if wanted.silent_since:
        yield Claim.status.in_(WITH_OTHERS)
        yield Claim.status_since < wanted.silent_since


def _about_days(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.moved_from:
        yield Claim.status_since >= wanted.moved_from
    if wanted.served_from:
        yield Claim.last_day >= wanted.served_from
    if wanted.served_to:
        yield Claim.first_day <= wanted.served_to


def _past(wanted: Wanted, edge: Cursor) -> ColumnElement[bool]:
    key = _KEYS[wanted.sort]
    here = tuple_(key, Claim.id)
    there = tuple_(
        literal(PARSERS[wanted.sort](edge.value), key.type), literal(edge.row_id, Uuid())
    )
    return here < there if _descends(wanted) else here > there


def _read(session: Session, ids: Sequence[UUID]) -> list[Claim]:
    query = (
        visible(session, Claim)
        .where(Claim.id.in_(ids))
        .options(selectinload(Claim.client), selectinload(Claim.payer), selectinload(Claim.lines))
    )
    found = {claim.id: claim for claim in session.scalars(query)}
    return [found[each] for each in ids if each in found]


def _cursor(sort: Sort, claim: Claim, position: int) -> Cursor:
    value = getattr(claim, _KEYS[sort].key)
    words = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return Cursor(words, claim.id, position)


def payers_of_claims(session: Session) -> Sequence[Payer]:
    """Return the payers that have a claim of these practices, by name."""
    named = select(Claim.payer_id).where(held(session, Claim.practice_id))
    return session.scalars(select(Payer).where(Payer.id.in_(named)).order_by(Payer.name_key)).all()


def clinicians_of(session: Session) -> Sequence[Clinician]:
    """Return the clinicians of these practices, by name."""
    return session.scalars(visible(session, Clinician).order_by(Clinician.name_key)).all()


def owners(session: Session, claims: Iterable[Claim]) -> dict[UUID, User]:
    """Return the people who own these claims."""
    ids = {claim.owner_id for claim in claims if claim.owner_id}
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(ids)))}
