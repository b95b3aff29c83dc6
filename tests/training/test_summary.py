"""What a fit says of the run that it comes from."""

from dataclasses import fields
from math import sqrt
from typing import Annotated, get_args, get_origin, get_type_hints

import numpy as np
import oracles
import pytest
from plans import plan_of, summary_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.model.document import TrainingSummary
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings, rules

ROWS = oracles.random_rows(30, 2)
HELD_OUT = oracles.random_rows(10, 2, seed=3)


def fit_of(rows=ROWS, held_out=None, **settings):
    moments = None if held_out is None else Moments.of_rows(held_out)
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows), held_out=moments)
    records = list(descend(plan, executor="numpy"))
    return records, summary_of(plan, records[-1], ["a", "b"], "y", fingerprint="f")


def test_a_document_keeps_all_settings_that_a_run_needs_to_go_on():
    """All but where it began, and when it was to end: a run that goes on is told anew when to end."""
    kept, settings = get_type_hints(TrainingSummary, include_extras=True), rules()
    left_out = {f.name for f in fields(TrainingSettings)} - kept.keys()
    assert left_out == {"init", "tol", "patience", "max_time_s"}
    for name in settings.keys() - left_out - {"epochs"}:  # which a document counts
        of_document = kept[name]
        rule = next(t for t in (of_document, *get_args(of_document)) if get_origin(t) is Annotated)
        assert rule.__metadata__ == (settings[name].rule,)


@pytest.mark.parametrize(
    "schedule",
    [{"schedule": "step", "step_size": 3, "gamma": 0.5}, {"schedule": "invscaling", "power_t": 0.7}],
    ids=str,
)
def test_the_settings_that_were_used_are_told(schedule):
    said = {
        "batch_size": 7,
        "seed": 5,
        "l2": 0.1,
        "momentum": 0.5,
        "nesterov": True,
        "average": True,
        "clip_norm": 2.0,
        "shuffle": False,
        "standardize": True,
        "condense": False,
        "learning_rate": 0.02,
        "epochs": 4,
        **schedule,
    }
    _, fit = fit_of(**said)
    for name, value in said.items():
        assert getattr(fit.training, name) == value
    assert fit.training.fit_intercept is True
    assert fit.training.stopped == "epochs"
    assert fit.data.fingerprint == "f"


def test_what_was_chosen_is_told_in_place_of_what_was_said():
    _, fit = fit_of(learning_rate="auto", momentum="auto")
    x = np.column_stack([ROWS[:, :2], np.ones(30)])
    hessian = x.T @ x / 30
    low, *_, high = np.linalg.eigvalsh(hessian)
    beta = ((sqrt(high / low) - 1) / (sqrt(high / low) + 1)) ** 2
    assert fit.training.momentum == pytest.approx(beta, rel=1e-9)
    assert fit.training.learning_rate == pytest.approx(2 * (1 + beta) / (low + high), rel=1e-9)
    assert fit.data.condition_number == pytest.approx(high / low, rel=1e-9)
    assert fit.data.max_stable_learning_rate == pytest.approx(2 * (1 + beta) / high, rel=1e-9)


def test_the_penalised_optimum_is_that_of_the_normal_equations_and_least_squares_stays_itself():
    _, fit = fit_of(l2=0.5)
    x, y = np.column_stack([ROWS[:, :2], np.ones(30)]), ROWS[:, 2]
    theta = np.linalg.solve(x.T @ x / 30 + np.diag([0.5, 0.5, 0.0]), x.T @ y / 30)
    optimum = fit.data.optimum
    assert [*optimum.weights.values(), optimum.intercept] == pytest.approx(list(theta), rel=1e-10)
    assert optimum.loss == pytest.approx(oracles.half_mse(ROWS, theta[:2], theta[2]), rel=1e-12)
    plain = np.linalg.lstsq(x, y)[0]
    best = fit.data.least_squares
    assert [*best.weights.values(), best.intercept] == pytest.approx(list(plain), rel=1e-10)
    assert fit_of()[1].data.optimum is None


@pytest.mark.parametrize("held_out", [None, HELD_OUT])
def test_with_patience_the_fit_is_that_of_the_best_epoch(held_out):
    said = {"batch_size": 1, "learning_rate": 0.05, "epochs": 40, "patience": 3}
    records, fit = fit_of(held_out=held_out, **said)
    rows = ROWS if held_out is None else held_out
    losses = [oracles.half_mse(rows, r.weights, r.intercept) for r in records]
    best = int(np.argmin(losses))
    assert fit.training.best_epoch == best
    assert list(fit.weights.values()) == list(records[best].weights)
    assert fit.training.loss == records[best].loss
    assert fit.training.epochs == records[-1].epoch == best + 3
    assert fit.training.best == records[best].theta.tolist()
    assert fit.training.variables["W"] == records[-1].variables["W"].ravel().tolist()
    assert fit.data.rmse == pytest.approx(sqrt(2 * records[best].loss))
    assert fit.data.n_held_out == (0 if held_out is None else 10)
    if held_out is not None:
        assert fit.training.validation_loss == pytest.approx(losses[best], rel=1e-12)


def test_a_record_on_the_way_makes_a_checkpoint():
    plan = plan_of(Moments.of_rows(ROWS), TrainingSettings(epochs=3))
    records = list(descend(plan))
    stopped = [summary_of(plan, record, ["a", "b"], "y").training.stopped for record in records]
    assert stopped == ["checkpoint"] * 3 + ["epochs"]
