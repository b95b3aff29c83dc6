"""Steps as affine maps, and epochs that are alike: the same numbers as step by step."""

import numpy as np
import oracles
import pytest

import lrfit
from lrfit.analysis.scaling import Scaling
from lrfit.data.row_store import RowStore
from lrfit.training import alike
from lrfit.training.batches import MiniBatches
from lrfit.training.graph import training_graph
from lrfit.training.maps import AffineMap, StateLayout, map_of
from lrfit.training.settings import TrainingSettings
from lrfit.training.steps import Steps

METHODS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True, "l2": 0.1},
    {"schedule": "invscaling"},
    {"schedule": "step", "step_size": 2, "momentum": 0.5},
    {"average": True, "momentum": 0.9},
]


def steps_of(settings, n_features, *, intercept=True, is_weighted=False):
    return Steps(
        training_graph(
            np.zeros(n_features),
            0.0 if intercept else None,
            TrainingSettings(batch_size=8, **settings),
            learning_rate=0.05,
            momentum=settings.get("momentum", 0.0),
            steps_per_epoch=5,
            is_weighted=is_weighted,
        )
    )


@pytest.mark.parametrize("settings", METHODS)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_a_map_does_what_its_steps_do_from_any_state(settings, is_weighted):
    steps = steps_of(settings, 2, is_weighted=is_weighted)
    rows = oracles.random_rows(43, 2)
    if is_weighted:
        rows = np.column_stack([rows, np.random.default_rng(1).uniform(0.5, 1.5, len(rows))])
    made = map_of(steps, rows, 8, first_step=10)
    layout = StateLayout(steps.variables())
    for seed in range(3):
        state = np.random.default_rng(seed).normal(size=layout.size)
        steps.restore(layout.variables_of(state, 10))
        steps.take(rows, 8)
        np.testing.assert_allclose(made(state), layout.state_of(steps.variables()), rtol=1e-12, atol=1e-13)


def test_maps_compose_in_order():
    rng = np.random.default_rng(0)
    maps = [AffineMap(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(4)]
    state = rng.normal(size=3)
    after = state
    for one in maps:
        after = one(after)
    np.testing.assert_allclose(AffineMap.composed(maps)(state), after, rtol=1e-12)


def by_hand(rows, n_epochs, batch_size, rate, momentum=0.0, *, nesterov=False, l2=0.0):
    """The loop of a lecture, in NumPy."""
    theta, velocity = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    penalty = np.append(np.full(rows.shape[1] - 1, l2), 0.0)
    for _ in range(n_epochs):
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            x = np.column_stack([batch[:, :-1], np.ones(len(batch))])
            gradient = x.T @ (x @ theta - batch[:, -1]) / len(batch) + penalty * theta
            velocity = momentum * velocity + gradient
            theta = theta - rate * (gradient + momentum * velocity if nesterov else velocity)
    return theta


@pytest.mark.parametrize("settings", METHODS[:3])
@pytest.mark.parametrize("n_epochs", [1, 2, 5, 40])
@pytest.mark.parametrize("batch_size", [3, 32])
@pytest.mark.parametrize("executor", ["numpy", "numba"])
def test_epochs_that_are_alike_are_those_of_a_loop(settings, n_epochs, batch_size, executor):
    rows = oracles.random_rows(101, 2)
    fit = lrfit.train(
        rows[:, :2], rows[:, 2], learning_rate=0.02, epochs=n_epochs, batch_size=batch_size, shuffle=False,
        executor=executor, **settings,
    )  # fmt: skip
    expected = by_hand(rows, n_epochs, batch_size, 0.02, **settings)
    np.testing.assert_allclose([*fit.weights.values(), fit.intercept], expected, rtol=1e-12)


@pytest.mark.parametrize("settings", [*METHODS, {"clip_norm": 0.5}])
@pytest.mark.parametrize("n_first", [1, 2, 3, 5, 9, 15])
def test_a_run_in_two_parts_has_the_bits_of_one(settings, n_first):
    rows = oracles.random_rows(101, 2)
    given = {"learning_rate": 0.02, "batch_size": 16, "shuffle": False, **settings}
    whole = lrfit.train(rows[:, :2], rows[:, 2], epochs=16, **given)
    first = lrfit.train(rows[:, :2], rows[:, 2], epochs=n_first, **given)
    both = lrfit.train(rows[:, :2], rows[:, 2], epochs=16 - n_first, resume=first)
    assert both.document.training.variables == whole.document.training.variables


def test_rows_on_disk_are_condensed_window_by_window():
    rows = oracles.random_rows(500, 1)
    stores = [RowStore(max_bytes) for max_bytes in (1 << 20, 0)]
    for store in stores:
        store.append(rows)
    assert stores[1].is_on_disk
    states = []
    for store in stores:
        steps = steps_of({}, 1)
        batches = MiniBatches(store, Scaling.none(1), 16, shuffle=False, seed=0)
        alike.EpochsAlike(batches, steps).descend(0, 20)
        states.append(steps.variables())
    assert states[0] == states[1]


def test_a_million_epochs_take_seconds():
    rows = oracles.random_rows(1000, 1)
    fit = lrfit.train(
        rows[:, :1], rows[:, 1], learning_rate=0.02, epochs=1_000_000, batch_size=32, shuffle=False
    )
    assert fit.document.training.epochs == 1_000_000
