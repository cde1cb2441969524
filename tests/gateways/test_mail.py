"""Mail leaves through a real SMTP server, and what it refuses is not quoted."""

import json
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from backoffice.gateways.mail import (
    InMemoryMail,
    MailRefused,
    MailUnavailable,
    OutgoingMail,
    SmtpMail,
)
from backoffice.sandbox.mail_catcher import Maildir
from tests.servers import Servers

NOW = datetime(2026, 11, 2, 15, 30, tzinfo=UTC)


def a_mail(**changes: str) -> OutgoingMail:
    fields = {
        "recipient": f"{uuid4().hex}@practice.example",
        "subject": "3 claims changed – see the portal",
        "text": "Sign in: http://localhost:8000/claims?since=2026-11-02&x=1\n",
        "html": "<p>Sign in</p>",
        "message_id": f"<{uuid4()}@cleanclaim.example>",
    }
    return OutgoingMail(**(fields | changes), sent_at=NOW)


def test_a_mail_arrives_with_its_own_id_date_and_words(smtp_url: str, caught_mail: Maildir) -> None:
    mail = a_mail()

    SmtpMail(url=smtp_url, sender="no-reply@cleanclaim.example").send(mail)

    caught = next(one for one in caught_mail.all() if one.recipients == mail.recipient)
    assert caught.message_id == mail.message_id
    assert caught.subject == mail.subject
    assert caught.text.strip() == mail.text.strip()
    assert caught.sender == "Cleanclaim <no-reply@cleanclaim.example>"
    assert caught.date == "Mon, 02 Nov 2026 15:30:00 +0000"


@pytest.mark.parametrize("recipient", ["nobody", "a@b.example\r\nBcc: c@d.example", "a b@c.d"])
def test_an_address_that_is_none_is_refused_without_being_quoted(recipient: str) -> None:
    with pytest.raises(MailRefused) as refused:
        InMemoryMail().send(a_mail(recipient=recipient))

    assert recipient not in str(refused.value)


def test_a_server_that_is_away_means_again_later(closed_port: int) -> None:
    away = SmtpMail(url=f"smtp://127.0.0.1:{closed_port}", sender="no-reply@cleanclaim.example")

    with pytest.raises(MailUnavailable):
        away.send(a_mail())


def test_no_mail_leaves_in_the_clear_when_the_address_asks_for_tls(smtp_url: str) -> None:
    insisting = SmtpMail(
        url=smtp_url.replace("smtp:", "smtp+starttls:"), sender="no-reply@cleanclaim.example"
    )

    with pytest.raises(MailUnavailable):
        insisting.send(a_mail())


def test_the_catchers_page_lists_mails_shows_one_and_links_its_addresses(
    servers: Servers, smtp_url: str
) -> None:
    mail = a_mail(subject="A subject with <angles>")
    SmtpMail(url=smtp_url, sender="no-reply@cleanclaim.example").send(mail)

    listed = json.load(urlopen(f"{servers.mail_page}/mails.json"))  # noqa: S310  (loopback)
    page = urlopen(servers.mail_page).read().decode()  # noqa: S310  (loopback)
    key = next(one["key"] for one in listed if one["recipients"] == mail.recipient)
    shown = urlopen(f"{servers.mail_page}/mails/{key}").read().decode()  # noqa: S310  (loopback)

    assert f"/mails/{key}" in page
    assert "A subject with &lt;angles&gt;" in page
    link = "http://localhost:8000/claims?since=2026-11-02&amp;x=1"
    assert f'<a href="{link}">{link}</a>' in shown


def test_the_catchers_page_answers_to_loopback_names_only(servers: Servers) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(servers.mail_page, headers={"Host": "evil.example"}))  # noqa: S310  (loopback)

    assert refused.value.code == 421
    refused.value.close()
