"""Layers: what they compute, and TensorFlow's names for what they are made of."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.errors import UnimplementedError

X = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], np.float32)


def values(*fetches, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(list(fetches), feeds)


def names(variables):
    return [variable.name for variable in variables]


def test_a_dense_layer_is_a_product_a_bias_and_an_activation():
    layer = tf.layers.Dense(2, tf.nn.relu, bias_initializer=tf.constant_initializer(0.5))
    y, kernel = values(layer(tf.constant(X)), layer.kernel)
    np.testing.assert_allclose(y, np.maximum(X @ kernel + 0.5, 0), rtol=1e-6, atol=1e-6)


def test_names_are_those_of_tensorflow():
    """From TensorFlow 2.21's tf.compat.v1.layers, but for the names of its own additions."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    first = tf.layers.dense(x, 4, tf.nn.relu)
    second = tf.layers.dense(first, 1)
    assert (first.name, second.name) == ("dense/Relu:0", "dense_1/BiasAdd:0")
    assert (first.shape.as_list(), second.shape.as_list()) == ([None, 4], [None, 1])
    assert names(tf.trainable_variables()) == [
        "dense/kernel:0",
        "dense/bias:0",
        "dense_1/kernel:0",
        "dense_1/bias:0",
    ]
    assert [operation.name for operation in tf.get_default_graph().get_operations()][1:18] == [
        "dense/kernel/Initializer/random_uniform/shape",
        "dense/kernel/Initializer/random_uniform/min",
        "dense/kernel/Initializer/random_uniform/max",
        "dense/kernel/Initializer/random_uniform/RandomUniform",
        "dense/kernel/Initializer/random_uniform/sub",
        "dense/kernel/Initializer/random_uniform/mul",
        "dense/kernel/Initializer/random_uniform",
        "dense/kernel",
        "dense/kernel/Assign",
        "dense/kernel/read",
        "dense/bias/Initializer/zeros",
        "dense/bias",
        "dense/bias/Assign",
        "dense/bias/read",
        "dense/MatMul",
        "dense/BiasAdd",
        "dense/Relu",
    ]


def test_the_kernel_starts_with_glorots_uniform_distribution_and_the_seed_of_the_graph():
    """The second seed is the number of operations before: 4 here, as in TensorFlow 1.15."""
    tf.set_random_seed(1)
    tf.layers.dense(tf.placeholder(tf.float32, [None, 3]), 2)
    seeds = [
        operation.node.attrs["seeds"]
        for operation in tf.get_default_graph().get_operations()
        if operation.type == "RandomUniform"
    ]
    assert seeds == [(1, 4)]
    kernel, bias = values(*tf.global_variables())
    assert np.abs(kernel).max() <= np.sqrt(6 / (3 + 2))
    assert bias.tolist() == [0, 0]


def test_a_name_is_a_scope_and_its_variables_can_be_reused():
    x = tf.constant(X)
    first = tf.layers.dense(x, 4, name="fc")
    with pytest.raises(ValueError, match="Variable fc/kernel already exists, disallowed"):
        tf.layers.dense(x, 4, name="fc")
    again = tf.layers.dense(x, 4, name="fc", reuse=True)
    assert names(tf.global_variables()) == ["fc/kernel:0", "fc/bias:0"]
    np.testing.assert_array_equal(*values(first, again))
    with pytest.raises(ValueError, match="Variable nope/kernel does not exist"):
        tf.layers.dense(x, 4, name="nope", reuse=True)
    tf.layers.dense(x, 4, name="either", reuse=tf.AUTO_REUSE)
    tf.layers.dense(x, 4, name="either", reuse=tf.AUTO_REUSE)
    assert len(tf.global_variables()) == 4


def test_layers_without_names_are_numbered_within_each_scope():
    x = tf.constant(X)
    with tf.variable_scope("net"):
        outputs = [
            tf.layers.dense(x, 2),
            tf.layers.dense(x, 2),
            tf.layers.dense(x, 2, tf.sigmoid, name="out"),
        ]
    assert [y.name for y in outputs] == ["net/dense/BiasAdd:0", "net/dense_1/BiasAdd:0", "net/out/Sigmoid:0"]
    with tf.variable_scope("net", reuse=True):
        assert tf.layers.dense(x, 2).name == "net_1/dense/BiasAdd:0"
    assert len(tf.global_variables()) == 6
    with tf.name_scope("ns"):
        assert tf.layers.dense(x, 2).name == "ns/dense/BiasAdd:0"
    assert names(tf.global_variables())[-2:] == ["dense/kernel:0", "dense/bias:0"]


def test_a_layer_that_is_called_twice_has_its_variables_once():
    layer = tf.layers.Dense(4)
    assert layer.variables == []
    first, second = layer(tf.constant(X)), layer.apply(tf.constant(2 * X))
    assert (first.name, second.name) == ("dense/BiasAdd:0", "dense/BiasAdd_1:0")
    assert layer.weights == layer.trainable_weights == tf.global_variables()
    assert layer.name == "dense"
    y, twice = values(first, second)
    np.testing.assert_allclose(twice, 2 * y, rtol=1e-6)


def test_what_is_not_trainable_is_left_as_it_is():
    layer = tf.layers.Dense(1, trainable=False, use_bias=False)
    layer(tf.constant(X))
    assert layer.trainable_variables == tf.trainable_variables() == []
    assert names(layer.variables) == ["dense/kernel:0"]


