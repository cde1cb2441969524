"""Settings: everything the program is told from outside, read once from the environment."""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

_KEY_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_IN_FILE = "_FILE"
_LEAST_DIFFERENT = 8
"""Of 32 random hexadecimal digits, fewer than 8 different ones come once in 28 million keys."""
_MOST_PROXIES = 9
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "example", "placeholder", "cleanclaim", "<")
_KNOWN_SECRETS = frozenset(
    {"app", "admin", "demo", "guest", "intake", "minioadmin", "owner", "pass", "password",
     "postgres", "redis", "relay", "root", "sealer", "secret", "test"}
)  # fmt: skip
_DRIVER = "postgresql+psycopg"


class SettingsIncomplete(Exception):
    """The environment has gaps or malformed values; names all of them, shows no value."""

    def __init__(self, missing: tuple[str, ...], malformed: Mapping[str, str]) -> None:
        self.missing = missing
        self.malformed = dict(malformed)
        sentences = []
        if missing:
            sentences.append(f"Missing from the environment: {', '.join(missing)}.")
        sentences += [f"{name} {why}." for name, why in self.malformed.items()]
        super().__init__(" ".join(sentences))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One process's settings; `repr` shows nothing that opens a door.

    Durations are seconds. Database addresses always name the psycopg driver.
    """

    database_url: str = field(repr=False)
    """The app role: owns nothing, stands under the wall."""
    migration_database_url: str | None = field(repr=False)
    """The owner role; given to the release step only."""
    relay_database_url: str | None = field(repr=False)
    """The relay role: sees when which errand is due; given to the relay only."""
    sealer_database_url: str | None = field(repr=False)
    """The sealer role: seals the record; given to the sealer only."""
    intake_database_url: str = field(repr=False)
    """The intake role: what came in before its practice is known."""
    redis_url: str = field(repr=False)
    s3_endpoint_url: str
    s3_bucket: str
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_region: str
    s3_encryption: str | None
    """What the store is asked to encrypt with: AES256, aws:kms or aws:kms:<key id>; None: its own
    default."""
    clamd_url: str | None
    """The virus scanner, tcp://host:port or unix:///path; None: nothing uploaded is ever clean."""
    smtp_url: str = field(repr=False)
    """smtp://host:port, smtp+starttls://user:password@host or smtps://user:password@host."""
    mail_from: str
    portal_url: str
    """What links in mails begin with, and the one origin that the portal answers to."""
    events_url: str | None
    """The origin of the processes that serve event streams; None: the portal's own."""
    trusted_proxies: int
    """How many proxies of ours a request passes: who called stands so far from the end of
    X-Forwarded-For. 0: nobody is in front, and what that header says is not believed."""
    secret_key: str = field(repr=False)
    """Signs form tokens."""
    field_keys: Mapping[str, bytes] = field(repr=False)
    """AES-256 keys of encrypted columns by key id; the first is used for writing."""
    index_key: bytes = field(repr=False)
    """HMAC key of the blind indexes over encrypted columns."""
    push_key: bytes | None = field(repr=False)
    """The private key (P-256) that knocks at browsers are signed with; None: no web push."""
    clearinghouse_url: str
    clearinghouse_key: str = field(repr=False)
    ack_mailbox_url: str | None
    """Where 999, 277CA and TA1 files lie, if the clearinghouse offers them as files."""
    sandbox: bool
    """The clearinghouse and its payers are ours and play; never true in production."""
    seconds_per_day: float
    """How long a payer's day lasts: 86400, or a few seconds in the sandbox."""
    poll_seconds: int
    """How often the clearinghouse is asked for answers."""
    mail_bundle_seconds: int
    """Status changes within this window share one mail."""
    unread_mail_seconds: int
    """A message unread for so long is announced by mail."""
    submit_delay_seconds: int
    """How long a submission can be taken back before it leaves."""

    @property
    def is_loopback(self) -> bool:
        """Whether the portal answers this machine alone; only there may anything play."""
        return is_this_machine(self.portal_url)

    @property
    def current_field_key_id(self) -> str:
        """The id of the key that new values are encrypted with."""
        return next(iter(self.field_keys))

    @property
    def is_https(self) -> bool:
        """Whether cookies may insist on TLS: everywhere but on a laptop."""
        return self.portal_url.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read all settings at once; raises SettingsIncomplete naming every gap."""
        read = _Reader(environment)
        settings = {
            "database_url": read.needed("DATABASE_URL", _database),
            "migration_database_url": read.given("MIGRATION_DATABASE_URL", _database, default=None),
            "relay_database_url": read.given("RELAY_DATABASE_URL", _database, default=None),
            "sealer_database_url": read.given("SEALER_DATABASE_URL", _database, default=None),
            "intake_database_url": read.needed("INTAKE_DATABASE_URL", _database),
            "redis_url": read.needed("REDIS_URL", _url("redis", "rediss", "unix")),
            "s3_endpoint_url": read.needed("S3_ENDPOINT_URL", _url("http", "https")),
            "s3_bucket": read.needed("S3_BUCKET", str),
            "s3_access_key": read.needed("S3_ACCESS_KEY", str),
            "s3_secret_key": read.needed("S3_SECRET_KEY", str),
            "s3_region": read.given("S3_REGION", str, default="us-east-1"),
            "s3_encryption": read.given("S3_ENCRYPTION", _encryption, default=None),
            "clamd_url": read.given("CLAMD_URL", _url("tcp", "unix"), default=None),
            "smtp_url": read.needed("SMTP_URL", _url("smtp", "smtp+starttls", "smtps")),
            "mail_from": read.needed("MAIL_FROM", _mail_address),
            "portal_url": read.needed("PORTAL_URL", _origin),
            "events_url": read.given("EVENTS_URL", _origin, default=None),
            "trusted_proxies": read.given("TRUSTED_PROXIES", _hops, default=0),
            "secret_key": read.needed("SECRET_KEY", _long),
            "field_keys": read.needed("FIELD_KEYS", _keys),
            "index_key": read.needed("INDEX_KEY", _key),
            "push_key": read.given("PUSH_KEY", _signing_key, default=None),
            "clearinghouse_url": read.needed("CLEARINGHOUSE_URL", _url("http", "https")),
            "clearinghouse_key": read.needed("CLEARINGHOUSE_KEY", str),
            "ack_mailbox_url": read.given("ACK_MAILBOX_URL", _url("http", "https"), default=None),
            "sandbox": read.given("SANDBOX", _flag, default=False),
            "seconds_per_day": read.given("SECONDS_PER_DAY", _positive_float, default=86400.0),
            "poll_seconds": read.given("POLL_SECONDS", _positive, default=300),
            "mail_bundle_seconds": read.given("MAIL_BUNDLE_SECONDS", _seconds, default=300),
            "unread_mail_seconds": read.given("UNREAD_MAIL_SECONDS", _seconds, default=120),
            "submit_delay_seconds": read.given("SUBMIT_DELAY_SECONDS", _seconds, default=3600),
        }
        read.refuse_gaps()
        made = cls(**settings)  # type: ignore[arg-type]  # the reader has refused every gap
        if not made.is_loopback:
            _refuse_what_only_plays(made)
        return made


class _Reader:
    """Reads variables and remembers what was wrong, so that all is told at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._missing: list[str] = []
        self._malformed: dict[str, str] = {}

    def needed(self, name: str, parse: Callable[[str], T]) -> T | None:
        given = self._environment.get(name) or self._environment.get(name + _IN_FILE)
        if not given:
            self._missing.append(name)
            return None
        return self.given(name, parse, default=None)

    def given(self, name: str, parse: Callable[[str], T], *, default: T | None) -> T | None:
        try:
            text = secret(self._environment, name)
            return parse(text) if text else default
        except _Malformed as malformed:
            self._malformed[name] = str(malformed)
            return None

    def refuse_gaps(self) -> None:
        if self._missing or self._malformed:
            raise SettingsIncomplete(tuple(self._missing), self._malformed)


