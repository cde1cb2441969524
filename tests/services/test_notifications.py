"""Who hears that a claim moved, in how many mails, and what a mail can never say."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from backoffice.models.claims import ClaimStep, StepSource
from backoffice.models.notifications import MailState
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.users import Membership, User
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.rules.notices import Topic
from backoffice.services.claims import advance
from backoffice.services.notifications import (
    Letter,
    MailTerms,
    NotForMail,
    NotYet,
    Told,
    claim_moved,
    put_off,
    sent,
    to_send,
    write,
)
from backoffice.services.notifications.samples import SAMPLES
from tests.builders import NOW
from tests.databases import Database
from tests.talk import MINUTE, SENDER, Talk, a_talk

LATER = NOW + 6 * MINUTE


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def letter_to(talk: Talk, user: User, *, now: timedelta = 6 * MINUTE) -> Letter:
    """The mail that leaves for one person now."""
    (mail,) = [each for each in talk.mails(user) if each.state is MailState.QUEUED]
    with talk.work() as session:
        letter = to_send(session, mail.id, sender=SENDER, now=NOW + now)
    assert isinstance(letter, Letter)
    return letter


def send(talk: Talk, user: User, *, now: timedelta = 6 * MINUTE) -> Letter:
    letter = letter_to(talk, user, now=now)
    with talk.work() as session:
        sent(session, letter, now=NOW + now)
    return letter


def test_a_step_is_told_to_owner_billing_people_and_the_claims_own_clinician(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)

    told = {mail.user_id for mail in talk.mails()}

    assert told == {talk.cast.owner.id, talk.billing_person.id, talk.cast.clinician.id}


def test_who_moved_the_claim_is_not_told_of_it(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED, by=talk.cast.owner.id)

    assert talk.mails(talk.cast.owner) == []
    assert len(talk.mails(talk.cast.clinician)) == 1


def test_what_was_heard_and_moved_nothing_is_told_to_nobody(talk: Talk) -> None:
    with talk.work() as session:
        claim = talk.claim(session)
        step = ClaimStep(
            practice_id=claim.practice_id,
            claim_id=claim.id,
            event=ClaimEvent.ACCEPTED,
            from_status=claim.status,
            to_status=claim.status,
            moved=False,
            source=StepSource.RESPONSE,
            at=NOW,
        )
        session.add(step)
        claim_moved(session, claim, step)

    assert talk.notices() == []
    assert talk.mails() == []


def test_somebody_who_left_or_is_disabled_is_not_told(talk: Talk) -> None:
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        session.execute(
            update(Membership)
            .where(Membership.user_id == talk.cast.owner.id)
            .values(ended_at=NOW - MINUTE)
        )
        session.execute(
            update(User).where(User.id == talk.billing_person.id).values(disabled_at=NOW)
        )

    talk.move(ClaimEvent.RELEASED)

    assert {mail.user_id for mail in talk.mails()} == {talk.cast.clinician.id}


def test_steps_of_one_window_share_a_mail_that_counts_claims_by_where_they_stand(
    talk: Talk,
) -> None:
    talk.move(ClaimEvent.RELEASED)
    talk.move(ClaimEvent.TRANSMITTED, now=NOW + MINUTE)
    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id, now=NOW + 2 * MINUTE)

    letter = letter_to(talk, talk.cast.owner)

    assert letter.mail.subject == "A claim was updated"
    assert (
        "2 claims of Harbor Lane Counseling changed status: 1 Queued, 1 Submitted."
        in letter.mail.text
    )
    assert "<li>1 Queued</li><li>1 Submitted</li>" in letter.mail.html


def test_a_clinicians_mail_counts_their_own_claims_alone(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id)

    text = letter_to(talk, talk.other_clinician).mail.text

    assert "1 claim of Harbor Lane Counseling changed status: 1 Queued." in text


def test_a_mail_waits_for_its_window_to_end(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    with talk.work() as session:
        early = to_send(session, mail.id, sender=SENDER, now=NOW + timedelta(seconds=299))

    assert early == NotYet(NOW + 5 * MINUTE)


def test_the_window_is_a_setting_and_the_errand_waits_for_its_end(
    fresh_database: Database, keyring: Keyring
) -> None:
    talk = a_talk(fresh_database, MailTerms(bundle=timedelta(seconds=5)))

    talk.move(ClaimEvent.RELEASED)

    (mail,) = talk.mails(talk.cast.owner)
    with fresh_database.work(house=True) as session:
        errand = session.scalars(select(Errand).where(Errand.subject_id == mail.id)).one()
    assert mail.due_at == errand.due_at == NOW + timedelta(seconds=5)
    assert errand.job == "workers.notifications.send_mail"
    assert errand.practice_id == talk.practice_id


def test_after_a_mail_has_left_the_next_step_begins_another(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    send(talk, talk.cast.owner)

    talk.move(ClaimEvent.TRANSMITTED, now=LATER)

    states = [mail.state for mail in talk.mails(talk.cast.owner)]
    assert states == [MailState.SENT, MailState.QUEUED]


def test_what_joins_a_mail_while_it_is_leaving_goes_into_the_next(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    leaving = letter_to(talk, talk.cast.owner)
    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id, now=LATER)

    with talk.work() as session:
        sent(session, leaving, now=LATER)

    following = letter_to(talk, talk.cast.owner, now=12 * MINUTE)
    assert "1 claim of" in leaving.mail.text
    assert "1 claim of" in following.mail.text
    assert following.mail_id != leaving.mail_id


def test_a_mail_that_was_sent_is_not_sent_again(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    letter = send(talk, talk.cast.owner)

    with talk.work() as session:
        again = to_send(session, letter.mail_id, sender=SENDER, now=LATER)

    assert again is None


def test_every_try_has_the_same_message_id_and_no_word_of_the_claim(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)

    first, second = letter_to(talk, talk.cast.owner), letter_to(talk, talk.cast.owner)

    assert first.mail.message_id == second.mail.message_id
    assert first.mail.message_id == f"<{first.mail_id}@cleanclaim.example>"


def test_a_recipient_who_left_meanwhile_is_not_written_to(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        session.execute(
            update(Membership).where(Membership.user_id == mail.user_id).values(ended_at=NOW)
        )

    with talk.work() as session:
        nothing = to_send(session, mail.id, sender=SENDER, now=LATER)

    (mail,) = talk.mails(talk.cast.owner)
    assert nothing is None
    assert (mail.state, mail.reason) == (MailState.SUPPRESSED, "the recipient has left")


def test_a_step_that_was_rolled_back_is_told_to_nobody(talk: Talk) -> None:
    def fails() -> None:
        with talk.work() as session:
            advance(
                session, talk.claim(session), ClaimEvent.RELEASED, now=NOW, source=StepSource.RULE
            )
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fails()

    assert talk.notices() == []
    assert talk.mails() == []


def test_units_of_work_that_move_claims_at_once_neither_wait_in_a_circle_nor_lose_a_notice(
    talk: Talk,
) -> None:
    """Two move both clinicians' claims, in opposite order, and stand still in between."""
    pairs = [(talk.claim_id, talk.other_claim_id), (talk.other_claim_id, talk.claim_id)]
    meeting, problems = threading.Barrier(2, timeout=20), list[Exception]()

    def moves(first: object, second: object, cause: str) -> None:
        try:
            with talk.work() as session:
                for claim_id in (first, second):
                    claim = talk.claim(session, claim_id)  # type: ignore[arg-type]  # ids
                    step = ClaimStep(
                        practice_id=claim.practice_id,
                        claim_id=claim.id,
                        event=ClaimEvent.ACCEPTED,
                        from_status=claim.status,
                        to_status=ClaimStatus.ACCEPTED,
                        moved=True,
                        source=StepSource.RESPONSE,
                        words=cause,
                        at=NOW,
                    )
                    session.add(step)
                    session.flush()
                    claim_moved(session, claim, step)
                    session.flush()
                    meeting.wait()
        except Exception as problem:  # noqa: BLE001 - told to the test
            problems.append(problem)

    threads = [
        threading.Thread(target=moves, args=(*pair, str(place))) for place, pair in enumerate(pairs)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert problems == []
    assert len(talk.notices()) == 2 * (3 + 3)
    assert all(notice.mail_id for notice in talk.notices())
    assert len(talk.mails()) == 4
    assert len({mail.user_id for mail in talk.mails()}) == 4


def test_a_server_away_is_waited_for_longer_and_longer_and_given_up_after_days(
    talk: Talk,
) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    with talk.work() as session:
        waits = [put_off(session, mail.id, now=LATER) for _ in range(12)]
        last = put_off(session, mail.id, now=NOW + timedelta(days=3, minutes=1))

    assert waits[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert waits[-1] == timedelta(minutes=15)
    assert last is None
    assert talk.mails(talk.cast.owner)[0].state is MailState.FAILED


FACTS = {topic: {**SAMPLES[topic], "link": "https://portal.example/news/x"} for topic in Topic}


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize(
    "field", ["client", "claim", "payer", "body", "subject", "amount", "served_on", "name"]
)
def test_a_template_that_reaches_for_more_than_the_whitelist_is_stopped(
    topic: Topic, field: str
) -> None:
    told = Told(topic, **FACTS[topic])
    if (topic, field) == (Topic.ENROLLMENT, "payer"):
        return  # of an enrollment the payer is told: it is the practice's affair, no client's

    with pytest.raises(NotForMail):
        getattr(told, field)


@pytest.mark.parametrize("topic", list(Topic))
def test_a_mail_is_given_neither_more_nor_less_than_its_whitelist(topic: Topic) -> None:
    facts = FACTS[topic]

    with pytest.raises(NotForMail):
        Told(topic, **facts, client="Avery")
    with pytest.raises(NotForMail):
        Told(topic, practice="P")


@pytest.mark.parametrize("topic", list(Topic))
def test_every_mail_says_that_nobody_reads_answers_and_loads_nothing(topic: Topic) -> None:
    told = Told(topic, **FACTS[topic])

    mail = write(topic, told, recipient="a@b.example", message_id=f"<{uuid4()}@x>", now=NOW)

    for words in (mail.text, mail.html):
        assert "Please do not send client information by email." in words
    assert not any(mark in mail.html for mark in ("<img", "url(", "src=", "<script", "<link"))
    assert mail.html.count("href=") == 1


def test_what_a_practice_is_called_cannot_become_markup() -> None:
    facts = FACTS[Topic.CLAIM_STATUS] | {"practice": "A & B <b>"}
    told = Told(Topic.CLAIM_STATUS, **facts)

    mail = write(
        Topic.CLAIM_STATUS, told, recipient="a@b.example", message_id=f"<{uuid4()}@x>", now=NOW
    )

    assert "A & B <b>" in mail.text
    assert "A &amp; B &lt;b&gt;" in mail.html