def test_initializers_and_regularizers_are_used():
    y = tf.layers.dense(
        tf.constant(X),
        2,
        kernel_initializer=tf.constant_initializer(2.0),
        bias_initializer=tf.ones_initializer(),
        kernel_regularizer=lambda w: 0.5 * tf.reduce_sum(tf.square(w)),
        bias_regularizer=tf.reduce_sum,
    )
    total = tf.losses.get_regularization_loss()
    assert [loss.op.name.rsplit("/", 1)[0] for loss in tf.losses.get_regularization_losses()] == [
        "dense/kernel/Regularizer", "dense/bias/Regularizer",
    ]  # fmt: skip
    output, loss = values(y, total)
    assert output.tolist() == [[13, 13], [4, 4]]
    assert loss == 0.5 * 6 * 4 + 2


def test_only_the_last_axis_is_multiplied():
    tf.set_random_seed(1)  # no number of the result may be near 0
    x = tf.placeholder(tf.float32, [None, 2, 3])
    y = tf.layers.dense(x, 4)
    assert y.shape.as_list() == [None, 2, 4]
    data = np.stack([X, 2 * X, -X])
    output, kernel = values(y, tf.global_variables()[0], feeds={x: data})
    np.testing.assert_allclose(output, data @ kernel, rtol=1e-5)


def test_a_small_network_learns_and_by_plain_numpy_the_same():
    x, labels = tf.constant(X), tf.constant([[1.0], [0.0]])
    hidden = tf.layers.dense(x, 3, tf.nn.tanh)
    loss = tf.losses.mean_squared_error(labels, tf.layers.dense(hidden, 1))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        W1, b1, W2, b2 = (value.astype(np.float64) for value in session.run(tf.trainable_variables()))
        for _ in range(5):
            session.run(train)
            h = np.tanh(X @ W1 + b1)
            g = 2 * (h @ W2 + b2 - [[1], [0]]) / 2
            g_h = g @ W2.T * (1 - h**2)
            W1, b1, W2, b2 = (
                W1 - 0.1 * X.T @ g_h,
                b1 - 0.1 * g_h.sum(0),
                W2 - 0.1 * h.T @ g,
                b2 - 0.1 * g.sum(0),
            )
        for value, expected in zip(session.run(tf.trainable_variables()), (W1, b1, W2, b2), strict=True):
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "dtype", "error", "message"),
    [
        (
            [None, None],
            tf.float32,
            ValueError,
            "should be defined. Found `None`: give the placeholder a shape",
        ),
        (None, tf.float32, ValueError, "should be defined. Found `None`"),
        ([3], tf.float32, ValueError, r"expected min_ndim=2, found ndim=1.*received: \[3\]"),
        ([], tf.float32, ValueError, "should be defined"),
        ([None, 3], tf.int32, TypeError, "non-floating point dtype .*tf.cast"),
        ([None, None, 3], tf.float32, UnimplementedError, "tf.reshape them"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(shape, dtype, error, message):
    with pytest.raises(error, match=message):
        tf.layers.dense(tf.placeholder(dtype, shape), 2)


def test_other_layers_and_arguments_are_refused_by_name():
    with pytest.raises(AttributeError, match=r"tf.layers.conv2d is not in lrfit.tf1"):
        tf.layers.conv2d  # noqa: B018
    with pytest.raises(UnimplementedError, match="kernel_constraint"):
        tf.layers.dense(tf.constant(X), 2, kernel_constraint=abs)


def test_dropout_does_nothing_unless_it_is_training():
    x = tf.constant(X)
    result = tf.layers.dropout(x)
    assert result.op.name == "dropout/Identity"
    np.testing.assert_array_equal(*values(result, x))


def test_dropout_in_training_keeps_the_mean():
    x = tf.ones([200, 100])
    (y,) = values(tf.layers.dropout(x, rate=0.25, training=True, seed=3))
    assert set(np.unique(y)) == {0, np.float32(1) / np.float32(0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("shape", [None, []])
def test_dropout_asks_a_tensor_in_each_run(shape):
    x = tf.placeholder(tf.float32, [None, 3])
    training = tf.placeholder(tf.bool, shape)
    y = tf.layers.dropout(x, 0.5, training=training, seed=1)
    assert y.shape.as_list() == [None, 3]
    loss = tf.reduce_sum(tf.layers.dense(y, 1))
    data = np.ones((50, 3))
    (gradient,) = tf.gradients(loss, tf.global_variables()[0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert (session.run(y, {x: data, training: False}) == 1).all()
        dropped, g = session.run([y, gradient], {x: data, training: True})
        assert set(np.unique(dropped)) == {0, 2}
        np.testing.assert_allclose(g[:, 0], dropped.sum(0))


def test_flatten_joins_all_axes_but_the_first():
    x = tf.placeholder(tf.float32, [None, 3, 2])
    y = tf.layers.flatten(x)
    assert (y.name, y.shape.as_list()) == ("flatten/Reshape:0", [None, 6])
    data = np.arange(24.0).reshape(4, 3, 2)
    assert values(y, feeds={x: data})[0].tolist() == data.reshape(4, 6).tolist()
    assert tf.layers.flatten(tf.zeros([4])).shape.as_list() == [4, 1]
    assert tf.layers.flatten(tf.placeholder(tf.float32, [4, None])).shape.as_list()[0] == 4
    with pytest.raises(UnimplementedError, match=r"tf.reshape it"):
        tf.layers.flatten(tf.placeholder(tf.float32, [None, None, 2]))
