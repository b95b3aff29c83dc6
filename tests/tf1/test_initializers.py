"""Initializers: what variables start with, and, with a seed, the numbers that TensorFlow draws."""

import numpy as np
import pytest
from tf1_values import check_value, value_of

import lrfit.tf1 as tf
from lrfit.tf1.initializers import Initializer


def _sevens(shape, dtype, partition_info):
    assert partition_info is None
    return tf.fill(shape, tf.cast(7, dtype))


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        (tf.zeros_initializer(), np.zeros((2, 3), np.float32)),
        (tf.zeros_initializer, np.zeros((2, 3), np.float32)),
        (tf.ones_initializer(), np.ones((2, 3), np.float32)),
        (tf.constant_initializer(3), np.full((2, 3), 3, np.float32)),
        (tf.constant_initializer([1, 2, 3, 4, 5, 6]), np.arange(1, 7, dtype=np.float32).reshape(2, 3)),
        (
            _sevens,
            np.full((2, 3), 7, np.float32),
        ),
        (tf.zeros, np.zeros((2, 3), np.float32)),
        (
            tf.random_normal_initializer(0.0, 0.1, seed=3),
            [0.10616621, -0.087857835, 0.011187216, 0.018511718, 0.090922564, -0.073787235],
        ),
        (
            tf.truncated_normal_initializer(stddev=0.1, seed=3),
            [0.10616621, -0.087857835, 0.011187216, 0.018511718, -0.01623348, -0.0891386],
        ),
        (
            tf.random_uniform_initializer(-1.0, 1.0, seed=3),
            [-0.22614121, -0.27994752, 0.9537592, -0.82696724, 0.007602453, -0.28299618],
        ),
        (
            tf.glorot_uniform_initializer(seed=3),
            [-0.24772531, -0.30666715, 1.044791, -0.90589726, 0.00832808, -0.3100068],
        ),
        (
            tf.contrib.layers.xavier_initializer(seed=3),
            [-0.24772531, -0.30666715, 1.044791, -0.90589726, 0.00832808, -0.3100068],
        ),
        (
            tf.glorot_normal_initializer(seed=3),
            [0.7633407, -0.6317025, 0.08043668, 0.13310024, -0.11671958, -0.6409113],
        ),
        (
            tf.variance_scaling_initializer(seed=3),
            [0.8534408, -0.70626485, 0.089930944, 0.14881058, -0.13049646, -0.7165606],
        ),
        (
            tf.uniform_unit_scaling_initializer(seed=3),
            [-0.27696532, -0.34286427, 1.1681117, -1.0128239, 0.00931108, -0.34659815],
        ),
        (
            tf.initializers.he_normal(seed=3),
            [1.2069476, -0.99880934, 0.12718156, 0.21044995, -0.18454985, -1.0133697],
        ),
        (
            tf.initializers.he_uniform(seed=3),
            [-0.3916881, -0.4848833, 1.6519593, -1.4323492, 0.013167858, -0.4901638],
        ),
        (
            tf.initializers.lecun_normal(seed=3),
            [0.8534408, -0.70626485, 0.089930944, 0.14881058, -0.13049646, -0.7165606],
        ),
    ],
)
def test_a_variable_starts_with_this(initializer, expected):
    check_value(
        tf.get_variable("w", [2, 3], initializer=initializer),
        np.reshape(np.array(expected, np.float32), (2, 3)),
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("zeros", ()),
        ("ones", ()),
        ("constant", (2.0,)),
        ("random_normal", ()),
        ("random_uniform", ()),
        ("truncated_normal", ()),
        ("glorot_uniform", ()),
        ("glorot_normal", ()),
        ("variance_scaling", ()),
        ("lecun_uniform", ()),
    ],
)
def test_initializers_have_short_names_in_their_module(name, arguments):
    assert value_of(getattr(tf.initializers, name)(*arguments)([2, 2])).shape == (2, 2)


def test_of_other_types():
    check_value(tf.constant_initializer(2)([2], tf.int32), np.array([2, 2], np.int32))
    check_value(tf.ones_initializer(tf.float64)([2]), np.ones(2))
    check_value(tf.get_variable("n", [2], tf.int32), np.zeros(2, np.int32))
    assert value_of(tf.get_variable("x", [2], tf.float64)).dtype == np.float64


def test_an_initializer_of_ones_own():
    class Sevens(Initializer):
        def tensor(self, shape, dtype):
            return tf.fill(shape, tf.cast(7, dtype))

    check_value(tf.get_variable("w", [2], initializer=Sevens), np.array([7, 7], np.float32))
    with pytest.raises(NotImplementedError):
        Initializer()([2])


def test_the_default_is_glorots():
    limit = np.sqrt(6 / (200 + 300))
    values = value_of(tf.get_variable("w", [200, 300]))
    assert (np.abs(values) <= limit).all()
    np.testing.assert_allclose(values.std(), limit / np.sqrt(3), rtol=0.02)


def test_of_a_vector_its_length_is_the_number_of_inputs_and_of_outputs():
    expected = np.array([-0.19584405, -0.24244165, 0.82597965, -0.7161746], np.float32)
    check_value(tf.get_variable("b", [4], initializer=tf.glorot_uniform_initializer(seed=3)), expected)


def test_an_initializer_of_untruncated_normal_numbers():
    initializer = tf.variance_scaling_initializer(distribution="untruncated_normal", seed=1)
    np.testing.assert_allclose(value_of(initializer([400, 100])).std(), 0.05, rtol=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": [2], "initializer": [1.0, 2.0]}, "^If initializer is a constant, do not specify shape"),
        ({}, r"^Shape of a new variable \(w\) must be fully defined, but instead was <unknown>"),
        (
            {"shape": [None, 2]},
            r"^Shape of a new variable \(w\) must be fully defined, but instead was \(\?, 2\)",
        ),
    ],
)
def test_what_is_missing_or_too_much(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.get_variable("w", **arguments)
