"""How sqlmap, wapiti and bandit are called, and how their reports are read."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.scan.ground import LEFT_OUT, Target, request_of
from tests.scan.sitting import Sitting

MODULES: Final = "xss,permanentxss,sql,file,exec,redirect,crlf"
"""Wapiti's attacks that need nobody outside this machine."""

_SLOW: Final = "Resource consumption"
"""Wapiti's word for an answer that did not come in time: told, not counted, on a busy machine."""

_GRACE: Final = 20.0


class Outcome(StrEnum):
    """How one tool's look at one address ended."""

    CLEAN = "clean"
    FOUND = "found"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Report:
    """What one run of a tool said: an outcome, findings a line each, and remarks."""

    outcome: Outcome
    findings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def run_sqlmap(tools: Path, target: Target, sitting: Sitting, folder: Path, limit: int) -> Report:
    """Try one address's parameters for injection, for at most so many seconds.

    The form's token is taken from the page and left out: it stays good for an hour, as long as
    its session, so asking for a new one each time would only double the requests.
    """
    folder.mkdir(parents=True)
    request = folder / "request"
    request.touch(mode=0o600)
    request.write_text(request_of(target, sitting), newline="")
    command = [
        str(tools / "sqlmap"),
        *("-r", str(request), "--batch", "--level=1", "--risk=1", "--technique=BEU"),
        *("--dbms=PostgreSQL", "--threads=1", "--timeout=15", "--retries=1"),
        *("--ignore-proxy", "--ignore-redirects", "--ignore-code=*", "--drop-set-cookie"),
        *("--param-exclude=^csrf_token$", "--disable-coloring", "--skip-waf"),
        *(f"--time-limit={limit}", f"--output-dir={folder}"),
    ]
    said = _said_by(command, limit + _GRACE)
    (folder / "said").write_text(said)
    return read_sqlmap(said, f"{target.method} {target.rule}")


def read_sqlmap(said: str, name: str) -> Report:
    """Read sqlmap's console: it ends with a finding, with a clean bill, or with neither."""
    if "sqlmap identified the following injection point" in said:
        points = [line.strip() for line in said.splitlines() if line.startswith("Parameter: ")]
        where = "; ".join(dict.fromkeys(points)) or "no parameter named"
        return Report(Outcome.FOUND, (f"sqlmap: {name}: {where}",))
    if "all tested parameters do not appear to be injectable" in said:
        return Report(Outcome.CLEAN)
    last = [line for line in said.splitlines() if "[CRITICAL]" in line or "[ERROR]" in line]
    return Report(Outcome.UNFINISHED, remarks=(f"{name}: {last[-1] if last else 'cut short'}",))


def run_wapiti(
    tools: Path, sitting: Sitting, seeds: list[str], folder: Path, seconds: int
) -> Report:
    """Let wapiti follow and attack the pages from all seeds, for at most so many seconds."""
    folder.mkdir(parents=True)
    report = folder / "report.json"
    command = [
        str(tools / "wapiti"),
        *("-u", f"{sitting.portal}/", "--scope", "folder", "-d", "1", "-m", MODULES),
        *("-C", sitting.cookie, "--drop-set-cookie", "--no-bugreport", "-v", "1", "-t", "15"),
        *("--max-links-per-page", "30", "--max-files-per-dir", "12", "--tasks", "2"),
        *("--max-scan-time", str(seconds), "-S", "normal"),
        *("--max-attack-time", str(max(5, seconds // (MODULES.count(",") + 2)))),
        *("--store-session", str(folder), "--store-config", str(folder)),
        *("-f", "json", "-o", str(report)),
    ]
    for seed in seeds:
        command += ["-s", f"{sitting.portal}{seed}"]
    for left_out in LEFT_OUT:
        command += ["-x", f"{sitting.portal}{left_out}*"]
    (folder / "said").write_text(_said_by(command, seconds + 3 * _GRACE))
    return read_wapiti(report.read_text() if report.exists() else "")


def read_wapiti(text: str) -> Report:
    """Read wapiti's JSON: its vulnerabilities, and our own failures (500) under attack."""
    if not text:
        return Report(Outcome.UNFINISHED, remarks=("wapiti wrote no report",))
    told: dict[str, Any] = json.loads(text)
    kinds = told["vulnerabilities"] | told["anomalies"]
    lines = {
        kind: [f"wapiti: {kind}: {one['method']} {one['path']}: {one['info']}" for one in found]
        for kind, found in kinds.items()
    }
    slow = lines.pop(_SLOW, [])
    findings = tuple(line for each in lines.values() for line in each)
    pages = told["infos"].get("crawled_pages_nbr", 0)
    remarks = (f"wapiti crawled {pages} pages", *slow)
    if not pages:
        return Report(Outcome.UNFINISHED, findings, remarks)
    return Report(Outcome.FOUND if findings else Outcome.CLEAN, findings, remarks)


def run_bandit(folder: Path) -> Report:
    """Look through our source for what bandit holds to be dangerous, high severity only."""
    report = folder / "bandit.json"
    bandit = str(Path(sys.executable).parent / "bandit")
    command = [bandit, "--quiet", "-r", "-lll", "-f", "json", "-o", str(report)]
    said = _said_by([*command, "backoffice", "workers"], 120)
    return read_bandit(report.read_text() if report.exists() else "", said)


def read_bandit(text: str, said: str = "") -> Report:
    """Read bandit's JSON; a file that it could not read leaves the look unfinished."""
    if not text:
        return Report(Outcome.UNFINISHED, remarks=(f"bandit: {said.strip()[-200:]}",))
    told: dict[str, Any] = json.loads(text)
    findings = tuple(
        f"bandit: {one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
        for one in told["results"]
    )
    if findings:
        return Report(Outcome.FOUND, findings)
    errors = tuple(f"bandit: {one['filename']}: {one['reason']}" for one in told["errors"])
    return Report(Outcome.UNFINISHED if errors else Outcome.CLEAN, remarks=errors)


def _said_by(command: list[str], seconds: float) -> str:
    """Run a tool to its end, or to ours; its words."""
    # the stack is on loopback; a proxy of this machine has no business with it
    surroundings = {**os.environ, "NO_PROXY": "localhost,127.0.0.1"}
    try:
        done = subprocess.run(  # noqa: S603  (our own command line)
            command, capture_output=True, text=True, check=False, timeout=seconds, env=surroundings
        )
    except subprocess.TimeoutExpired as late:
        return late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else ""
    return done.stdout + done.stderr
