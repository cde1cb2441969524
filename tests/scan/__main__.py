"""./dev scan hands over to this: python -m tests.scan TOOLS, beside the running stack."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from backoffice.sandbox.run_file import RunFile, data_folder
from tests.scan.ground import Ground, Target
from tests.scan.sitting import Sitting, sit_down
from tests.scan.tools import Outcome, Report, run_bandit, run_sqlmap, run_wapiti

SECONDS = 540
"""For all of it; ten minutes are the limit, and tools take a moment to stop."""

ROLES = ("biller", "biller_lead", "administrator", "practice_owner")
"""Whose pages are looked at, in this order; an address belongs to the first who may open it."""

ONE_ADDRESS = 25


def main() -> int:
    """Return 0 when nothing was found, 1 when something was, 2 when it could not be looked."""
    words = _parser().parse_args()
    running = RunFile.read(data_folder(os.environ))
    missing = [name for name in ("sqlmap", "wapiti") if not (words.tools / name).exists()]
    if running is None or missing:
        _say(f"Missing: {', '.join(missing)}." if missing else "Nothing runs here: ./dev run.")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="cleanclaim-scan-"))
    try:
        return _Scan(running, words.tools, folder, words.seconds, words.only).run()
    finally:
        shutil.rmtree(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev scan")
    parser.add_argument("tools", type=Path, help="the folder with sqlmap and wapiti")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for all of it")
    parser.add_argument("--only", default="", help="addresses that begin so")
    return parser


class _Scan:
    """One scan: what it has found, and what time it has left."""

    def __init__(
        self, running: RunFile, tools: Path, folder: Path, seconds: int, only: str
    ) -> None:
        self.running, self.tools, self.folder, self.only = running, tools, folder, only
        self.seconds, self.began = seconds, time.monotonic()
        self.findings: list[str] = []
        self.looks: Counter[Outcome] = Counter()
        self.people = _people(running)

    def run(self) -> int:
        """Look with each tool in turn, bandit first: the source needs no stack."""
        bandit = run_bandit(self.folder)
        self._tell(bandit)
        ground = self._explored()
        if not ground.targets:
            _say("No page of the portal answered: is the stack whole?")
            return 2
        wapiti = self._wapiti(ground)
        untried = self._sqlmap(ground.spread())
        pages = " ".join(wapiti.remarks[:1])
        _say(
            f"{len(ground.targets)} addresses ({len(ground.unreached())} rules without a page),"
            f" sqlmap: {self.looks[Outcome.CLEAN]} clean, {self.looks[Outcome.FOUND]} found,"
            f" {self.looks[Outcome.UNFINISHED]} unfinished, {untried} not begun;"
            f" {pages}; bandit {bandit.outcome};"
            f" {time.monotonic() - self.began:.0f} s; findings: {len(self.findings)}"
        )
        if self.findings:
            return 1
        nothing_seen = not self.looks[Outcome.CLEAN] or Outcome.UNFINISHED in {
            bandit.outcome,
            wapiti.outcome,
        }
        return 2 if nothing_seen else 0

    def _explored(self) -> Ground:
        told = subprocess.run(  # noqa: S603  (our own command line)
            [str(Path(sys.executable).parent / "backoffice"), "routes", "--json"],
            capture_output=True,
            check=True,
        )
        ground = Ground(json.loads(told.stdout))
        for email in self.people:
            until = time.monotonic() + self.seconds * 0.25 / len(self.people)
            ground.explore(self._sit(email), email, until=until)
        if self.only:
            ground.targets = {
                key: one for key, one in ground.targets.items() if one.path.startswith(self.only)
            }
            ground.seeds = {
                who: [seed for seed in seeds if seed.startswith(self.only)]
                for who, seeds in ground.seeds.items()
            }
        for rule in ground.unreached() if not self.only else []:
            _say(f"no page leads to {rule}")
        return ground

    def _wapiti(self, ground: Ground) -> Report:
        """The first person's pages: what the others have besides is sqlmap's alone."""
        who = self.people[0]
        seeds = ground.seeds.get(who, [])
        seconds = max(10, int(self._at(0.5) - time.monotonic()))
        report = run_wapiti(self.tools, self._sit(who), seeds, self.folder / "wapiti", seconds)
        self._tell(report)
        return report

    def _sqlmap(self, targets: list[Target]) -> int:
        """Try one after the other until the time is over; returns how many were not begun."""
        for number, target in enumerate(targets):
            left = int(self._at(1) - time.monotonic())
            if left < 5:
                return len(targets) - number
            folder = self.folder / f"sqlmap-{number}"
            sitting = self._sit(target.who)
            report = run_sqlmap(self.tools, target, sitting, folder, min(left, ONE_ADDRESS))
            self.looks[report.outcome] += 1
            self._tell(report)
        return 0

    def _sit(self, email: str) -> Sitting:
        database = self.running.environment["DATABASE_URL"]
        return sit_down(self.running.portal, database, email)

    def _at(self, share: float) -> float:
        return self.began + self.seconds * share

    def _tell(self, report: Report) -> None:
        self.findings += report.findings
        for line in (*report.findings, *report.remarks):
            _say(line)


def _people(running: RunFile) -> list[str]:
    """One demo person of each role, by email."""
    first = {one["role"]: one["email"] for one in reversed(running.people)}
    return [first[role] for role in ROLES if role in first]


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
