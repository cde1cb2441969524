"""Email out: SMTP, with TLS where the address says so, or memory in tests."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

_TIMEOUT_SECONDS = 20.0
_SYNTAX_ERROR = 501
_SUBMISSION_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailRefused(Exception):
    """The server will never take this mail (5xx): carries its status code only.

    `of_address`: it was the recipient that was refused, whatever the mail says.
    """

    def __init__(self, status: int, *, of_address: bool = False) -> None:
        self.status, self.of_address = status, of_address
        super().__init__(f"SMTP {status}")


class MailUnavailable(Exception):
    """The server is away, busy or does not know us; the same mail may be sent again later."""


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One mail to one address: a link, never a word of health.

    `message_id` is made from its row's id, so that a mail sent twice is seen as one.
    """

    recipient: str
    subject: str
    text: str
    html: str = ""
    message_id: str
    sent_at: datetime


class Mail(Protocol):
    """Whoever brings mails away."""

    def send(self, mail: OutgoingMail) -> None:
        """Hand one mail over; raises MailRefused or MailUnavailable."""


class SmtpMail:
    """Mail through a server: smtp://, smtp+starttls:// or smtps://, with a login if given."""

    def __init__(self, *, url: str, sender: str) -> None:
        self._server = urlsplit(url)
        self._sender = sender

    def send(self, mail: OutgoingMail) -> None:
        """Hand one mail over; see Mail.send."""
        message = compose(mail, sender=self._sender)
        try:
            with self._connect() as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            status = next(iter(refused.recipients.values()))[0]
            raise _refusal(status, of_address=True) from None
        except smtplib.SMTPDataError as refused:
            raise _refusal(refused.smtp_code) from None
        except (smtplib.SMTPException, OSError) as broken:
            raise MailUnavailable(type(broken).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        connection = reach(self._server, seconds=_TIMEOUT_SECONDS)
        try:
            secure(connection, self._server)
            sign_in(connection, self._server)
        except BaseException:
            connection.close()
            raise
        return connection


class InMemoryMail:
    """Mails kept in a list, in the order of sending."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMail] = []

    def send(self, mail: OutgoingMail) -> None:
        """Keep one mail, composed as the real gateway would; see Mail.send."""
        compose(mail, sender="no-reply@cleanclaim.example")
        self.sent.append(mail)


def compose(mail: OutgoingMail, *, sender: str) -> EmailMessage:
    """The message as it travels; raises MailRefused when it cannot be one.

    An address that is none, or a line break in a subject, is refused without being quoted.
    """
    message = EmailMessage()
    message["From"] = Address(display_name="Cleanclaim", addr_spec=sender)
    try:
        message["To"] = Address(addr_spec=mail.recipient)
        message["Subject"] = mail.subject
    except (ValueError, MessageError):
        raise MailRefused(_SYNTAX_ERROR, of_address=True) from None
    message["Date"] = format_datetime(mail.sent_at)
    message["Message-ID"] = mail.message_id
    message["Reply-To"] = Address(display_name="Nobody reads answers", addr_spec=sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def reach(server: SplitResult, *, seconds: float) -> smtplib.SMTP:
    """Connect to a mail server, in TLS from the first byte where its address says smtps."""
    host, port = _endpoint(server)
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=seconds, context=context)
    return smtplib.SMTP(host, port, timeout=seconds)


def secure(connection: smtplib.SMTP, server: SplitResult) -> None:
    """Go on in TLS where the address says smtp+starttls."""
    if server.scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())


def sign_in(connection: smtplib.SMTP, server: SplitResult) -> None:
    """Say who we are, where the address gives a login."""
    if server.username:
        connection.login(unquote(server.username), unquote(server.password or ""))


def _endpoint(server: SplitResult) -> tuple[str, int]:
    return server.hostname or "localhost", server.port or _SUBMISSION_PORTS[server.scheme]


def _refusal(status: int, *, of_address: bool = False) -> Exception:
    """5xx is final; anything else may pass later."""
    if 500 <= status < 600:
        return MailRefused(status, of_address=of_address)
    return MailUnavailable(f"SMTP {status}")
