"""Activations, cross entropies and dropout: values by their formulas, and what labels have to be."""

import numpy as np
import pytest
from tf1_values import check_value, operations, slope_of, value_of

import lrfit.tf1 as tf
from lrfit.tf1 import nn

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
P = np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]], np.float32)
LABELS = np.array([2, 0], np.int32)


def softmax(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def logistic_loss(x, z):
    return np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x)))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (nn.relu, np.maximum(X, 0)),
        (nn.relu6, np.clip(X, 0, 6)),
        (nn.elu, np.where(X > 0, X, np.expm1(X))),
        (nn.softplus, np.log1p(np.exp(X))),
        (nn.softsign, X / (1 + np.abs(X))),
        (nn.sigmoid, 1 / (1 + np.exp(-X))),
        (nn.tanh, np.tanh(X)),
        (nn.leaky_relu, np.where(X > 0, X, np.float32(0.2) * X)),
        (lambda x: nn.leaky_relu(x, alpha=0.5), np.where(X > 0, X, X / 2)),
        (nn.softmax, softmax(X)),
        (lambda x: nn.softmax(x, axis=0), softmax(X, 0)),
        (lambda x: nn.softmax(x, dim=0), softmax(X, 0)),
        (lambda x: nn.softmax(x * 1000.0), np.array([[0, 0, 1], [0, 1, 0]], np.float32)),
        (nn.log_softmax, np.log(softmax(X))),
        (lambda x: nn.l2_normalize(x, 1), X / np.linalg.norm(X, axis=1, keepdims=True)),
        (lambda x: nn.l2_normalize(x, dim=[0, 1]), X / np.linalg.norm(X)),
        (nn.l2_loss, np.sum(X * X) / 2),
        (lambda x: nn.zero_fraction(nn.relu(x)), np.float32(1 / 3)),
        (nn.zero_fraction, np.float32(0)),
        (lambda x: nn.bias_add(x, [1.0, 2.0, 3.0]), X + np.array([1, 2, 3], np.float32)),
        (
            lambda x: nn.xw_plus_b(x, np.ones((3, 1), np.float32), [0.5]),
            X.sum(1, keepdims=True) + np.float32(0.5),
        ),
        (lambda x: nn.relu6(tf.to_int32(x * 2.0)), np.array([[2, 0, 6], [6, 6, 0]], np.int32)),
        (lambda x: nn.leaky_relu(tf.to_int32(x), 0.5), np.where(X > 0, X, X / 2)),
    ],
)
def test_functions_of_a_matrix(build, expected):
    check_value(build(tf.constant(X)), expected)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: nn.sigmoid_cross_entropy_with_logits(labels=P, logits=X), logistic_loss(X, P)),
        (
            lambda: nn.sigmoid_cross_entropy_with_logits(labels=P, logits=X * 100),
            logistic_loss(X * np.float32(100), P),
        ),
        (
            lambda: nn.weighted_cross_entropy_with_logits(targets=P, logits=X, pos_weight=3.0),
            (1 - P) * X + (1 + 2 * P) * (np.log1p(np.exp(-np.abs(X))) + np.maximum(-X, 0)),
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits(labels=P, logits=X),
            -np.sum(P * np.log(softmax(X)), 1),
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits_v2(labels=P, logits=X),
            -np.sum(P * np.log(softmax(X)), 1),
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits(labels=P.T, logits=X.T, dim=0),
            -np.sum(P * np.log(softmax(X)), 1),
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits(
                labels=tf.one_hot(LABELS, 3, dtype=tf.int32), logits=X
            ),
            -np.log(softmax(X))[[0, 1], LABELS],
        ),
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=X),
            -np.log(softmax(X))[[0, 1], LABELS],
        ),
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=np.int64(2), logits=X[0]),
            -np.log(softmax(X))[0, 2],
        ),
    ],
)
def test_cross_entropies(build, expected):
    check_value(build(), expected)


def test_the_gradient_of_a_cross_entropy_is_softmax_minus_labels_whatever_the_labels():
    x, z = tf.constant(X), tf.constant(2 * P)  # which sum to 2
    loss = nn.softmax_cross_entropy_with_logits(labels=z, logits=x)
    np.testing.assert_allclose(slope_of(loss, x), softmax(X) - 2 * P, rtol=1e-5, atol=1e-6)
    assert slope_of(loss, z) is None
    loss = nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=x)
    np.testing.assert_allclose(slope_of(loss, z), -np.log(softmax(X)), rtol=1e-5, atol=1e-6)


