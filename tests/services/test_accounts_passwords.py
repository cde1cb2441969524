"""Which passwords are refused, how they are hashed, and how slow whoever guesses gets."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from backoffice.models.people import AccountMail
from backoffice.services import accounts
from backoffice.services.accounts import KnownBrowser, PasswordRefused, hashing
from backoffice.services.accounts.passwords import AT_ONCE
from tests.cast import PASSWORD, a_user

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
ABOUT = ("Oona Harborside", "oona@harbor.example", "Harbor Lane Counseling")
PADDINGS = (
    "{0}{0}{0}",
    "{0}2024!2024!2024",
    "!!{0}1234567!!!!",
    "{0}-{0}1-{0}",
    "{0}!!!!!!!!!!!!",
    "1!{0}1!{0}1!",
)


def refused(password: str) -> bool:
    try:
        accounts.require_good_password(password, about=ABOUT)
    except PasswordRefused:
        return True
    return False


def stretched() -> Iterator[str]:
    """Breached passwords from all over the list, each stretched to twelve signs or more."""
    words = (word for word in FREQUENCY_LISTS["passwords"][::14] if len(word) >= 4)
    for word, padding in zip(words, cycle(PADDINGS), strict=False):
        digits_only = word.isdigit() and any(map(str.isdigit, padding.replace("{0}", "")))
        yield (PADDINGS[0] if digits_only else padding).format(word.title())


def test_a_thousand_breached_passwords_are_refused_however_they_are_stretched() -> None:
    tried = list(islice((word for word in stretched() if len(word) >= 12), 1000))

    let_through = [password for password in tried if not refused(password)]

    assert len(set(tried)) == 1000
    assert let_through == []


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "quiet harbor morning lamp",
        "xK7#pq9!vLm2",
        "äöü lange wörter hier",
        "p" + "ilgrim anvil tundra " * 6 + "zxcvb",
    ],
)
def test_other_passwords_are_taken_without_a_rule_of_their_signs(password: str) -> None:
    assert not refused(password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short 11 aa", "at least 12"),
        ("x y" * 43, "at most 128"),
        ("CleanclaimHarbor2024", "names"),
        ("oona.harbor.2024!", "names"),
        ("Counseling-Lane-11", "names"),
        ("abcabcabcabc", "breaches"),
    ],
)
def test_too_short_too_long_and_made_of_names_are_refused_with_a_reason(
    password: str, why: str
) -> None:
    with pytest.raises(PasswordRefused, match=why):
        accounts.require_good_password(password, about=ABOUT)


def test_one_way_of_writing_is_as_good_as_another() -> None:
    composed, decomposed = "caf\u00e9 anvil tundra", "cafe\u0301 anvil tundra"

    assert hashing.check(accounts.hash_password(composed), decomposed).fits


def test_a_hash_is_argon2id_with_64_mib_and_an_older_one_is_renewed() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)

    renewed = hashing.check(weak, PASSWORD)

    assert renewed.fits
    assert renewed.renewed_hash is not None
    assert "$argon2id$" in renewed.renewed_hash
    assert "m=65536,t=3,p=4" in renewed.renewed_hash
    assert hashing.check(renewed.renewed_hash, PASSWORD).renewed_hash is None


def test_a_fifth_hash_waits_until_one_of_four_is_done() -> None:
    turns = hashing._turns
    for _ in range(AT_ONCE):
        assert turns.acquire(timeout=10)
    fifth = threading.Thread(target=lambda: hashing.check(None, "x"))

    fifth.start()
    fifth.join(timeout=0.5)
    waited = fifth.is_alive()
    for _ in range(AT_ONCE):
        turns.release()
    fifth.join(timeout=10)

    assert AT_ONCE == 4
    assert waited
    assert not fifth.is_alive()


def guess(
    session: Session, email: str, at: datetime, *, browser: KnownBrowser | None = None
) -> bool:
    """One try with a wrong password; whether it was looked at."""
    attempt = accounts.begin_sign_in(session, email=email, browser=browser, now=at)
    if attempt is None:
        return False
    checked = attempt.check("guess guess guess")
    assert accounts.finish_sign_in(session, attempt, checked, now=at) is None
    return True


def enters(
    session: Session, email: str, at: datetime, *, browser: KnownBrowser | None = None
) -> bool:
    """The owner's try; whether it lets them in."""
    attempt = accounts.begin_sign_in(session, email=email, browser=browser, now=at)
    if attempt is None:
        return False
    checked = attempt.check(PASSWORD)
    return accounts.finish_sign_in(session, attempt, checked, now=at) is not None


@pytest.mark.parametrize(("known", "guesses"), [(True, 1000), (False, 200)])
def test_of_a_thousand_guesses_in_five_minutes_at_most_twenty_are_looked_at(
    session: Session, *, known: bool, guesses: int
) -> None:
    """And for an email that nobody has an account for it is just the same."""
    user = a_user(session, "Oona Owner")
    email = user.email if known else "nobody@example.test"
    own = KnownBrowser(user.id, "her laptop")
    before = hashing.made

    apart = timedelta(minutes=5) / guesses
    looked_at = sum(guess(session, email, NOW + apart * n) for n in range(guesses))
    hashed = hashing.made - before
    end = NOW + timedelta(minutes=5)

    assert hashed == looked_at == 13
    assert enters(session, user.email, end, browser=own)
    assert enters(session, user.email, end) is not known
    assert enters(session, user.email, end + timedelta(minutes=15))
    assert guess(session, user.email, end + timedelta(minutes=15)), (
        "her way in forgets the failures"
    )
    mails = session.scalars(select(AccountMail.facts).where(AccountMail.user_id == user.id)).all()
    assert [mail["what"].startswith("Somebody tried many times") for mail in mails] == [
        True
    ] * known


def test_a_disabled_person_costs_a_hash_and_gets_nowhere(session: Session) -> None:
    user = a_user(session, "Oona Owner")
    user.disabled_at = NOW
    before = hashing.made

    assert not enters(session, user.email, NOW)
    assert hashing.made == before + 1


def test_wrong_codes_slow_the_second_factor_down_and_the_right_one_waits_too(
    session: Session,
) -> None:
    user = a_user(session, "Oona Owner")
    app = accounts.begin_app(session, user.id, begun=None, now=NOW)
    step = accounts.step_of(NOW)
    code = accounts.code_at(app, step - 1)
    added = accounts.add_confirmed_app(
        session, user.id, code, begun=app.id, token_hash=b"", now=NOW
    )
    assert added is not None

    def gives(code: str, at: datetime) -> bool:
        proof = accounts.Proof(code=code)
        site = accounts.Site("http://localhost:8000")
        return accounts.prove(session, user.id, proof, token_hash=b"", site=site, now=at)

    wrong = "000000" if accounts.code_at(app, step) != "000000" else "000001"
    for _ in range(5):
        assert not gives(wrong, NOW)

    assert not gives(accounts.code_at(app, step), NOW)
    assert gives(accounts.code_at(app, step), NOW + timedelta(seconds=2))
