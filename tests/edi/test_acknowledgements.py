"""999, 277CA and TA1: what became of our files and claims, read as it was written."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from backoffice.edi import ack_277, ack_999, ack_ta1
from backoffice.edi.ack_277 import StatusCode
from backoffice.edi.problems import ProblemLog
from tests.edi import oracles
from tests.edi.mutations import OFFICE, broken, good, put

SAMPLES = Path(__file__).parent.parent / "samples"


def test_a_999_says_which_sets_were_taken_and_why_not() -> None:
    (ack,) = ack_999.read((SAMPLES / "partly_accepted.999").read_bytes())

    assert (ack.functional_id, ack.group_control_number, ack.verdict) == ("HC", "1", "P")
    assert (ack.included, ack.received, ack.accepted) == (3, 3, 2)
    assert [(each.control_number, each.verdict) for each in ack.sets] == [
        ("0001", "R"),
        ("0002", "E"),
        ("0003", "A"),
    ]
    assert [each.is_accepted for each in ack.sets] == [False, True, True]
    (error,) = ack.sets[0].errors
    assert (error.segment_id, error.position, error.loop, error.code) == ("CLM", 19, "2300", "8")
    assert error.patient_control_number == "C000000101A1"
    (element,) = error.elements
    assert (element.element, element.component, element.code) == (5, 1, "7")
    assert ack.sets[0].codes == ("5",)


def test_the_bad_value_of_a_999_is_not_kept() -> None:
    (ack,) = ack_999.read((SAMPLES / "partly_accepted.999").read_bytes())

    assert not hasattr(ack.sets[0].errors[0].elements[0], "value")


def test_pyx12s_own_999_of_a_good_file_accepts_it() -> None:
    (ack,) = ack_999.read(oracles.pyx12_999(good()))

    assert (ack.verdict, ack.sets[0].verdict, ack.sets[0].control_number) == ("A", "A", "0001")
    assert ack.accepted == 1


@pytest.mark.parametrize(
    ("begins", "place", "value", "code"),
    [
        ("CLM", 5, "00:B:7", "7"),
        ("DMG", 2, "19621310", "8"),
        ("CLM", 6, "X", "7"),
        ("CLM", 1, "A" * 39, "5"),
        ("SV1", 4, "", "1"),
    ],
)
def test_pyx12s_own_999_of_a_bad_file_names_the_segment_and_the_element(
    begins: str, place: int, value: str, code: str
) -> None:
    (ack,) = ack_999.read(oracles.pyx12_999(broken(put(begins, place, value), OFFICE)))

    assert (ack.verdict, ack.sets[0].verdict, ack.accepted) == ("R", "R", 0)
    errors = [each for each in ack.sets[0].errors if each.segment_id == begins]
    found = [(each.element, each.code) for error in errors for each in error.elements]
    assert (place, code) in found


def test_a_277ca_says_which_claims_were_taken() -> None:
    log = ProblemLog()

    (report,) = ack_277.read((SAMPLES / "accepted_rejected_split.277").read_bytes(), log)

    assert report.batch_trace == "B00000001"
    assert report.kind == "TH"
    assert [each.level for each in report.levels] == ["21", "19"]
    assert report.levels[0].statuses[0].category == "A1"
    taken, refused, returned, split = report.claims
    assert taken.patient_control_number == "C000000101A1"
    assert taken.payer_claim_control_number == "26161000101"
    assert taken.trace == "T00000101"
    assert taken.member_id == "W123456789"
    assert (taken.statuses[0].category, taken.statuses[0].action) == ("A2", "WQ")
    assert taken.statuses[0].amount == Decimal("200.00")
    assert taken.first_day == date(2026, 5, 20)
    assert refused.statuses[0].codes == (
        StatusCode("A7", "562", "85"),
        StatusCode("A7", "500", "IL"),
        StatusCode("A3", "21", "82"),
    )
    assert refused.statuses[0].words == "BILLING NPI NOT ON FILE"
    assert refused.last_day == date(2026, 5, 20)
    (line,) = refused.lines
    assert (line.procedure_code, line.line_control_number) == ("90837", "L1")
    assert line.statuses[0].codes == (StatusCode("A7", "455", "82"),)
    assert returned.statuses[0].category == "A3"
    assert (split.statuses[0].category, split.payer_claim_control_number) == ("A5", "26161000198")
    assert len(log) == 0


def test_other_separators_in_a_277ca_change_nothing() -> None:
    data = (SAMPLES / "accepted_rejected_split.277").read_bytes()
    other = data.replace(b"^", b"!").replace(b":", b">").replace(b"*", b"|")

    (ours,), (theirs,) = ack_277.read(data), ack_277.read(other)

    assert ours.claims == theirs.claims


def test_a_ta1_names_our_interchange() -> None:
    taken, refused = ack_ta1.read((SAMPLES / "accepted_and_rejected.ta1").read_bytes())

    assert (taken.control_number, taken.verdict, taken.note) == ("000000001", "A", "000")
    assert (taken.day, taken.clock) == (date(2026, 6, 9), time(9, 30))
    assert taken.is_accepted
    assert (refused.control_number, refused.verdict, refused.note) == ("000000002", "R", "025")
    assert not refused.is_accepted


@pytest.mark.parametrize("part", ["AK1", "AK9"])
def test_a_999_without_its_frame_is_told(part: str) -> None:
    data = (SAMPLES / "partly_accepted.999").read_bytes()
    lines = [each for each in data.split(b"\n") if not each.startswith(part.encode())]
    log = ProblemLog()

    (ack,) = ack_999.read(b"\n".join(lines), log)

    assert part in {problem.element for problem in log}
    assert len(ack.sets) == 3
