"""Axes: positions of numbers, limits, ticks, and how numbers are written."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrfit.views.axis import Axis, limits_around, number_text

FINITE = st.floats(-1e150, 1e150)
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def value_of(text):
    """The number that `number_text` wrote as this text."""
    if "10" in text and text.rpartition("10")[2].translate(RAISED) != text.rpartition("10")[2]:
        digits, _, power = text.rpartition("10")
        return float(
            f"{ {'': '1', '-': '-1'}.get(digits, digits.rstrip('·')) }e{power.translate(RAISED)}".replace(
                " ", ""
            )
        )
    return float(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_to_its_digits(value):
    assert value_of(number_text(value, 17)) == value
    assert value_of(number_text(value, 4)) == float(f"{value:.4g}")


@given(FINITE, FINITE, st.integers(2, 12))
@example(0.0, 5e-324, 7)
@example(1e-321, 1e-321, 3)
@example(1e-310, 1.0000000001e-310, 7)
def test_ticks_are_round_numbers_within_the_limits_that_can_be_told_apart(one, other, n_most):
    limits = limits_around(np.array([one, other]))
    marks = Axis("", limits, "linear").ticks(n_most)
    assert len(marks) <= n_most
    rounding = 1e-15 * max(map(abs, limits))
    assert all(limits[0] - rounding <= value <= limits[1] + rounding for value in marks)
    assert [value_of(text) for text in marks.values()] == list(marks)


@given(st.floats(1e-300, 1e299), st.floats(1.5, 1e9))
def test_ticks_of_a_log_axis_are_within_its_limits(low, ratio):
    high = min(low * ratio, 1e300)
    marks = Axis("", (low, high), "log").ticks(6)
    assert 1 <= len(marks) <= 6 or ratio < 2
    assert all(low * (1 - 1e-12) <= value <= high * (1 + 1e-12) for value in marks)


@pytest.mark.parametrize("last", [1.0, 2.0, 7.0, 100.0])
def test_epochs_are_whole(last):
    assert all(value == int(value) for value in Axis("", (0.0, last), "epochs").ticks(7))


def test_the_log_axis_of_epochs_has_room_for_the_start():
    places = Axis("", (0.0, 100.0), "log epochs").fractions(np.array([0.0, 1.0, 10.0, 100.0]))
    assert places.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_what_an_axis_cannot_show_has_no_place():
    values = np.array([-1.0, 0.0, 1.0, np.inf, np.nan])
    assert np.isnan(Axis("", (0.1, 10.0), "log").fractions(values)).tolist() == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert np.isnan(Axis("", (0.0, 1.0), "linear").fractions(values)).tolist() == [
        False,
        False,
        False,
        True,
        True,
    ]


@given(FINITE, FINITE)
@example(0.0, 5e-324)
@example(1e-322, 1.05e-322)
@example(0.0, 2e-321)
def test_limits_leave_room_around_all_values(one, other):
    low, high = limits_around(np.array([one, other, np.nan, np.inf]))
    assert low < min(one, other) <= max(one, other) < high
    assert 0.0 < Axis("", (low, high), "linear").fractions(np.array([one]))[0] < 1.0


def test_an_axis_says_where_its_scale_is_not_linear():
    titles = [Axis("loss", (1.0, 2.0), scale).title for scale in ("linear", "log", "epochs", "log epochs")]
    assert titles == ["loss", "loss, log scale", "loss", "loss, log scale"]


def test_limits_without_a_margin_are_the_outermost_values():
    assert limits_around(np.array([3.0, 1.0, 2.0]), 0.0) == (1.0, 3.0)
