"""The picture of a fit: its points, lines and band against textbook formulas and published numbers."""

from dataclasses import replace

import numpy as np
import oracles
import pytest
from plans import data_of

from lrfit.analysis.moments import Moments
from lrfit.data.kinds import Column
from lrfit.data.row_store import RowStore
from lrfit.model.document import ModelDocument
from lrfit.model.prediction import predictor
from lrfit.views.picture import Band, Cells, Line, Points
from lrfit.views.pictures.fit import fit_picture

T_975 = {1: 12.7062047362, 2: 4.3026527297, 15: 2.1314495456, 16: 2.1199052992, 34: 2.0322445093}
"""Quantiles of Student's t, by degrees of freedom: as in NIST's e-Handbook, 1.3.6.7.2, with more digits."""


def picture(rows, weights, b=0.0, *, intercept=True, kind="number", **about):
    """Of rows whose data have these further attributes."""
    fit = ModelDocument("y", weights, b)
    data = replace(data_of(Moments.of_rows(rows), RowStore.of(rows), features=[*weights]), **about)
    columns = tuple(Column(name, kind) for name in weights)
    return fit_picture(
        fit,
        replace(data, sample=replace(data.sample, columns=columns)),
        predict=predictor(fit),
        intercept=intercept,
        title="a fit",
    )


def marks(panel, kind):
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def least_squares(rows, *, intercept=True):
    ones = np.ones((len(rows), int(intercept)))
    solution, *_ = np.linalg.lstsq(np.hstack([rows[:, :-1], ones]), rows[:, -1])
    return solution


@pytest.mark.parametrize("rows", [oracles.lab_rows(), oracles.read_columns("norris.csv", ["x", "y"])])
def test_the_band_is_that_of_the_mean_response(rows):
    """Draper and Smith's formula, and s by the residuals of numpy's least squares."""
    n_samples = len(rows)
    slope, b = least_squares(rows)
    drawn = picture(rows, {"x": slope}, b)
    (band,) = marks(drawn.panels[0], Band)
    x, y = rows.T
    s = np.sqrt(np.sum((slope * x + b - y) ** 2) / (n_samples - 2))
    error = s * np.sqrt(1 / n_samples + (band.x - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2))
    half_width = T_975[n_samples - 2] * error
    np.testing.assert_allclose(band.high, slope * band.x + b + half_width, rtol=1e-9)
    np.testing.assert_allclose(band.low, slope * band.x + b - half_width, rtol=1e-9, atol=1e-9)
    assert band.label == "95 % confidence band"


def test_the_band_at_0_is_as_wide_as_the_certified_error_of_the_intercept():
    """NIST StRD, Norris: the mean response at x = 0 is the intercept."""
    drawn = picture(
        oracles.read_columns("norris.csv", ["x", "y"]),
        {"x": oracles.NORRIS["x"]},
        oracles.NORRIS["intercept"],
    )
    (band,) = marks(drawn.panels[0], Band)
    # Its square is a parabola in x, which three points determine.
    parabola = np.polyfit(band.x[[0, 100, 200]], ((band.high - band.low) / 2)[[0, 100, 200]] ** 2, 2)
    error = np.sqrt(np.polyval(parabola, 0.0)) / T_975[34]
    assert error == pytest.approx(oracles.NORRIS_STANDARD_ERRORS["intercept"], rel=1e-9)


def test_the_band_of_a_model_without_intercept_goes_through_the_origin():
    rows = oracles.lab_rows()
    (slope,) = least_squares(rows, intercept=False)
    drawn = picture(rows, {"x": slope}, intercept=False)
    (band,) = marks(drawn.panels[0], Band)
    x, y = rows.T
    s = np.sqrt(np.sum((slope * x - y) ** 2) / 16)
    want = T_975[16] * s * np.abs(band.x) / np.sqrt(np.sum(x**2))
    np.testing.assert_allclose((band.high - band.low) / 2, want, rtol=1e-9)


def test_a_line_that_is_not_least_squares_is_drawn_beside_it():
    rows = oracles.lab_rows()
    drawn = picture(rows, {"x": 0.2}, 1.0)
    best, fitted = marks(drawn.panels[0], Line)
    want = oracles.LAB_LEAST_SQUARES
    np.testing.assert_allclose(best.y, want["x"] * best.x + want["intercept"], rtol=1e-9)
    np.testing.assert_allclose(fitted.y, 0.2 * fitted.x + 1.0, rtol=1e-12)
    assert (best.label, fitted.label) == ("least squares", "fitted line")
    assert marks(drawn.panels[0], Band)[0].label == "95 % confidence band of least squares"


def test_rows_are_points_with_their_names_on_the_axes():
    rows = oracles.lab_rows()
    (panel,) = picture(rows, {"x\x1b[31m": 0.25}, 0.8).panels
    (points,) = marks(panel, Points)
    assert np.column_stack([points.x, points.y]).tolist() == rows.tolist()
    assert (panel.x.label, panel.y.label, points.label) == (r"x\x1b[31m", "y", "rows (17)")
    assert np.all((panel.x.limits[0] < points.x) & (points.x < panel.x.limits[1]))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[1.0, 2.0]], "it needs more than 2 rows"),
        ([[1.0, 2.0], [3.0, 5.0]], "it needs more than 2 rows"),
        ([[1.0, 2.0], [1.0, 5.0], [1.0, 7.0]], "the feature is constant"),
    ],
)
def test_where_no_band_is_defined_the_picture_says_so(rows, reason):
    drawn = picture(np.array(rows), {"x": 1.0}, 1.0)
    assert drawn.notes[1:] == (f"no confidence band: {reason}",)
    assert not marks(drawn.panels[0], Band)


