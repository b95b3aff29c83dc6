"""Descents: rates, units and starts, against all batches that can occur."""

from itertools import combinations
from math import inf

import numpy as np
import oracles
import pytest
from plans import plan_of

from lrfit.analysis.convergence import Method
from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import UsageError
from lrfit.training.settings import TrainingSettings

PLAIN = {"learning_rate": "auto", "standardize": True, "epochs": "auto", "momentum": "needed"}


def prepared(rows, **settings):
    return plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))


@pytest.mark.parametrize("l2", [0.0, 0.5])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 9, 20])
def test_no_batch_has_more_curvature_than_the_safe_rate_allows_for(batch_size, standardize, intercept, l2):
    """Of all batches that can be drawn of 9 rows, the short last one among them."""
    rows = oracles.random_rows(9, 2, seed=batch_size) * [1.0, 20.0, 3.0]
    settings = {"batch_size": batch_size, "standardize": standardize, "fit_intercept": intercept, "l2": l2}
    plan = prepared(rows, **settings)
    z = rows
    if standardize:
        shift = rows.mean(axis=0) * intercept
        z = (rows - shift) / np.sqrt(np.mean((rows - shift) ** 2, axis=0))
    design = np.column_stack([z[:, :-1], *[np.ones(9)] * intercept])
    penalty = np.diag([l2, l2, *[0.0] * intercept])
    sizes = {min(batch_size, 9), 9 % min(batch_size, 9) or min(batch_size, 9)}
    batches = [design[list(chosen)] for size in sizes for chosen in combinations(range(9), size)]
    largest = max(np.linalg.eigvalsh(b.T @ b / len(b) + penalty)[-1] for b in batches)
    assert plan.safe_learning_rate <= 2.0 / largest * (1 + 1e-12)
    # No less than the trace of one of them demands, which one eigenvalue makes up if the rows are parallel.
    trace = max(np.trace(b.T @ b / len(b)) for b in batches) + l2
    assert plan.safe_learning_rate == pytest.approx(2.0 / trace)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.5, False), (0.9, True)])
@pytest.mark.parametrize("batch_size", [None, 4])
def test_auto_is_the_fastest_rate_of_full_batches_and_half_of_the_safe_one_of_mini_batches(
    batch_size, momentum, nesterov
):
    settings = {"batch_size": batch_size, "momentum": momentum, "nesterov": nesterov}
    plan = prepared(oracles.random_rows(30, 2), learning_rate="auto", **settings)
    method = Method(momentum, nesterov=nesterov)
    smallest, largest = plan.objective.extremes
    assert plan.max_stable_learning_rate == method.max_stable_rate(largest)
    if batch_size:
        assert plan.learning_rate == plan.safe_learning_rate / 2.0
    else:
        assert plan.safe_learning_rate == plan.max_stable_learning_rate
        assert plan.learning_rate == method.fastest_rate(smallest, largest)
    assert prepared(oracles.random_rows(30, 2), learning_rate=0.125, **settings).learning_rate == 0.125


def epochs_of(rows, rate, tol, momentum=0.0):
    """Epochs of the plain loop, with Nesterov's momentum, until the loss is within `tol` of the least one."""
    x, y = np.column_stack([rows[:, :-1], np.ones(len(rows))]), rows[:, -1]
    h, c, best = x.T @ x / len(x), x.T @ y / len(x), np.linalg.lstsq(x, y)[0]
    least, theta, velocity = np.mean((x @ best - y) ** 2), np.zeros(x.shape[1]), 0.0
    for epoch in range(1_000_000):
        if (theta - best) @ h @ (theta - best) <= tol * least:
            return epoch
        gradient = h @ theta - c
        velocity = momentum * velocity + gradient
        theta = theta - rate * (gradient + momentum * velocity)
    return inf


def features_with_a_share_in_common(share):
    a, b, noise = np.random.default_rng(0).normal(size=(3, 200))
    return np.column_stack([a, share * a + (1 - share) * b, a - b + noise])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.55, 0.6, 0.65, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("tol", [None, 1e-4])
def test_momentum_is_needed_where_descent_takes_more_than_100_epochs(share, tol):
    """Then it is the fastest of Nesterov's, by Lessard, Recht and Packard (2016)."""
    rows = features_with_a_share_in_common(share)
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    low, high = np.linalg.eigvalsh(np.cov(z[:, :2].T, bias=True))
    low, high = min(low, 1.0), max(high, 1.0)  # that of the intercept is 1
    plain = epochs_of(z, 2 / (low + high), tol or 1e-12)
    root = np.sqrt(3 * high / low + 1)
    beta = (root - 2) / (root + 2)
    plan = prepared(rows, **PLAIN, tol=tol)
    if plain <= 100:
        assert (plan.settings.momentum, plan.method.momentum, plan.settings.nesterov) == (0.0, 0.0, False)
        assert plan.learning_rate == pytest.approx(2 / (low + high))
        needed = plain
    else:
        assert plan.settings.nesterov
        assert plan.method.momentum == pytest.approx(beta)
        assert plan.learning_rate == pytest.approx(4 / (3 * high + low))
        needed = epochs_of(z, 4 / (3 * high + low), tol or 1e-12, beta)
    assert plan.settings.tol == (tol or 1e-12)
    assert plan.settings.epochs == int(1.05 * needed + 1)


