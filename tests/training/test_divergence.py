"""What is called divergence, against the spectral radius of the exact epoch map."""

from dataclasses import replace
from math import inf

import numpy as np
import oracles
import pytest
from depth import cases
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError
from lrfit.training.loop import descend
from lrfit.training.plan import Start
from lrfit.training.settings import TrainingSettings

N_SETS = cases(10, 200)
"""Of each kind."""

METHODS = [(0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True)]


def random_set(seed, most_rows):
    """Rows of 1 to 5 features of any scale and offset; and settings."""
    rng = np.random.default_rng(seed)
    n_features, n_rows = int(rng.integers(1, 6)), int(rng.integers(3, most_rows + 1))
    offset = rng.choice([0.0, 1.0, 30.0]) * rng.normal(size=n_features + 1)
    rows = rng.normal(size=(n_rows, n_features + 1)) + offset
    momentum, nesterov = METHODS[seed % len(METHODS)]
    flags = {name: bool(rng.integers(2)) for name in ("fit_intercept", "standardize")}
    return rows * 10.0 ** rng.integers(-3, 4, size=n_features + 1), flags | {
        "momentum": momentum,
        "nesterov": nesterov,
    }


def prepared(rows, **settings):
    return plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))


def outcome(plan):
    """All records, and whether the run was called diverged."""
    records = []
    try:
        for record in descend(plan, executor="numpy", next_due=lambda _: inf):
            records.append(record)  # noqa: PERF402 (those before an error, too)
    except DivergenceError:
        return records, True
    return records, False


@pytest.mark.parametrize(
    ("factor", "settings"),
    [
        (1.05, {}),
        (1.05, {"momentum": 0.5}),
        (1.05, {"momentum": 0.9, "nesterov": True}),
        (1.5, {"batch_size": 4}),
        (1.2, {"batch_size": 4, "momentum": 0.5}),
    ],
    ids=str,
)
def test_a_run_that_goes_on_is_judged_as_one_that_never_stopped(factor, settings):
    """Wherever it is taken up, it is called diverged in the same epoch."""
    rows = oracles.lab_rows()
    bound = prepared(rows, **settings).max_stable_learning_rate
    x = np.column_stack([rows[:, :1], np.ones(len(rows))])
    slow, fast = np.linalg.eigh(x.T @ x)[1].T  # far along the one, which falls, and close along the other
    init = tuple(np.array(list(oracles.LAB_LEAST_SQUARES.values())) + 30.0 * slow + 1e-3 * fast)
    plan = prepared(rows, learning_rate=factor * bound, epochs=2000, init=init, **settings)
    whole, is_called = [], False
    try:
        for record in descend(plan, executor="numpy"):
            whole.append(record)  # noqa: PERF402 (those before an error, too)
    except DivergenceError:
        is_called = True
    assert is_called
    for at in whole[1 : -1 : max(1, len(whole) // 4)]:
        start = Start(at.theta[:1], float(at.theta[1]), at.epoch, at.variables)
        records, is_called = outcome(replace(plan, start=start))
        assert is_called
        assert records[-1].epoch == whole[-1].epoch


# Full batches


@pytest.mark.parametrize("seed", range(N_SETS))
def test_full_batches_diverge_above_the_bound_and_nowhere_below(seed):
    """Above it they are called diverged within 200 epochs; below it, without momentum, no loss rises."""
    rows, settings = random_set(seed, 200)
    bound = prepared(rows, **settings).max_stable_learning_rate
    for factor in (0.5, 0.99):
        plan = prepared(rows, learning_rate=factor * bound, epochs=20, **settings)
        (start, last), is_called = outcome(plan)
        assert not is_called
        assert last.stopped == "epochs"
        if not settings["momentum"]:
            rounding = plan.moments.half_mse_rounding(last.weights, last.intercept)
            assert last.excess <= start.excess + rounding
            assert last.loss <= start.loss + rounding
    for factor in (1.01, 2.0, 10.0):
        records, is_called = outcome(prepared(rows, learning_rate=factor * bound, epochs=200, **settings))
        assert is_called
        assert records[-1].loss > records[0].loss or records[-1].excess > 0.0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("y", ["noise", "exact", "constant"])
def test_a_start_at_the_optimum_does_not_diverge_below_the_bound(method, y):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2)) * [1.0, 10.0] + 3.0
    target = {"noise": rng.normal(size=30), "exact": x @ [1.5, -2.0] + 1.0, "constant": np.full(30, 0.1)}[y]
    rows = np.column_stack([x, target])
    momentum, nesterov = method
    settings = {"momentum": momentum, "nesterov": nesterov}
    plan = prepared(rows, **settings)
    rate = 0.999 * plan.max_stable_learning_rate
    init = tuple(plan.objective.minimizer)
    plan = prepared(rows, **settings, learning_rate=rate, init=init, epochs=100)
    (_, last), is_called = outcome(plan)
    assert not is_called
    assert last.excess <= 1e-20 * max(1.0, plan.moments.root_mean_square[-1] ** 2)


