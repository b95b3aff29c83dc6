"""Sessions: what is fetched and fed, when variables are read, errors in the words that people search for."""

from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import pytest

import lrfit.tf1 as tf


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.fixture
def x():
    return tf.placeholder(tf.float32, [None], name="x")


def value_of(fetches, feed_dict=None):
    with tf.Session() as session:
        return session.run(fetches, feed_dict)


def test_results_have_the_structure_of_the_fetches():
    a, b = tf.constant(1.0), tf.constant([2, 3])
    found = value_of({"a": a, "nested": [(a, b), Pair(b, a)], "name": "Const:0", "op": "Const_1"})
    assert found["a"] == found["name"] == 1.0
    assert found["op"] is None
    (pair, named) = found["nested"]
    assert (pair[0], pair[1].tolist(), type(named), named.second) == (1.0, [2, 3], Pair, 1.0)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1.5, np.float32),
        (2, np.int32),
        (True, np.bool_),
        (np.float64(1.5), np.float64),
        (np.arange(3), np.int64),
    ],
)
def test_values_have_the_types_of_their_tensors(value, dtype):
    found = value_of(tf.constant(value))
    assert found.dtype == dtype
    assert np.all(found == value)


def test_a_text_is_a_value_of_bytes():
    assert value_of(tf.constant("Hello")) == b"Hello"


def test_a_computed_tensor_has_the_value_before_the_run_and_a_variable_the_one_behind_it():
    W = tf.Variable(5.0)
    update = W.assign(W * 2)
    with tf.Session() as session:
        session.run(W.initializer)
        assert session.run([W, W + 0, update, W]) == [10.0, 5.0, 10.0, 10.0]
        assert session.run([W, W.value()]) == [10.0, 10.0]


def test_an_operation_that_waits_for_an_assignment_sees_what_it_assigned():
    W = tf.Variable(5.0)
    with tf.control_dependencies([W.assign_add(1.0)]):
        after = tf.identity(W)
        tenfold = W * 10
    with tf.Session() as session:
        session.run(W.initializer)
        assert session.run(after) == 6.0
        assert session.run([tenfold, W]) == [70.0, 7.0]


def test_a_group_runs_all_that_is_in_it():
    a, b = tf.Variable(1), tf.Variable(2)
    both = tf.group(a.assign(10), b.assign_add(5))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(both) is None
        assert session.run([a, b]) == [10, 7]


def test_any_tensor_can_be_fed_also_by_name(x):
    y = x * 2
    z = tf.reduce_sum(y, name="z")
    assert value_of(z, {"x:0": [1, 2]}) == 6.0
    assert value_of(z, {y: [10.0]}) == 10.0
    W = tf.Variable(3.0)
    assert value_of(W * 2, {W: 4.0}) == 8.0


def test_a_session_is_the_default_one_within_its_block_and_closed_behind_it():
    a = tf.constant(3)
    with tf.Session() as session:
        assert tf.get_default_session() is session
        assert (a.eval(), tf.identity(a).eval()) == (3, 3)
    assert tf.get_default_session() is None
    with pytest.raises(RuntimeError, match=r"^Attempted to use a closed Session"):
        session.run(a)
    message = r"^Cannot evaluate tensor using `eval\(\)`: No default session"
    with pytest.raises(ValueError, match=message):
        a.eval()


def test_as_default_does_not_close_the_session():
    session = tf.Session()
    with session.as_default():
        assert tf.constant(1).eval() == 1
    assert session.run(tf.constant(2)) == 2


def test_an_interactive_session_is_the_default_one_at_once():
    session = tf.InteractiveSession()
    W = tf.Variable([1.0, 2.0])
    W.initializer.run()
    assert W.eval().tolist() == [1.0, 2.0]
    session.close()
    assert tf.get_default_session() is None


def test_results_belong_to_the_caller():
    W = tf.Variable([1.0, 2.0])
    with tf.Session() as session:
        session.run(W.initializer)
        session.run(W)[0] = 9.0
        assert session.run(W).tolist() == [1.0, 2.0]


def test_a_run_may_be_repeated_with_other_shapes(x):
    total, session = tf.reduce_sum(x), tf.Session()
    assert [session.run(total, {x: np.ones(n)}) for n in (1, 5, 0, 5)] == [1.0, 5.0, 0.0, 5.0]


def test_a_whole_run_is_float64_if_its_leaves_are():
    x = tf.placeholder(tf.float64, [2])
    W = tf.Variable(0.1, dtype=tf.float64)
    loss = tf.reduce_sum(tf.square(W * x))
    (slope,) = tf.gradients(loss, [W])
    with tf.Session() as session:
        session.run(W.initializer)
        found = session.run([loss, slope], {x: [0.1, 0.3]})
    assert found == pytest.approx([0.1**2 * 0.1, 2 * 0.1 * 0.1], rel=1e-15)
    assert {value.dtype for value in found} == {np.dtype(np.float64)}


def test_a_placeholder_that_is_not_fed(x):
    message = r"^You must feed a value for placeholder tensor 'x' with dtype float and shape \[\?\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        value_of(x + 1)


