"""Numbers of reports: as many digits as are wanted, or as mean something."""

from decimal import Decimal
from math import floor, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfit.views.number_texts import all_digits, digits_of_error, number_text_of, significant

NUMBERS = st.floats(-1e15, 1e15, allow_subnormal=False)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.2829710991, 0.0432568, "0.283"),
        (0.7988, 0.28785, "0.80"),
        (52376.914, 573.55, "52380"),
        (-3482258.2, 890420.4, "-3480000"),
        (1.0, 0.0995, "1.00"),  # whose error is 0.10
        (2.0, 0.0, "2"),
        (2.0, None, "2"),
        (1234567.0, None, "1.23457e+06"),
    ],
)
def test_two_digits_of_the_error_mean_something(value, error, text):
    assert digits_of_error(value, error) == text


@given(NUMBERS, st.floats(1e-12, 1e12))
def test_what_is_left_out_is_small_beside_the_error(value, error):
    text = digits_of_error(value, error)
    unit = 10.0 ** (floor(log10(float(f"{error:.1e}"))) - 1)
    assert abs(Decimal(text) - Decimal(value)) <= Decimal(max(0.51 * unit, 1e-15 * abs(value)))
    assert "e" not in text


@given(NUMBERS, st.integers(1, 17))
def test_so_many_digits_are_significant(value, n_digits):
    assert float(significant(n_digits)(value, 0.1)) == float(f"{value:.{n_digits}g}")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_all_digits_read_back(value):
    assert float(all_digits(value, 0.5)) == value


def test_a_terminal_shows_what_means_something_and_a_pipe_gets_all():
    assert number_text_of(None, is_seen=True) is digits_of_error
    assert number_text_of(None, is_seen=False) is all_digits
    assert number_text_of("all", is_seen=True) is all_digits
    assert number_text_of(3, is_seen=False)(0.123456, 1.0) == "0.123"
