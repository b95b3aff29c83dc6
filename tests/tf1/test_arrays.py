"""Arrays: what is made, reshaped, joined and taken, also of sizes that are known only when the graph runs."""

import numpy as np
import pytest
from tf1_values import check_value, operations, slope_of, value_of

import lrfit.tf1 as tf
from lrfit.tf1.errors import UnimplementedError

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def x():
    return tf.placeholder(tf.float32, [None, 3], name="x")


@pytest.mark.parametrize(
    "shape", [[3, 2], [-1], (6,), [-1, 2], [1, 2, 3], np.array([3, 2]), [tf.Dimension(3), -1]]
)
def test_a_value_can_have_another_shape(shape):
    sizes = [getattr(size, "value", size) for size in shape]
    check_value(tf.reshape(tf.constant(A), shape), A.reshape(sizes))


@pytest.mark.parametrize(
    ("shape_of", "static"),
    [
        (lambda x: [tf.shape(x)[0], 3], "(?, 3)"),
        (lambda x: [tf.shape(x)[0], -1], "(?, ?)"),
        (tf.shape, "(?, 3)"),
        (lambda x: [tf.shape(x)[0] * 3], "(?,)"),
        (lambda _: [-1], "(?,)"),
    ],
)
def test_a_shape_may_be_known_only_when_the_graph_runs(x, shape_of, static):
    reshaped = tf.reshape(x, shape_of(x))
    assert str(reshaped.get_shape()) == static
    check_value(reshaped, ROWS.reshape(np.shape(value_of(reshaped, {x: ROWS}))), {x: ROWS})
    np.testing.assert_array_equal(slope_of(reshaped * reshaped, x, {x: ROWS}), 2 * ROWS)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda v: tf.reshape(v, [4]),
            r"^Cannot reshape a tensor with 6 elements to shape \[4\] \(4 elements\) for",
        ),
        (lambda v: tf.expand_dims(v, 3), r"^dim 3 not in the interval \[-3, 2\]"),
        (tf.expand_dims, "^Must specify an axis argument"),
        (lambda v: tf.squeeze(v, 1), r"^Can not squeeze dim\[1\], expected a dimension of 1, got 3"),
        (lambda v: tf.transpose(v, [1]), "^Dimension must be 2 but is 1 for 'transpose'"),
        (lambda v: tf.concat([v, [1.0]], 0), "^Shape must be rank 2 but is rank 1 for 'concat'"),
        (lambda v: tf.concat([v, v], 2), "^Shape must be at least rank 3 but is rank 2 for 'concat'"),
        (lambda _: tf.concat([], 0), "^List argument 'values' to 'ConcatV2' Op with length 0"),
        (lambda v: tf.unstack(v, axis=2), r"^axis = 2 not in \[-2, 2\)"),
        (lambda v: tf.unstack(v, 3), "^Dimension must be 3 but is 2 for 'unstack'"),
        (lambda _: tf.unstack(tf.placeholder(tf.float32, [None])), r"^Cannot infer num from shape \(\?,\)"),
        (lambda v: tf.split(v, 2, 1), "^Dimension size must be evenly divisible by 2 but is 3"),
        (lambda v: tf.split(v, [1, 1], 1), r"^can't split axis of size 3 into pieces of size \[1, 1\]"),
        (lambda v: v[5], "^slice index 5 of dimension 0 out of bounds"),
        (lambda v: v[0, 0, 0], "^Index out of range using input dim 2; input has only 2 dims"),
        (lambda v: v[0][0][0], "^Attempting to slice scalar input"),
        (lambda v: tf.slice(v, [0, 2], [2, 2]), r"^Expected size\[1\] in \[0, 1\], but got 2"),
        (lambda v: tf.slice(v, [0], [1]), "^Shape must be rank 2 but is rank 1 for 'Slice'"),
        (lambda _: tf.zeros([-1]), r"^Fill dimensions must be >= 0"),
        (lambda v: tf.fill([2], v), "^Shape must be rank 0 but is rank 2 for 'Fill'"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_graph_is_built(build, message):
    with pytest.raises(ValueError, match=message):
        build(tf.constant(A))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda v: tf.reshape(v, [None, 3]), r"^Failed to convert object of type <class 'list'> to Tensor."),
        (lambda _: tf.zeros("a"), "^Failed to convert object of type <class 'str'> to Tensor."),
        (lambda v: v[1.5], r"^Only integers, slices \(`:`\), ellipsis .* are valid indices, got 1.5"),
        (lambda v: v["a"], "^Only integers, slices"),
        (
            lambda v: tf.gather(v, [0.0]),
            "^Value passed to parameter 'indices' has DataType float32 not in list of",
        ),
        (
            lambda _: tf.one_hot([0.0], 2),
            "^Value passed to parameter 'indices' has DataType float32 not in list of",
        ),
        (
            lambda _: tf.linspace(0, 1, 3),
            "^Value passed to parameter 'start' has DataType int32 not in list of",
        ),
        (
            lambda v: tf.concat([v, tf.constant([[1]])], 0),
            r"^Tensors in list have types \[float32, int32\] that don't",
        ),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(build, message):
    with pytest.raises(TypeError, match=message):
        build(tf.constant(A))


