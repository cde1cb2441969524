"""The sandbox clearinghouse over HTTP: what it takes, what it says, and what it remembers."""

import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import oxedi
import pytest
import requests

from backoffice.edi import ack_277, ack_999, ack_ta1, remittance_835
from backoffice.edi.claim_837 import Claim
from backoffice.edi.problems import ProblemLog
from backoffice.edi.segments import SegmentReader
from backoffice.gateways.ack_mailbox import HttpFolder
from backoffice.gateways.clearinghouse import Accepted, ClaimMd, ClaimRow, Refused
from backoffice.sandbox.clearinghouse import Options, SandboxClearinghouse
from backoffice.sandbox.payer import Scenario
from tests.sandbox.claim_files import a_claim, a_file, a_line, a_secondary_claim, name_of

KEY = "sandbox-key"
DAY_SECONDS = 10_000.0  # nothing comes due by itself: the tests move the clock


@dataclass
class Desk:
    """A running sandbox and the real gateways that talk to it."""

    sandbox: SandboxClearinghouse
    gateway: ClaimMd
    mailbox: HttpFolder

    def pull(self, lever: str, **said: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.sandbox.control_url}/{lever}", json=said, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def look(self, lever: str, *pcns: str) -> dict[str, Any]:
        answer = requests.get(
            f"{self.sandbox.control_url}/{lever}", params={"pcn": pcns}, timeout=30
        )
        return dict(answer.json())

    def send(self, number: int, *claims: Any) -> Any:
        return self.gateway.send(a_file(number, *claims), name_of(number))

    def rows(self) -> list[ClaimRow]:
        return list(self.gateway.responses("0").rows)

    def eras(self) -> list[bytes]:
        return [self.gateway.fetch_era(era.era_id) for era in self.gateway.eras("0").eras]


def open_desk(folder: Path, **options: Any) -> SandboxClearinghouse:
    settings = {"seconds_per_day": DAY_SECONDS, "pyx12_every": 0} | options
    return SandboxClearinghouse(Options(folder, (KEY, "other-key"), **settings))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as sandbox:
        yield Desk(sandbox, ClaimMd(sandbox.url, KEY), HttpFolder(sandbox.mailbox_url))


def letters(desk: Desk, kind: str) -> list[bytes]:
    return [desk.mailbox.fetch(f.name) for f in desk.mailbox.list() if f.name.endswith(f".{kind}")]


def values_of(content: bytes, segment_id: str, place: int) -> list[str]:
    return [each.get(place) for each in SegmentReader(content) if each.id == segment_id]


def test_an_upload_answers_with_a_row_for_each_claim(desk: Desk) -> None:
    answer = desk.send(1, a_claim("PCN1"), a_claim("PCN2"))

    assert isinstance(answer, Accepted)
    assert [row.patient_control_number for row in answer.rows] == ["PCN1", "PCN2"]
    assert {row.trace for row in answer.rows} == {"TPCN1", "TPCN2"}
    assert {row.filename for row in answer.rows} == {name_of(1)}


def test_the_end_is_written_down_before_the_first_answer(desk: Desk) -> None:
    desk.send(1, *[a_claim(f"PCN{i}") for i in range(20)])

    expected = desk.look("expected")["claims"]

    assert len(expected) == 20
    assert all(claim["end"] for claim in expected.values())


def test_a_control_number_used_before_is_refused_with_ta1_025(desk: Desk) -> None:
    desk.send(1, a_claim("PCN1"))

    again = desk.send(1, a_claim("PCN1"))

    assert isinstance(again, Refused)
    (ta1,) = letters(desk, "ta1")
    assert values_of(ta1, "TA1", 4) == ["R"]
    assert values_of(ta1, "TA1", 5) == ["025"]
    assert desk.look("receipts")["files"]["000000001"] == {"arrived": 2, "taken": 1}
    assert desk.look("receipts")["claims"] == {"PCN1": 1}


def test_the_same_claim_in_another_file_counts_twice_and_is_decided_once(desk: Desk) -> None:
    desk.pull("script", script=["paid"])
    desk.send(1, a_claim("PCN1"))

    again = desk.send(2, a_claim("PCN1"))
    desk.pull("clock", days=20)

    assert [row.status for row in again.rows] == ["R"]
    assert desk.look("receipts")["claims"] == {"PCN1": 2}
    assert len(desk.eras()) == 1


