"""The picture of the loss surface: its heights against the loss of the rows, its paths against the run."""

import numpy as np
import oracles
import pytest
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.training.history import History
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings
from lrfit.views.picture import Contours, Line, Points
from lrfit.views.pictures.surface import surface_picture


def run(rows, **settings):
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings))
    features = [f"x{i}" for i in range(rows.shape[1] - 1)]
    return plan, History.of(descend(plan), features, intercept=plan.settings.fit_intercept)


def panel(rows, shown, **settings):
    plan, history = run(rows, **settings)
    picture = surface_picture(
        plan.objective, {"descent": history}, shown, unit=plan.loss_unit, title="", of=""
    )
    return picture.panels[0], plan, history


def marks(drawn, kind, role=None):
    return [mark for mark in drawn.marks if isinstance(mark, kind) and (role is None or mark.role == role)]


def looked_at(contours, n=40):
    """Some points of the grid: (column, row)."""
    random = np.random.default_rng(0)
    return zip(
        random.integers(len(contours.x), size=n), random.integers(len(contours.y), size=n), strict=True
    )


def test_heights_are_the_loss_of_the_rows_above_its_least():
    rows = oracles.lab_rows()
    drawn, _, _ = panel(rows, ["x0", "intercept"], epochs=50)
    (contours,) = marks(drawn, Contours)
    for i, j in looked_at(contours):
        loss = oracles.half_mse(rows, [contours.x[i]], contours.y[j])
        assert contours.heights[j, i] == pytest.approx(
            loss - oracles.LAB_LEAST_SQUARES_LOSS, rel=1e-9, abs=1e-12
        )
    assert np.all(np.diff(contours.levels) > 0)
    np.testing.assert_allclose(
        contours.levels[1:] / contours.levels[:-1], contours.levels[1] / contours.levels[0]
    )


def test_heights_of_standardized_data_are_in_the_units_of_the_loss():
    rows = oracles.lab_rows()
    drawn, plan, _ = panel(rows, ["x0", "intercept"], epochs=50, standardize=True)
    (contours,) = marks(drawn, Contours)
    for i, j in looked_at(contours):
        weights, b = plan.parameters(np.array([contours.x[i], contours.y[j]]))
        loss = oracles.half_mse(rows, weights, b)
        assert contours.heights[j, i] == pytest.approx(
            loss - oracles.LAB_LEAST_SQUARES_LOSS, rel=1e-9, abs=1e-12
        )


def test_parameters_that_are_not_drawn_stay_at_their_optimum():
    rows = oracles.random_rows(50, 3, seed=1)
    plan, history = run(rows, epochs=20)
    picture = surface_picture(plan.objective, {"descent": history}, ["x2", "x0"], unit=1.0, title="")
    (drawn,) = picture.panels
    best, *_ = np.linalg.lstsq(np.column_stack([rows[:, :-1], np.ones(50)]), rows[:, -1])
    least = oracles.half_mse(rows, best[:3], best[3])
    (contours,) = marks(drawn, Contours)
    for i, j in looked_at(contours):
        weights = [contours.y[j], best[1], contours.x[i]]
        loss = oracles.half_mse(rows, weights, best[3])
        assert contours.heights[j, i] == pytest.approx(loss - least, rel=1e-9, abs=1e-9)
    assert (drawn.x.label, drawn.y.label) == ("W (x2)", "W (x0)")
    assert picture.notes == ("the other parameters (2) are at their optimum in the contours",)


def test_the_path_is_that_of_the_run_from_its_start_to_its_end():
    drawn, _, history = panel(oracles.lab_rows(), ["x0", "intercept"], epochs=150)
    (path,) = marks(drawn, Line)
    assert np.column_stack([path.x, path.y]).tolist() == history.theta.tolist()
    (steps,), (start,), (end,), (optimum,) = (
        marks(drawn, Points, role) for role in ("steps", "start", "end", "optimum")
    )
    assert np.column_stack([steps.x, steps.y]).tolist() == history.theta[1:13].tolist()
    assert [start.x[0], start.y[0]] == [0.0, 0.0]
    assert [end.x[0], end.y[0]] == history.theta[-1].tolist()
    want = oracles.LAB_LEAST_SQUARES
    assert [optimum.x[0], optimum.y[0]] == pytest.approx([want["x"], want["intercept"]])
    for mark in (path, optimum):
        for places in (drawn.x.fractions(mark.x), drawn.y.fractions(mark.y)):
            assert np.all((places > 0.05) & (places < 0.95))
    assert (drawn.x.label, drawn.y.label) == ("W (x0)", "b (intercept)")


