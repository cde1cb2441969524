"""Removal on its day: by the database's own function, after which only totals and ids are left."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import extract, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.models.contract import Departure, DepartureState
from backoffice.models.ledger import LedgerEntry
from backoffice.services import audit
from backoffice.services.departures.leaving import NoSuchDeparture, NotPossible

WHY_NOT: Final = {
    "ck_departures_exported_first": "Its export is not there yet.",
    "ck_departures_on_its_day": "Its day has not come.",
    "ck_departures_nothing_held": "A legal hold stands.",
}


def remove(session: Session, departure_id: UUID) -> dict[str, int]:
    """Remove every row of the practice that leaves; returns how many of which table.

    The session works for that practice. Raises NotPossible with the reason that the database gave;
    then nothing is gone. What stays: the departure with the ledger's totals by year, the practice's
    name, and the record of who did what, which holds ids and is kept for its own six years.
    """
    departure = session.get(Departure, departure_id, with_for_update=True, populate_existing=True)
    if departure is None:
        raise NoSuchDeparture
    departure.kept_totals = _totals(session, departure.practice_id)
    session.flush()
    try:
        with session.begin_nested():
            removed: dict[str, int] = session.scalars(
                select(func.remove_practice(departure_id))
            ).one()
    except IntegrityError as refused:
        constraint = getattr(getattr(refused.orig, "diag", None), "constraint_name", None)
        if constraint not in WHY_NOT:
            raise
        raise NotPossible(WHY_NOT[constraint]) from None
    session.expire_all()
    audit.record(
        session,
        "remove",
        subject_kind="practice",
        subject_ids=[departure.practice_id],
        practice_id=departure.practice_id,
        detail={"rows": sum(removed.values()), "departure": str(departure_id)},
    )
    return removed


def _totals(session: Session, practice_id: UUID) -> dict[str, Any]:
    """Return what went to and from each account, by year, in cents: of nobody in particular."""
    year = extract("year", LedgerEntry.posted_on)
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for side in ("debit", "credit"):
        account = getattr(LedgerEntry, side)
        rows = session.execute(
            select(year, account, func.sum(LedgerEntry.amount))
            .where(LedgerEntry.practice_id == practice_id)
            .group_by(year, account)
        )
        for in_year, of, amount in rows:
            found[str(int(in_year))][of.key][side] = int(amount * 100)
    return {each: dict(accounts) for each, accounts in found.items()}


def remaining_keys(session: Session, departure_id: UUID) -> Sequence[str]:
    """Return the keys outside the practice's own folder whose bytes are still to be erased."""
    departure = session.get_one(Departure, departure_id)
    return list(departure.keys_to_erase) if departure.state is DepartureState.REMOVED else []


def erased(session: Session, departure_id: UUID) -> None:
    """Remember that no byte of the practice is left in the document store."""
    departure = session.get_one(Departure, departure_id, with_for_update=True)
    departure.keys_to_erase, departure.export_key = [], None
