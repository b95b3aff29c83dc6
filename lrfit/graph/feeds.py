"""Feeds: values that a user gives for nodes, checked against them, and cut into batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import FeedError
from lrfit.graph.nodes import Node
from lrfit.graph.shapes import fits, format_shape, is_of_rows

__all__ = ["batches", "checked_feed", "n_rows_of"]


def checked_feed(node: Node, value: npt.ArrayLike) -> Array:
    """`value` as an array or scalar of float64 that fits `node`.

    Raises:
        FeedError: `value` is not made of real numbers, or has another shape.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise FeedError(f"cannot feed {node.name!r}: the value is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        raise FeedError(
            f"cannot feed {node.name!r} with values of type {array.dtype}: convert them to real numbers"
        )
    if not fits(node.shape, array.shape):
        raise FeedError(
            f"cannot feed a value of shape {format_shape(array.shape)} to {node.op.name} {node.name!r} "
            f"of shape {format_shape(node.shape)}: reshape the value"
        )
    # The memory layout determines the order of summation, so it is always the same.
    checked: Array = array.astype(np.float64, order="C", copy=False)[()]
    return checked


def n_rows_of(feeds: Mapping[Node, Array]) -> int:
    """Number of rows of the feeds that are made of rows.

    Raises:
        FeedError: No feed is made of rows, or two feeds have different numbers of them.
    """
    lengths = {node.name: len(array) for node, array in feeds.items() if is_of_rows(node.shape)}
    if not lengths:
        raise FeedError("no feed is made of rows: feed a node whose first dimension is None")
    if len(set(lengths.values())) > 1:
        raise FeedError(f"feeds that are cut into batches need equally many rows, not {lengths}")
    return next(iter(lengths.values()))


def batches(
    feeds: Mapping[Node, Array], n_rows: int, batch_size: int, n_epochs: int
) -> Iterator[Sequence[Array]]:
    """The values of the feeds for each batch of rows, in order, repeated for each epoch."""
    has_rows = [is_of_rows(node.shape) for node in feeds]
    for start in chain.from_iterable(repeat(range(0, n_rows, batch_size), n_epochs)):
        yield [
            array[start : start + batch_size] if cut else array
            for array, cut in zip(feeds.values(), has_rows, strict=True)
        ]
