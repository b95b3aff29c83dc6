"""Variables: how they start, who shares them, and what changes them."""

import numpy as np
import pytest

import lrfit.tf1 as tf


def values(*fetches):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(list(fetches))


def test_a_variable_starts_from_a_number_an_array_a_tensor_or_a_function():
    found = values(
        tf.Variable(1.5),
        tf.Variable(np.arange(2, dtype=np.float32)),
        tf.Variable(tf.zeros([2])),
        tf.Variable(lambda: 7),
    )
    assert [np.asarray(value).tolist() for value in found] == [1.5, [0.0, 1.0], [0.0, 0.0], 7]


def test_a_variable_may_start_from_others():
    """Those of one run of the initializer agree, random ones too."""
    a = tf.Variable(tf.random_normal([3]), name="a")
    b = tf.Variable(a.initialized_value() * 2)
    c = tf.Variable(b + 1)
    a_start, b_start, c_start = values(a, b, c)
    np.testing.assert_array_equal(b_start, a_start * 2)
    np.testing.assert_array_equal(c_start, b_start + 1)


def test_an_initializer_covers_the_variables_that_there_are():
    early = tf.Variable(1.0, name="early")
    init = tf.global_variables_initializer()
    late = tf.Variable(2.0, name="late")
    with tf.Session() as session:
        session.run(init)
        assert session.run(early) == 1.0
        with pytest.raises(tf.errors.FailedPreconditionError, match=r"uninitialized value late"):
            session.run(late)
        session.run(tf.variables_initializer([late]))
        assert session.run(late) == 2.0


def test_old_names_of_initializers_do_the_same():
    assert tf.initialize_all_variables is tf.global_variables_initializer
    assert tf.all_variables is tf.global_variables


