"""Learning rates that change: values by their formulas, at steps before, at and behind the end."""

from math import cos, exp, pi

import numpy as np
import pytest
from tf1_values import check_value, operations, value_of

import lrfit.tf1 as tf
from lrfit.tf1 import train


@pytest.mark.parametrize("step", [0, 7, 10, 33])
@pytest.mark.parametrize(
    ("build", "formula"),
    [
        (lambda s: train.exponential_decay(0.1, s, 10, 0.5), lambda s: 0.1 * 0.5 ** (s / 10)),
        (
            lambda s: train.exponential_decay(0.1, s, 10, 0.5, staircase=True),
            lambda s: 0.1 * 0.5 ** (s // 10),
        ),
        (lambda s: train.natural_exp_decay(0.1, s, 10, 0.5), lambda s: 0.1 * exp(-0.5 * s / 10)),
        (lambda s: train.inverse_time_decay(0.1, s, 10, 0.5), lambda s: 0.1 / (1 + 0.5 * s / 10)),
        (
            lambda s: train.inverse_time_decay(0.1, s, 10, 0.5, staircase=True),
            lambda s: 0.1 / (1 + 0.5 * (s // 10)),
        ),
        (lambda s: train.polynomial_decay(0.1, s, 20, 0.02), lambda s: 0.08 * (1 - min(s, 20) / 20) + 0.02),
        (
            lambda s: train.polynomial_decay(0.1, s, 20, 0.02, power=2.0),
            lambda s: 0.08 * (1 - min(s, 20) / 20) ** 2 + 0.02,
        ),
        (
            lambda s: train.polynomial_decay(0.1, s, 20, 0.02, cycle=True),
            lambda s: 0.08 * (1 - s / (20 if s <= 20 else 40)) + 0.02,
        ),
        (lambda s: train.cosine_decay(0.1, s, 20), lambda s: 0.05 * (1 + cos(pi * min(s, 20) / 20))),
        (
            lambda s: train.piecewise_constant(s, [7, 20], [0.1, 0.01, 0.001]),
            lambda s: 0.1 if s <= 7 else 0.01 if s <= 20 else 0.001,
        ),
    ],
)
def test_rates(build, formula, step):
    check_value(build(tf.constant(step)), np.float32(formula(step)))


def test_a_counter_makes_the_rate_fall():
    step, W = tf.Variable(0, trainable=False), tf.Variable(1.0)
    rate = train.exponential_decay(0.1, step, 2, 0.5, staircase=True)
    descend = train.GradientDescentOptimizer(rate).minimize(W, global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = [session.run([descend, rate])[1] for _ in range(5)]
        assert session.run(step) == 5
        assert session.run(step).dtype == np.int32
        np.testing.assert_allclose(session.run(W), 1 - 0.325, rtol=1e-6)
    np.testing.assert_allclose(found, [0.1, 0.1, 0.05, 0.05, 0.025], rtol=1e-6)


def test_the_operations_of_a_decay():
    train.exponential_decay(0.1, tf.placeholder(tf.int32, []), 10, 0.5)
    assert operations() == [
        "Placeholder",
        "ExponentialDecay/initial_learning_rate:Const",
        "ExponentialDecay/Cast/x:Const",
        "ExponentialDecay/Cast",
        "ExponentialDecay/Cast_1/x:Const",
        "ExponentialDecay/Cast_2:Cast",
        "ExponentialDecay/truediv:RealDiv",
        "ExponentialDecay/Pow",
        "ExponentialDecay:Mul",
    ]


def test_the_number_of_boundaries_is_checked():
    with pytest.raises(
        ValueError, match=r"^The length of boundaries should be 1 less than the length of values"
    ):
        train.piecewise_constant(tf.constant(3), [1, 2], [1.0, 2.0])


def test_a_rate_of_float64():
    assert value_of(train.exponential_decay(tf.constant(0.1, tf.float64), 1, 1, 0.5)).dtype == np.float64
