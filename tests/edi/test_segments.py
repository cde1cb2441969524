"""Any bytes to segments and segments to bytes: separators from the ISA, nothing lost in silence."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.edi.problems import ProblemCode, ProblemLog
from backoffice.edi.segments import (
    MAX_SEGMENT,
    Delimiters,
    EmptySegment,
    NotInCharacterSet,
    SegmentReader,
    Text,
    Writer,
)

ISA = (
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
    b"*260610*0700*^*00501*000000001*0*P*:~"
)
FILE = (
    ISA + b"GS*HC*S*R*20260610*0700*1*X*005010X222A1~ST*837*0001~SE*2*0001~GE*1*1~IEA*1*000000001~"
)


def read(source: bytes, log: ProblemLog | None = None) -> list[list[str]]:
    """All segments' elements."""
    return [segment.elements for segment in SegmentReader(source, log)]


def codes(source: bytes) -> set[str]:
    """What is wrong with the bytes."""
    log = ProblemLog()
    read(source, log)
    return {str(problem.code) for problem in log}


PLAIN = read(FILE)


def test_segments_are_numbered_over_the_whole_file() -> None:
    assert [segment.number for segment in SegmentReader(FILE + FILE)] == list(range(1, 13))


@pytest.mark.parametrize(
    "data",
    [
        FILE.replace(b"~", b"~\r\n"),
        FILE.replace(b"~", b"~\n\n"),
        FILE.replace(b"~", b"~   "),
        FILE.replace(b"~", b"\n"),
        FILE.replace(b"~", b"\r"),
        FILE.replace(b"~", b"\r\n"),
        FILE.replace(b"*", b"|"),
        FILE.replace(b"^", b"!").replace(b"*", b"^"),
        FILE.replace(b"*", b"\x1d").replace(b"~", b"\x1c"),
        b"\xef\xbb\xbf" + FILE,
        b"Dear sirs, your VISA* file:\r\n" + FILE,
        b"   \r\n" + FILE + b"\x1a",
        FILE + b"\n\nthe end",
    ],
    ids=[
        "CRLF after",
        "blank lines",
        "spaces after",
        "LF as terminator",
        "CR as terminator",
        "CRLF, CR being the terminator",
        "bars",
        "caret as separator",
        "control characters as separators",
        "byte order mark",
        "prose before",
        "blanks around and end-of-file mark",
        "prose behind",
    ],
)
def test_odd_files_read_the_same(data: bytes) -> None:
    assert [each for each in read(data) if each[0] != "ISA"] == PLAIN[1:]


def test_components_are_told_by_the_isa() -> None:
    data = FILE.replace(b":~", b">~", 1)

    reader = SegmentReader(data)
    list(reader)

    assert reader.delimiters == Delimiters("*", ">", "~", "^")


def test_a_second_interchange_may_have_other_separators() -> None:
    second = FILE.replace(b"*", b"|").replace(b"~", b"\n").replace(b":", b">")

    assert [each[0] for each in read(FILE + second)] == [each[0] for each in PLAIN] * 2


def test_an_interchange_without_its_end_does_not_swallow_the_next() -> None:
    headless = FILE.replace(b"IEA*1*000000001~", b"")

    assert [each[0] for each in read(headless + FILE)].count("ISA") == 2


@pytest.mark.parametrize("size", [1, 2, 7, 64, 105, 106, 107, 4096])
def test_chunks_of_any_size_read_the_same(size: int) -> None:
    data = b"\xef\xbb\xbfhello " + FILE.replace(b"~", b"~\r\n") + FILE.replace(b"*", b"|")

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    pieces = [segment.elements for segment in SegmentReader(chunks())]

    assert pieces == read(data)
    assert len(pieces) == 12


def test_latin_1_and_utf_8_names_are_read_as_they_are() -> None:
    name = "GS*NUÑEZ~"

    assert ["GS", "NUÑEZ"] in read(ISA + name.encode("latin-1"))
    assert ["GS", "NUÑEZ"] in read(ISA + name.encode("utf-8"))
    assert ProblemCode.NOT_ASCII in codes(ISA + name.encode("latin-1"))