def test_assignments():
    W = tf.Variable([1.0, 2.0])
    with tf.Session() as session:
        session.run(W.initializer)
        assert session.run(tf.assign(W, [3.0, 4.0])).tolist() == [3.0, 4.0]
        assert session.run(W.assign_sub([1.0, 1.0])).tolist() == [2.0, 3.0]
        assert session.run(tf.assign_add(W, [1.0, 1.0])).tolist() == [3.0, 4.0]
        W.load([9.0, 9.0], session)
        assert session.run(W).tolist() == [9.0, 9.0]
    with pytest.raises(ValueError, match=r"shape"):
        tf.assign(W, [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"only a tf.Variable can be assigned to"):
        tf.assign(tf.constant(1.0), 2.0)


def test_a_variable_counts_as_its_value_in_expressions():
    W = tf.Variable([[1.0, 2.0]], name="W")
    found = values(W + 1, 2 * W, W[0], W[0, 1], -W, W @ tf.ones([2, 1]), W > 1, tf.reduce_sum(W))
    assert [np.asarray(value).tolist() for value in found] == [
        [[2.0, 3.0]], [[2.0, 4.0]], [1.0, 2.0], 2.0, [[-1.0, -2.0]], [[3.0]], [[False, True]], 3.0,
    ]  # fmt: skip
    assert (W.name, W.op.name, W.dtype, W.get_shape().as_list()) == ("W:0", "W", tf.float32, [1, 2])


def test_get_variable_makes_a_variable_or_takes_it():
    with tf.variable_scope("layer"):
        W = tf.get_variable("W", [2, 3])
        b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
        with pytest.raises(ValueError, match=r"^Variable layer/W already exists, disallowed"):
            tf.get_variable("W", [2, 3])
    with tf.variable_scope("layer", reuse=True):
        assert tf.get_variable("W", [2, 3]) is W
        with pytest.raises(ValueError, match=r"^Variable layer/c does not exist"):
            tf.get_variable("c", [3])
    with tf.variable_scope("layer", reuse=tf.AUTO_REUSE) as scope:
        assert tf.get_variable("b", [3]) is b
        assert tf.get_variable("d", [1]).name == "layer/d:0"
    with tf.variable_scope(scope):
        tf.get_variable_scope().reuse_variables()
        assert tf.get_variable("W") is W
    assert (W.name, b.name) == ("layer/W:0", "layer/b:0")
    start_W, start_b = values(W, b)
    assert np.all(np.abs(start_W) <= np.sqrt(6 / 5))  # Glorot and Bengio
    assert np.ptp(start_W) > 0
    assert start_b.tolist() == [0.0, 0.0, 0.0]


def test_get_variable_takes_a_value_and_a_regularizer():
    W = tf.get_variable("W", initializer=tf.constant([1.0, 2.0]), regularizer=tf.nn.l2_loss)
    (penalty,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert np.asarray(values(W)[0]).tolist() == [1.0, 2.0]
    assert values(penalty) == [2.5]
    tf.get_variable("V", [2], regularizer=lambda _: None)
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == [penalty]


def test_a_variable_needs_a_value():
    with pytest.raises(ValueError, match=r"^initial_value must be specified"):
        tf.Variable()


def test_reading_a_variable_behind_an_assignment():
    W = tf.Variable(1.0)
    with tf.control_dependencies([W.assign(5.0)]):
        after = W.read_value()
    with tf.Session() as session:
        session.run(W.initializer)
        assert session.run(after) == 5.0
        assert session.run(W.read_value() + 1) == 6.0


def test_a_tuple_runs_all_of_its_tensors():
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    first, _ = tf.tuple([a.assign_add(1.0), b.assign_add(1.0)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(first) == 2.0
        assert session.run([a, b]) == [2.0, 3.0]


def test_local_variables_have_an_initializer_of_their_own():
    local = tf.Variable(3.0, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    assert (tf.local_variables(), tf.global_variables()) == ([local], [])
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        assert session.run(local) == 3.0


def test_a_variable_is_taken_with_its_shape_and_type():
    tf.get_variable("W", [2])
    with tf.variable_scope("", reuse=True) as scope:
        assert scope.original_name_scope == ""
        with pytest.raises(ValueError, match=r"shape \(3,\) and found shape \(2,\)"):
            tf.get_variable("W", [3])
        with pytest.raises(ValueError, match=r"dtype float64 and found dtype float32"):
            tf.get_variable("W", [2], tf.float64)
    with tf.variable_scope("layer") as scope:
        assert scope.original_name_scope == "layer/"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"shape": [2], "initializer": 1.0},
            "^If initializer is a constant, do not specify shape",
        ),
        ({}, r"^Shape of a new variable \(W\) must be fully defined, but instead was <unknown>"),
        ({"shape": [None]}, r"^Shape of a new variable \(W\) must be fully defined, but instead was \(\?,\)"),
    ],
)
def test_a_new_variable_needs_a_shape(options, message):
    with pytest.raises(ValueError, match=message):
        tf.get_variable("W", **options)


def test_an_initializer_may_be_any_function_of_a_shape():
    def halves(shape, dtype, partition_info):
        return tf.cast(tf.fill(shape, 0.5), dtype) if partition_info is None else None

    W = tf.get_variable("W", [2], initializer=halves)
    V = tf.get_variable("V", [2], initializer=tf.ones_initializer)
    assert [value.tolist() for value in values(W, V)] == [[0.5, 0.5], [1.0, 1.0]]


def test_a_variable_of_unknown_shape_is_refused():
    with pytest.raises(ValueError, match=r"^initial_value must have a shape specified"):
        tf.Variable(tf.placeholder(tf.float32))


def test_a_scope_hands_its_type_and_regularizer_to_its_variables():
    with tf.variable_scope("a", regularizer=tf.nn.l2_loss, dtype=tf.float64), tf.variable_scope("b"):
        W = tf.get_variable("W", [2], initializer=tf.ones_initializer())
    (penalty,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert (W.dtype, values(penalty)) == (tf.float64, [1.0])


@pytest.mark.parametrize("call", [tf.Variable, lambda _, **more: tf.get_variable("W", [1], **more)])
def test_options_that_would_change_numbers_are_refused_and_others_passed_over(call):
    call(1.0, use_resource=True, constraint=None)
    tf.reset_default_graph()
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument 'trianable'$"):
        call(1.0, trianable=False)
    with pytest.raises(
        tf.errors.UnimplementedError, match=r"constraint=…\) is not in lrfit.tf1: leave it out"
    ):
        call(1.0, constraint=abs)
