"""Scaling there and back."""

import numpy as np
import oracles
import pytest

from lrfit.analysis.moments import Moments
from lrfit.analysis.scaling import Scaling

ROWS = oracles.random_rows(40, 3) * [1.0, 100.0, 0.01, 7.0] + [5.0, 0.0, -3.0, 11.0]


@pytest.mark.parametrize("intercept", [True, False])
def test_standardized_columns_have_unit_spread(intercept):
    scaled = Scaling.standardizing(Moments.of_rows(ROWS), intercept=intercept).apply(ROWS)
    np.testing.assert_allclose(np.mean(scaled**2, axis=0), 1.0)
    if intercept:
        np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
def test_parameters_there_and_back_are_the_same_line(intercept):
    scaling = Scaling.standardizing(Moments.of_rows(ROWS), intercept=intercept)
    weights, b = np.array([0.3, -1.0, 2.0]), 0.5 * intercept
    inside, inside_b = scaling.from_data_units(weights, b)
    back, back_b = scaling.to_data_units(inside, inside_b)
    np.testing.assert_allclose(back, weights, rtol=1e-14)
    assert back_b == pytest.approx(b, abs=1e-13)
    scaled = scaling.apply(ROWS)
    y_hat = (scaled[:, :-1] @ inside + inside_b) * scaling.scale[-1] + scaling.shift[-1]
    np.testing.assert_allclose(y_hat, ROWS[:, :-1] @ weights + b, rtol=1e-12)


def test_a_line_through_the_origin_stays_one():
    scaling = Scaling.standardizing(Moments.of_rows(ROWS), intercept=False)
    assert np.all(scaling.shift == 0)


def test_a_constant_column_keeps_its_unit():
    rows = np.column_stack([np.full(9, 0.1), np.arange(9.0)])
    assert Scaling.standardizing(Moments.of_rows(rows), intercept=True).scale[0] == 1.0
