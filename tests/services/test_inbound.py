"""What comes back: kept once, applied in any order to one end, never guessed."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backoffice.gateways.clearinghouse import ClaimRow, ResponsePage, RowMessage, Sender
from backoffice.models.claims import Claim, ClaimStep
from backoffice.models.inbound import (
    InboundFile,
    InboundResponse,
    ResponseState,
    TransactionState,
)
from backoffice.models.outbox import Errand
from backoffice.models.sealing import Keyring
from backoffice.models.submissions import AttemptOutcome, ControlNumber
from backoffice.rules.claim_status import ClaimEvent, ClaimStatus
from backoffice.services.inbound import acknowledgements, keeping, payments
from backoffice.services.inbound.responses import DISAGREE, apply_responses
from backoffice.services.inbound.set_aside import set_aside
from tests.builders import NOW, a_practice
from tests.databases import as_intake
from tests.services import billing as ready
from tests.services.billing import Billing
from tests.services.eras import (
    CLEAN,
    Check,
    Line,
    Paid,
    an_attempt,
    era,
    known_payee,
    number_of,
    posted,
    taken_in,
)


@pytest.fixture
def billing(session: Session, practice_id: UUID, keyring: Keyring) -> Billing:
    """A practice ready to bill."""
    return ready.a_billing(session, practice_id)


@pytest.fixture
def claim(session: Session, billing: Billing) -> Claim:
    """A claim that has left for the payer."""
    made = ready.a_queued_claim(session, billing)
    made.status = ClaimStatus.SUBMITTED
    session.flush()
    return made


def said(
    claim_number: str, number: int, letter: str, stc: str = "", *, payer: bool = True
) -> ClaimRow:
    """One row with one message, as the clearinghouse gives it."""
    return ClaimRow(
        patient_control_number=claim_number,
        status=letter,
        sender=Sender.PAYER if payer else Sender.CLEARINGHOUSE,
        sender_name="Northstar" if payer else "Claim.MD",
        clearinghouse_claim_number="778100",
        sender_claim_number=f"NS{number}" if payer else "",
        trace=claim_number,
        payer_id="NSH01",
        file_id="1",
        filename="1.837",
        batch_id="1",
        charge_amount=Decimal("155.00"),
        said_at=datetime(2026, 11, 19, tzinfo=UTC),
        messages=(RowMessage(str(number), letter, stc, stc, "words as received", ""),),
        raw={"claimmd_id": "778100", "responseid": number},
    )


def heard(session: Session, billing: Billing, *rows: ClaimRow, cursor: str = "0") -> None:
    """Keep a page of rows and apply what waits."""
    newest = str(max(int(row.messages[0].response_id) for row in rows))
    page = ResponsePage(rows, newest, grew=True)
    with as_intake(session):
        keeping.keep_responses(
            session, billing.account.id, page, keeping.raw_page(page), asked_from=cursor, now=NOW
        )
    while apply_responses(session, billing.practice.id, now=NOW):
        session.flush()


def test_rows_cursor_and_errand_come_together_and_once(
    session: Session, billing: Billing, claim: Claim
) -> None:
    row = said(number_of(session, claim), 7, "A")

    heard(session, billing, row)
    heard(session, billing, row, cursor="0")

    assert billing.account.response_cursor == "7"
    assert len(session.scalars(select(InboundResponse)).all()) == 1
    with as_intake(session):
        assert len(session.scalars(select(InboundFile)).all()) == 1
    jobs = session.scalars(select(Errand.job)).all()
    assert jobs.count("workers.inbound.apply_responses") == 1
    assert claim.status is ClaimStatus.RECEIVED
    attempt = an_attempt(session, claim)
    assert (attempt.clearinghouse_number, attempt.payer_number) == ("778100", "NS7")


def test_a_cursor_is_never_taken_back_by_a_late_poll(
    session: Session, billing: Billing, claim: Claim
) -> None:
    number = number_of(session, claim)
    heard(session, billing, said(number, 9, "A"))

    heard(session, billing, said(number, 3, "A", payer=False), cursor="0")

    assert billing.account.response_cursor == "9"


def test_a_rejection_ends_the_attempt_and_asks_a_person_in_our_words(
    session: Session, billing: Billing, claim: Claim
) -> None:
    heard(session, billing, said(number_of(session, claim), 1, "R", "A7"))

    assert claim.status is ClaimStatus.REJECTED
    assert an_attempt(session, claim).outcome is AttemptOutcome.REJECTED
    assert claim.needs_review
    assert "words as received" not in claim.review_reason
    step = session.scalars(select(ClaimStep).where(ClaimStep.event == ClaimEvent.REJECTED)).one()
    assert step.words == "words as received"


@pytest.mark.parametrize(("letter", "stc"), [("D", ""), ("A", "A4"), ("A", "A7"), ("22", "")])
def test_an_unknown_or_contradictory_answer_moves_nothing_and_asks(
    session: Session, billing: Billing, claim: Claim, letter: str, stc: str
) -> None:
    heard(session, billing, said(number_of(session, claim), 1, letter, stc))

    assert claim.status is ClaimStatus.SUBMITTED
    assert claim.needs_review


def test_an_answer_about_no_claim_of_ours_is_kept(session: Session, billing: Billing) -> None:
    heard(session, billing, said("SOMEBODYELSES", 1, "A"))

    with as_intake(session):
        kept = session.scalars(select(InboundResponse)).one()
    assert (kept.state, kept.practice_id) == (ResponseState.UNMATCHED, None)


def test_an_answer_without_its_id_is_kept_once_and_moves_nothing(
    session: Session, billing: Billing, claim: Claim
) -> None:
    row = said(number_of(session, claim), 1, "A", "A2")
    nameless = replace(row, messages=(replace(row.messages[0], response_id=""),))
    wordless = replace(row, messages=())
    page = ResponsePage((nameless, wordless), "9", grew=True)

    for asked_from in ("0", "9"):
        with as_intake(session):
            keeping.keep_responses(
                session,
                billing.account.id,
                page,
                keeping.raw_page(page),
                asked_from=asked_from,
                now=NOW,
            )

    with as_intake(session):
        kept = session.scalars(select(InboundResponse)).all()
        unmatched = set_aside(session).unmatched_responses
    assert [each.state for each in kept] == [ResponseState.UNMATCHED] * 2
    assert sorted(each.message or "" for each in kept) == ["", "words as received"]
    assert unmatched == 2
    assert claim.status is ClaimStatus.SUBMITTED


def test_any_order_thrice_over_ends_alike(session: Session, billing: Billing) -> None:
    letters = [("A", "", False), ("A", "A1", True), ("A", "A2", True), ("A", "P1", True)]
    letters += [("R", "A3", True)]
    dice, ends = random.Random(20261122), set()
    for round_ in range(100):
        claim = ready.a_queued_claim(session, billing)
        claim.status = ClaimStatus.SUBMITTED
        number = number_of(session, claim)
        first = 1000 + round_ * 10
        rows = [
            said(number, first + place, letter, stc, payer=payer)
            for place, (letter, stc, payer) in enumerate(letters)
        ]
        thrice = [*rows, *rows, *rows]
        dice.shuffle(thrice)
        heard(session, billing, *thrice[: dice.randint(1, 14)])
        heard(session, billing, *thrice)
        attempt = an_attempt(session, claim)
        ends.add(
            (
                claim.status,
                claim.needs_review,
                claim.review_reason,
                attempt.outcome,
                attempt.clearinghouse_number,
                attempt.payer_number == f"NS{first + 4}",
            )
        )

    assert len(ends) == 1
    assert next(iter(ends))[0] is ClaimStatus.REJECTED


def a_277(number: str, category: str, action: str) -> bytes:
    """A claim acknowledgement by the payer about one claim."""
    isa = (
        "ISA*00*          *00*          *ZZ*NORTHSTAR      *ZZ*CLEANCLAIM     "
        "*261118*1200*^*00501*000000007*0*T*:"
    )
    body = [
        "ST*277*0001*005010X214",
        "BHT*0085*08*REF1*20261118*1200*TH",
        "HL*1**20*1",
        "NM1*PR*2*NORTHSTAR*****PI*NSH01",
        "HL*2*1*21*1",
        "NM1*41*2*CLEANCLAIM*****46*CLEANCLAIM",
        "HL*3*2*19*1",
        "NM1*85*2*HARBOR LANE*****XX*1234567893",
        "HL*4*3*PT",
        "NM1*QC*1*SAMPLE*AVERY",
        f"TRN*2*{number}",
        f"STC*{category}:20*20261118*{action}*155",
        "REF*1K*NS277",
        "SE*14*0001",
    ]
    gs = "GS*HN*NORTHSTAR*CLEANCLAIM*20261118*1200*7*X*005010X214"
    return "".join(f"{each}~" for each in [isa, gs, *body, "GE*1*7", "IEA*1*000000007"]).encode()


def told(session: Session, content: bytes) -> None:
    """Apply the claims of an acknowledgement file."""
    found = acknowledgements.read_acknowledgements(
        content, payer_ids=acknowledgements.payer_ids(session)
    )
    acknowledgements.apply_to_claims(session, found.claims, file_id=uuid4(), now=NOW)


def test_a_277ca_moves_a_claim_as_a_response_does(session: Session, claim: Claim) -> None:
    told(session, a_277(number_of(session, claim), "A2", "WQ"))

    assert claim.status is ClaimStatus.ACCEPTED
    assert an_attempt(session, claim).payer_number == "NS277"


def test_a_277ca_and_a_response_that_disagree_need_a_person(
    session: Session, billing: Billing, claim: Claim
) -> None:
    number = number_of(session, claim)
    heard(session, billing, said(number, 1, "A", "A2"))

    told(session, a_277(number, "A7", "U"))

    assert claim.status is ClaimStatus.REJECTED
    assert DISAGREE in claim.review_reason


@pytest.fixture
def elsewhere(session: Session) -> UUID:
    """Another practice, which nobody works for here."""
    return a_practice(session, uuid4(), name="Juniper Row", short_name="Juniper").id


def test_a_payment_is_attributed_by_payee_and_by_nothing_weaker_against_it(
    session: Session, billing: Billing, claim: Claim
) -> None:
    known_payee(session, billing)
    paid = Paid(number_of(session, claim), (Line("155", "155"),))

    (ours,) = taken_in(session, era(Check((paid,))))
    (wrong,) = taken_in(session, era(Check((paid,), trace="E2", tax_id="987654321")))

    assert (ours.state, ours.practice_id) == (TransactionState.ATTRIBUTED, billing.practice.id)
    assert (wrong.state, wrong.practice_id) == (TransactionState.UNATTRIBUTED, None)


def test_an_unknown_payee_is_found_by_control_numbers_only_when_all_agree(
    session: Session, claim: Claim
) -> None:
    ours = Paid(number_of(session, claim), (Line("155", "155"),))
    unknown = Paid("NOBODYS", (Line("10", "10"),))
    stranger = {"npi": "1902846538", "tax_id": "999999999"}

    (agreed,) = taken_in(session, era(Check((ours,), **stranger)))  # type: ignore[arg-type]
    (mixed,) = taken_in(session, era(Check((ours, unknown), trace="E2", **stranger)))  # type: ignore[arg-type]

    assert agreed.state is TransactionState.ATTRIBUTED
    assert mixed.state is TransactionState.UNATTRIBUTED


def test_a_payment_number_come_again_is_a_copy_only_with_the_same_claims(
    session: Session, billing: Billing, claim: Claim
) -> None:
    known_payee(session, billing)
    number = number_of(session, claim)
    one, other = (Line("155", "80", CLEAN),), (Line("155", "75", (("CO", "45", "80"),)),)
    check = Check((Paid(number, one), Paid("NOBODYS", other, icn="ICN2")))
    (first,) = taken_in(session, era(check))

    turned = replace(check, claims=check.claims[::-1])
    (copy,) = taken_in(session, era(turned, isa="000000002"))
    swapped = replace(check, claims=(Paid(number, other), Paid("NOBODYS", one, icn="ICN2")))
    (another,) = taken_in(session, era(swapped, isa="000000003"))

    assert first.state is TransactionState.ATTRIBUTED
    assert (copy.state, copy.problem) == (TransactionState.DUPLICATE, "")
    assert another.payment_key == first.payment_key
    with as_intake(session):
        assert another in set_aside(session).quarantined
    assert another.problem == payments.TWICE_UNLIKE


def test_an_administrator_attributes_once(session: Session, claim: Claim) -> None:
    paid = Paid("NOBODYS", (Line("155", "155"),))
    (lone,) = taken_in(session, era(Check((paid,), npi="1902846538")))

    with as_intake(session):
        payments.attribute(session, lone.id, claim.practice_id, now=NOW)

        assert lone.state is TransactionState.ATTRIBUTED
        with pytest.raises(payments.NotWaiting):
            payments.attribute(session, lone.id, claim.practice_id, now=NOW)


def test_another_practices_claim_in_our_check_is_never_matched(
    session: Session, billing: Billing, claim: Claim, elsewhere: UUID
) -> None:
    known_payee(session, billing)
    session.execute(text("SET LOCAL ROLE none"))  # theirs, which nobody here could write
    session.add(
        ControlNumber(patient_control_number="THEIRS1", practice_id=elsewhere, attempt_id=uuid4())
    )
    session.flush()
    session.execute(text("SET LOCAL ROLE app"))
    paid = Paid("THEIRS1", (Line("155", "155"),))

    (remittance,) = posted(session, Check((paid,)))

    assert remittance.undistributed_amount == Decimal(155)
    assert claim.insurance_paid_amount == 0


def test_bytes_that_are_no_remittance_are_set_aside(session: Session) -> None:
    for content in (b"", b"\x00\xff" * 40, b"ISA*", b"{}", era(Check(()))[:150]):
        assert payments.read_payments(content).problem


def test_several_checks_in_one_file_stand_each_alone(
    session: Session, billing: Billing, claim: Claim
) -> None:
    known_payee(session, billing)
    good = Check((Paid(number_of(session, claim), (Line("155", "155"),)),))
    bad = replace(good, trace="E2", amount="1")

    states = [each.state for each in taken_in(session, era(good, bad))]

    assert states == [TransactionState.ATTRIBUTED, TransactionState.QUARANTINED]
