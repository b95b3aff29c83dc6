"""Inference against SciPy's statistics and the textbook's formulas."""

import numpy as np
import oracles
import pytest
from scipy import stats

from lrfit.analysis.inference import infer
from lrfit.analysis.least_squares import LeastSquares
from lrfit.analysis.moments import Moments


def inference_of(rows, *, intercept=True):
    return infer(Moments.of_rows(rows).least_squares(intercept=intercept), len(rows))


@pytest.mark.parametrize("rows", [oracles.lab_rows(), oracles.read_columns("norris.csv", ["x", "y"])])
def test_one_feature_has_the_inference_of_linregress(rows):
    found, expected = inference_of(rows), stats.linregress(*rows.T)
    assert found.p[0] == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.t[0] == pytest.approx(expected.slope / expected.stderr, rel=1e-10)
    t = stats.t.ppf(0.975, len(rows) - 2)
    slope, intercept = (expected.slope, expected.stderr), (expected.intercept, expected.intercept_stderr)
    for i, (value, error) in enumerate((slope, intercept)):
        assert [found.low[i], found.high[i]] == pytest.approx(
            [value - t * error, value + t * error], rel=1e-10
        )


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("n_samples", "n_features"), [(7, 3), (40, 5), (3000, 2)])
def test_several_features_have_the_inference_of_the_textbook(n_samples, n_features, intercept):
    rows = oracles.random_rows(n_samples, n_features)
    design = np.column_stack([rows[:, :-1], *[np.ones(n_samples)] * intercept])
    solution, *_ = np.linalg.lstsq(design, rows[:, -1])
    n_free = n_samples - design.shape[1]
    s2 = np.sum((design @ solution - rows[:, -1]) ** 2) / n_free
    errors = np.sqrt(s2 * np.diagonal(np.linalg.inv(design.T @ design)))
    found = inference_of(rows, intercept=intercept)
    np.testing.assert_allclose(found.t, solution / errors, rtol=1e-10)
    np.testing.assert_allclose(found.p, 2.0 * stats.t.sf(np.abs(solution / errors), n_free), rtol=1e-9)
    half_width = stats.t.ppf(0.975, n_free) * errors
    np.testing.assert_allclose(found.low, solution - half_width, rtol=1e-10)
    np.testing.assert_allclose(found.high, solution + half_width, rtol=1e-10)


def test_without_residuals_the_interval_is_the_value_and_t_is_not_defined():
    best = LeastSquares(np.array([2.0, 0.0]), 1.0, 0.0, np.zeros(3), 2)
    found = infer(best, 10)
    assert not np.any(np.isfinite(found.t))
    assert np.all(np.isnan(found.p))
    assert found.low.tolist() == found.high.tolist() == [2.0, 0.0, 1.0]


def test_there_is_none_without_standard_errors():
    assert inference_of(oracles.random_rows(3, 2)) is None
