"""Words of mails: templates that are given a whitelist of facts and can reach nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from backoffice.gateways.mail import OutgoingMail
from backoffice.models.people import AccountTopic
from backoffice.rules.notices import Topic

TEMPLATES: Final = Path(__file__).resolve().parents[3] / "templates" / "email"

Fact = str | int | tuple[tuple[int, str], ...]
"""A word or two of ours, a count, or several counts with their words."""

AnyTopic = Topic | AccountTopic

WHITELIST: Final[Mapping[AnyTopic, frozenset[str]]] = {
    Topic.CLAIM_STATUS: frozenset({"practice", "claims", "counts", "link"}),
    Topic.UNREAD_MESSAGE: frozenset({"practice", "sender", "role", "at", "link"}),
    Topic.DOCUMENT_SHARED: frozenset({"practice", "documents", "counts", "link"}),
    Topic.AGREEMENT_ENDING: frozenset({"practice", "days", "link"}),
    Topic.INFORMATION_NEEDED: frozenset({"practice", "appointments", "due", "again", "link"}),
    Topic.REQUEST_ANSWERED: frozenset({"practice", "requests", "link"}),
    Topic.ENROLLMENT: frozenset({"practice", "payer", "kind", "state", "next_step", "link"}),
    Topic.REPORT_READY: frozenset({"practice", "month", "link"}),
    Topic.EOB_WANTED: frozenset({"practice", "claims", "again", "link"}),
    Topic.PAST_DUE: frozenset({"practice", "items", "counts", "link"}),
    Topic.DAILY_DIGEST: frozenset({"practice", "counts", "link"}),
    AccountTopic.INVITATION: frozenset({"inviter", "where", "role", "hours", "link"}),
    AccountTopic.PASSWORD_RESET: frozenset({"minutes", "link"}),
    AccountTopic.EMAIL_CONFIRMATION: frozenset({"minutes", "link"}),
    AccountTopic.SECURITY: frozenset({"what", "at", "link"}),
    AccountTopic.GLASS_BROKEN: frozenset({"who", "practice", "minutes", "at", "link"}),
    AccountTopic.FILE_TAKEN_OUT: frozenset({"who", "at", "link"}),
}
"""All that a mail may say: no client, number, date of service, amount, text or file name.

A payer is named of an enrollment alone: that is the practice's affair and no client's.
"""


class NotForMail(RuntimeError):
    """A mail was about to say something that mails do not say; names the field, not the value."""


class Told:
    """The facts of one mail, as its templates see them; any other attribute raises NotForMail."""

    __slots__ = ("_facts",)

    def __init__(self, topic: AnyTopic, **facts: Fact) -> None:
        """Take exactly the facts that the topic's whitelist names."""
        if set(facts) != WHITELIST[topic]:
            raise NotForMail(", ".join(sorted(set(facts) ^ WHITELIST[topic])))
        self._facts = facts

    def __getattr__(self, name: str) -> Fact:
        """Return one fact of the whitelist."""
        if name not in self._facts:
            raise NotForMail(name)
        return self._facts[name]


@dataclass(frozen=True)
class Sender:
    """Where links lead, and the domain of Message-IDs."""

    portal_url: str
    domain: str

    def link(self, mail_id: UUID) -> str:
        """Return the address that opens what a mail is about: the mail's own id, nothing more."""
        return f"{self.portal_url}/news/{mail_id}"

    def message_id(self, mail_id: UUID) -> str:
        """Return the Message-ID, the same at every try."""
        return f"<{mail_id}@{self.domain}>"


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def write(
    topic: AnyTopic, told: Told, *, recipient: str, message_id: str, now: datetime
) -> OutgoingMail:
    """Write one mail from its three templates: subject, text and HTML."""

    def words(kind: str) -> str:
        return _environment.get_template(f"{topic.value}.{kind}").render(mail=told)

    return OutgoingMail(
        recipient=recipient,
        subject=" ".join(words("subject.txt").split()),
        text=words("txt"),
        html=words("html"),
        message_id=message_id,
        sent_at=now,
    )
