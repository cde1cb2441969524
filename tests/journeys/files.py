"""The files that the journeys bring in: a week of one clinician's clients, in our own format."""

import csv
import io
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

PAYER_ID = "NSH01"
"""A payer of the demo that takes claims without an enrollment."""


def unlike_any(word: str) -> str:
    """A name that nobody has yet, so that a journey may be made again on the same stack."""
    return word + "".join(secrets.choice(string.ascii_lowercase) for _ in range(6))


@dataclass(frozen=True)
class Person:
    """One client with one session; `lacks` names the columns left empty."""

    last_name: str
    member_id: str
    lacks: frozenset[str] = field(default=frozenset())

    @property
    def name(self) -> str:
        """The name as lists show it."""
        return f"Journey {self.last_name}"


def write(folder: Path, clinician: str, people: Iterable[Person]) -> list[Path]:
    """Write the five files of one export; answers where."""
    known = list(people)
    day = _weekday_before(datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    kinds: dict[str, list[dict[str, str]]] = {
        "payers": [{"id": "pay", "name": "Northstar Health", "electronic_id": PAYER_ID}],
        "clinicians": [
            {"id": f"clin-{clinician}", "last_name": clinician, "first_name": "Tess",
             "credentials": "LCSW", "npi": "1518990019", "taxonomy": "1041C0700X"},
        ],
        "clients": [_client(person) for person in known],
        "policies": [_policy(person) for person in known],
        "appointments": [_appointment(person, clinician, day) for person in known],
    }  # fmt: skip
    for kind, rows in kinds.items():
        (folder / f"{kind}.csv").write_text(_csv(rows))
    return [folder / f"{kind}.csv" for kind in kinds]


def _weekday_before(moment: datetime) -> datetime:
    while moment.weekday() >= 5:
        moment -= timedelta(days=1)
    return moment


def _client(person: Person) -> dict[str, str]:
    return _without(person, {
        "id": person.last_name, "last_name": person.last_name, "first_name": "Journey",
        "birth_date": "1991-04-17", "sex": "F", "phone": "207-555-0177",
        "street": "5 Elm Street", "city": "Portland", "state": "ME", "zip": "041012345",
        "billing_type": "insurance",
    })  # fmt: skip


def _policy(person: Person) -> dict[str, str]:
    return _without(person, {
        "id": f"{person.last_name}-policy", "client_id": person.last_name, "payer_id": "pay",
        "payer_order": "P", "member_id": person.member_id, "relationship": "Self",
        "effective_from": "2024-01-01",
    })  # fmt: skip


def _appointment(person: Person, clinician: str, day: str) -> dict[str, str]:
    return _without(person, {
        "id": f"{person.last_name}-session", "client_id": person.last_name,
        "clinician_id": f"clin-{clinician}",
        "place_of_service": "11", "served_on": day, "status": "completed", "note_signed": "yes",
        "diagnosis_codes": "F41.1", "procedure_code_1": "90837", "units_1": "1",
        "charge_1": "155.00", "pointers_1": "1",
    })  # fmt: skip


def _without(person: Person, row: Mapping[str, str]) -> dict[str, str]:
    return {name: "" if name in person.lacks else value for name, value in row.items()}


def _csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
