"""Data that do not determine a line: the reason is named, and nothing else."""

import numpy as np
import pytest

from lrfit.analysis.identifiability import identifiability
from lrfit.analysis.moments import Moments


def reason_of(x, *, intercept=True):
    y = np.random.default_rng(1).normal(size=len(x))
    moments = Moments.of_rows(np.column_stack([x, y]))
    text = identifiability(moments, list("abcdefghij")[: x.shape[1]], intercept=intercept)
    best = moments.least_squares(intercept=intercept)
    assert np.all(np.isfinite([*best.weights, best.intercept, best.half_mse]))
    constant = [np.ones((len(x), 1))] * intercept
    design = np.hstack([x, *constant])
    assert best.half_mse == pytest.approx(
        np.mean((design @ np.linalg.lstsq(design, y)[0] - y) ** 2) / 2, abs=1e-12
    )
    if text is None:
        return None
    start, end = (
        "W is not identifiable: ",
        ". Many lines fit equally well; least_squares is the one of least norm",
    )
    assert text.startswith(start)
    assert text.endswith(end)
    return text.removeprefix(start).removesuffix(end)


X = np.random.default_rng(0).normal(size=(50, 4))


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (X, None),
        (X[:5], None),
        (X[:4], "4 rows are too few for 5 parameters"),
        (X[:1], "1 row is too few for 5 parameters"),
        (X[:1, :1], "1 row is too few for 2 parameters"),
        (np.column_stack([X, np.full(50, 0.1)]), "'e' is constant"),
        (np.column_stack([X, np.full(50, 1e8 + 0.1), np.zeros(50)]), "'e', 'f' are constant"),
        (np.column_stack([X, X[:, 1]]), "'b', 'e' are linearly dependent"),
        (np.column_stack([X, 1e9 * X[:, 1] + 5.0]), "'b', 'e' are linearly dependent"),
        (np.column_stack([X, X[:, 0] + X[:, 2]]), "'a', 'c', 'e' are linearly dependent"),
        (
            np.column_stack([X * [1, 1e6, 1e-6, 1], X[:, 0] + 1e-6 * X[:, 2]]),
            "'a', 'c', 'e' are linearly dependent",
        ),
        (
            np.column_stack([X, X[:, 0] - X[:, 3], np.full(50, 7.0)]),
            "'f' is constant; 'a', 'd', 'e' are linearly dependent",
        ),
        (
            np.column_stack([X, X[:, :3] * 2.0]),
            "'a', 'b', 'c', 'e', 'f' and 1 more are linearly dependent",
        ),
    ],
)
def test_what_is_not_determined_is_named_and_nothing_else(x, reason):
    assert reason_of(x) == reason


def test_without_intercept_a_constant_is_a_feature_like_any_other():
    assert reason_of(np.column_stack([X, np.full(50, 3.0)]), intercept=False) is None
    assert reason_of(np.column_stack([X, np.zeros(50)]), intercept=False) == "'e' is always 0"
    assert reason_of(X[:1, :1], intercept=False) is None


def test_a_feature_that_is_next_to_nothing_is_said_to_be_so():
    rows = np.column_stack([X[:, 0] * 1e-160, X[:, 1] * 1e145])
    assert "a feature is too small compared with the target" in identifiability(
        Moments.of_rows(rows), ["a"], intercept=True
    )
