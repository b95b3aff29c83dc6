"""When a run stops: against plain loops, and whatever is due."""

from math import inf
from time import monotonic

import numpy as np
import oracles
import pytest
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings

DUES = [lambda epoch: epoch + 1, lambda _: inf, lambda epoch: epoch - epoch % 7 + 7]


def run(rows, *, held_out=None, executor="numpy", next_due=DUES[0], **settings):
    held_out = None if held_out is None else Moments.of_rows(held_out)
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows), held_out=held_out)
    return list(descend(plan, executor=executor, next_due=next_due))


def numbers(record):
    return (record.epoch, record.stopped, record.loss, record.change, record.excess, *record.theta)


def assert_same_end(rows, **settings):
    """The last record, which is the same whatever is due."""
    ends = [run(rows, next_due=due, **settings)[-1] for due in DUES]
    assert numbers(ends[0]) == numbers(ends[1]) == numbers(ends[2])
    bests = [end.best and numbers(end.best) for end in ends]
    assert bests[0] == bests[1] == bests[2]
    return ends[0]


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"condense": False, "momentum": 0.8},
        {"l2": 0.1, "standardize": True},
        {"momentum": 0.8, "nesterov": True},
        {"schedule": "invscaling", "learning_rate": 0.2},
    ],
    ids=str,
)
def test_tol_stops_a_full_batch_at_the_first_epoch_that_is_so_close_to_the_optimum(kind):
    rows = oracles.random_rows(40, 2)
    settings = {"learning_rate": 0.1, "epochs": 2000} | kind
    last = assert_same_end(rows, tol=1e-4, **settings)
    path = run(rows, **settings | {"epochs": last.epoch + 5})
    first = next(record for record in path if record.relative_excess <= 1e-4)
    assert numbers(last) == (first.epoch, "tol", *numbers(first)[2:])
    if not kind:
        least = Moments.of_rows(rows).least_squares().half_mse
        loss = oracles.half_mse(rows, last.weights, last.intercept)
        assert loss <= least * (1 + 1.0001e-4)


@pytest.mark.parametrize(
    ("y", "best_constant"), [((3.0, 5.0, 9.0), 28 / 9), ((3.0, 3.0, 3.0), 4.5)], ids=["exact", "constant"]
)
def test_where_no_loss_is_left_tol_is_measured_by_a_share_of_that_of_the_best_constant(y, best_constant):
    rows = np.column_stack([[1.0, 2.0, 4.0], y])
    last = assert_same_end(rows, learning_rate=0.25, epochs=5000, tol=1e-3)
    assert last.stopped == "tol"
    assert last.loss <= 1e-15 * best_constant
    before = run(rows, learning_rate=0.25, epochs=last.epoch - 1)[-1]
    assert before.excess > 1e-15 * best_constant


def test_a_start_that_is_close_enough_is_where_the_run_ends():
    rows = oracles.lab_rows()
    best = oracles.LAB_LEAST_SQUARES
    (only,) = run(rows, init=(best["x"], best["intercept"]), tol=1e-6)
    assert (only.epoch, only.stopped) == (0, "tol")


def test_what_is_due_does_not_change_where_a_run_ends_that_is_not_foreseen(monkeypatch):
    """With momentum, where it is too late for that: the looks are at multiples from the start on."""
    monkeypatch.setattr("lrfit.training.plan.epochs_until", lambda *_: inf)
    rows = oracles.random_rows(30, 1)
    last = assert_same_end(rows, learning_rate=0.009, momentum=0.5, tol=1e-3, epochs=5000)
    assert last.stopped == "tol"
    assert last.epoch > 200
    path = run(rows, learning_rate=0.009, momentum=0.5, epochs=last.epoch)
    first = next(record for record in path if record.relative_excess <= 1e-3)
    assert first.epoch <= last.epoch <= first.epoch * (1 + 1 / 32)


@pytest.mark.parametrize("scale", [1e-100, 1e31, 1e140])
def test_an_optimum_that_is_never_reached_stops_nothing(scale):
    rows = np.column_stack([np.array([1.0, 2.0, 3.0, 5.0]) * scale, [1.0, 2.0, 2.0, 4.0]])
    assert assert_same_end(rows, learning_rate="auto", tol=1e-6, epochs=20).stopped == "epochs"


