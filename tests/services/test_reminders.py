"""What was asked for and not given, promises that broke, and mails that nobody opened."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from backoffice.models.appointments import Appointment
from backoffice.models.messages import Thread
from backoffice.models.notifications import Mail, MailState
from backoffice.models.payers import Enrollment
from backoffice.models.sealing import Keyring
from backoffice.models.users import User
from backoffice.rules.notices import Topic
from backoffice.rules.readiness import EnrollmentKind, EnrollmentStatus, Readiness
from backoffice.rules.roles import Role
from backoffice.services import messages, notifications
from backoffice.services.notifications import Letter, sent, to_send
from tests.builders import NOW, an_appointment, an_enrollment
from tests.cast import a_user, joins
from tests.databases import Database
from tests.talk import MINUTE, SENDER, Talk, a_talk

DUE = date(2026, 12, 4)


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def told(talk: Talk, topic: Topic) -> list[tuple[str, Letter]]:
    """Whom mails of a topic leave to now, in the order of being begun; each leaves once."""
    left = []
    for mail in talk.mails():
        with talk.work() as session:
            letter = to_send(session, mail.id, sender=SENDER, now=mail.due_at)
            if isinstance(letter, Letter):
                sent(session, letter, now=mail.due_at)
                left += [(letter.mail.recipient, letter)] if mail.topic is topic else []
    return left


def whom(talk: Talk, topic: Topic) -> set[str]:
    return {recipient for recipient, _ in told(talk, topic)}


def on(month: int, day: int) -> datetime:
    """Noon in New York, or nearly."""
    return datetime(2026, month, day, 17, tzinfo=UTC)


def a_visit(talk: Talk, readiness: Readiness, **values: object) -> UUID:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        billing = talk.billing
        visit = an_appointment(
            session, billing.client, billing.clinician, billing.facility, **values
        )
        visit.readiness, visit.unbilled = readiness, True
        return visit.id


def asked(talk: Talk, *visits: UUID, clinician_id: UUID | None) -> None:
    with talk.work() as session:
        notifications.information_needed(
            session,
            talk.practice_id,
            visits,
            clinician_id=clinician_id,
            request_id=uuid4(),
            due_on=DUE,
            now=NOW,
        )


def reminded(talk: Talk, now: datetime) -> None:
    for _ in range(2):  # the clock asks every quarter of an hour
        with talk.work() as session:
            notifications.remind(session, talk.practice_id, now=now)


def test_a_clinician_is_asked_then_reminded_at_1_3_5_business_days_then_the_owner(
    talk: Talk,
) -> None:
    clinician, owner = talk.cast.clinician.email, talk.cast.owner.email
    visits = [a_visit(talk, Readiness.MISSING) for _ in range(2)]
    asked(talk, *visits, clinician_id=talk.billing.clinician.id)
    topic = Topic.INFORMATION_NEEDED
    (to, first), *others = told(talk, topic)

    heard = {}
    for day in (on(11, 21), on(11, 23), on(11, 24), on(11, 25), on(11, 27), on(11, 30)):
        reminded(talk, day)
        heard[day.day] = told(talk, topic)
    with talk.work() as session:
        one_given = update(Appointment).where(
            Appointment.practice_id == talk.practice_id, Appointment.id == visits[0]
        )
        session.execute(one_given.values(readiness=Readiness.READY))
    reminded(talk, on(12, 1))
    (last,) = told(talk, topic)

    assert (to, others) == (clinician, [])
    assert first.mail.subject == "Information needed for 2 appointments"
    assert "Please do so by December 4." in first.mail.text
    assert {day: [each for each, _ in mails] for day, mails in heard.items()} == {
        21: [], 23: [clinician], 24: [], 25: [clinician], 27: [], 30: [clinician],
    }  # fmt: skip
    assert heard[23][0][1].mail.subject == "Reminder: information needed for 2 appointments"
    assert (last[0], last[1].mail.subject) == (
        owner,
        "Reminder: information needed for 1 appointment",
    )


def test_what_was_given_is_not_reminded_of_and_who_is_nobody_is_the_owners(talk: Talk) -> None:
    visit = a_visit(talk, Readiness.MISSING)
    asked(talk, visit, clinician_id=None)
    owner = whom(talk, Topic.INFORMATION_NEEDED)

    with talk.work() as session:
        session.execute(
            update(Appointment)
            .where(Appointment.practice_id == talk.practice_id, Appointment.id == visit)
            .values(readiness=Readiness.READY)
        )
    reminded(talk, on(11, 30))

    assert owner == {talk.cast.owner.email}
    assert whom(talk, Topic.INFORMATION_NEEDED) == set()


def past_due_at(talk: Talk, now: datetime) -> set[str]:
    for act in (notifications.tell_of_what_is_past_due, notifications.wake):
        for _ in range(2):
            with talk.work() as session:
                act(session, talk.practice_id, now=now)
    return whom(talk, Topic.PAST_DUE)


def a_lead(talk: Talk) -> User:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        lead = a_user(session, "Lena Lead")
        joins(session, lead, talk.cast.practice, Role.BILLER_LEAD)
        return lead


def test_a_broken_promise_is_told_to_the_lead_once_and_unopened_to_the_administrators(
    talk: Talk,
) -> None:
    lead, administrator = a_lead(talk), talk.cast.administrator.email
    owner = talk.person(talk.cast.owner)
    with talk.work() as session:
        claim = talk.claim(session)
        thread_id = messages.start(
            session, claim, by=owner, subject="Words", body="Text", now=NOW
        ).id
        thread = session.scalars(select(Thread).where(Thread.id == thread_id)).one()
        thread.due_at = NOW + timedelta(hours=1)

    heard = [past_due_at(talk, NOW + timedelta(minutes=minutes)) for minutes in (59, 60, 75)]
    next_day = past_due_at(talk, on(11, 23))

    assert heard == [set(), {lead.email}, set()]
    assert next_day == {administrator}


def test_what_a_lead_has_opened_wakes_nobody_and_a_practice_without_lead_has_administrators(
    talk: Talk,
) -> None:
    a_visit(talk, Readiness.READY, deadline_on=date(2026, 11, 19))
    first = past_due_at(talk, on(11, 20))
    a_lead(talk)
    a_visit(talk, Readiness.READY, deadline_on=date(2026, 11, 20))
    second = past_due_at(talk, on(11, 21))
    with talk.work() as session:
        session.execute(
            update(Mail).where(Mail.practice_id == talk.practice_id).values(opened_at=on(11, 21))
        )
    woken = past_due_at(talk, on(11, 24))

    assert first == {talk.cast.administrator.email}
    assert second == {"lena.lead@example.test"}
    assert woken == set()


def test_enrollments_answers_and_reports_are_told_once_to_whom_they_concern(talk: Talk) -> None:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        enrollment_id = an_enrollment(
            session, talk.cast.practice, talk.billing.payer, kind=EnrollmentKind.REMITTANCES,
            status=EnrollmentStatus.DOCUMENT_REQUIRED,
        ).id  # fmt: skip
    request, report = uuid4(), uuid4()
    for _ in range(2):
        with talk.work() as session:
            enrollment = session.scalars(
                select(Enrollment).where(Enrollment.id == enrollment_id)
            ).one()
            notifications.enrollment_changed(session, enrollment, now=NOW)
            notifications.request_answered(
                session, talk.practice_id, request_id=request, owner_id=None, now=NOW
            )
            notifications.report_ready(
                session, talk.practice_id, report_id=report, month=date(2026, 10, 1), now=NOW
            )
    mails = {mail.id: mail.topic for mail in talk.mails()}
    left: dict[Topic, list[Letter]] = {}
    for mail_id, topic in mails.items():
        with talk.work() as session:
            letter = to_send(session, mail_id, sender=SENDER, now=NOW + 6 * MINUTE)
            assert isinstance(letter, Letter)
            left.setdefault(topic, []).append(letter)

    to = {topic: {each.mail.recipient for each in letters} for topic, letters in left.items()}
    said = {topic: letters[0].mail for topic, letters in left.items()}
    owner, biller = talk.cast.owner.email, talk.cast.biller.email
    assert to == {
        Topic.ENROLLMENT: {owner, biller},
        Topic.REQUEST_ANSWERED: {biller},
        Topic.REPORT_READY: {owner},
    }
    assert said[Topic.ENROLLMENT].subject == "Enrollment update: document required"
    assert talk.billing.payer.name in said[Topic.ENROLLMENT].text
    assert said[Topic.REPORT_READY].subject == "Your October 2026 billing report is ready"
    assert said[Topic.REQUEST_ANSWERED].subject == "A practice answered your request"
    assert {mail.state for mail in talk.mails()} == {MailState.QUEUED}
