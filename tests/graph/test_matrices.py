"""Matrices: values against NumPy's, gradients and second gradients against central differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from gradient_checks import KNOWN, check_grads, ops_in
from naming import graph_of

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph import matrices, ops
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import constant, placeholder
from lrfit.graph.matrices import diagonal, diagonal_matrix, matrix_determinant, matrix_inverse, matrix_solve
from lrfit.graph.nodes import OPS, Node
from lrfit.graph.ops import reduce_sum, transpose
from lrfit.graph.session import Session


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


@dataclass(frozen=True)
class Case:
    """One op at one point."""

    op: str
    reference: Callable[..., Any]
    inputs: tuple[Array, ...]

    @property
    def build(self) -> Callable[..., Node]:
        return OPS[self.op]

    @property
    def label(self) -> str:
        return " ".join(str(value.shape) for value in self.inputs)


def _array(*shape: int) -> Array:
    return np.random.default_rng(len(shape)).normal(size=shape)


def _regular(n: int) -> Array:
    """A matrix that is far from singular, and not symmetric."""
    return np.asarray(0.3 * _array(n, n) + np.eye(n)[::-1] * 2.0)


def _put_on_diagonal(x: Array, like: Array) -> Array:
    result = np.zeros(like.shape)
    for i, value in enumerate(x):
        result[i, i] = value
    return result


CASES = [
    *[Case("matrix_inverse", np.linalg.inv, (_regular(n),)) for n in (1, 2, 4)],
    *[
        Case("matrix_solve", np.linalg.solve, (_regular(n), _array(n, k)))
        for n, k in ((1, 1), (3, 1), (3, 2))
    ],
    *[Case("matrix_determinant", np.linalg.det, (_regular(n),)) for n in (1, 2, 4)],
    *[Case("diagonal", np.diagonal, (_array(*shape),)) for shape in ((3, 3), (2, 4), (4, 2), (1, 1))],
    *[Case("diagonal_matrix", np.diag, (_array(n),)) for n in (1, 3)],
    *[
        Case("on_diagonal", _put_on_diagonal, (_array(2), _array(*shape)))
        for shape in ((2, 2), (2, 4), (4, 2))
    ],
]

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.op} {case.label}")


def test_every_op_of_matrices_has_a_case():
    """A new op needs a row in the table of cases above."""
    assert ops_in(matrices) - ops_in(ops) == {case.op for case in CASES}


@each_case
def test_value(case):
    """Each op computes what plain NumPy does, whatever of its shapes is known before the run."""
    for knowledge, known in KNOWN.items():
        with graph_of(case.label, knowledge):
            xs = [placeholder(known(value.shape)) for value in case.inputs]
            y = run(case.build(*xs), dict(zip(xs, case.inputs, strict=True)))
            expected = np.asarray(case.reference(*case.inputs))
            np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-15)
            assert np.shape(y) == expected.shape


@each_case
def test_static_shape(case):
    """What the graph says of a shape is what the run gives; it claims nothing where it does not know."""
    sizes = np.shape(case.reference(*case.inputs))
    assert case.build(*[placeholder(value.shape) for value in case.inputs]).shape == sizes
    vague = case.build(*[placeholder((None,) * value.ndim) for value in case.inputs]).shape
    assert len(vague) == len(sizes)
    assert all(dim in (None, size) for dim, size in zip(vague, sizes, strict=True))


@each_case
def test_gradients(case):
    """Gradients and second gradients of each op are those of central differences, in the inputs' shapes."""
    for knowledge, known in KNOWN.items():
        with graph_of(case.label, knowledge):
            check_grads(case.build, *case.inputs, known=known)


@each_case
def test_a_gradient_knows_the_shape_of_its_input(case):
    xs = [placeholder(value.shape) for value in case.inputs]
    for x, g in zip(xs, gradients(case.build(*xs), xs), strict=True):
        assert g is None or g.shape == x.shape


@each_case
def test_a_kernel_keeps_float32(case):
    """Other executors run the kernels on other types."""
    inputs = [value.astype(np.float32) for value in case.inputs]
    assert OPS[case.op].kernel(*inputs).dtype == np.float32


def test_a_size_that_one_side_tells_is_known_of_both():
    assert matrix_inverse(placeholder((None, 3))).shape == (3, 3)
    assert matrix_solve(placeholder((None, None)), placeholder((3, None))).shape == (3, None)


def test_the_normal_equations_have_the_right_gradient():
    """Least squares as a course writes it: (XᵀX)⁻¹ Xᵀy."""
    check_grads(
        lambda X, y: matrix_inverse(transpose(X) @ X) @ transpose(X) @ y,  # noqa: N803 (a matrix)
        _array(5, 2),
        _array(5, 1),
    )


@pytest.mark.parametrize(
    "build", [matrix_inverse, lambda a, name: matrix_solve(a, np.ones((2, 1)), name=name)]
)
def test_a_singular_matrix_is_named_with_the_node(build):
    """Also where it is a constant: no pass computes it before the run, which alone knows of the node."""
    node = build(constant([[1.0, 2.0], [2.0, 4.0]]), name="mine")
    with pytest.raises(ShapeError, match=r"^'mine' .*: the matrix is singular$"):
        run(node)


MISFITS: dict[str, tuple[Callable[..., Any], list[Array]]] = {
    "no square to invert": (matrix_inverse, [np.ones((2, 3))]),
    "a stack to invert": (matrix_inverse, [np.ones((1, 2, 2))]),
    "no square to solve": (matrix_solve, [np.ones((2, 3)), np.ones((2, 1))]),
    "a vector to solve for": (matrix_solve, [np.eye(2), np.ones(2)]),
    "other rows to solve for": (matrix_solve, [np.eye(2), np.ones((3, 1))]),
    "no square": (matrix_determinant, [np.ones((2, 3))]),
    "no matrix": (diagonal, [np.ones(3)]),
    "no vector": (diagonal_matrix, [np.ones((2, 2))]),
    "a short diagonal": (OPS["on_diagonal"], [np.ones(1), np.ones((2, 2))]),
}


@pytest.mark.parametrize(("op", "values"), MISFITS.values(), ids=MISFITS.keys())
def test_shapes_that_do_not_fit_are_an_error_as_soon_as_they_are_known(op, values):
    with pytest.raises(ShapeError):
        op(*values)
    xs = [placeholder(None) for _ in values]
    with pytest.raises(ShapeError, match=rf"\({op.name}\)"):
        run(op(*xs), dict(zip(xs, values, strict=True)))


def test_a_determinant_of_0_has_a_value():
    a = placeholder((2, 2))
    assert run(matrix_determinant(a), {a: np.zeros((2, 2))}) == 0.0
    assert run(reduce_sum(diagonal(a)), {a: np.eye(2)}) == 2.0