def test_a_broken_envelope_is_refused_whole(desk: Desk) -> None:
    content = a_file(1, a_claim("PCN1")).replace(b"IEA*1*000000001", b"IEA*1*000000009")

    answer = desk.gateway.send(content, name_of(1))

    assert isinstance(answer, Refused)
    assert values_of(letters(desk, "ta1")[0], "TA1", 4) == ["R"]
    assert desk.look("receipts")["claims"] == {}


def test_a_malformed_claim_is_refused_with_a_999_that_says_where(desk: Desk) -> None:
    content = a_file(1, a_claim("PCN1")).replace(
        b"DTP*472*D8*20261102~REF*6R*PCN1A", b"DTP*472*D8*20261302~REF*6R*PCN1A"
    )

    answer = desk.gateway.send(content, name_of(1))

    assert isinstance(answer, Refused)
    (ack,) = [each for content in letters(desk, "999") for each in ack_999.read(content)]
    (refused,) = ack.sets
    assert (ack.verdict, refused.verdict, refused.control_number) == ("R", "R", "0001")
    (fault,) = refused.errors
    assert (fault.segment_id, fault.position) == ("DTP", 26)
    assert fault.patient_control_number == "PCN1"
    assert [element.code for element in fault.elements] == ["8"]


def test_pyx12_is_asked_about_a_sample_and_its_refusal_holds(tmp_path: Path) -> None:
    with open_desk(tmp_path, pyx12_every=1) as sandbox:
        gateway = ClaimMd(sandbox.url, KEY)
        good = a_file(1, a_claim("PCN1"))
        # A place of service that no list has: our reader takes the form, pyx12 knows the codes.
        bad = a_file(2, a_claim("PCN2")).replace(b"11:B:1", b"00:B:1")

        assert isinstance(gateway.send(good, name_of(1)), Accepted)
        assert isinstance(gateway.send(bad, name_of(2)), Refused)


@pytest.mark.parametrize(
    "claim",
    [
        a_claim("PCN1", frequency="7"),
        a_claim("PCN1", lines=(a_line("A"), a_line("A"))),
        a_claim("PCN1", lines=(a_line("A", charge="0.00"),)),
    ],
    ids=["replacement without F8", "line number twice", "no charge"],
)
def test_a_claim_against_the_edits_is_rejected_alone(desk: Desk, claim: Claim) -> None:
    answer = desk.send(1, claim, a_claim("PCN2"))

    assert isinstance(answer, Accepted)
    letter = {row.patient_control_number: row.status for row in answer.rows}
    assert letter["PCN1"] == "R"
    assert desk.look("expected", "PCN1")["claims"]["PCN1"]["end"] == "rejected"


def test_a_wrong_key_is_error_20_with_http_200(desk: Desk) -> None:
    answer = requests.post(
        f"{desk.sandbox.url}/response/", data={"AccountKey": "no", "ResponseID": "0"}, timeout=10
    )

    assert answer.status_code == 200
    assert answer.json()["error"]["error_code"] == "20"


def test_accounts_do_not_see_each_other(desk: Desk) -> None:
    desk.send(1, a_claim("PCN1"))

    other = ClaimMd(desk.sandbox.url, "other-key")

    assert other.responses("0").rows == ()


def test_a_list_of_one_is_given_as_the_object_itself(desk: Desk) -> None:
    desk.send(1, a_claim("PCN1"))

    answer = requests.post(
        f"{desk.sandbox.url}/response/", data={"AccountKey": KEY, "ResponseID": "0"}, timeout=10
    ).json()

    assert answer["claim"]["pcn"] == "PCN1"


@pytest.mark.parametrize("scenario", list(Scenario))
def test_each_story_is_told_to_its_end(desk: Desk, scenario: Scenario) -> None:
    desk.pull("script", script=[scenario])
    desk.send(1, a_claim("PCN1"))
    expected = desk.look("expected")["claims"]["PCN1"]

    desk.pull("clock", days=20)

    assert expected["scenario"] == scenario
    assert desk.look("clock")["waiting"] == 0
    said = [row for row in desk.rows() if row.patient_control_number == "PCN1"]
    if expected["end"] == "rejected":
        assert [row.status for row in said][-1] == "R"
        assert desk.eras() == []
    elif scenario is not Scenario.MORE_INFORMATION:
        assert desk.eras()


def every_remittance(desk: Desk) -> list[bytes]:
    """Two hundred claims of three payers, told to their end."""
    for number, payer_id in enumerate(("60054", "62308", "87726"), start=1):
        claims = [a_claim(f"P{number}X{i:03}", payer_id=payer_id) for i in range(70)]
        desk.send(number, *claims)
    for _ in range(20):
        desk.pull("clock", days=1)
    return desk.eras()


