"""Pictures as files: that they can be read, show what there is, and depend on nothing else."""

import io
import logging
import sys
import xml.etree.ElementTree as ET
from typing import get_args

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread
from pictures_of_all import NAME, everything, named_by, one_line, one_point

from lrfit.errors import UsageError
from lrfit.views.picture import Mark
from lrfit.views.renderers import matplotlib
from lrfit.views.renderers.matplotlib import FORMATS, render


def pixels(picture):
    return imread(io.BytesIO(render(picture, "png")))[:, :, :3]


@pytest.fixture(scope="module")
def empty():
    """The pixels of axes on which nothing is drawn."""
    return pixels(one_point(-9.0, -9.0, "optimum"))


def test_a_png_shows_every_mark():
    """None blank: of each colour of the runs there is enough to be seen."""
    image = pixels(everything())
    assert image.shape == (750, 1650, 3)
    assert np.unique(image[:, :, 0]).size > 100
    for colour in ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00"):
        wanted = np.array([int(colour[i : i + 2], 16) for i in (0, 2, 4)]) / 255
        assert np.count_nonzero(np.all(np.abs(image - wanted) < 0.02, axis=2)) > 5, colour


@pytest.mark.parametrize(("x", "y"), [(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)])
def test_a_point_is_where_it_belongs(empty, x, y):
    image = pixels(one_point(x, y, "optimum"))
    changed_y, changed_x = np.nonzero(np.any(np.abs(image - empty) > 0.1, axis=2))
    dark = np.all(empty[:, :, :] < 0.3, axis=2)
    left = np.argmax(dark.sum(axis=0))  # the axes are the longest dark lines
    bottom = np.argmax(dark.sum(axis=1))
    right = np.nonzero(dark[bottom])[0][-1]
    top = np.nonzero(dark[:, left])[0][0]
    assert changed_x.mean() == pytest.approx(left + x * (right - left), abs=4)
    assert changed_y.mean() == pytest.approx(bottom - y * (bottom - top), abs=4)


def test_names_in_an_svg_are_text_as_they_are():
    root = ET.fromstring(render(named_by(NAME), "svg"))  # noqa: S314 (it is ours)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count(NAME) == 5
    assert not [element for element in root.iter() if element.tag.endswith("script")]


ENDS = {
    "png": (b"\x89PNG\r\n", b"IEND\xaeB`\x82"),
    "svg": (b"<?xml", b"</svg>"),
    "pdf": (b"%PDF-1.", b"%%EOF"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_picture_gives_the_same_bytes_whatever_the_users_settings(kind):
    """And leaves them as they are."""
    picture = one_line([0.0, 1.0], [0.0, 1.0])
    want = render(picture, kind)
    beginning, end = ENDS[kind]
    assert want.startswith(beginning)
    assert want.rstrip().endswith(end)
    with mpl.rc_context({"axes.facecolor": "red", "text.usetex": True, "font.size": 30.0}):
        before = dict(mpl.rcParams)
        assert render(picture, kind) == want
        assert dict(mpl.rcParams) == before
    if kind == "svg":
        assert b"202" not in want[:3000].partition(b"<defs>")[0]  # no year


def test_signs_that_the_font_lacks_are_escaped():
    assert render(named_by("中 é"), "png") == render(named_by(r"\u4e2d é"), "png")
    assert "中 é".encode() in render(named_by("中 é"), "svg")


def test_nothing_is_said_of_signs_that_the_font_lacks(capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        render(named_by("中文 \U0001f600"), "svg")
    assert capfd.readouterr().err == ""
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_lines_far_beyond_the_axes_are_clipped():
    assert np.any(pixels(one_line([0.0, 1e200], [0.5, 0.5])) < 0.7)


def test_the_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"a picture in a file needs matplotlib.*: pip install matplotlib"):
        render(everything(), "png")


def test_there_is_a_way_to_draw_each_mark():
    ways = {matplotlib._draw.dispatch(kind) for kind in get_args(Mark)}
    assert len(ways) == len(get_args(Mark))
    with pytest.raises(NotImplementedError):
        matplotlib._draw(None, None, None, 0)
