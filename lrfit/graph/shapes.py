"""Shapes: what is known about a value's shape before it is computed, and how ops combine shapes.

A shape is a tuple of sizes. A size of None is known only when the graph runs. If the shape itself is None,
even the rank is known only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TypeAlias

from lrfit.errors import ShapeError

Shape: TypeAlias = tuple[int | None, ...] | None
RankedShape: TypeAlias = tuple[int | None, ...]
Axis: TypeAlias = int | tuple[int, ...] | None


def fits(shape: Shape, other: Shape) -> bool:
    """Whether a value can have both shapes, as far as they are known."""
    if shape is None or other is None:
        return True
    return len(shape) == len(other) and all(
        a == b or None in (a, b) for a, b in zip(shape, other, strict=True)
    )


def full_shape(shape: Shape) -> tuple[int, ...] | None:
    """`shape` if it is known in full, else None."""
    if shape is None:
        return None
    sizes = tuple(size for size in shape if size is not None)
    return sizes if len(sizes) == len(shape) else None


def is_same_full_shape(shape: Shape, other: Shape) -> bool:
    """Whether both shapes are known in full, and equal."""
    return shape == other and full_shape(shape) is not None


def is_of_rows(shape: Shape) -> bool:
    """Whether a value has one entry for each row: its first size is known only when the graph runs."""
    return shape is not None and shape[:1] == (None,)


def format_shape(shape: Shape) -> str:
    """`shape` as text, such as `(None, 3)`; `(...)` where the rank is unknown."""
    return "(...)" if shape is None else str(shape)


def normalised_axes(axis: Axis, rank: int) -> tuple[int, ...]:
    """The axes that `axis` names in an array of that rank, counted from 0; all of them for None.

    Raises:
        ShapeError: An axis does not exist, or is named twice.
    """
    named = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    if not all(-rank <= a < rank for a in named):
        raise ShapeError(f"axis {axis} does not exist in a shape of rank {rank}")
    axes = tuple(a % rank for a in named)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {axis} names the same axis twice")
    return axes


def broadcast_axes(shape: RankedShape, to: RankedShape) -> tuple[int, ...]:
    """The axes of the shape `to` along which broadcasting repeats a value of the shape `shape`."""
    extra = len(to) - len(shape)
    return tuple(axis for axis, size in enumerate(to) if axis < extra or shape[axis - extra] == 1 != size)


# Shape rules: the shape of an op's value, from those of its inputs.


def broadcast_shape(*shapes: RankedShape) -> RankedShape:
    """The shape that NumPy's broadcasting gives; a size that is not known yet fits any.

    Raises:
        ShapeError: Two sizes differ, and neither is 1.
    """
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[int | None] = []
    for column in zip(*padded, strict=True):
        sizes = {size for size in column if size not in (1, None)}
        if len(sizes) > 1:
            raise ShapeError(f"cannot broadcast {' with '.join(map(format_shape, shapes))}")
        result.append(sizes.pop() if sizes else None if None in column else 1)
    return tuple(result)


def reduced_shape(shape: RankedShape, axis: Axis, *, keepdims: bool) -> RankedShape:
    """The shape of a sum over `axis`; with `keepdims`, the axes that are summed over stay, with size 1.

    Raises:
        ShapeError: There is no such axis.
    """
    axes = normalised_axes(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def count_shape(shape: RankedShape, axis: Axis) -> RankedShape:
    """The shape of a number of elements, which is (); the axes are checked, too."""
    normalised_axes(axis, len(shape))
    return ()


def matmul_shape(a: RankedShape, b: RankedShape) -> RankedShape:
    """The shape (m, n) of the product of matrices (m, k) and (k, n).

    Raises:
        ShapeError: The shapes are not of this form.
    """
    if len(a) != 2 or len(b) != 2 or (a[1] != b[0] and None not in (a[1], b[0])):  # noqa: PLR2004
        raise ShapeError(
            f"matmul needs matrices (m, k) and (k, n), not {format_shape(a)} and {format_shape(b)}"
        )
    return (a[0], b[1])


def transposed_shape(shape: RankedShape, perm: tuple[int, ...] | None) -> RankedShape:
    """The sizes in the order `perm`; reversed if None.

    Raises:
        ShapeError: `perm` does not permute the axes.
    """
    if perm is None:
        return shape[::-1]
    if sorted(perm) != list(range(len(shape))):
        raise ShapeError(f"perm {perm} does not permute the axes of shape {format_shape(shape)}")
    return tuple(shape[axis] for axis in perm)


def reshaped_shape(old: RankedShape, shape: tuple[int, ...]) -> RankedShape:
    """`shape`, with -1 replaced by the size that makes the number of elements that of `old`.

    Raises:
        ShapeError: The number of elements differs, or more than one size is -1.
    """
    known = prod(size for size in shape if size != -1)
    full = full_shape(old)
    n_elements = None if full is None else prod(full)
    is_right = n_elements is None or (
        n_elements % known == 0 if known and -1 in shape else n_elements == known and -1 not in shape
    )
    if shape.count(-1) > 1 or min(shape, default=0) < -1 or not is_right:
        raise ShapeError(f"cannot reshape {format_shape(old)} to {format_shape(shape)}")
    rest = None if n_elements is None or not known else n_elements // known
    return tuple(rest if size == -1 else size for size in shape)


def sum_like_shape(x: RankedShape, like: RankedShape) -> RankedShape:
    """The shape of `like`; raises ShapeError unless it broadcasts to the shape of x."""
    return _like("sum_like", x, like, fits(broadcast_shape(x, like), x))


def broadcast_like_shape(x: RankedShape, like: RankedShape) -> RankedShape:
    """The shape of `like`; raises ShapeError unless x broadcasts to it."""
    return _like("broadcast_like", x, like, fits(broadcast_shape(x, like), like))


def reshape_like_shape(x: RankedShape, like: RankedShape) -> RankedShape:
    """The shape of `like`; raises ShapeError unless x has as many elements."""
    sizes, like_sizes = full_shape(x), full_shape(like)
    is_right = sizes is None or like_sizes is None or prod(sizes) == prod(like_sizes)
    return _like("reshape_like", x, like, is_right)


def spread_shape(x: RankedShape, like: RankedShape, axis: Axis, *, keepdims: bool) -> RankedShape:
    """The shape of `like`; raises ShapeError unless reducing it over `axis` gives the shape of x."""
    return _like("spread", x, like, fits(reduced_shape(like, axis, keepdims=keepdims), x))


def _like(op: str, x: RankedShape, like: RankedShape, is_right: bool) -> RankedShape:  # noqa: FBT001
    if not is_right:
        raise ShapeError(f"{op} cannot bring {format_shape(x)} to {format_shape(like)}")
    return like


def checked_shape(shape: object) -> Shape:
    """`shape` as a Shape, checked because it comes from a user.

    Raises:
        ShapeError: It is not a valid shape.
    """
    if shape is None:
        return None
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else (-1,)
    if not all(size is None or (isinstance(size, int) and size >= 0) for size in sizes):
        raise ShapeError(
            f"a shape is a tuple of sizes, each 0 or more or None; {shape!r} is not "
            "(all values are float64: leave a type out)"
        )
    return sizes


def as_axis(axis: int | Iterable[int] | None) -> Axis:
    """`axis`, as a user gives it, in a hashable form, as an attribute of a node has to be."""
    return axis if axis is None or isinstance(axis, int) else tuple(axis)
