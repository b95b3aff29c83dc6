"""The picture of a descent: curves, floors, and what a log axis has no place for."""

import numpy as np
import pytest

from lrfit.training.history import History
from lrfit.views.picture import Line
from lrfit.views.pictures.loss import least_loss, loss_picture


def history(excess, least=0.5, validation=None, first=0):
    excess = np.array(excess)
    epochs = np.arange(first, first + len(excess), dtype=np.float64)
    theta = np.zeros((len(excess), 2))
    return History(("x",), True, epochs, least + excess, excess, validation, theta)  # noqa: FBT003


def lines(panel):
    return {mark.label: mark for mark in panel.marks if isinstance(mark, Line)}


def test_the_loss_stands_over_its_optimum_and_the_excess_beside_it():
    run = history([4.0, 2.0, 1.0])
    left, right = loss_picture({"loss": run}, title="a run").panels
    assert lines(left)["loss"].y.tolist() == [4.5, 2.5, 1.5]
    assert lines(left)["optimum, 0.5"].y.tolist() == [0.5, 0.5]
    assert (left.x.scale, left.y.scale) == ("epochs", "linear")
    assert lines(right)[""].y.tolist() == [4.0, 2.0, 1.0]
    assert (right.x.scale, right.y.scale) == ("epochs", "log")


def test_a_long_run_with_a_wide_range_is_on_log_axes():
    run = history(1e6 * 0.9 ** np.arange(300.0))
    left, right = loss_picture({"loss": run}, title="").panels
    assert (left.x.scale, left.y.scale) == ("log epochs", "log")
    assert right.x.scale == "epochs"


def test_a_million_epochs_are_thinned_and_said_so():
    run = history(np.linspace(2.0, 1.0, 1_000_001))
    picture = loss_picture({"loss": run}, title="")
    n_drawn = len(lines(picture.panels[0])["loss"].x)
    assert picture.notes == (f"{n_drawn} of 1000001 epochs are drawn",)


def test_an_excess_of_0_breaks_no_axis():
    """It has no place on a log axis; where there is nothing else, there is no such panel."""
    picture = loss_picture({"loss": history([1.0, 1e-30, 0.0, 0.0])}, title="")
    excess = lines(picture.panels[1])[""].y
    assert excess[:2].tolist() == [1.0, 1e-30]
    assert np.all(np.isnan(excess[2:]))
    assert picture.notes == ("from epoch 2 on the excess is 0, which a log axis cannot show",)
    picture = loss_picture({"loss": history([0.0, 0.0])}, title="")
    assert len(picture.panels) == 1
    assert picture.notes == ("the excess above the optimum is 0 from the start",)


def test_an_optimum_that_is_as_good_as_0_is_no_floor():
    picture = loss_picture({"loss": history([1.0, 1e-5], least=1e-33)}, title="")
    left, _ = picture.panels
    assert list(lines(left)) == ["loss"]
    assert left.y.limits[0] > 1e-7


def test_losses_that_are_not_finite_are_left_out():
    left, right = loss_picture({"loss": history([1.0, 1e30, np.inf])}, title="").panels
    for panel in (left, right):
        assert np.all(np.isfinite([*panel.x.limits, *panel.y.limits]))


@pytest.mark.parametrize("excess", [[1e-323, 5e-324], [1e308, 1.7e308], [1e308, 5e-324]])
def test_numbers_of_any_size_have_axes(excess):
    for panel in loss_picture({"loss": history(excess, least=0.0)}, title="").panels:
        assert -np.inf < panel.y.limits[0] < panel.y.limits[1] < np.inf
        assert panel.y.scale == "linear" or panel.y.limits[0] > 0.0


def test_several_runs_have_a_curve_each_and_one_floor_if_that_is_the_same():
    runs = {"a.csv": history([4.0, 2.0]), "b\n.csv": history([3.0, 1.0], validation=np.array([9.0, 8.0]))}
    left, right = loss_picture(runs, title="").panels
    assert list(lines(left)) == ["a.csv", r"b\n.csv", r"b\n.csv, validation", "optimum, 0.5"]
    assert lines(left)[r"b\n.csv, validation"].y.tolist() == [9.0, 8.0]
    assert list(lines(right)) == ["a.csv", r"b\n.csv"]
    assert [mark.series for mark in right.marks] == [0, 1]
    runs["c.csv"] = history([1.0], least=0.25)
    left, _ = loss_picture(runs, title="").panels
    assert {"optimum, 0.25", "optimum, 0.5"} <= set(lines(left))


def test_a_run_alone_calls_its_validation_so():
    left, _ = loss_picture({"loss": history([4.0], validation=np.array([9.0]))}, title="").panels
    assert "validation" in lines(left)


@pytest.mark.parametrize(
    ("loss", "excess", "least"),
    [
        ([4.5, 2.5], [4.0, 2.0], 0.5),
        ([4.5, 2.5], [4.0, 1.0], None),  # the excess is that of the loss with a penalty
        ([np.inf, np.nan], [np.inf, np.nan], None),
        ([1.0, 1e-20], [1.0, 2e-20], 0.0),
    ],
)
def test_the_optimum_is_the_loss_less_the_excess(loss, excess, least):
    run = History(("x",), True, np.arange(2.0), np.array(loss), np.array(excess), None, np.zeros((2, 2)))  # noqa: FBT003
    assert least_loss(run) == least
