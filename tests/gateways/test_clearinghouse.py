"""The Claim.MD gateway over HTTP: each way a send can end, each way the other side can go wrong."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from backoffice.gateways.clearinghouse import (
    Accepted,
    CannotTell,
    ClaimMd,
    ClearinghouseAnswerUnreadable,
    ClearinghouseAskedForPatience,
    ClearinghouseRefused,
    ClearinghouseUnreachable,
    EnrollmentKind,
    EnrollmentRequest,
    Found,
    NotAccepted,
    NotFound,
    Pace,
    Patience,
    Refused,
    Sender,
    Unknown,
    WhyCannotTell,
    WhyNotAccepted,
    WhyUnknown,
)
from backoffice.sandbox.clearinghouse import Options, SandboxClearinghouse
from tests.sandbox.claim_files import a_claim, a_file, name_of

KEY = "sandbox-key"
HASTY = Patience(connect=1.0, silence=0.4, whole=0.8)
FILE = a_file(1, a_claim("PCN1"))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxClearinghouse]:
    options = Options(tmp_path, (KEY,), seconds_per_day=10_000, pyx12_every=0)
    with SandboxClearinghouse(options) as running:
        yield running


@pytest.fixture
def gateway(sandbox: SandboxClearinghouse) -> ClaimMd:
    return ClaimMd(sandbox.url, KEY, patience=HASTY, pace=Pace(limit=100_000))


def pull(sandbox: SandboxClearinghouse, lever: str, **said: Any) -> None:
    requests.post(f"{sandbox.control_url}/{lever}", json=said, timeout=10).raise_for_status()


def receipts(sandbox: SandboxClearinghouse) -> dict[str, int]:
    answer = requests.get(f"{sandbox.control_url}/receipts", timeout=10).json()
    return dict(answer["claims"])


def find(gateway: ClaimMd, filename: str = name_of(1)) -> Any:
    now = datetime.now(UTC)
    return gateway.find(filename, since=now - timedelta(hours=1), now=now)


@contextlib.contextmanager
def a_server_that_says(answer: bytes) -> Iterator[str]:
    """A listening socket that gives each caller the same bytes; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    caller, _ = listening.accept()
                    with caller:
                        caller.settimeout(0.3)
                        with contextlib.suppress(TimeoutError):
                            while caller.recv(65536):
                                pass
                        caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/services"
        finally:
            stopping.set()
            thread.join()


def http(status: str, body: bytes = b"", headers: bytes = b"") -> bytes:
    head = f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


# --- how a send ends


