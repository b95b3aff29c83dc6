"""Gradients: of several ends, with given gradients, of gradients, and where there are none."""

import numpy as np
import pytest
from tf1_values import slope_of, value_of

import lrfit.tf1 as tf

W = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
B = np.array([0.5, -1.0, 2.0], np.float32)


@pytest.fixture
def variables():
    return tf.Variable(W), tf.Variable(B), tf.Variable(2.0)


def test_the_gradients_of_all_ends_are_added(variables):
    w, b, s = variables
    found = value_of(tf.gradients([w * b, s], [w, b, s]))
    np.testing.assert_allclose(found[0], np.broadcast_to(B, (2, 3)))
    np.testing.assert_allclose(found[1], W.sum(0))
    assert found[2] == 1


def test_gradients_may_flow_into_the_ends(variables):
    w = variables[0]
    weights = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(value_of(tf.gradients(w * w, w, grad_ys=weights)[0]), 2 * W)
    np.testing.assert_array_equal(value_of(tf.gradients([w * w], [w], [3 * weights])[0]), 6 * W)


def test_gradients_of_gradients(variables):
    s = variables[2]
    first = tf.gradients(s * s * s, s)[0]
    assert (value_of(first), slope_of(first, s), value_of(tf.hessians(s**4.0, [s])[0])) == (12, 12, 48)


@pytest.mark.parametrize(
    "build",
    [
        lambda _, s: s * 2.0,
        lambda w, _: tf.stop_gradient(w),
        lambda w, _: tf.to_float(w > 0),
        lambda w, _: tf.to_float(tf.argmax(w, 1)),
        lambda w, _: tf.floor(w),
    ],
)
def test_there_is_none(variables, build):
    w, _, s = variables
    assert tf.gradients(build(w, s), w) == [None]


def test_whole_numbers_have_none():
    x = tf.Variable([1, 2])
    assert tf.gradients(x * 2, x) == [None]


def test_of_a_placeholder_with_rows_that_come_later():
    x = tf.placeholder(tf.float32, [None, 3])
    w = tf.Variable(W)
    slopes = tf.gradients(tf.matmul(x, w, transpose_b=True), [x, w])
    rows = np.ones((4, 3), np.float32)
    np.testing.assert_array_equal(value_of(slopes[0], {x: rows}), np.tile(W.sum(0), (4, 1)))
    np.testing.assert_array_equal(value_of(slopes[1], {x: rows}), np.full((2, 3), 4))


@pytest.mark.parametrize(
    ("build", "x", "expected"),
    [
        (tf.sqrt, 0.0, np.inf),
        (tf.nn.relu, 0.0, 0.0),
        (tf.abs, 0.0, 0.0),
        (tf.reduce_prod, 0.0, 1.0),
        (tf.sigmoid, 100.0, 0.0),
        (lambda x: tf.reduce_max(tf.stack([x, x])), 1.0, 1.0),
        (lambda x: tf.maximum(x, x), 1.0, 1.0),
        (lambda x: x / (x * 0.0), 1.0, np.nan),
        (lambda x: tf.log(x * 0.0), 1.0, np.nan),
    ],
)
def test_at_the_edges(build, x, expected):
    node = tf.constant(x)
    np.testing.assert_equal(slope_of(build(node), node), np.float32(expected))


def test_what_is_not_here(variables):
    w, b, _ = variables
    with pytest.raises(NotImplementedError, match=r"use tf.stop_gradient$"):
        tf.gradients(w * b, w, stop_gradients=[b])
    with pytest.raises(NotImplementedError, match=r"^tf.hessians of tensors that are not scalars"):
        tf.hessians(tf.reduce_sum(b * b), b)
