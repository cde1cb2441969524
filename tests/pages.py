"""The page client: signs in and checks every page it opens as a reader would."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from backoffice.models.users import Level, User
from backoffice.services.work import unit_of_work
from backoffice.web.extensions import SESSIONS
from tests.sessions import a_session

FORM_SALT = "wtf-csrf-token"
"""Flask-WTF's own: a page's form token is the session's secret, signed."""

BASE = "http://localhost:8000"
_UNLABELLED = {"hidden", "submit", "button", "image"}


class _Reader(HTMLParser):
    """Collects what the checks need."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str]] = []
        self.title = ""
        self.headings: list[str] = []
        self.inline: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, labels, fields and anything inline."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label" and "for" in values:
            self.labelled.add(values["for"])
        if tag in {"input", "select", "textarea"} and values.get("type") not in _UNLABELLED:
            self.fields.append(values | {"in_label": "yes" if "label" in self._open else ""})
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in values:
            self.inline.append("script")
        if tag in {"title", "h1", "label"}:
            self._open.append(tag)
            if tag == "h1":
                self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave a title, heading or label."""
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Gather the words of the title and the headings."""
        if "title" in self._open:
            self.title += data
        elif "h1" in self._open:
            self.headings[-1] += data


@dataclass(frozen=True)
class Page:
    """One answer, already checked when it is a whole page."""

    response: TestResponse

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """Return the body."""
        return self.response.text

    @property
    def words(self) -> str:
        """Return the visible words, white space folded."""
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text)).strip()

    @property
    def location(self) -> str:
        """Return where a redirect leads."""
        return self.response.headers.get("Location", "")


class Browser:
    """A person at the portal."""

    def __init__(self, app: Flask) -> None:
        """Open an empty browser."""
        self.client: FlaskClient = app.test_client()
        self._token = ""

    def sign_in(
        self, user: User, *, level: Level = Level.FULL, factor_age: timedelta = timedelta(0)
    ) -> "Browser":
        """Be signed in: a session straight in the table, its second factor given just now.

        The walk through the pages is a test of its own (tests/web/test_sign_in.py).
        """
        form_secret = secrets.token_hex(20)
        with unit_of_work(self.client.application.extensions[SESSIONS]) as session:
            token = a_session(
                session, user.id, level=level, factor_age=factor_age, form_secret=form_secret
            )
        self.client.set_cookie("sid", token, domain="localhost")
        signer = URLSafeTimedSerializer(str(self.client.application.secret_key), salt=FORM_SALT)
        self._token = str(signer.dumps(form_secret))
        return self

    def get(self, path: str, **headers: str) -> Page:
        """Open a page and check it."""
        page = Page(self.client.get(path, base_url=BASE, headers=headers))
        self._remember(page)
        is_html = page.response.mimetype == "text/html"
        if page.status == 200 and is_html and page.text.startswith("<!doctype"):
            check(page.text)
        return page

    def post(self, path: str, **fields: object) -> Page:
        """Send a form with the page's token."""
        answer = self.client.post(path, base_url=BASE, data={"csrf_token": self._token, **fields})
        page = Page(answer)
        self._remember(page)
        return page

    def _remember(self, page: Page) -> None:
        if page.response.mimetype != "text/html":
            return
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        if found:
            self._token = found.group(1)


def check(text: str) -> None:
    """Hold a whole page to what every page owes its reader."""
    reader = _Reader()
    reader.feed(text)
    assert len(reader.headings) == 1, f"one h1 a page, not {reader.headings}"
    assert reader.title.strip().endswith("· Cleanclaim"), reader.title
    doubled = {name for name in reader.ids if reader.ids.count(name) > 1}
    assert not doubled, f"ids twice: {doubled}"
    bare = [
        field.get("name", field.get("id", "?"))
        for field in reader.fields
        if not (field["in_label"] or field.get("aria-label") or field.get("id") in reader.labelled)
    ]
    assert not bare, f"fields without a label: {bare}"
    assert not reader.inline, f"inline style or script: {reader.inline}"
