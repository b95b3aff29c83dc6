"""Random numbers: those of TensorFlow, anew in each run, and the same in each session."""

import numpy as np
import pytest
from tf1_values import check_value, operations, value_of

import lrfit.tf1 as tf
from lrfit.tf1.errors import UnimplementedError


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.random_normal([4], seed=5), np.float32([-1.1780828, -0.7099414, -1.748158, -0.49537227])),
        (lambda: tf.random_uniform([4], seed=5), np.float32([0.38831127, 0.6636828, 0.19191074, 0.70605266])),
        (lambda: tf.truncated_normal([5], seed=5)[3:], np.float32([-0.49537227, -0.86415327])),
        (lambda: tf.random_uniform([9], 0, 10, tf.int64, seed=1), np.array([1, 5, 1, 4, 7, 6, 5, 0, 7])),
        (lambda: tf.random_uniform([4], maxval=3, dtype=tf.int32, seed=1), np.array([0, 2, 0, 1], np.int32)),
        (
            lambda: tf.random_normal([3], 1.0, 2.0, tf.float64, 3),
            np.array([-2.978302522, 2.722663932, -3.703847799]),
        ),
        (
            lambda: tf.random_normal([3], mean=[1.0, 2.0, -2.0], stddev=[0.5, -1.0, 2.0], seed=1),
            np.float32([0.5943409, 0.51540124, -1.8693413]),
        ),
        (lambda: tf.random_shuffle(tf.range(10), seed=1), np.array([7, 9, 3, 6, 5, 1, 8, 4, 0, 2], np.int32)),
        (lambda: tf.random_shuffle([[1.0], [2.0], [3.0]], seed=1), np.float32([[1], [3], [2]])),
        (lambda: tf.random_shuffle([7], seed=1), np.array([7], np.int32)),
        (lambda: tf.random.normal([2], seed=5), np.float32([-1.1780828, -0.7099414])),
        (lambda: tf.random.uniform([2], seed=5), np.float32([0.38831127, 0.6636828])),
        (lambda: tf.random.shuffle([1, 2, 3], seed=1), np.array([1, 3, 2], np.int32)),
        (lambda: tf.random.truncated_normal([1], seed=5), np.float32([-1.1780828])),
    ],
)
def test_numbers_of_a_seed(build, expected):
    value, wanted = value_of(build()), np.asarray(expected)
    assert (value.dtype, value.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(value, wanted, rtol=1e-6 if wanted.dtype == np.float32 else 1e-8)


def test_each_run_draws_anew_and_each_session_the_same():
    x, y = tf.random_uniform([3], seed=2), tf.random_shuffle(tf.range(7), seed=5)
    first, second = tf.Session(), tf.Session()
    np.testing.assert_allclose(first.run(x), [0.6787466, 0.7141509, 0.46981692], rtol=1e-6)
    np.testing.assert_allclose(first.run(x), [0.7123976, 0.9956535, 0.81486213], rtol=1e-6)
    np.testing.assert_allclose(second.run(x), [0.6787466, 0.7141509, 0.46981692], rtol=1e-6)
    assert [first.run(y).tolist() for _ in range(2)] == [[3, 6, 1, 2, 0, 5, 4], [1, 4, 6, 3, 5, 2, 0]]


def test_a_run_draws_once():
    x = tf.random_normal([3], seed=1)
    a, b, c = value_of([x, x, x + 0.0])
    assert a.tolist() == b.tolist() == c.tolist()


def test_the_seed_of_a_graph_and_that_of_an_operation():
    tf.set_random_seed(777)
    np.testing.assert_allclose(
        value_of(tf.random_normal([3], seed=1)), [-1.1319157, -0.36276877, 1.3904846], rtol=1e-6
    )
    np.testing.assert_allclose(
        value_of(tf.truncated_normal([3], seed=2)), [-0.7150615, -1.0802513, 0.5326332], rtol=1e-6
    )


def test_with_the_seed_of_a_graph_alone_the_number_of_operations_counts():
    tf.random.set_random_seed(777)
    X = tf.placeholder(tf.float32, [None, 2])
    tf.placeholder(tf.float32, [None, 1])
    W, b = (
        tf.Variable(tf.random_normal([2, 1]), name="weight"),
        tf.Variable(tf.random_normal([1]), name="bias"),
    )
    assert X.graph.get_operations().index(W.initial_value.op) == 7
    found = value_of([W, b])
    np.testing.assert_allclose(found[0].ravel(), [0.80269563, 0.67861295], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0.45847914], rtol=1e-6)


def test_without_a_seed_no_two_sessions_draw_the_same():
    x = tf.random_uniform([4])
    assert value_of(x).tolist() != value_of(x).tolist()


@pytest.mark.parametrize(
    ("shape_of", "static"),
    [
        (tf.shape, "(?, 3)"),
        (lambda x: [tf.shape(x)[0], 2], "(?, 2)"),
        (lambda x: x.shape[1:], "(3,)"),
        (lambda x: [x.shape[1], 2], "(3, 2)"),
        (lambda _: [], "()"),
        (lambda _: 5, "(5,)"),
    ],
)
def test_shapes(shape_of, static):
    x = tf.placeholder(tf.float32, [None, 3])
    drawn = tf.random_normal(shape_of(x), seed=1)
    assert str(drawn.shape) == static
    sizes = tuple(4 if size is None else size for size in drawn.shape.as_list())
    assert value_of(drawn, {x: np.ones((4, 3))}).shape == sizes


def test_the_operations_of_version_1_15():
    tf.random_normal([2])
    tf.random_uniform([2], name="u")
    tf.random_shuffle([1])
    assert " ".join(operations()) == (
        "random_normal/shape:Const random_normal/mean:Const random_normal/stddev:Const "
        "random_normal/RandomStandardNormal random_normal/mul random_normal:Add u/shape:Const u/min:Const "
        "u/max:Const u/RandomUniform u/sub u/mul u:Add RandomShuffle/value:Const RandomShuffle"
    )


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: tf.random_uniform([2], dtype=tf.int32),
            ValueError,
            "^Must specify maxval for integer dtype",
        ),
        (
            lambda: tf.random_normal([2], dtype=tf.int32),
            TypeError,
            "^Value passed to parameter 'dtype' has DataType int32",
        ),
        (lambda: tf.random_normal([2], seed=tf.constant(1)), TypeError, "Tensor"),
        (
            lambda: tf.random_uniform([2], maxval=tf.placeholder(tf.int32, []), dtype=tf.int32),
            UnimplementedError,
            "^random integers up to what is known only when the graph runs",
        ),
    ],
)
def test_what_cannot_be_drawn(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_there_is_no_number_between_equal_bounds():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"^Need minval < maxval, got 3 >= 3"):
        value_of(tf.random_uniform([4], 3, 3, tf.int32, seed=1))


def test_of_a_shuffled_value_there_is_no_gradient():
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.random_shuffle(x), x) == [None]


def test_a_normal_number_is_distributed_normally():
    values = value_of(tf.random_normal([10_000], 2.0, 3.0, seed=1))
    check_value(tf.reduce_mean(values), np.mean(values))
    np.testing.assert_allclose([values.mean(), values.std()], [2, 3], atol=0.1)
