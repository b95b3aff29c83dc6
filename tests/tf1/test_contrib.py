"""`tf.contrib.layers`: what layers and regularizers make, under TensorFlow 1.15's names."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.contrib import layers as L  # noqa: N812 (as the losses of another test)

X = np.array([[1, -2], [3, 4]], np.float32)


def run(fetches):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


def test_a_layer_makes_its_variables():
    hidden = L.fully_connected(X, 3, weights_initializer=tf.ones_initializer())
    out = L.linear(
        hidden, 1, weights_initializer=tf.ones_initializer(), biases_initializer=tf.constant_initializer(2.0)
    )
    assert (hidden.op.type, out.op.type) == ("Relu", "BiasAdd")
    assert [(v.name, v.shape.as_list()) for v in tf.trainable_variables()] == [
        ("fully_connected/weights:0", [2, 3]),
        ("fully_connected/biases:0", [3]),
        ("fully_connected_1/weights:0", [3, 1]),
        ("fully_connected_1/biases:0", [1]),
    ]
    found = run([hidden, out])
    assert [value.tolist() for value in found] == [[[0, 0, 0], [7, 7, 7]], [[2], [23]]]


def test_a_layer_may_be_shared_and_have_no_bias():
    first = L.relu(X, 2, scope="layer", biases_initializer=None, outputs_collections="outputs")
    second = L.fully_connected(X, 2, scope="layer", biases_initializer=None, reuse=True, trainable=False)
    assert [v.name for v in tf.global_variables()] == ["layer/weights:0"]
    np.testing.assert_array_equal(*run([first, second]))
    assert tf.get_collection("outputs") == [first]


def test_a_layer_works_on_the_last_axis():
    cube = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    out = L.linear(cube, 1, weights_initializer=tf.ones_initializer())
    np.testing.assert_array_equal(run(out), cube.sum(axis=2, keepdims=True))


def test_regularizers_are_those_of_tensorflow():
    W = tf.get_variable("W", initializer=X, regularizer=L.l2_regularizer(0.1))
    (kept,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert kept.op.name == "W/Regularizer/l2_regularizer"
    losses = [
        kept,
        L.l1_regularizer(0.5)(W),
        L.l1_l2_regularizer(0.5, 0.1)(W),
        L.l1_l2_regularizer(0.0, 0.1)(W),
    ]
    total = L.apply_regularization(L.l1_regularizer(0.5), [W, W])
    np.testing.assert_allclose(run([*losses, total]), [1.5, 5.0, 6.5, 1.5, 10.0], rtol=1e-6)
    assert tf.losses.get_regularization_losses() == [kept, total]


def test_without_a_scale_there_is_no_loss():
    W = tf.Variable(X)
    assert L.l1_regularizer(0.0)(W) is None
    assert L.l1_l2_regularizer(0.0, 0.0)(W) is None
    assert run(L.apply_regularization(L.l2_regularizer(0.0), [W])) == 0.0


def test_weights_are_regularized_by_their_collection():
    with pytest.raises(ValueError, match="No weights to regularize"):
        L.apply_regularization(L.l2_regularizer(1.0))
    tf.add_to_collection("weights", tf.Variable(X))
    assert run(L.apply_regularization(L.l2_regularizer(1.0))) == 15.0


@pytest.mark.parametrize(
    ("scale", "message"), [(1, "cannot be an integer: 1"), (-0.5, "less than 0 .* -0.5")]
)
def test_a_scale_is_a_float_of_0_or_more(scale, message):
    with pytest.raises(ValueError, match=message):
        L.l2_regularizer(scale)


@pytest.mark.parametrize(
    ("options", "deviation"),
    [
        ({}, np.sqrt(2.6 / 400)),
        ({"factor": 1.0, "mode": "FAN_OUT"}, np.sqrt(1.3 / 100)),
        ({"factor": 1.0, "mode": "FAN_AVG", "uniform": True}, np.sqrt(1 / 250)),
    ],
)
def test_the_initializer_scales_its_variance(options, deviation):
    """The normal distribution is cut off at two deviations, which leaves 0.88 of it."""
    values = run(L.variance_scaling_initializer(seed=1, **options)([400, 100]))
    share = 1 if options.get("uniform") else 0.8796
    assert np.std(values) == pytest.approx(deviation * share, rel=0.02)
    assert L.variance_scaling_initializer()([3]).shape.as_list() == [3]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: L.fully_connected([1.0], 2), ValueError, r"need a shape \(n_samples, n_features\)"),
        (
            lambda: L.fully_connected(X, 2, normalizer_fn=tf.identity),
            tf.errors.UnimplementedError,
            "normalizer_fn",
        ),
        (lambda: L.variance_scaling_initializer(mode="fan"), TypeError, "Unknown mode fan"),
    ],
)
def test_what_is_not_here_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
