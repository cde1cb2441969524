"""The claim list's filters as they stand in the address: read, shown and offered."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from backoffice.rules.claim_status import ClaimStatus
from backoffice.rules.dates import today_in
from backoffice.services.accounts import Person
from backoffice.services.claim_pages.lists import clinicians_of, payers_of_claims
from backoffice.services.claim_pages.wanted import PARSERS, Sort, Wanted
from backoffice.services.cursors import Cursor
from backoffice.services.unbilled.reach import NO_CLINICIAN_AT_ALL, own_clinicians
from backoffice.web.filters import here

MOST_OFFERED = 40


def read_wanted(session: Session, person: Person, now: datetime) -> Wanted:
    """Read what the address asks for; what can't be read filters nothing."""
    asked = request.args
    sort, down = _sort(asked.get("sort"))
    first, last = _range(asked.get("served"))
    status = _member(ClaimStatus, asked.get("status"))
    silent = asked.get("silent", type=int)
    return Wanted(
        statuses=frozenset({status}) if status else frozenset(),
        payer_ids=_ids("payer"),
        clinician_ids=_clinicians(session, person),
        owner_id=person.id if asked.get("owner") == "me" else None,
        without_owner=asked.get("owner") == "nobody",
        needs_review=asked.get("review") == "yes",
        silent_since=now - timedelta(days=silent) if silent and 0 < silent < 10_000 else None,
        served_from=first,
        served_to=last,
        sort=sort,
        down=down,
        after=Cursor.read(asked.get("after"), PARSERS[sort]),
        before=Cursor.read(asked.get("before"), PARSERS[sort]),
        exact=asked.get("count") == "exact",
    )


def sorted_by(wanted: Wanted) -> dict[str, Any]:
    """Return which column carries the arrow."""
    return {"by": wanted.sort.value, "down": wanted.down}


def tokens(session: Session, wanted: Wanted) -> list[dict[str, str]]:
    """Return the filters that are set, each with the address without it."""
    asked = request.args
    found: list[dict[str, str]] = []

    def add(name: str, words: str) -> None:
        found.append({"label": words, "off": here(**{name: None})})

    if wanted.payer_ids:
        names = [payer.short_name for payer in payers_of_claims(session)
                 if payer.id in wanted.payer_ids]  # fmt: skip
        add("payer", f"Payer is {', '.join(names) or 'another'}")
    if asked.get("clinician"):
        names = [each.name for each in clinicians_of(session) if each.id in wanted.clinician_ids]
        add("clinician", f"Clinician is {', '.join(names) or 'another'}")
    if wanted.needs_review:
        add("review", "Needs review")
    if wanted.silent_since:
        add("silent", f"No response for {asked['silent']} days")
    if wanted.owner_id or wanted.without_owner:
        add("owner", "Owner is me" if wanted.owner_id else "Owner is nobody")
    if wanted.served_from or wanted.served_to:
        add("served", f"Served {asked['served'].replace('..', ' to ')}")
    return found


def offers(session: Session, person: Person, now: datetime) -> list[dict[str, Any]]:
    """Return the filters that can be added, each with its choices as links."""
    payers = [(str(each.id), each.short_name) for each in payers_of_claims(session)]
    clinicians = [(str(each.id), each.name) for each in clinicians_of(session)]
    every = [
        ("Payer", "payer", payers[:MOST_OFFERED]),
        ("Clinician", "clinician", clinicians[:MOST_OFFERED]),
        ("Served", "served", _ranges(today_in(person.time_zone, now))),
        ("Attention", "review", [("yes", "Needs review")]),
        ("Silence", "silent", [(str(days), f"Over {days} days") for days in (14, 30, 45)]),
        ("Owner", "owner", [("me", "Me"), ("nobody", "Nobody")]),
    ]
    return [
        {"label": label, "name": name, "options": options}
        for label, name, options in every
        if options and name not in request.args
    ]


def _clinicians(session: Session, person: Person) -> frozenset[UUID]:
    own, asked = own_clinicians(session, person), _ids("clinician")
    if not own:
        return asked
    return (own & asked if asked else own) or frozenset({NO_CLINICIAN_AT_ALL})


def _ranges(today: date) -> list[tuple[str, str]]:
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return [
        (f"{month}..{today}", "This month"),
        (f"{before}..{month - timedelta(days=1)}", "Last month"),
        (f"{today - timedelta(days=90)}..{today}", "Last 90 days"),
        (f"{today.replace(month=1, day=1)}..{today}", "This year"),
    ]


def _range(words: str | None) -> tuple[date | None, date | None]:
    first, _, last = (words or "").partition("..")
    return _day(first), _day(last)


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _sort(words: str | None) -> tuple[Sort, bool]:
    """Read the order: the newest claims first unless asked; a minus turns it around."""
    name = (words or "").removeprefix("-")
    sort = _member(Sort, name)
    if sort is None:
        return Sort.MADE, True
    return sort, (words or "").startswith("-")


def _ids(name: str) -> frozenset[UUID]:
    found: set[UUID] = set()
    for part in ",".join(request.args.getlist(name)).split(","):
        try:
            found.add(UUID(part))
        except ValueError:
            continue
    return frozenset(found)


def _member(kind: Any, words: str | None) -> Any:
    try:
        return kind(words) if words else None
    except ValueError:
        return None
