"""Date ticks: that they are round, within the limits, as many as there is room for, and say which dates."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfit.views.axis import Axis
from lrfit.views.date_ticks import date_ticks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 (in UTC, all of them)
LENGTHS = st.floats(-9.0, 6.5).map(lambda power: 10.0**power)


def days(text):
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) / timedelta(days=1)


def ticks(start, end, n_most=7):
    return list(date_ticks((days(start), days(end)), n_most).values())


@pytest.mark.parametrize(
    ("start", "end", "n_most", "texts"),
    [
        ("1949-07-01", "2021-02-03", 5, ["1960", "1980", "2000", "2020"]),
        ("0001-01-01", "9999-12-31", 7, ["2000", "4000", "6000", "8000"]),
        ("2023-11-20", "2026-08-01", 7, ["2024-01", "2024-07", "2025-01", "2025-07", "2026-01", "2026-07"]),
        ("2023-11-20", "2026-08-01", 5, ["2024", "2025", "2026"]),
        ("2026-01-31", "2026-05-02", 5, ["2026-02", "2026-03", "2026-04", "2026-05"]),
        ("2026-02-10", "2026-03-15", 5, ["2026-02-11", "2026-02-21", "2026-03-01", "2026-03-11"]),
        ("2026-02-27", "2026-03-02", 4, ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("2025-12-26T18:00", "2026-01-07T12:00", 5, ["2025-12-28", "2026-01-01", "2026-01-04", "2026-01-07"]),
        ("2026-03-14T08:52", "2026-03-16T19:00", 5, ["12:00", "2026-03-15", "12:00", "2026-03-16", "12:00"]),
        ("2026-03-14T08:52", "2026-03-14T16:10", 5, ["2026-03-14 10:00", "12:00", "14:00", "16:00"]),
        ("2026-03-14T08:52", "2026-03-14T09:05", 4, ["2026-03-14 08:55", "09:00", "09:05"]),
        ("2026-03-14T08:52:58", "2026-03-14T08:53:31", 3, ["2026-03-14 08:53:00", "08:53:15", "08:53:30"]),
        ("2026-03-14T23:59:59.2", "2026-03-15T00:00:00.6", 4, ["23:59:59.5", "2026-03-15", "00:00:00.5"]),
        ("1969-12-31T23:59:59.99", "1970-01-01T00:00:00.001", 2, ["23:59:59.99", "1970-01-01"]),
    ],
)  # fmt: skip
def test_ticks_are_at_years_months_days_or_times_as_the_range_asks(start, end, n_most, texts):
    assert ticks(start, end, n_most) == texts


def test_two_ticks_of_a_finer_step_are_better_than_one():
    """Though these are not next to each other."""
    assert ticks("2025-02-01", "2026-11-01", 2) == ["2025-07", "2026-07"]
    assert ticks("2026-03-14T08:00", "2026-03-15T18:00", 2) == ["2026-03-14 12:00", "2026-03-15 12:00"]


def moment_of(text, day):
    """The moment that a tick says; its date comes from the number, where the tick has none."""
    date = f"{(EPOCH + timedelta(days=day + 1e-7)).date()}"
    if ":" in text:
        return datetime.fromisoformat(text if " " in text else f"{date} {text}")
    year, month, of_month = (*text.split("-"), "01", "01")[:3]
    return datetime.fromisoformat(f"{year:>04}-{month}-{of_month}")


@given(MOMENTS, LENGTHS, st.integers(2, 12))
def test_ticks_say_where_they_are(start, length, n_most):
    low = (start.replace(tzinfo=UTC) - EPOCH) / timedelta(days=1)
    found = date_ticks((low, low + length), n_most)
    assert len(found) <= n_most
    assert list(found) == sorted(set(found))
    assert len(found) > 1 or n_most == 2 or length < 1e-8
    for day, text in found.items():
        assert low - 1e-9 <= day <= low + length + 1e-9
        if day + 719162.0 > 0.0 and day < 2932896.0:
            moment = moment_of(text, day).replace(tzinfo=UTC)
            assert (moment - EPOCH) / timedelta(days=1) == pytest.approx(day, abs=1e-9)


@given(MOMENTS, LENGTHS)
def test_a_date_is_on_the_axis_at_least_once(start, length):
    low = (start.replace(tzinfo=UTC) - EPOCH) / timedelta(days=1)
    texts = list(date_ticks((low, low + length), 5).values())
    assert not texts or any(":" not in text or " " in text for text in texts)


def test_an_axis_of_dates_is_linear():
    axis = Axis("day", (20526.0, 20530.0), "dates")
    assert axis.title == "day"
    assert axis.ticks(3) == {20527.0: "2026-03-15", 20529.0: "2026-03-17"}
    assert axis.fractions(np.array([20526.0, 20527.0, 20530.0])).tolist() == [0.0, 0.25, 1.0]
