"""The small changes that a mapping may name: text in, text out, each documented for its writers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backoffice.rules.money import NotMoney, dollars

_TITLES = re.compile(r"^(mr|mrs|ms|miss|mx|dr|prof|rev|sr|sra)\.?(\s+|$)", re.IGNORECASE)
_NAMES_OF_STATES = (
    "Alabama AL|Alaska AK|Arizona AZ|Arkansas AR|California CA|Colorado CO|Connecticut CT|"
    "Delaware DE|District of Columbia DC|Florida FL|Georgia GA|Guam GU|Hawaii HI|Idaho ID|"
    "Illinois IL|Indiana IN|Iowa IA|Kansas KS|Kentucky KY|Louisiana LA|Maine ME|Maryland MD|"
    "Massachusetts MA|Michigan MI|Minnesota MN|Mississippi MS|Missouri MO|Montana MT|Nebraska NE|"
    "Nevada NV|New Hampshire NH|New Jersey NJ|New Mexico NM|New York NY|North Carolina NC|"
    "North Dakota ND|Ohio OH|Oklahoma OK|Oregon OR|Pennsylvania PA|Puerto Rico PR|"
    "Rhode Island RI|South Carolina SC|South Dakota SD|Tennessee TN|Texas TX|Utah UT|Vermont VT|"
    "Virginia VA|Virgin Islands VI|Washington WA|West Virginia WV|Wisconsin WI|Wyoming WY"
)
STATE_LETTERS: Mapping[str, str] = {
    name.casefold(): letters
    for name, _, letters in (each.rpartition(" ") for each in _NAMES_OF_STATES.split("|"))
}


@dataclass(frozen=True)
class Setting:
    """What a transform may know beside the text: its argument and the practice's time zone."""

    argument: str
    zone: ZoneInfo


Transform = Callable[[str, Setting], str]


def first_word(text: str, _: Setting) -> str:
    """Return the first word."""
    return (text.split() or [""])[0]


def last_word(text: str, _: Setting) -> str:
    """Return the last word."""
    return (text.split() or [""])[-1]


def all_but_last_word(text: str, _: Setting) -> str:
    """Return every word but the last; nothing where there is one word."""
    return " ".join(text.split()[:-1])


def without_title(text: str, _: Setting) -> str:
    """Take a title (Mr., Dr., ...) from the beginning."""
    return _TITLES.sub("", text.strip())


def digits(text: str, _: Setting) -> str:
    """Keep digits only."""
    return re.sub(r"[^0-9]", "", text)


def letters(text: str, _: Setting) -> str:
    """Take the digits out."""
    return re.sub(r"[0-9]", "", text)


def upper(text: str, _: Setting) -> str:
    """Write in capitals."""
    return text.upper()


def lower(text: str, _: Setting) -> str:
    """Write in small letters."""
    return text.lower()


def before(text: str, setting: Setting) -> str:
    """Keep what stands before the argument; all of it where that does not occur."""
    return text.partition(setting.argument)[0]


def after(text: str, setting: Setting) -> str:
    """Keep what stands after the argument; nothing where that does not occur."""
    return text.partition(setting.argument)[2]


def day(text: str, setting: Setting) -> str:
    """Read a day in the form of the argument (%d.%m.%Y) and write it as 2026-11-22."""
    try:
        return datetime.strptime(text.strip(), setting.argument).date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return text


def local_day(text: str, setting: Setting) -> str:
    """Return the day of a moment (2026-11-22T03:00:00Z) where the practice is."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return (moment if moment.tzinfo is None else moment.astimezone(setting.zone)).date().isoformat()


def day_before(text: str, _: Setting) -> str:
    """Return the day before a day (2026-11-22): for ends that are no longer covered."""
    try:
        return (date.fromisoformat(text.strip()) - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return text


def state_letters(text: str, _: Setting) -> str:
    """Return a state's two letters for its name; what is no state's name stays."""
    return STATE_LETTERS.get(" ".join(text.split()).casefold(), text)


def cents(text: str, _: Setting) -> str:
    """Read whole cents (12550) and write dollars (125.50)."""
    return (
        f"{Decimal(text.strip()) / 100:.2f}"
        if text.strip().isascii() and text.strip().isdigit()
        else text
    )


TRANSFORMS: Mapping[str, Transform] = {
    made.__name__: made
    for made in (
        first_word, last_word, all_but_last_word, without_title, digits, letters, upper, lower,
        before, after, day, local_day, day_before, state_letters, cents,
    )
}  # fmt: skip
WITH_ARGUMENT = frozenset({"before", "after", "day"})


def sum_of(amounts: list[str]) -> str:
    """Add up amounts of dollars; where one can't be read, the text that can't stays for refusal."""
    given = [amount for amount in amounts if amount.strip()]
    try:
        return str(sum(map(dollars, given), Decimal("0.00"))) if given else ""
    except NotMoney:
        return " + ".join(given)