@pytest.mark.parametrize("kind", [{}, {"momentum": 0.5}, {"schedule": "step"}, {"average": True}], ids=str)
def test_tol_stops_mini_batches_at_the_first_epoch_that_changes_so_little(kind):
    rows = oracles.random_rows(20, 2)
    settings = {"learning_rate": 0.02, "batch_size": 7, "epochs": 100} | kind
    last = assert_same_end(rows, tol=3e-3, **settings)
    losses = [record.loss for record in run(rows, **settings)]
    changes = np.abs(np.diff(losses)) / losses[1:]
    assert (last.epoch, last.stopped) == (1 + int(np.flatnonzero(changes <= 3e-3)[0]), "tol")


@pytest.mark.parametrize("batch_size", [3, None])
@pytest.mark.parametrize("validates", [True, False])
@pytest.mark.parametrize("patience", [1, 5])
def test_patience_keeps_the_best_of_the_plain_loop(batch_size, validates, patience):
    rows = oracles.random_rows(40, 6, seed=24)
    train_rows, held_out = rows[:7], rows[7:] if validates else None
    settings = {"learning_rate": 0.05, "batch_size": batch_size, "shuffle": False, "epochs": 100}
    last = assert_same_end(train_rows, held_out=held_out, patience=patience, **settings)
    path = oracles.gradient_descent(train_rows, np.zeros(6), 0.0, 0.05, 100, batch_size)
    losses = [oracles.half_mse(held_out if validates else train_rows, *at) for at in path]
    best = epoch = 0
    while epoch < 100 and epoch - best < patience:
        epoch += 1
        best = epoch if losses[epoch] < losses[best] else best
    stopped = "patience" if epoch - best == patience else "epochs"
    assert (stopped == "patience") == validates
    assert (last.best.epoch, last.epoch, last.stopped) == (best, epoch, stopped)
    np.testing.assert_allclose([*last.best.weights, last.best.intercept], [*path[best][0], path[best][1]])
    assert last.fitted is last.best


def test_patience_without_held_out_rows_ends_where_only_rounding_is_left():
    """The rate that was chosen ends there of itself; others by patience."""
    settings = {"learning_rate": 0.5, "standardize": True, "patience": 3, "epochs": 500}
    last = assert_same_end(oracles.lab_rows(), **settings | {"learning_rate": "auto"})
    assert last.stopped == "optimum"
    assert last.best is not None
    for kind in ({}, {"clip_norm": 1e9}, {"schedule": "step", "step_size": 400}):
        last = assert_same_end(oracles.lab_rows(), **settings | kind)
        assert last.stopped == "patience"
        assert last.best.relative_excess < 1e-25


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"condense": False, "momentum": 0.8},
        {"l2": 0.1, "standardize": True},
        {"momentum": 0.8, "nesterov": True},
        {"fit_intercept": False},
        {"tol": 1e-300},
        {"patience": 1000},
    ],
    ids=str,
)
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_a_full_batch_ends_where_its_parameters_are_exact_to_their_last_digits(kind, scale):
    """Those of the plain solution, in units of what they explain; and not an epoch before."""
    rows = oracles.random_rows(40, 2) * [1.0, 1.0, scale]
    settings = {"learning_rate": "auto", "epochs": 5000} | kind
    last = assert_same_end(rows, **settings)
    assert last.stopped == "optimum"
    assert last.epoch < 2000
    x = (rows[:, :2] - rows[:, :2].mean(axis=0)) / rows[:, :2].std(axis=0) if "l2" in kind else rows[:, :2]
    x = np.column_stack([x, *[np.ones(40)] * kind.get("fit_intercept", True)])
    penalty = np.diag([kind.get("l2", 0.0)] * 2 + [0.0] * (x.shape[1] - 2))
    best = x @ np.linalg.solve(x.T @ x / 40 + penalty, x.T @ rows[:, 2] / 40)
    size = np.sqrt(np.mean(rows[:, 2] ** 2))
    fitted = rows[:, :2] @ last.weights + last.intercept
    np.testing.assert_allclose(fitted, best, rtol=0, atol=1e-13 * size)
    before = run(rows, **settings | {"epochs": last.epoch - 1})[-1]
    assert before.stopped == "epochs"
    assert before.relative_excess > last.relative_excess


