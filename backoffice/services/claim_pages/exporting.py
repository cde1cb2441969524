"""The claim list taken out as a file: one row a claim, noted as taken."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from backoffice.models.claims import Claim
from backoffice.models.clients import Client
from backoffice.rules.part2 import NOTICE
from backoffice.services import audit
from backoffice.services.access import held, visible
from backoffice.services.claim_pages.lists import conditions
from backoffice.services.claim_pages.wanted import Wanted
from backoffice.services.exporting import Cell
from backoffice.services.work import practices_of

HEAD = (
    "practice_id", "claim", "client", "payer", "first_day", "last_day", "billed", "insurance_paid",
    "client_share", "write_off", "balance", "status", "status_since", "needs_review",
)  # fmt: skip
_AT_ONCE = 500


def export_rows(session: Session, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """Yield the whole result, oldest claims first."""
    plain = replace(wanted, after=None, before=None)
    query = (
        visible(session, Claim)
        .where(*conditions(plain))
        .options(joinedload(Claim.client), joinedload(Claim.payer))
        .order_by(Claim.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for claim in session.scalars(query):
        yield _exported(claim)


def notice_with(session: Session, wanted: Wanted) -> str:
    """Return the notice of 42 CFR 2.32 where a client in the result is under Part 2; else none."""
    plain = replace(wanted, after=None, before=None)
    found = (
        select(Claim.id)
        .join(Claim.client)
        .where(
            held(session, Claim.practice_id), *conditions(plain), Client.part2_since.is_not(None)
        )
    )
    return NOTICE if session.scalar(found.limit(1)) else ""


def note_export(session: Session, wanted: Wanted) -> None:
    """Put on record, for each practice in it, that its claims were taken out and how many."""
    plain = replace(wanted, after=None, before=None)
    counted = (
        select(Claim.practice_id, func.count())
        .where(held(session, Claim.practice_id), *conditions(plain))
        .group_by(Claim.practice_id)
    )
    taken = dict(session.execute(counted).all())
    for practice_id in sorted(practices_of(session)):
        audit.took(
            session,
            "export",
            subject_kind="claim",
            subject_ids=[],
            practice_id=practice_id,
            fields=HEAD,
            detail={"rows": taken.get(practice_id, 0)},
        )


def _exported(claim: Claim) -> tuple[Cell, ...]:
    return (
        claim.practice_id, claim.our_number, claim.client.name, claim.payer.name, claim.first_day,
        claim.last_day, claim.charge_amount, claim.insurance_paid_amount,
        claim.client_share_amount, claim.write_off_amount, claim.balance_amount,
        claim.status, claim.status_since, "yes" if claim.needs_review else "",
    )  # fmt: skip
