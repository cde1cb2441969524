"""The list of remittances, newest first, with true totals; and what came back for one claim."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backoffice.models.remittances import (
    MatchState,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
    RemittanceState,
)
from backoffice.rules.adjustments import remark_words, words_for
from backoffice.rules.claim_facts import AdjustmentFacts
from backoffice.rules.money import ZERO, total
from backoffice.rules.remittance_facts import AdjudicatedLine
from backoffice.services import postings
from backoffice.services.access import held, visible
from backoffice.services.remittances.facts import decided_of

PAGE_SIZE = 50


@dataclass(frozen=True)
class Wanted:
    """What part of the list is asked for; a cursor is the id of the row beside the page."""

    state: RemittanceState | None = None
    payer_id: UUID | None = None
    oldest_first: bool = False
    after: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class Total:
    """How many, and their checks' sum."""

    count: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True)
class Row:
    """One remittance with its claims counted by what became of them."""

    remittance: Remittance
    matched: int
    review: int
    unmatched: int


@dataclass(frozen=True)
class Listing:
    """One page of the list. `first` is the place of its first row, from 1."""

    rows: tuple[Row, ...]
    first: int
    total: int
    next: UUID | None
    previous: UUID | None


@dataclass(frozen=True)
class LineDecided:
    """One line as a payer decided it, for the claim's page. Client's share by PR-1, 2 and 3."""

    position: int
    served_on: date | None
    procedure_code: str
    charge_amount: Decimal
    allowed_amount: Decimal | None
    paid_amount: Decimal
    deductible_amount: Decimal
    coinsurance_amount: Decimal
    copay_amount: Decimal
    adjustments: tuple[tuple[str, str, Decimal, str], ...]  # group, reason, amount, our words
    remarks: tuple[tuple[str, str], ...]  # code, our words
    posted: bool


@dataclass(frozen=True)
class ClaimDecided:
    """What one remittance says of one claim; `id` is the remittance's."""

    id: UUID
    payer_name: str
    trace_number: str | None
    paid_on: date | None
    claim_outcome: str  # CLP02
    paid_amount: Decimal
    adjustments: tuple[tuple[str, str, Decimal, str], ...]  # of the claim as a whole
    lines: tuple[LineDecided, ...]


def totals(session: Session) -> dict[str, Total]:
    """Count and amount of all remittances, and by state."""
    query = (
        select(Remittance.state, func.count(), func.sum(Remittance.check_amount))
        .where(held(session, Remittance.practice_id))
        .group_by(Remittance.state)
    )
    found = {state.value: Total(count, amount) for state, count, amount in session.execute(query)}
    whole = Total(
        sum(each.count for each in found.values()),
        sum((each.amount for each in found.values()), ZERO),
    )
    return {state.value: Total() for state in RemittanceState} | found | {"all": whole}


def page_of(session: Session, wanted: Wanted) -> Listing:
    """One page of the list, by keyset."""
    query = _filtered(visible(session, Remittance), wanted)
    ascending = wanted.oldest_first == (wanted.before is None)
    cursor = wanted.before or wanted.after
    if cursor is not None:
        query = query.where(Remittance.id > cursor if ascending else Remittance.id < cursor)
    order = Remittance.id.asc() if ascending else Remittance.id.desc()
    found = list(session.scalars(query.order_by(order).limit(PAGE_SIZE + 1)))
    more = len(found) > PAGE_SIZE
    rows = found[:PAGE_SIZE]
    if wanted.before is not None:
        rows.reverse()
    has_next = more if wanted.before is None else True
    has_previous = more if wanted.before is not None else wanted.after is not None
    return Listing(
        rows=_counted(session, rows),
        first=_place_of(session, wanted, rows),
        total=_count(session, wanted),
        next=rows[-1].id if rows and has_next else None,
        previous=rows[0].id if rows and has_previous else None,
    )


def payers_in(session: Session) -> list[tuple[UUID, str]]:
    """The payers that have paid these practices, to filter by."""
    query = (
        select(Remittance.payer_id, func.min(Remittance.payer_name))
        .where(held(session, Remittance.practice_id), Remittance.payer_id.is_not(None))
        .group_by(Remittance.payer_id)
        .order_by(func.min(Remittance.payer_name))
    )
    return [(payer_id, name) for payer_id, name in session.execute(query) if payer_id]


