"""Cells become numbers by the kind of their column: dates, grouped digits, signs, weights and levels."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from csv_oracle import DATES, MISSING, NO_DATES, NO_NUMBERS, ODD_NUMBERS, days, number
from hypothesis import given, settings
from hypothesis import strategies as st
from naming import in_case

from lrfit.data.csv.cells import cells_of, is_date
from lrfit.data.csv.format import CsvFormat
from lrfit.data.kinds import MOST_LEVELS, Column, feature_names
from lrfit.errors import DataError


def value_of(text, kind="number", levels=None, **csv_format):
    return cells_of(Column("c", kind, levels), CsvFormat(**csv_format)).value(text)


def assert_refused(text, says="is not a number", kind="number", **csv_format):
    with in_case(repr(text)), pytest.raises(ValueError, match=says):
        value_of(text, kind, **csv_format)


# Dates.


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_its_days_since_1970(text):
    assert is_date(text)
    assert value_of(text, "date") == days(text)


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_of_iso_8601_is_refused(text):
    assert not is_date(text)
    assert_refused(text, r"^is not a date of ISO 8601, such as 2026-03-01 or 2026-03-01T12:30$", "date")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1970-01-01", 0.0),
        ("1970-01-02", 1.0),
        ("1969-12-31T12", -0.5),
        ("2000-03-01", 11017.0),
        ("1970", 0.0),
        ("1971", 365.0),
        ("1970-02", 31.0),
        ("1970-W01", -3.0),
        ("1970-W01-4", 0.0),
        ("1970W014", 0.0),
        ("1970-01-01T06:00", 0.25),
        ("1970-01-01T06:00+06:00", 0.0),
        ("1970-01-01T00:00-06", 0.25),
        ("1970-01-01T23:59:59.999999", 1 - 1 / 86_400_000_000),
        ("1970-01-01 00:00:00,5Z", 0.5 / 86_400),
    ],
)
def test_days_are_counted_from_1970_in_utc(text, want):
    assert value_of(text, "date") == want


MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.none() | st.just(UTC))  # noqa: DTZ001
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, OFFSETS, st.sampled_from("T "))
@settings(max_examples=200, deadline=None)
def test_every_moment_is_the_nearest_float_whatever_its_offset(moment, offset, between):
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    want = float(Fraction(since // timedelta(microseconds=1), 86_400_000_000))
    assert value_of(moment.isoformat(between), "date") == want
    elsewhere = moment.replace(tzinfo=UTC).astimezone(offset)
    assert value_of(elsewhere.isoformat(between), "date") == want
    assert value_of(elsewhere.strftime("%Y%m%dT%H%M%S.%f%z").rjust(27, "0"), "date") == want


@given(st.dates())
@settings(max_examples=200, deadline=None)
def test_every_day_is_read_in_each_way_to_write_it(day):
    want = float((day - date(1970, 1, 1)).days)
    year, week, weekday = day.isocalendar()
    texts = [day.isoformat(), day.isoformat().replace("-", "")]
    if 1 <= year <= 9999:
        texts += [f"{year:04d}-W{week:02d}-{weekday}", f"{year:04d}W{week:02d}{weekday}"]
    if weekday == 1 and 1 <= year <= 9999:
        texts.append(f"{year:04d}-W{week:02d}")
    if day.day == 1:
        texts.append(day.isoformat()[:7])
    assert {value_of(text, "date") for text in texts} == {want}


@pytest.mark.parametrize("kind", ["number", "weight", "date", "category"])
def test_the_usual_marks_and_those_that_are_named_stand_for_a_missing_value(kind):
    for text in [*MISSING, *(f" {mark} " for mark in MISSING), "?", " ? "]:
        assert value_of(text, kind, na=("?",)) is None
    if kind != "category":
        assert_refused("??", "is not a", kind, na=("?",))


# Numbers.


def test_numbers_are_what_the_oracle_says():
    for text in [*ODD_NUMBERS, *NO_NUMBERS]:
        want = number(text, CsvFormat())
        if want is None:
            assert_refused(text)
        elif math.isinf(want):
            assert_refused(text, r"^is beyond the range of float64, 1.8e308$")
        else:
            assert value_of(text) == want


@pytest.mark.parametrize(
    ("text", "mark", "want"),
    [
        ("1,234", ",", 1234.0),
        ("1,234,567", ",", 1234567.0),
        ("12,34,567", ",", 1234567.0),
        ("-1,234.5e1", ",", -12345.0),
        ("+999", ",", 999.0),
        ("1234", ",", 1234.0),
        (" 1,234 ", ",", 1234.0),
        ("1'234", "'", 1234.0),
        ("1_234.", "_", 1234.0),
        ("1 234", " ", 1234.0),
        ("1\u00a0234\u00a0567", " ", 1234567.0),
        ("1\u2009234", " ", 1234.0),
        ("1\u202f234", " ", 1234.0),
        ("0,001", ",", 1.0),
    ],
)
def test_digits_in_groups_are_a_number(text, mark, want):
    assert value_of(text, thousands=mark) == want


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1,23", ","),
        ("1,2345", ","),
        ("1234,567", ","),
        (",123", ","),
        ("1,234,", ","),
        ("1,,234", ","),
        ("1,234,56", ","),
        ("1,2,345", ","),
        ("1.234,5", ","),
        ("1e1,000", ","),
        ("-,123", ","),
        ("1,234", "'"),
        ("1 234\u00a0567", " "),
        ("1  234", " "),
        ("1\u2003234", " "),
        ("1\u00a0234", ","),
        ("1,234", ""),
        ("1\u0661,234", ","),
    ],
)
def test_digits_in_wrong_groups_are_refused(text, mark):
    assert_refused(text, thousands=mark)


def test_a_point_may_separate_thousands_where_a_comma_is_the_decimal_mark():
    assert value_of("1.234,5", thousands=".", decimal=",") == 1234.5
    assert value_of("1,234", thousands=".", decimal=",") == 1.234
    assert_refused("1.5", thousands=".", decimal=",")


@pytest.mark.parametrize(
    ("text", "strip", "want"),
    [
        ("5%", "%", 5.0),
        ("5 %", "%", 5.0),
        ("% 5 %%", "%", 5.0),
        ("$20.10", "$", 20.1),
        ("$-5", "$", -5.0),
        ("24510.2 e", "e", 24510.2),
        ("\u20ac1.5", "\u20ac", 1.5),
        ("5", "%", 5.0),
        ("%", "%", None),
        ("NA %", "%", None),
        ("$NA", "$%", None),
    ],
)
def test_signs_at_the_ends_are_no_part_of_a_number(text, strip, want):
    assert value_of(text, strip=strip) == want


@pytest.mark.parametrize(("text", "strip"), [("-$5", "$"), ("5%5", "%"), ("5$", "%"), ("1 2%", "%")])
def test_signs_elsewhere_are_refused(text, strip):
    assert_refused(text, strip=strip)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("-99", {"na": ("-99",)}),
        ("-99.0", {"na": ("-99",)}),
        (" -9.9e1 ", {"na": ("-99",)}),
        ("-99", {"na": ("-99.00",)}),
        ("-0", {"na": ("0",)}),
        ("9999", {"na": ("9,999",), "thousands": ","}),
        ("9,999", {"na": ("9999",), "thousands": ","}),
        ("-99%", {"na": ("-99%",), "strip": "%"}),
        ("-99 %", {"na": ("-99",), "strip": "%"}),
        ("-9,9", {"na": ("-9,9",), "decimal": ","}),
        ("a", {"na": ("b", "a")}),
    ],
)
def test_numbers_that_stand_for_a_missing_value_do_so_however_they_are_written(text, options):
    assert value_of(text, **options) is None


def test_words_that_stand_for_a_missing_value_are_taken_as_they_are_written():
    assert value_of("1000", na=("1_000",)) == 1000.0
    assert value_of("1,5", na=("1.5",), decimal=",") == 1.5
    assert value_of("1.5", na=("1.5",), decimal=",") is None
    assert value_of("inf", na=("inf",)) is None
    assert_refused("A", na=("a",))


@pytest.mark.parametrize(
    ("text", "options", "loses"),
    [
        ("9007199254740993", {}, True),
        ("9007199254740992", {}, False),
        ("-09007199254740993 ", {}, True),
        ("9007199254740993.0", {}, False),
        ("1e20", {}, False),
        ("1" + "0" * 400, {}, True),
        ("0" * 400 + "1", {}, False),
        ("9,007,199,254,740,993", {"thousands": ","}, True),
        ("9007199254740993 %", {"strip": "%"}, True),
    ],
)
def test_integers_that_lose_digits_are_told(text, options, loses):
    assert cells_of(Column("c"), CsvFormat(**options)).loses_digits(text) == loses


def test_a_weight_is_a_number_that_is_not_negative():
    assert value_of("2.5", "weight") == 2.5
    assert value_of("-0", "weight") == 0.0
    assert value_of("-1", "weight", na=("-1",)) is None
    assert_refused("-1", "^is negative, and a weight is at least 0$", "weight")
    assert_refused("x", "^is not a number$", "weight")


# Words.


def test_words_are_the_places_of_their_levels_in_the_order_in_which_they_come():
    cells = cells_of(Column("city", "category"), CsvFormat())
    assert [cells.value(text) for text in ["rome", " oslo", "rome ", "", "NA", "Rome"]] == [
        0,
        1,
        0,
        None,
        None,
        2,
    ]
    assert cells.levels == ("rome", "oslo", "Rome")
    assert not cells.loses_digits("9007199254740993")
    assert not cells_of(Column("day", "date"), CsvFormat()).loses_digits("20260301")


def test_levels_that_are_known_keep_their_places_and_others_are_refused():
    levels = ("NA", "oslo", "rome")
    assert [value_of(text, "category", levels) for text in ["rome", "NA", "n/a"]] == [2.0, 0.0, None]
    with pytest.raises(
        ValueError, match=r"a level that the model has not seen; it knows 'NA', 'oslo', 'rome'$"
    ):
        value_of("Rome", "category", levels)
    assert cells_of(Column("c", "category", levels), CsvFormat()).levels == levels


def test_a_column_with_too_many_levels_is_refused_and_can_be_left_out():
    cells = cells_of(Column("id", "category"), CsvFormat())
    for i in range(MOST_LEVELS):
        assert cells.value(f"no. {i}") == i
    assert cells.value("no. 7") == 7.0
    with pytest.raises(
        DataError, match="column 'id' has over 1000 levels: is it an id\\? drop='id' leaves it out"
    ):
        cells.value("one more")


def test_features_are_named_by_their_levels():
    columns = [
        Column("size"),
        Column("city", "category", ("a", "b", "c")),
        Column("day", "date"),
        Column("k", "category"),
    ]
    assert feature_names(columns) == ("size", "city=b", "city=c", "day")
