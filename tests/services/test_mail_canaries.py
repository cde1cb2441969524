"""Row 31: every kind of mail, told of a client who is made of canaries; not one comes through."""

import email
import email.policy
from datetime import date, timedelta
from uuid import uuid4

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backoffice.gateways.mail import OutgoingMail, compose
from backoffice.models.appointments import Appointment
from backoffice.models.clients import Client
from backoffice.models.document_work import WantedEob
from backoffice.models.documents import DocumentKind
from backoffice.models.notifications import MailState
from backoffice.models.payers import Payer
from backoffice.models.people import AccountTopic
from backoffice.models.practices import Practice
from backoffice.models.sealing import Keyring
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.notices import Topic
from backoffice.rules.readiness import EnrollmentStatus, Readiness
from backoffice.services import agreements, documents, messages, notifications
from backoffice.services.documents import Arrival, Examined
from backoffice.services.notifications import Letter, to_send
from backoffice.services.notifications.samples import sample
from tests.builders import NOW, an_appointment, an_enrollment
from tests.canaries import CANARIES, found_in
from tests.clean import found_clean
from tests.databases import Database
from tests.talk import SENDER, Talk, a_talk

NUMBER, AMOUNT_IN_CENTS = 7391846, 813729
LATER = NOW + timedelta(days=1)
NAMES = ("last_name", "first_name", "middle_name", "street", "city", "phone")
UNSAID = (str(NUMBER), "8137.29", "8,137.29", "8137", "90837", "2026-11-12", "11/12")
"""What no canary stands for: the claim's number, amount, procedure and day of service."""


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    """A practice whose client, claim and payer are canaries wherever a word can be one."""
    talk = a_talk(fresh_database)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        person = session.scalars(select(Client)).one()
        for name in NAMES:
            setattr(person, name, CANARIES[name])
        person.ssn, person.birth_date = CANARIES["ssn"], CANARIES["birth_date"]
        for statement in (
            f"UPDATE claims SET number = {NUMBER}, charge_amount = {AMOUNT_IN_CENTS},"
            f" diagnosis_codes = ARRAY['{CANARIES['diagnosis_wire']}'], first_day = '2026-11-12',"
            f" last_day = '2026-11-12' WHERE id = '{talk.claim_id}'",
            f"UPDATE policies SET group_name = '{CANARIES['group_name']}'",
            f"UPDATE payers SET name = '{CANARIES['insured_last_name']}',"
            f" short_name = '{CANARIES['insured_last_name']}'",
        ):
            session.execute(text(statement))
    return talk


def everything_happens(talk: Talk) -> None:
    """Each topic has its cause."""
    biller = talk.person(talk.cast.biller)
    talk.move(ClaimEvent.RELEASED)
    with talk.work() as session:
        claim = talk.claim(session)
        thread = messages.start(
            session, claim, by=biller, subject=CANARIES["message_subject"],
            body=CANARIES["message_body"], now=NOW,
        )  # fmt: skip
        messages.reply(
            session, thread.id, by=biller, body=CANARIES["internal_note"], internal=True, now=NOW
        )
        found = Examined("application/pdf", 10, "0" * 64)
        name = f"{CANARIES['file_name']}.pdf"
        arrival = Arrival(talk.practice_id, DocumentKind.EOB, name, found, claim)
        document = documents.begin(session, arrival, by=biller, now=NOW)
        found_clean(session, document.id, now=NOW)
        session.get_one(Practice, talk.practice_id).agreement_ends_on = date(2026, 11, 27)
        agreements.watch(session, talk.practice_id, now=NOW)
        wanted = WantedEob(practice_id=talk.practice_id, claim_id=claim.id, created_at=NOW)
        session.add(wanted)
        notifications.eob_wanted(session, claim, reminder=0, now=NOW)
        _house_matters(session, talk)
    with talk.work() as session:
        notifications.tell_of_what_is_past_due(session, talk.practice_id, now=LATER)
        notifications.write_digests(session, talk.practice_id, now=LATER)


