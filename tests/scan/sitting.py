"""Somebody signed in at the running stack, for one tool and a few minutes."""

import secrets
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from backoffice.models.users import User
from backoffice.services.work import sessions, unit_of_work
from tests.sessions import a_session

PATIENCE = 20.0
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Answer:
    """One answer of the portal, redirects not followed."""

    status: int
    kind: str
    text: str


@dataclass(frozen=True)
class Sitting:
    """A session of somebody's, both factors given just now."""

    portal: str
    cookie: str

    def get(self, address: str) -> Answer:
        """Open an address (path and query)."""
        parts = urlsplit(self.portal)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request("GET", address, headers={"Cookie": self.cookie})
            told = connection.getresponse()
            kind = told.headers.get_content_type()
            text = told.read(MOST_BYTES).decode(errors="replace") if kind == "text/html" else ""
            return Answer(told.status, kind, text)
        finally:
            connection.close()


def sit_down(portal: str, database_url: str, email: str) -> Sitting:
    """Begin a session straight in the stack's table: no proof is asked, so nothing slows us.

    Each tool's run has a new one. So none idles out, and the five minutes of a fresh second
    factor cover the pages that ask for it.
    """
    engine = create_engine(database_url, poolclass=NullPool)
    with unit_of_work(sessions(engine), house=True) as session:
        user = session.scalars(select(User).where(User.email_key == email)).one()
        token = a_session(session, user.id, form_secret=secrets.token_hex(20))
    return Sitting(portal, f"sid={token}")
