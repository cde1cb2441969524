"""What Redis, the document store and the virus scanner say of themselves."""

from collections.abc import Iterator

from backoffice.config import Settings, is_this_machine
from backoffice.gateways.scanner import STAND_IN, NoVerdict, scanner_at
from backoffice.gateways.standing import redis_standing, store_standing
from backoffice.services.doctor.shapes import Finding, Severity

_SECONDS = 2.0


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the servers beside the database."""
    yield from _redis(settings)
    yield from _store(settings)
    yield from _scanner(settings)


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


def _scanner(settings: Settings) -> Iterator[Finding]:
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