def of_claim(session: Session, claim_id: UUID) -> list[ClaimDecided]:
    """All that remittances say of a claim, the newest first: the Remittance tab of its page."""
    query = visible(session, RemittanceClaim).where(RemittanceClaim.claim_id == claim_id)
    rows = list(session.scalars(query.order_by(RemittanceClaim.id.desc())))
    named = visible(session, Remittance).where(
        Remittance.id.in_({row.remittance_id for row in rows})
    )
    heads = {each.id: each for each in session.scalars(named)} if rows else {}
    decided = decided_of(session, rows) if rows else []
    standing = postings.standing_of(session, [line.id for each in decided for line in each.lines])
    return [
        ClaimDecided(
            id=each.row.remittance_id,
            payer_name=heads[each.row.remittance_id].payer_name,
            trace_number=heads[each.row.remittance_id].trace_number,
            paid_on=heads[each.row.remittance_id].paid_on,
            claim_outcome=each.row.claim_outcome,
            paid_amount=each.row.paid_amount,
            adjustments=_worded(each.facts.adjustments),
            lines=tuple(
                _line_decided(line, facts, posted=line.id in standing)
                for line, facts in zip(each.lines, each.facts.lines, strict=True)
            ),
        )
        for each in decided
    ]


def counts_of(session: Session, remittance_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Claims of each remittance by state."""
    query = (
        select(RemittanceClaim.remittance_id, RemittanceClaim.state, func.count())
        .where(
            held(session, RemittanceClaim.practice_id),
            RemittanceClaim.remittance_id.in_(remittance_ids),
        )
        .group_by(RemittanceClaim.remittance_id, RemittanceClaim.state)
    )
    found: dict[UUID, dict[str, int]] = {}
    for remittance_id, state, count in session.execute(query):
        found.setdefault(remittance_id, {})[state.value] = count
    return found


def _line_decided(line: RemittanceLine, facts: AdjudicatedLine, *, posted: bool) -> LineDecided:
    def share(reason: str) -> Decimal:
        return total(
            each.amount for each in facts.adjustments if (each.group, each.reason) == ("PR", reason)
        )

    return LineDecided(
        position=line.position,
        served_on=line.served_on,
        procedure_code=line.procedure_code,
        charge_amount=line.charge_amount,
        allowed_amount=line.allowed_amount,
        paid_amount=line.paid_amount,
        deductible_amount=share("1"),
        coinsurance_amount=share("2"),
        copay_amount=share("3"),
        adjustments=_worded(facts.adjustments),
        remarks=tuple((code, remark_words(code)) for code in line.remarks),
        posted=posted,
    )


def _worded(found: Sequence[AdjustmentFacts]) -> tuple[tuple[str, str, Decimal, str], ...]:
    return tuple((each.group, each.reason, each.amount, words_for(each.reason)) for each in found)


def _filtered(query: Select[Remittance], wanted: Wanted) -> Select[Remittance]:
    if wanted.state is not None:
        query = query.where(Remittance.state == wanted.state)
    if wanted.payer_id is not None:
        query = query.where(Remittance.payer_id == wanted.payer_id)
    return query


def _count(session: Session, wanted: Wanted) -> int:
    query = _filtered(visible(session, Remittance), wanted).subquery()
    return session.scalar(select(func.count()).select_from(query)) or 0


def _place_of(session: Session, wanted: Wanted, rows: Sequence[Remittance]) -> int:
    if not rows:
        return 0
    query = _filtered(visible(session, Remittance), wanted)
    ahead = Remittance.id < rows[0].id if wanted.oldest_first else Remittance.id > rows[0].id
    counted = select(func.count()).select_from(query.where(ahead).subquery())
    return (session.scalar(counted) or 0) + 1


def _counted(session: Session, rows: Sequence[Remittance]) -> tuple[Row, ...]:
    counts = counts_of(session, [each.id for each in rows])
    return tuple(
        Row(
            each,
            matched=counts.get(each.id, {}).get(MatchState.POSTED.value, 0),
            review=counts.get(each.id, {}).get(MatchState.REVIEW.value, 0),
            unmatched=counts.get(each.id, {}).get(MatchState.UNMATCHED.value, 0),
        )
        for each in rows
    )