def test_a_file_without_isa_is_read_by_its_st() -> None:
    data = FILE[len(ISA) :].replace(b"*", b"|").replace(b"~", b"\n")

    assert read(data) == PLAIN[1:]
    assert ProblemCode.NO_INTERCHANGE_HEADER in codes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_x12"),
        (b" \r\n", "not_x12"),
        (b"%PDF-1.7 nothing of ours", "not_x12"),
        (b"VISA card ISA", "not_x12"),
        (ISA[:50], "broken_interchange_header"),
        (ISA[:105], "broken_interchange_header"),
        (FILE.replace(b"~SE", b"~~SE"), "empty_segment"),
        (FILE[:-20], "segment_not_terminated"),
        (FILE.replace(b"SENDER  ", b"SENDER"), "broken_interchange_header"),
        (FILE + b"ISA*broken~ST*837*0001~SE*2*0001~", "out_of_place"),
    ],
)
def test_what_is_odd_is_told(data: bytes, code: str) -> None:
    assert code in codes(data)


def test_a_huge_segment_is_left_out_and_told() -> None:
    data = ISA + b"NTE*" + b"A" * (MAX_SEGMENT * 9) + b"~GS*HC~"

    assert read(data)[1:] == [["GS", "HC"]]
    assert "segment_too_long" in codes(data)
    assert [segment.number for segment in SegmentReader(data)] == [1, 3]


def test_a_long_segment_inside_a_block_is_numbered_but_left_out() -> None:
    data = ISA + b"NTE*" + b"A" * (MAX_SEGMENT + 1) + b"~GS*HC~ST*1~"

    assert [segment.number for segment in SegmentReader(iter([data]))] == [1, 3, 4]


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    list(SegmentReader(data))
    list(SegmentReader(ISA + data))
    list(SegmentReader(b"ISA" + data))


# --- writing


def written(*elements: object) -> str:
    """One segment's text."""
    writer = Writer()
    writer.segment("NM1", *elements)  # type: ignore[arg-type]  # odd elements are the test's
    return writer.to_bytes().decode()


def test_trailing_empty_elements_and_components_are_left_out() -> None:
    assert written("85", None, "", ("HC", "90837", "", ""), "", None) == "NM1*85***HC:90837~"


def test_words_are_cleaned_and_told() -> None:
    writer = Writer()

    writer.segment("NM1", "85", Text("  Núñez: Søn*~ & Straße  "))

    assert writer.to_bytes() == b"NM1*85*NUNEZ SON & STRASSE~"
    assert {(change.segment, change.element, change.kind) for change in writer.changes} == {
        (1, "NM102", "accents"),
        (1, "NM102", "characters"),
        (1, "NM102", "blanks"),
    }


def test_upper_case_alone_is_not_told() -> None:
    writer = Writer()

    writer.segment("NM1", Text("Rivera"))

    assert (writer.to_bytes(), writer.changes) == (b"NM1*RIVERA~", [])


@pytest.mark.parametrize("value", ["A*B", "A:B", "A~B", "A^B", "É", "A\nB"])
def test_codes_and_numbers_are_refused_rather_than_changed(value: str) -> None:
    with pytest.raises(NotInCharacterSet) as refusal:
        written("85", value)

    assert "NM102" in str(refusal.value)
    assert value not in str(refusal.value)


def test_an_empty_segment_is_refused() -> None:
    with pytest.raises(EmptySegment):
        written("", None, ("", ""))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6))
def test_no_words_break_a_segment(words: list[str]) -> None:
    writer = Writer()
    writer.segment("NTE", "ADD", *(Text(each) for each in words))

    data = ISA + writer.to_bytes() + b"IEA*1*1~"

    (_, note, _) = SegmentReader(data)
    assert data.isascii()
    assert note.get(1) == "ADD"
    assert len(note.elements) <= len(words) + 2
