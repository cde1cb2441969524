"""How values are worded: money, days, moments, ages, deadlines and the words for codes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g
from markupsafe import Markup

from backoffice.rules.claim_status import ClaimStatus
from backoffice.web import filters

NOW = datetime(2026, 11, 19, 14, 46, tzinfo=UTC)


@pytest.fixture
def bare_app() -> Flask:
    made = Flask(__name__)
    filters.register(made)
    made.add_url_rule("/unbilled", "unbilled", lambda: "")
    return made


@pytest.fixture
def reading(bare_app: Flask) -> Iterator[None]:
    """Somebody in New York reads at 9:46 am on Nov 19."""
    with bare_app.app_context():
        g.zone, g.now = ZoneInfo("America/New_York"), NOW
        yield


def words(shown: str) -> str:
    """What stands on the page, without its elements."""
    return Markup(shown).striptags()  # noqa: S704 (only ever what a filter returned)


@pytest.mark.parametrize(
    ("amount", "table", "sentence"),
    [
        (Decimal("1240.5"), "1,240.50", "$1,240.50"),
        (Decimal("-118.40"), "\u2212118.40", "\u2212$118.40"),
        (Decimal("0"), "0.00", "$0.00"),
        (Decimal("-0.00"), "0.00", "$0.00"),
        (Decimal("1234567.89"), "1,234,567.89", "$1,234,567.89"),
    ],
)
def test_money_has_two_places_a_comma_and_a_true_minus_sign(
    amount: Decimal, table: str, sentence: str
) -> None:
    assert words(filters.money(amount)) == table
    assert words(filters.dollars(amount)) == sentence


def test_zero_is_dimmed_and_an_unknown_amount_is_spoken() -> None:
    assert filters.money(Decimal("0.00")) == '<span class="z">0.00</span>'
    assert "not known" in filters.money(None)
    assert filters.dollars(None) == filters.NOT_KNOWN


def test_money_that_is_not_a_decimal_is_refused() -> None:
    with pytest.raises(TypeError):
        filters.money(12.5)  # type: ignore[arg-type]  # the point of the test


def test_a_fraction_of_a_cent_is_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="fraction of a cent"):
        filters.dollars(Decimal("0.005"))


def test_a_service_date_is_printed_as_payers_print_it() -> None:
    assert filters.day(date(2026, 10, 2)) == '<time datetime="2026-10-02">10/02/26</time>'


def test_a_range_of_one_day_is_one_date() -> None:
    first = date(2026, 10, 6)
    assert words(filters.days(first, first)) == "10/06/26"
    assert words(filters.days(first, None)) == "10/06/26"
    assert words(filters.days(first, date(2026, 10, 20))) == "10/06/26 \u2013 10/20/26"


@pytest.mark.usefixtures("reading")
@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2026, 10, 6), date(2026, 10, 6), "Oct 6"),
        (date(2026, 10, 6), date(2026, 10, 20), "Oct 6 \u2013 20"),
        (date(2026, 10, 28), date(2026, 11, 4), "Oct 28 \u2013 Nov 4"),
        (date(2025, 12, 30), date(2026, 1, 4), "Dec 30, 2025 \u2013 Jan 4"),
    ],
)
def test_a_range_in_a_sentence_names_the_month_once(first: date, last: date, shown: str) -> None:
    assert words(filters.long_days(first, last)) == shown


@pytest.mark.usefixtures("reading")
def test_a_moment_is_told_in_the_readers_zone() -> None:
    assert words(filters.moment(datetime(2026, 11, 19, 11, 12, tzinfo=UTC))) == "Nov 19, 6:12 am"
    assert words(filters.moment(datetime(2026, 11, 20, 4, 59, tzinfo=UTC))) == "Nov 19, 11:59 pm"
    assert words(filters.clock(datetime(2026, 11, 19, 17, 5, tzinfo=UTC))) == "12:05 pm"


@pytest.mark.usefixtures("reading")
def test_the_year_is_told_when_it_is_not_this_year() -> None:
    new_year_in_utc_only = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
    assert words(filters.moment(new_year_in_utc_only)) == "Dec 31, 2025, 11:00 pm"
    assert words(filters.long_day(date(2027, 1, 5))) == "Jan 5, 2027"


@pytest.mark.usefixtures("reading")
def test_a_naive_moment_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    for shown in (filters.moment, filters.clock, filters.when, filters.ago, filters.age):
        with pytest.raises(ValueError, match="without a zone"):
            shown(naive)


@pytest.mark.usefixtures("reading")
def test_a_feed_tells_the_hour_today_and_the_day_before() -> None:
    assert words(filters.when(NOW - timedelta(hours=3))) == "6:46 am"
    assert words(filters.when(NOW - timedelta(hours=10))) == "Nov 18"


@pytest.mark.usefixtures("reading")
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (timedelta(minutes=24), "24 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=13), "13 d"),
        (NOW - timedelta(minutes=90), "1 h"),
        (date(2026, 10, 22), "28 d"),
        (28, "28 d"),
    ],
)
def test_an_age_is_told_in_its_one_fitting_unit(
    value: date | datetime | timedelta | int, shown: str
) -> None:
    assert filters.age(value) == shown


@pytest.mark.usefixtures("reading")
def test_the_day_of_an_age_is_the_readers_not_utcs() -> None:
    g.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # still Nov 19 in New York
    assert filters.age(date(2026, 11, 19)) == "0 d"


@pytest.mark.usefixtures("reading")
def test_a_deadline_bites_under_fourteen_days_and_says_when_it_is_past() -> None:
    far, near = filters.left(date(2026, 12, 3)), filters.left(date(2026, 12, 2))
    assert words(far) == "14 d"
    assert "bad" not in far
    assert words(near) == "13 d"
    assert '<b class="c bad">' in near
    assert 'title="Dec 2, 2026"' in near
    assert words(filters.left(date(2026, 11, 16))) == "3 d late"
    assert words(filters.left(NOW + timedelta(minutes=24))) == "24 min"


@pytest.mark.usefixtures("reading")
def test_a_deadline_on_a_record_says_its_day() -> None:
    assert words(filters.deadline(date(2027, 1, 5))) == "47 d left, Jan 5, 2027"
    assert words(filters.deadline(date(2026, 11, 16))) == "3 d late, Nov 16"


def test_every_claim_status_has_words() -> None:
    assert filters.label(ClaimStatus.MORE_INFO_REQUIRED) == "More info required"
    for status in ClaimStatus:
        shown = filters.label(status)
        assert shown[0].isupper()
        assert "_" not in shown


def test_a_code_with_letters_of_its_own_keeps_them() -> None:
    class Kind(StrEnum):
        EOB = "eob"

    assert filters.label(Kind.EOB) == "EOB"
    assert filters.label("837P") == "Claims (837P)"
    assert filters.label(None) == ""


def test_a_value_that_is_not_there_is_spoken_and_one_that_is_cannot_inject() -> None:
    assert words(filters.known(None, "no claim")) == "\u2014no claim"
    assert filters.known(0) == "0"
    assert filters.known("<b>") == "&lt;b&gt;"


def test_counts_agree_with_their_nouns() -> None:
    assert filters.plural(1, "claim") == "1 claim"
    assert filters.plural(7776, "claim") == "7,776 claims"
    assert filters.plural(2, "policy", "policies") == "2 policies"
    assert filters.counted(10000, exact=False) == "10,000+"


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana Sample", "AS"), ("Ana Maria Sample", "AS"), ("Ana", "A"), ("", "")]
)
def test_initials_are_first_and_last(name: str, letters: str) -> None:
    assert filters.initials(name) == letters


def test_a_changed_filter_keeps_the_others_and_begins_at_the_first_page(bare_app: Flask) -> None:
    with bare_app.test_request_context("/unbilled?payer=NSH01&payer=EVG&sort=risk&after=k9"):
        assert filters.here(sort="served") == "/unbilled?payer=NSH01&payer=EVG&sort=served"
        assert filters.here(payer=None) == "/unbilled?sort=risk"


def test_no_filter_of_ours_hides_one_of_jinjas() -> None:
    clashing = Flask(__name__)
    clashing.jinja_env.filters["money"] = str
    with pytest.raises(RuntimeError, match="money"):
        filters.register(clashing)