class _Malformed(ValueError):
    """Why a value cannot be read, in words that follow the variable's name."""


def secret(environment: Mapping[str, str], name: str) -> str | None:
    """Return a variable's value: given itself, or lying in the file that NAME_FILE names.

    A file's last line end is not part of it. Raises ValueError when both are given, or the file
    can't be read; its words follow the variable's name.
    """
    given, path = environment.get(name), environment.get(name + _IN_FILE)
    if not path:
        return given or None
    if given:
        raise _Malformed(f"is given twice: itself and as {name}{_IN_FILE}")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n") or None
    except (OSError, UnicodeDecodeError):
        raise _Malformed(f"lies in a file that can't be read ({name}{_IN_FILE})") from None


def is_this_machine(url: str) -> bool:
    """Whether an address leads to this machine: a loopback name, a loopback address, a socket."""
    host = urlsplit(url).hostname
    if host is None:
        return urlsplit(url).scheme == "unix"
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_what_only_plays(settings: Settings) -> None:
    """Refuse demo settings and secrets that anybody could guess, where strangers can call."""
    wrong = _guessable_secrets(settings) | _patterned_keys(settings)
    if settings.sandbox:
        wrong["SANDBOX"] = "must be 0 where PORTAL_URL is not this machine"
    if not settings.is_https:
        wrong["PORTAL_URL"] = "must begin with https: where it is not this machine"
    if wrong:
        raise SettingsIncomplete((), wrong)


