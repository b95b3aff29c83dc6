"""Runs: in which order variables are read and set, and what training leaves behind, as TensorFlow has it."""

import numpy as np
import pytest
from tf1_values import value_of

import lrfit.tf1 as tf


@pytest.fixture
def w():
    return tf.Variable(1.0, name="w")


def session():
    opened = tf.Session()
    opened.run(tf.global_variables_initializer())
    return opened


def test_a_variable_is_fetched_when_the_run_is_over_and_a_tensor_has_the_value_before(w):
    train = tf.train.GradientDescentOptimizer(0.1).minimize(w * w)
    loss = w * w
    found = session().run([train, w, loss])
    np.testing.assert_allclose(found[1:], [0.8, 1.0], rtol=1e-6)


def test_behind_a_training_step_its_result_is_read(w):
    train = tf.train.GradientDescentOptimizer(0.1).minimize(w * w)
    with tf.control_dependencies([train]):
        results = [w.read_value(), tf.identity(w) * 2.0]
    opened = session()
    np.testing.assert_allclose(opened.run(results[0]), 0.8, rtol=1e-6)
    np.testing.assert_allclose(opened.run(results[1]), 1.28, rtol=1e-6)
    np.testing.assert_allclose(opened.run(w), 0.64, rtol=1e-6)


def test_variables_can_swap_their_values(w):
    v = tf.Variable(2.0)
    before = w + 0.0
    with tf.control_dependencies([before]):
        first = tf.assign(w, v)
    with tf.control_dependencies([first]):
        second = tf.assign(v, before)
    opened = session()
    opened.run(second)
    assert opened.run([w, v]) == [2, 1]


def test_a_variable_can_be_fed_also_without_a_value(w):
    tripled = w * 3.0
    opened = session()
    assert opened.run([w, tripled], {w: 7.0}) == [7, 21]
    assert opened.run([w, tripled]) == [1, 3]
    assert tf.Session().run(tripled, {w: 2.0}) == 6


def test_a_variable_has_a_name_to_be_fetched_by(w):
    assert session().run(["w:0", "w/read:0"]) == [1, 1]
    assert tf.get_default_graph().get_tensor_by_name("w:0") is w


def test_a_fed_placeholder_may_stand_in_the_middle_of_a_graph():
    x = tf.placeholder(tf.float32)
    y = x * 2.0
    z = y + 1.0
    assert value_of(z, {y: 10.0}) == 11
    assert value_of([y, z], {y: 10.0}) == [10, 11]


def test_a_tensor_of_another_graph_takes_constants_into_its_graph():
    graph = tf.Graph()
    with graph.as_default():
        x = tf.constant(4.0)
    root = tf.sqrt(x / 4 + 3.0)
    assert root.graph is graph
    assert tf.get_default_graph().get_operations() == []
    assert tf.Session(graph=graph).run(root) == 2


@pytest.mark.parametrize(
    ("build", "slots", "names"),
    [
        (lambda: tf.train.MomentumOptimizer(0.1, 0.9), ["momentum"], ["w/Momentum:0"]),
        (lambda: tf.train.AdagradOptimizer(0.1), ["accumulator"], ["w/Adagrad:0"]),
        (lambda: tf.train.RMSPropOptimizer(0.1), ["momentum", "rms"], ["w/RMSProp:0", "w/RMSProp_1:0"]),
        (
            lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
            ["mg", "momentum", "rms"],
            ["w/RMSProp:0", "w/RMSProp_1:0", "w/RMSProp_2:0"],
        ),
        (
            lambda: tf.train.AdamOptimizer(0.1, name="mine"),
            ["m", "v"],
            ["w/mine:0", "w/mine_1:0", "beta1_power:0", "beta2_power:0"],
        ),
    ],
)
def test_what_an_optimizer_keeps_has_tensorflows_names(w, build, slots, names):
    optimizer = build()
    optimizer.minimize(w * w)
    assert optimizer.get_slot_names() == slots
    assert [variable.name for variable in optimizer.variables()] == names
    assert optimizer.get_slot(w, slots[0]).name in names
    assert optimizer.get_slot(w, "nothing") is None


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32])
def test_a_counter_of_steps_keeps_its_type(w, dtype):
    step = tf.Variable(2**24, trainable=False, dtype=dtype)
    train = tf.train.AdamOptimizer(0.1).minimize(w * w, global_step=step)
    opened = session()
    for _ in range(3):
        opened.run(train)
    count = opened.run(step)
    assert count.dtype == dtype.as_numpy_dtype
    assert count == 2**24 + (3 if dtype.is_integer else 0)


def test_a_diverging_run_ends_in_nan_without_a_warning(w):
    loss = w * w
    train = tf.train.GradientDescentOptimizer(10.0).minimize(loss)
    opened = session()
    losses = [opened.run([train, loss])[1] for _ in range(60)]
    assert np.isinf(losses).any()
    assert np.isnan(losses[-1])


def test_an_operation_that_consists_of_several_is_computed_in_its_type():
    x, y = tf.constant([2**24 + 1]), tf.constant(np.array([1.0 + 1e-12]))
    differences = value_of([tf.squared_difference(x, 2**24), tf.squared_difference(y, 1.0), tf.constant(1.0)])
    assert differences[0].tolist() == [1]
    np.testing.assert_allclose(differences[1], [1e-24], rtol=1e-3)


def test_a_run_that_fails_has_its_effects_once(capsys):
    """Also from the second run on, which is one function."""
    a = tf.placeholder(tf.float32, [1, 1])
    inverse = tf.matrix_inverse(tf.Print(a, [a], "seen "))
    session = tf.Session()
    session.run(inverse, {a: [[2.0]]})
    capsys.readouterr()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"singular"):
        session.run(inverse, {a: [[0.0]]})
    assert capsys.readouterr().err.count("seen") == 1
