"""Mails that came back: read from a server's report, matched, told as a task, not sent again."""

import base64
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from backoffice.cli import main
from backoffice.cli.mail import TOPICS
from backoffice.models.notifications import MailState
from backoffice.models.outbox import Errand
from backoffice.models.people import AccountMail, AccountTopic
from backoffice.models.sealing import Keyring
from backoffice.models.tasks import Task, TaskKind
from backoffice.models.users import User
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services import mails
from backoffice.services.notifications import Letter, sent, tell_of_security, to_send
from tests.builders import NOW
from tests.databases import Database
from tests.house.test_config import WHOLE
from tests.talk import MINUTE, SENDER, Talk, a_talk

REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.practice.example (Mail Delivery System)
To: no-reply@cleanclaim.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
<oona.owner@example.test>: host mx said: 550 5.1.1 User unknown

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.practice.example
X-Postfix-Queue-ID: 4XyZ
Arrival-Date: Fri, 20 Nov 2026 10:06:00 -0500

Final-Recipient: rfc822; oona.owner@example.test
Original-Recipient: rfc822;oona.owner@example.test
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B
Content-Type: {quoted}

Received: from worker.cleanclaim.example
From: Cleanclaim <no-reply@cleanclaim.example>
To: oona.owner@example.test
Subject: A claim was updated
Message-ID:
 <{mail_id}@cleanclaim.example>
Content-Type: text/plain

