"""Daily summaries: once a day at the person's hour, only with news; and what each person chose."""

from datetime import UTC, date, datetime, timedelta
from itertools import cycle

import pytest
from sqlalchemy import select, update

from backoffice.models.claims import Claim
from backoffice.models.messages import Thread
from backoffice.models.notifications import Digest, Mail, MailState
from backoffice.models.sealing import Keyring
from backoffice.models.users import Membership, User
from backoffice.rules.claim_status import ClaimEvent
from backoffice.rules.notices import Topic, Way
from backoffice.services import messages
from backoffice.services.notifications import Letter, sent, to_send, write_digests
from backoffice.services.notifications.wishes import CannotChoose, Rhythm, choose, wishes_of
from tests.builders import NOW
from tests.databases import Database
from tests.talk import MINUTE, SENDER, Talk, a_talk

HOUR = timedelta(hours=1)
AT_SEVEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 7 in New York, the day after NOW


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    return a_talk(fresh_database)


def chosen(talk: Talk, user: User, rhythm: Rhythm | None = None, **ways: Way) -> None:
    with talk.work() as session:
        choose(
            session,
            talk.practice_id,
            user.id,
            ways={Topic(topic): way for topic, way in ways.items()},
            rhythm=rhythm or Rhythm(),
            now=NOW,
        )


def digests_at(talk: Talk, moment: datetime) -> int:
    with talk.work() as session:
        return write_digests(session, talk.practice_id, now=moment)


def digest_mails(talk: Talk, user: User) -> list[Mail]:
    return [mail for mail in talk.mails(user) if mail.topic is Topic.DAILY_DIGEST]


def leaves(talk: Talk, mail: Mail, now: datetime) -> Letter | None:
    with talk.work() as session:
        letter = to_send(session, mail.id, sender=SENDER, now=now)
        if isinstance(letter, Letter):
            sent(session, letter, now=now)
            return letter
    return None


def test_a_day_on_which_nothing_happened_sends_no_summary(talk: Talk) -> None:
    for hours in range(0, 48, 6):
        assert digests_at(talk, NOW + hours * HOUR) == 0

    assert talk.mails() == []


def test_a_summary_leaves_once_a_day_from_the_hour_on_and_tells_each_thing_once(
    talk: Talk,
) -> None:
    talk.move(ClaimEvent.RELEASED)

    early = digests_at(talk, AT_SEVEN - timedelta(seconds=1))
    on_time = digests_at(talk, AT_SEVEN)
    again = [digests_at(talk, AT_SEVEN + hours * HOUR) for hours in (0, 1, 12, 24, 48)]

    assert (early, on_time, again) == (0, 3, [0] * 5)
    assert [mail.due_at for mail in digest_mails(talk, talk.cast.owner)] == [AT_SEVEN]


def test_what_is_summed_up_is_mailed_at_no_other_time(talk: Talk) -> None:
    chosen(talk, talk.cast.owner, claim_status=Way.DIGEST)
    chosen(talk, talk.billing_person, claim_status=Way.OFF)
    talk.move(ClaimEvent.RELEASED, now=NOW + MINUTE)
    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id, now=NOW + 2 * MINUTE)
    same_day = digests_at(talk, NOW + HOUR)
    before = talk.mails(talk.cast.owner)

    written = digests_at(talk, AT_SEVEN)
    (mail,) = digest_mails(talk, talk.cast.owner)
    letter = leaves(talk, mail, AT_SEVEN)

    assert (same_day, before) == (0, [])
    assert talk.mails(talk.billing_person) == []
    assert written == 3  # the owner, and each clinician of their own claim
    assert letter is not None
    assert letter.mail.subject == "Daily billing summary for Harbor Lane Counseling"
    assert "- 2 claims queued" in letter.mail.text
    assert "<li>2 claims queued</li>" in letter.mail.html


def test_a_summary_is_ordered_by_deadline_and_money_and_names_no_amount(talk: Talk) -> None:
    chosen(talk, talk.cast.owner, claim_status=Way.DIGEST)
    for event in (ClaimEvent.RELEASED, ClaimEvent.TRANSMITTED, ClaimEvent.REJECTED):
        talk.move(event, now=NOW + MINUTE)
    talk.move(ClaimEvent.RELEASED, claim_id=talk.other_claim_id, now=NOW + MINUTE)
    with talk.work() as session:
        rejected, other = talk.claim(session), talk.claim(session, talk.other_claim_id)
        rejected.filing_deadline_on = date(2026, 11, 28)
        other.charge_amount = rejected.charge_amount * 50
        amounts = {f"{each.charge_amount:.2f}" for each in (rejected, other)}

    digests_at(talk, AT_SEVEN)
    (mail,) = digest_mails(talk, talk.cast.owner)
    near = leaves(talk, mail, AT_SEVEN)
    with talk.work() as session:
        session.execute(
            update(Claim)
            .where(Claim.practice_id == talk.practice_id, Claim.id == talk.claim_id)
            .values(filing_deadline_on=date(2027, 11, 28))
        )
        session.execute(
            update(Mail)
            .where(Mail.practice_id == talk.practice_id, Mail.id == mail.id)
            .values(state=MailState.QUEUED)
        )
    far = leaves(talk, mail, AT_SEVEN)

    assert near is not None
    assert far is not None
    assert near.mail.text.index("1 claim rejected") < near.mail.text.index("1 claim queued")
    assert far.mail.text.index("1 claim queued") < far.mail.text.index("1 claim rejected")
    assert not any(amount in near.mail.text + near.mail.html for amount in amounts)
    assert "2026" not in near.mail.text


