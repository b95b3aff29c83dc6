"""Matrices: values are those of NumPy, and names and tables those of TensorFlow 2.21's tf.compat.v1."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1 import linalg, matrices

A = np.array([[2, 1], [0, 3]], np.float32)
B = np.array([[1, 5], [2, -1]], np.float32)
STACK = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def run(fetches, feeds=None):
    with tf.Session() as session:
        return session.run(fetches, feeds)


@pytest.mark.parametrize(
    ("make", "expected", "name"),
    [
        (lambda: matrices.matrix_inverse(A), np.linalg.inv(A), "MatrixInverse"),
        (lambda: matrices.matrix_inverse(A, adjoint=True), np.linalg.inv(A.T), "MatrixInverse"),
        (lambda: matrices.matrix_solve(A, B), np.linalg.solve(A, B), "MatrixSolve"),
        (lambda: matrices.matrix_solve(A, B, adjoint=True), np.linalg.solve(A.T, B), "MatrixSolve"),
        (lambda: matrices.matrix_determinant(A), np.float32(6), "MatrixDeterminant"),
        (lambda: matrices.matrix_transpose(A), A.T, "matrix_transpose/transpose"),
        (lambda: matrices.matrix_transpose(STACK), STACK.swapaxes(1, 2), "matrix_transpose/transpose"),
        (lambda: matrices.diag([1.0, 2.0]), np.diag([1, 2]), "Diag"),
        (lambda: matrices.matrix_diag([1.0, 2.0]), np.diag([1, 2]), "diag"),
        (lambda: matrices.diag_part(A), [2, 3], "DiagPart"),
        (lambda: matrices.matrix_diag_part(STACK[0]), [0, 5, 10], "diag_part"),
        (lambda: matrices.trace(A), np.float32(5), "Trace"),
    ],
)
def test_values_are_those_of_numpy_and_names_those_of_tensorflow(make, expected, name):
    tensor = make()
    assert tensor.op.name == name
    assert tensor.dtype == tf.float32
    assert tensor.shape.as_list() == list(np.shape(expected))
    value = run(tensor)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-7)


def test_shapes_may_be_known_only_when_it_runs():
    a = tf.placeholder(tf.float32)
    found = run([matrices.matrix_inverse(a), matrices.matrix_transpose(a), matrices.trace(a)], {a: A})
    for value, expected in zip(found, [np.linalg.inv(A), A.T, 5], strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "b", "axes"),
    [
        (A, B, 1),
        (A, B, 0),
        (A, B, 2),
        (A, B, [[0], [1]]),
        (A, B, [0, 1]),
        (STACK, STACK, [[1, 2], [1, 2]]),
        (STACK, STACK, [[-1, 0], [2, 0]]),
        (STACK, B, [0, 0]),
    ],
)
def test_tensordot_sums_over_pairs_of_axes(a, b, axes):
    tensor = matrices.tensordot(a, b, axes)
    expected = np.tensordot(a, b, axes)
    assert (tensor.op.name, tensor.shape.as_list()) == ("Tensordot", list(expected.shape))
    np.testing.assert_allclose(run(tensor), expected, rtol=1e-6)


def test_tensordot_takes_rows_that_are_known_only_when_it_runs():
    x = tf.placeholder(tf.float32, [None, 2])
    tensor = matrices.tensordot(x, A, 1)
    assert tensor.shape.as_list() == [None, 2]
    np.testing.assert_array_equal(run(tensor, {x: B}), B @ A)
    unknown = [tf.placeholder(tf.float32, shape) for shape in (None, [None, None, 2])]
    for y in unknown:
        with pytest.raises(tf.errors.UnimplementedError, match=r"tf.tensordot"):
            matrices.tensordot(y, A, 1)
    with pytest.raises(tf.errors.UnimplementedError, match="over an axis whose size is not known"):
        matrices.tensordot(x, x, [[0], [0]])


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (3, "'axes' must be at least 0 and not larger than the ranks"),
        ([[0], [1], [0]], "'axes' must be an integer or have length 2"),
        ([[0, 1], [0]], "Different number of contraction axes 'a' and 'b', 2 != 1"),
        ([[2], [0]], "the axis 2 of a tensor of rank 2"),
        ([[1], [0]], r"Dimensions must be equal, but are \[2\] and \[3\]"),
    ],
)
def test_axes_that_do_not_fit_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        matrices.tensordot(A, STACK[0] if axes == [[1], [0]] else B, axes)


def test_gradients_flow_through_an_inverse_and_a_determinant():
    """Those of det(a) are det(a) · a⁻ᵀ, those of Σ a⁻¹ are -a⁻ᵀ 1 a⁻ᵀ."""
    a = tf.constant(A)
    (of_determinant,) = tf.gradients(matrices.matrix_determinant(a), a)
    (of_inverse,) = tf.gradients(matrices.matrix_inverse(a), a)
    inverse = np.linalg.inv(A).T
    found = run([of_determinant, of_inverse])
    np.testing.assert_allclose(found[0], 6 * inverse, rtol=1e-6)
    np.testing.assert_allclose(found[1], -inverse @ np.ones((2, 2)) @ inverse, rtol=1e-6)
    assert [g.dtype for g in found] == [np.float32, np.float32]


def test_the_normal_equations_of_a_course():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([[3.0], [5.0], [9.0]])
    X = tf.constant(np.column_stack([np.ones(3), x]))
    theta = tf.matmul(tf.matmul(matrices.matrix_inverse(tf.matmul(tf.transpose(X), X)), tf.transpose(X)), y)
    assert theta.dtype == tf.float64
    np.testing.assert_allclose(run(theta), [[1.0], [2.0]], rtol=1e-10)


def test_a_singular_matrix_is_an_error_of_the_run():
    with pytest.raises(tf.errors.InvalidArgumentError, match="the matrix is singular"):
        run(matrices.matrix_inverse([[1.0, 2.0], [2.0, 4.0]]))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: matrices.matrix_inverse([1.0, 2.0]), ValueError, "at least rank 2 but is rank 1"),
        (
            lambda: matrices.matrix_inverse(STACK),
            ValueError,
            "takes one matrix, of rank 2, but this is rank 3",
        ),
        (
            lambda: matrices.matrix_inverse(STACK[0]),
            ValueError,
            r"must be equal, but are 3 and 4 for 'MatrixInverse' \(op: 'MatrixInverse'\) with input shapes",
        ),
        (lambda: matrices.matrix_solve(A, [1.0, 2.0]), ValueError, "at least rank 2 but is rank 1"),
        (lambda: matrices.matrix_solve(A, [[1.0]]), ValueError, r"matrices \(n, n\) and \(n, k\)"),
        (
            lambda: matrices.matrix_inverse([[1]]),
            TypeError,
            "has DataType int32 not in list of allowed values",
        ),
        (lambda: matrices.matrix_transpose([1.0]), ValueError, "should be a .batch. matrix, with rank >= 2"),
        (lambda: matrices.diag(A), ValueError, "takes one diagonal, of rank 1, but this is rank 2"),
        (lambda: matrices.diag_part(STACK[0]), ValueError, "Dimensions must be equal, but are 3 and 4"),
    ],
)
def test_what_is_no_matrix_is_refused_when_the_graph_is_built(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_confusion_matrix_counts_pairs():
    table = matrices.confusion_matrix([1, 2, 4], [2, 2, 4])
    assert (table.dtype, table.shape.as_list()) == (tf.int32, [None, None])
    expected = np.zeros((5, 5))
    expected[[1, 2, 4], [2, 2, 4]] = 1
    np.testing.assert_array_equal(run(table), expected)
    weighted = matrices.confusion_matrix([0, 1, 1], [1, 1, 1], 3, tf.float32, weights=[1.0, 2.0, 3.0])
    assert (weighted.op.name, weighted.shape.as_list()) == ("confusion_matrix_1/ScatterNd", [3, 3])
    np.testing.assert_array_equal(run(weighted), [[0, 1, 0], [0, 5, 0], [0, 0, 0]])


def test_confusion_matrix_refuses_what_is_no_class():
    labels = tf.placeholder(tf.int32, [None])
    table = matrices.confusion_matrix(labels, labels, 2)
    assert run(table, {labels: [0, 1, 1]}).tolist() == [[1, 0], [0, 2]]
    for wrong, message in ((2, "`labels` out of bound"), (-1, "`labels` contains negative values")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            run(table, {labels: [wrong]})
    with pytest.raises(ValueError, match="are incompatible"):
        matrices.confusion_matrix([1, 2], [1])
    with pytest.raises(tf.errors.UnimplementedError, match="num_classes that is a tensor"):
        matrices.confusion_matrix(labels, labels, tf.reduce_max(labels))


def test_linalg_has_the_same_functions():
    assert linalg.inv is matrices.matrix_inverse
    assert linalg.solve is matrices.matrix_solve
    assert linalg.norm is tf.norm
    assert all(hasattr(linalg, name) for name in linalg.__all__)
    with pytest.raises(AttributeError, match=r"tf.linalg.svd is not in lrfit.tf1"):
        linalg.svd  # noqa: B018