@pytest.mark.parametrize(
    "build",
    [
        lambda x, n: x[:n],
        lambda x, n: x[:, n],
        lambda x, _: x[x > 0],
        lambda x, n: tf.tile(x, [n, 1]),
        lambda x, n: tf.slice(x, [n, 0], [1, 1]),
        lambda x, _: tf.gather(x, [0], axis=1),
        lambda _, n: tf.eye(n),
        lambda _, n: tf.one_hot([0], n),
        lambda *_: tf.one_hot([[0]], 2, axis=1),
        lambda _, n: tf.linspace(0.0, tf.to_float(n), 3),
        lambda x, _: tf.split(x, 2),
        lambda x, _: tf.split(x, [1, -1]),
    ],
)
def test_what_is_not_here_is_said(x, build):
    with pytest.raises(UnimplementedError, match=r"(is|are) (not )?in lrfit.tf1|alone as a row"):
        build(x, tf.shape(x)[0])


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (tf.transpose, A.T),
        (lambda v: tf.transpose(v, [1, 0]), A.T),
        (lambda v: tf.transpose(v, perm=(0, 1)), A),
        (lambda v: tf.expand_dims(v, 1), A[:, None]),
        (lambda v: tf.expand_dims(v, -1), A[..., None]),
        (lambda v: tf.expand_dims(v, -3), A[None]),
        (lambda v: tf.expand_dims(v, dim=0), A[None]),
        (lambda v: tf.squeeze(v[None, :, :, None]), A),
        (lambda v: tf.squeeze(v[None], 0), A),
        (lambda v: tf.squeeze(v[None], squeeze_dims=[0]), A),
        (lambda v: tf.squeeze(v[..., None], axis=-1), A),
        (lambda v: tf.stack([v, v]), np.stack([A, A])),
        (lambda v: tf.stack([v[0], v[1]], axis=1), A.T),
        (lambda v: tf.stack([v, v], -1), np.stack([A, A], -1)),
        (lambda v: tf.concat([v, v], 0), np.concatenate([A, A])),
        (
            lambda v: tf.concat([v, [[7.0], [8.0]]], axis=-1),
            np.concatenate([A, [[7], [8]]], 1, dtype=np.float32),
        ),
        (lambda v: tf.concat(1, [v, v]), np.concatenate([A, A], 1)),
        (lambda v: tf.tile(v, [2, 1]), np.tile(A, (2, 1))),
        (lambda v: tf.gather(v, [1, 0, 1]), A[[1, 0, 1]]),
        (lambda v: tf.gather(v[0], 2), A[0, 2]),
        (lambda v: tf.slice(v, [0, 1], [-1, 2]), A[:, 1:]),
        (lambda v: v[1], A[1]),
        (lambda v: v[:, -1], A[:, -1]),
        (lambda v: v[..., 0], A[..., 0]),
        (lambda v: v[0:1, ::2], A[0:1, ::2]),
        (lambda v: v[::-1], A[::-1]),
        (lambda v: v[:, tf.newaxis], A[:, None]),
        (lambda v: v[tf.constant(1)], A[1]),
        (lambda v: v[np.int64(1), np.int32(2)], A[1, 2]),
        (tf.zeros_like, np.zeros((2, 3), np.float32)),
        (tf.ones_like, np.ones((2, 3), np.float32)),
        (lambda v: tf.ones_like(v, dtype=tf.int32), np.ones((2, 3), np.int32)),
        (tf.shape, np.array([2, 3], np.int32)),
        (tf.size, np.int32(6)),
        (tf.rank, np.int32(2)),
    ],
)
def test_of_a_matrix(build, expected):
    check_value(build(tf.constant(A)), expected)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.zeros([2, 3]), np.zeros((2, 3), np.float32)),
        (lambda: tf.zeros(3), np.zeros(3, np.float32)),
        (lambda: tf.zeros([0]), np.zeros(0, np.float32)),
        (lambda: tf.zeros([]), np.float32(0)),
        (lambda: tf.ones((2,), tf.int32), np.ones(2, np.int32)),
        (lambda: tf.ones([40, 30]), np.ones((40, 30), np.float32)),
        (lambda: tf.fill([2, 2], 7), np.full((2, 2), 7, np.int32)),
        (lambda: tf.eye(2, 3), np.eye(2, 3, dtype=np.float32)),
        (lambda: tf.range(5), np.arange(5, dtype=np.int32)),
        (lambda: tf.range(1, 10, 3), np.arange(1, 10, 3, dtype=np.int32)),
        (lambda: tf.range(0.0, 1.0, 0.25), np.arange(0, 1, 0.25, dtype=np.float32)),
        (lambda: tf.range(np.int64(2)), np.arange(2)),
        (lambda: tf.range(0, 2, dtype=tf.float64), np.arange(2.0)),
        (lambda: tf.linspace(-1.0, 1.0, 5), np.linspace(-1, 1, 5, dtype=np.float32)),
        (lambda: tf.one_hot([0, 2, 3], 3), np.array([[1, 0, 0], [0, 0, 1], [0, 0, 0]], np.float32)),
        (lambda: tf.one_hot(1, 2, 5, -1), np.array([-1, 5], np.int32)),
        (lambda: tf.one_hot([0, 2, 3], 3, axis=0), np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]], np.float32)),
        (lambda: tf.stack([1, 2]), np.array([1, 2], np.int32)),
        (lambda: tf.tile([[1, 2]], [2, 1]), np.array([[1, 2], [1, 2]], np.int32)),
        (lambda: tf.constant(3.0, shape=[2]), np.full(2, 3, np.float32)),
        (lambda: tf.constant([1, 2, 3], shape=[2, 3]), np.array([[1, 2, 3], [3, 3, 3]], np.int32)),
    ],
)
def test_what_is_made_of_numbers(build, expected):
    check_value(build(), expected)