@pytest.mark.parametrize("tol", [None, 1e-6])
def test_rounding_of_data_far_from_0_does_not_end_descent_on_standardised_data_early(tol):
    """In the units of descent the numbers are as good as any."""
    noise = np.random.default_rng(0).normal(size=20)
    far, near = (
        np.column_stack([shift + np.arange(20.0), shift + np.arange(20.0) + 1e-5 * noise])
        for shift in (1e9, 0.0)
    )
    settings = {"learning_rate": "auto", "standardize": True, "epochs": 5000, "tol": tol}
    ends = [run(rows, next_due=DUES[1], **settings)[-1] for rows in (far, near)]
    assert [end.stopped for end in ends] == ["tol" if tol else "optimum"] * 2
    assert max(end.relative_excess for end in ends) <= (tol or 1e-12)


@pytest.mark.parametrize(
    "kind",
    [
        {"learning_rate": 0.3},
        {"batch_size": 4},
        {"schedule": "step", "step_size": 5000},
        {"clip_norm": 1e9},
    ],
    ids=str,
)
def test_at_a_given_rate_and_where_nothing_is_foreseen_all_epochs_are_done(kind):
    rows = oracles.random_rows(40, 2)
    kind = {"learning_rate": "auto"} | kind
    assert run(rows, epochs=2000, next_due=DUES[1], **kind)[-1].stopped == "epochs"


def test_a_start_at_the_optimum_is_the_end_of_a_run():
    rows = oracles.lab_rows()
    x = np.column_stack([rows[:, 0], np.ones(17)])
    best = tuple(np.linalg.lstsq(x, rows[:, 1])[0])
    for settings in ({}, {"standardize": True}, {"momentum": 0.9}, {"condense": False}):
        (only,) = run(rows, init=best, learning_rate="auto", **settings)
        assert (only.epoch, only.stopped) == (0, "optimum")
    last = run(rows, init=(best[0] + 1e-9, best[1]), epochs=3, learning_rate="auto")[-1]
    assert (last.epoch, last.stopped) == (3, "epochs")


def test_without_patience_the_fit_is_the_last_epoch():
    last = run(oracles.lab_rows(), epochs=3)[-1]
    assert last.best is None
    assert last.fitted is last


@pytest.mark.parametrize(
    ("executor", "kind"),
    [
        ("numpy", {}),
        ("numba", {}),
        ("numba", {"tol": 1e-300}),
        ("numpy", {"patience": 10**6}),
        ("numba", {"batch_size": 5}),
    ],
    ids=str,
)
def test_time_stops_soon_after_it_is_over_with_the_change_of_one_epoch(executor, kind):
    """Also amid many epochs that are run at once."""
    rows = oracles.random_rows(20, 1)
    settings = {"learning_rate": 1e-4, **kind}
    run(rows, executor=executor, **settings | {"epochs": 3})  # machine code is ready now
    started_s = monotonic()
    last = run(rows, executor=executor, next_due=lambda _: inf, epochs=10**9, max_time_s=0.05, **settings)[-1]
    took_s = monotonic() - started_s
    assert last.stopped == "time"
    assert 0.05 <= took_s < 1.0
    due = last.epoch - 1
    *_, before, same = run(
        rows,
        executor=executor,
        next_due=lambda epoch: due if epoch < due else inf,
        **settings | {"epochs": last.epoch},
    )
    assert before.epoch == due
    assert (last.loss, *last.theta) == (same.loss, *same.theta)
    assert last.change == last.loss - before.loss


def test_at_least_one_epoch_is_done_however_little_time_there_is():
    last = run(oracles.lab_rows(), max_time_s=1e-9, epochs=50)[-1]
    assert (last.epoch, last.stopped) == (1, "time")


def test_reaching_the_last_epoch_is_no_stop_by_time():
    assert run(oracles.lab_rows(), max_time_s=1e-9, epochs=1)[-1].stopped == "epochs"


def test_mini_batches_never_stop_for_being_at_the_optimum():
    rows = np.column_stack([np.arange(6.0), np.zeros(6)])  # the start is the optimum, and nothing changes
    last = run(rows, learning_rate=0.01, batch_size=2, tol=1e-13, epochs=5)[-1]
    assert (last.epoch, last.stopped) == (1, "tol")
