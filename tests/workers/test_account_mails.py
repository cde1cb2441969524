"""Mails about somebody's account: sent once, their secret gone when they have left."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from backoffice.config import Settings
from backoffice.gateways.documents import InMemoryDocuments
from backoffice.gateways.mail import InMemoryMail
from backoffice.models.notifications import MailState
from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.sealing import Keyring
from backoffice.services import notifications
from backoffice.services.notifications import NotForMail
from tests.builders import NOW
from tests.databases import Database
from workers.notifications import deliver_about_account
from workers.runtime import Runtime, Task

SECRET = {
    AccountTopic.INVITATION, AccountTopic.PASSWORD_RESET, AccountTopic.EMAIL_CONFIRMATION,
}  # fmt: skip
"""Their links carry a secret."""
FACTS: dict[AccountTopic, dict[str, str]] = {
    AccountTopic.INVITATION: {
        "inviter": "Cleo", "where": "Harbor Lane", "role": "biller", "hours": "72",
    },
    AccountTopic.PASSWORD_RESET: {"minutes": "30"},
    AccountTopic.EMAIL_CONFIRMATION: {"minutes": "30"},
    AccountTopic.SECURITY: {"what": "Your password was changed.", "at": "November 22, 2026"},
    AccountTopic.GLASS_BROKEN: {
        "who": "Sam", "practice": "Harbor Lane", "minutes": "60", "at": "15:00 UTC",
    },
    AccountTopic.FILE_TAKEN_OUT: {"who": "Ana", "at": "15:00 UTC, Firefox on Windows"},
}  # fmt: skip


@pytest.fixture
def runtime(fresh_database: Database, settings: Settings, keyring: Keyring) -> Runtime:
    return Runtime(
        settings=fresh_database.reached_by(settings),
        engine=fresh_database.engine,
        factory=fresh_database.sessions,
        documents=InMemoryDocuments(),
        mail=InMemoryMail(),
        mailbox=None,
        clearinghouse_of=lambda _: pytest.fail("mails have nothing to do with it"),
    )


def written(database: Database, topic: AccountTopic, recipient: str = "a@b.example") -> UUID:
    with database.work(house=True) as session:
        notifications.tell_about_account(
            session, topic, recipient=recipient, user_id=None, now=NOW, token="s3cret-of-a-link",
            **FACTS[topic],
        )  # fmt: skip
        return session.scalars(select(AccountMail.id).where(AccountMail.topic == topic)).one()


def test_each_mail_leaves_once_and_its_secret_is_gone(
    runtime: Runtime, fresh_database: Database
) -> None:
    assert isinstance(runtime.mail, InMemoryMail)
    for topic in AccountTopic:
        task = Task(uuid4(), None, written(fresh_database, topic), "", 0)
        for _ in range(2):
            assert deliver_about_account(task, runtime) is None
        (mail,) = runtime.mail.sent[-1:]
        linked = topic in SECRET

        assert ("s3cret-of-a-link" in mail.text) is linked
        assert ("s3cret-of-a-link" in mail.html) is linked
        assert "Nobody reads answers" in mail.text
        with fresh_database.work(house=True) as session:
            row = session.get_one(AccountMail, task.subject_id)
            assert (row.state, row.token_sealed) == (MailState.SENT, None)
    assert len(runtime.mail.sent) == len(AccountTopic)


def test_a_mail_to_nobody_is_written_and_goes_nowhere(
    runtime: Runtime, fresh_database: Database
) -> None:
    task = Task(uuid4(), None, written(fresh_database, AccountTopic.PASSWORD_RESET, ""), "", 0)

    deliver_about_account(task, runtime)

    assert isinstance(runtime.mail, InMemoryMail)
    assert runtime.mail.sent == []


def test_a_mail_says_nothing_beside_its_whitelist(fresh_database: Database) -> None:
    with pytest.raises(NotForMail), fresh_database.work(house=True) as session:
        notifications.tell_about_account(
            session, AccountTopic.PASSWORD_RESET, recipient="a@b.example", user_id=None, now=NOW,
            minutes="30", client="Avery",
        )  # fmt: skip