--B--
"""


def report_of(
    mail_id: object,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    quoted: str = "message/rfc822",
) -> bytes:
    """A report as Postfix sends it."""
    return REPORT.format(mail_id=mail_id, action=action, status=status, quoted=quoted).encode()


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_our_mail_and_its_status(quoted: str) -> None:
    mail_id = UUID("01a2026c-7f13-7ab8-a692-f16aa2f5a896")

    report = mails.read_report(report_of(mail_id, status="5.2.2 (mailbox full)", quoted=quoted))

    assert (report.mail_id, report.status) == (mail_id, "5.2.2")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\x00 nonsense",
        b"Subject: Out of office\n\nI am away until Monday.",
        report_of("01a2026c-7f13-7ab8-a692-f16aa2f5a896", action="delayed", status="4.4.1"),
        report_of("01a2026c-7f13-7ab8-a692-f16aa2f5a896", action="delivered", status="2.0.0"),
        report_of("20261120.4711"),
        report_of("01a2026c-7f13-7ab8-a692-f16aa2f5a896").partition(b"message/rfc822")[0],
        b"Content-Type: multipart/report; boundary=B\n\n--B\n" * 200,
    ],
)
def test_what_is_no_report_of_a_failed_mail_of_ours_is_left_alone(raw: bytes) -> None:
    with pytest.raises(mails.NoReport):
        mails.read_report(raw)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def piped(
    monkeypatch: pytest.MonkeyPatch, database: Database, keyring: Keyring, raw: bytes
) -> Result:
    keys = {
        "FIELD_KEYS": f"k1:{base64.b64encode(keyring.field_keys['k1']).decode()}",
        "INDEX_KEY": base64.b64encode(keyring.index_key).decode(),
        "DATABASE_URL": database.url,
    }
    for name, value in (WHOLE | keys).items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(main, ["mail", "bounce"], input=raw)


def test_a_mail_that_came_back_is_marked_raises_one_task_and_the_address_rests(
    talk: Talk, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = talk.cast.owner
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(owner)
    with talk.work() as session:
        letter = to_send(session, mail.id, sender=SENDER, now=NOW + 6 * MINUTE)
        assert isinstance(letter, Letter)
        sent(session, letter, now=NOW + 6 * MINUTE)

    answers = [piped(monkeypatch, talk.database, keyring, report_of(mail.id)) for _ in range(2)]
    unknown = piped(
        monkeypatch, talk.database, keyring, report_of("01a2026c-7f13-7ab8-a692-f16aa2f5a896")
    )
    with talk.database.work(house=True) as session:
        session.execute(delete(Errand))  # as a week later: the ledger knows the mail still
    (theirs,) = talk.mails(talk.cast.clinician)
    late = piped(monkeypatch, talk.database, keyring, report_of(theirs.id))
    talk.move(ClaimEvent.TRANSMITTED, now=NOW + 7 * MINUTE)
    following = talk.mails(owner)[-1]
    with talk.work() as session:
        rests = to_send(session, following.id, sender=SENDER, now=NOW + 20 * MINUTE)
        tasks = session.scalars(select(Task)).all()

    assert [answer.exit_code for answer in answers] == [0, 0]
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    bounced, suppressed = talk.mails(owner)
    assert (bounced.state, bounced.reason) == (MailState.BOUNCED, "5.1.1")
    assert rests is None
    assert (suppressed.state, suppressed.reason) == (
        MailState.SUPPRESSED,
        "the address takes no mail",
    )
    assert late.exit_code == 0, late.output
    assert {(task.kind, task.user_id) for task in tasks} == {
        (TaskKind.MAIL_BOUNCED, owner.id), (TaskKind.MAIL_BOUNCED, talk.cast.clinician.id)
    }  # fmt: skip
    assert len(tasks) == 2


def test_another_address_of_the_same_person_is_written_to_and_so_is_a_mended_one(
    talk: Talk,
) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)
    (theirs,) = talk.mails(talk.cast.clinician)
    for each in (mail, theirs):
        with talk.work() as session:
            mails.bounced(session, each.id, reason="5.1.1", now=NOW)
    talk.move(ClaimEvent.TRANSMITTED, now=NOW + MINUTE)

    with talk.database.work(house=True) as session:
        changed = update(User).where(User.id == talk.cast.owner.id)
        session.execute(changed.values(email="new@example.test", email_key="new@example.test"))
        mails.write_again(session, talk.cast.clinician.id)
    letters = []
    for user in (talk.cast.owner, talk.cast.clinician):
        with talk.work() as session:
            last = talk.mails(user)[-1]
            letters.append(to_send(session, last.id, sender=SENDER, now=NOW + 20 * MINUTE))

    assert all(isinstance(letter, Letter) for letter in letters)


def test_a_mail_about_an_account_that_came_back_tells_of_its_address_too(
    talk: Talk, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = talk.cast.owner
    with talk.database.work(house=True) as session:
        tell_of_security(
            session, recipient=owner.email, user_id=owner.id, what="Words of ours.", now=NOW
        )
        mail_id = session.scalars(
            select(AccountMail.id).where(AccountMail.topic == AccountTopic.SECURITY)
        ).one()

    answer = piped(monkeypatch, talk.database, keyring, report_of(mail_id, status="5.7.1"))
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(owner)
    with talk.work() as session:
        rests = to_send(session, mail.id, sender=SENDER, now=NOW + 6 * MINUTE)
    with talk.database.work(house=True) as session:
        row = session.get_one(AccountMail, mail_id)

    assert answer.exit_code == 0, answer.output
    assert (row.state, row.reason) == (MailState.BOUNCED, "5.7.1")
    assert rests is None


def test_a_preview_shows_every_kind_of_mail_in_text_and_html(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["mail", "preview"])
    one = CliRunner().invoke(main, ["mail", "preview", "--topic", "daily_digest"])
    kept = CliRunner().invoke(main, ["mail", "preview", "--to", str(tmp_path / "mails")])

    subjects = [line for line in shown.stdout.splitlines() if line.startswith("Subject: ")]
    assert len(subjects) == len({*subjects}) == len(TOPICS)
    assert "Subject: Daily billing summary for Harbor Lane Counseling" in one.stdout
    assert one.stdout.count("Subject: ") == 1
    assert kept.exit_code == 0
    names = {path.name for path in (tmp_path / "mails").iterdir()}
    assert len(names) == 2 * len(TOPICS)
    assert {"unread_message.txt", "unread_message.html", "security.html"} <= names
