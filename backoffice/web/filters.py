"""How values are worded on a page: money, days, moments, ages and the words for our codes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from urllib.parse import urlencode

from flask import Flask, g, has_app_context, request, url_for
from markupsafe import Markup

MINUS = "\u2212"
NOT_KNOWN = Markup('\u2014<span class="hush">not known</span>')
CENT = Decimal("0.01")
BITES_WITHIN_DAYS = 14
"""A deadline nearer than this is shown in red."""

WORDS = {
    "837p": "Claims (837P)",
    "835": "ERAs (835)",
    "ein": "EIN",
    "ssn": "SSN",
    "ach": "EFT",
    "chk": "Check",
    "fwt": "Wire",
    "non": "No payment",
    "own": "Our own format",
    "era": "ERA",
    "eob": "EOB",
    "npi": "NPI",
    "tax_id": "Tax ID",
    "member_id": "Member ID",
    "self_pay": "Self-pay",
    "no_show": "No-show",
    "late_cancelled": "Late cancelled",
}
"""Codes whose words are not simply the code with spaces. All others are: more_info_required."""


def money(amount: Decimal | None) -> str:
    """Two places and a comma for thousands, no currency sign: 1,240.50, \u2212118.40, dimmed 0.00.

    For table cells. None is an em dash that says "not known". Raises TypeError for anything that
    is not a Decimal and ValueError for a fraction of a cent: a page never rounds money silently.
    """
    if amount is None:
        return NOT_KNOWN
    words = _figure(amount, sign="")
    return Markup('<span class="z">{}</span>').format(words) if amount == 0 else words


def dollars(amount: Decimal | None) -> str:
    """As money, with the sign: $1,240.50, \u2212$118.40. For totals, headers and sentences."""
    return NOT_KNOWN if amount is None else _figure(amount, sign="$")


def _figure(amount: Decimal, *, sign: str) -> str:
    if not isinstance(amount, Decimal):
        raise TypeError("money is a Decimal")
    exact = amount.quantize(CENT)
    if exact != amount:
        raise ValueError("a fraction of a cent cannot be shown as money")
    return f"{MINUS if exact < 0 else ''}{sign}{abs(exact):,.2f}"


def counted(number: int | None, *, exact: bool = True) -> str:
    """A whole number with commas: 7,776. Where it was not counted to the end, 10,000+."""
    if number is None:
        return NOT_KNOWN
    return f"{number:,}" if exact else f"{number:,}+"


def percent(share: Decimal | None) -> str:
    """A share of one as a whole percentage without a space: 0.97 is 97%."""
    return NOT_KNOWN if share is None else f"{share * 100:.0f}%"


def day(value: date | None) -> str:
    """A service date as payers print it, 10/22/26, inside a time element."""
    if value is None:
        return NOT_KNOWN
    return _time(value.isoformat(), f"{value:%m/%d/%y}")


def days(first: date | None, last: date | None = None) -> str:
    """A range of service dates, 10/06/26 \u2013 10/20/26; one date when both are the same."""
    if first is None or last is None or first == last:
        return day(first)
    return Markup("{} \u2013 {}").format(day(first), day(last))


def long_day(value: date | None) -> str:
    """A day in a sentence: Nov 19, with the year when it is not this year."""
    if value is None:
        return NOT_KNOWN
    return _time(value.isoformat(), _month_day(value, _today()))


def long_days(first: date | None, last: date | None = None) -> str:
    """A range in a sentence: Oct 6 \u2013 20, or Oct 28 \u2013 Nov 4."""
    if first is None or last is None or first == last:
        return long_day(first)
    same_month = (first.year, first.month) == (last.year, last.month)
    end = _time(last.isoformat(), str(last.day)) if same_month else long_day(last)
    return Markup("{} \u2013 {}").format(long_day(first), end)


def moment(value: datetime | None) -> str:
    """A moment in the reader's zone: Nov 19, 6:12 am; the year when it is not this year.

    Raises ValueError for a naive datetime: every moment is aware.
    """
    if value is None:
        return NOT_KNOWN
    return _time(value.isoformat(), _moment_words(value))


def clock(value: datetime | None) -> str:
    """The time of day in the reader's zone: 6:12 am. For lists that are headed by their day."""
    return NOT_KNOWN if value is None else _time(value.isoformat(), _clock(_local(value)))


def when(value: datetime | None) -> str:
    """The short form of a feed: 6:12 am today, otherwise Nov 18."""
    if value is None:
        return NOT_KNOWN
    local, today = _local(value), _today()
    words = _clock(local) if local.date() == today else _month_day(local.date(), today)
    return _time(value.isoformat(), words, title=_moment_words(value))


