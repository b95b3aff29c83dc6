"""Intervals of predictions against SciPy and the formulas of the textbook; and refusals that say why."""

import json
from dataclasses import replace

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import lrfit
from lrfit.errors import DataError, ModelFileError, UsageError
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import to_bytes, to_document
from lrfit.model.intervals import MOST_FEATURES, intervals

LAB = oracles.lab_rows()


def fit_of(rows, **said):
    names = [f"x{i}" for i in range(rows.shape[1] - 1)]
    return lrfit.train(rows[:, :-1], rows[:, -1], x=names, **said).document


def half_widths(rows, x, kind, level, *, intercept=True):
    """As the textbook writes it, by QR of the design matrix with centred columns."""
    centre = np.mean(rows[:, :-1], axis=0) if intercept else 0.0
    design, at = (np.column_stack([*[np.ones(len(z))] * intercept, z - centre]) for z in (rows[:, :-1], x))
    y = rows[:, -1] - (np.mean(rows[:, -1]) if intercept else 0.0)
    q, r = np.linalg.qr(design)
    n_free = len(rows) - design.shape[1]
    s = np.linalg.norm(y - q @ (q.T @ y)) / np.sqrt(n_free)
    leverage = np.sum(np.linalg.solve(r.T, at.T) ** 2, axis=0)
    return stats.t.ppf(0.5 + level / 2.0, n_free) * s * np.sqrt((kind == "prediction") + leverage)


def assert_widths(fit, x, kind, level, expected, rtol=1e-10):
    y_hat = np.linspace(-1.0, 1.0, len(x))
    low, high = intervals(fit, kind, level)(x, y_hat)
    np.testing.assert_allclose(high - low, 2.0 * expected, rtol=rtol)
    np.testing.assert_allclose((high + low) / 2.0, y_hat, rtol=0, atol=1e-12 * np.max(expected))


@pytest.mark.parametrize("kind", ["confidence", "prediction"])
def test_one_feature_has_the_intervals_of_the_textbook(kind):
    x, y = LAB.T
    line = stats.linregress(x, y)
    s = np.sqrt(np.sum((y - line.intercept - line.slope * x) ** 2) / 15)
    at = np.array([[-3.0], [0.0], [6.0], [50.0]])
    leverage = 1 / 17 + (at[:, 0] - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    expected = stats.t.ppf(0.975, 15) * s * np.sqrt((kind == "prediction") + leverage)
    assert_widths(fit_of(LAB), at, kind, 0.95, expected)


def test_at_zero_the_confidence_interval_is_that_of_the_intercept():
    fit = fit_of(LAB)
    best = fit.data.least_squares
    low, high = intervals(fit, "confidence", 0.95)(np.zeros((1, 1)), np.array([best.intercept]))
    assert [low[0], high[0]] == pytest.approx(best.interval_95["intercept"], rel=1e-12)


@given(
    shape=st.sampled_from([(9, 1), (30, 4), (200, 3)]),
    kind=st.sampled_from(["confidence", "prediction"]),
    level=st.sampled_from([0.5, 0.9, 0.95, 0.999]),
    intercept=st.booleans(),
    far=st.sampled_from([(0.0, 1.0), (2000.0, 5.0), (1.7e9, 2e6)]),
    seed=st.integers(0, 100),
)
@settings(max_examples=40, deadline=None)
def test_any_rows_have_the_intervals_of_the_textbook(shape, kind, level, intercept, far, seed):
    """Also where x is far from 0: years, and seconds since 1970."""
    offset, spread = far
    rows, x = (oracles.random_rows(n, shape[1], seed + i) for i, n in enumerate((shape[0], 6)))
    rows[:, :-1] = np.round(offset * intercept + spread * rows[:, :-1], 3)
    x = np.round(offset * intercept + spread * x[:, :-1], 3)
    fit = fit_of(rows, fit_intercept=intercept, epochs=1)
    assert_widths(fit, x, kind, level, half_widths(rows, x, kind, level, intercept=intercept))


def test_the_order_of_names_in_the_document_does_not_matter():
    """As `jq -S` changes it."""
    rows = oracles.random_rows(20, 2)
    fit = lrfit.train(rows[:, :2], rows[:, 2], x=["z", "a"]).document
    document = json.dumps(json.loads(to_bytes(fit)), sort_keys=True).encode()
    sorted_fit = to_document(document, "m.json")
    assert list(sorted_fit.weights) == ["a", "z"]
    y_hat = np.zeros(20)
    expected = intervals(fit, "confidence", 0.9)(rows[:, :2], y_hat)
    found = intervals(sorted_fit, "confidence", 0.9)(rows[:, 1::-1], y_hat)
    np.testing.assert_array_equal(found, expected)


def test_a_row_has_the_same_bits_whatever_the_others_are():
    rows = oracles.random_rows(50, 12)
    ends = intervals(fit_of(rows), "prediction", 0.95)
    low, _ = ends(rows[:, :-1], rows[:, -1])
    assert [float(ends(r[np.newaxis, :-1], r[-1:])[0][0]) for r in rows] == low.tolist()


def test_a_fit_predicts_with_an_interval():
    fit = lrfit.train(*LAB.T)
    both = fit.predict([1.0, 2.0], interval="prediction", level=0.9)
    assert both.shape == (2, 3)
    assert both[:, 0].tolist() == fit.predict([1.0, 2.0]).tolist()
    expected = half_widths(LAB, np.array([[1.0], [2.0]]), "prediction", 0.9)
    np.testing.assert_allclose(both[:, 2] - both[:, 0], expected, rtol=1e-10)
    np.testing.assert_allclose(both[:, 0] - both[:, 1], expected, rtol=1e-10)


# Refusals.


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95, float("nan")])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(UsageError, match=r"^level=\S+ is not between 0 and 1, as 0\.95 is$"):
        intervals(fit_of(LAB), "confidence", level)


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(UsageError, match=r"^interval='sure' is neither 'confidence' nor 'prediction'$"):
        lrfit.train(*LAB.T).predict([1.0], interval="sure")


def older(fit):
    return replace(fit, data=replace(fit.data, intervals=None))


@pytest.mark.parametrize(
    ("fit", "why"),
    [
        (ModelDocument("y", {"x": 2.0}, 1.0), "it was written by hand"),
        (replace(fit_of(LAB), data=None), "it was written by hand"),
        (older(fit_of(LAB)), "an older lrfit wrote it; train it again"),
        (fit_of(LAB, l2=0.1), "not defined with a penalty; train without l2"),
        (fit_of(oracles.random_rows(3, 2), epochs=1), "train on more rows than parameters"),
        (fit_of(oracles.random_rows(103, 101), epochs=1), "it has 101 features; train on 100 or fewer"),
    ],
)
def test_a_document_that_does_not_keep_what_they_take_says_why(fit, why):
    with pytest.raises(ModelFileError, match=rf"^the model for 'y' gives no intervals: .*{why}"):
        intervals(fit, "confidence", 0.95)


def test_the_most_features_have_intervals():
    fit = fit_of(oracles.random_rows(MOST_FEATURES + 3, MOST_FEATURES), epochs=1)
    assert fit.data.intervals.degrees_of_freedom == 2
    assert [len(row) for row in fit.data.intervals.factor] == [*range(MOST_FEATURES + 1, 0, -1)]
    assert len(to_bytes(fit)) < 400_000


def test_an_interval_beyond_float64_is_refused():
    with pytest.raises(DataError, match="an interval is beyond the range of float64"):
        intervals(fit_of(LAB), "confidence", 0.95)(np.array([[1e308]]), np.zeros(1))
