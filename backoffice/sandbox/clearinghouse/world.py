"""The sandbox clearinghouse's surroundings: its memory, its accounts and its own fast clock."""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from backoffice.sandbox.clearinghouse.letters import Numbers
from backoffice.sandbox.clearinghouse.store import Store

EASTERN = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Options:
    """How this sandbox runs; see __main__ for the environment that says so.

    `seconds_per_day` is how long a payer's day lasts. `pyx12_every` asks pyx12 about the first of
    every so many uploads, 0 about none.
    """

    folder: Path
    account_keys: tuple[str, ...]
    port: int = 0
    seed: int = 1
    seconds_per_day: float = 4.0
    pyx12_every: int = 20
    mailbox: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Options":
        """Read the environment; raises KeyError or ValueError naming what is missing or wrong."""
        return cls(
            folder=Path(environment["SANDBOX_CLEARINGHOUSE_FOLDER"]),
            account_keys=tuple(filter(None, environment["CLEARINGHOUSE_KEY"].split(","))),
            port=int(environment.get("SANDBOX_CLEARINGHOUSE_PORT", "0")),
            seed=int(environment.get("SANDBOX_SEED", "1")),
            seconds_per_day=float(environment.get("SECONDS_PER_DAY", "4")),
            pyx12_every=int(environment.get("SANDBOX_PYX12_EVERY", "20")),
            mailbox=environment.get("SANDBOX_MAILBOX", "1") == "1",
        )


class World:
    """Memory, accounts, clock. The clock is the machine's plus what `/control/clock` has added."""

    def __init__(self, options: Options) -> None:
        if options.seconds_per_day <= 0:
            raise ValueError("SECONDS_PER_DAY is above zero")
        self.options = options
        self.store = Store(options.folder / "clearinghouse.sqlite3")
        self.failure = ""
        self._accounts = {key: account_of(key) for key in options.account_keys}

    def account(self, key: str) -> str | None:
        """The account that a key opens."""
        return self._accounts.get(key)

    @staticmethod
    def machine_now() -> float:
        """Seconds since 1970 by the machine's clock: upload lists go by it, as senders do."""
        return time.time()

    def now(self) -> float:
        """Seconds since 1970 by the sandbox's clock."""
        return time.time() + float(self.store.setting("clock_ahead", 0.0))

    def skip(self, seconds: float) -> None:
        """Move the clock forward."""
        ahead = float(self.store.setting("clock_ahead", 0.0))
        self.store.set("clock_ahead", ahead + max(0.0, seconds))

    def after(self, moment: float, days: float, *, at_day_end: bool) -> float:
        """A moment so many payer's days later; checks are cut at the end of such a day."""
        length = self.options.seconds_per_day
        later = moment + days * length
        return -(-later // length) * length if at_day_end else later

    def numbers(self, to: str, at: float) -> Numbers:
        """Control number and moment for a letter that goes to `to`."""
        known = re.sub(r"[^A-Z0-9]", "", to.upper())[:15]  # a broken ISA may name anybody
        return Numbers(self.store.next_number("letter"), known, wall(at))

    @property
    def has_mailbox(self) -> bool:
        """Whether 999, 277CA and TA1 files are offered now."""
        return bool(self.store.setting("mailbox", self.options.mailbox))

    def post(self, kind: str, content: bytes) -> None:
        """Lay a letter into the mailbox, if there is one."""
        if self.has_mailbox:
            self.store.put_in_mailbox(kind, content)


def account_of(key: str) -> str:
    """An account's name: never its key."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def wall(moment: float) -> datetime:
    """The clearinghouse's wall clock, US-Eastern, as it writes times; without a zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(EASTERN).replace(tzinfo=None)
