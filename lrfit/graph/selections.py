"""Selections: ops that take, order or join elements.

They are apart from `lrfit.graph.ops` because linear regression needs none of them: a session starts without
them, and Numba's loop has no form for them. As there, each op has a derivative that is made of ops, so that
it can be differentiated again. Ops come in pairs, each the transpose of the other, and so its derivative:
`gather` and scatter, `part` and put_back, `concat` and share, `tile` and sum_tiles. Those of a pair that are
not public read only the shape of the inputs that follow the first (and, to scatter, the indices).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from math import prod
from types import EllipsisType
from typing import SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph.nodes import Node, NodeLike, Op, get_default_graph, graph_of
from lrfit.graph.ops import equal, identity, reduce_sum, spread, zeros_like
from lrfit.graph.shapes import (
    Axis,
    Key,
    as_axis,
    chosen_shape,
    gathered_shape,
    joined_shape,
    normalised_axes,
    one_out_shape,
    part_shape,
    product_of_others_shape,
    put_back_shape,
    reduced_shape,
    scattered_shape,
    share_shape,
    sum_one_out_shape,
    sum_tiles_shape,
    tiled_shape,
)

__all__ = [
    "argmax",
    "argmin",
    "concat",
    "gather",
    "part",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "shape_of",
    "tile",
]

KeyEntry: TypeAlias = SupportsIndex | slice | EllipsisType | None


# The greatest and the least.


def _shared_by_ties(g: Node, y: Node, x: Node) -> Node:
    """The gradient of a greatest or least element, in equal shares for all elements that are equal to it."""
    chosen = equal(x, spread(y, x, **y.attrs))
    return spread(g / reduce_sum(chosen, **y.attrs), x, **y.attrs) * chosen


_reduce_max = Op("reduce_max", np.maximum.reduce, chosen_shape, (_shared_by_ties,))
_reduce_min = Op("reduce_min", np.minimum.reduce, chosen_shape, (_shared_by_ties,))
_argmax = Op("argmax", lambda x, axis: np.argmax(x, axis) * 1.0, chosen_shape, (None,))
_argmin = Op("argmin", lambda x, axis: np.argmin(x, axis) * 1.0, chosen_shape, (None,))


def reduce_max(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The greatest element of x; elements that tie share the gradient equally, as in TensorFlow.

    Args:
        x: Values of any shape.
        axis: The axis or axes to choose over; all if None.
        keepdims: Whether to keep these axes, with size 1.
        name: The node's name.

    Raises:
        ShapeError: x has no such axis, or no element along it.
    """
    return _reduce_max(x, axis=as_axis(axis), keepdims=keepdims, name=name)


