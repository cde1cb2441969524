"""Headers on every answer: nothing inline, nothing framed, nothing kept."""

from flask import Response, request

from backoffice.web.extensions import settings
from backoffice.web.told import request_id

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'{streams}",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)


def policy() -> str:
    """Return the content policy; event streams may come from an address of their own."""
    streams = settings().events_url
    return POLICY.format(streams=f" {streams}" if streams else "")


def dress(response: Response) -> Response:
    """Put the security headers on an answer; a view's own, stricter ones stay."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault(
        "Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"
    )
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    headers["X-Request-Id"] = request_id()
    if request.endpoint != "static" or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    return response
