"""Claim.MD's answers in all the forms they are known to come in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backoffice.gateways.clearinghouse import ClearinghouseAnswerUnreadable, Sender, answers

OWN = frozenset({"CLAIMMD"})


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ({}, []),
        ({"error": ""}, []),
        ({"error": []}, []),
        ({"error": "Something went wrong"}, ["unnumbered"]),
        ({"error": {"error_code": "20", "error_mesg": "Invalid"}}, ["20"]),
        ({"error": {"error_code": 20, "error_message": "Invalid"}}, ["20"]),
        ({"error": [{"error_code": "1"}, {"error_mesg": "no number"}]}, ["1", "unnumbered"]),
    ],
)
def test_errors_come_as_an_object_a_list_or_words(answer: dict[str, Any], codes: list[str]) -> None:
    assert [error.code for error in answers.errors_in(answer)] == codes


def test_both_names_of_an_errors_words_are_read() -> None:
    answer = {"error": [{"error_code": "1", "error_mesg": "a"}, {"error_message": "b"}]}

    assert [error.words for error in answers.errors_in(answer)] == ["a", "b"]


@pytest.mark.parametrize("body", [b"", b"<x/>", b"[]", b'"ok"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(ClearinghouseAnswerUnreadable):
        answers.answer_in(body)


def test_an_amount_is_never_a_float() -> None:
    (row,) = answers.claim_rows(answers.answer_in(b'{"claim": {"total_charge": 0.10}}'), OWN)

    assert row.charge_amount == Decimal("0.10")


@pytest.mark.parametrize("amount", ["", None, "12.345", "1,000", "NaN", "Infinity", "abc", True])
def test_what_is_no_exact_amount_is_none(amount: object) -> None:
    assert answers.amount(amount) is None


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-08-05 09:14:00AM", datetime(2026, 8, 5, 13, 14, tzinfo=UTC)),
        ("2026-12-05 12:00:00AM", datetime(2026, 12, 5, 5, 0, tzinfo=UTC)),
        ("2026-12-05 12:30:00PM", datetime(2026, 12, 5, 17, 30, tzinfo=UTC)),
        ("2026-11-01 01:30:00AM", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # the doubled hour
        ("2026-08-05 14:30:00", datetime(2026, 8, 5, 18, 30, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_an_eastern_wall_time_becomes_a_moment(wall: str, moment: datetime | None) -> None:
    assert answers.moment(wall) == moment


@pytest.mark.parametrize("day", ["2026-11-05", "11-05-2026", "11/05/2026", "20261105"])
def test_a_day_is_read_in_each_of_the_vendors_forms(day: str) -> None:
    assert answers.day(day) == date(2026, 11, 5)


def test_messages_of_one_come_as_an_object_and_of_many_as_a_list() -> None:
    one = {"claim": {"pcn": "A", "messages": {"responseid": 7, "status": "a"}}}
    many = {"claim": [{"pcn": "A", "messages": [{"responseid": "7"}, {"responseid": "8"}]}]}

    assert [m.response_id for row in answers.claim_rows(one, OWN) for m in row.messages] == ["7"]
    assert answers.claim_rows(one, OWN)[0].messages[0].status == "A"
    assert [m.response_id for row in answers.claim_rows(many, OWN) for m in row.messages] == [
        "7",
        "8",
    ]


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("CLAIM.MD", Sender.CLEARINGHOUSE),
        ("Claim MD", Sender.CLEARINGHOUSE),
        ("AETNA", Sender.PAYER),
        ("", Sender.UNSAID),
    ],
)
def test_the_senders_name_tells_who_speaks(name: str, sender: Sender) -> None:
    (row,) = answers.claim_rows({"claim": {"sender_name": name}}, OWN)

    assert row.sender is sender


@pytest.mark.parametrize(
    ("message_id", "category"),
    [("A2:20", "A2"), ("A7:164:IL", "A7"), ("R3:21", "R3"), ("1234", ""), ("", ""), ("A2", "")],
)
def test_a_category_is_read_only_from_a_status_code_string(message_id: str, category: str) -> None:
    (row,) = answers.claim_rows({"claim": {"messages": {"mesgid": message_id}}}, OWN)

    assert row.messages[0].category == category


def test_a_row_shows_no_phi_when_it_is_printed() -> None:
    entry = {"pcn": "PCN1", "ins_number": "W999", "messages": {"message": "ADA SAMPLE unknown"}}

    (row,) = answers.claim_rows({"claim": entry}, OWN)

    assert "W999" not in repr(row)
    assert "SAMPLE" not in repr(row)
    assert row.raw["ins_number"] == "W999"


@pytest.mark.parametrize(
    ("cursor", "said", "after"),
    [
        ("", "5", ("5", True)),
        ("0", 5, ("5", True)),
        ("5", "5", ("5", False)),
        ("9", "10", ("10", True)),
        ("10", "9", ("10", False)),
        ("5", "", ("5", False)),
        ("5", "soon", ("5", False)),
    ],
)
def test_a_cursor_only_grows(cursor: str, said: object, after: tuple[str, bool]) -> None:
    assert answers.cursor_after(cursor, {"last": said}, "last") == after


def test_a_remittance_without_its_id_is_unreadable() -> None:
    with pytest.raises(ClearinghouseAnswerUnreadable):
        answers.era_listings({"era": [{"check_number": "1"}]})


def test_a_payers_list_is_found_under_whatever_name() -> None:
    for key in ("payer", "PayerList", "payers"):
        (payer,) = answers.payer_listings({key: {"payerid": "1", "payer_name": "X", "era": "yes"}})
        assert payer.services == {"era": "yes"}


def test_an_enrollment_without_a_link_is_unreadable() -> None:
    with pytest.raises(ClearinghouseAnswerUnreadable):
        answers.link_in({"enroll": {"status": "ok"}})