def test_a_good_file_is_accepted_with_a_row_for_each_claim(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    ending = gateway.send(FILE, name_of(1))

    assert isinstance(ending, Accepted)
    (row,) = ending.rows
    assert (row.patient_control_number, row.trace) == ("PCN1", "TPCN1")
    assert row.sender is Sender.CLEARINGHOUSE
    assert row.raw["pcn"] == "PCN1"
    assert receipts(sandbox) == {"PCN1": 1}


def test_an_error_object_is_a_refusal_and_says_no_phi(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    pull(sandbox, "misbehave", misdeed="refuse")

    ending = gateway.send(FILE, name_of(1))

    assert isinstance(ending, Refused)
    assert [error.code for error in ending.errors] == ["9000"]
    assert not ending.concerns_the_account
    assert "as told" not in repr(ending)
    assert receipts(sandbox) == {}


def test_a_wrong_key_concerns_the_account_and_not_the_file(sandbox: SandboxClearinghouse) -> None:
    ending = ClaimMd(sandbox.url, "wrong").send(FILE, name_of(1))

    assert isinstance(ending, Refused)
    assert ending.concerns_the_account


@pytest.mark.parametrize(
    ("misdeed", "why"),
    [
        ("rate_limit", WhyNotAccepted.RATE_LIMITED),
        ("unavailable", WhyNotAccepted.UNAVAILABLE),
    ],
)
def test_429_and_503_are_not_accepted_and_say_when_to_come_again(
    gateway: ClaimMd, sandbox: SandboxClearinghouse, misdeed: str, why: WhyNotAccepted
) -> None:
    pull(sandbox, "misbehave", misdeed=misdeed, seconds=7)

    ending = gateway.send(FILE, name_of(1))

    assert ending == NotAccepted(why, retry_after_seconds=7.0)
    assert receipts(sandbox) == {}


def test_a_refused_connection_is_not_accepted(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    pull(sandbox, "down", seconds=30)
    wait_until_down(sandbox)

    assert gateway.send(FILE, name_of(1)) == NotAccepted(WhyNotAccepted.NO_CONNECTION)


def wait_until_down(sandbox: SandboxClearinghouse) -> None:
    for _ in range(200):
        try:
            requests.get(f"{sandbox.control_url}/clock", timeout=1)
        except requests.ConnectionError:
            return
    pytest.fail("the sandbox did not go down")


def test_it_comes_back_after_going_down(gateway: ClaimMd, sandbox: SandboxClearinghouse) -> None:
    pull(sandbox, "down", seconds=0.3)
    wait_until_down(sandbox)

    for _ in range(200):
        if isinstance(gateway.send(FILE, name_of(1)), Accepted):
            break
        time.sleep(0.05)
    assert receipts(sandbox) == {"PCN1": 1}


@pytest.mark.parametrize(
    ("misdeed", "seconds", "why", "taken"),
    [
        ("time_out_before", 1, WhyUnknown.TIMED_OUT, False),
        ("accept_then_silence", 1, WhyUnknown.TIMED_OUT, True),
        ("reset_before", 0, WhyUnknown.CONNECTION_LOST, False),
        ("accept_then_reset", 0, WhyUnknown.CONNECTION_LOST, True),
        ("fail_before", 0, WhyUnknown.SERVER_FAILED, False),
        ("accept_then_500", 0, WhyUnknown.SERVER_FAILED, True),
        ("accept_then_half", 0, WhyUnknown.CONNECTION_LOST, True),
        ("wrong_claims", 0, WhyUnknown.ANSWER_NOT_ABOUT_OUR_FILE, True),
    ],
)
def test_what_cannot_be_known_is_unknown_and_the_list_tells(
    gateway: ClaimMd,
    sandbox: SandboxClearinghouse,
    misdeed: str,
    seconds: float,
    why: WhyUnknown,
    taken: bool,
) -> None:
    pull(sandbox, "misbehave", misdeed=misdeed, seconds=seconds)

    ending = gateway.send(FILE, name_of(1))

    assert ending == Unknown(why)
    assert receipts(sandbox) == ({"PCN1": 1} if taken else {})
    assert isinstance(find(gateway), Found if taken else NotFound)


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (http("200 OK", b"<html>busy</html>"), Unknown(WhyUnknown.ANSWER_UNREADABLE)),
        (http("200 OK", b"{}"), Unknown(WhyUnknown.ANSWER_UNREADABLE)),
        (http("200 OK", b'{"claim": ["PCN1"]}'), Unknown(WhyUnknown.ANSWER_UNREADABLE)),
        (http("302 Found", headers=b"Location: /x\r\n"), Unknown(WhyUnknown.SERVER_FAILED)),
        (http("408 Request Timeout"), Unknown(WhyUnknown.SERVER_FAILED)),
        (http("504 Gateway Timeout"), Unknown(WhyUnknown.SERVER_FAILED)),
        (b"", Unknown(WhyUnknown.CONNECTION_LOST)),
        (b"not http at all\r\n\r\n", Unknown(WhyUnknown.CONNECTION_LOST)),
    ],
)
def test_strange_answers_leave_a_send_unknown(answer: bytes, ending: Unknown) -> None:
    with a_server_that_says(answer) as url:
        assert ClaimMd(url, KEY).send(FILE, name_of(1)) == ending


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "413 Too Large"])
def test_a_4xx_is_a_refusal(status: str) -> None:
    with a_server_that_says(http(status)) as url:
        ending = ClaimMd(url, KEY).send(FILE, name_of(1))

    assert isinstance(ending, Refused)
    assert ending.errors[0].code == f"HTTP {status[:3]}"


def test_an_answer_with_claims_and_errors_is_accepted_and_keeps_both() -> None:
    body = b'{"claim": {"pcn": "PCN1", "status": "A"}, "error": [{"error_code": "5"}]}'
    with a_server_that_says(http("200 OK", body)) as url:
        ending = ClaimMd(url, KEY).send(FILE, name_of(1))

    assert isinstance(ending, Accepted)
    assert [error.code for error in ending.errors] == ["5"]


