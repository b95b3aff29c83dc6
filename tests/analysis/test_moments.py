"""Moments against plain NumPy, least squares, and certified figures."""

from functools import reduce

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective

SHAPES = [(1, 1), (2, 1), (17, 1), (200, 5), (5000, 1), (9000, 20), (3, 6)]


def assert_same(a, b, rtol=1e-12):
    assert a.n_samples == b.n_samples
    scale = np.abs(a.mean).max() + np.abs(a.factor).max(initial=0.0)
    np.testing.assert_allclose(a.mean, b.mean, rtol=0, atol=rtol * scale)
    np.testing.assert_allclose(a.factor @ a.factor.T, b.factor @ b.factor.T, rtol=0, atol=rtol * scale**2)


@pytest.mark.parametrize(("n_samples", "n_features"), SHAPES)
def test_mean_and_covariance_are_those_of_numpy(n_samples, n_features):
    rows = oracles.random_rows(n_samples, n_features)
    moments = Moments.of_rows(rows)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-13)
    covariance = np.cov(rows, rowvar=False, ddof=0)
    np.testing.assert_allclose(
        moments.factor @ moments.factor.T, covariance, rtol=0, atol=1e-13 * np.abs(covariance).max()
    )
    assert np.all(np.triu(moments.factor, 1) == 0)
    assert np.all(np.diagonal(moments.factor) >= 0)