def ago(value: datetime | None) -> str:
    """How long since a moment: 4 min ago, 3 h ago, 2 d ago, just now."""
    if value is None:
        return NOT_KNOWN
    passed = _now() - _aware(value)
    words = "just now" if passed < timedelta(minutes=1) else f"{_duration(passed)} ago"
    return _time(value.isoformat(), words, title=_moment_words(value))


def age(value: date | datetime | timedelta | int | None) -> str:
    """How old something is, 28 d: from a day, a moment, a length of time or a count of days."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, datetime):
        return _duration(_now() - _aware(value))
    if isinstance(value, date):
        return f"{(_today() - value).days:,} d"
    return _duration(value) if isinstance(value, timedelta) else f"{value:,} d"


def left(value: date | datetime | None) -> str:
    """The time left to a deadline, with the date in the title: 62 d, 24 min, red under 14 days."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, datetime):
        remaining = _aware(value) - _now()
        words, title = _duration(abs(remaining)), _moment_words(value)
        late, near = remaining < timedelta(0), remaining < timedelta(days=1)
    else:
        count_of_days = (value - _today()).days
        words, title = f"{abs(count_of_days):,} d", f"{value:%b} {value.day}, {value.year}"
        late, near = count_of_days < 0, count_of_days < BITES_WITHIN_DAYS
    words = f"{words} late" if late else words
    shown = Markup('<b class="c bad">{}</b>').format(words) if near or late else words
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(), title, shown
    )


def deadline(value: date | None) -> str:
    """A deadline on a record: 47 d left, Jan 5; 3 d late, Nov 16."""
    if value is None:
        return NOT_KNOWN
    late = value < _today()
    return Markup("{}{}, {}").format(left(value), "" if late else " left", long_day(value))


def label(code: str | Enum | None) -> str:
    """The words for one of our codes: more_info_required is More info required."""
    if code is None:
        return ""
    value = str(code.value if isinstance(code, Enum) else code).replace("-", "_").lower()
    words = value.replace("_", " ")
    return WORDS.get(value) or words[:1].upper() + words[1:]


def plural(number: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 claim, 12 claims, 2 policies (given the second form)."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def known(value: object | None, instead: str = "not known") -> str:
    """The value, or an em dash whose hidden words say what is not there."""
    if value is None or value == "":
        return Markup('\u2014<span class="hush">{}</span>').format(instead)
    return Markup("{}").format(value)


def initials(name: str | None) -> str:
    """At most two letters for a person or a practice: Ana Sample is AS."""
    parts = (name or "").split()
    return "".join(
        part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)
    ).upper()


def here(**changes: str | int | None) -> str:
    """This page's address with some of its query changed; None takes one away.

    A cursor (`after`, `before`) never survives: a changed filter begins at the first page.
    """
    query: dict[str, list[str]] = {
        key: values for key, values in request.args.lists() if key not in {"after", "before"}
    }
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = [str(value)]
    # never as values of url_for: `?_scheme=` or `?endpoint=` would be words to it
    path = url_for(request.endpoint or "", **(request.view_args or {}))
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _time(machine: str, words: str, *, title: str = "") -> str:
    named = Markup(' title="{}"').format(title) if title else ""
    return Markup('<time datetime="{}"{}>{}</time>').format(machine, named, words)


def _moment_words(value: datetime) -> str:
    local = _local(value)
    return f"{_month_day(local.date(), _today())}, {_clock(local)}"


def _month_day(value: date, today: date) -> str:
    words = f"{value:%b} {value.day}"
    return words if value.year == today.year else f"{words}, {value.year}"


def _clock(local: datetime) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _duration(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 0)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60):,} d"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be shown")
    return value


def _local(value: datetime) -> datetime:
    return _aware(value).astimezone(_zone())


def _zone() -> tzinfo:
    """The reader's zone: g.zone, set for each request; UTC where nobody is reading."""
    zone: tzinfo = g.get("zone", UTC) if has_app_context() else UTC
    return zone


def _today() -> date:
    return _now().astimezone(_zone()).date()


def _now() -> datetime:
    """The request's moment: g.now, so that one page tells one time."""
    now: datetime | None = g.get("now") if has_app_context() else None
    return now or datetime.now(UTC)


FILTERS: dict[str, Callable[..., object]] = {
    "money": money,
    "dollars": dollars,
    "counted": counted,
    "percent": percent,
    "day": day,
    "days": days,
    "long_day": long_day,
    "long_days": long_days,
    "moment": moment,
    "clock": clock,
    "when": when,
    "ago": ago,
    "age": age,
    "left": left,
    "deadline": deadline,
    "label": label,
    "plural": plural,
    "known": known,
    "initials": initials,
}


def register(app: Flask) -> None:
    """Give every template our filters, and `here` for links that change the query."""
    clash = set(FILTERS) & set(app.jinja_env.filters)
    if clash:
        raise RuntimeError(f"filters would hide Jinja's own: {sorted(clash)}")
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["here"] = here
