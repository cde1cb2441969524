"""Any bytes at all are answered: kind, counts, sums, balance, problems; never an exception."""

import re
import resource
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.edi import ack_277, ack_999, ack_ta1, claim_837, remittance_835
from backoffice.edi.problems import ProblemLog
from backoffice.edi.survey import Kind, survey
from backoffice.services.claim_files import facts_in, scrub_problems
from tests.edi.mutations import OFFICE, SECONDARY, good
from tests.edi.shapes import TODAY

OURS = Path(__file__).parent.parent / "samples"
SHARED = Path("../shared/samples")
KINDS = {
    "837P": "837P",
    "835": "835",
    "999": "999",
    "277CA": "277CA",
    "277": "other",
    "276": "other",
    "270": "other",
    "271": "other",
}
EVERYBODYS: list[Any] = [
    path for folder in KINDS for path in sorted((SHARED / folder).glob("*")) if path.is_file()
] or [pytest.param(Path(), marks=pytest.mark.skip("no ../shared/samples here"))]
CRASHERS = sorted((OURS / "crashers").iterdir())


def counted(data: bytes, name: bytes) -> int:
    """How many segments of a name the bytes hold, by the plainest means."""
    separator = re.search(rb"(?:ISA|ST)([^A-Za-z0-9])", data)
    assert separator is not None
    sep = re.escape(separator[1])
    return len(re.findall(rb"(?:^|[^A-Za-z0-9 ])\s*" + name + sep, data))


def everything_read(data: bytes) -> None:
    """Every reader of ours over the same bytes."""
    list(claim_837.read(data))
    claim_837.validate(data)
    list(remittance_835.read(data))
    list(ack_999.read(data))
    list(ack_277.read(data))
    list(ack_ta1.read(data))
    survey(data, check_form=True, watch=_scrubbed)


def _scrubbed(claim: claim_837.Claim, log: ProblemLog) -> None:
    for problem in scrub_problems(claim, on=TODAY):
        log.keep(problem)


@pytest.mark.parametrize("path", EVERYBODYS, ids=lambda path: path.name)
def test_everybodys_samples_are_read_with_the_counts_that_their_bytes_hold(path: Path) -> None:
    data = path.read_bytes()

    found = survey(data)

    assert found.kind == KINDS[path.parent.name]
    assert found.transactions == counted(data, b"ST")
    if found.kind is Kind.CLAIM:
        assert found.claims == counted(data, b"CLM")
    elif found.kind is Kind.REMITTANCE:
        assert found.claims == counted(data, b"CLP")
    everything_read(data)


@pytest.mark.parametrize(
    ("name", "kind", "claims"),
    [
        ("recoupment_wo_72_fb.835", "835", 1),
        ("denied_deductible_forwarded_two_payments.835", "835", 4),
        ("accepted_rejected_split.277", "277CA", 4),
        ("partly_accepted.999", "999", 0),
        ("accepted_and_rejected.ta1", "TA1", 0),
    ],
)
def test_our_own_samples_are_what_their_names_say(name: str, kind: str, claims: int) -> None:
    found = survey((OURS / name).read_bytes())

    assert (found.kind, found.claims, found.problems) == (kind, claims, ())


def test_sums_are_exact() -> None:
    data = good(OFFICE)
    charged = sum((claim.charge_amount for claim in facts_in(data)), Decimal(0))

    found = survey(data)

    assert (found.charged, found.paid, found.balanced) == (charged, None, True)


def test_an_unbalanced_remittance_is_not_called_balanced() -> None:
    found = survey((OURS / "out_of_balance_on_three_levels.835").read_bytes())

    assert found.balanced is False
    assert (found.charged, found.paid) == (Decimal("200.00"), Decimal("120.00"))


def test_several_kinds_in_one_file_are_told() -> None:
    data = good() + (OURS / "partly_accepted.999").read_bytes()

    found = survey(data)

    assert (found.kind, found.transactions) == (Kind.CLAIM, 2)
    assert "mixed_kinds" in {problem.code for problem in found.problems}


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: path.name)
def test_what_once_broke_a_reader_breaks_none(path: Path) -> None:
    everything_read(path.read_bytes())


@pytest.mark.parametrize(
    "data",
    [
        good(OFFICE),
        good(SECONDARY),
        (OURS / "recoupment_wo_72_fb.835").read_bytes(),
        (OURS / "accepted_rejected_split.277").read_bytes(),
        (OURS / "partly_accepted.999").read_bytes(),
        (OURS / "accepted_and_rejected.ta1").read_bytes(),
    ],
    ids=["837P", "837P secondary", "835", "277CA", "999", "TA1"],
)
def test_a_file_cut_at_any_segment_is_told_to_be_cut(data: bytes) -> None:
    ends = [place + 1 for place in range(len(data)) if data[place : place + 1] == b"~"]
    for end in ends[:-1]:
        for cut in (end, end + 2):
            found = survey(data[:cut], check_form=True)

            assert found.has_errors
            everything_read(data[:cut])


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_raises(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [good(OFFICE), good(SECONDARY), *(each.read_bytes() for each in OURS.glob("*.*"))]
        )
    )
    bad = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(bad) - 1))
        bad[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))

    everything_read(bytes(bad))


@given(st.lists(st.sampled_from(["CLM", "SV1", "HI", "NM1", "SVC", "CAS", "PLB", "STC", "IK4"])))
@settings(max_examples=40, deadline=None)
def test_bare_segment_names_in_any_order_raise_nothing(names: list[str]) -> None:
    head = good()[: good().index(b"~ST*") + 1]
    for set_id in (b"837", b"835", b"277", b"999"):
        body = b"~".join(each.encode() for each in names)

        everything_read(head + b"ST*" + set_id + b"*0001~" + body + b"~SE*1*0001~")


def test_a_large_file_stays_within_bounds() -> None:
    """Twenty megabytes: a header, and claims that never end, arriving in chunks."""
    head = good()[: good().index(b"~CLM*") + 1]
    line = b"LX*1~SV1*HC:90837*100*UN*1***1~DTP*472*D8*20260525~REF*6R*L1~" * 1000
    claim = b"CLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F411~"

    def chunks() -> Iterator[bytes]:
        yield head + claim
        for _ in range(330):
            yield line

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    found = survey(chunks())

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert found.claims == 1
    assert "loop_repeated" in {problem.code for problem in found.problems}
    assert grown < 150_000  # kilobytes


def test_an_837_of_another_kind_is_no_professional_claim() -> None:
    data = good().replace(b"005010X222A1", b"005010X223A2")

    read, checked = survey(data), survey(data, check_form=True)

    assert (read.kind, read.problems) == (Kind.OTHER, ())
    assert [problem.code for problem in checked.problems] == ["wrong_guide"]


def test_an_interchange_of_nothing_is_told_to_be_empty() -> None:
    isa = good()[:106]

    found = survey(isa + b"IEA*0*000000001~")

    assert [problem.code for problem in found.problems] == ["no_content"]


def test_problems_are_counted_beyond_those_kept() -> None:
    data = good()[: good().index(b"~CLM*") + 1] + b"ZZZ*1~" * 5000

    found = survey(data, check_form=True)

    assert len(found.problems) == 1000
    assert found.left_out > 4000
    assert found.has_errors
