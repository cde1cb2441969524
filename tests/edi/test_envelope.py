"""Interchanges, groups and sets: written right by themselves, and every wrong one told."""

from dataclasses import replace
from datetime import date, time

import pytest

from backoffice.edi.envelope import (
    BadEnvelope,
    EnvelopeReader,
    EnvelopeWriter,
    Group,
    Interchange,
    InterchangeReply,
    TransactionSet,
)
from backoffice.edi.problems import ProblemLog
from backoffice.edi.segments import Delimiters

DAY, CLOCK = date(2026, 6, 10), time(7, 5)
GROUP = Group("HC", "SENDER", "RECEIVER", "7", DAY, CLOCK, "005010X222A1")


HEADER = Interchange("SENDER", "RECEIVER", "000000042", DAY, CLOCK)


def a_file(sets: int = 2, groups: int = 1) -> bytes:
    out = EnvelopeWriter(HEADER)
    for number in range(1, groups + 1):
        with out.group(Group("HC", "S1", "R1", str(number), DAY, CLOCK, "005010X222A1")):
            for each in range(1, sets + 1):
                with out.transaction_set("837", f"{each:04}", "005010X222A1"):
                    out.add("BHT", "0019", "00", f"B{each}")
    return out.finish()


def problems_in(data: bytes) -> list[tuple[str, str, int | None]]:
    log = ProblemLog()
    for unit in EnvelopeReader(data, log):
        assert isinstance(unit, TransactionSet | InterchangeReply)
    return [(problem.code, problem.element, problem.segment) for problem in log]


def test_counts_and_control_numbers_write_themselves() -> None:
    data = a_file(sets=3, groups=2).decode()

    assert data.startswith("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *")
    assert data[105] == "~"
    assert data.count("SE*3*") == 6
    assert "GE*3*1~" in data
    assert data.endswith("GE*3*2~IEA*2*000000042~")
    assert problems_in(data.encode()) == []


def test_what_the_header_says_is_read_back() -> None:
    (first, second) = EnvelopeReader(a_file()).transaction_sets()

    assert first.interchange is not None
    assert first.group is not None
    assert (first.interchange.sender_id, first.interchange.control_number) == (
        "SENDER",
        "000000042",
    )
    assert (first.interchange.day, first.interchange.clock) == (DAY, CLOCK)
    assert (first.group.functional_id, first.group.control_number) == ("HC", "1")
    assert (first.set_id, first.control_number, first.guide) == ("837", "0001", "005010X222A1")
    assert (first.segment, second.segment) == (3, 6)


def test_a_set_that_was_not_read_is_read_past() -> None:
    names = []
    for transaction in EnvelopeReader(a_file(sets=3)).transaction_sets():
        if transaction.control_number == "0002":
            names = [segment.id for segment in transaction.segments]

    assert names == ["ST", "BHT", "SE"]


def test_a_ta1_stands_between_interchange_and_group() -> None:
    out = EnvelopeWriter(HEADER)
    out.add("TA1", "000000001", "260609", "0930", "A", "000")
    data = out.finish()

    (reply,) = EnvelopeReader(data)

    assert isinstance(reply, InterchangeReply)
    assert reply.segment.get(1) == "000000001"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("SE*3*0002", "SE*4*0002", ("count_mismatch", "SE01", 8)),
        ("SE*3*0002", "SE*3*0001", ("control_number_mismatch", "SE02", 8)),
        ("SE*3*0002", "SE*X*0002", ("count_mismatch", "SE01", 8)),
        ("GE*2*1", "GE*3*1", ("count_mismatch", "GE01", 9)),
        ("GE*2*1", "GE*2*8", ("control_number_mismatch", "GE02", 9)),
        ("IEA*1*", "IEA*2*", ("count_mismatch", "IEA01", 10)),
        ("IEA*1*000000042", "IEA*1*42", ("control_number_mismatch", "IEA02", 10)),
        ("SE*3*0001~", "", ("truncated", "SE", 3)),
        ("GE*2*1~", "", ("truncated", "GE", 2)),
        ("IEA*1*000000042~", "", ("truncated", "IEA", 1)),
        ("SE*3*0001~", "SE*3*0001~REF*1~", ("out_of_place", "", 6)),
        ("ST*837*0002", "ST*837*0001", ("control_number_repeated", "ST02", 6)),
        ("ST*837*0002*005010X222A1", "ST*837*0002*X", ("wrong_guide", "ST03", 6)),
        ("GS*HC", "GS*HP", ("bad_envelope_value", "GS01", 2)),
        ("*260610*0705", "*269910*0705", ("bad_envelope_value", "ISA09", 1)),
        ("*260610*0705", "*260610*2505", ("bad_envelope_value", "ISA10", 1)),
        ("*0*P*:", "*0*Q*:", ("bad_envelope_value", "ISA15", 1)),
        ("*00501*", "*00401*", ("bad_envelope_value", "ISA12", 1)),
    ],
)
def test_every_wrong_wrapping_is_told_with_its_segment(
    old: str, new: str, problem: tuple[str, str, int]
) -> None:
    data = a_file().decode()
    assert old in data

    assert problem in problems_in(data.replace(old, new, 1).encode())


def test_the_same_interchange_twice_is_wondered_at() -> None:
    assert ("control_number_repeated", "ISA13", 11) in problems_in(a_file() + a_file())


@pytest.mark.parametrize(
    "header",
    [
        replace(HEADER, control_number="42"),
        replace(HEADER, control_number="00000004X"),
        replace(HEADER, usage="X"),
        replace(HEADER, sender_id=""),
        replace(HEADER, receiver_id="MORE-THAN-15-CHARACTERS"),
        replace(HEADER, day=None),
        replace(HEADER, clock=None),
    ],
)
def test_a_header_that_x12_cannot_carry_is_refused(header: Interchange) -> None:
    with pytest.raises(BadEnvelope):
        EnvelopeWriter(header)


@pytest.mark.parametrize("number", ["", "0", "07", "1234567890", "A1"])
def test_a_group_number_has_no_leading_zeros(number: str) -> None:
    out = EnvelopeWriter(HEADER)
    group = Group("HC", "S", "R", number, DAY, CLOCK, "005010X222A1")

    with pytest.raises(BadEnvelope), out.group(group):
        pass


@pytest.mark.parametrize("number", ["1", "123", "1234567890", "00-1"])
def test_a_set_number_is_four_to_nine_letters_or_digits(number: str) -> None:
    out = EnvelopeWriter(HEADER)

    with pytest.raises(BadEnvelope), out.transaction_set("837", number):
        pass


def test_other_delimiters_are_written_and_read() -> None:
    delimiters = Delimiters("|", ">", "'", "!")
    header = Interchange("SENDER", "RECEIVER", "000000042", DAY, CLOCK, delimiters=delimiters)
    out = EnvelopeWriter(header)
    with out.group(GROUP), out.transaction_set("837", "0001", "005010X222A1"):
        out.add("SV1", ("HC", "90837"), "1*2")

    only = next(EnvelopeReader(out.finish()).transaction_sets())

    assert only.delimiters == delimiters
    assert [segment.elements for segment in only.segments][1] == ["SV1", "HC>90837", "1*2"]
