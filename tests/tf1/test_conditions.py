"""Conditions: TensorFlow's values, names and refusals; and what is not as there."""

from collections import namedtuple

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.conditions import case, cond

Pair = namedtuple("Pair", "x y")  # noqa: PYI024 (as scripts write it)


def run(fetches, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def names():
    return [operation.name for operation in tf.get_default_graph().get_operations()]


def test_a_condition_takes_the_value_of_one_branch():
    pred = tf.placeholder(tf.bool)
    x = tf.placeholder(tf.float32, [None, 2])
    y = cond(pred, lambda: x * 2, lambda: x - 1)
    assert (y.name, y.dtype, y.shape.as_list()) == ("cond/Merge:0", tf.float32, [None, 2])
    with tf.Session() as session:
        assert session.run(y, {pred: True, x: [[1, 2]]}).tolist() == [[2, 4]]
        assert session.run(y, {pred: False, x: [[1, 2]]}).tolist() == [[0, 1]]


def test_operations_are_those_of_tensorflow():
    """Their number decides what random ops draw that come after them."""
    x = tf.constant(3.0)
    cond(x > 2.0, lambda: x * x, lambda: (x + 1.0) * x)
    assert {*names()} == {
        "Const", "Greater/y", "Greater", "cond/Switch", "cond/switch_t", "cond/switch_f", "cond/pred_id",
        "cond/mul", "cond/mul/Switch", "cond/add/y", "cond/add", "cond/add/Switch", "cond/mul_1",
        "cond/Merge",
    }  # fmt: skip


@pytest.mark.parametrize("value", [True, False])
def test_results_come_in_their_structure(value):
    def of(x):
        return lambda: (tf.constant(x), [x + 1, {"last": Pair(x, [x, x])}])

    first, (second, rest) = cond(tf.constant(value), of(1.0), of(10.0))
    x = 1.0 if value else 10.0
    found = run([first, second, rest["last"].x, rest["last"].y])
    assert found == [x, x + 1, x, [x, x]]
    assert isinstance(rest["last"], Pair)


def test_a_list_of_one_tensor_is_that_tensor_unless_it_is_strict():
    pred = tf.constant(value=True)
    assert cond(pred, lambda: [1.0], lambda: [2.0]).shape == ()
    (strict,) = cond(pred, lambda: [1.0], lambda: [2.0], strict=True)
    assert run(strict) == 1.0


def test_branches_may_have_other_shapes():
    pred = tf.placeholder(tf.bool, [])
    a, b = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0, 5.0])
    y = cond(pred, lambda: a, lambda: b)
    other = cond(pred, lambda: a, lambda: tf.constant(7.0))
    slopes = tf.gradients(y * y, [a, b])
    assert (y.shape.as_list(), other.shape.ndims) == ([None], None)
    with tf.Session() as session:
        found = session.run([y, other, *slopes], {pred: False})
        assert [value.tolist() for value in found] == [[3, 4, 5], 7, [0, 0], [6, 8, 10]]
        found = session.run([y, other, *slopes], {pred: True})
        assert [value.tolist() for value in found] == [[1, 2], [1, 2], [2, 4], [0, 0, 0]]


def test_the_huber_loss_of_a_course():
    """Its gradients are those of the branch that is taken."""
    labels, predictions = tf.placeholder(tf.float32), tf.Variable(1.0)
    residual = tf.abs(labels - predictions)
    loss = cond(
        residual < 14.0,
        lambda: 0.5 * tf.square(residual),
        lambda: 14.0 * residual - 0.5 * tf.square(14.0),
    )
    (slope,) = tf.gradients(loss, predictions)
    (curvature,) = tf.gradients(slope, predictions)
    assert run([loss, slope, curvature], {labels: 4.0}) == [4.5, -3.0, 1.0]
    assert run([loss, slope, curvature], {labels: 21.0}) == [182.0, -14.0, 0.0]


def test_no_gradient_comes_from_a_branch_that_is_not_taken():
    """Its slope is infinite at 0; with tf.where the gradient would be NaN."""
    x = tf.Variable(0.0)
    y = cond(x > 0.0, lambda: tf.sqrt(x), lambda: x * 3.0)
    assert run(tf.gradients(y, x)) == [3.0]


def test_a_branch_may_share_tensors_and_take_gradients():
    """Also where it takes those of what is outside."""
    x = tf.Variable(3.0)
    cost = x * x * x

    def both():
        doubled = x * 2.0
        return doubled, doubled + tf.gradients(cost * doubled, x)[0]

    results = cond(x > 0.0, both, lambda: (x, x))
    assert run([*results, *tf.gradients(results[1], x)]) == [6.0, 222.0, 218.0]


def test_a_variable_may_be_made_and_read_in_a_branch():
    def layer():
        W = tf.get_variable("W", initializer=2.0)
        return W * 5.0

    y = cond(tf.constant(value=True), layer, lambda: tf.get_variable("b", initializer=1.0))
    assert run(y) == 10.0
    assert [v.name for v in tf.global_variables()] == ["W:0", "b:0"]
    assert run(tf.gradients(y, tf.global_variables())) == [5.0, 0.0]


def test_an_operation_as_a_result_runs():
    """In either case, as in TensorFlow, where it is made outside."""
    count = tf.Variable(0.0)
    step = tf.group(count.assign_add(1.0))
    done = cond(tf.constant(value=False), lambda: step, tf.no_op)
    assert done.dtype == tf.bool
    assert run([done, count]) == [False, 1.0]