@pytest.mark.parametrize(
    ("build", "expected", "static"),
    [
        (lambda x: tf.zeros([tf.shape(x)[0], 2]), np.zeros((4, 2), np.float32), "(?, 2)"),
        (lambda x: tf.ones(tf.shape(x)), np.ones((4, 3), np.float32), "(?, 3)"),
        (lambda x: tf.fill(tf.shape(x), 2), np.full((4, 3), 2, np.int32), "(?, 3)"),
        (tf.ones_like, np.ones((4, 3), np.float32), "(?, 3)"),
        (lambda x: tf.zeros_like(x, tf.int32), np.zeros((4, 3), np.int32), "(?, 3)"),
        (lambda x: tf.range(tf.shape(x)[0]), np.arange(4, dtype=np.int32), "(?,)"),
        (tf.shape, np.array([4, 3], np.int32), "(2,)"),
        (tf.size, np.int32(12), "()"),
        (lambda x: tf.squeeze(x[:, :1]), ROWS[:, 0], "<unknown>"),
        (lambda x: tf.squeeze(x[:, :1], 1), ROWS[:, 0], "(?,)"),
        (lambda x: tf.concat([tf.ones([tf.shape(x)[0], 1]), x], 1)[:, 0], np.ones(4, np.float32), "(?,)"),
    ],
)
def test_of_a_value_whose_size_is_known_only_when_the_graph_runs(x, build, expected, static):
    made = build(x)
    assert str(made.shape) == static
    check_value(made, expected, {x: ROWS})


def test_of_a_value_of_unknown_rank():
    p = tf.placeholder(tf.float32)
    made = [tf.rank(p), tf.shape(p), tf.size(p), tf.squeeze(p), tf.reshape(p, [-1, 2])]
    assert [str(tensor.shape) for tensor in made] == ["()", "(?,)", "()", "<unknown>", "(?, 2)"]
    values = value_of(made, {p: np.ones((1, 4))})
    assert [value.tolist() for value in values] == [2, [1, 4], 4, [1, 1, 1, 1], [[1, 1], [1, 1]]]