def test_every_remittance_balances_on_three_levels_and_our_reader_agrees_with_oxedi(
    desk: Desk,
) -> None:
    for content in every_remittance(desk):
        log = ProblemLog()
        remittances = list(remittance_835.read(content, log))
        second = oxedi.parse(content)

        assert [problem for problem in log if problem.is_error] == []
        assert all(remittance_835.out_of_balance(each) == () for each in remittances)
        assert second.diagnostics == []
        assert second.count_claims() == sum(len(each.claims) for each in remittances)


def test_remittances_carry_what_a_poster_needs(desk: Desk) -> None:
    traces: Counter[str] = Counter()
    reasons: set[str] = set()
    outcomes: set[str] = set()
    most_checks = most_claims = 0
    for content in every_remittance(desk):
        remittances = list(remittance_835.read(content))
        most_checks = max(most_checks, len(remittances))
        for each in remittances:
            most_claims = max(most_claims, len(each.claims))
            assert each.payment.payee.id == "1234567893"
            assert each.payment.payee.reference("TJ") == "123456789"
            assert each.payment.payment_amount >= Decimal(0)
            traces[each.payment.trace_number] += 1
            reasons |= {made.reason for made in each.provider_adjustments}
            outcomes |= {claim.outcome for claim in each.claims}
            assert all(claim.payer_claim_control_number for claim in each.claims)

    # Only a remittance that is offered twice repeats its trace number.
    repeated = sum(times - 1 for times in traces.values())
    assert repeated > 0
    assert len(traces) > repeated
    assert {"1", "4", "22"} <= outcomes
    assert "L6" in reasons
    assert reasons & {"WO", "72"}
    assert most_checks > 1
    assert most_claims > 1


def test_a_payer_that_is_owed_more_than_it_pays_forwards_the_balance_and_takes_it_later(
    desk: Desk,
) -> None:
    desk.pull("script", script=["reversed_and_denied", "paid"])
    desk.send(1, a_claim("PCN1"))
    desk.pull("clock", days=20)
    desk.send(2, a_claim("PCN2", lines=(a_line("X", charge="900.00"),)))
    desk.pull("clock", days=20)

    made = [
        adjustment
        for content in desk.eras()
        for each in remittance_835.read(content)
        for adjustment in each.provider_adjustments
    ]

    assert [adjustment.reason for adjustment in made] == ["FB", "FB"]
    assert made[0].amount == -made[1].amount < 0


def test_a_replacement_reverses_what_it_replaces(desk: Desk) -> None:
    desk.pull("script", script=["paid", "paid_copay"])
    desk.send(1, a_claim("PCN1"))
    desk.pull("clock", days=20)
    (first,) = remittance_835.read(desk.eras()[0])
    number = first.claims[0].payer_claim_control_number

    desk.send(2, a_claim("PCN2", frequency="7", original=number))
    desk.pull("clock", days=20)

    (second,) = remittance_835.read(desk.eras()[1])
    told = [(claim.patient_control_number, claim.outcome) for claim in second.claims]
    assert told == [("PCN1", "22"), ("PCN2", "1")]
    assert desk.look("expected", "PCN1")["claims"]["PCN1"]["superseded_by"] == "PCN2"


def test_a_secondary_pays_what_the_primary_left(desk: Desk) -> None:
    desk.pull("script", script=["paid"])
    answer = desk.send(1, a_secondary_claim("PCN1"))
    desk.pull("clock", days=20)

    assert [row.status for row in answer.rows] == ["A"]
    (remittance,) = remittance_835.read(desk.eras()[0])
    (claim,) = remittance.claims
    (line,) = claim.lines
    assert (claim.outcome, claim.paid_amount) == ("2", Decimal("40.00"))
    assert [(made.group, made.reason, made.amount) for made in line.adjustments] == [
        ("OA", "23", Decimal("110.00"))
    ]


def test_a_clock_that_runs_reports_no_failure(desk: Desk) -> None:
    assert desk.look("clock")["failure"] == ""


