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
Key: TypeAlias = tuple[int | str | tuple[int | None, ...] | None, ...]
"""The key of a part, in a hashable form: a slice is (start, stop, step), and Ellipsis is "..."."""


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


def chosen_shape(shape: RankedShape, axis: Axis, *, keepdims: bool = False) -> RankedShape:
    """The shape of a greatest or least element over `axis`, as of a sum.

    Raises:
        ShapeError: There is no such axis, or there are no elements to choose from.
    """
    result, axes = reduced_shape(shape, axis, keepdims=keepdims), normalised_axes(axis, len(shape))
    kept = [size for i, size in enumerate(shape) if i not in axes]
    if 0 in [shape[i] for i in axes] and not {0, None} & {*kept}:
        raise ShapeError(f"there is no element to choose along axis {axis} of shape {format_shape(shape)}")
    return result


def product_of_others_shape(shape: RankedShape, axis: Axis) -> RankedShape:
    """The same shape; the axes are checked, too."""
    normalised_axes(axis, len(shape))
    return shape


def one_out_shape(shape: RankedShape, axis: Axis, fill: float) -> RankedShape:  # noqa: ARG001 (the op's)
    """The shape with one more axis at the end, along which the elements of a group lie."""
    group = full_shape(tuple(shape[i] for i in normalised_axes(axis, len(shape))))
    return (*shape, None if group is None else prod(group))


def sum_one_out_shape(g: RankedShape, like: RankedShape, axis: Axis) -> RankedShape:
    """The shape of `like`; raises ShapeError unless g has one more axis, with the elements of a group."""
    return _like("sum_one_out", g, like, fits(one_out_shape(like, axis, 0.0), g))


def gathered_shape(x: RankedShape, indices: RankedShape) -> RankedShape:
    """The shape of rows of x: that of the indices, with that of a row after it.

    Raises:
        ShapeError: x is a number.
    """
    if not x:
        raise ShapeError("gather takes rows of an array; a number of shape () has none")
    return indices + x[1:]


def scattered_shape(g: RankedShape, indices: RankedShape, like: RankedShape) -> RankedShape:
    """The shape of `like`; raises ShapeError unless g has the shape of its rows at `indices`."""
    return _like("scatter", g, like, fits(gathered_shape(like, indices), g))


def part_shape(shape: RankedShape, key: Key) -> RankedShape:
    """The shape of x[key].

    Raises:
        ShapeError: The key has more entries than the shape has axes, or a whole number is out of range.
    """
    n_free = len(shape) - sum(entry not in (None, "...") for entry in key)
    if n_free < 0:
        raise ShapeError(f"the key {key} has too many entries for shape {format_shape(shape)}")
    dots = key.index("...") if "..." in key else len(key)
    every: Key = ((None, None, None),) * n_free
    sizes, result = iter(shape), list[int | None]()
    for entry in key[:dots] + every + key[dots + 1 :]:
        size = 1 if entry is None else next(sizes)
        if isinstance(entry, tuple):
            result.append(None if size is None else len(range(*slice(*entry).indices(size))))
        elif entry is None:
            result.append(1)
        elif size is not None and not -size <= int(entry) < size:
            raise ShapeError(f"index {entry} is out of range in shape {format_shape(shape)}")
    return tuple(result)


def put_back_shape(g: RankedShape, like: RankedShape, key: Key) -> RankedShape:
    """The shape of `like`; raises ShapeError unless g has the shape of that part of it."""
    return _like("put_back", g, like, fits(part_shape(like, key), g))


def joined_shape(a: RankedShape, b: RankedShape, axis: int) -> RankedShape:
    """The shape of a and b, one after the other along `axis`.

    Raises:
        ShapeError: There is no such axis, or the shapes differ along another.
    """
    (along,) = normalised_axes(axis, len(a))
    rest = [shape[:along] + shape[along + 1 :] for shape in (a, b)]
    if len(a) != len(b) or not fits(*rest):
        raise ShapeError(f"cannot join {format_shape(a)} and {format_shape(b)} along axis {axis}")
    sizes: list[int | None] = [n if m is None else m for m, n in zip(a, b, strict=True)]
    m, n = a[along], b[along]
    sizes[along] = None if m is None or n is None else m + n
    return tuple(sizes)


def share_shape(g: RankedShape, a: RankedShape, b: RankedShape, axis: int, *, second: bool) -> RankedShape:
    """The shape of a, or of b if `second`; raises ShapeError unless g has that of both joined."""
    return _like("share", g, b if second else a, fits(joined_shape(a, b, axis), g))


def tiled_shape(shape: RankedShape, multiples: tuple[int, ...]) -> RankedShape:
    """Each size times its multiple.

    Raises:
        ShapeError: There is not one multiple for each axis, or one is below 0.
    """
    if len(multiples) != len(shape) or min(multiples, default=0) < 0:
        raise ShapeError(
            f"tile needs a multiple, 0 or more, for each axis of {format_shape(shape)}, not {multiples}"
        )
    return tuple(
        0 if n == 0 else None if size is None else size * n for size, n in zip(shape, multiples, strict=True)
    )


def sum_tiles_shape(g: RankedShape, like: RankedShape, multiples: tuple[int, ...]) -> RankedShape:
    """The shape of `like`; raises ShapeError unless g has that of its tiles."""
    return _like("sum_tiles", g, like, fits(tiled_shape(like, multiples), g))


def inverse_shape(a: RankedShape) -> RankedShape:
    """The shape (n, n) of a square matrix, of which one size may be unknown.

    Raises:
        ShapeError: It is not square, or no matrix.
    """
    if len(a) != 2 or not fits(a[:1], a[1:]):  # noqa: PLR2004
        raise ShapeError(f"it needs a square matrix, not one of shape {format_shape(a)}")
    return (_known(*a),) * 2


def solution_shape(a: RankedShape, b: RankedShape) -> RankedShape:
    """The shape (n, k) of the solution x of a @ x = b, for matrices (n, n) and (n, k).

    Raises:
        ShapeError: The shapes are not of this form.
    """
    square = inverse_shape(a)
    if len(b) != 2 or not fits(square[:1], b[:1]):  # noqa: PLR2004
        raise ShapeError(f"it needs matrices (n, n) and (n, k), not {format_shape(a)} and {format_shape(b)}")
    return (_known(square[0], b[0]), b[1])


def determinant_shape(a: RankedShape) -> RankedShape:
    """The shape of a number, which is (); that the matrix is square is checked, too."""
    inverse_shape(a)
    return ()


def diagonal_shape(a: RankedShape) -> RankedShape:
    """The shape of the diagonal of a matrix, which is as long as its shorter side.

    Raises:
        ShapeError: It is no matrix.
    """
    if len(a) != 2:  # noqa: PLR2004
        raise ShapeError(f"a value of shape {format_shape(a)} is no matrix, and has no diagonal")
    m, n = a
    return (None if m is None or n is None else min(m, n),)


def diagonal_matrix_shape(x: RankedShape) -> RankedShape:
    """The shape (n, n) of a matrix with a vector on its diagonal.

    Raises:
        ShapeError: It is no vector.
    """
    if len(x) != 1:
        raise ShapeError(f"a diagonal is a vector, not a value of shape {format_shape(x)}")
    return x * 2


def on_diagonal_shape(x: RankedShape, like: RankedShape) -> RankedShape:
    """The shape of `like`; raises ShapeError unless x is as long as its diagonal."""
    return _like("on_diagonal", x, like, fits(diagonal_shape(like), x))


def _known(m: int | None, n: int | None) -> int | None:
    """A size that is known from one of two that are the same."""
    return n if m is None else m


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