def test_both_ways_occur():
    """Of the test above."""
    plans = [prepared(features_with_a_share_in_common(share), **PLAIN) for share in (0.0, 0.99)]
    assert [plan.settings.nesterov for plan in plans] == [False, True]


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 0.01},
        {"learning_rate": "auto", "batch_size": 4},
        {"learning_rate": "auto", "schedule": "step"},
        {"learning_rate": "auto", "clip_norm": 1.0},
    ],
    ids=str,
)
def test_momentum_is_not_needed_where_the_rate_is_given_or_nothing_is_foreseen(settings):
    plan = prepared(features_with_a_share_in_common(0.99), momentum="needed", **settings)
    assert (plan.settings.momentum, plan.method.momentum) == (0.0, 0.0)


def test_nesterov_is_no_contradiction_to_momentum_where_needed():
    for share in (0.0, 0.99):
        rows = features_with_a_share_in_common(share)
        plan = prepared(rows, learning_rate="auto", standardize=True, momentum="needed", nesterov=True)
        assert bool(plan.method.momentum) == (share == 0.99)


@pytest.mark.parametrize("settings", [{"batch_size": 4}, {"schedule": "step"}, {"clip_norm": 1.0}], ids=str)
def test_where_nothing_is_foreseen_auto_is_100_epochs(settings):
    plan = prepared(oracles.lab_rows(), epochs="auto", **settings)
    assert (plan.settings.epochs, plan.n_epochs, plan.settings.tol) == (100, 100, None)


def test_auto_is_a_million_epochs_at_most():
    plan = prepared(oracles.lab_rows(), epochs="auto", learning_rate=1e-9)
    assert (plan.settings.epochs, plan.last_epoch) == (1_000_000, 1_000_000)


def test_the_longest_rows_are_found_wherever_they_are():
    """Also amid more rows than are looked at together, and with more in a batch than are looked at."""
    rows = np.ones((70_000, 3))
    rows[[7, 35_000, 69_999], 0] = [30.0, 40.0, 50.0]
    assert prepared(rows, batch_size=1).safe_learning_rate == pytest.approx(2.0 / (2500.0 + 1.0 + 1.0))
    mean = (900.0 + 1600.0 + 2500.0) / 4.0
    both = prepared(rows, batch_size=4, fit_intercept=False)
    assert both.safe_learning_rate == pytest.approx(2.0 / (mean + 1.0 / 4.0 + 1.0))
    many = prepared(rows, batch_size=10_000, fit_intercept=False).safe_learning_rate
    largest = np.linalg.eigvalsh(rows[[7, 35_000, 69_999], :2].T @ rows[[7, 35_000, 69_999], :2] / 10_000)
    assert 0.0 < many <= 2.0 / largest[-1]


def test_where_nothing_depends_on_the_parameters_any_rate_will_do():
    rows = np.array([[0.0, 1.0], [0.0, 3.0], [0.0, 5.0]])
    for batch_size in (None, 2):
        plan = prepared(rows, batch_size=batch_size, fit_intercept=False, learning_rate="auto")
        assert (plan.learning_rate, plan.safe_learning_rate) == (1.0, inf)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(None, (6, 1)), (1, (1, 17)), (4, (4, 5)), (17, (17, 1)), (99, (17, 1))]
)
def test_steps_of_an_epoch(batch_size, sizes):
    """Of full batches on the sigma points: 2·(n_features + 1)."""
    rows = oracles.random_rows(17, 2)
    plan = prepared(rows, batch_size=batch_size)
    assert (plan.batches.batch_size, plan.steps_per_epoch) == sizes
    assert prepared(rows, condense=False).batches.batch_size == 17


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_where_a_run_starts(standardize, intercept):
    rows = oracles.random_rows(20, 2)
    settings = {"standardize": standardize, "fit_intercept": intercept}
    zeros = prepared(rows, **settings).start
    np.testing.assert_array_equal(zeros.theta, np.zeros(2 + intercept))
    normal = prepared(rows, init="normal", seed=4, **settings).start
    np.testing.assert_array_equal(normal.theta, np.random.default_rng(4).standard_normal(2 + intercept))
    numbers = (1.0, -2.0, *[0.5] * intercept)
    given = prepared(rows, init=numbers, **settings)
    weights, b = given.parameters(given.start.theta)
    np.testing.assert_allclose([*weights, b][: 2 + intercept], numbers, rtol=1e-12)
    with pytest.raises(UsageError, match=f"has 4 numbers, but needs 2 for the weights{' and 1' * intercept}"):
        prepared(rows, init=(1.0, 2.0, 3.0, 4.0), **settings)


@pytest.mark.parametrize(
    ("settings", "cannot"),
    [
        ({}, True),
        ({"momentum": 0.9}, True),
        ({"schedule": "step"}, True),
        ({"clip_norm": 1.0}, True),
        ({"learning_rate": 1e3}, False),
        ({"clip_norm": 1.0, "momentum": 0.9}, False),
        ({"schedule": "step", "momentum": 0.9}, False),
        ({"batch_size": 17}, True),
        ({"batch_size": 17, "learning_rate": 0.06}, False),
        ({"batch_size": 17, "momentum": 0.9}, False),
        ({"batch_size": 17, "learning_rate": 1e-4, "momentum": 0.9}, True),
    ],
    ids=str,
)
def test_what_cannot_diverge(settings, cannot):
    assert prepared(oracles.lab_rows(), **settings).cannot_diverge == cannot
