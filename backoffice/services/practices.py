"""Practices: what day it is where one is, which are open, and whose an 835's payee is."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.models.practices import BillingProfile, PayeeIdentity, Practice
from backoffice.models.sealing import keyring
from backoffice.rules.agreements import HOUSE_ZONE, in_force_on
from backoffice.rules.dates import UnknownTimeZone, today_in

FALLBACK_ZONE = "UTC"  # an unknown zone is the practice's own finding; the day is still counted


def local_day(zone: str, now: datetime) -> date:
    """Return the day it is in a practice's zone; in UTC where the zone is not known."""
    try:
        return today_in(zone, now)
    except UnknownTimeZone:
        return today_in(FALLBACK_ZONE, now)


def has_agreement() -> ColumnElement[bool]:
    """Return the condition "a practice whose agreement is in force today", by the database's clock.

    The gate to a practice's patient data: see docs/adr/0013-agreement-first.md.
    """
    today = cast(func.timezone(HOUSE_ZONE, func.now()), Date)
    return and_(
        Practice.agreement_on <= today,
        or_(Practice.agreement_ends_on.is_(None), Practice.agreement_ends_on >= today),
    )


def agreement_in_force(practice: Practice, *, now: datetime) -> bool:
    """Whether a practice's agreement is in force at this moment, as has_agreement() asks."""
    day = today_in(HOUSE_ZONE, now)
    return in_force_on(day, begins_on=practice.agreement_on, ends_on=practice.agreement_ends_on)


def payee_index(tax_id: str) -> bytes:
    """Return the keyed hash of a payee's tax id, the same for all practices (N1*PE, REF*TJ)."""
    return keyring().blind_index(None, "payee_tax_id", tax_id)


def note_payee(session: Session, profile: BillingProfile) -> None:
    """Remember that money for this NPI and tax id is this practice's; twice changes nothing."""
    if not profile.npi:
        return
    tax_id = profile.tax_id
    session.execute(
        insert(PayeeIdentity)
        .values(
            id=new_id(),
            created_at=profile.created_at,
            npi=profile.npi,
            tax_id_index=payee_index(tax_id) if tax_id else None,
            practice_id=profile.practice_id,
            profile_id=profile.id,
        )
        .on_conflict_do_nothing(index_elements=["npi", "tax_id_index", "profile_id"])
    )


def practice_of_payee(session: Session, *, npi: str, tax_id: str) -> UUID | None:
    """Return the one practice that an 835's payee is, None when nobody or more than one is.

    The NPI must be known; a tax id, where the 835 carries one, must not contradict it.
    """
    query = select(PayeeIdentity.practice_id).where(PayeeIdentity.npi == npi).distinct()
    if tax_id:
        index = payee_index(tax_id)
        query = query.where(
            or_(PayeeIdentity.tax_id_index == index, PayeeIdentity.tax_id_index.is_(None))
        )
    practices = session.scalars(query).all()
    return practices[0] if len(practices) == 1 else None
