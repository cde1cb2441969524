"""The ways in which the sandbox can be told to go wrong, and for how many requests. Ours alone."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from backoffice.sandbox.clearinghouse.store import Store

FOR_EVER = -1


class Misdeed(StrEnum):
    """What can go wrong with a request, before or after its work is done."""

    REFUSE = "refuse"  # an error object: definitively refused
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After
    UNAVAILABLE = "unavailable"  # 503: not accepted
    FAIL_BEFORE = "fail_before"  # 500 and nothing done
    TIME_OUT_BEFORE = "time_out_before"  # nothing done, no answer for `seconds`
    RESET_BEFORE = "reset_before"  # nothing done, connection reset
    ACCEPT_THEN_SILENCE = "accept_then_silence"  # done, no answer for `seconds`
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_HALF = "accept_then_half"  # done, half the answer
    WRONG_CLAIMS = "wrong_claims"  # done, an answer about somebody else's claims
    REPEAT = "repeat"  # `response` and `eralist`: what was said before, once more
    LAG = "lag"  # lists don't show what is younger than `seconds`
    NO_QUERY = "no_query"  # the upload list isn't there


BEFORE = frozenset(
    {
        Misdeed.REFUSE,
        Misdeed.RATE_LIMIT,
        Misdeed.UNAVAILABLE,
        Misdeed.FAIL_BEFORE,
        Misdeed.TIME_OUT_BEFORE,
        Misdeed.RESET_BEFORE,
    }
)


@dataclass(frozen=True)
class Switch:
    """One misdeed on one service, for so many requests (-1: until cleared)."""

    misdeed: Misdeed
    service: str = "upload"
    times: int = 1
    seconds: float = 0.0

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Switch":
        """From JSON; raises ValueError or TypeError when it is not a switch."""
        return cls(
            Misdeed(plain["misdeed"]),
            str(plain.get("service", "upload")),
            int(plain.get("times", 1)),
            float(plain.get("seconds", 0.0)),
        )


def switches(store: Store) -> list[Switch]:
    """What is switched on."""
    return [Switch.from_plain(plain) for plain in store.setting("switches", [])]


def switch_on(store: Store, switch: Switch) -> None:
    """Add a switch; those of one service act one request after the other."""
    store.set("switches", [*map(asdict, switches(store)), asdict(switch)])


def switch_off(store: Store) -> None:
    """Behave again."""
    store.set("switches", [])


def next_misdeed(store: Store, service: str) -> Switch | None:
    """The switch that this request meets; its count goes down."""
    with store.transaction():
        waiting = switches(store)
        met = next((each for each in waiting if each.service == service), None)
        if met is None:
            return None
        place = waiting.index(met)
        if met.times == 1:
            del waiting[place]
        elif met.times != FOR_EVER:
            waiting[place] = replace(met, times=met.times - 1)
        store.set("switches", [asdict(each) for each in waiting])
        return met
