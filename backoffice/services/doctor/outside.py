"""What Redis and the document store say of themselves."""

from collections.abc import Iterator

from backoffice.config import Settings, is_this_machine
from backoffice.gateways.standing import redis_standing, store_standing
from backoffice.services.doctor.shapes import Finding, Severity


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the servers beside the database."""
    yield from _redis(settings)
    yield from _store(settings)


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