def test_a_variable_without_a_value():
    W = tf.Variable(1.0, name="W")
    message = r"^Attempting to use uninitialized value W: first run"
    for fetch in (W, W * 2):
        with pytest.raises(tf.errors.FailedPreconditionError, match=message):
            value_of(fetch)


def test_a_value_of_another_shape():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    message = r"^Cannot feed value of shape \(2,\) for Tensor 'x:0', which has shape '\(\?, 3\)': reshape"
    with pytest.raises(ValueError, match=message):
        value_of(x, {x: [1.0, 2.0]})


def test_sizes_that_turn_out_not_to_fit():
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"^Incompatible shapes: \[2\] vs. \[3\]: 'add' "
    ):
        value_of(a + b, {a: [1, 2], b: [1, 2, 3]})


@pytest.mark.parametrize(
    ("fetch", "error", "message"),
    [
        (None, TypeError, "^Fetch argument None has invalid type <class 'NoneType'>"),
        ("y:0", ValueError, "^Fetch argument 'y:0' cannot be interpreted as a Tensor"),
        (3.0, TypeError, "^Fetch argument 3.0 has invalid type <class 'float'>"),
    ],
)
def test_what_cannot_be_fetched(fetch, error, message):
    with pytest.raises(error, match=message):
        value_of(fetch)


def test_what_cannot_be_fed(x):
    with pytest.raises(TypeError, match=r"^Cannot interpret feed_dict key as Tensor"):
        value_of(x, {"nothing:0": [1]})
    with pytest.raises(TypeError, match=r"^The value of a feed cannot be a tf.Tensor object"):
        value_of(x, {x: tf.constant([1.0])})
    with pytest.raises(
        ValueError, match=r"^could not convert string to float: 'a': a list was fed to 'x:0'$"
    ):
        value_of(x, {x: ["a"]})
    with tf.Graph().as_default():
        other = tf.placeholder(tf.float32)
    with pytest.raises(TypeError, match="another graph"):
        value_of(x, {x: [1.0], other: 1.0})


def test_two_assignments_to_one_variable_in_one_run_are_refused():
    W = tf.Variable(1.0)
    with tf.Session() as session:
        session.run(W.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="assigned twice in one run"):
            session.run([W.assign(2.0), W.assign(3.0)])


def test_options_of_a_session_are_accepted():
    config = tf.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    with tf.Session(config=config) as session:
        assert session.run(tf.constant(1)) == 1


def test_random_ops_draw_anew_in_each_run_and_alike_in_each_session():
    drawn = tf.random_uniform([2], seed=1)
    first, second = tf.Session(), tf.Session()
    runs = [[session.run(drawn).tolist() for _ in range(3)] for session in (first, second)]
    assert runs[0] == runs[1]
    assert len({tuple(run) for run in runs[0]}) == 3


def test_what_a_session_is_given_is_checked():
    with pytest.raises(TypeError, match=r"^graph must be a tf.Graph, but got"):
        tf.Session(graph=3)
    with pytest.raises(AttributeError):
        tf.ConfigProto().__wrapped__  # noqa: B018 (as those who look into objects ask)
    assert tf.RunOptions.FULL_TRACE == 3


def test_keys_of_feeds_that_are_no_tensors(x):
    with pytest.raises(TypeError, match=r"^Cannot interpret feed_dict key as Tensor: 3 is not one"):
        value_of(x, {3: [1.0]})
    with pytest.raises(TypeError, match=r"^Fetch argument \{1, 2\} has invalid type <class 'set'>"):
        value_of([x, {1, 2}], {x: [1.0]})


def test_a_value_that_is_loaded_has_the_shape_of_its_variable():
    W = tf.Variable([1.0, 2.0])
    with tf.Session() as session, pytest.raises(ValueError, match=r"^Cannot load value of shape \(3,\)"):
        W.load([1.0, 2.0, 3.0])
    assert session.list_devices() == ["/job:localhost/replica:0/task:0/device:CPU:0"]
    with pytest.raises(NotImplementedError, match=r"partial runs"):
        session.partial_run_setup([W])


def test_an_interactive_session_that_is_no_longer_the_default_one_can_be_closed():
    session = tf.InteractiveSession()
    session.close()
    session.close()
    assert tf.get_default_session() is None


def test_a_denormal_number_is_0_as_in_tensorflow():
    """So a rate that is too large gives inf, which a lesson shows."""
    p = tf.nn.softmax([[-95.0, 0.0, 0.0]])
    probability, entropy = value_of([p, -tf.log(p)])
    assert probability[0, 0] == 0.0
    assert np.isinf(entropy[0, 0])
    assert value_of(tf.exp(tf.constant(-95.0, tf.float64))) > 0.0


def test_each_thread_has_a_default_session_of_its_own():
    found = []
    with tf.Session():
        thread = Thread(target=lambda: found.append(tf.get_default_session()))
        thread.start()
        thread.join()
    assert found == [None]
