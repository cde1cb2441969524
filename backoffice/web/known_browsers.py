"""The cookie of a browser that somebody fully signed in with: strangers cannot shut its door.

It opens nothing. It only says before which door tries to sign in are counted, so that whoever
guesses at an account from elsewhere does not keep its owner out.
"""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from backoffice.services.accounts import KnownBrowser
from backoffice.web.extensions import settings

LIVES: Final = timedelta(days=365)


def cookie_name() -> str:
    """Return the cookie's name: bound to the host where TLS allows it."""
    return "__Host-known" if settings().is_https else "known"


def known_browser() -> KnownBrowser | None:
    """Return whose browser this is, as far as its cookie was signed by us."""
    try:
        user_id, browser_id = _signer().loads(request.cookies.get(cookie_name(), ""))
        return KnownBrowser(UUID(user_id), browser_id)
    except (BadSignature, ValueError, TypeError):
        return None


def remember(response: Response, user_id: UUID) -> None:
    """Let this browser be known as somebody's from now on."""
    known = known_browser()
    if known is not None and known.user_id == user_id:
        return
    response.set_cookie(
        cookie_name(),
        str(_signer().dumps([str(user_id), secrets.token_urlsafe(16)])),
        max_age=LIVES,
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="known-browser")
