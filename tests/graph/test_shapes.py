"""Shapes on their own; the rules of ops are in `test_ops.py`, as static shapes and misfits."""

from __future__ import annotations

import pytest

from lrfit.errors import ShapeError
from lrfit.graph.shapes import (
    broadcast_axes,
    fits,
    format_shape,
    full_shape,
    is_of_rows,
    is_same_full_shape,
    normalised_axes,
)


@pytest.mark.parametrize(
    ("shape", "full"), [((), ()), ((2, 3), (2, 3)), ((None, 3), None), ((2, None), None), (None, None)]
)
def test_a_shape_is_full_when_no_size_is_open(shape, full):
    assert full_shape(shape) == full
    assert is_same_full_shape(shape, shape) == (full is not None)
    assert not is_same_full_shape(shape, (7,))


@pytest.mark.parametrize("shape", [(2, 3), (None, 3), (2, None), (None, None), None])
def test_an_open_size_and_an_open_rank_fit_any(shape):
    assert fits(shape, (2, 3))
    assert fits((2, 3), shape)
    assert fits(shape, (2, 4)) == (shape is None or shape[1] is None)
    assert fits(shape, (2, 3, 1)) == (shape is None)


@pytest.mark.parametrize(
    ("axis", "rank", "axes"),
    [(None, 3, (0, 1, 2)), (1, 3, (1,)), (-1, 3, (2,)), ((-1, 0), 3, (2, 0)), ((), 2, ())],
)
def test_axes_are_counted_from_0(axis, rank, axes):
    assert normalised_axes(axis, rank) == axes


@pytest.mark.parametrize("axis", [2, -3, (0, 2), (0, 0), (1, -1)])
def test_an_axis_that_is_not_there_or_twice_is_named(axis):
    with pytest.raises(ShapeError, match="axis"):
        normalised_axes(axis, 2)


@pytest.mark.parametrize(
    ("shape", "to", "axes"),
    [
        ((2, 3), (2, 3), ()),
        ((1, 3), (2, 3), (0,)),
        ((3,), (2, 3), (0,)),
        ((), (2, 3), (0, 1)),
        ((1, 1), (4, 1, 3), (0, 2)),
        ((1,), (None, 1), (0,)),
        ((1, 3), (None, 3), (0,)),
    ],
)
def test_broadcasting_repeats_along_new_axes_and_along_those_of_one_element(shape, to, axes):
    assert broadcast_axes(shape, to) == axes


def test_rows_are_the_first_axis_if_its_size_is_open():
    assert [is_of_rows(shape) for shape in [(None,), (None, 2), (2, None), (2,), (), None]] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_a_shape_is_printed_as_a_tuple_or_as_dots():
    assert [format_shape(shape) for shape in [(), (2,), (None, 3), None]] == [
        "()",
        "(2,)",
        "(None, 3)",
        "(...)",
    ]
