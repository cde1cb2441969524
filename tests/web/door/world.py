"""Three practices with one row of each kind on each side, every word of them a canary."""

from dataclasses import replace
from uuid import uuid4

from flask import Flask

from backoffice.services import unbilled
from backoffice.services.practices import note_payee
from tests import builders
from tests.builders import NOW
from tests.databases import Database
from tests.services.billing import Billing
from tests.web.door.rows import a_client, a_side, a_user, rows_of_a_person, set_aside, with_finding
from tests.web.door.sides import TOKENS, Side, World

_PRACTICES = (
    ("Hearthstead", ("own", "colleague"), "1234567893", "123456789"),
    ("Sallowfield Row", ("away",), "1902846538", "987654321"),
    ("Thornmere Hall", ("third",), "1100000003", "192837465"),
)
"""Name, sides, NPI and tax id of each practice."""


def a_world(app: Flask, database: Database) -> World:
    """Build it, committed for real, documents' bytes included."""
    with database.work(house=True) as session:
        clinicians = {name: a_user(session, f"Clinician {name}") for name in TOKENS}
    sides: dict[str, Side] = {}
    practice_ids = [uuid4() for _ in _PRACTICES]
    for place, (name, own_sides, npi, tax_id) in enumerate(_PRACTICES, start=1):
        practice_id = practice_ids[place - 1]
        with database.work(practices=practice_ids, house=True) as session:
            practice = builders.a_practice(
                session, practice_id, name=name, short_name=name, mark=name[:2].upper()
            )
            profile = builders.a_profile(session, practice, npi=npi, tax_id=tax_id)
            note_payee(session, profile)
            account = builders.an_account(session, name=name)
            payer = builders.a_payer(session, filing_days=20_000, electronic_id=f"PAY{place}")
            builders.a_practice_payer(session, practice, payer, account)
            office = builders.a_facility(session, practice)
            for side in own_sides:
                clinician = builders.a_clinician(session, practice, user_id=clinicians[side].id)
                client, policy = a_client(session, practice, payer, TOKENS[side])
                ground = Billing(
                    practice, profile, clinician, office, account, payer, client, policy
                )
                sides[side] = a_side(app, session, side, ground)
            unbilled.judge_practice_anew(session, practice_id, now=NOW)
        with database.work(practices=[practice_id]) as session:
            for side in own_sides:
                sides[side] = with_finding(session, sides[side])
    for made in [each for each in sides.values() if each.name != "own"]:
        persons = rows_of_a_person(database, clinicians[made.name].id, made.practice_id)
        sides[made.name] = replace(made, ids={**made.ids, **persons})
    with database.work(practices=practice_ids, house=True) as session:
        house = set_aside(app, session)
    return World(database, **sides, house=house, clinicians=clinicians)
