"""Per address: how many failed proofs of who one is, and how many links to a new password.

Counted in Redis; in memory while it is away.

The count per account, which nobody gets round by coming from many addresses, is in PostgreSQL
(services/accounts/throttles.py). Behind a proxy the address is what the proxy's hop count says.
"""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from backoffice.config import Settings

FAILURES_PER_ADDRESS: Final = "100 per 15 minutes"
"""A whole practice may stand behind one address; a guesser gets nowhere with it."""
ASKED_PER_ADDRESS: Final = "20 per 15 minutes"
"""Links to a new password that one address may ask for: each may send somebody a mail."""
PATIENCE: Final = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
_FAILED: Final = frozenset({401, 403})

_OF_ONE_CUSTOMER: Final = 64


def whose_address() -> str:
    """Return whose failures count together: one IPv4 address, or the /64 that one customer has.

    Whoever has an IPv6 line has 18 quintillion addresses to guess from, one after the other.
    """
    told = get_remote_address()
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if not isinstance(address, IPv6Address):
        return told
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _OF_ONE_CUSTOMER), strict=False))


limiter = Limiter(whose_address)

slow_failures = limiter.shared_limit(
    FAILURES_PER_ADDRESS,
    scope="proofs",
    methods=["POST"],
    deduct_when=lambda answer: _failed(answer),
)
"""Decorates a view that looks at a proof; an address with too many failures gets 429."""

slow_asking = limiter.shared_limit(ASKED_PER_ADDRESS, scope="asking", methods=["POST"])
"""Decorates a view that mails whoever is named; every asking counts, as all are answered alike."""


def _failed(answer: Response) -> bool:
    return answer.status_code in _FAILED


def register(app: Flask, settings: Settings) -> None:
    """Count in the settings' Redis, in memory while that does not answer."""
    url = settings.redis_url
    app.config.update(
        RATELIMIT_STORAGE_URI=f"redis+{url}" if url.startswith("unix:") else url,
        RATELIMIT_STORAGE_OPTIONS=PATIENCE,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_KEY_PREFIX="cleanclaim",
    )
    limiter.init_app(app)
