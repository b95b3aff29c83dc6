"""Matrices: inverses, solutions, determinants, diagonals, sums over pairs of axes, and tables of confusion.

TensorFlow takes stacks of matrices, too; here it is one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from lrfit.graph import matrices, ops
from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import fits
from lrfit.tf1.arithmetic import check_types
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, known_value
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import as_dtype, int32, int64
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.reductions import matmul, reduce_sum
from lrfit.tf1.reshaping import reshape, transpose
from lrfit.tf1.sizes import is_listed
from lrfit.tf1.tensors import Tensor

__all__ = [
    "confusion_matrix", "diag", "diag_part", "matrix_determinant", "matrix_diag", "matrix_diag_part",
    "matrix_inverse", "matrix_solve", "matrix_transpose", "tensordot", "trace",
]  # fmt: skip

_N_AXES = 2


def _check_matrix(node: Node, *, is_square: bool = False) -> None:
    """Check the static shape of a matrix.

    Raises:
        ShapesError: It does not have two axes, or should be square and is not.
    """
    if node.shape is None:
        return
    if len(node.shape) < _N_AXES:
        raise ShapesError(f"Shape must be at least rank 2 but is rank {len(node.shape)}")
    if len(node.shape) > _N_AXES:
        raise ShapesError(f"lrfit.tf1 takes one matrix, of rank 2, but this is rank {len(node.shape)}")
    if is_square and not fits(node.shape[:1], node.shape[1:]):
        raise ShapesError(f"Dimensions must be equal, but are {node.shape[0]} and {node.shape[1]}")


def _of_square(kind: str, build: Callable[..., Node], inputs: dict[str, Any], name: str | None) -> Tensor:
    """The tensor of an operation on a square matrix of floats, and perhaps a second matrix."""

    def built(a: Node, *others: Node, name: str) -> Node:
        _check_matrix(a, is_square=True)
        for node in others:
            _check_matrix(node)
        return build(a, *others, name=name)

    names = list(inputs)
    result = apply(kind, built, inputs, name=name, same=names)
    check_types(kind, {names[0]: result.op.inputs[0]}, "floats")
    return result


def _adjoint(build: Callable[..., Node], *, is_wanted: bool) -> Callable[..., Node]:
    """`build` on the matrix, or on its transpose."""
    return (lambda a, *others, name: build(ops.transpose(a), *others, name=name)) if is_wanted else build


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverse of a square matrix; of its transpose with `adjoint`.

    Raises:
        InvalidArgumentError: In a run, the matrix is singular.
        ShapesError: It is not square.
        TypeError: It is not made of floats.
    """
    build = _adjoint(matrices.matrix_inverse, is_wanted=adjoint)
    return _of_square("MatrixInverse", build, {"input": input}, name)


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The matrix x with matrix · x = rhs, a matrix of one column or more; errors as for `matrix_inverse`."""
    build = _adjoint(matrices.matrix_solve, is_wanted=adjoint)
    return _of_square("MatrixSolve", build, {"matrix": matrix, "rhs": rhs}, name)


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """The determinant of a square matrix; errors as for `matrix_inverse`."""
    return _of_square("MatrixDeterminant", matrices.matrix_determinant, {"input": input}, name)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The transpose of a matrix.

    Raises:
        ValueError: It has fewer than two axes.
    """
    with graph_of([a]).name_scope(name):
        x = convert_to_tensor(a, name="a")
        n_axes = x.shape.ndims
        if n_axes is None:
            return transpose(x)
        if n_axes < _N_AXES:
            raise ValueError(f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {x.shape}")
        return transpose(x, [*range(n_axes - 2), n_axes - 1, n_axes - 2])


# Diagonals.


def _put(node: Node, name: str) -> Node:
    if node.shape is not None and len(node.shape) != 1:
        raise ShapesError(f"lrfit.tf1 takes one diagonal, of rank 1, but this is rank {len(node.shape)}")
    return matrices.diagonal_matrix(node, name=name)


def _taken(node: Node, name: str, *, is_square: bool) -> Node:
    _check_matrix(node, is_square=is_square)
    return matrices.diagonal(node, name=name)


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """The square matrix with a vector on its diagonal, and 0 elsewhere."""
    return apply("Diag", _put, {"diagonal": diagonal}, name=name)


def matrix_diag(diagonal: Any, name: str = "diag") -> Tensor:
    """An alias of `diag`."""
    return apply("MatrixDiag", _put, {"diagonal": diagonal}, name=name)


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of a square matrix."""
    return apply("DiagPart", partial(_taken, is_square=True), {"input": input}, name=name)


def matrix_diag_part(input: Any, name: str = "diag_part") -> Tensor:
    """The diagonal of a matrix, which need not be square."""
    return apply("MatrixDiagPart", partial(_taken, is_square=False), {"input": input}, name=name)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal of a matrix."""
    with graph_of([x]).name_scope(name or "Trace") as scope:
        diagonal = matrix_diag_part(convert_to_tensor(x, name="x"))
        return reduce_sum(diagonal, [-1], name=scope)


# Sums over pairs of axes.


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Σ a · b over pairs of axes: the last n of a with the first n of b, or those of two lists.

    Raises:
        UnimplementedError: Too many sizes are known only when the graph runs.
        ValueError: There are no such axes, or their numbers differ.
    """
    with graph_of([a, b]).name_scope(name or "Tensordot") as scope:
        x = convert_to_tensor(a, name="a")
        y = convert_to_tensor(b, x.dtype, name="b")
        of_x, of_y = _known_sizes(x), _known_sizes(y)
        summed_x, summed_y = _pairs(len(of_x), len(of_y), known_value(axes))
        inner = _inner_size([of_x[i] for i in summed_x], [of_y[i] for i in summed_y])
        free_x = [i for i, _ in enumerate(of_x) if i not in summed_x]
        free_y = [i for i, _ in enumerate(of_y) if i not in summed_y]
        rows, columns = [of_x[i] for i in free_x], [of_y[i] for i in free_y]
        if (rows + columns).count(None) > 1:
            raise UnimplementedError(f"tf.tensordot of shapes {x.shape} and {y.shape} is not in lrfit.tf1")
        first = reshape(transpose(x, free_x + summed_x), [_n_elements(rows), inner])
        second = reshape(transpose(y, summed_y + free_y), [inner, _n_elements(columns)])
        product = matmul(first, second)
        return reshape(product, [-1 if n is None else n for n in rows + columns], name=scope)


def _known_sizes(x: Tensor) -> list[int | None]:
    if x.shape.ndims is None:
        raise UnimplementedError(
            "tf.tensordot of a tensor with an unknown number of axes is not in lrfit.tf1: "
            "give the placeholder a shape"
        )
    return x.shape.as_list()


def _pairs(n_first: int, n_second: int, axes: Any) -> tuple[list[int], list[int]]:
    """The axes of both, counted from 0, that belong together."""
    if not is_listed(axes):
        number = int(axes)
        if not 0 <= number <= min(n_first, n_second):
            raise ValueError(
                f"'axes' must be at least 0 and not larger than the ranks of 'a' and 'b', got {number}"
            )
        return list(range(n_first - number, n_first)), list(range(number))
    if len(axes) != 2:  # noqa: PLR2004 (one of each)
        raise ValueError(f"'axes' must be an integer or have length 2, got {axes}")
    first, second = _counted_from_0(axes[0], n_first), _counted_from_0(axes[1], n_second)
    if len(first) != len(second):
        raise ValueError(f"Different number of contraction axes 'a' and 'b', {len(first)} != {len(second)}.")
    return first, second


def _counted_from_0(axes: Any, n_axes: int) -> list[int]:
    listed = [int(axis) for axis in np.atleast_1d(axes)]
    for axis in listed:
        if not -n_axes <= axis < n_axes:
            raise ValueError(f"'axes' names the axis {axis} of a tensor of rank {n_axes}")
    return [axis % n_axes for axis in listed]


def _inner_size(first: Sequence[int | None], second: Sequence[int | None]) -> int:
    """The number of elements that are summed over.

    Raises:
        ShapesError: It differs between the two sides.
    """
    if not fits(tuple(first), tuple(second)):
        raise ShapesError(f"Dimensions must be equal, but are {list(first)} and {list(second)}: tf.tensordot")
    sizes = [n if m is None else m for m, n in zip(first, second, strict=True)]
    if None in sizes:
        raise UnimplementedError("tf.tensordot over an axis whose size is not known is not in lrfit.tf1")
    return _n_elements(sizes)


def _n_elements(sizes: Sequence[int | None]) -> int:
    """The number of elements; -1 if it is not known."""
    return -1 if None in sizes else prod(size or 0 for size in sizes)


# Tables of confusion.


def _counted(labels: Any, predictions: Any, weights: Any, n_classes: int | None) -> Any:
    """For each label (row) and prediction (column), how often they come together."""
    n = n_classes
    if n is None:
        n = int(max([*labels.ravel(), *predictions.ravel()], default=-1)) + 1
    for name, numbers in (("labels", labels), ("predictions", predictions)):
        if np.any(numbers < 0):
            raise ValueError(f"`{name}` contains negative values")
        if np.any(numbers >= n):
            raise ValueError(f"`{name}` out of bound: they must be below num_classes, which is {n}")
    table = np.zeros((n, n), weights.dtype)
    np.add.at(table, (labels, predictions), weights)
    return table


_pair_counts = Op(
    "pair_counts",
    _counted,
    lambda labels, predictions, weights, n_classes: (n_classes, n_classes),  # noqa: ARG005 (the rule gets all)
    (None, None, None),
    pure=False,
)


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """For each label (row) and prediction (column), how often they come together, or the sum of the weights.

    Args:
        labels: Class numbers.
        predictions: As many class numbers.
        num_classes: The number of classes; one more than the largest number if None.
        dtype: The type of the counts.
        name: The scope of the operations.
        weights: A weight for each.

    Raises:
        InvalidArgumentError: In a run, a label is not a class number.
        ShapesError: There are not as many labels as predictions.
    """
    kind, n_classes = as_dtype(dtype), known_value(num_classes)
    if num_classes is not None and n_classes is None:
        raise UnimplementedError(
            "tf.confusion_matrix with a num_classes that is a tensor is not in lrfit.tf1"
        )

    def built(*nodes: Node, name: str) -> Node:
        for node in nodes[1:]:
            if not fits(nodes[0].shape, node.shape) and node.shape != ():
                raise ShapesError(f"Shapes {nodes[0].shape} and {node.shape} are incompatible")
        return _pair_counts(*nodes, n_classes=None if n_classes is None else int(n_classes), name=name)

    with graph_of([labels, predictions, weights]).name_scope(name or "confusion_matrix"):
        numbers = {
            each: cast(convert_to_tensor(value, name=each), int64)
            for each, value in (("labels", labels), ("predictions", predictions))
        }
        weight = cast(convert_to_tensor(1 if weights is None else weights, name="weights"), kind)
        return apply("ScatterNd", built, {**numbers, "weights": weight}, dtype=kind, same=())
