"""Reductions and matrix products: values, the old names of arguments, and axes that do not exist."""

import numpy as np
import pytest
from tf1_values import check_value, operations, slope_of, value_of

import lrfit.tf1 as tf
from lrfit.tf1.errors import UnimplementedError

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
WHOLE = np.array([[1, 2], [4, -8]], np.int32)
CHOICES = np.array([[True, False], [True, True]])
NUMPY = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}


@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize(
    ("arguments", "axis", "keepdims"),
    [
        ({}, None, False),
        ({"axis": 0}, 0, False),
        ({"axis": -1}, 1, False),
        ({"axis": [0, 1]}, (0, 1), False),
        ({"axis": np.int64(1)}, 1, False),
        ({"axis": 1, "keepdims": True}, 1, True),
        ({"keepdims": True}, None, True),
        ({"reduction_indices": [1]}, 1, False),
        ({"axis": 1, "keep_dims": True}, 1, True),
    ],
)
def test_of_a_matrix(name, arguments, axis, keepdims):
    reduced = getattr(tf, f"reduce_{name}")(tf.constant(A), **arguments)
    check_value(reduced, NUMPY[name](A, axis=axis, keepdims=keepdims))
    assert reduced.get_shape().as_list() == list(value_of(reduced).shape)


@pytest.mark.parametrize(
    ("name", "expected"), [("sum", -1), ("mean", 0), ("max", 4), ("min", -8), ("prod", -64)]
)
def test_of_whole_numbers(name, expected):
    check_value(getattr(tf, f"reduce_{name}")(tf.constant(WHOLE)), np.int32(expected))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.reduce_all(CHOICES, 1), np.array([False, True])),
        (lambda: tf.reduce_any(CHOICES, axis=0, keep_dims=True), np.array([[True, True]])),
        (lambda: tf.reduce_logsumexp(A), np.float32(np.log(np.sum(np.exp(A))))),
        (lambda: tf.reduce_logsumexp(A * 100, 1), np.array([300, 500], np.float32)),
        (lambda: tf.reduce_logsumexp([-np.inf, -np.inf]), np.float32(-np.inf)),
        (lambda: tf.reduce_logsumexp(A, axis=1, keepdims=True), np.log(np.sum(np.exp(A), 1, keepdims=True))),
        (lambda: tf.argmax(A, 1), np.array([2, 1])),
        (lambda: tf.argmin(A), np.array([0, 0, 1])),
        (lambda: tf.argmax(A, axis=-1, output_type=tf.int32), np.array([2, 1], np.int32)),
        (lambda: tf.argmax(A, dimension=0), np.array([1, 1, 0])),
        (lambda: tf.arg_max(A, 1), np.array([2, 1])),
        (lambda: tf.arg_min(A, 1), np.array([1, 2])),
        (lambda: tf.matmul(A, A, transpose_b=True), A @ A.T),
        (lambda: tf.matmul(A, A, True), A.T @ A),  # noqa: FBT003 (as learners write it)
        (lambda: tf.matmul(A, tf.transpose(A)), A @ A.T),
        (lambda: tf.constant(A) @ tf.transpose(A), A @ A.T),
        (lambda: A.T @ tf.constant(A), A.T @ A),
        (lambda: tf.matmul(WHOLE, WHOLE), WHOLE @ WHOLE),
    ],
)
def test_choices_places_and_products(build, expected):
    check_value(build(), expected)


@pytest.mark.parametrize("axes", [[0], [0, 1], 1])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_moments(axes, keep_dims):
    mean, variance = tf.nn.moments(tf.constant(A), axes, keep_dims=keep_dims)
    axis = tuple(axes) if isinstance(axes, list) else axes
    check_value(mean, np.mean(A, axis=axis, keepdims=keep_dims))
    check_value(variance, np.var(A, axis=axis, keepdims=keep_dims))


def test_of_a_value_of_unknown_rank():
    p = tf.placeholder(tf.float32)
    total = tf.reduce_sum(p)
    assert str(total) == 'Tensor("Sum:0", shape=(), dtype=float32)'
    assert value_of([total, tf.reduce_max(p, 0)[1]], {p: A}) == [5, 5]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (tf.reduce_mean, np.full((2, 3), 1 / 6)),
        (lambda x: tf.reduce_max(x, 1), [[0, 0, 1], [0, 1, 0]]),
        (lambda x: tf.reduce_prod(x, 0), [[4, 5, -6], [1, -2, 3]]),
        (lambda x: tf.reduce_logsumexp(x * 100.0, 1), [[0, 0, 100], [0, 100, 0]]),
        (lambda x: tf.matmul(x, [[1.0], [2.0], [3.0]]), [[1, 2, 3], [1, 2, 3]]),
        (lambda x: tf.nn.moments(x, [0])[1], [[-1.5, -3.5, 4.5], [1.5, 3.5, -4.5]]),
    ],
)
def test_gradients(build, expected):
    x = tf.constant(A)
    np.testing.assert_allclose(slope_of(build(x), x), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda x: tf.reduce_sum(x, 2),
            ValueError,
            "^Invalid reduction dimension 2 for input with 2 dimensions for",
        ),
        (
            lambda x: tf.reduce_sum(x, 0, reduction_indices=1),
            ValueError,
            "^Cannot specify both 'reduction_indices'",
        ),
        (
            lambda x: tf.reduce_mean(x > 0),
            TypeError,
            "^Value passed to parameter 'input' has DataType bool not in",
        ),
        (
            tf.reduce_all,
            TypeError,
            "^Input 'input' of 'All' Op has type float32 that does not match",
        ),
        (lambda x: tf.argmax(x, 2), ValueError, r"^Dimension \(2\) must be in the range \[-2, 2\)"),
        (lambda x: tf.matmul(x, x), ValueError, "^Dimensions must be equal, but are 3 and 2 for 'MatMul'"),
        (lambda x: tf.matmul(x, x[0]), ValueError, "^Shape must be rank 2 but is rank 1 for 'MatMul'"),
        (lambda x: x @ x[0], ValueError, "^Shape must be rank 2 but is rank 1 for 'matmul'"),
        (
            lambda x: tf.matmul(x, WHOLE.astype(np.int64) + tf.constant([1])),
            TypeError,
            "^Input 'b' of 'MatMul' Op has",
        ),
        (
            lambda x: tf.reduce_sum(x, tf.size(tf.placeholder(tf.float32))),
            UnimplementedError,
            "^axes that are known",
        ),
    ],
)
def test_what_does_not_fit(build, error, message):
    with pytest.raises(error, match=message):
        build(tf.constant(A))


@pytest.mark.parametrize(
    ("build", "made"),
    [
        (lambda x: tf.reduce_sum(tf.identity(x)), "Identity Const Sum"),
        (tf.reduce_sum, "Rank:Const range/start:Const range/delta:Const range Sum"),
        (lambda x: tf.reduce_mean(x, 0), "Mean/reduction_indices:Const Mean"),
    ],
)
def test_of_a_variable_tensorflow_asks_for_the_rank(build, made):
    x = tf.Variable(A)
    n_before = len(operations())
    build(x)
    assert " ".join(operations()[n_before:]) == made


def test_the_place_of_an_extreme_is_never_that_of_nan():
    values = tf.constant([[0.1, np.nan], [np.nan, 0.2]])
    with tf.Session() as session:
        found = session.run([tf.argmax(values, 1), tf.argmin(values, 1), tf.argmax([3, 9, 4])])
    assert [np.asarray(places).tolist() for places in found] == [[0, 1], [0, 1], 1]