def _house_matters(session: Session, talk: Talk) -> None:
    """What is of appointments and of the practice itself. An enrollment may name its payer."""
    billing, practice = talk.billing, talk.practice_id
    visit = an_appointment(session, billing.client, billing.clinician, billing.facility)
    visit.readiness, visit.unbilled = Readiness.MISSING, True
    visit.deadline_on = LATER.date() - timedelta(days=1)
    payer = Payer(name="Evergreen", short_name="Evergreen", name_key="evergreen")
    session.add(payer)
    session.flush()
    enrollment = an_enrollment(
        session, billing.practice, payer, status=EnrollmentStatus.REJECTED,
        note=CANARIES["note_reason"],
    )  # fmt: skip
    notifications.information_needed(
        session, practice, [visit.id], clinician_id=billing.clinician.id, request_id=uuid4(),
        due_on=date(2026, 12, 4), now=NOW,
    )  # fmt: skip
    notifications.request_answered(session, practice, request_id=uuid4(), owner_id=None, now=NOW)
    notifications.enrollment_changed(session, enrollment, now=NOW)
    notifications.report_ready(
        session, practice, report_id=uuid4(), month=date(2026, 10, 1), now=NOW
    )
    assert session.scalars(select(Appointment.id)).all()


def everything_in(mail: OutgoingMail) -> str:
    """A mail's bytes on the wire, and all that is shown of it: headers and parts, decoded."""
    raw = compose(mail, sender="no-reply@cleanclaim.example").as_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    headers = " ".join(f"{name}: {value}" for name, value in message.items())
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return " ".join([raw.decode("ascii"), headers, *parts])


def test_no_mail_of_any_kind_holds_one_of_forty_canaries_in_any_part_or_header(
    talk: Talk,
) -> None:
    everything_happens(talk)
    left: dict[Topic, list[OutgoingMail]] = {}
    for mail in talk.mails():
        with talk.work() as session:
            letter = to_send(session, mail.id, sender=SENDER, now=LATER + timedelta(hours=1))
        assert isinstance(letter, Letter), (mail.topic, mail.state, mail.reason)
        left.setdefault(mail.topic, []).append(letter.mail)

    assert set(left) == set(Topic)
    assert {mail.state for mail in talk.mails()} == {MailState.QUEUED}
    ids = [str(talk.claim_id), str(talk.other_claim_id), str(talk.billing.client.id)]
    for topic, mails in left.items():
        for outgoing in mails:
            everything = everything_in(outgoing)
            assert found_in(everything) == set(), topic
            assert [word for word in (*UNSAID, *ids) if word in everything] == [], topic


def test_every_mail_is_from_nobody_who_reads_answers_and_loads_nothing() -> None:
    for topic in (*Topic, *AccountTopic):
        mail = sample(topic, sender=SENDER, recipient="somebody@practice.example")
        message = compose(mail, sender="no-reply@cleanclaim.example")

        assert "no-reply@cleanclaim.example" in message["Reply-To"], topic
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Auto-Response-Suppress"] == "All"
        assert "Nobody reads answers" in mail.text
        assert "Nobody reads answers" in mail.html
        assert mail.html.count("href=") == mail.text.count("http") == 1, topic
        assert not any(
            mark in mail.html for mark in ("<img", "url(", "src=", "<script", "<link", "<table")
        ), topic


def test_a_canary_that_a_template_lets_through_would_be_found() -> None:
    leaky = Environment(
        loader=DictLoader({"x": "Dear {{ name }}"}), undefined=StrictUndefined, autoescape=True
    )
    mail = OutgoingMail(
        recipient="a@b.example",
        subject="A claim was updated",
        text="x",
        html=leaky.get_template("x").render(name=CANARIES["last_name"]),
        message_id="<x@y>",
        sent_at=NOW,
    )

    assert found_in(everything_in(mail)) == {"last_name"}
