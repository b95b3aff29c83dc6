"""Clipping: norms, and tensors scaled down to one."""

import numpy as np
import pytest
from tf1_values import check_value, slope_of, value_of

import lrfit.tf1 as tf

A = np.array([[3.0, -4.0], [0.0, 12.0]], np.float32)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, np.float32(13)),
        ({"axis": 1}, np.array([5, 12], np.float32)),
        ({"axis": 1, "keepdims": True}, np.array([[5], [12]], np.float32)),
        ({"axis": 0, "keep_dims": True}, np.array([[3, np.sqrt(160)]], np.float32)),
        ({"ord": 1}, np.float32(19)),
        ({"ord": np.inf, "axis": 0}, np.array([3, 12], np.float32)),
        ({"ord": 3}, np.float32((27 + 64 + 1728) ** (1 / 3))),
    ],
)
def test_norms(arguments, expected):
    check_value(tf.norm(tf.constant(A), **arguments), expected)


def test_a_norm_that_there_is_not():
    with pytest.raises(ValueError, match=r"^'ord' must be a supported vector norm, got nuc"):
        tf.norm(A, "nuc")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.clip_by_norm(A, 1.0), A / 13),
        (lambda: tf.clip_by_norm(A, 20), A),
        (lambda: tf.clip_by_norm(A, 6.0, axes=[1]), A * np.array([[1], [0.5]], np.float32)),
        (lambda: tf.clip_by_norm(tf.zeros([2]), 1.0), np.zeros(2, np.float32)),
        (lambda: tf.clip_by_value(A, -1, 5), np.clip(A, -1, 5)),
        (lambda: tf.global_norm([A, None, np.float32(84)]), np.float32(85)),
    ],
)
def test_values(build, expected):
    check_value(build(), expected)


def test_the_gradient_of_a_clipped_zero_is_no_nan():
    x = tf.constant([0.0, 0.0])
    np.testing.assert_array_equal(slope_of(tf.clip_by_norm(x, 2.0), x), [1, 1])


@pytest.mark.parametrize(("clip_norm", "share"), [(17.0, 0.2), (85.0, 1.0), (100.0, 1.0)])
def test_several_tensors_are_clipped_by_the_norm_of_all(clip_norm, share):
    clipped, length = tf.clip_by_global_norm([A, None, np.float32(84)], clip_norm)
    check_value(length, np.float32(85))
    check_value(clipped[0], np.float32(share) * A)
    check_value(clipped[2], np.float32(share * 84))
    assert clipped[1] is None
    assert clipped[2].name == "clip_by_global_norm/clip_by_global_norm/_2:0"
    assert length.name == "global_norm/global_norm:0"


def test_a_norm_may_be_given_and_an_infinite_one_makes_nan():
    clipped, _ = tf.clip_by_global_norm([A], 1.0, use_norm=2.0)
    check_value(clipped[0], A / 2)
    (gone,), length = tf.clip_by_global_norm([tf.constant([np.inf, 1.0])], 1.0)
    assert value_of(length) == np.inf
    assert np.isnan(value_of(gone)).all()


def test_what_cannot_be_clipped():
    with pytest.raises(TypeError, match=r"^t_list should be a sequence of tensors"):
        tf.clip_by_global_norm(tf.constant(A), 1.0)
    with pytest.raises(ValueError, match=r"^t_list has no tensors"):
        tf.global_norm([None])


def test_the_usual_pipeline_takes_a_step_of_the_length_of_the_norm():
    W, b = tf.Variable([[3.0], [4.0]]), tf.Variable(0.0)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    gradients, variables = zip(*optimizer.compute_gradients(tf.reduce_sum(W * W) + 0.0 * b), strict=True)
    clipped, _ = tf.clip_by_global_norm(gradients, 5.0)
    train = optimizer.apply_gradients(zip(clipped, variables, strict=True))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        np.testing.assert_allclose(session.run(W), [[0], [0]], atol=1e-6)
