"""The queue's filters as they stand in the address: read, shown as tokens, offered as links."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from backoffice.rules.readiness import FINDING_KINDS, FindingCode, Readiness
from backoffice.services.accounts import Person
from backoffice.services.cursors import Cursor
from backoffice.services.practices import local_day
from backoffice.services.unbilled import queue, reach
from backoffice.services.unbilled.wanted import PARSERS, Sort, Wanted, older_than
from backoffice.web.extensions import clock, me
from backoffice.web.filters import here

MOST_OFFERED = 40
AGES = (("7", "Over 7 days"), ("30", "Over 30 days"), ("60", "Over 60 days"))
CODES = ("90791", "90792", "90832", "90834", "90837", "90846", "90847", "90853")
LONGEST_AGE = 4  # digits of a number of days
LACKING = (
    FindingCode.DIAGNOSIS_MISSING,
    FindingCode.POLICY_MEMBER_ID_MISSING,
    FindingCode.CLIENT_POLICY_MISSING,
    FindingCode.APPOINTMENT_POLICY_NOT_COVERING,
    FindingCode.POLICY_PAYER_ID_MISSING,
    FindingCode.CLIENT_BIRTH_DATE_MISSING,
    FindingCode.CLIENT_SEX_MISSING,
    FindingCode.CLIENT_ADDRESS_MISSING,
    FindingCode.CLINICIAN_NPI_MISSING,
    FindingCode.PROCEDURE_MISSING,
    FindingCode.APPOINTMENT_PLACE_MISSING,
    FindingCode.CLAIMS_TO_ENROLL,
    FindingCode.CLAIMS_ENROLLMENT_SUBMITTED,
    FindingCode.APPOINTMENT_NOTE_UNSIGNED,
    FindingCode.APPOINTMENT_DUPLICATE,
)
"""What is offered to filter by; any other code may stand in the address too."""


def read_wanted(session: Session, person: Person, now: datetime) -> Wanted:
    """Read what the address asks for; what can't be read filters nothing."""
    asked = request.args
    today = local_day(person.time_zone, now)
    sort, down = _sort(asked.get("sort"))
    first, last = _range(asked.get("served"), today)
    owner = asked.get("owner")
    age = asked.get("age", "")
    return Wanted(
        state=_member(Readiness, asked.get("state")),
        payer_ids=_ids("payer"),
        clinician_ids=_clinicians(session, person),
        owner_id=person.id if owner == "me" else None,
        without_owner=owner == "nobody",
        served_before=older_than(int(age), today=today) if _is_age(age) else None,
        served_from=first,
        served_to=last,
        procedure_code=asked.get("code", "").strip().upper()[:5],
        lacking=_member(FindingCode, asked.get("lacks")),
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
    worded = {
        "payer": wanted.payer_ids and f"Payer is {_payers(session, wanted)}",
        "clinician": "clinician" in asked and f"Clinician is {_people(session, wanted)}",
        "owner": (wanted.owner_id and "Owner is me") or (wanted.without_owner and "Nobody owns it"),
        "age": wanted.served_before and f"Age over {asked.get('age')} days",
        "served": (wanted.served_from or wanted.served_to)
        and f"Served {asked.get('served', '').replace('..', ' to ')}",
        "code": wanted.procedure_code and f"CPT is {wanted.procedure_code}",
        "lacks": wanted.lacking and FINDING_KINDS[wanted.lacking].label,
    }
    return [
        {"label": str(words), "off": here(**{name: None})}
        for name, words in worded.items()
        if words
    ]


def _payers(session: Session, wanted: Wanted) -> str:
    found = queue.payers_in_queue(session)
    return ", ".join(each.short_name for each in found if each.id in wanted.payer_ids) or "another"


def _people(session: Session, wanted: Wanted) -> str:
    found = queue.clinicians_in_queue(session)
    return ", ".join(each.name for each in found if each.id in wanted.clinician_ids) or "another"


def offers(session: Session, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the filters that can be added, each with its choices as links."""
    asked = request.args
    payers = [(str(each.id), each.short_name) for each in queue.payers_in_queue(session)]
    clinicians = [(str(each.id), each.name) for each in queue.clinicians_in_queue(session)]
    every = [
        ("Payer", "payer", payers[:MOST_OFFERED]),
        ("Clinician", "clinician", clinicians[:MOST_OFFERED]),
        ("Missing", "lacks", [(code.value, FINDING_KINDS[code].label) for code in LACKING]),
        ("Age", "age", AGES),
        ("Served", "served", _ranges(local_day(me().time_zone, clock()))),
        ("CPT", "code", [(code, code) for code in CODES]),
        ("Owner", "owner", (("me", "Me"), ("nobody", "Nobody"))),
    ]
    return [
        {"label": label, "name": name, "options": options}
        for label, name, options in every
        if options and name not in asked
    ]


def _ranges(today: date) -> list[tuple[str, str]]:
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return [
        (f"{month}..{today}", "This month"),
        (f"{before}..{month - timedelta(days=1)}", "Last month"),
        (f"{today - timedelta(days=90)}..{today}", "Last 90 days"),
        (f"{today.replace(month=1, day=1)}..{today}", "This year"),
    ]


def _range(words: str | None, today: date) -> tuple[date | None, date | None]:
    first, _, last = (words or "").partition("..")
    return _day(first), _day(last)


def _is_age(words: str) -> bool:
    return words.isdecimal() and len(words) <= LONGEST_AGE


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _sort(words: str | None) -> tuple[Sort, bool]:
    """Read the order; money at risk and money billed begin with the largest."""
    name = (words or "").removeprefix("-")
    sort = _member(Sort, name) or Sort.RISK
    if not name:
        return sort, True
    return sort, (words or "").startswith("-") or sort is Sort.RISK


def _clinicians(session: Session, person: Person) -> frozenset[UUID]:
    own, asked = reach.own_clinicians(session, person), _ids("clinician")
    if not own:
        return asked
    return (own & asked if asked else own) or frozenset({reach.NO_CLINICIAN_AT_ALL})


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