def test_a_path_that_goes_to_and_fro_is_drawn_by_its_points():
    rows = oracles.read_columns("norris.csv", ["x", "y"])
    drawn, _, history = panel(rows, ["x0", "intercept"], epochs=300, learning_rate="auto")
    (points,) = marks(drawn, Points, "epochs")
    assert len(points.x) == len(history.thinned().epochs)
    (line,) = marks(drawn, Line)
    assert len(line.x) == 13


def test_a_parameter_that_moves_by_rounding_only_has_an_axis_that_shows_the_bowl():
    rows = oracles.read_columns("norris.csv", ["x", "y"])
    drawn, _, _ = panel(rows, ["x0", "intercept"], epochs=60, standardize=True, learning_rate=0.1)
    assert drawn.y.limits == pytest.approx((-1.0, 1.0), rel=1e-3)


def test_a_run_that_diverges_is_clipped_to_around_its_start():
    rows = oracles.lab_rows()
    theta = np.array([[0.0, 0.0], [-1e3, 1e3], [1e9, -1e9], [np.inf, np.nan]])
    excess = np.array([3.0, 1e7, 1e20, np.inf])
    history = History(("x",), True, np.arange(4.0), excess, excess, None, theta)  # noqa: FBT003
    objective = Objective.of(Moments.of_rows(rows))
    picture = surface_picture(objective, {"descent": history}, ["x", "intercept"], unit=1.0, title="")
    assert picture.panels[0].x.limits[1] < 1.0
    assert picture.panels[0].y.limits[1] < 1.0


def test_parameters_of_any_size_have_axes():
    theta = np.array([[1e308, -1e308], [-1e308, 5e-324]])
    history = History(("x",), True, np.arange(2.0), np.ones(2), np.array([1e308, 5e-324]), None, theta)  # noqa: FBT003
    objective = Objective.of(Moments.of_rows(oracles.lab_rows()))
    (drawn,) = surface_picture(objective, {"": history}, ["x", "intercept"], unit=1.0, title="").panels
    assert np.all(np.isfinite([drawn.x.limits, drawn.y.limits]))


def test_one_parameter_is_a_curve():
    rows = oracles.lab_rows()
    drawn, _, history = panel(rows, ["x0"], fit_intercept=False, epochs=20)
    (curve,) = marks(drawn, Line)
    want = [oracles.half_mse(rows, [w], 0.0) for w in curve.x]
    np.testing.assert_allclose(curve.y, want, rtol=1e-9)
    (steps,) = marks(drawn, Points, "steps")
    np.testing.assert_allclose(steps.x, history.theta[1:13, 0])
    np.testing.assert_allclose(steps.y, history.loss[1:13], rtol=1e-9)


def test_several_runs_have_a_path_each():
    plan, plain = run(oracles.lab_rows(), epochs=20)
    _, momentum = run(oracles.lab_rows(), epochs=20, momentum=0.5)
    picture = surface_picture(
        plan.objective, {"plain": plain, "momentum": momentum}, ["x0", "intercept"], unit=1.0, title=""
    )
    assert [line.label for line in marks(picture.panels[0], Line)] == ["plain", "momentum"]
    labels = [points.label for points in marks(picture.panels[0], Points)]
    assert labels == ["optimum", "first 12 epochs", "start", "end", "", "", ""]


def test_a_bowl_that_is_not_too_long_is_drawn_on_one_scale():
    """So that circles are circles, and steps leave contours at right angles."""
    drawn, _, _ = panel(oracles.lab_rows(), ["x0", "intercept"], standardize=True, learning_rate=0.1)
    assert np.ptp(drawn.x.limits) == pytest.approx(1.4 * np.ptp(drawn.y.limits))
    drawn, _, history = panel(oracles.lab_rows() * [100, 1], ["x0", "intercept"], learning_rate=1e-6)
    path = history.theta[:, 0]
    assert np.ptp(drawn.x.limits) < 1.5 * max(np.ptp(path), 0.0026)


def test_an_optimum_too_large_for_the_bowl_around_it_has_room():
    rows = np.array([[1.0, 1e9], [2.0, 1e9 + 2e-7], [3.0, 1e9], [4.0, 1e9 + 1e-7]])
    drawn, _, _ = panel(rows, ["x0", "intercept"], init=(0.0, 1e9 + 1e-7), learning_rate=0.1, epochs=3)
    assert all(np.ptp(axis.limits) > 0.0 for axis in (drawn.x, drawn.y))


def test_a_flat_surface_has_no_contours():
    history = History(("x",), True, np.zeros(1), np.zeros(1), np.zeros(1), None, np.zeros((1, 2)))  # noqa: FBT003
    flat = Objective(np.zeros(2), 0.0, np.zeros((1, 2)), 0.0)
    picture = surface_picture(flat, {"": history}, ["x", "intercept"], unit=1.0, title="")
    assert not marks(picture.panels[0], Contours)
