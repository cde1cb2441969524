"""What a remittance says is read exactly, and told where it does not add up."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.edi import remittance_835
from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.remittance_835 import Adjustment, Remittance
from tests.edi.oxedi_oracle import oxedi_view
from tests.edi.remittances import random_835

SAMPLES = Path(__file__).parent.parent / "samples"
SHARED = Path("../shared/samples/835")
PREFIX = (
    b"ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLEANCLAIM     "
    b"*260610*0700*^*00501*000000001*0*P*:~GS*HP*PAYER*CLEANCLAIM*20260610*0700*1*X*005010X221A1~"
    b"ST*835*0001~BPR*I*80*C*ACH************20260612~TRN*1*E1*1512345678~"
)


def one(name: str) -> Remittance:
    """The only remittance of a sample of ours."""
    (remittance,) = remittance_835.read((SAMPLES / name).read_bytes())
    return remittance


def typed(body: str) -> Remittance:
    """The remittance with these claims, after a payment of 80 dollars."""
    (remittance,) = remittance_835.read(PREFIX + body.encode())
    return remittance


def codes(remittance: Remittance) -> list[str]:
    """What is out of balance, by its codes."""
    return [problem.code for problem in remittance_835.out_of_balance(remittance)]


def test_a_recoupment_takes_money_from_the_payment() -> None:
    remittance = one("recoupment_wo_72_fb.835")

    taken = [(each.reason, each.reference, each.amount) for each in remittance.provider_adjustments]
    assert taken == [
        ("WO", "C000000077A1", Decimal("50.00")),
        ("72", "26150000077", Decimal("30.00")),
        ("FB", "26150000077", Decimal("-20.00")),
    ]
    assert remittance.provider_adjustments[0].fiscal_year_end == date(2026, 12, 31)
    assert remittance.payment.payment_amount == Decimal("140.00")
    assert codes(remittance) == []


def test_a_reversal_is_read_with_its_signs_and_its_correction_follows() -> None:
    remittance = one("reversal_and_correction.835")

    reversal, correction = remittance.claims
    assert (reversal.outcome, reversal.paid_amount) == ("22", Decimal("-120.00"))
    assert reversal.lines[0].adjustments[0].amount == Decimal("-60.00")
    assert (correction.outcome, correction.paid_amount) == ("1", Decimal("135.00"))
    assert reversal.patient_control_number == correction.patient_control_number
    assert codes(remittance) == []


def test_interest_adds_to_the_payment() -> None:
    remittance = one("interest_l6.835")

    assert remittance.provider_adjustments[0].reason == "L6"
    assert remittance.provider_adjustments[0].amount == Decimal("-1.75")
    assert codes(remittance) == []


def test_all_that_a_poster_needs_is_there() -> None:
    data = (SAMPLES / "denied_deductible_forwarded_two_payments.835").read_bytes()

    first, second = remittance_835.read(data)

    assert first.payment.method == "NON"
    assert first.payment.trace_number == "NOPAY104"
    assert first.payment.originator_id == "1512345678"
    assert first.payment.payment_date == date(2026, 6, 12)
    assert first.payment.production_date == date(2026, 6, 10)
    assert first.payment.payee.npi == "1234567893"
    assert first.payment.payee.tax_id == "123456789"
    denied, deductible, unknown_member = first.claims
    assert denied.remarks == ("MA130", "N130")
    assert denied.lines[0].remarks == ("N54",)
    assert denied.lines[0].adjustments == (Adjustment("CO", "197", Decimal("200.00")),)
    assert deductible.patient_responsibility == Decimal("180.00")
    assert unknown_member.outcome == "4"
    assert unknown_member.adjustments == (Adjustment("PR", "31", Decimal("90.00")),)
    (forwarded,) = second.claims
    line = forwarded.lines[0]
    assert (line.procedure_code, line.modifiers) == ("90834", ("95",))
    assert (line.submitted_procedure_code, line.submitted_modifiers) == ("90837", ("95",))
    assert (line.line_control_number, line.allowed_amount) == ("L1", Decimal("140.00"))
    assert line.first_day == line.last_day == date(2026, 5, 20)
    assert [each.reason for each in line.adjustments] == ["45", "1", "3"]
    assert forwarded.corrected_insured is not None
    assert forwarded.corrected_insured.id == "W123456780"
    assert forwarded.crossover is not None
    assert forwarded.crossover.id == "56789"
    assert ("1L", "G1234") in forwarded.references
    assert forwarded.received_on == date(2026, 6, 1)


def test_each_level_that_does_not_add_up_is_told_with_its_segment() -> None:
    problems = remittance_835.out_of_balance(one("out_of_balance_on_three_levels.835"))

    assert [(each.code, each.segment) for each in problems] == [
        (ProblemCode.LINE_OUT_OF_BALANCE, 19),
        (ProblemCode.CLAIM_OUT_OF_BALANCE, 15),
        (ProblemCode.PAYMENT_OUT_OF_BALANCE, 3),
    ]


def test_a_line_that_does_not_add_up_is_reported_not_repaired() -> None:
    """
    CLP*C1*1*100*80**12*ICN1~
    SVC*HC:90837*100*80~
    CAS*CO*45*15~
    """
    remittance = typed("CLP*C1*1*100*80**12*ICN1~SVC*HC:90837*100*80~CAS*CO*45*15~SE*7*0001~")

    assert codes(remittance) == ["line_out_of_balance", "claim_out_of_balance"]
    assert remittance.claims[0].lines[0].adjusted_amount == Decimal("15.00")


def test_adjustments_of_claim_and_line_make_the_claim_together() -> None:
    """
    CLP*C1*1*100*80**12*ICN1~
    CAS*CO*45*5~
    SVC*HC:90837*100*85~
    CAS*PR*3*15~
    """
    remittance = typed(
        "CLP*C1*1*100*80**12*ICN1~CAS*CO*45*5~SVC*HC:90837*100*85~CAS*PR*3*15~SE*8*0001~"
    )

    assert codes(remittance) == []


@pytest.mark.parametrize("amount", ["1OO", "80.005", "1E2", "+80", "8,0", " 80", ""])
def test_an_amount_that_cannot_be_read_makes_the_remittance_unreadable(amount: str) -> None:
    remittance = typed(f"CLP*C1*1*100*{amount}**12*ICN1~SE*5*0001~")

    assert not remittance.is_readable
    assert next(each.element for each in remittance.problems if each.is_error) == "CLP04"


def test_group_cr_does_not_exist_in_a_5010_remittance() -> None:
    remittance = typed("CLP*C1*1*100*80**12*I~CAS*CR*45*20~SE*6*0001~")

    assert next(each.element for each in remittance.problems if each.is_error) == "CAS01"


def test_a_truncated_set_is_not_readable_though_its_claims_are_there() -> None:
    remittance = typed("CLP*C1*1*100*80**12*I~CAS*CO*45*20~")

    assert len(remittance.claims) == 1
    assert not remittance.is_readable


def test_errors_count_even_when_the_log_is_full() -> None:
    log = ProblemLog(limit=1)
    log.add(ProblemCode.NOT_X12, "full already")

    (remittance,) = remittance_835.read(PREFIX + b"CLP*C1*1*X*80~SE*5*0001~", log)

    assert not remittance.is_readable


@pytest.mark.parametrize("seed", range(25))
def test_we_agree_with_oxedi_on_any_remittance(seed: int) -> None:
    data = random_835(seed)

    _agree(data)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.835")), ids=lambda path: path.name)
def test_we_agree_with_oxedi_on_our_own_samples(path: Path) -> None:
    _agree(path.read_bytes())


@pytest.mark.parametrize(
    "path",
    sorted(each for each in SHARED.glob("*") if b"ISA*" in each.read_bytes()[:8])
    or [pytest.param(Path(), marks=pytest.mark.skip("no ../shared/samples/835 here"))],
    ids=lambda path: path.name,
)
def test_we_agree_with_oxedi_on_everybodys_samples(path: Path) -> None:
    _agree(path.read_bytes())


def _agree(data: bytes) -> None:
    view = oxedi_view(data)

    remittances = list(remittance_835.read(data))

    claims = [claim for each in remittances for claim in each.claims]
    lines = [line for claim in claims for line in claim.lines]
    assert [(c.patient_control_number, c.charge_amount, c.paid_amount) for c in claims] == (
        view.claims
    )
    assert [(each.charge_amount, each.paid_amount) for each in lines] == view.lines
    assert sum(len(list(claim.every_adjustment())) for claim in claims) == view.adjustments
    assert [each.payment.payment_amount for each in remittances] == view.payments
    taken = [each.amount for every in remittances for each in every.provider_adjustments]
    assert taken == view.provider_adjustments
    problems = [each for every in remittances for each in remittance_835.out_of_balance(every)]
    assert len(problems) == view.imbalances