def test_what_comes_before_a_condition_comes_before_its_branches():
    count = tf.Variable(1.0)
    with tf.control_dependencies([count.assign(5.0)]):
        y = cond(tf.constant(value=True), lambda: count * 2.0, lambda: count * 3.0)
    assert run(y) == 10.0


def _drawn():
    return tf.data.Dataset.range(3).make_one_shot_iterator().get_next()


def _trained():
    return tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(tf.get_variable("W", initializer=2.0)))


@pytest.mark.parametrize(
    "branch",
    [
        lambda: tf.get_variable("count", initializer=0.0).assign_add(1.0),
        lambda: tf.group(tf.get_variable("count", initializer=0.0).assign(1.0)),
        _trained,
        _drawn,
    ],
)
def test_a_branch_that_changes_something_is_refused(branch):
    """Both are computed here; TensorFlow runs only one."""
    with pytest.raises(
        tf.errors.UnimplementedError, match=r"^true_fn assigns to a variable, prints, or takes"
    ):
        cond(tf.constant(value=True), branch, lambda: 1.0)


NO, YES = (lambda: 1.0), (lambda: 2.0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: cond(np.True_, NO, YES), TypeError, r"pred must not be a Python bool: .* use `if`"),
        (lambda: cond(tf.constant(1.0), NO, YES), TypeError, "'pred' of 'Switch' Op has type float32"),
        (
            lambda: cond(tf.constant([True]), NO, YES),
            ValueError,
            "must be rank 0 but is rank 1 for 'cond/Switch'",
        ),
        (lambda: cond(tf.constant(value=True), NO), TypeError, r"cond\(\): false_fn argument required"),
        (lambda: cond(tf.constant(value=True), NO, 2.0), TypeError, "false_fn must be callable"),
        (
            lambda: cond(tf.constant(value=True), NO, YES, fn1=NO),
            ValueError,
            "Cannot specify both 'fn1' and 'true_fn'",
        ),
        (
            lambda: cond(tf.constant(value=True), lambda: None, YES),
            ValueError,
            "true_fn must have a return value",
        ),
        (
            lambda: cond(tf.constant(value=True), NO, lambda: 2),
            ValueError,
            "Outputs of true_fn and false_fn must have the same type: float32, int32",
        ),
        (
            lambda: cond(tf.constant(value=True), lambda: [1.0, 2.0], NO),
            ValueError,
            "a list of 2 and a tensor don't have the same nested structure",
        ),
        (lambda: case([]), TypeError, "at least one pair"),
        (lambda: case(NO), TypeError, "must be a list, tuple, or dict"),
        (lambda: case([tf.constant(value=True)]), TypeError, "must be a 2-tuple"),
        (lambda: case([(True, NO)]), TypeError, "pred must be Tensor of type bool: True"),
        (lambda: case([(tf.constant(value=True), 1.0)]), TypeError, "fn for pred Const:0 must be callable"),
        (lambda: case([(tf.constant(value=True), NO)], 1.0), TypeError, "default must be callable"),
    ],
)
def test_what_is_no_condition_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_old_names_of_the_functions_are_taken():
    assert run(cond(tf.constant(value=False), fn1=NO, fn2=YES)) == 2.0


def test_a_predicate_that_is_no_scalar_is_an_error_of_the_run():
    pred = tf.placeholder(tf.bool)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be a scalar, but has shape \[2\]"):
        run(cond(pred, NO, YES), {pred: [True, False]})


def test_case_takes_the_first_that_is_true():
    x = tf.placeholder(tf.float32)
    y = case([(x < 1.0, lambda: x), (x < 2.0, lambda: x * 10.0)], default=lambda: tf.constant(-1.0))
    assert y.op.name == "case/cond/Merge"
    with tf.Session() as session:
        assert [session.run(y, {x: value}) for value in (0.5, 1.5, 2.5)] == [0.5, 15.0, -1.0]


def test_case_without_default_needs_one_that_is_true():
    x = tf.placeholder(tf.float32)
    y = case({x < 1.0: NO, x < 2.0: YES})
    one = case([(x < 1.0, NO)])
    with tf.Session() as session:
        assert [session.run(y, {x: value}) for value in (0.5, 1.5)] == [1.0, 2.0]
        assert session.run(one, {x: 0.5}) == 1.0
        for fetch in (y, one):
            with pytest.raises(
                tf.errors.InvalidArgumentError, match=r"none of the predicates of tf.case is true"
            ):
                session.run(fetch, {x: 3.0})


def test_an_exclusive_case_allows_one_that_is_true():
    x = tf.placeholder(tf.float32, [])
    y = case([(x < 1.0, NO), (x < 2.0, YES)], default=lambda: 3.0, exclusive=True)
    with tf.Session() as session:
        assert [session.run(y, {x: value}) for value in (1.5, 2.5)] == [2.0, 3.0]
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"2 of the predicates of tf.case are true"):
            session.run(y, {x: 0.5})


def test_types_are_kept():
    y = cond(tf.constant(value=True), lambda: np.float64(1.5), lambda: np.float64(2.5))
    assert run([y, cond(tf.constant(value=False), lambda: 1, lambda: 2)]) == [1.5, 2]
    assert y.dtype == tf.float64
