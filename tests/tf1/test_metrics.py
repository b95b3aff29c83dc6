"""Metrics: values and names are those of TensorFlow 2.21's tf.compat.v1.metrics."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1 import metrics as M  # noqa: N812 (as the losses of another test)

Y, Y_HAT = [1, 0, 1, 1], [1, 1, 0, 1]
WEIGHTS = [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: M.accuracy(Y, Y_HAT), 0.5),
        (lambda: M.accuracy(Y, Y_HAT, weights=WEIGHTS), 0.5),
        (lambda: M.accuracy([[1], [0], [1], [1]], Y_HAT), 0.5),
        (lambda: M.accuracy([1.0, 0.0], [1, 1], weights=[[3.0], [1.0]]), 0.75),
        (lambda: M.accuracy(tf.constant(Y, tf.int64), tf.constant(Y_HAT)), 0.5),
        (lambda: M.mean([1.0, 2.0, 4.0]), 7 / 3),
        (lambda: M.mean([1.0, 2.0, 4.0], [1.0, 0.0, 1.0]), 2.5),
        (lambda: M.mean([[1.0, 2.0], [4.0, 5.0]], [[1.0], [0.0]]), 1.5),
        (lambda: M.mean(3), 3.0),
        (lambda: M.mean_squared_error([1.0, 2.0], [2.0, 4.0]), 2.5),
        (lambda: M.mean_squared_error([[1.0], [2.0]], [[2.0], [4.0]], [3.0, 1.0]), 1.75),
        (lambda: M.root_mean_squared_error([1.0, 2.0], [2.0, 4.0]), 1.5811388),
        (lambda: M.mean_absolute_error([1.0, 2.0], [2.0, 4.0]), 1.5),
        (lambda: M.precision(Y, Y_HAT), 2 / 3),
        (lambda: M.precision(Y, Y_HAT, weights=WEIGHTS), 5 / 7),
        (lambda: M.precision([0.0, 2.0], [1.0, 0.5]), 0.5),
        (lambda: M.recall(Y, Y_HAT), 2 / 3),
        (lambda: M.recall([0, 0], [0, 0]), 0.0),
    ],
)
def test_a_measure_is_0_before_a_batch_and_right_after_it(make, expected):
    value, update = make()
    assert (value.dtype, value.shape, update.shape) == (tf.float32, (), ())
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        assert session.run(value) == 0.0
        assert session.run(update) == pytest.approx(expected, rel=1e-6)
        assert session.run(value) == pytest.approx(expected, rel=1e-6)


def test_a_measure_is_over_all_batches_so_far():
    x = tf.placeholder(tf.float32, [None])
    value, update = M.mean(x)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        assert session.run(update, {x: [1.0, 2.0]}) == 1.5
        assert session.run([update], {x: [6.0]}) == [3.0]
        assert session.run(value) == 3.0


def test_names_are_those_of_tensorflow():
    first, second = M.accuracy(Y, Y_HAT), M.accuracy(Y, Y_HAT)
    with tf.variable_scope("scope"):
        share, _ = M.precision(Y, Y_HAT, name="share")
        M.recall(Y, Y_HAT)
    assert [tensor.name for tensor in (*first, *second, share)] == [
        "accuracy/value:0",
        "accuracy/update_op:0",
        "accuracy_1/value:0",
        "accuracy_1/update_op:0",
        "scope/share/value:0",
    ]
    assert [variable.name for variable in tf.local_variables()] == [
        "accuracy/total:0",
        "accuracy/count:0",
        "accuracy_1/total:0",
        "accuracy_1/count:0",
        "scope/share/true_positives/count:0",
        "scope/share/false_positives/count:0",
        "scope/recall/true_positives/count:0",
        "scope/recall/false_negatives/count:0",
    ]
    assert tf.global_variables() == tf.trainable_variables() == []
    assert len(tf.get_collection("metric_variables", "accuracy")) == 4


def test_a_measure_without_its_initializer_is_an_error_of_the_run():
    _, update = M.mean([1.0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(
            tf.errors.FailedPreconditionError, match="uninitialized value mean/count, mean/total"
        ):
            session.run(update)


def test_collections_are_added_to():
    value, update = M.root_mean_squared_error([1.0], [2.0], None, ["values"], "updates")
    assert tf.get_collection("values") == [value]
    assert tf.get_collection("updates") == [update]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: M.accuracy([1, 0], [1, 1, 0]), r"Shapes \(3,\) and \(2,\) are incompatible"),
        (lambda: M.mean([1.0, 2.0], [1.0, 2.0, 3.0]), "must be equal"),
        (
            lambda: M.mean(np.ones((2, 3)), np.ones(3)),
            r"weights can not be broadcast .* values.rank=2. weights.rank=1",
        ),
        (
            lambda: M.recall(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3, 4))),
            "weights can not be broadcast",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_other_metrics_are_refused_by_name():
    with pytest.raises(AttributeError, match=r"tf.metrics.auc is not in lrfit.tf1"):
        M.auc  # noqa: B018
