"""Student's t against SciPy, against closed forms and against numbers of many digits."""

from math import atan, pi, sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from lrfit.analysis.student import probability_beyond, quantile

FORTY_DIGITS = [
    (0.001, 3, 0.999264894969460938),
    (0.999, 99, 0.32023022245080408757),
    (1.0, 99, 0.31974847413930140376),
    (1.0, 100, 0.3197241557841233604),
    (2.5, 7, 0.040992218585752896889),
    (1.96, 10000, 0.050023520231833049539),
    (2.0, 10000000, 0.04550029089184295328),
    (5.0, 1000000000, 5.7330324039516284309e-7),
    (20.0, 150, 3.638309655411305639e-44),
    (37.0, 100000000, 1.1504999776822914983e-299),
    (12.0, 101, 3.7717128833583396955e-21),
]
"""Probabilities beyond t: mpmath's betainc with forty digits."""


@given(st.floats(-1e6, 1e6))
@example(0.0)
def test_one_and_two_degrees_of_freedom_have_a_closed_form(t):
    """Cauchy's distribution, and Abramowitz and Stegun 26.7.3."""
    one = 2.0 * atan(1.0 / abs(t)) / pi if t else 1.0
    assert probability_beyond(t, 1) == pytest.approx(one, rel=1e-14)
    root = sqrt(2.0 + t * t)
    assert probability_beyond(t, 2) == pytest.approx(2.0 / (root * (root + abs(t))), rel=1e-14)


@pytest.mark.parametrize(("t", "degrees_of_freedom", "expected"), FORTY_DIGITS)
def test_it_has_twelve_digits_whatever_the_degrees_of_freedom(t, degrees_of_freedom, expected):
    assert probability_beyond(t, degrees_of_freedom) == pytest.approx(expected, rel=1e-12, abs=0)


@given(st.floats(1e-3, 30.0), st.integers(1, 10**6))
def test_it_is_twice_the_tail_of_scipy(t, degrees_of_freedom):
    """Nearer to 0, SciPy 1.17 has fewer digits: 1 for 1e-9, of which 6.4e-10 are missing."""
    expected = 2.0 * stats.t.sf(t, degrees_of_freedom)
    assert probability_beyond(t, degrees_of_freedom) == pytest.approx(expected, rel=1e-10, abs=1e-300)


@given(st.floats(0.0, 1.0, exclude_min=True, exclude_max=True), st.integers(1, 10**9))
@example(1e-320, 1)
@example(1.0 - 2.0**-53, 1)
def test_the_quantile_is_where_the_rest_is_beyond(level, degrees_of_freedom):
    t = quantile(level, degrees_of_freedom)
    assert probability_beyond(t, degrees_of_freedom) == pytest.approx(1.0 - level, rel=1e-12)


@pytest.mark.parametrize("t", [1e160, 1.7e308])
def test_far_out_nothing_is_beyond(t):
    assert probability_beyond(t, 1) == pytest.approx(0.0, abs=1e-150)
    assert probability_beyond(-t, 10**9) == 0.0
