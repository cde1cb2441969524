"""Any claim we can write is read back the same, and what can't be written is refused."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.edi import claim_837
from backoffice.edi.claim_837 import (
    Address,
    Adjustment,
    BillingProvider,
    Claim,
    ClaimNotWritable,
    ClaimSet,
    Contact,
    Diagnosis,
    Line,
    LineAdjudication,
    OtherPayer,
    Party,
    Patient,
    Receiver,
    Submitter,
    Subscriber,
    TooManyClaims,
)
from backoffice.edi.envelope import Group, Interchange
from backoffice.edi.problems import ProblemLog
from backoffice.edi.qualifiers import Guide
from backoffice.edi.segments import Delimiters, NotInCharacterSet
from backoffice.services.claim_files import SeveralBillingProviders, claim_file
from tests.edi.mutations import OFFICE, SECONDARY
from tests.edi.shapes import NOW, claim_of_shape, header

DAY, CLOCK = date(2026, 6, 15), time(9, 30)
words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ'-", min_size=1, max_size=20)
numbers = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=2, max_size=17)
maybe = st.one_of(st.just(""), numbers)
dollars = st.decimals(min_value=0, max_value=99999, places=2)
days = st.dates(min_value=date(2016, 1, 1), max_value=date(2026, 12, 31))
addresses = st.builds(
    Address,
    line1=words,
    line2=st.one_of(st.just(""), words),
    city=words,
    state=st.sampled_from(["IL", "ME", "TX"]),
    zip=st.sampled_from(["627040001", "04101"]),
)


def parties(kind: str, id_kind: str, *, born: bool = False) -> st.SearchStrategy[Party]:
    """An NM1 loop with an address, and a birth date where the loop has one."""
    return st.builds(
        Party,
        kind=st.just(kind),
        name=words,
        first_name=words if kind == "1" else st.just(""),
        middle_name=st.one_of(st.just(""), words) if kind == "1" else st.just(""),
        id_kind=st.just(id_kind),
        id=numbers if id_kind else st.just(""),
        address=addresses,
        birth_date=days if born else st.none(),
        sex=st.sampled_from("FMU") if born else st.just(""),
    )


providers = st.builds(
    lambda party, taxonomy: replace(party, taxonomy=taxonomy, address=None),
    parties("1", "XX"),
    st.sampled_from(["", "103TC0700X"]),
)
adjustments = st.lists(
    st.builds(
        Adjustment,
        group=st.sampled_from(["CO", "PR"]),
        reason=st.sampled_from(["45", "1", "2", "3"]),
        amount=dollars,
        quantity=st.one_of(st.none(), st.just(Decimal(2))),
    ),
    max_size=4,
).map(lambda each: tuple(sorted(each, key=lambda one: one.group)))
adjudications = st.builds(
    LineAdjudication,
    payer_id=numbers,
    paid_amount=dollars,
    procedure_code=st.just("90837"),
    modifiers=st.just(("95",)),
    adjustments=adjustments,
    adjudicated_on=days,
    remaining_patient_amount=st.one_of(st.none(), dollars),
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    first = draw(days)
    return Line(
        procedure_code=draw(st.sampled_from(["90837", "99213"])),
        modifiers=tuple(draw(st.lists(st.sampled_from(["95", "HO", "U1"]), max_size=4))),
        charge_amount=draw(dollars),
        units=draw(st.sampled_from([Decimal(1), Decimal("1.5")])),
        place_of_service=draw(st.sampled_from(["", "10"])),
        diagnosis_pointers=tuple(draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))),
        first_day=first,
        last_day=first + timedelta(days=draw(st.integers(0, 3))),
        line_control_number=draw(maybe),
        prior_authorization=draw(maybe),
        adjudications=tuple(draw(st.lists(adjudications, max_size=2))),
    )


subscribers = st.builds(
    Subscriber,
    order=st.sampled_from("PST"),
    relationship=st.sampled_from(["18", "01"]),
    group_number=maybe,
    filing_code=st.just("CI"),
    party=parties("1", "MI"),
)
others = st.builds(
    OtherPayer,
    subscriber=subscribers,
    payer=parties("2", "PI"),
    paid_amount=st.one_of(st.none(), dollars),
    remaining_patient_amount=st.one_of(st.none(), dollars),
    adjustments=adjustments,
    adjudicated_on=st.one_of(st.none(), days),
    payer_claim_control_number=maybe,
)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    made = tuple(draw(st.lists(lines(), min_size=1, max_size=3)))
    dependent = draw(st.booleans())
    billing = replace(draw(parties("2", "XX")), taxonomy="251S00000X", references=(("EI", "12"),))
    return Claim(
        billing=BillingProvider(
            party=billing,
            contact=draw(st.sampled_from([None, Contact("", "2175550111")])),
            pay_to=draw(st.one_of(st.none(), addresses)),
        ),
        subscriber=Subscriber(
            order="P",
            relationship="" if dependent else "18",
            group_number=draw(maybe),
            filing_code="CI",
            party=draw(parties("1", "MI", born=not dependent)),
        ),
        payer=draw(parties("2", "PI")),
        patient=Patient("19", draw(parties("1", "", born=True))) if dependent else None,
        patient_control_number=draw(numbers),
        charge_amount=sum((line.charge_amount for line in made), Decimal("0.00")),
        place_of_service="11",
        frequency=draw(st.sampled_from("178")),
        lines=made,
        diagnoses=(Diagnosis("ABK", "F411"), Diagnosis("ABF", "F331")),
        accident="AA" if draw(st.booleans()) else "",
        accident_on=draw(st.one_of(st.none(), days)),
        patient_paid_amount=draw(st.one_of(st.none(), dollars)),
        prior_authorization=draw(maybe),
        referral_number=draw(maybe),
        payer_claim_control_number=draw(maybe),
        trace=draw(maybe),
        medical_record_number=draw(maybe),
        note=draw(st.one_of(st.just(""), words)),
        referring=draw(st.one_of(st.none(), providers.map(lambda one: replace(one, taxonomy="")))),
        rendering=draw(st.one_of(st.none(), providers)),
        facility=draw(st.one_of(st.none(), parties("2", "XX"))),
        supervising=draw(
            st.one_of(st.none(), providers.map(lambda one: replace(one, taxonomy="")))
        ),
        others=tuple(draw(st.lists(others, max_size=2))),
    )


def written(*made: Claim, delimiters: Delimiters | None = None) -> bytes:
    """A file of these claims."""
    header = Interchange(
        "SENDER", "RECEIVER", "000000001", DAY, CLOCK, delimiters=delimiters or Delimiters()
    )
    group = Group("HC", "SENDER", "RECEIVER", "1", DAY, CLOCK, Guide.CLAIM)
    claim_set = ClaimSet(
        control_number="0001",
        reference="B1",
        day=DAY,
        clock=CLOCK,
        submitter=Submitter("CLEANCLAIM", "CC1", Contact("DESK", "2175550100")),
        receiver=Receiver("SANDBOX", "SB1"),
        claims=made,
    )
    return claim_837.write(header, group, [claim_set]).data


@given(st.lists(claims(), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_is_read_back(made: list[Claim]) -> None:
    log = ProblemLog()

    assert list(claim_837.read(written(*made), log)) == made
    assert len(log) == 0


@given(claims())
@settings(max_examples=20, deadline=None)
def test_other_separators_change_nothing(claim: Claim) -> None:
    data = written(claim, delimiters=Delimiters("|", ">", "\n", "!"))

    assert list(claim_837.read(data)) == [claim]


def test_a_patient_of_one_subscriber_is_not_taken_for_the_next_ones() -> None:
    dependent, secondary = claim_of_shape(SECONDARY, 1), claim_of_shape(SECONDARY, 2)
    own = replace(
        dependent,
        patient=dependent.coverage.insured,
        coverage=replace(dependent.coverage, relationship="18"),
    )

    data = claim_file([dependent, own, secondary], header=header(), now=NOW).data

    first, second, third = claim_837.read(data)
    assert second.patient is None
    assert first.patient is not None
    assert third.patient is not None
    assert first.patient.party.name == dependent.patient.last_name


def test_claims_of_one_billing_provider_stand_under_one_level() -> None:
    claims = [claim_of_shape(OFFICE, number) for number in range(3)]

    data = claim_file(claims, header=header(), now=NOW).data

    assert data.count(b"**20*1~") == 1
    assert data.count(b"*22*0~") == 3


def test_two_billing_providers_are_not_put_into_one_file() -> None:
    with pytest.raises(SeveralBillingProviders):
        claim_file(
            [claim_of_shape(OFFICE, 1), claim_of_shape(SECONDARY, 2)], header=header(), now=NOW
        )


def test_an_empty_file_is_not_written() -> None:
    with pytest.raises(TooManyClaims):
        claim_file([], header=header(), now=NOW)


def test_names_are_cleaned_and_the_change_is_told() -> None:
    claim = claim_of_shape(OFFICE, 1)
    insured = replace(claim.coverage.insured, last_name="Núñez*")
    claim = replace(claim, patient=insured, coverage=replace(claim.coverage, insured=insured))

    file = claim_file([claim], header=header(), now=NOW)

    assert b"NM1*IL*1*NUNEZ*" in file.data
    assert {change.kind for change in file.changes} == {"accents", "characters", "blanks"}
    assert all(change.element == "NM103" for change in file.changes)


def test_a_member_id_is_refused_rather_than_changed() -> None:
    claim = claim_of_shape(OFFICE, 1)
    claim = replace(claim, coverage=replace(claim.coverage, member_id="W1*2"))

    with pytest.raises(NotInCharacterSet, match="NM109"):
        claim_file([claim], header=header(), now=NOW)


def test_a_line_without_its_day_is_not_written() -> None:
    claim = next(
        claim_837.read(claim_file([claim_of_shape(OFFICE, 1)], header=header(), now=NOW).data)
    )
    claim = replace(claim, lines=(replace(claim.lines[0], first_day=None, last_day=None),))

    with pytest.raises(ClaimNotWritable):
        written(claim)


def test_seven_reasons_of_a_group_are_not_written() -> None:
    claim = next(
        claim_837.read(claim_file([claim_of_shape(SECONDARY, 1)], header=header(), now=NOW).data)
    )
    seven = tuple(Adjustment("CO", str(reason), Decimal(1)) for reason in range(7))
    claim = replace(claim, others=(replace(claim.others[0], adjustments=seven),))

    with pytest.raises(ClaimNotWritable):
        written(claim)


def test_a_value_that_cannot_be_read_is_told_with_its_segment() -> None:
    data = written(
        next(claim_837.read(claim_file([claim_of_shape(OFFICE, 1)], header=header(), now=NOW).data))
    ).replace(b"*UN*1*", b"*UN*ONE*", 1)
    log = ProblemLog()

    (claim,) = claim_837.read(data, log)

    (problem,) = log
    assert (problem.element, problem.segment) == ("SV104", claim.lines[0].segment + 1)
