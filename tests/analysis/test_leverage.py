"""Leverages against the hat matrix, and the triangle against QR of the design matrix."""

from functools import reduce

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.analysis.leverage import design_triangle, leverages, residual_standard_error
from lrfit.analysis.linear_algebra import upper_triangle
from lrfit.analysis.moments import Moments

SHAPES = [(3, 1), (17, 1), (40, 5), (9000, 20)]


def design_of(rows, *, intercept):
    return np.column_stack([*[np.ones(len(rows))] * intercept, rows[:, :-1]])


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("n_samples", "n_features"), SHAPES)
def test_the_triangle_is_r_of_the_design_matrix(n_samples, n_features, intercept):
    rows = oracles.random_rows(n_samples, n_features)
    found = design_triangle(Moments.of_rows(rows), intercept=intercept)
    expected = upper_triangle(design_of(rows, intercept=intercept))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert np.all(np.diagonal(found) > 0.0)


def test_merged_moments_have_the_same_triangle():
    rows = oracles.random_rows(50, 3)
    moments = reduce(Moments.merge, map(Moments.of_rows, (rows[:7], rows[7:30], rows[30:])))
    expected = design_triangle(Moments.of_rows(rows), intercept=True)
    np.testing.assert_allclose(design_triangle(moments, intercept=True), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("n_samples", "n_features"), SHAPES)
def test_leverages_are_the_diagonal_of_the_hat_matrix(n_samples, n_features, intercept):
    rows = oracles.random_rows(n_samples, n_features)
    triangle = design_triangle(Moments.of_rows(rows), intercept=intercept)
    found = leverages(triangle, rows[:, :-1])
    q, _ = np.linalg.qr(design_of(rows, intercept=intercept))
    np.testing.assert_allclose(found, np.sum(q * q, axis=1), rtol=1e-10)
    assert np.sum(found) == pytest.approx(n_features + intercept, rel=1e-12)


@given(
    far=st.sampled_from([(0.0, 1.0), (2000.0, 1.0), (-1e6, 100.0), (1.7e9, 86_400.0)]),
    n_samples=st.integers(3, 40),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_leverages_far_from_zero_are_those_of_the_textbook(far, n_samples, seed):
    """Years, and seconds since 1970: 1/n + (x - mean)² / Σ (x - mean)², in integers."""
    offset, spread = far
    rng = np.random.default_rng(seed)
    around = rng.choice(np.arange(-50, 50), n_samples, replace=False) * spread
    x = np.append(around, [-200.0 * spread, 0.0, 300.0 * spread])
    rows = np.column_stack([offset + around, rng.normal(size=n_samples)])
    found = leverages(design_triangle(Moments.of_rows(rows), intercept=True), offset + x[:, np.newaxis])
    centred = around - np.mean(around)
    expected = 1.0 / n_samples + (x - np.mean(around)) ** 2 / np.sum(centred * centred)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("intercept", [True, False])
def test_a_row_has_the_same_bits_whatever_the_others_are(intercept):
    rows = oracles.random_rows(100, 20)
    triangle = design_triangle(Moments.of_rows(rows), intercept=intercept)
    together = leverages(triangle, rows[:, :-1])
    assert [float(leverages(triangle, row[np.newaxis, :-1])[0]) for row in rows] == together.tolist()
    assert leverages(triangle, np.asfortranarray(rows[:, :-1])).tolist() == together.tolist()


@pytest.mark.parametrize("intercept", [True, False])
def test_the_residual_standard_error_is_that_of_the_residuals(intercept):
    rows = oracles.random_rows(30, 3)
    design = design_of(rows, intercept=intercept)
    residual = design @ np.linalg.lstsq(design, rows[:, -1])[0] - rows[:, -1]
    expected = np.sqrt(residual @ residual / (30 - design.shape[1]))
    found = residual_standard_error(Moments.of_rows(rows), intercept=intercept)
    assert found == pytest.approx(expected, rel=1e-12)


def test_what_overflows_is_not_finite_and_no_warning():
    assert not np.any(np.isfinite(leverages(np.eye(2), np.full((2, 1), 1e300))))
