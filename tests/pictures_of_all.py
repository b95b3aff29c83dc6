"""Pictures that have all there is in them, for the renderers."""

import numpy as np

from lrfit.views.axis import Axis
from lrfit.views.picture import Band, Cells, Contours, Line, Panel, Picture, Points

ALONG = np.linspace(0.0, 1.0, 11)

UNIT = (0.0, 1.0)

NAME = "$x_1$ <script>&amp;\\frac{ 中文 %s"


def everything():
    """Every mark in every role, on axes of every scale, with names that could do harm."""
    points = tuple(
        Points(ALONG, ALONG**2, role, f"{role} {NAME}", series)
        for series, role in enumerate(("rows", "epochs", "steps", "start", "end", "optimum"))
    )
    lines = tuple(
        Line(ALONG, 0.1 * i + ALONG, role, role, i)
        for i, role in enumerate(("fit", "reference", "run", "validation", "run", "run"))
    )
    band = Band(ALONG, ALONG - 0.1, ALONG + 0.1, "band")
    counts = np.add.outer(np.arange(20.0), np.arange(30.0)) ** 2
    cells = Cells(np.linspace(0.0, 1.0, 21), np.linspace(0.0, 1.0, 31), counts, "rows in a cell")
    heights = np.add.outer((ALONG - 0.5) ** 2, (ALONG - 0.5) ** 2)
    contours = Contours(ALONG, ALONG, heights, np.geomspace(1e-3, 0.4, 8), "loss above the optimum")
    one = Panel(
        Axis(NAME, (-0.1, 1.1)),
        Axis(f"y {NAME}", (-0.1, 1.1)),
        (cells, contours, band, *lines, *points),
    )
    curve = Line(np.array([0.0, 1.0, 10.0, 1000.0]), np.array([1.0, np.nan, 1e-3, 1e-9]), "run", "loss")
    other = Panel(Axis("epoch", (0.0, 1000.0), "log epochs"), Axis("excess", (1e-10, 10.0), "log"), (curve,))
    return Picture(f"a picture of {NAME}", (one, other), ("first note", f"note of {NAME}"))


def one_point(x, y, role="rows"):
    panel = Panel(Axis("x", UNIT), Axis("y", UNIT), (Points(np.array([x]), np.array([y]), role),))
    return Picture("a point", (panel,))


def one_line(x, y, role="fit"):
    panel = Panel(Axis("x", UNIT), Axis("y", UNIT), (Line(np.array(x), np.array(y), role),))
    return Picture("a line", (panel,))


def named_by(name):
    """A picture in which all five texts are this name."""
    points = Points(ALONG, ALONG, "rows", name)
    return Picture(name, (Panel(Axis(name, UNIT), Axis(name, UNIT), (points,)),), (name,))