@pytest.mark.parametrize(
    ("hour", "days"),
    [
        # 2027: clocks leave out 2 o'clock on March 14 and show 1 o'clock twice on November 7
        (2, {"2027-03-13": "07:00", "2027-03-14": "07:00", "2027-03-15": "06:00"}),
        (1, {"2027-11-06": "05:00", "2027-11-07": "05:00", "2027-11-08": "06:00"}),
    ],
)
def test_each_day_has_one_summary_across_both_changes_of_summer_time(
    talk: Talk, hour: int, days: dict[str, str]
) -> None:
    chosen(talk, talk.cast.owner, Rhythm(digest_hour=hour), claim_status=Way.DIGEST)
    moves = cycle((ClaimEvent.RELEASED, ClaimEvent.RECALLED))

    for day, clock in days.items():
        due = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
        for minutes in (-1, 0, 60):
            talk.move(next(moves), now=due + minutes * MINUTE)
            digests_at(talk, due + minutes * MINUTE)

    told = [f"{mail.due_at:%Y-%m-%d %H:%M}" for mail in digest_mails(talk, talk.cast.owner)]
    assert told == [" ".join(each) for each in days.items()]


def test_a_summary_of_messages_that_were_read_meanwhile_is_not_sent(talk: Talk) -> None:
    chosen(talk, talk.cast.owner, unread_message=Way.DIGEST)
    biller, owner = talk.person(talk.cast.biller), talk.person(talk.cast.owner)
    for words in ("One.", "Two."):
        with talk.work() as session:
            claim = talk.claim(session)
            thread = messages.start(session, claim, by=biller, subject="Words", body=words, now=NOW)
    digests_at(talk, NOW + 23 * HOUR)
    (mail,) = digest_mails(talk, talk.cast.owner)

    with talk.work() as session:
        messages.mark_read(session, thread.id, by=owner, now=NOW + 23 * HOUR)
    letter = leaves(talk, mail, NOW + 23 * HOUR)
    with talk.work() as session:
        session.execute(
            update(Mail)
            .where(Mail.practice_id == talk.practice_id, Mail.id == mail.id)
            .values(state=MailState.QUEUED)
        )
        for each in session.scalars(select(Thread.id)):
            messages.mark_read(session, each, by=owner, now=NOW + 23 * HOUR)
    nothing = leaves(talk, mail, NOW + 23 * HOUR)

    assert letter is not None
    assert "- 1 unread conversation\n" in letter.mail.text
    assert nothing is None
    assert digest_mails(talk, talk.cast.owner)[0].reason == "nothing happened that still matters"


def test_everybody_chooses_but_the_last_to_hear_of_what_is_required(talk: Talk) -> None:
    everybody = (talk.cast.owner, talk.cast.clinician, talk.other_clinician)

    for user in everybody[1:]:
        chosen(talk, user, information_needed=Way.OFF)
    with pytest.raises(CannotChoose) as refused:
        chosen(talk, talk.cast.owner, information_needed=Way.OFF)
    chosen(talk, talk.cast.owner, information_needed=Way.DIGEST)
    with pytest.raises(CannotChoose) as off:
        chosen(talk, talk.cast.owner, daily_digest=Way.OFF)
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        owner = select(Membership).where(Membership.user_id == talk.cast.owner.id)
        session.scalars(owner).one().ended_at = NOW
    with talk.work() as session:
        wishes = wishes_of(session, talk.practice_id)

    assert refused.value.field == off.value.field == "information_needed"
    assert "Information is needed from the practice" in str(refused.value)
    # the one who had it on has left: the others hear of it again
    assert {wishes.way(user.id, Topic.INFORMATION_NEEDED) for user in everybody[1:]} == {
        Way.IMMEDIATE
    }


def test_a_persons_own_minutes_pass_before_an_unread_message_is_mailed(talk: Talk) -> None:
    chosen(talk, talk.cast.owner, Rhythm(unread_minutes=45))
    biller = talk.person(talk.cast.biller)
    with talk.work() as session:
        messages.start(
            session, talk.claim(session), by=biller, subject="Words", body="Text", now=NOW
        )

    due = {mail.user_id: mail.due_at for mail in talk.mails()}

    assert due[talk.cast.owner.id] == NOW + 45 * MINUTE
    assert due[talk.cast.clinician.id] == NOW + 2 * MINUTE


def test_what_was_turned_off_meanwhile_does_not_leave(talk: Talk) -> None:
    talk.move(ClaimEvent.RELEASED)
    (mail,) = talk.mails(talk.cast.owner)

    chosen(talk, talk.cast.owner, claim_status=Way.OFF)
    letter = leaves(talk, mail, NOW + 6 * MINUTE)

    (mail,) = talk.mails(talk.cast.owner)
    assert letter is None
    assert (mail.state, mail.reason) == (MailState.SUPPRESSED, "turned off meanwhile")
    with talk.work() as session:
        assert session.scalars(select(Digest.id)).all() == []
