"""Payers from files: the house's own row found or begun, never altered, and the practice's link."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from backoffice.models.clients import Policy
from backoffice.models.payers import Payer, PracticePayer
from backoffice.services.access import visible
from backoffice.services.intake.kinds import Home, KnownPayer

_SHORT = 24


class PayerEnd(Enum):
    """What became of a payer's row."""

    NEW = auto()
    CHANGED = auto()
    UNCHANGED = auto()


def payers_of(session: Session, practice_id: UUID) -> dict[str, KnownPayer]:
    """Return the payers of a practice by every id its sources have for them."""
    links = visible(session, PracticePayer).where(PracticePayer.practice_id == practice_id)
    found: dict[str, KnownPayer] = {}
    for link in session.scalars(links):
        payer = session.get_one(Payer, link.payer_id)
        known = KnownPayer(payer.id, payer.member_id_pattern or "")
        found |= dict.fromkeys(
            [*link.aliases, *([link.source_id] if link.source_id else [])], known
        )
    return found


def says_something_new(session: Session, values: Mapping[str, Any], home: Home) -> bool:
    """Tell whether a row is about a payer that is not linked as it says."""
    linked = home.payers.get(values["id"])
    meant = _meant(session, values, linked)
    return linked is None or meant is None or meant.id != linked.id


def take_in(session: Session, values: Mapping[str, Any], home: Home, *, now: datetime) -> PayerEnd:
    """Link a practice to the payer that a row means; begin the payer where nobody knows it."""
    source_id: str = values["id"]
    linked = home.payers.get(source_id)
    payer = _meant(session, values, linked)
    if payer is None:
        payer = _begin(session, values, now)
    if linked is not None and linked.id == payer.id:
        return PayerEnd.UNCHANGED
    if linked is not None:
        _unlink(session, home, source_id, linked, to=payer)
    _link(session, home, source_id, payer, now)
    home.payers[source_id] = KnownPayer(payer.id, payer.member_id_pattern or "")
    return PayerEnd.CHANGED if linked is not None else PayerEnd.NEW


def _meant(session: Session, values: Mapping[str, Any], linked: KnownPayer | None) -> Payer | None:
    """Return the house's payer: by electronic id, else the one linked, else by name."""
    if values["electronic_id"]:
        return _one(session, Payer.electronic_id == values["electronic_id"])
    if linked is not None:
        return session.get_one(Payer, linked.id)
    return _one(session, Payer.name_key == values["name"].lower())


def _one(session: Session, condition: ColumnElement[bool]) -> Payer | None:
    """Return the oldest payer that fits; those with an electronic id come first."""
    query = select(Payer).where(condition).order_by(Payer.electronic_id.is_(None), Payer.id)
    return session.scalars(query.limit(1)).one_or_none()


def _begin(session: Session, values: Mapping[str, Any], now: datetime) -> Payer:
    name: str = values["name"]
    payer = Payer(
        created_at=now,
        name=name,
        short_name=name[:_SHORT].strip(),
        name_key=name.lower(),
        electronic_id=values["electronic_id"],
        filing_code=values["filing_code"] or "",
    )
    session.add(payer)
    session.flush()
    return payer


def _link(session: Session, home: Home, source_id: str, payer: Payer, now: datetime) -> None:
    link = _link_of(session, home, PracticePayer.payer_id == payer.id)
    if link is None:
        session.add(
            PracticePayer(
                practice_id=home.practice_id, created_at=now, payer_id=payer.id, source_id=source_id
            )
        )
    elif link.source_id is None:
        link.source_id = source_id
    else:
        link.aliases = [*link.aliases, source_id]
    session.flush()


def _unlink(session: Session, home: Home, source_id: str, linked: KnownPayer, *, to: Payer) -> None:
    """Take a source's id from the payer it meant until now; its policies go with the last id."""
    link = _link_of(session, home, PracticePayer.payer_id == linked.id)
    if link is None:
        return
    others = [alias for alias in link.aliases if alias != source_id]
    if link.source_id == source_id:
        link.source_id = others.pop(0) if others else None
    link.aliases = others
    session.flush()
    if link.source_id is None:
        session.execute(
            update(Policy)
            .where(Policy.practice_id == home.practice_id, Policy.payer_id == linked.id)
            .values(payer_id=to.id, version=Policy.version + 1)
        )


def _link_of(session: Session, home: Home, condition: ColumnElement[bool]) -> PracticePayer | None:
    query = visible(session, PracticePayer).where(
        PracticePayer.practice_id == home.practice_id, condition
    )
    return session.scalars(query).one_or_none()