def test_a_trickling_answer_ends_with_our_patience() -> None:
    slow = b"HTTP/1.0 200 OK\r\n\r\n"
    patience = Patience(connect=1, silence=1, whole=0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopping = threading.Event()

        def trickle() -> None:
            caller, _ = listening.accept()
            with caller, contextlib.suppress(OSError):
                caller.sendall(slow)
                while not stopping.wait(0.05):
                    caller.sendall(b" " * 65536)

        thread = threading.Thread(target=trickle)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        ending = ClaimMd(url, KEY, patience=patience).send(FILE, name_of(1))
        stopping.set()
        thread.join()

    assert ending == Unknown(WhyUnknown.TIMED_OUT)


# --- finding what was sent


def test_a_file_is_found_among_hundreds_by_its_name(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    for number in range(1, 206):
        gateway.send(a_file(number, a_claim(f"PCN{number}")), name_of(number))

    found = find(gateway, name_of(205))

    assert isinstance(found, Found)
    assert found.inbound_id == "205"
    assert found.uploaded_at is not None
    assert abs(found.uploaded_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert find(gateway, name_of(999)) == NotFound()


def test_a_file_is_found_though_the_payers_clock_runs_ahead(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    pull(sandbox, "clock", days=40)
    gateway.send(FILE, name_of(1))

    assert isinstance(find(gateway), Found)


def test_a_list_that_lags_says_not_found_for_what_was_taken(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    gateway.send(FILE, name_of(1))
    pull(sandbox, "misbehave", misdeed="lag", service="uploadlist", seconds=60, times=-1)

    assert find(gateway) == NotFound()


@pytest.mark.parametrize(
    ("misdeed", "why"),
    [
        ("no_query", WhyCannotTell.NO_QUERY),
        ("refuse", WhyCannotTell.REFUSED),
        ("unavailable", WhyCannotTell.NOT_REACHED),
        ("fail_before", WhyCannotTell.NOT_REACHED),
        ("accept_then_half", WhyCannotTell.NOT_REACHED),
    ],
)
def test_a_list_that_cannot_be_read_whole_tells_nothing(
    gateway: ClaimMd, sandbox: SandboxClearinghouse, misdeed: str, why: WhyCannotTell
) -> None:
    gateway.send(FILE, name_of(1))
    pull(sandbox, "misbehave", misdeed=misdeed, service="uploadlist", times=-1)

    assert find(gateway) == CannotTell(why)


def test_a_list_that_is_not_json_tells_nothing() -> None:
    with a_server_that_says(http("200 OK", b"<html>")) as url:
        assert find(ClaimMd(url, KEY)) == CannotTell(WhyCannotTell.UNREADABLE)


# --- what came back


def test_responses_advance_until_the_cursor_stops_growing(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    gateway.send(a_file(1, *[a_claim(f"PCN{i}") for i in range(10)]), name_of(1))

    first = gateway.responses("")
    second = gateway.responses(first.cursor)

    assert len(first.rows) == 10
    assert first.grew
    assert (second.rows, second.cursor, second.grew) == ((), first.cursor, False)


def test_a_repeated_answer_does_not_move_the_cursor(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    gateway.send(FILE, name_of(1))
    first = gateway.responses("0")
    pull(sandbox, "misbehave", misdeed="repeat", service="response")

    again = gateway.responses(first.cursor)

    assert [row.messages[0].response_id for row in again.rows] == ["1"]
    assert (again.cursor, again.grew) == (first.cursor, False)


def test_a_payers_word_carries_its_number_and_its_category(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    pull(sandbox, "script", script=["paid"])
    gateway.send(FILE, name_of(1))
    pull(sandbox, "clock", days=3)

    received, accepted = (row for row in gateway.responses("1").rows)

    assert received.sender is accepted.sender is Sender.PAYER
    assert [row.messages[0].category for row in (received, accepted)] == ["A1", "A2"]
    assert accepted.sender_claim_number.startswith("E")
    assert accepted.said_at is not None
    assert accepted.said_at.utcoffset() == timedelta(0)


def test_remittances_are_listed_over_pages_and_fetched_again_and_again(
    gateway: ClaimMd, sandbox: SandboxClearinghouse
) -> None:
    for number in range(1, 131):
        claim = a_claim(f"PCN{number}", payer_id=f"P{number:04}")
        gateway.send(a_file(number, claim), name_of(number))
    pull(sandbox, "clock", days=20)

    page = gateway.eras("0")
    first = [gateway.fetch_era(page.eras[0].era_id) for _ in range(2)]

    assert len({era.era_id for era in page.eras}) == len(page.eras) > 100
    assert gateway.eras("0").eras == page.eras
    assert first[0] == first[1]
    assert first[0].startswith(b"ISA")
    assert gateway.eras(page.cursor).eras == ()
    assert not gateway.eras(page.cursor).grew


@pytest.mark.parametrize(
    "body",
    [
        b"ISA*00*raw",
        b'{"data": "ISA*00*raw"}',
        b'{"result": {"data": "ISA*00*raw"}}',
        b'{"era": {"eraid": "1", "data": "ISA*00*raw"}}',
    ],
)
def test_an_835_is_taken_out_of_whatever_it_is_wrapped_in(body: bytes) -> None:
    with a_server_that_says(http("200 OK", body)) as url:
        assert ClaimMd(url, KEY).fetch_era("1") == b"ISA*00*raw"


def test_a_remittance_that_is_not_there_is_refused_by_code(gateway: ClaimMd) -> None:
    with pytest.raises(ClearinghouseRefused) as refused:
        gateway.fetch_era("404")

    assert [error.code for error in refused.value.errors] == ["711"]


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (http("503 Service Unavailable"), ClearinghouseAskedForPatience),
        (http("500 Internal Server Error"), ClearinghouseUnreachable),
        (http("404 Not Found"), ClearinghouseRefused),
        (http("200 OK", b"[]"), ClearinghouseAnswerUnreadable),
        (http("200 OK", b'{"error": {"error_code": "20"}}'), ClearinghouseRefused),
    ],
)
def test_a_question_without_an_answer_raises_what_happened(
    answer: bytes, raised: type[Exception]
) -> None:
    with a_server_that_says(answer) as url, pytest.raises(raised):
        ClaimMd(url, KEY).responses("0")


def test_what_is_raised_quotes_neither_the_key_nor_an_answer() -> None:
    body = b'{"error": {"error_code": "7", "error_mesg": "ADA SAMPLE is unknown"}}'
    with (
        a_server_that_says(http("200 OK", body)) as url,
        pytest.raises(ClearinghouseRefused) as raised,
    ):
        ClaimMd(url, "secret-key").responses("0")

    assert "SAMPLE" not in f"{raised.value} {raised.value!r}"
    assert "secret-key" not in repr(ClaimMd("http://127.0.0.1", "secret-key"))


def test_an_unreachable_clearinghouse_is_named_without_its_address() -> None:
    with pytest.raises(ClearinghouseUnreachable) as raised:
        ClaimMd("http://127.0.0.1:1/services", KEY).responses("0")

    assert str(raised.value) == "response: ConnectionError"
    assert raised.value.__cause__ is None


# --- payers and enrollments


def test_payers_are_found_by_a_part_of_their_name(gateway: ClaimMd) -> None:
    assert [payer.payer_id for payer in gateway.payers("aetna")] == ["60054"]
    assert len(gateway.payers()) > 3


def test_an_enrollment_gives_a_link(gateway: ClaimMd) -> None:
    request = EnrollmentRequest("60054", EnrollmentKind.ERA, "123456789", "1234567893", "HARBOR")

    assert gateway.enrollment_link(request).url.startswith("http")
    assert "123456789," not in repr(request)


# --- pace


def test_the_bucket_lets_a_burst_through_and_then_waits_its_turn() -> None:
    moment = [0.0]
    pauses: list[float] = []
    pace = Pace(limit=3, per_seconds=60, monotonic=lambda: moment[0], sleep=pauses.append)

    for _ in range(5):
        pace.wait()
    moment[0] = 100.0
    pace.wait()

    assert pauses == [20.0, 40.0]
