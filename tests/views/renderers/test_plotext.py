"""Pictures as text: what is where, within which width, with and without colour."""

import re
from functools import cache
from typing import get_args

import numpy as np
import pytest
from pictures_of_all import UNIT, everything, one_line, one_point

from lrfit.views.axis import Axis
from lrfit.views.picture import Cells, Contours, Mark, Panel, Picture
from lrfit.views.renderers import plotext
from lrfit.views.renderers.plotext import render

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def canvas(picture, width=60):
    """The characters of the canvas of the only panel: lines from the top, without axes."""
    lines = render(picture, width).splitlines()
    rows = [line.partition(mark)[2] for line in lines for mark in "┤│" if mark in line]
    n_columns = len(next(line for line in lines if "└" in line).partition("└")[2])
    return [row.ljust(n_columns) for row in rows]


def of(*marks):
    return Picture("", (Panel(Axis("x", UNIT), Axis("y", UNIT), marks),))


drawn_once = cache(lambda width: render(everything(), width))


@pytest.mark.parametrize("width", [30, 41, 80, 201])
def test_no_line_is_longer_than_the_width(width):
    lines = drawn_once(width).splitlines()
    assert max(map(len, lines)) <= width
    assert sum(len(line) > width - 3 for line in lines) > 4
    assert "a picture of" in lines[0]


def test_wide_characters_take_two_columns():
    wide = "速度" * 12
    panel = Panel(Axis(wide, (0.0, 1.0)), Axis(wide, (0.0, 1.0)), ())
    lines = render(Picture(wide, (panel,), (wide,)), 40).splitlines()
    assert "".join(line.strip() for line in lines).count("速度") == 4 * 12
    assert max(len(line) + sum(c in "速度" for c in line) for line in lines) <= 40


def test_narrower_than_is_possible_is_as_narrow_as_is():
    assert render(everything(), 5) == drawn_once(30)


def test_colour_changes_nothing_but_colour():
    plain, coloured = drawn_once(80), render(everything(), 80, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[38;5;" in coloured
    stripped = [line.rstrip() for line in ESCAPES.sub("", coloured).splitlines()]
    assert stripped == plain.splitlines()


def test_the_legend_and_the_notes_are_in_lines_below():
    text = re.sub(r"\s+", " ", drawn_once(80))
    for word in ("rows $x_1$", "≥ 1 rows in a cell", "⠂ ⠂ band", "S start", "loss above the optimum: 0.001,"):
        assert word in text
    assert "(first note)" in text


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.5, 0.5)])
def test_a_point_is_where_it_belongs(x, y):
    rows = canvas(one_point(x, y))
    ((row, column),) = [(i, line.index("o")) for i, line in enumerate(rows) if "o" in line]
    assert column == min(int(x * len(rows[0])), len(rows[0]) - 1)
    assert row == min(int((1 - y) * len(rows)), len(rows) - 1)


def test_what_is_beyond_the_axes_is_not_drawn():
    assert not any(line.strip() for line in canvas(one_point(1.5, 0.5)))
    assert not any(line.strip() for line in canvas(one_line([0.0, 1.0], [2.0, 2.0])))
    assert not any(line.strip() for line in canvas(one_line([2.0, 3.0], [0.0, 1.0])))


@pytest.mark.parametrize("far", [1.0, 1e3, 1e200])
def test_a_line_goes_all_the_way_to_the_edge_however_far_it_leads(far):
    rows = canvas(one_line([0.0, far], [0.5, 0.5]))
    (row,) = [line for line in rows if line.strip()]
    assert " " not in row


def test_a_line_that_is_broken_is_drawn_in_its_parts():
    rows = canvas(one_line([0.0, 0.2, np.nan, 0.8, 1.0], [0.5, 0.5, 0.5, 0.5, 0.5]))
    (row,) = [line for line in rows if line.strip()]
    assert 15 < row.count(" ") < 40


def test_cells_are_shades_of_their_counts():
    counts = np.array([[1.0, 0.0], [10.0, 10_000.0]])
    edges = np.array([0.0, 0.5, 1.0])
    rows = canvas(of(Cells(edges, edges, counts, "rows in a cell")))
    middle = len(rows[0]) // 2
    assert set(rows[0][: middle - 1]) == {" "}
    assert set(rows[0][middle + 1 :]) == {"█"}
    assert set(rows[-1][: middle - 1]) == {"░"}
    assert set(rows[-1][middle + 1 :]) == {"▒"}


def test_contours_are_where_the_heights_are_their_levels():
    """Of x² + y², circles: here a quarter of one, as far from the origin everywhere."""
    along = np.linspace(0.0, 1.0, 101)
    heights = np.add.outer(along**2, along**2)
    rows = canvas(of(Contours(along, along, heights, np.array([0.36, 0.64, 9.0]), "")), 80)
    found = [
        ((column + 0.5) / len(line), 1 - (i + 0.5) / len(rows))
        for i, line in enumerate(rows)
        for column, character in enumerate(line)
        if character != " "
    ]
    radii = np.hypot(*np.array(found).T)
    assert np.all(np.minimum(np.abs(radii - 0.6), np.abs(radii - 0.8)) < 0.05)
    assert len(found) > 100


def test_there_is_a_way_to_draw_each_mark():
    ways = {plotext._layers.dispatch(kind) for kind in get_args(Mark)}
    assert len(ways) == len(get_args(Mark))
    with pytest.raises(NotImplementedError):
        plotext._layers(None, None, (9, 9))