def test_every_letter_is_whole_x12_of_its_kind(desk: Desk) -> None:
    desk.send(1, *[a_claim(f"PCN{i}") for i in range(40)])
    desk.send(1, a_claim("PCN1"))
    desk.pull("clock", days=20)

    log = ProblemLog()
    acknowledgements = [each for c in letters(desk, "999") for each in ack_999.read(c, log)]
    reports = [each for c in letters(desk, "277") for each in ack_277.read(c, log)]
    replies = [each for c in letters(desk, "ta1") for each in ack_ta1.read(c, log)]

    assert [problem.words for problem in log] == []
    assert [(each.group_control_number, each.verdict) for each in acknowledgements] == [("1", "A")]
    assert [(each.control_number, each.note) for each in replies] == [("000000001", "025")]
    assert {each.batch_trace for each in reports} == {"B000000001"}
    assert all(claim.trace for each in reports for claim in each.claims)
    accepted = [claim for each in reports for claim in each.claims if is_accepted(claim)]
    assert len(accepted) > 20
    assert all(claim.payer_claim_control_number.startswith("E") for claim in accepted)


def is_accepted(claim: ack_277.ClaimStatus) -> bool:
    return [status.category for status in claim.statuses] == ["A2"]


def test_the_mailbox_may_stay_empty(tmp_path: Path) -> None:
    with open_desk(tmp_path, mailbox=False) as sandbox:
        ClaimMd(sandbox.url, KEY).send(a_file(1, a_claim("PCN1")), name_of(1))

        assert HttpFolder(sandbox.mailbox_url).list() == ()


def test_rows_and_letters_say_the_same_of_a_claim(desk: Desk) -> None:
    desk.send(1, *[a_claim(f"PCN{i}") for i in range(60)])
    for _ in range(20):
        desk.pull("clock", days=1)

    by_row = {
        (row.patient_control_number, row.messages[0].category)
        for row in desk.rows()
        if row.messages[0].category.startswith("A")
    }
    by_letter = set()
    for content in letters(desk, "277"):
        pcn = ""
        for segment in SegmentReader(content):
            if segment.id == "HL":
                pcn = ""
            elif segment.id == "TRN" and segment.get(1) == "2":
                pcn = segment.get(2)
            elif segment.id == "STC" and pcn.startswith("PCN"):
                by_letter.add((pcn, segment.component(1, 1, ":")))

    assert by_letter == by_row


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    with open_desk(tmp_path) as sandbox:
        ClaimMd(sandbox.url, KEY).send(a_file(1, a_claim("PCN1")), name_of(1))
    with open_desk(tmp_path) as sandbox:
        desk = Desk(sandbox, ClaimMd(sandbox.url, KEY), HttpFolder(sandbox.mailbox_url))

        assert desk.look("receipts")["claims"] == {"PCN1": 1}
        assert isinstance(desk.send(1, a_claim("PCN1")), Refused)
        desk.pull("clock", days=20)
        assert desk.look("clock")["waiting"] == 0


def test_time_passes_by_itself(tmp_path: Path) -> None:
    with open_desk(tmp_path, seconds_per_day=0.02) as sandbox:
        desk = Desk(sandbox, ClaimMd(sandbox.url, KEY), HttpFolder(sandbox.mailbox_url))
        desk.pull("script", script=["paid"])
        desk.send(1, a_claim("PCN1"))
        for _ in range(100):
            if not desk.look("clock")["waiting"]:
                break
            time.sleep(0.05)
        else:
            pytest.fail("the story did not end")

        assert len(desk.eras()) == 1


@pytest.mark.parametrize(
    ("lever", "said"),
    [
        ("nothing", {}),
        ("misbehave", {"misdeed": "sulk"}),
        ("script", {"script": ["no such story"]}),
        ("script", {"mix": {"paid": 0}}),
        ("clock", {"days": "many"}),
    ],
)
def test_a_lever_that_does_not_exist_is_refused_in_words(
    desk: Desk, lever: str, said: dict[str, Any]
) -> None:
    answer = requests.post(f"{desk.sandbox.control_url}/{lever}", json=said, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_it_runs_as_a_program_and_ends_on_sigterm(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "SANDBOX_CLEARINGHOUSE_FOLDER": str(tmp_path),
        "CLEARINGHOUSE_KEY": KEY,
    }
    program = subprocess.Popen(
        [sys.executable, "-m", "backoffice.sandbox.clearinghouse"],
        env=environment,
        stdout=subprocess.PIPE,
    )
    with program:
        assert isinstance(program.stdout, io.BufferedReader)
        url = program.stdout.readline().decode().strip()
        payers = ClaimMd(url, KEY).payers()
        program.send_signal(signal.SIGTERM)
        ended = program.wait(timeout=10)

    assert ended == 0
    assert payers


def test_it_says_what_is_missing_from_its_environment() -> None:
    program = subprocess.run(
        [sys.executable, "-m", "backoffice.sandbox.clearinghouse"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert program.returncode == 2
    assert b"SANDBOX_CLEARINGHOUSE_FOLDER" in program.stderr
