"""The points of a batch have its moments, so its loss and gradients everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.analysis.batch_points import _fill_points, batch_points, n_points


def moments_of(rows, weights):
    mean = np.average(rows, axis=0, weights=weights)
    return mean, (rows - mean).T @ ((rows - mean) * (weights / weights.sum())[:, np.newaxis])


@given(
    st.integers(1, 6),
    st.integers(1, 40),
    st.integers(1, 90),
    st.booleans(),
    st.integers(0, 2**32),
    st.floats(0, 1e3),
)
@settings(max_examples=150, deadline=None)
def test_points_have_the_moments_of_their_batch(d, batch_size, n_rows, is_weighted, seed, offset):
    rng = np.random.default_rng(seed)
    rows = rng.normal(offset, 1.0, size=(n_rows, d + 1))
    rows[:, 0] = np.round(rows[:, 0])  # some batches do not vary in it
    weights = rng.uniform(0.5, 2.0, n_rows) if is_weighted else np.ones(n_rows)
    given_rows = np.column_stack([rows, weights]) if is_weighted else rows
    points = batch_points(given_rows, batch_size, is_weighted=is_weighted)
    n = n_points(d)
    starts = range(0, n_rows, batch_size)
    assert points.shape == (n * len(starts), d + 1 + is_weighted)
    for i, start in enumerate(starts):
        batch, own = slice(start, start + batch_size), points[i * n : (i + 1) * n]
        mean, covariance = moments_of(rows[batch], weights[batch])
        got_mean, got_covariance = moments_of(own[:, : d + 1], np.ones(n))
        scale = 1.0 + offset
        np.testing.assert_allclose(got_mean, mean, rtol=0, atol=1e-13 * scale)
        np.testing.assert_allclose(got_covariance, covariance, rtol=0, atol=1e-12 * scale)
        if is_weighted:
            np.testing.assert_allclose(own[:, -1], weights[batch].mean(), rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e140])
def test_scales_far_from_one_are_no_trouble(scale):
    rows = np.random.default_rng(0).normal(size=(32, 3)) * scale
    points = batch_points(rows, 8)
    assert np.isfinite(points).all()
    np.testing.assert_allclose(points.mean(axis=0), rows.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_columns_of_any_units_and_columns_that_are_nearly_alike_keep_their_moments(compiled):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(256, 2))
    columns = [z[:, 0], 1e9 * z[:, 1], z[:, 0] + 1e-8 * rng.normal(size=256), 1e-9 * z[:, 1], 2.0 * z[:, 0]]
    rows = np.column_stack([*columns, z @ [1.0, 2.0] + rng.normal(size=256)])
    points = batch_points(rows, 64, compiled=compiled)
    for i in range(4):
        batch, own = rows[64 * i : 64 * i + 64], points[12 * i : 12 * i + 12]
        expected, got = (np.cov(some.T, bias=True) for some in (batch, own))
        sizes = np.sqrt(np.outer(np.diagonal(expected), np.diagonal(expected)))
        assert np.abs((got - expected) / sizes).max() < 1e-13


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 90), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_machine_code_makes_the_same_points(d, batch_size, n_rows, seed):
    rows = np.random.default_rng(seed).normal(3.0, 1.0, size=(n_rows, d + 1))
    made, compiled = (batch_points(rows, batch_size, compiled=compiled) for compiled in (False, True))
    for i in range(0, len(made), n_points(d)):
        one, other = (points[i : i + n_points(d)] for points in (made, compiled))
        np.testing.assert_allclose(one.mean(axis=0), other.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(one.T @ one, other.T @ other, rtol=1e-12)


def test_a_batch_that_does_not_vary_is_its_mean():
    points = batch_points(np.full((10, 3), 7.0), 10)
    assert (points == 7.0).all()


def test_the_steps_of_the_machine_code_are_those_of_qr():
    """Which no machine code shows, so they run here as Python."""
    rows = np.random.default_rng(2).normal(size=(19, 3))
    rows[8:16, 0] = 1.0
    points = np.empty((3 * n_points(2), 3))
    _fill_points(rows, 8, points, np.empty(3), np.full((3, 3), np.nan), np.empty((3, 8)))
    for one, other in zip(np.split(points, 3), np.split(batch_points(rows, 8), 3), strict=True):
        np.testing.assert_allclose(one.T @ one, other.T @ other, rtol=0, atol=1e-13)
        np.testing.assert_allclose(one.sum(axis=0), other.sum(axis=0), rtol=0, atol=1e-13)