def test_points_are_in_front_and_the_band_is_all_there():
    rows = oracles.lab_rows()
    (panel,) = picture(rows, {"x": 0.25}, 0.8).panels
    assert isinstance(panel.marks[-1], Points)
    (band,) = marks(panel, Band)
    assert panel.y.limits[0] <= band.low.min() < band.high.max() <= panel.y.limits[1]


def test_a_line_far_from_the_rows_leaves_them_readable():
    rows = oracles.lab_rows()
    (panel,) = picture(rows, {"x": 1e9}, 0.0).panels
    height = np.ptp(rows[:, 1])
    assert panel.y.limits[1] - panel.y.limits[0] < 4 * height


@pytest.mark.parametrize("n_samples", [2000, 2001, 100_000])
def test_many_rows_are_counted_in_cells(n_samples):
    rows = oracles.random_rows(n_samples, 1)
    x, y = rows.T
    slope, b = least_squares(rows)
    drawn = picture(rows, {"x": slope}, b)
    cells = marks(drawn.panels[0], Cells)
    assert bool(cells) == (n_samples > 2000)
    if cells:
        want, *_ = np.histogram2d(x, y, bins=[cells[0].x_edges, cells[0].y_edges])
        assert cells[0].counts.sum() == n_samples
        assert np.abs(cells[0].counts - want).sum() <= 4  # where a row is on an edge, but for rounding
        assert drawn.notes[0] == f"{n_samples} rows, counted in cells"


def test_several_features_are_predicted_against_actual_and_residuals():
    rows = oracles.longley_rows()
    names = ["gnp_deflator", "gnp", "unemployed", "armed_forces", "population", "year"]
    weights = {name: oracles.LONGLEY[name] for name in names}
    left, right = picture(rows, weights, oracles.LONGLEY["intercept"]).panels
    y = rows[:, -1]
    y_hat = rows[:, :-1] @ [*weights.values()] + oracles.LONGLEY["intercept"]
    (against,), (residuals,) = marks(left, Points), marks(right, Points)
    np.testing.assert_allclose(against.x, y)
    np.testing.assert_allclose(against.y, y_hat, rtol=1e-9)
    np.testing.assert_allclose(residuals.x, y_hat, rtol=1e-9)
    np.testing.assert_allclose(residuals.y, y_hat - y, atol=1e-3)
    (diagonal,), (zero,) = marks(left, Line), marks(right, Line)
    assert diagonal.x.tolist() == diagonal.y.tolist() == list(left.x.limits) == list(left.y.limits)
    assert zero.y.tolist() == [0.0, 0.0]


def test_a_date_has_an_axis_of_dates():
    days = np.arange(20514.0, 20526.0)  # 2026-03-02 to 2026-03-13
    rows = np.column_stack([days, 2.0 * days + np.tile([1.0, -1.0], 6)])
    drawn = picture(rows, {"day": 2.0}, kind="date")
    (panel,) = drawn.panels
    assert (panel.x.scale, panel.y.scale) == ("dates", "linear")
    assert list(panel.x.ticks(3).values()) == ["2026-03-06", "2026-03-11"]
    assert drawn.notes[1] == "day in the equation: days since 1970-01-01"
    assert marks(panel, Points)[0].x.tolist() == days.tolist()


def test_a_date_that_is_constant_has_the_days_around_it():
    drawn = picture(np.array([[20526.0, 1.0], [20526.0, 3.0]]), {"day": 0.0}, 2.0, kind="date")
    assert drawn.panels[0].x.limits == (20525.0, 20527.0)


def test_units_are_on_the_axes():
    units = {"x": "[m]", "y": "m/s", "z": "15s"}
    (panel,) = picture(oracles.lab_rows(), {"x": 0.25}, 0.8, units=units).panels
    assert (panel.x.label, panel.y.label) == ("x [m]", "y [m/s]")
    rows = oracles.random_rows(9, 2)
    left, right = picture(rows, {"x": 1.0, "z": 2.0}, units=units).panels
    assert (left.x.label, left.y.label) == ("actual y [m/s]", "predicted y [m/s]")
    assert (right.x.label, right.y.label) == ("predicted y [m/s]", "residual (predicted - actual) [m/s]")


def test_weights_of_rows_are_no_column_of_the_picture():
    rows = oracles.lab_rows()
    weighted = RowStore.of(np.column_stack([rows, np.ones(len(rows))]))
    data = replace(data_of(Moments.of_rows(rows), weighted, features=["x"]), weights="n\x1b")
    fit = ModelDocument("y", {"x": 0.25}, 0.8)
    drawn = fit_picture(fit, data, predict=predictor(fit), intercept=True, title="")
    (points,) = marks(drawn.panels[0], Points)
    assert np.column_stack([points.x, points.y]).tolist() == rows.tolist()
    assert drawn.notes[-1] == r"weights of rows (n\x1b) are not drawn"


def test_without_rows_there_is_no_picture():
    with pytest.raises(ValueError, match="a picture of a fit shows rows, and there are none"):
        fit_picture(
            ModelDocument("y", {"x0": 1.0}, 0.0),
            data_of(Moments.of_rows(oracles.lab_rows())),
            predict=len,
            intercept=True,
            title="",
        )
