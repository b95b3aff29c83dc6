"""Losses: TensorFlow's values of them, and how weights and reductions change them.

Numbers are those of TensorFlow 2.21's tf.compat.v1.losses.
"""

import numpy as np
import pytest

import lrfit.tf1 as tf

L = tf.losses
Y = np.array([[1, 0], [2, -1], [0, 3]], np.float32)
Y_HAT = np.array([[0.5, 0.25], [3, -1], [1, 0]], np.float32)
P = np.array([[0.5, 0.25], [0.9, 0.1], [1, 0]], np.float32)
ONE_HOT = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
WEIGHTS = np.array([[1], [0], [2]], np.float32)


def value(loss):
    with tf.Session() as session:
        return session.run(loss)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: L.mean_squared_error(Y, Y_HAT), 1.8854166),
        (lambda: L.mean_squared_error(Y, Y_HAT, WEIGHTS), 5.078125),
        (lambda: L.mean_squared_error(Y, Y_HAT, 0.5), 0.9427083),
        (lambda: L.mean_squared_error(Y, Y_HAT, 0.0), 0.0),
        (lambda: L.absolute_difference(Y, Y_HAT), 0.9583333),
        (lambda: L.absolute_difference(Y, Y_HAT, WEIGHTS), 2.1875),
        (lambda: L.huber_loss(Y, Y_HAT), 0.609375),
        (lambda: L.huber_loss(Y, Y_HAT, WEIGHTS), 1.5390625),
        (lambda: L.huber_loss(Y, Y_HAT, delta=0.5), 0.38020834),
        (lambda: L.log_loss(ONE_HOT, P), 5.5712905),
        (lambda: L.log_loss(ONE_HOT, P, WEIGHTS, epsilon=1e-3), 7.15213),
        (lambda: L.hinge_loss(ONE_HOT, Y_HAT), 0.7916667),
        (lambda: L.sigmoid_cross_entropy(ONE_HOT, Y_HAT), 0.6113791),
        (lambda: L.sigmoid_cross_entropy(ONE_HOT, Y_HAT, label_smoothing=0.1), 0.63846236),
        (lambda: L.softmax_cross_entropy(ONE_HOT, Y_HAT), 0.6357837),
        (lambda: L.softmax_cross_entropy(ONE_HOT, Y_HAT, WEIGHTS[:, 0], 0.1), 1.5574813),
        (lambda: L.sparse_softmax_cross_entropy(np.array([0, 1, 1]), Y_HAT), 1.969117),
        (lambda: L.sparse_softmax_cross_entropy(np.array([[0], [1], [1]]), Y_HAT, WEIGHTS), 1.6012313),
        (lambda: L.mean_squared_error([1, 2], [1, 3.5]), 1.125),
    ],
)
def test_values_are_those_of_tensorflow(make, expected):
    loss = make()
    assert loss.dtype == tf.float32
    assert loss.shape == ()
    assert value(loss) == pytest.approx(expected, rel=5e-7)


@pytest.mark.parametrize(
    ("reduction", "expected", "name"),
    [
        ("NONE", [[0.25, 0.0625], [0, 0], [2, 18]], "mean_squared_error/Mul"),
        ("SUM", 20.3125, "mean_squared_error/Sum"),
        ("MEAN", 3.3854167, "mean_squared_error/value"),
        ("SUM_OVER_BATCH_SIZE", 3.3854167, "mean_squared_error/value"),
        ("SUM_BY_NONZERO_WEIGHTS", 5.078125, "mean_squared_error/value"),
        ("SUM_OVER_NONZERO_WEIGHTS", 5.078125, "mean_squared_error/value"),
    ],
)
def test_a_reduction_says_what_is_made_of_the_elements(reduction, expected, name):
    loss = L.mean_squared_error(Y, Y_HAT, WEIGHTS, reduction=getattr(L.Reduction, reduction))
    assert loss.op.name == name
    np.testing.assert_allclose(value(loss), expected, rtol=1e-7)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: L.mean_squared_error(Y, Y_HAT, scope="cost"), "cost/value"),
        (lambda: L.absolute_difference(Y, Y_HAT), "absolute_difference/value"),
        (lambda: L.huber_loss(Y, Y_HAT), "huber_loss/value"),
        (lambda: L.log_loss(ONE_HOT, P), "log_loss/value"),
        (lambda: L.hinge_loss(ONE_HOT, Y), "hinge_loss/value"),
        (lambda: L.sigmoid_cross_entropy(ONE_HOT, Y), "sigmoid_cross_entropy_loss/value"),
        (lambda: L.softmax_cross_entropy(ONE_HOT, Y), "softmax_cross_entropy_loss/value"),
        (lambda: L.sparse_softmax_cross_entropy([0, 1, 1], Y), "sparse_softmax_cross_entropy_loss/value"),
        (lambda: L.compute_weighted_loss(tf.constant(Y)), "weighted_loss/value"),
    ],
)
def test_names_are_those_of_tensorflow(make, name):
    assert make().op.name == name


