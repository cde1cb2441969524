"""What an earlier release wrote in the clear is read until it is sealed, and lost nowhere."""

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from backoffice.cli.keys import key_payments, plain_left, reseal_all
from backoffice.models.claims import ClaimStep, StepSource
from backoffice.models.inbound import InboundTransaction, TransactionState
from backoffice.models.remittances import ProviderAdjustment, Remittance
from backoffice.models.sealing import Keyring, install_keyring
from backoffice.rules.claim_status import ClaimEvent
from backoffice.services.claims import advance
from backoffice.services.inbound import payment_keys, payments
from backoffice.services.practices import note_payee
from backoffice.services.remittances import storing
from tests.builders import NOW
from tests.databases import Database
from tests.services.eras import CLEAN, Check, Line, Paid, era, taken_in
from tests.talk import Talk, a_talk

SAID = "MEMBER QUILLFEATHER NOT FOUND"
CHECK = Check((Paid("NOTOURS1", (Line("155", "80", CLEAN),)),), plb=(("WO", "ICN4711", "5"),))


@pytest.fixture
def talk(fresh_database: Database, keyring: Keyring) -> Talk:
    """A claim whose payer said something, and a payment with a reference."""
    talk = a_talk(fresh_database)
    with talk.work() as session:
        claim = talk.claim(session)
        advance(
            session, claim, ClaimEvent.HELD, now=NOW, source=StepSource.RULE, words=SAID
        )  # fmt: skip
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        note_payee(session, talk.billing.profile)
    with talk.database.intake() as session:
        (taken,) = taken_in(session, era(CHECK))
        assert taken.state is TransactionState.ATTRIBUTED
        transaction_id = taken.id
    (read,) = payments.read_payments(era(CHECK)).payments
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        assert storing.store(session, transaction_id, read.remittance, now=NOW)
    return talk


def by_the_earlier_release(talk: Talk) -> None:
    """Make the rows what they would be, had the release before this one written them."""
    (read,) = payments.read_payments(era(CHECK)).payments
    _, bare = payment_keys.payment_keys(read.remittance.payment)
    engine = create_engine(talk.database.urls["postgres"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for words in (
            "UPDATE claim_steps SET words = :said, words_sealed = NULL"
            " WHERE words_sealed IS NOT NULL",
            "UPDATE provider_adjustments SET reference = 'ICN4711', reference_sealed = NULL",
            "UPDATE inbound_transactions SET payment_key = :bare",
            "UPDATE remittances SET payment_key = :bare",
        ):
            connection.execute(text(words), {"said": SAID, "bare": bare})
    engine.dispose()


def whole(talk: Talk) -> str:
    """The four tables as a stolen disk would show them."""
    engine = create_engine(talk.database.urls["postgres"], poolclass=NullPool)
    tables = ("claim_steps", "provider_adjustments", "inbound_transactions", "remittances")
    with engine.connect() as connection:
        rows = [
            str(row)
            for table in tables
            for (row,) in connection.execute(text(f"SELECT t::text FROM {table} AS t"))
        ]
    engine.dispose()
    return "\n".join(rows)


def test_what_payers_say_and_refer_to_is_sealed_and_what_stood_plain_is_sealed_by_rotating(
    talk: Talk, keyring: Keyring
) -> None:
    (read,) = payments.read_payments(era(CHECK)).payments
    keyed, bare = payment_keys.payment_keys(read.remittance.payment)
    for secret in (SAID, "ICN4711", bare):
        assert secret not in whole(talk)
    assert plain_left(talk.factory) == 0
    assert key_payments(talk.factory) == 0

    by_the_earlier_release(talk)

    assert plain_left(talk.factory) == 4
    shown(talk)
    with talk.database.intake() as session:
        (copy,) = taken_in(session, era(CHECK, isa="000000002"))
        assert copy.state is TransactionState.DUPLICATE, "found by the bare hash"
        known = session.scalars(
            select(InboundTransaction.id).where(InboundTransaction.id != copy.id)
        ).one()
    with talk.database.work(practices=[talk.practice_id], house=True) as session:
        again = storing.store(session, known, read.remittance, now=NOW)
        assert [again] == list(session.scalars(select(Remittance)))

    assert reseal_all(talk.factory) == 2
    assert key_payments(talk.factory) == 2
    assert plain_left(talk.factory) == 0
    for secret in (SAID, "ICN4711", bare):
        assert secret not in whole(talk)
    assert keyed in whole(talk)
    shown(talk)

    two = Keyring({"k2": bytes(range(32)), **keyring.field_keys}, keyring.index_key)
    install_keyring(two)
    try:
        assert reseal_all(talk.factory) >= 2, "a step's words change keys as all do"
        shown(talk)
    finally:
        install_keyring(keyring)


def shown(talk: Talk) -> None:
    """A page reads the words, whichever way they are kept."""
    with talk.work() as session:
        assert SAID in [step.words for step in session.scalars(select(ClaimStep))]
        assert session.scalars(select(ProviderAdjustment)).one().reference == "ICN4711"


@pytest.mark.parametrize("change", ["words = 'x'", "words_sealed = words_sealed", "moved = false"])
def test_a_step_of_history_can_be_sealed_anew_and_not_rewritten(talk: Talk, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), talk.work() as session:
        session.execute(text(f"UPDATE claim_steps SET {change}"))
