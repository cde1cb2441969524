"""What Redis, the document store, the mail server and the virus scanner say of themselves."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from backoffice.config import Settings, is_this_machine
from backoffice.gateways.scanner import STAND_IN, NoVerdict, scanner_at, signed_at
from backoffice.gateways.standing import (
    MailStanding,
    mail_standing,
    redis_standing,
    store_standing,
)
from backoffice.services.doctor.shapes import Finding, Severity

SIGNATURES_STALE: Final = timedelta(days=3)
"""Signatures come daily: two days missed are chance, three are a freshclam that stands still."""
SIGNATURES_DEAD: Final = timedelta(days=30)

_SECONDS = 2.0
_MAIL: Final[Mapping[MailStanding, Finding]] = {
    MailStanding.AWAY: Finding("mail_away", "The mail server does not answer: mails wait."),
    MailStanding.NO_TLS: Finding(
        "mail_tls",
        "The mail server refuses TLS, or its certificate is not good, and SMTP_URL asks for it:"
        " no mail leaves.",
    ),
    MailStanding.LOGIN_REFUSED: Finding(
        "mail_login", "The mail server refuses the login of SMTP_URL: no mail leaves."
    ),
}


def findings(settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the servers beside the database."""
    yield from _redis(settings)
    yield from _store(settings)
    standing = mail_standing(settings.smtp_url)
    if standing in _MAIL:
        yield _MAIL[standing]
    yield from _scanner(settings, now=now)


def _redis(settings: Settings) -> Iterator[Finding]:
    told = redis_standing(settings.redis_url)
    if not told.answers:
        yield Finding(
            "redis_away",
            "Redis does not answer: tries are counted by each process for itself, and work waits.",
        )
        return
    if told.when_full is None:
        yield Finding(
            "redis_silent", "Redis does not tell its settings: look for yourself.", Severity.NOTE
        )
    elif told.when_full != "noeviction":
        yield Finding("redis_evicts", "Redis forgets when full: set maxmemory-policy noeviction.")
    if told.writes_down is False:
        yield Finding("redis_forgets", "Redis writes nothing down: set appendonly yes.")


def _store(settings: Settings) -> Iterator[Finding]:
    told = store_standing(
        endpoint_url=settings.s3_endpoint_url,
        bucket=settings.s3_bucket,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        region=settings.s3_region,
    )
    if not told.answers:
        yield Finding("store_away", "The document store does not answer, or refuses us.")
        return
    if told.is_public:
        yield Finding("store_public", "The bucket is open to everybody: block public access.")
    if not told.keeps_versions:
        here = is_this_machine(settings.s3_endpoint_url)
        yield Finding(
            "store_versions",
            "The bucket keeps no versions, or does not say: switch versioning on.",
            Severity.NOTE if here else Severity.UNSAFE,
        )


def _scanner(settings: Settings, *, now: datetime) -> Iterator[Finding]:
    if settings.clamd_url is None:
        return
    try:
        told = scanner_at(settings.clamd_url, silent_seconds=_SECONDS).version()
    except NoVerdict:
        yield Finding(
            "scanner_away", "The virus scanner does not answer: what is uploaded stays shut."
        )
        return
    if told.startswith(STAND_IN):
        yield Finding(
            "no_virus_scanner",
            "The virus scanner is the sandbox's and knows one test file: set CLAMD_URL to a clamd.",
            Severity.NOTE if settings.is_loopback else Severity.UNSAFE,
        )
        return
    yield from _signatures(told, now=now)


def _signatures(version: str, *, now: datetime) -> Iterator[Finding]:
    made_at = signed_at(version)
    if made_at is None:
        yield Finding(
            "scanner_undated",
            "The virus scanner does not say how old its signatures are: look for yourself.",
            Severity.NOTE,
        )
    elif now - made_at > SIGNATURES_STALE:
        yield Finding(
            "scanner_stale",
            f"The virus scanner's signatures are of {made_at:%Y-%m-%d}: see why freshclam brings"
            " no newer ones.",
            Severity.UNSAFE if now - made_at > SIGNATURES_DEAD else Severity.NOTE,
        )