def _guessable_secrets(settings: Settings) -> dict[str, str]:
    secrets = {
        "SECRET_KEY": settings.secret_key,
        "S3_SECRET_KEY": settings.s3_secret_key,
        "CLEARINGHOUSE_KEY": settings.clearinghouse_key,
        "DATABASE_URL": _password(settings.database_url),
        "MIGRATION_DATABASE_URL": _password(settings.migration_database_url),
        "RELAY_DATABASE_URL": _password(settings.relay_database_url),
        "SEALER_DATABASE_URL": _password(settings.sealer_database_url),
        "INTAKE_DATABASE_URL": _password(settings.intake_database_url),
        "REDIS_URL": _password(settings.redis_url),
        "SMTP_URL": _password(settings.smtp_url),
    }
    told = "holds a placeholder or a secret that everybody knows"
    return {name: told for name, value in secrets.items() if value and _is_guessable(value)}


def _password(url: str | None) -> str | None:
    return urlsplit(url).password if url else None


def _patterned_keys(settings: Settings) -> dict[str, str]:
    keys = {
        "SECRET_KEY": [settings.secret_key.encode()],
        "FIELD_KEYS": list(settings.field_keys.values()),
        "INDEX_KEY": [settings.index_key],
        "PUSH_KEY": [settings.push_key] if settings.push_key else [],
    }
    told = "holds a pattern, not random bytes"
    wrong = {name: told for name, values in keys.items() if any(map(_is_pattern, values))}
    if settings.index_key in settings.field_keys.values():
        wrong["INDEX_KEY"] = "must differ from every field key"
    return wrong


def _is_guessable(value: str) -> bool:
    words = value.lower()
    return words in _KNOWN_SECRETS or any(part in words for part in _PLACEHOLDERS)


def _is_pattern(key: bytes) -> bool:
    """Whether 32 bytes or more were made by hand: few different ones, or all in equal steps."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return len(set(key)) < _LEAST_DIFFERENT or len(steps) == 1


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise _Malformed(f"must begin with {' or '.join(f'{s}:' for s in schemes)}")
        return text.rstrip("/")

    return parse


def _database(text: str) -> str:
    """Hosts hand out postgres:// and postgresql://; SQLAlchemy wants the driver named."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", _DRIVER}:
        raise _Malformed("must begin with postgresql:")
    return f"{_DRIVER}://{rest}"


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise _Malformed("must be an origin such as https://portal.example, without a path")
    return text.rstrip("/")


def _encryption(text: str) -> str:
    if text not in {"AES256", "aws:kms"} and not text.startswith("aws:kms:"):
        raise _Malformed("must be AES256, aws:kms or aws:kms:<key id>")
    return text


def _mail_address(text: str) -> str:
    if text.count("@") != 1 or any(mark in text for mark in "\r\n"):
        raise _Malformed("must be one mail address")
    return text


def _long(text: str) -> str:
    if len(text) < _KEY_BYTES:
        raise _Malformed(f"must have at least {_KEY_BYTES} characters")
    return text


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise _Malformed(f"must be {_KEY_BYTES} bytes in base64")
    return key


def _signing_key(text: str) -> bytes:
    key = _key(text)
    if not 0 < int.from_bytes(key) < _P256_ORDER:
        raise _Malformed("is no private key of the curve P-256")
    return key


def _keys(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for entry in text.split(","):
        key_id, separator, encoded = entry.strip().partition(":")
        if not separator or not key_id.isalnum() or key_id in keys:
            raise _Malformed("must be id:base64[,id:base64...], ids different from each other")
        keys[key_id] = _key(encoded)
    return keys


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise _Malformed("must be 0 or 1")
    return text == "1"


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise _Malformed("must be a whole number of seconds")
    return int(text)


def _hops(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MOST_PROXIES:
        raise _Malformed(f"must be the number of proxies in front, 0 to {_MOST_PROXIES}")
    return int(text)


def _positive(text: str) -> int:
    if (seconds := _seconds(text)) == 0:
        raise _Malformed("must be at least 1 second")
    return seconds


def _positive_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise _Malformed("must be a number of seconds above 0 and at most 86400")
    return value