def test_gradients_of_the_other_cross_entropies():
    x = tf.constant(X)
    loss = nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=x)
    hot = np.array([[0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(slope_of(loss, x), softmax(X) - hot, rtol=1e-5, atol=1e-6)
    loss = nn.sigmoid_cross_entropy_with_logits(labels=P, logits=x)
    np.testing.assert_allclose(slope_of(loss, x), 1 / (1 + np.exp(-X)) - P, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: nn.softmax_cross_entropy_with_logits(labels=P, logits=x),
        lambda x: nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=x),
    ],
)
def test_second_derivatives_are_those_of_the_softmax(loss):
    x = tf.constant(X)
    (slope,) = tf.gradients(loss(x), x)
    s = softmax(X)
    np.testing.assert_allclose(slope_of(slope[:, 0], x), s[:, :1] * (np.eye(3)[:1] - s), rtol=1e-4, atol=1e-6)


def test_of_logits_of_unknown_rank():
    x, z = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    loss = nn.sparse_softmax_cross_entropy_with_logits(labels=z, logits=x)
    check_value(loss, -np.log(softmax(X))[[0, 1], LABELS], {x: X, z: LABELS})


def test_a_label_that_is_no_class():
    loss = nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 5], logits=X)
    message = r"^Received a label value of 5 which is outside the valid range of \[0, 3\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        value_of(loss)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: nn.sigmoid_cross_entropy_with_logits(P, X),
            ValueError,
            "^Only call `sigmoid_cross_entropy_with_logi",
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits(X, X),
            ValueError,
            "^Only call `softmax_cross_entropy_with_logi",
        ),
        (
            lambda: nn.softmax_cross_entropy_with_logits(labels=P),
            ValueError,
            "^Both labels and logits must be provided",
        ),
        (
            lambda: nn.sigmoid_cross_entropy_with_logits(labels=P[0], logits=X),
            ValueError,
            r"^logits and labels must have the same shape \(\(2, 3\) vs \(3,\)\)",
        ),
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS[:, None], logits=X),
            ValueError,
            r"^Rank mismatch: Rank of labels \(received 2\) should equal rank of logits minus 1",
        ),
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=X),
            ValueError,
            r"^Shape mismatch: The shape of labels \(received \(1,\)\) should equal",
        ),
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=[1.0, 0.0], logits=X),
            TypeError,
            "^Value passed to parameter 'labels' has DataType float32 not in list of allowed values",
        ),
        (
            lambda: nn.softmax([1, 2]),
            TypeError,
            "^Value passed to parameter 'logits' has DataType int32 not in list",
        ),
        (
            lambda: nn.l2_loss([1, 2]),
            TypeError,
            "^Value passed to parameter 't' has DataType int32 not in list",
        ),
        (lambda: nn.bias_add(X, X), ValueError, "^Shape must be rank 1 but is rank 2 for 'BiasAdd'"),
        (
            lambda: nn.bias_add(X[0], X[0]),
            ValueError,
            "^Shape must be at least rank 2 but is rank 1 for 'BiasAdd'",
        ),
        (
            lambda: nn.bias_add(X, [1.0]),
            ValueError,
            "^Dimensions must be equal, but are 3 and 1 for 'BiasAdd'",
        ),
        (lambda: nn.dropout(X), ValueError, "^You must provide a rate to dropout"),
        (
            lambda: nn.dropout(X, 2.0),
            ValueError,
            r"^rate must be a scalar tensor or a float in the range \[0, 1\), got -1",
        ),
        (
            lambda: nn.dropout([1, 2], 0.5),
            ValueError,
            "^x has to be a floating point tensor since it's going to be scaled",
        ),
        (lambda: nn.dropout(X, 0.5, rate=0.5), ValueError, "^Cannot specify both 'keep_prob' and 'rate'"),
    ],
)
def test_what_does_not_fit(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_dropout_draws_what_tensorflow_draws():
    x, keep_prob = tf.ones([2, 5]), tf.placeholder(tf.float32)
    dropped = nn.dropout(x, keep_prob, seed=3)
    with tf.Session() as session:
        values = [session.run(dropped, {keep_prob: share}).tolist() for share in (0.5, 0.5, 1.0)]
    first = [[0, 0, 2, 0, 2], [0, 0, 0, 0, 2]]
    assert values == [first, values[1], [[1] * 5] * 2]
    assert values[1] != first
    expected = np.array([0, 0, 2 / 0.6, 0, 0.5 / 0.6, 0], np.float32).reshape(2, 3)
    check_value(nn.dropout(tf.constant([[1.0, 2.0, 2.0], [-3.0, 0.5, 0.0]]), rate=0.4, seed=3), expected)


def test_dropout_of_nothing_is_the_tensor_itself():
    x = tf.constant(X)
    assert nn.dropout(x, 1.0) is x
    assert nn.dropout(x, rate=0) is x


def test_a_noise_shape_drops_whole_rows():
    dropped = value_of(nn.dropout(tf.ones([20, 3]), 0.5, noise_shape=[20, 1], seed=1))
    assert {tuple(row) for row in dropped.tolist()} == {(0.0, 0.0, 0.0), (2.0, 2.0, 2.0)}


def test_the_operations_of_version_1_15():
    nn.dropout(tf.placeholder(tf.float32, [2, 3]), 0.5)
    assert " ".join(operations()) == (
        "Placeholder dropout/rate:Const dropout/Shape:Const dropout/random_uniform/min:Const "
        "dropout/random_uniform/max:Const dropout/random_uniform/RandomUniform dropout/random_uniform/sub "
        "dropout/random_uniform/mul dropout/random_uniform:Add dropout/sub/x:Const dropout/sub "
        "dropout/truediv/x:Const dropout/truediv:RealDiv dropout/GreaterEqual dropout/mul dropout/Cast "
        "dropout/mul_1:Mul"
    )


def test_a_bias_for_another_axis_is_refused():
    with pytest.raises(tf.errors.UnimplementedError, match=r"data_format='NCHW' is not in lrfit.tf1"):
        tf.nn.bias_add(tf.zeros([2, 2]), [1.0, 2.0], data_format="NCHW")
