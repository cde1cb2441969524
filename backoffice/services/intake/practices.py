"""Practices from files, one by one (they are few): each with its default billing profile."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models.practices import BillingProfile, Practice, PracticeKind
from backoffice.rules.claim_facts import EntityKind
from backoffice.rules.dates import UnknownTimeZone, time_zone
from backoffice.rules.identifiers import (
    MalformedTaxId,
    clean_tax_id,
    tax_id_kind_as_printed,
)
from backoffice.rules.readiness import tax_id_shape
from backoffice.services.practices import note_payee
from backoffice.services.typed_values import WrongValue

HUES = 8
_ON_BOTH = ("phone", "street", "street2", "city", "state", "zip")
_BILLING = ("npi", "tax_id", "taxonomy")
DEFAULT_PROFILE = "default"


@dataclass(frozen=True)
class Taken:
    """What became of one practice's row."""

    practice: Practice
    new: bool = False
    changed: bool = False


def known_practices(session: Session, ids: Collection[UUID] | None) -> dict[str, UUID]:
    """Return the practices that files may name, by the source's id; None: every one."""
    query = select(Practice.source_id, Practice.id).where(
        Practice.source_id.is_not(None), Practice.left_at.is_(None)
    )
    if ids is not None:
        query = query.where(Practice.id.in_(ids))
    return {source_id: row_id for source_id, row_id in session.execute(query) if source_id}


def take_in(
    session: Session,
    values: Mapping[str, Any],
    practice_id: UUID,
    *,
    agreement_on: date | None,
    now: datetime,
) -> Taken:
    """Write one practice's row; what it leaves empty stays as it is.

    `agreement_on` is for a practice that begins with it; a known one's agreement is never touched.
    """
    _check(values)
    kept = session.get(Practice, practice_id)
    practice = kept or _begin(session, values, practice_id, now)
    if kept is None:
        practice.agreement_on = agreement_on
    changed = _write(practice, _of_practice(values))
    session.flush()
    if _write_profile(session, practice, values, now=now):
        changed = True
    return Taken(practice, new=kept is None, changed=changed and kept is not None)


def _check(values: Mapping[str, Any]) -> None:
    zone = values["time_zone"]
    if zone is None:
        return
    try:
        time_zone(zone)
    except UnknownTimeZone as wrong:
        raise WrongValue("This time zone is not known.", field="time_zone") from wrong


def _of_practice(values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: values[name] for name in ("name", "time_zone", *_ON_BOTH)}
    given["kind"] = PracticeKind(values["kind"]) if values["kind"] else None
    return given


def _begin(
    session: Session, values: Mapping[str, Any], practice_id: UUID, now: datetime
) -> Practice:
    many = session.scalar(select(func.count()).select_from(Practice)) or 0
    name = values["name"]
    practice = Practice(
        id=practice_id,
        created_at=now,
        source_id=values["id"],
        name=name,
        short_name=name[:24].strip(),
        mark=_mark(name),
        hue=many % HUES + 1,
    )
    session.add(practice)
    return practice


def _mark(name: str) -> str:
    """Return two letters: the first of the first two words, else the first two."""
    parts = [part for part in name.split() if part[0].isalnum()] or [name]
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return letters.upper()


def _write(row: Any, given: Mapping[str, Any]) -> bool:
    changed = {
        name: value
        for name, value in given.items()
        if value is not None and getattr(row, name) != value
    }
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _write_profile(
    session: Session, practice: Practice, values: Mapping[str, Any], *, now: datetime
) -> bool:
    """Write the default billing profile, begun with the first word about billing."""
    if not any(values[name] for name in _BILLING):
        return False
    profile = session.scalars(
        select(BillingProfile).where(
            BillingProfile.practice_id == practice.id,
            BillingProfile.payer_id.is_(None),
            BillingProfile.clinician_id.is_(None),
            BillingProfile.withdrawn_at.is_(None),
        )
        .order_by(BillingProfile.id)
        .limit(1)
    ).one_or_none()  # fmt: skip
    if profile is None:
        profile = BillingProfile(
            practice_id=practice.id,
            created_at=now,
            source_id=DEFAULT_PROFILE,
            name="Default",
            kind=EntityKind.ORGANIZATION,
            organization_name=practice.name,
        )
        session.add(profile)
    given = {name: values[name] for name in ("npi", "taxonomy", *_ON_BOTH)}
    changed = _write(profile, given)
    changed = _write_tax_id(profile, values["tax_id"]) or changed
    session.flush()
    if changed:
        note_payee(session, profile)
    return changed


def _write_tax_id(profile: BillingProfile, given: str | None) -> bool:
    if given is None:
        return False
    try:
        tax_id = clean_tax_id(given)
    except MalformedTaxId:
        tax_id = given
    if profile.tax_id == tax_id:
        return False
    profile.tax_id = tax_id
    profile.tax_id_shape = tax_id_shape(given)
    profile.tax_id_last4 = tax_id[-4:]
    profile.tax_id_kind = tax_id_kind_as_printed(given) or profile.tax_id_kind
    return True