def reduce_min(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The least element of x; arguments, ties and errors as for `reduce_max`."""
    return _reduce_min(x, axis=as_axis(axis), keepdims=keepdims, name=name)


def argmax(x: NodeLike, axis: int | None, *, name: str | None = None) -> Node:
    """The index along `axis` of the greatest element of x, as a number; the first of those that tie.

    Args:
        x: Values of any shape.
        axis: The axis to choose over; if None, the index is that in x as a vector, in row-major order.
        name: The node's name.

    Raises:
        ShapeError: x has no such axis, or no element along it.
    """
    return _argmax(x, axis=axis, name=name)


def argmin(x: NodeLike, axis: int | None, *, name: str | None = None) -> Node:
    """The index along `axis` of the least element of x; arguments, ties and errors as for `argmax`."""
    return _argmin(x, axis=axis, name=name)


# Products. The derivative of a product by an element is the product of the others; not y / x, which does not
# exist at x = 0. It is computed as all before times all after. Its own derivative is that of a second form of
# it: the product of a copy of the group in which that element is 1.


def _grouped(x: Array, axes: tuple[int, ...]) -> Array:
    """x with these axes made into one, after the other axes of x; further axes of the array stay last."""
    kept = [a for a in range(np.ndim(x)) if a not in axes]
    moved = np.transpose(x, (*kept, *axes))
    return np.reshape(moved, (*moved.shape[: len(kept)], prod(moved.shape[len(kept) :])))


def _ungrouped(groups: Array, shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """The array of `shape` of which `groups` are the groups; further axes of the groups stay last."""
    order = (*(a for a in range(len(shape)) if a not in axes), *axes)
    further = groups.shape[len(shape) - len(axes) + 1 :]
    apart = np.reshape(groups, (*(shape[a] for a in order), *further))
    return np.moveaxis(apart, range(len(order)), order)


def _product_of_others(x: Array, axis: Axis) -> Array:
    axes = normalised_axes(axis, np.ndim(x))
    groups = _grouped(x, axes)
    before, after = np.ones_like(groups), np.ones_like(groups)
    before[..., 1:] = np.cumprod(groups[..., :-1], axis=-1, dtype=x.dtype)
    after[..., -2::-1] = np.cumprod(groups[..., :0:-1], axis=-1, dtype=x.dtype)
    return _ungrouped(before * after, np.shape(x), axes)


def _one_out(x: Array, axis: Axis, fill: float) -> Array:
    axes = normalised_axes(axis, np.ndim(x))
    groups = _grouped(x, axes)
    copies = np.where(np.eye(groups.shape[-1], dtype=bool), fill, groups[..., np.newaxis, :])
    return _ungrouped(copies, np.shape(x), axes)


def _sum_one_out(g: Array, like: Array, axis: Axis) -> Array:
    shape, axes = np.shape(like), normalised_axes(axis, np.ndim(like))
    if np.shape(g) != (*shape, prod(shape[a] for a in axes)):
        raise ValueError("the first does not have the elements of a group for each element of the second")
    copies = _grouped(np.moveaxis(g, -1, 0), tuple(a + 1 for a in axes))  # (n, ..., n)
    copies = np.where(np.eye(copies.shape[-1], dtype=bool), 0.0, np.moveaxis(copies, 0, -2))
    return _ungrouped(np.add.reduce(copies, axis=-1), shape, axes)


def _through_copies(g: Node, y: Node, x: Node) -> Node:
    """The gradient of a product of others: each is the product of a copy without the element itself."""
    axis = y.attrs["axis"]
    copies = one_out(x, axis=axis, fill=1.0)
    slopes = spread(g, copies, axis=-1, keepdims=False) * product_of_others(copies, axis=-1)
    return sum_one_out(slopes, x, axis=axis)


_reduce_prod = Op(
    "reduce_prod",
    lambda x, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype),
    reduced_shape,
    (lambda g, y, x: spread(g, x, **y.attrs) * product_of_others(x, axis=y.attrs["axis"]),),
)
product_of_others: Op = Op(
    "product_of_others", _product_of_others, product_of_others_shape, (_through_copies,)
)
"""product_of_others(x, axis=): for each element of x, the product of the others along these axes."""

one_out: Op = Op(
    "one_out",
    _one_out,
    one_out_shape,
    (lambda g, y, x: sum_one_out(g, x, axis=y.attrs["axis"]),),
)
"""one_out(x, axis=, fill=): for each element of x, all of its group along a last axis, itself as `fill`."""

sum_one_out: Op = Op(
    "sum_one_out",
    _sum_one_out,
    sum_one_out_shape,
    (lambda g, y, _x, _like: one_out(g, axis=y.attrs["axis"], fill=0.0), None),
)
"""sum_one_out(x, like, axis=): the sum of all copies of an element but its own; the transpose of one_out."""


def reduce_prod(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The product of the elements of x; its derivatives are right where elements are 0, too.

    A second derivative takes memory for a square of as many elements as a product has.

    Args:
        x: Values of any shape.
        axis: The axis or axes to multiply over; all if None.
        keepdims: Whether to keep these axes, with size 1.
        name: The node's name.

    Raises:
        ShapeError: x has no such axis.
    """
    return _reduce_prod(x, axis=as_axis(axis), keepdims=keepdims, name=name)


# Rows. The run that finds a wrong index says which node has it. So these ops are not pure: no pass may
# compute them before.


def _row_numbers(indices: Array, x: Array) -> npt.NDArray[np.intp]:
    """The indices as whole numbers; each must be that of a row of x."""
    if np.ndim(x) == 0:
        raise ValueError("a number has no rows")
    n_rows, rows = len(x), np.asarray(indices).astype(np.intp)
    wrong = (rows != indices) | (rows < 0) | (rows >= n_rows)
    if np.any(wrong):
        index = repr(float(np.asarray(indices)[wrong][0])).removesuffix(".0")
        raise ValueError(f"index {index} is not that of one of the {n_rows} rows, counted from 0")
    return rows


def _scatter(g: Array, indices: Array, like: Array) -> Array:
    rows, result = _row_numbers(indices, like), np.zeros(np.shape(like), g.dtype)
    if np.shape(g) != gathered_shape(np.shape(like), rows.shape):
        raise ValueError("the first does not have a row for each index")  # which broadcasting might accept
    np.add.at(result, rows, g)
    return result


_gather: Op = Op(
    "gather",
    lambda x, indices: x[_row_numbers(indices, x)],
    gathered_shape,
    (lambda g, _y, x, indices: scatter(g, indices, x), None),
    pure=False,
)
scatter: Op = Op(
    "scatter",
    _scatter,
    scattered_shape,
    (lambda g, _y, _x, indices, _like: _gather(g, indices), None, None),
    pure=False,
)
"""scatter(x, indices, like): zeros in the shape of `like`, with each row of x added at its index."""


def gather(x: NodeLike, indices: NodeLike, *, name: str | None = None) -> Node:
    """The rows x[indices] along the first axis of x, in the shape of `indices`.

    Args:
        x: Values of one axis or more.
        indices: Whole numbers of any shape, from 0 to the number of rows less 1. A run raises ShapeError
            for others, those below 0 included.
        name: The node's name.

    Raises:
        ShapeError: x is a number.
    """
    return _gather(x, indices, name=name)


# Parts.


def _as_key(key: KeyEntry | tuple[KeyEntry, ...]) -> Key:
    """A key in a hashable form, as an attribute of a node has to be."""
    entries = tuple(map(_as_entry, key if isinstance(key, tuple) else (key,)))
    if entries.count("...") > 1:
        raise ShapeError("a key can hold ... only once")
    return entries


def _as_entry(entry: KeyEntry) -> int | str | tuple[int | None, ...] | None:
    if entry is None:
        return None
    if entry is ...:
        return "..."
    try:
        if isinstance(entry, slice):
            ends = (entry.start, entry.stop, entry.step)
            start, stop, step = (None if end is None else operator.index(end) for end in ends)
            if step != 0:
                return (start, stop, step)
        elif not isinstance(entry, bool | np.bool_):
            return operator.index(entry)
    except TypeError:
        pass
    raise ShapeError(
        f"a key is made of whole numbers, slices of them with steps other than 0, ... and None, not {entry!r}"
    )


def _index(key: Key) -> tuple[KeyEntry, ...]:
    """A key in the form that NumPy has."""
    return tuple(
        slice(*entry) if isinstance(entry, tuple) else ... if isinstance(entry, str) else entry
        for entry in key
    )


def _taken(x: Array, key: Key) -> Array:
    try:
        taken: Array = x[_index(key)]
    except IndexError as error:
        raise ValueError(str(error)) from None
    return taken


def _put_back(g: Array, like: Array, key: Key) -> Array:
    result = np.zeros(np.shape(like), g.dtype)
    if np.shape(g) != part_shape(np.shape(like), key):
        raise ValueError("the first is not that part of the second")  # which broadcasting might accept
    result[_index(key)] = g
    return result


_part: Op = Op(
    "part",
    _taken,
    part_shape,
    (lambda g, y, x: put_back(g, x, **y.attrs),),
)
put_back: Op = Op(
    "put_back",
    _put_back,
    put_back_shape,
    (lambda g, y, _x, _like: _part(g, **y.attrs), None),
)
"""put_back(x, like, key=): zeros in the shape of `like`, with x at the place of the key."""


def part(x: NodeLike, key: KeyEntry | tuple[KeyEntry, ...], *, name: str | None = None) -> Node:
    """The part x[key] of x.

    Args:
        x: Values of any shape.
        key: What NumPy calls basic indexing: a whole number, a slice, ... or None (which adds an axis of
            size 1), or a tuple of these.
        name: The node's name.

    Raises:
        ShapeError: The key holds anything else or more than x has axes, or a whole number is out of range.

    Examples:
        >>> from lrfit import Session
        >>> Session().run(part([[1.0, 2.0], [3.0, 4.0]], (slice(None), 1)))
        array([2., 4.])
    """
    return _part(x, key=_as_key(key), name=name)


# Joins.


def _share(g: Array, a: Array, b: Array, axis: int, *, second: bool) -> Array:
    if np.shape(g) != joined_shape(np.shape(a), np.shape(b), axis):
        raise ValueError("the first is not what the others give when they are joined")
    parts: list[Array] = np.split(g, [np.shape(a)[axis]], axis)
    return parts[int(second)]


def _share_in_joined(g: Node, y: Node, _x: Node, a: Node, b: Node) -> Node:
    """The gradient of a share: itself in its place, with zeros in that of the other."""
    parts = (zeros_like(a), g) if y.attrs["second"] else (g, zeros_like(b))
    return _concat(*parts, axis=y.attrs["axis"])


_concat: Op = Op(
    "concat",
    lambda a, b, axis: np.concatenate((a, b), axis),
    joined_shape,
    (
        lambda g, y, a, b: share(g, a, b, **y.attrs, second=False),
        lambda g, y, a, b: share(g, a, b, **y.attrs, second=True),
    ),
)
share: Op = Op("share", _share, share_shape, (_share_in_joined, None, None))
"""share(x, a, b, axis=, second=): of x in the shape of a and b joined, the share of a; of b if `second`."""


def concat(nodes: Sequence[NodeLike], axis: int, *, name: str | None = None) -> Node:
    """The values of all nodes, one after the other along an axis.

    Args:
        nodes: Values that differ in size along this axis alone; at least one.
        axis: The axis.
        name: The node's name.

    Raises:
        GraphError: There are no nodes.
        ShapeError: There is no such axis, or the shapes differ along another.
    """
    if not nodes:
        raise GraphError("concat needs at least one node")
    graph = next((graph_of(x) for x in nodes if isinstance(x, Node)), get_default_graph())
    members = [graph.as_node(x) for x in nodes]
    while len(members) > 2:  # noqa: PLR2004 (in pairs, so that no value is copied often)
        pairs = zip(members[::2], members[1::2], strict=False)
        members = [_concat(a, b, axis=axis) for a, b in pairs] + members[len(members) // 2 * 2 :]
    if len(members) > 1:
        return _concat(*members, axis=axis, name=name)
    if members[0].shape is not None:
        normalised_axes(axis, len(members[0].shape))
    return identity(*members, name=name)


# Tiles.


def _repeated(x: Array, multiples: tuple[int, ...]) -> Array:
    if np.ndim(x) != len(multiples):
        raise ValueError(f"tile needs as many axes as multiples, which are {multiples}")
    return np.tile(x, multiples)


def _sum_tiles(g: Array, like: Array, multiples: tuple[int, ...]) -> Array:
    if np.shape(g) != tiled_shape(np.shape(like), multiples):
        raise ValueError("the first does not consist of such tiles of the second")
    sizes = [n for pair in zip(multiples, np.shape(like), strict=True) for n in pair]
    total: Array = np.add.reduce(np.reshape(g, sizes), axis=tuple(range(0, len(sizes), 2)))
    return total


_tile: Op = Op("tile", _repeated, tiled_shape, (lambda g, y, x: sum_tiles(g, x, **y.attrs),))
sum_tiles: Op = Op(
    "sum_tiles",
    _sum_tiles,
    sum_tiles_shape,
    (lambda g, y, _x, _like: _tile(g, **y.attrs), None),
)
"""sum_tiles(x, like, multiples=): the sum of the tiles of x, each in the shape of `like`."""


def tile(x: NodeLike, multiples: Iterable[SupportsIndex], *, name: str | None = None) -> Node:
    """x, repeated along each axis as many times as its multiple says.

    Args:
        x: Values of any shape.
        multiples: A whole number, 0 or more, for each axis of x.
        name: The node's name.

    Raises:
        ShapeError: The multiples are not one such number for each axis.
    """
    return _tile(x, multiples=tuple(map(operator.index, multiples)), name=name)


# Shapes.

shape_of = Op(
    "shape_of",
    lambda x: np.array(np.shape(x), dtype=float),
    lambda shape: (len(shape),),
    (None,),
)
"""shape_of(x): the sizes of the axes of x as a vector of numbers, known when the graph runs."""
