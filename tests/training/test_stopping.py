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
    last = assert_same_end(oracles.lab_rows(), learning_rate=0.5, standardize=True, patience=3, epochs=500)
    assert last.stopped == "patience"
    assert last.best.relative_excess < 1e-25


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
