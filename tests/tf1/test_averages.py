"""Averages: the numbers of TensorFlow's own test, its names, and what it refuses."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.averages import ExponentialMovingAverage, moving_average_variables


def test_the_numbers_that_are_published():
    v1 = tf.Variable(0, dtype=tf.float32)
    step = tf.Variable(0, trainable=False)
    ema = ExponentialMovingAverage(0.99, step)
    maintain = ema.apply([v1])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([v1, ema.average(v1)]) == [0.0, 0.0]
        session.run(tf.assign(v1, 5))
        session.run(maintain)
        assert session.run([v1, ema.average(v1)]) == [5.0, 4.5]
        session.run(tf.assign(step, 10000))
        session.run(tf.assign(v1, 10))
        session.run(maintain)
        assert session.run([v1, ema.average(v1)]) == [10.0, np.float32(4.5549998)]
        session.run(maintain)
        assert session.run([v1, ema.average(v1)]) == [10.0, np.float32(4.6094499)]


def test_names_are_those_of_tensorflow():
    W, count = tf.Variable([1.0, 2.0], name="W"), tf.Variable(0, trainable=False, name="count")
    with tf.name_scope("scope"):
        ema = ExponentialMovingAverage(0.9, count)
        maintain = ema.apply()
    assert (maintain.name, ema.average(W).name) == (
        "scope/ExponentialMovingAverage",
        "W/ExponentialMovingAverage:0",
    )
    assert (ema.average(count), ema.average_name(W)) == (None, "W/ExponentialMovingAverage")
    assert ema.average_name(count) == "count/ExponentialMovingAverage"
    assert [v.name for v in tf.global_variables()] == ["W:0", "count:0", "W/ExponentialMovingAverage:0"]
    assert tf.trainable_variables() == moving_average_variables() == [W]
    assert ema.variables_to_restore() == {"W/ExponentialMovingAverage": W, "count": count}
    assert set(ema.variables_to_restore([])) == {"W", "count", "W/ExponentialMovingAverage"}
    assert ExponentialMovingAverage(0.9, name="mean").name == "mean"


def test_an_average_starts_with_the_initial_value():
    """Also where that is random; and without a number of steps the decay is constant."""
    W = tf.Variable(tf.random_normal([3]))
    ema = ExponentialMovingAverage(0.75)
    maintain = ema.apply([W])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        start = session.run(ema.average(W))
        np.testing.assert_array_equal(start, session.run(W))
        session.run(W.assign(start + 4))
        session.run(maintain)
        np.testing.assert_allclose(session.run(ema.average(W)), start + 1, rtol=1e-6)


def test_the_average_of_a_tensor_starts_with_0():
    loss = tf.Variable(3.0) * 2
    ema = ExponentialMovingAverage(0.9)
    maintain = ema.apply([loss])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(maintain)
        assert session.run(ema.average(loss)) == pytest.approx(0.6)
    assert ema.average(loss).name == "mul/ExponentialMovingAverage:0"


def test_an_average_behind_a_step_is_that_of_the_new_value():
    W = tf.Variable(1.0)
    ema = ExponentialMovingAverage(0.5)
    with tf.control_dependencies([W.assign(3.0)]):
        maintain = ema.apply([W])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(maintain)
        assert session.run([W, ema.average(W)]) == [3.0, 2.0]


def test_a_second_operation_shares_the_average():
    W = tf.Variable(1.0)
    ema = ExponentialMovingAverage(0.5)
    ema.apply([W])
    average = ema.average(W)
    ema.apply([W])
    assert ema.average(W) is average


def test_what_has_no_average_is_refused():
    ema = ExponentialMovingAverage(0.5)
    with pytest.raises(TypeError, match="must be half, float, or double: Variable:0"):
        ema.apply([tf.Variable(1)])
    with pytest.raises(ValueError, match="needs a shape that is known when the graph is built"):
        ema.apply([tf.placeholder(tf.float32, [None])])
    with pytest.raises(tf.errors.UnimplementedError, match="zero_debias=True"):
        ExponentialMovingAverage(0.5, zero_debias=True)


def test_without_variables_there_is_nothing_to_do():
    assert ExponentialMovingAverage(0.5).apply().type == "NoOp"