def test_of_a_shape_that_is_fed():
    sizes = tf.placeholder(tf.int32, [None])
    made = [
        tf.zeros(sizes),
        tf.ones(tf.placeholder_with_default([2, 2], [2])),
        tf.reshape(tf.range(4), sizes),
    ]
    assert [str(tensor.shape) for tensor in made] == ["<unknown>", "(?, ?)", "<unknown>"]
    assert [value.shape for value in value_of(made, {sizes: [2, 2]})] == [(2, 2)] * 3


def test_rows_of_a_number_that_comes_later_can_be_split_by_given_sizes(x):
    first, rest = tf.split(x, [1, 3], 0)
    check_value(rest, ROWS[1:], {x: ROWS})
    check_value(first, ROWS[:1], {x: ROWS})


def test_parts_are_outputs_of_one_operation():
    first, second = tf.unstack(tf.constant(A))
    left, right = tf.split(tf.constant(A), [1, -1], 1)
    assert [first.name, second.name, left.name, right.name] == [
        "unstack:0",
        "unstack:1",
        "split:0",
        "split:1",
    ]
    check_value(second, A[1])
    check_value(right, A[:, 1:])
    check_value(tf.split(tf.constant(A), 3, axis=1)[2], A[:, 2:])
    assert tf.get_default_graph().get_tensor_by_name("split:1") is right


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: tf.concat([x, 2.0 * x], 0), np.full((2, 3), 3)),
        (lambda x: tf.gather(x, [0, 0]), [[2, 2, 2], [0, 0, 0]]),
        (lambda x: x[:, 1] * [1.0, 2.0], [[0, 1, 0], [0, 2, 0]]),
        (lambda x: tf.unstack(x)[1], [[0, 0, 0], [1, 1, 1]]),
        (lambda x: tf.tile(x, [3, 1]), np.full((2, 3), 3)),
        (lambda x: tf.squeeze(x[None]) * A, A),
        (lambda x: tf.fill([4], x[0, 0]), [[4, 0, 0], [0, 0, 0]]),
    ],
)
def test_gradients(build, expected):
    x = tf.constant(A)
    np.testing.assert_array_equal(slope_of(build(x), x), expected)


@pytest.mark.parametrize(
    ("build", "made"),
    [
        (lambda: tf.zeros([10, 10]), "zeros:Const"),
        (lambda: tf.zeros([784, 10]), "zeros/shape_as_tensor:Const zeros/Const zeros:Fill"),
        (lambda: tf.ones(3, name="a"), "a/shape_as_tensor:Const a/Const a:Fill"),
        (lambda: tf.range(3), "range/start:Const range/limit:Const range/delta:Const range"),
        (lambda: tf.expand_dims([1, 2], 1), "ExpandDims/input:Const ExpandDims/dim:Const ExpandDims"),
        (lambda: tf.transpose([[1, 2]]), "transpose/a:Const transpose/perm:Const transpose"),
        (lambda: tf.stack([1, 2]), "stack:Const"),
        (lambda: tf.fill([2], 1.0), "Fill/dims:Const Fill/value:Const Fill"),
        (
            lambda: tf.ones_like([1]),
            "ones_like/tensor:Const ones_like/Shape:Const ones_like/Const ones_like:Fill",
        ),
        (lambda: tf.zeros_like([1]), "zeros_like/tensor:Const zeros_like:Const"),
        (lambda: tf.shape([1, 2]), "Shape/Const Shape:Const"),
        (
            lambda: tf.gather([1], 0),
            "GatherV2/params:Const GatherV2/indices:Const GatherV2/axis:Const GatherV2",
        ),
        (
            lambda: tf.one_hot([1], 2),
            (
                "one_hot/on_value:Const one_hot/off_value:Const one_hot/indices:Const one_hot/depth:Const "
                "one_hot:OneHot"
            ),
        ),
        (lambda: tf.split([[1, 2]], 2, 1), "Const split/split_dim:Const split"),
        (
            lambda: tf.concat([[1], [2]], 0),
            "concat/values_0:Const concat/values_1:Const concat/axis:Const concat:ConcatV2",
        ),
    ],
)
def test_the_number_of_operations_on_which_seeds_depend(build, made):
    build()
    assert " ".join(operations()) == made


def test_a_range_needs_steps():
    with pytest.raises(ValueError, match=r"^Requires delta != 0, got 0$"):
        tf.range(1, 5, 0)
