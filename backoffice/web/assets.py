"""The addresses of our static files: each carries a digest, so a cache may keep it for ever."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"
DIGEST_LENGTH = 10


@cache
def asset(name: str) -> str:
    """The address of a file under static/, as `/static/portal.css?v=<digest>`.

    Raises FileNotFoundError for a name that is not there: a page never links to nothing.
    """
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:DIGEST_LENGTH]
    return f"/static/{name}?v={digest}"


def icon(name: str, tone: str = "", *, small: bool = False, label: str = "") -> Markup:
    """One symbol of icons.svg. Without a label it is decoration and hidden from screen readers.

    `tone` is one of ok, warn, bad, info, teal, violet, mute and colours the glyph.
    """
    look = " ".join(filter(None, ["i", "s" if small else "", f"c {tone}" if tone else ""]))
    hidden = Markup('aria-hidden="true"')
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else hidden
    return Markup('<svg class="{}" {}><use href="{}#{}"/></svg>').format(
        look, spoken, asset("icons.svg"), name
    )


def register(app: Flask) -> None:
    """Give every template `asset` and `icon`."""
    app.jinja_env.globals.update(asset=asset, icon=icon)
    if app.debug:
        app.jinja_env.globals["asset"] = asset.__wrapped__
