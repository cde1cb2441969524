"""What the settings alone say: who is reached in the clear, what only plays, what is missing."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from backoffice.config import Settings, is_this_machine
from backoffice.services.doctor.shapes import Finding, Severity

_CHECKED_TLS = {"verify-ca", "verify-full"}
_TLS_SCHEMES = {"https", "rediss", "smtps", "smtp+starttls", "unix"}


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the environment of one process."""
    yield from _in_the_clear(settings)
    yield from _playing(settings)
    for name, url in _databases(settings).items():
        mode = parse_qs(urlsplit(url).query).get("sslmode", [""])[0]
        if not is_this_machine(url) and mode not in _CHECKED_TLS:
            yield Finding(
                "database_tls",
                f"{name} does not check the server's certificate: add sslmode=verify-full.",
            )
    if settings.clamd_url is None:
        yield Finding(
            "no_virus_scanner",
            "No virus scanner is joined: nothing that is uploaded can be opened. Set CLAMD_URL.",
            Severity.NOTE if settings.is_loopback else Severity.UNSAFE,
        )
    if settings.push_key is None:
        yield Finding(
            "no_push",
            "PUSH_KEY is missing: no browser can be knocked at, and none is offered it.",
            Severity.NOTE,
        )


def _in_the_clear(settings: Settings) -> Iterator[Finding]:
    reached = {
        "REDIS_URL": settings.redis_url,
        "S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "SMTP_URL": settings.smtp_url,
        "CLEARINGHOUSE_URL": settings.clearinghouse_url,
        "CLAMD_URL": settings.clamd_url,
        "ACK_MAILBOX_URL": settings.ack_mailbox_url,
        "EVENTS_URL": settings.events_url,
        "PORTAL_URL": settings.portal_url,
    }
    for name, url in reached.items():
        if url and urlsplit(url).scheme not in _TLS_SCHEMES and not is_this_machine(url):
            yield Finding("no_tls", f"{name} leads over the network without TLS.")


def _playing(settings: Settings) -> Iterator[Finding]:
    severity = Severity.NOTE if settings.is_loopback else Severity.UNSAFE
    if settings.sandbox:
        yield Finding("sandbox", "SANDBOX is 1: the clearinghouse and its payers play.", severity)
    if settings.migration_database_url is not None:
        yield Finding(
            "owner_at_hand",
            "MIGRATION_DATABASE_URL is given here: the owner's password belongs to the release"
            " step only.",
            severity,
        )
    if len(settings.field_keys) > 1:
        yield Finding(
            "several_field_keys",
            "FIELD_KEYS has more than one key: rotate, retire the old ones and take them out"
            " (backoffice keys).",
            Severity.NOTE,
        )


def _databases(settings: Settings) -> dict[str, str]:
    given = {
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "RELAY_DATABASE_URL": settings.relay_database_url,
        "SEALER_DATABASE_URL": settings.sealer_database_url,
        "INTAKE_DATABASE_URL": settings.intake_database_url,
    }
    return {name: url for name, url in given.items() if url}