@pytest.mark.parametrize("sizes", [[1], [7], [4096], [1, 1000, 3], [5000]])
def test_any_chunks_give_the_same_moments(sizes):
    rows = oracles.random_rows(10_000, 3)
    chunks, start = [], 0
    while start < len(rows):
        for size in sizes:
            chunks.append(rows[start : start + size])
            start += size
    assert_same(reduce(Moments.merge, map(Moments.of_rows, chunks)), Moments.of_rows(rows))


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_merging_is_associative_and_commutative_and_empty_is_neutral(sizes, seed):
    rows = [np.random.default_rng((seed, i)).normal(10.0**i, 1, size=(n, 3)) for i, n in enumerate(sizes)]
    a, b, c = map(Moments.of_rows, rows)
    assert_same(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert_same(a.merge(b), b.merge(a))
    empty = Moments.of_rows(np.zeros((0, 3)))
    assert_same(a.merge(empty), a, rtol=0)
    assert_same(empty.merge(a), a, rtol=0)


@pytest.mark.parametrize(("n_samples", "n_features"), SHAPES)
def test_sigma_points_have_the_loss_and_gradients_of_the_rows_everywhere(n_samples, n_features):
    rows = oracles.random_rows(n_samples, n_features)
    points = Moments.of_rows(rows).sigma_points()
    assert points.shape == (2 * min(n_samples, n_features + 1), n_features + 1)
    rng = np.random.default_rng(1)
    for _ in range(5):
        weights, intercept = rng.normal(size=n_features), rng.normal()
        loss = oracles.half_mse(rows, weights, intercept)
        assert oracles.half_mse(points, weights, intercept) == pytest.approx(loss, rel=1e-12)
        (w1, b1), (w2, b2) = (
            oracles.gradient_descent(r, weights, intercept, 1.0, 1)[1] for r in (rows, points)
        )
        np.testing.assert_allclose(w1, w2, rtol=1e-11, atol=1e-12)
        assert b1 == pytest.approx(b2, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(("n_samples", "n_features"), SHAPES)
def test_half_mse_is_the_loss_of_the_rows(n_samples, n_features):
    rows = oracles.random_rows(n_samples, n_features)
    weights, intercept = np.linspace(-1, 1, n_features), 0.3
    expected = oracles.half_mse(rows, weights, intercept)
    assert Moments.of_rows(rows).half_mse(weights, intercept) == pytest.approx(expected, rel=1e-12)


def test_rounding_bound_covers_the_error_of_the_loss_and_is_small():
    rows = oracles.read_columns("norris.csv", ["x", "y"])
    moments = Moments.of_rows(rows)
    for factor in (0.0, 0.5, 1.0, 1.0 + 1e-9):
        weights, intercept = np.array([oracles.NORRIS["x"] * factor]), oracles.NORRIS["intercept"]
        loss, bound = moments.half_mse(weights, intercept), moments.half_mse_rounding(weights, intercept)
        assert abs(loss - oracles.half_mse(rows, weights, intercept)) <= bound < 1e-9 * max(loss, 1.0)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("n_samples", "n_features"), [(17, 1), (200, 5), (9000, 20)])
def test_least_squares_and_standard_errors_are_the_normal_ones(n_samples, n_features, intercept):
    rows = oracles.random_rows(n_samples, n_features)
    design = np.column_stack([rows[:, :-1], *[np.ones(n_samples)] * intercept])
    solution, *_ = np.linalg.lstsq(design, rows[:, -1])
    residual = design @ solution - rows[:, -1]
    s2 = residual @ residual / (n_samples - design.shape[1])
    errors = np.sqrt(s2 * np.diagonal(np.linalg.inv(design.T @ design)))
    best = Moments.of_rows(rows).least_squares(intercept=intercept)
    np.testing.assert_allclose([*best.weights, *[best.intercept] * intercept], solution, rtol=1e-11)
    np.testing.assert_allclose(best.standard_errors, errors, rtol=1e-11)
    assert best.half_mse == pytest.approx(residual @ residual / n_samples / 2, rel=1e-12)
    assert best.rank == n_features


@pytest.mark.parametrize(
    ("file", "target", "certified", "errors", "digits"),
    [
        ("norris.csv", "y", oracles.NORRIS, oracles.NORRIS_STANDARD_ERRORS, 11),
        ("longley.csv", "total_employed", oracles.LONGLEY, oracles.LONGLEY_STANDARD_ERRORS, 11),
    ],
)
def test_least_squares_has_the_certified_digits_of_nist(file, target, certified, errors, digits):
    features = [name for name in certified if name != "intercept"]
    best = Moments.of_rows(oracles.read_columns(file, [*features, target])).least_squares()
    found = dict(zip([*features, "intercept"], [*best.weights, best.intercept], strict=True))
    found_errors = dict(zip([*features, "intercept"], best.standard_errors, strict=True))
    assert found == pytest.approx(certified, rel=10.0**-digits)
    assert found_errors == pytest.approx(errors, rel=10.0**-digits)


def test_large_offset_loses_no_digits():
    """Squaring sums would lose all of them: x is 1e9 times its spread."""
    rows = oracles.random_rows(5000, 1)
    moved = rows + np.array([1e9, 0.0])
    exact = np.column_stack([moved[:, 0] - 1e9, moved[:, 1]])  # what float64 left of x
    assert Moments.of_rows(moved).least_squares().weights == pytest.approx(
        Moments.of_rows(exact).least_squares().weights, rel=1e-9
    )


@pytest.mark.parametrize(
    "rows",
    [
        np.array([[3.0, 4.0]]),
        np.array([[2.0, 1.0], [2.0, 3.0], [2.0, 5.0]]),
        np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [3.0, 6.0, 4.0], [5.0, 10.0, 5.0]]),
        np.array([[0.0, 1.0], [0.0, 2.0]]),
    ],
    ids=["one row", "constant x", "collinear", "zero x"],
)
def test_data_that_do_not_determine_the_weights_give_finite_ones_and_no_standard_errors(rows):
    best = Moments.of_rows(rows).least_squares()
    assert np.all(np.isfinite([*best.weights, best.intercept]))
    assert best.standard_errors is None
    assert best.rank < rows.shape[1] - 1
    design = np.column_stack([rows[:, :-1], np.ones(len(rows))])
    solution, *_ = np.linalg.lstsq(design, rows[:, -1])
    least = oracles.half_mse(rows, solution[:-1], solution[-1])
    assert oracles.half_mse(rows, best.weights, best.intercept) == pytest.approx(least, abs=1e-12)


def test_rescaled_moments_are_those_of_rescaled_rows():
    rows = oracles.random_rows(50, 2)
    shift, scale = np.array([1.0, -2.0, 3.0]), np.array([2.0, 0.5, 10.0])
    assert_same(Moments.of_rows(rows).rescaled(shift, scale), Moments.of_rows((rows - shift) / scale))


def test_thousands_of_features_are_no_burden_where_rows_are_few():
    """Of 5,001 columns a square factor would take hours."""
    rows = oracles.random_rows(40, 5000)
    moments = Moments.of_rows(rows[:11]).merge(Moments.of_rows(rows[11:]))
    best = moments.least_squares()
    assert best.rank == 39
    assert oracles.half_mse(rows, best.weights, best.intercept) == pytest.approx(0.0, abs=1e-20)
    spectrum = np.linalg.svd(np.column_stack([rows[:, :-1], np.ones(40)]), compute_uv=False)
    objective = Objective.of(moments)
    assert objective.extremes == pytest.approx((spectrum[-1] ** 2 / 40, spectrum[0] ** 2 / 40), rel=1e-9)
