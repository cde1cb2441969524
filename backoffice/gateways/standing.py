"""How the servers outside are set up, asked of themselves; what they don't tell stays open."""

import enum
import smtplib
import ssl
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backoffice.gateways import mail

_SECONDS: Final = 2.0
_EVERYBODY: Final = ("/AllUsers", "/AuthenticatedUsers")


@dataclass(frozen=True)
class RedisStanding:
    """What a Redis says of itself: does it answer, what does it do when full, does it write."""

    answers: bool
    when_full: str | None = None
    writes_down: bool | None = None


@dataclass(frozen=True)
class StoreStanding:
    """What a bucket says of itself: does it answer, may everybody read, are versions kept."""

    answers: bool
    is_public: bool | None = None
    keeps_versions: bool | None = None


class MailStanding(enum.Enum):
    """How far one comes with a mail server, sending nothing."""

    READY = enum.auto()
    AWAY = enum.auto()
    NO_TLS = enum.auto()
    """It offers no TLS, though its address asks for it, or its certificate isn't good."""
    LOGIN_REFUSED = enum.auto()


def mail_standing(url: str) -> MailStanding:
    """Go to a mail server as a mail would, as far as the login."""
    server = urlsplit(url)
    try:
        connection = mail.reach(server, seconds=_SECONDS)
    except ssl.SSLError:
        return MailStanding.NO_TLS
    except (smtplib.SMTPException, OSError):
        return MailStanding.AWAY
    missing = MailStanding.NO_TLS
    try:
        mail.secure(connection, server)
        missing = MailStanding.LOGIN_REFUSED
        mail.sign_in(connection, server)
    except (smtplib.SMTPException, OSError):
        return missing
    finally:
        connection.close()
    return MailStanding.READY


def redis_standing(url: str) -> RedisStanding:
    """Ask Redis; a server that forbids CONFIG tells neither."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS, decode_responses=True
        ) as client:
            client.ping()
            return RedisStanding(
                answers=True,
                when_full=_said(client, "maxmemory-policy"),
                writes_down={"yes": True, "no": False}.get(_said(client, "appendonly") or ""),
            )
    except redis.RedisError:
        return RedisStanding(answers=False)


def store_standing(
    *, endpoint_url: str, bucket: str, access_key: str, secret_key: str, region: str
) -> StoreStanding:
    """Ask the document store; a server that does not know a question leaves it open."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=region,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"max_attempts": 1},
        ),
    )
    try:
        client.head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError):
        return StoreStanding(answers=False)
    return StoreStanding(
        answers=True, is_public=_is_public(client, bucket), keeps_versions=_versions(client, bucket)
    )


def _said(client: Any, name: str) -> str | None:
    try:
        found: dict[str, str] = client.config_get(name)
    except redis.ResponseError:
        return None
    return found.get(name)


def _is_public(client: Any, bucket: str) -> bool | None:
    try:
        grants = client.get_bucket_acl(Bucket=bucket).get("Grants", [])
    except (BotoCoreError, ClientError):
        return None
    return any(each.get("Grantee", {}).get("URI", "").endswith(_EVERYBODY) for each in grants)


def _versions(client: Any, bucket: str) -> bool | None:
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled")
    except (BotoCoreError, ClientError):
        return None
