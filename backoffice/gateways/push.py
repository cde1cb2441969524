"""Web push out, without a word in it: a knock at a browser's own address, signed as ours (VAPID).

The addresses come from browsers, so they are believed only for the push services that browsers
have. Nothing is sent in the body: what a push service never gets it can't read or lose.
"""

import base64
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from backoffice.config import Settings, is_this_machine

SERVICES: Final = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Opera, Samsung [verified: public examples]
    "updates.push.services.mozilla.com",  # Firefox [verified: public examples]
    ".push.services.mozilla.com",  # Firefox, its other data centres [assumed]
    ".notify.windows.com",  # Edge on Windows [assumed]
    "web.push.apple.com",  # Safari [assumed]
)
"""Hosts that a push may go to; a leading dot stands for any one below it."""
TIMEOUT: Final = (5, 15)
KEEP_SECONDS: Final = 24 * 3600
"""How long a push service keeps a knock for a browser that is away."""
_LONGEST = 2000
_GONE = frozenset({404, 410})
_LATER = frozenset({408, 425, 429})


class PushGone(Exception):
    """The browser has withdrawn this address: it will never be good again."""


class PushRefused(Exception):
    """The push service takes no knock of ours at this address; carries the status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class PushUnavailable(Exception):
    """The push service is away or asks for patience; the same may be sent again later."""


class NoPushAddress(ValueError):
    """This is no address of a push service that browsers have."""


class Push(Protocol):
    """Whoever knocks at browsers."""

    @property
    def public_key(self) -> str:
        """What browsers are given, so that they take knocks of ours alone (base64url)."""

    def require_address(self, endpoint: str) -> None:
        """Raise NoPushAddress for what is not at a push service's."""

    def knock(self, endpoint: str, *, now: datetime) -> None:
        """Knock once; raises PushGone, PushRefused, PushUnavailable or NoPushAddress."""


class WebPush:
    """Knocks over HTTPS; `loopback` lets it also knock at this machine, for a sandbox."""

    def __init__(self, key: bytes, *, contact: str, loopback: bool) -> None:
        """Take the private key (32 bytes, P-256) and an email address for push services."""
        private = ec.derive_private_key(int.from_bytes(key), ec.SECP256R1())
        self._vapid = Vapid02(private)
        self._contact = f"mailto:{contact}"
        self._loopback = loopback
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._public = base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    @property
    def public_key(self) -> str:
        """The public key; see Push.public_key."""
        return self._public

    def require_address(self, endpoint: str) -> None:
        """Look at an address; see Push.require_address."""
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError:
            raise NoPushAddress from None
        if len(endpoint) > _LONGEST or not endpoint.isascii() or "@" in parts.netloc:
            raise NoPushAddress
        if self._loopback and is_this_machine(endpoint) and parts.scheme in {"http", "https"}:
            return
        if parts.scheme != "https" or port not in {None, 443} or not _is_known(parts):
            raise NoPushAddress

    def knock(self, endpoint: str, *, now: datetime) -> None:
        """Send a push without a body; see Push.knock."""
        self.require_address(endpoint)
        parts = urlsplit(endpoint)
        claims = {
            "sub": self._contact,
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + timedelta(hours=12)).timestamp()),
        }
        signed: dict[str, str] = self._vapid.sign(claims)
        headers = signed | {"TTL": str(KEEP_SECONDS), "Urgency": "normal", "Topic": "cleanclaim"}
        try:
            answer = requests.post(
                endpoint, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
            answer.close()
        except requests.RequestException as broken:
            raise PushUnavailable(type(broken).__name__) from None
        _judge(answer.status_code)


def push_from(settings: Settings) -> WebPush | None:
    """Return what the settings' key can knock with; None without one."""
    if settings.push_key is None:
        return None
    here = settings.sandbox and settings.is_loopback
    return WebPush(settings.push_key, contact=settings.mail_from, loopback=here)


class InMemoryPush:
    """Knocks kept in a list; addresses that are `gone`, and all of them while `away`."""

    public_key = "BAAA"

    def __init__(self) -> None:
        self.knocked: list[str] = []
        self.gone: set[str] = set()
        self.away = False

    def require_address(self, endpoint: str) -> None:
        """Look at an address; see Push.require_address."""
        if not endpoint.startswith("https://"):
            raise NoPushAddress

    def knock(self, endpoint: str, *, now: datetime) -> None:
        """Keep a knock; see Push.knock."""
        self.require_address(endpoint)
        if self.away:
            raise PushUnavailable("away")
        if endpoint in self.gone:
            raise PushGone
        self.knocked.append(endpoint)


def _is_known(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return any(
        host.endswith(each) and len(host) > len(each) if each[0] == "." else host == each
        for each in SERVICES
    )


def _judge(status: int) -> None:
    if status in _GONE:
        raise PushGone
    if status in _LATER or status >= 500:
        raise PushUnavailable(f"HTTP {status}")
    if not 200 <= status < 300:
        raise PushRefused(status)
