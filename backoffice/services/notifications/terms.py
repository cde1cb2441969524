"""How long mails wait; given to the factory of sessions when a process starts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from backoffice.config import Settings
from backoffice.rules.notices import Topic

TERMS: Final = "mail_terms"


@dataclass(frozen=True)
class MailTerms:
    """What happens within `bundle` shares a mail; a message unread for `unread` is announced."""

    bundle: timedelta = timedelta(minutes=5)
    unread: timedelta = timedelta(minutes=2)

    def wait(self, topic: Topic) -> timedelta:
        """Return how long the first thing in a mail waits for others."""
        return self.unread if topic is Topic.UNREAD_MESSAGE else self.bundle


DEFAULT: Final = MailTerms()


def terms_of(session: Session) -> MailTerms:
    """Return the terms that this session was made with: `sessions(engine, info={TERMS: ...})`."""
    terms: MailTerms = session.info.get(TERMS, DEFAULT)
    return terms


def terms_from(settings: Settings) -> MailTerms:
    """Return the terms that a process's settings ask for."""
    return MailTerms(
        bundle=timedelta(seconds=settings.mail_bundle_seconds),
        unread=timedelta(seconds=settings.unread_mail_seconds),
    )