@pytest.mark.parametrize("settings", [{"schedule": "step", "step_size": 3, "gamma": 0.7}, {"clip_norm": 0.1}])
def test_a_schedule_that_comes_down_and_short_steps_are_no_divergence(settings):
    """From a rate a little too large, which is called diverged without."""
    rows = oracles.lab_rows()
    rate = 1.2 * prepared(rows).max_stable_learning_rate
    assert outcome(prepared(rows, learning_rate=rate))[1]
    records, is_called = outcome(prepared(rows, learning_rate=rate, epochs=200, **settings))
    assert not is_called
    assert records[-1].loss < records[0].loss


# Mini-batches


def epoch_map(x, batch_size, rate, momentum, *, nesterov):
    """What an epoch in the order of the rows does to (distance from the minimiser, rate · m)."""
    p = x.shape[1]
    one, result = np.eye(p), np.eye(2 * p)
    for start in range(0, len(x), batch_size):
        batch = x[start : start + batch_size]
        s = rate * batch.T @ batch / len(batch)
        m = np.hstack([s, momentum * one])
        step = np.hstack([s, np.zeros((p, p))]) + momentum * m if nesterov else m
        result = np.vstack([np.eye(p, 2 * p) - step, m]) @ result
    return result


def radius(plan, rows):
    z, settings = plan.scaling.apply(rows), plan.settings
    x = np.column_stack([z[:, :-1], *[np.ones(len(z))] * settings.fit_intercept])
    size, rate = settings.batch_size, plan.learning_rate
    product = epoch_map(x, size, rate, settings.momentum, nesterov=settings.nesterov)
    return float(np.max(np.abs(np.linalg.eigvals(product))))


@pytest.mark.parametrize("seed", range(N_SETS))
def test_mini_batches_diverge_where_the_epoch_map_does(seed):
    """In the order of the rows; within 300 epochs where its spectral radius is above 1.05."""
    rows, settings = random_set(seed, 30)
    rng = np.random.default_rng(seed)
    settings |= {"batch_size": int(rng.integers(1, max(2, len(rows) // 2))), "shuffle": False}
    bound = prepared(rows, **settings).max_stable_learning_rate
    for factor in (0.1, 0.5, 0.99, 1.01, 2.0, 10.0):
        plan = prepared(rows, learning_rate=factor * bound, epochs=300, **settings)
        size = radius(plan, rows)
        if size > 1.05:
            assert outcome(plan)[1]
        elif size < 0.98:
            plan = prepared(rows, learning_rate=factor * bound, epochs=25, **settings)
            assert not outcome(plan)[1]


@pytest.mark.parametrize("seed", range(N_SETS))
def test_shuffled_batches_diverge_at_ten_times_the_bound_and_not_up_to_the_safe_rate(seed):
    rows, settings = random_set(seed, 30)
    settings |= {"batch_size": 1 + seed % max(1, len(rows) // 4)}
    plan = prepared(rows, **settings)
    safe = plan.safe_learning_rate
    assert prepared(rows, learning_rate=safe, **settings).cannot_diverge
    assert not prepared(rows, learning_rate=1.001 * safe, **settings).cannot_diverge
    rates = [safe, 10.0 * plan.max_stable_learning_rate]
    assert [outcome(prepared(rows, learning_rate=rate, epochs=30, **settings))[1] for rate in rates] == [
        False,
        True,
    ]


def test_growth_that_passes_is_no_divergence():
    """Two epochs in turn lead away, to a loss a hundred times larger; all others lead closer."""
    x, rate = np.array([[-4.0, 0.0], [9.0, -6.0], [1.0, 1.0]]), 0.07
    product = epoch_map(x, 1, rate, 0.0, nesterov=False)[:2, :2]
    assert np.max(np.abs(np.linalg.eigvals(product))) < 0.9
    away = np.array([330.0, 346.0])
    losses = [np.mean((x @ d) ** 2) for d in (away, product @ away, product @ product @ away)]
    assert losses[2] > losses[1] > 100.0 * losses[0]
    settings = {
        "learning_rate": rate,
        "batch_size": 1,
        "shuffle": False,
        "fit_intercept": False,
        "epochs": 300,
    }
    records, is_called = outcome(prepared(np.column_stack([x, np.zeros(3)]), init=tuple(away), **settings))
    assert not is_called
    assert records[-1].loss < 1e-12 * records[0].loss


def test_a_schedule_that_has_come_down_leads_nowhere():
    """Wherever it has left descent: its last steps change nothing any more."""
    rows = oracles.lab_rows()
    rate = 1.7 * prepared(rows).max_stable_learning_rate
    settings = {"learning_rate": rate, "batch_size": 4}
    assert outcome(prepared(rows, **settings))[1]
    settings |= {"schedule": "step", "step_size": 4, "gamma": 0.5}
    assert not outcome(prepared(rows, **settings, epochs=300))[1]


def test_batches_whose_epochs_overflow_at_once_are_called_diverged():
    rows = np.column_stack([np.arange(1.0, 41.0), np.ones(40)])
    for rate in np.geomspace(0.01, 1e150, 20):
        assert outcome(prepared(rows, learning_rate=float(rate), batch_size=4, epochs=200))[1]


def test_full_batches_of_clipped_steps_diverge_far_out_above_the_bound():
    rows = random_set(4, 20)[0]
    bound = prepared(rows).max_stable_learning_rate
    for factor, is_called in ((0.9, False), (30.0, True)):
        settings = {"learning_rate": factor * bound, "clip_norm": 1e30, "epochs": 300}
        assert outcome(prepared(rows, **settings))[1] == is_called
