"""What is in place of what the law asks, with live figures, and what the operator must do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.models.clients import Client
from backoffice.models.contract import Consent, LegalHold
from backoffice.models.factors import Factor
from backoffice.models.people import BrokenGlass
from backoffice.models.users import User
from backoffice.rules.agreements import AgreementStanding
from backoffice.rules.retention import RULES
from backoffice.services import agreements, audit, documents, field_keys
from backoffice.services.access import held
from backoffice.services.audit.keeping import last_anchored

ANCHOR_EVERY: Final = timedelta(days=2)
"""The record's head is laid down daily; a day later something is wrong."""


class Tone(StrEnum):
    """How a figure stands; the page has a look for each."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class InPlace:
    """One safeguard: what it is, the figure now, what it rests on in the rules."""

    what: str
    figure: str
    tone: Tone
    rule: str
    endpoint: str = ""


@dataclass(frozen=True)
class Duty:
    """Something that no program can do for the operator."""

    what: str
    when: str
    rule: str


DUTIES: Final[Sequence[Duty]] = (
    Duty(
        "Sign a business associate agreement with each practice, and with whoever hosts, stores or"
        " mails for us, before any patient data",
        "before the first day",
        "164.308(b), 164.504(e)",
    ),
    Duty("Do a risk analysis and write down what follows from it", "yearly", "164.308(a)(1)(ii)"),
    Duty("Name a security official; train everybody who signs in", "yearly", "164.308(a)(2), (5)"),
    Duty(
        "Review people's rights and broken glass; disable whoever has left the same day",
        "monthly",
        "164.308(a)(3), (4)",
    ),
    Duty("Keep the field keys apart from the database and its backups", "always", "164.312(a)(2)"),
    Duty(
        "Rehearse a restore from backup, the record's chain included", "quarterly", "164.308(a)(7)"
    ),
    Duty(
        "Tell the practice of a breach without delay, 60 days at most after it is found",
        "when it happens",
        "164.410",
    ),
    Duty(
        "Ask each practice which clients fall under 42 CFR Part 2, and for their consents",
        "as clients come",
        "42 CFR 2.31 to 2.33",
    ),
    Duty(
        "Have counsel look at the years of retention of every state where a practice stands",
        "before a practice leaves",
        "state law",
    ),
    Duty("Run backoffice doctor on every process's settings", "at each release", "164.308(a)(8)"),
)


def in_place(house: Session, own: Session, settings: Settings, *, now: datetime) -> list[InPlace]:
    """Return every safeguard with its figure of this moment.

    `house` works for the house, `own` reads the practices of whoever asks.
    """
    return [
        *_record(house, now),
        *_people(house),
        _glass(own),
        *_agreements(house, now),
        _part2(own),
        _holds(own),
        _documents(own),
        _retention(house, now),
        _keys(house, settings, now),
    ]


def _record(house: Session, now: datetime) -> list[InPlace]:
    lag = audit.seal_lag(house, now=now)
    last = last_anchored(house)
    stale = last is None or now - last > ANCHOR_EVERY
    seconds = int(lag.behind.total_seconds())
    return [
        InPlace(
            "Every reading and writing of patient data is on record and sealed",
            f"{lag.waiting:,} waiting, {seconds:,} s behind",
            Tone.BAD if lag.alarms else Tone.OK,
            "164.312(b), (c)",
            "record.index",
        ),
        InPlace(
            "The record's head is laid down outside the database, daily",
            f"last {last:%Y-%m-%d}" if last else "never yet",
            Tone.WARN if stale else Tone.OK,
            "164.312(c)(2)",
        ),
    ]


def _people(house: Session) -> list[InPlace]:
    confirmed = select(Factor.user_id).where(Factor.confirmed_at.is_not(None))
    everybody = house.scalar(select(func.count()).where(User.disabled_at.is_(None))) or 0
    without = (
        house.scalar(
            select(func.count()).where(User.disabled_at.is_(None), User.id.not_in(confirmed))
        )
        or 0
    )
    return [
        InPlace(
            "Nobody reaches patient data without a second factor",
            f"{everybody - without:,} of {everybody:,} people have one",
            Tone.WARN if without else Tone.OK,
            "164.312(d)",
            "people.index",
        )
    ]


def _glass(own: Session) -> InPlace:
    waiting = (
        own.scalar(
            select(func.count()).where(
                held(own, BrokenGlass.practice_id), BrokenGlass.reviewed_at.is_(None)
            )
        )
        or 0
    )
    return InPlace(
        "Emergency access is looked at afterwards",
        f"{waiting:,} await review",
        Tone.WARN if waiting else Tone.OK,
        "164.312(a)(2)(ii)",
    )


def _agreements(house: Session, now: datetime) -> list[InPlace]:
    found = [each for each in agreements.standings(house, now=now) if not each.practice.removed_at]
    in_force = sum(each.standing is AgreementStanding.IN_FORCE for each in found)
    ending = sum(each.days_left is not None for each in found)
    leaving = sum(each.departure is not None for each in found)
    return [
        InPlace(
            "A practice without an agreement in force is closed",
            f"{in_force:,} in force, {len(found) - in_force:,} closed",
            Tone.OK,
            "164.504(e)",
            "compliance.agreements_of",
        ),
        InPlace(
            "An agreement's end is announced 60, 30 and 7 days before",
            f"{ending:,} end within 60 days",
            Tone.WARN if ending else Tone.OK,
            "164.504(e)",
            "compliance.agreements_of",
        ),
        InPlace(
            "A practice that leaves takes everything with it and is removed on schedule",
            f"{leaving:,} leaving",
            Tone.OK,
            "164.504(e)(2)(ii)(J)",
            "compliance.agreements_of",
        ),
    ]


def _part2(own: Session) -> InPlace:
    flagged = select(Client.id).where(
        held(own, Client.practice_id), Client.part2_since.is_not(None)
    )
    today = func.current_date()
    consented = select(Consent.client_id).where(
        held(own, Consent.practice_id),
        Consent.revoked_on.is_(None),
        (Consent.expires_on.is_(None)) | (Consent.expires_on >= today),
    )
    many = own.scalar(select(func.count()).select_from(flagged.subquery())) or 0
    bare = flagged.where(Client.id.not_in(consented)).subquery()
    without = own.scalar(select(func.count()).select_from(bare)) or 0
    return InPlace(
        "Substance use records leave only with the client's consent",
        f"{many:,} flagged, {without:,} without consent",
        Tone.WARN if without else Tone.OK,
        "42 CFR Part 2",
    )


def _documents(own: Session) -> InPlace:
    broken, waiting = documents.damaged(own), len(documents.waiting(own))
    tone = Tone.BAD if broken else Tone.WARN if waiting else Tone.OK
    return InPlace(
        "Documents open only once found clean, and are compared with what was taken in",
        f"{waiting:,} wait for the virus scanner, {broken:,} damaged",
        tone,
        "164.312(c)(1), 164.308(a)(5)(ii)(B)",
        "documents.index",
    )


def _holds(own: Session) -> InPlace:
    standing = (
        own.scalar(
            select(func.count()).where(
                held(own, LegalHold.practice_id), LegalHold.lifted_at.is_(None)
            )
        )
        or 0
    )
    return InPlace("Legal holds refuse removal", f"{standing:,} stand", Tone.OK, "164.316(b)(2)")


def _retention(house: Session, now: datetime) -> InPlace:
    states = {
        each.practice.state.upper()
        for each in agreements.standings(house, now=now)
        if not each.practice.removed_at
    }
    assumed = sorted(state for state in states - set(RULES) if state)
    return InPlace(
        "Records are kept for the years of the practice's state",
        f"assumed for {', '.join(assumed)}" if assumed else "looked up for every state",
        Tone.WARN if assumed else Tone.OK,
        "state law",
    )


def _keys(house: Session, settings: Settings, now: datetime) -> InPlace:
    current, *older = settings.field_keys
    since = field_keys.keys_in_use(house).get(current)
    age = f", {(now - since).days:,} days old" if since else ", not used yet"
    return InPlace(
        "Identifiers are sealed field by field",
        f"key {current}{age}" + (f", {len(older)} older still given" if older else ""),
        Tone.OK,
        "164.312(a)(2)(iv)",
    )
