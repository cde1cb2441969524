"""./dev scan counts what its tools report, and never takes a broken look for a clean one."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.scan.ground import Ground, Rule, Target, request_of
from tests.scan.sitting import Sitting
from tests.scan.tools import Outcome, Report, read_bandit, read_sqlmap, read_wapiti

INJECTABLE = """\
sqlmap identified the following injection point(s) with a total of 45 HTTP(s) requests:
---
Parameter: q (GET)
    Type: boolean-based blind
    Title: AND boolean-based blind - WHERE or HAVING clause
    Payload: q=1' AND 4321=4321 AND 'a'='a
---
"""
CLEAN = """\
[06:20:01] [WARNING] GET parameter 'q' does not seem to be injectable
[06:20:01] [CRITICAL] all tested parameters do not appear to be injectable. Try to increase values
"""
REFUSED = "[06:20:01] [CRITICAL] unable to connect to the target URL\n"


def wapiti(pages: int = 3, **kinds: list[dict[str, str]]) -> str:
    told: dict[str, Any] = {
        "vulnerabilities": {"SQL Injection": [], "Reflected Cross Site Scripting": []},
        "anomalies": {"Internal Server Error": [], "Resource consumption": []},
        "infos": {"crawled_pages_nbr": pages},
    }
    for name, found in kinds.items():
        told[name] |= {found[0]["category"]: found}
    return json.dumps(told)


def flaw(category: str) -> dict[str, str]:
    return {"category": category, "method": "GET", "path": "/clients", "info": "via q"}


def bandit(*found: dict[str, object], errors: tuple[dict[str, str], ...] = ()) -> str:
    return json.dumps({"results": found, "errors": errors})


@pytest.mark.parametrize(
    ("report", "outcome", "findings"),
    [
        (read_sqlmap(INJECTABLE, "GET /clients"), Outcome.FOUND, 1),
        (read_sqlmap(CLEAN, "GET /clients"), Outcome.CLEAN, 0),
        (read_sqlmap(REFUSED, "GET /clients"), Outcome.UNFINISHED, 0),
        (read_sqlmap("", "GET /clients"), Outcome.UNFINISHED, 0),
        (
            read_wapiti(wapiti(vulnerabilities=[flaw("Reflected Cross Site Scripting")])),
            Outcome.FOUND,
            1,
        ),
        (read_wapiti(wapiti(anomalies=[flaw("Internal Server Error")])), Outcome.FOUND, 1),
        (read_wapiti(wapiti(anomalies=[flaw("Resource consumption")])), Outcome.CLEAN, 0),
        (read_wapiti(wapiti()), Outcome.CLEAN, 0),
        (read_wapiti(wapiti(pages=0)), Outcome.UNFINISHED, 0),
        (read_wapiti(""), Outcome.UNFINISHED, 0),
        (
            read_bandit(
                bandit(
                    {"filename": "a.py", "line_number": 3, "test_id": "B602", "issue_text": "shell"}
                )
            ),
            Outcome.FOUND,
            1,
        ),
        (read_bandit(bandit()), Outcome.CLEAN, 0),
        (
            read_bandit(bandit(errors=({"filename": "a.py", "reason": "syntax"},))),
            Outcome.UNFINISHED,
            0,
        ),
        (read_bandit(""), Outcome.UNFINISHED, 0),
    ],
)
def test_a_planted_finding_is_counted_and_a_broken_look_is_not_clean(
    report: Report, outcome: Outcome, findings: int
) -> None:
    assert (report.outcome, len(report.findings)) == (outcome, findings)


def test_a_finding_says_where_it_is() -> None:
    report = read_sqlmap(INJECTABLE, "GET /clients")

    assert report.findings == ("sqlmap: GET /clients: Parameter: q (GET)",)


def rule(path: str, endpoint: str, *methods: str) -> Rule:
    return {"rule": path, "endpoint": endpoint, "methods": list(methods)}


PAGES = {
    "/rows": '<a href="/rows/7?tab=notes">7</a><form><input name="q"></form>',
    "/rows/7?tab=notes": '<form method="post"><input name="csrf_token" value="t">'
    '<textarea name="note"></textarea></form>',
    "/rows/7/file": "",
}


class Portal(BaseHTTPRequestHandler):
    """A list, one of its rows, and a file of the row that no page leads to."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path in PAGES else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGES.get(self.path, "").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Say nothing."""


@pytest.fixture
def sitting() -> Iterator[Sitting]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Sitting(f"http://127.0.0.1:{server.server_port}", "sid=token")
        server.shutdown()


def test_what_pages_lead_to_is_attacked_with_the_ids_of_real_rows(sitting: Sitting) -> None:
    ground = Ground(
        [
            rule("/rows", "rows.index", "GET"),
            rule("/rows/<int:row_id>", "rows.show", "GET"),
            rule("/rows/<int:row_id>", "rows.save", "POST"),
            rule("/rows/<int:row_id>/file", "rows.file", "GET"),
            rule("/rows/<int:row_id>/void", "rows.void", "POST"),
            rule("/sign-out", "accounts.sign_out", "POST"),
        ]
    )

    ground.explore(sitting, "ana", until=time.monotonic() + 10)

    found = {
        (one.method, one.path, tuple(name for name, _ in one.fields)) for one in ground.spread()
    }
    assert found == {
        ("GET", "/rows", ("q",)),
        ("GET", "/rows/7", ("tab",)),
        ("POST", "/rows/7", ("csrf_token", "note")),
        ("GET", "/rows/7/file", ()),
    }
    assert ground.unreached() == ["POST /rows/<int:row_id>/void"]


def test_a_request_carries_its_session_and_marks_an_id_where_nothing_else_can_be_tried() -> None:
    sitting = Sitting("http://localhost:1", "sid=token")
    page = Target("/rows/<int:row_id>", "rows.show", "GET", "/rows/7", (), "ana")
    form = Target("/rows", "rows.add", "POST", "/rows", (("note", "a b"),), "ana")

    asked, sent = request_of(page, sitting), request_of(form, sitting)

    assert asked.startswith("GET /rows/7* HTTP/1.1\r\nHost: localhost:1\r\nCookie: sid=token\r\n")
    assert sent.endswith("\r\n\r\nnote=a+b")