def test_losses_are_computed_in_float32_and_given_back_in_their_type():
    assert L.mean_squared_error(Y.astype(np.float64), Y_HAT.astype(np.float64)).dtype == tf.float32
    loss = L.compute_weighted_loss(tf.constant([1.0, 2.0], tf.float64))
    assert loss.dtype == tf.float64
    assert value(loss) == 1.5


def test_losses_are_kept_and_summed():
    first = L.mean_squared_error(Y, Y_HAT)
    second = L.absolute_difference(Y, Y_HAT, scope="other")
    L.huber_loss(Y, Y_HAT, loss_collection=None)
    L.add_loss(tf.constant(3.0))
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.constant(10.0))
    assert L.get_losses()[:2] == [first, second]
    assert L.get_losses("other") == [second]
    assert value(L.get_total_loss()) == pytest.approx(1.8854166 + 0.9583333 + 13)
    assert value(L.get_total_loss(add_regularization_losses=False)) == pytest.approx(1.8854166 + 3.9583333)
    assert value(L.get_regularization_loss()) == 10
    assert L.get_total_loss(name="all").op.name == "all"


def test_without_losses_there_is_no_sum_but_a_penalty_of_0():
    with pytest.raises(ValueError, match="there are no losses in the graph"):
        L.get_total_loss()
    assert value(L.get_regularization_loss()) == 0


def test_gradients_flow_through_the_mean():
    x = tf.constant(Y_HAT)
    (gradient,) = tf.gradients(L.mean_squared_error(Y, x, WEIGHTS), x)
    np.testing.assert_allclose(value(gradient), 2 * (Y_HAT - Y) * WEIGHTS / 4, rtol=1e-6)
    labels = tf.constant(ONE_HOT)
    assert tf.gradients(L.softmax_cross_entropy(labels, Y_HAT), labels) == [None]


def test_shapes_that_are_not_known_are_taken():
    y = tf.placeholder(tf.float32)
    with tf.Session() as session:
        assert session.run(L.mean_squared_error(y, tf.constant(Y), y), {y: Y}) == 0


def test_rows_are_known_only_when_it_runs():
    y, y_hat = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 1])
    weights = tf.placeholder(tf.float32, [None, 1])
    loss, weighted = L.mean_squared_error(y, y_hat), L.mean_squared_error(y, y_hat, weights)
    feeds = {y: [[1], [2], [3]], y_hat: [[1], [1], [1]], weights: [[1], [1], [0]]}
    with tf.Session() as session:
        assert session.run([loss, weighted], feeds) == [pytest.approx(5 / 3), 0.5]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: L.mean_squared_error(Y, Y_HAT[:, :1]),
            r"Shapes \(3, 1\) and \(3, 2\) are incompatible: tf.reshape",
        ),
        (lambda: L.mean_squared_error(Y[:, 0], Y_HAT[:, :1]), r"Shapes \(3, 1\) and \(3,\) are incompatible"),
        (lambda: L.sigmoid_cross_entropy(Y[:, 0], Y_HAT), "are incompatible"),
        (
            lambda: L.mean_squared_error(Y, Y_HAT, [1.0, 2.0]),
            "weights can not be broadcast to values. values.rank=2",
        ),
        (lambda: L.mean_squared_error(Y, Y_HAT, np.ones((2, 1))), r"weights.shape=\(2, 1\): give each axis"),
        (lambda: L.mean_squared_error(None, Y_HAT), "labels must not be None"),
        (lambda: L.hinge_loss(Y, None), "logits must not be None"),
        (lambda: L.softmax_cross_entropy(None, Y), "onehot_labels must not be None"),
        (lambda: L.sparse_softmax_cross_entropy([0], None), "logits must not be None"),
        (lambda: L.mean_squared_error(Y, Y_HAT, None), "None values not supported"),
        (
            lambda: L.mean_squared_error(Y, Y_HAT, reduction="sum"),
            "Invalid Reduction Key sum. Key should be one of",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_other_losses_are_refused_by_name():
    with pytest.raises(AttributeError, match=r"tf.losses.cosine_distance is not in lrfit.tf1"):
        L.cosine_distance  # noqa: B018


def test_the_names_of_tf_math_are_the_functions_of_tf():
    assert tf.math.log is tf.log
    assert tf.math.reduce_sum is tf.reduce_sum
    assert tf.math.softplus is tf.nn.softplus
    assert tf.math.divide_no_nan is tf.div_no_nan
    with pytest.raises(AttributeError, match=r"tf.math.zeta is not in lrfit.tf1"):
        tf.math.zeta  # noqa: B018
