"""The clearinghouse in memory: it does as told, and keeps what arrived."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from backoffice.gateways.clearinghouse import (
    Accepted,
    CannotTell,
    ClaimRow,
    Clearinghouse,
    ClearinghouseUnreachable,
    EraListing,
    Found,
    InMemoryClearinghouse,
    NotFound,
    RowMessage,
    Sender,
    Unknown,
    WhyCannotTell,
    WhyUnknown,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_row(pcn: str) -> ClaimRow:
    message = RowMessage("", "A", "A2", "A2:20", "Accepted.", "")
    return ClaimRow(
        patient_control_number=pcn,
        status="A",
        sender=Sender.PAYER,
        sender_name="AETNA",
        clearinghouse_claim_number="7",
        sender_claim_number="E1",
        trace="",
        payer_id="60054",
        file_id="1",
        filename="1.837",
        batch_id="1",
        charge_amount=Decimal("150.00"),
        said_at=NOW,
        messages=(message,),
        raw={},
    )


def test_it_keeps_what_arrives_and_finds_it() -> None:
    clearinghouse: Clearinghouse = (memory := InMemoryClearinghouse())

    assert isinstance(clearinghouse.send(b"x", "1.837"), Accepted)

    assert [receipt.filename for receipt in memory.receipts] == ["1.837"]
    assert isinstance(clearinghouse.find("1.837", since=NOW, now=NOW), Found)
    assert clearinghouse.find("2.837", since=NOW, now=NOW) == NotFound()


@pytest.mark.parametrize("arrives", [True, False])
def test_a_send_ends_as_told_whether_it_arrives_or_not(arrives: bool) -> None:
    memory = InMemoryClearinghouse()
    memory.will_end(Unknown(WhyUnknown.TIMED_OUT), arrives=arrives)

    assert memory.send(b"x", "1.837") == Unknown(WhyUnknown.TIMED_OUT)

    assert len(memory.receipts) == arrives
    assert isinstance(memory.find("1.837", since=NOW, now=NOW), Found if arrives else NotFound)


def test_without_a_query_or_a_connection_it_cannot_tell() -> None:
    memory = InMemoryClearinghouse()
    memory.has_query = False
    assert memory.find("1", since=NOW, now=NOW) == CannotTell(WhyCannotTell.NO_QUERY)

    memory.is_down = True
    assert memory.find("1", since=NOW, now=NOW) == CannotTell(WhyCannotTell.NOT_REACHED)
    with pytest.raises(ClearinghouseUnreachable):
        memory.responses("0")


def test_rows_stand_behind_a_cursor_in_the_order_they_were_said() -> None:
    memory = InMemoryClearinghouse()
    memory.says(a_row("PCN1"))
    first = memory.responses("0")
    memory.says(a_row("PCN2"))

    second = memory.responses(first.cursor)

    assert [row.patient_control_number for row in second.rows] == ["PCN2"]
    assert second.grew
    assert not memory.responses(second.cursor).grew


def test_remittances_are_listed_and_fetched() -> None:
    memory = InMemoryClearinghouse()
    listing = EraListing("1", "60054", "AETNA", "T1", Decimal("10.00"), date(2026, 11, 20), {})
    memory.offers(b"ISA", listing)

    page = memory.eras("0")

    assert memory.fetch_era(page.eras[0].era_id) == b"ISA"
    assert memory.eras(page.cursor).eras == ()
