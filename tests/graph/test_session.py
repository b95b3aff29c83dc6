"""Sessions: fetches, feeds, variables from run to run, and what two sessions do not share."""

from __future__ import annotations

from collections import OrderedDict
from contextvars import Context
from typing import NamedTuple

import numpy as np
import pytest

from lrfit.errors import FeedError, GraphError, LrfitError, ShapeError
from lrfit.graph.assignments import assign, assign_add, assign_sub, global_variables_initializer, group
from lrfit.graph.autodiff import gradients
from lrfit.graph.executors.numba.loop import numba_loop
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Graph, Node, get_default_graph
from lrfit.graph.ops import exp, identity, matmul, multiply, reduce_mean, reduce_sum, square
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.graph.passes import PASSES
from lrfit.graph.program import Program, Step
from lrfit.graph.session import _MAX_SPECIALISED, Session


@pytest.fixture
def graph():
    return get_default_graph()


class Counted:
    """NumPy, and how often it was asked to make a step."""

    def __init__(self):
        self.programs: list[Program] = []

    def __call__(self, program: Program) -> Step:
        self.programs.append(program)
        return numpy_step(program)


def started(**options) -> Session:
    """A session of the default graph, its variables initialised."""
    session = Session(**options)
    session.run(global_variables_initializer())
    return session


# The examples of the course's slides.


def test_slides_constants():
    product = 10.0 * matmul([[3.0, 3.0]], [[2.0], [2.0]])
    np.testing.assert_array_equal(Session().run(product), [[120.0]])


def test_slides_placeholder():
    c, x = constant(2.0), placeholder((3,))
    y = square(multiply(c, x))
    session = Session()
    np.testing.assert_array_equal(session.run(y, feed_dict={x: [1, 2, 3]}), [4.0, 16.0, 36.0])
    np.testing.assert_array_equal(session.run(y, feed_dict={x: [0, 0, 5]}), [0.0, 0.0, 100.0])


def test_slides_feed_and_fetch():
    """Any node can be fetched, and any node can be fed."""
    a, b = constant([[1.0]], name="a"), placeholder((1,), name="b")
    d = identity(a, name="d")
    c = multiply(a, b, name="c")
    e = multiply(d, c, name="e")
    f = identity(c, name="f")
    session = Session()
    assert [v.tolist() for v in session.run([e, f], {b: [2.0]})] == [[[2.0]], [[2.0]]]
    assert [v.tolist() for v in session.run([e, f], {b: [2.0], d: [[5.0]]})] == [[[10.0]], [[2.0]]]
    assert [v.tolist() for v in session.run([d, f], {b: [2.0], d: [[5.0]]})] == [[[5.0]], [[2.0]]]


def test_slides_variable():
    """A counter."""
    state = Variable(0.0, name="counter")
    update = assign(state, state + 1.0)
    with Session() as session:
        session.run(global_variables_initializer())
        assert session.run(state) == 0.0
        for i in range(1, 4):
            session.run(update)
            assert session.run(state) == i


# Fetches.


class Point(NamedTuple):
    left: object
    right: object


def test_a_node_gives_an_array_and_a_scalar_node_a_number():
    session = Session()
    assert type(session.run(constant([1.0]))) is np.ndarray
    assert type(session.run(constant(1.0))) is np.float64
    assert type(session.run(constant(1.0) + constant(2.0))) is np.float64


def test_fetches_keep_their_structure():
    one, two = constant(1.0), constant(2.0)
    session = Session()
    assert session.run([one, two]) == [1.0, 2.0]
    assert session.run((one, two)) == (1.0, 2.0)
    assert session.run({"a": one, "b": two}) == {"a": 1.0, "b": 2.0}
    got = session.run(Point(one, two))
    assert got == Point(1.0, 2.0)
    assert type(got) is Point


def test_fetches_may_be_nested():
    one, two, three = (constant(float(i)) for i in (1, 2, 3))
    got = Session().run({"a": [one, (two, Point(three, [one]))], "b": {"c": two}, "d": []})
    assert got == {"a": [1.0, (2.0, Point(3.0, [1.0]))], "b": {"c": 2.0}, "d": []}
    assert type(got["a"][1]) is tuple
    assert type(got["a"][1][1]) is Point


def test_a_dict_keeps_the_order_and_kind_of_its_keys():
    one, two = constant(1.0), constant(2.0)
    got = Session().run(OrderedDict([(two, two), (3, one)]))
    assert list(got.items()) == [(two, 2.0), (3, 1.0)]


@pytest.mark.parametrize("empty", [[], (), {}])
def test_no_fetches_give_nothing(empty):
    assert Session().run(empty) == empty


def test_the_same_node_may_be_fetched_twice():
    one = constant([1.0])
    first, second = Session().run([one, one])
    first[0] = 5.0
    assert second.tolist() == [1.0]


def test_a_group_is_none_within_a_structure():
    one = constant(1.0)
    assert Session().run({"train": group(one), "one": one}) == {"train": None, "one": 1.0}


@pytest.mark.parametrize("fetch", ["loss", None, 1.0, np.ones(2), {"a": "loss"}, [[None]]])
def test_only_nodes_can_be_fetched(fetch):
    with pytest.raises(GraphError, match="only nodes, in lists, tuples and dicts, can be fetched"):
        Session().run(fetch)


def test_a_node_of_another_graph_cannot_be_fetched():
    with Graph().as_default():
        other = constant(1.0, name="other")
    with pytest.raises(GraphError, match="'other' cannot be fetched: it belongs to another graph"):
        Session().run([other])


# Feeds.


def test_any_node_may_be_fed():
    """A constant, a variable, an inner node, the fetch itself: what is fed replaces what would be."""
    a, v = constant(1.0), Variable(2.0)
    inner = a + v
    y = inner * 10.0
    session = started()
    assert session.run(y) == 30.0
    assert session.run(y, {a: 5.0}) == 70.0
    assert session.run(y, {v: 5.0}) == 60.0
    assert session.run(y, {inner: 5.0}) == 50.0
    assert session.run(y, {y: 5.0}) == 5.0
    assert session.run(y, {inner: 5.0, a: 7.0}) == 50.0
    assert session.run(y) == 30.0


def test_a_fed_variable_keeps_its_own_value():
    v = Variable(2.0)
    session = started()
    assert session.run(v * 1.0, {v: 5.0}) == 5.0
    assert session.run(v) == 2.0


def test_a_fed_variable_needs_no_value_of_its_own():
    v = Variable(2.0)
    session = Session()
    assert session.run(assign_add(v, 1.0), {v: 5.0}) == 6.0
    assert session.run(v) == 6.0


def test_a_fed_node_needs_no_placeholder_that_it_was_made_from():
    x = placeholder(())
    y = exp(x)
    assert Session().run(y + 1.0, {y: 2.0}) == 3.0


def test_a_fed_assignment_does_not_happen():
    v = Variable(1.0)
    update = assign(v, 2.0)
    session = started()
    assert session.run(update + 1.0, {update: 10.0}) == 11.0
    assert session.run(v) == 1.0


@pytest.mark.parametrize(
    "value", [3, True, 3.0, np.float32(3.0), np.int8(3), np.uint64(3), [3], np.array([[3]])]
)
def test_whatever_is_a_real_number_is_fed_as_float64(value):
    x = placeholder(None)
    got = Session().run(x, {x: value})
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, np.asarray(value, np.float64))


@pytest.mark.parametrize(
    ("shape", "fitting"),
    [((None, 2), [(0, 2), (1, 2), (5, 2)]), ((None, None), [(1, 1), (2, 3)]), (None, [(), (2, 3, 4)])],
)
def test_an_unknown_dimension_may_be_fed_with_any_size(shape, fitting):
    x = placeholder(shape)
    session = Session()
    for size in fitting:
        assert np.shape(session.run(x, {x: np.ones(size)})) == size


def test_a_missing_feed_is_named_with_its_shape():
    x = placeholder((None, 3), name="x")
    with pytest.raises(FeedError, match=r"placeholder 'x' of shape \(None, 3\) is not fed"):
        Session().run(square(x))
    with pytest.raises(FeedError, match="'x'"):
        Session().run(x, {})


def test_a_feed_that_the_fetches_do_not_need_is_no_error():
    x, y = placeholder(()), placeholder(())
    assert Session().run(square(x), {x: 3.0, y: 1.0}) == 9.0


@pytest.mark.parametrize("key", ["x", 1, None, (1, 2)])
def test_only_nodes_can_be_fed(key):
    x = placeholder((), name="x")
    with pytest.raises(FeedError, match="cannot be fed: feed_dict maps nodes") as caught:
        Session().run(x, {x: 1.0, key: 2.0})
    assert repr(key) in str(caught.value)


def test_a_node_of_another_graph_cannot_be_fed():
    x = placeholder(())
    with Graph().as_default():
        other = placeholder((), name="other")
    with pytest.raises(FeedError, match=r"other.* cannot be fed"):
        Session().run(x, {x: 1.0, other: 2.0})


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("1.0", "<U3"),
        (["a", "b"], "<U1"),
        (b"1", "S1"),
        (1j, "complex128"),
        (None, "object"),
        ([1.0, None], "object"),
        ({"a": 1.0}, "object"),
        (np.datetime64(0, "s"), "datetime64"),
    ],
)
def test_a_feed_that_is_no_real_number_is_named_with_its_type(value, what):
    x = placeholder(None, name="x")
    with pytest.raises(FeedError) as caught:
        Session().run(x, {x: value})
    assert "'x'" in str(caught.value)
    assert what in str(caught.value)


def test_a_node_is_no_value_to_feed():
    x = placeholder(None, name="x")
    with pytest.raises(FeedError, match="cannot feed 'x'"):
        Session().run(x, {x: constant(1.0)})


def test_a_ragged_feed_is_named():
    x = placeholder(None, name="x")
    with pytest.raises(FeedError, match="cannot feed 'x': the value is not an array of numbers"):
        Session().run(x, {x: [[1.0], [1.0, 2.0]]})


@pytest.mark.parametrize(
    ("shape", "fed"),
    [
        ((3,), (4,)),
        ((3,), ()),
        ((3,), (3, 1)),
        ((), (1,)),
        ((None, 2), (5, 3)),
        ((None, 2), (2,)),
        ((1, 2), (3, 2)),
        ((1, 1), (1,)),
    ],
)
def test_a_feed_of_a_wrong_shape_names_the_node_and_both_shapes(shape, fed):
    """Nothing is broadcast into a placeholder."""
    x = placeholder(shape, name="x")
    with pytest.raises(FeedError) as caught:
        Session().run(square(x), {x: np.ones(fed)})
    expected = f"cannot feed a value of shape {fed} to placeholder 'x' of shape {shape}: reshape the value"
    assert str(caught.value) == expected


def test_a_feed_of_a_wrong_shape_names_an_inner_node_and_its_op():
    y = square(constant([1.0, 2.0]), name="y")
    with pytest.raises(FeedError, match=r"shape \(3,\) to square 'y' of shape \(2,\)"):
        Session().run(y, {y: [1.0, 2.0, 3.0]})


def test_every_feed_is_checked_in_every_run():
    """The step is made once; a wrong feed is found the tenth time as well."""
    x = placeholder((2,), name="x")
    y = square(x)
    session = Session()
    session.run(y, {x: [1.0, 2.0]})
    for wrong in ([1.0], "a", [[1.0], [1.0, 2.0]]):
        with pytest.raises(FeedError):
            session.run(y, {x: wrong})
    np.testing.assert_array_equal(session.run(y, {x: [1.0, 2.0]}), [1.0, 4.0])


def test_the_order_of_feeds_does_not_matter():
    x, y = placeholder(()), placeholder(())
    difference = x - y
    session = Session()
    assert session.run(difference, {x: 5.0, y: 2.0}) == session.run(difference, {y: 2.0, x: 5.0}) == 3.0


def test_every_error_of_a_run_can_be_caught_as_one():
    x = placeholder((), name="x")
    for fetches, feeds in ((x, {}), (x, {x: "a"}), ("x", {}), (Variable(0.0), {})):
        with pytest.raises(LrfitError):
            Session().run(fetches, feeds)


# Variables.


def test_a_variable_without_a_value_is_named():
    v, w = Variable(1.0, name="v"), Variable(2.0, name="w")
    with pytest.raises(GraphError, match="no value yet for 'v', 'w': first run"):
        Session().run(v + w)


def test_a_variable_made_after_the_initializer_has_no_value():
    Variable(1.0)
    session = started()
    late = Variable(2.0, name="late")
    with pytest.raises(GraphError, match="no value yet for 'late'"):
        session.run(late)


def test_variables_keep_their_values_from_run_to_run():
    v = Variable(1.0)
    double = assign(v, v * 2.0)
    session = started()
    for expected in (2.0, 4.0, 8.0):
        session.run(double)
        assert session.run(v) == expected


def test_the_initializer_starts_again():
    v = Variable(1.0)
    session = started()
    session.run(assign(v, 9.0))
    session.run(global_variables_initializer())
    assert session.run(v) == 1.0


def test_sessions_do_not_share_values():
    """Neither variables nor whether they have any."""
    v = Variable(1.0)
    update = assign_add(v, 1.0)
    first, second, third = started(), started(), Session()
    first.run(update)
    first.run(update)
    second.run(update)
    assert (first.run(v), second.run(v)) == (3.0, 2.0)
    with pytest.raises(GraphError, match="no value yet"):
        third.run(v)


def test_sessions_do_not_share_arrays():
    """The initial value is copied into each."""
    v = Variable([1.0, 2.0])
    first, second = started(), started()
    first.run(v)[0] = 99.0
    first.run(assign(v, v * 10.0))
    np.testing.assert_array_equal(second.run(v), [1.0, 2.0])


def test_reads_see_the_values_from_before_the_run():
    """Wherever in the fetches they stand, and however the node was made."""
    v = Variable(1.0)
    update = assign_add(v, 1.0)
    after = v * 10.0
    session = started()
    assert session.run([v, update, after, identity(v)]) == [1.0, 2.0, 10.0, 1.0]
    assert session.run([update, after, v]) == [3.0, 20.0, 2.0]


def test_two_variables_are_swapped_in_one_run():
    """All updates are made together at the end."""
    v, w = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    swap = group(assign(v, w), assign(w, v))
    session = started()
    for _ in range(3):
        session.run(swap)
    np.testing.assert_array_equal(session.run([v, w]), [[3.0, 4.0], [1.0, 2.0]])


def test_two_assignments_to_one_variable_in_one_run_are_an_error():
    v = Variable(1.0, name="v")
    one, two = assign(v, 10.0), assign_sub(v, 1.0)
    session = started()
    with pytest.raises(GraphError, match="variable 'v' is assigned twice in one run"):
        session.run([one, two])
    with pytest.raises(GraphError, match="assigned twice"):
        session.run(group(one, assign(v, 10.0)))
    assert session.run(v) == 1.0
    session.run(one)
    session.run(two)
    assert session.run(v) == 9.0


def test_an_assignment_behind_two_fetches_happens_once():
    v = Variable(1.0)
    update = assign_add(v, 1.0)
    session = started()
    assert session.run([update, update + 10.0, group(update)]) == [2.0, 12.0, None]
    assert session.run(v) == 2.0


def test_a_run_that_fails_changes_no_variable():
    v, x = Variable(1.0), placeholder((None,))
    session = started()
    with pytest.raises(ShapeError):
        session.run([assign(v, 2.0), x + constant([1.0, 2.0])], {x: [1.0, 2.0, 3.0]})
    with pytest.raises(FeedError):
        session.run([assign(v, 2.0), x], {x: "a"})
    assert session.run(v) == 1.0


def test_what_is_not_fetched_is_not_assigned():
    v = Variable(1.0)
    assign(v, 2.0)
    assert started().run([v, v + 1.0]) == [1.0, 2.0]


# Arrays belong to the user, values to the session.


def test_changing_a_fed_array_does_not_change_the_session():
    """Neither the variable that took it over nor what was fetched of it."""
    v, x = Variable([0.0, 0.0]), placeholder((2,))
    value = np.array([1.0, 2.0])
    session = Session()
    update = assign(v, x)
    assigned, fetched = session.run([update, x], {x: value})
    value[:] = 99.0
    np.testing.assert_array_equal(session.run(v), [1.0, 2.0])
    np.testing.assert_array_equal([assigned, fetched], [[1.0, 2.0], [1.0, 2.0]])


def test_changing_a_fetched_array_does_not_change_the_session():
    """A constant, a variable, an assignment, a view: each is the user's own, and can be written to."""
    a, v = constant([[1.0, 2.0]]), Variable([[3.0, 4.0]])
    session = started()
    fetches = [a, v, assign(v, v + 0.0), identity(a), a @ [[1.0], [0.0]], reduce_mean(v), exp(a - a)]
    before = session.run(fetches)
    for array in session.run(fetches):
        if array.shape:
            array[:] = 99.0
    for got, expected in zip(session.run(fetches), before, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_changing_a_fetched_feed_does_not_change_the_array_that_was_fed():
    x = placeholder((2,))
    value = np.array([1.0, 2.0])
    session = Session()
    for fetch in (x, identity(x), x * 1.0):
        session.run(fetch, {x: value})[:] = 99.0
    assert value.tolist() == [1.0, 2.0]


def test_a_read_only_array_may_be_fed():
    x = placeholder((2,))
    value = np.array([1.0, 2.0])
    value.flags.writeable = False
    session = Session()
    got = session.run(x, {x: value})
    assert got.flags.writeable
    np.testing.assert_array_equal(session.run(square(x), {x: value}), [1.0, 4.0])


# Steps are made once, and the graph does not grow.


def test_a_step_is_made_once_for_the_same_fetches_and_feeds():
    x, v = placeholder(()), Variable(0.0)
    update = assign_add(v, x)
    executor = Counted()
    session = started(executor=executor)
    n_before = len(executor.programs)
    for i in range(10):
        session.run([v, update], feed_dict={x: float(i)})
    assert len(executor.programs) == n_before + 1
    assert session.run(v) == 45.0


def test_the_structure_of_fetches_makes_no_new_step():
    a, b = constant(1.0), constant(2.0)
    executor = Counted()
    session = Session(executor=executor)
    for fetches in ([a, b], (a, b), {"a": a, "b": b}, [[a], b]):
        session.run(fetches)
    assert len(executor.programs) == 1


def test_other_fetches_and_other_feeds_make_another_step():
    x = placeholder(())
    y = square(x)
    executor = Counted()
    session = Session(executor=executor)
    assert session.run(y, {x: 3.0}) == 9.0
    assert session.run(y + 1.0, {x: 3.0}) == 10.0
    assert session.run(y, {x: 3.0, y: 5.0}) == 5.0
    assert len(executor.programs) == 3


def test_a_run_that_could_not_be_prepared_can_be_repaired():
    """An error is not remembered."""
    x = placeholder((), name="x")
    y = square(x)
    session = Session()
    with pytest.raises(FeedError):
        session.run(y)
    assert session.run(y, {x: 3.0}) == 9.0


def test_the_executor_gets_the_program_after_the_passes():
    x = placeholder(())
    executor, plain = Counted(), Counted()
    Session(executor=executor).run(identity(x) + 0.0, {x: 1.0})
    Session(executor=plain, passes=[]).run(identity(x) + 0.0, {x: 1.0})
    assert [len(e.programs[0].nodes) for e in (executor, plain)] == [1, 4]


def test_a_session_runs_the_passes_that_it_was_given():
    x = placeholder(())
    seen = []

    def spy(program: Program) -> Program:
        seen.append(program)
        return program

    assert Session(passes=[*PASSES, spy]).run(square(x) + square(x), {x: 3.0}) == 18.0
    assert len(seen[0].nodes) == 3


def test_running_never_adds_a_node(graph):
    """A training loop with a loss, a step, gradients and feeds of inner nodes."""
    x, y = placeholder((None, 2)), placeholder((None, 1))
    W = Variable(np.zeros((2, 1)))  # noqa: N806 (the equation's letter)
    y_hat = x @ W
    loss = reduce_mean(square(y_hat - y))
    train = MomentumOptimizer(0.1, 0.9, use_nesterov=True).minimize(loss)
    slope = gradients(loss, W)
    session = started()
    before = graph.nodes
    for _ in range(5):
        session.run([loss, train, slope], {x: np.ones((3, 2)), y: np.ones((3, 1))})
        session.run(loss, {y_hat: np.ones((3, 1)), y: np.ones((3, 1))})
    assert graph.nodes == before


def test_a_finalised_graph_can_be_run(graph):
    """Nothing that a session does needs a new node."""
    x, v = placeholder(()), Variable(4.0)
    train = GradientDescentOptimizer(0.25).minimize(square(v - x))
    init = global_variables_initializer()
    graph.finalize()
    session = Session(graph)
    session.run(init)
    session.run(train, {x: 0.0})
    assert session.run(v) == 2.0
    with pytest.raises(GraphError, match="finalised"):
        v + 1.0


# The session's graph.


def test_a_session_is_of_the_default_graph(graph):
    assert Session().graph is graph


def test_a_session_of_a_graph_runs_outside_of_its_block(graph):
    with Graph().as_default():
        x = placeholder(())
        y = square(x)
    assert Session(y.graph).run(y, {x: 3.0}) == 9.0
    assert get_default_graph() is graph


def test_within_its_block_a_sessions_graph_is_the_default(graph):
    other = Graph()
    with Session(other) as session:
        assert session.graph is get_default_graph() is other
        assert session.run(constant(1.0) + constant(2.0)) == 3.0
    assert get_default_graph() is graph


def test_a_session_may_be_used_after_its_block():
    v = Variable(1.0)
    with Session() as session:
        session.run(global_variables_initializer())
    assert session.run(v) == 1.0


def test_a_session_can_be_made_before_any_graph():
    def total() -> float:
        return Session().run(constant(1.0) + constant(2.0))

    assert Context().run(total) == 3.0


def test_a_deep_graph_can_be_run():
    """5,000 ops in a row."""
    x = placeholder(())
    node = x
    for _ in range(5_000):
        node = node + x
    assert Session().run(node, {x: 1.0}) == 5_001.0


# Batches.


def training() -> tuple[Node, Node, Node, Node]:
    """Placeholders of rows, a variable, and a step of descent."""
    x, y = placeholder((None, 2), name="x"), placeholder((None, 1), name="y")
    W = Variable(np.zeros((2, 1)), name="W")  # noqa: N806 (the equation's letter)
    return x, y, W, MomentumOptimizer(0.1, 0.5).minimize(reduce_mean(square(x @ W - y)))


LOOP_EXECUTORS = {"steps": None, "none for this": lambda _: None, "numba": numba_loop}


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batches_are_a_loop_of_runs(loop_executor, batch_size):
    """In order, with a last one as long as what is left, as often as there are epochs."""
    x, y, W, train = training()  # noqa: N806
    rows = np.random.default_rng(0).normal(size=(7, 3))
    session, plain = started(loop_executor=loop_executor), started()
    assert (
        session.run_batches(train, {x: rows[:, :2], y: rows[:, 2:]}, batch_size=batch_size, n_epochs=3)
        is None
    )
    for _ in range(3):
        for start in range(0, 7, batch_size):
            batch = rows[start : start + batch_size]
            plain.run(train, {x: batch[:, :2], y: batch[:, 2:]})
    np.testing.assert_allclose(session.run(W), plain.run(W), rtol=1e-13)
    assert np.all(session.run(W) != 0.0)


def test_what_has_no_rows_is_the_same_for_each_batch():
    """A scalar, a vector that is as long as the rows, and an inner node."""
    x, scale, shift, v = placeholder((None,)), placeholder(()), placeholder((4,)), Variable(0.0)
    inner = identity(v)
    update = assign(v, inner + reduce_sum(x) * scale + reduce_sum(shift))
    feeds = {scale: 10.0, x: [1, 2, 3, 4], shift: [1.0] * 4, inner: 0.5}
    for loop_executor in (None, numba_loop):
        session = started(loop_executor=loop_executor)
        session.run_batches(update, feeds, batch_size=3)
        assert session.run(v) == 44.5


def test_rows_may_be_fed_to_an_inner_node():
    x, v = placeholder((None,)), Variable(0.0)
    squares = square(x)
    session = started()
    session.run_batches(assign_add(v, reduce_sum(squares)), {squares: [1.0, 2.0, 3.0]}, batch_size=2)
    assert session.run(v) == 6.0


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
def test_batches_and_runs_take_turns(loop_executor):
    x, v = placeholder((None,)), Variable(1.0)
    update = assign(v, v * 2.0 + reduce_sum(x))
    session = started(loop_executor=loop_executor)
    session.run_batches(update, {x: [1.0, 2.0]}, batch_size=1)
    session.run(update, {x: [5.0]})
    session.run_batches(update, {x: [1.0]}, batch_size=1)
    assert session.run(v) == 43.0


def test_rows_of_unequal_number_are_named():
    x, y, _, train = training()
    message = "need equally many rows, not {'x': 3, 'y': 2}"
    with pytest.raises(FeedError, match=message):
        started().run_batches(train, {x: np.ones((3, 2)), y: np.ones((2, 1))}, batch_size=2)


def test_batches_need_a_feed_with_rows():
    x, v = placeholder((3,)), Variable(0.0)
    with pytest.raises(FeedError, match="no feed is made of rows"):
        started().run_batches(assign_add(v, reduce_sum(x)), {x: np.ones(3)}, batch_size=2)


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
def test_without_rows_and_without_epochs_nothing_is_run(loop_executor):
    """A variable that would be assigned has still no value."""
    x, v = placeholder((None,)), Variable(0.0, name="v")
    session = Session(loop_executor=loop_executor)
    session.run_batches(assign(v, reduce_sum(x)), {x: []}, batch_size=2)
    session.run_batches(assign(v, reduce_sum(x)), {x: [1.0]}, batch_size=2, n_epochs=0)
    with pytest.raises(GraphError, match="no value yet for 'v'"):
        session.run(v)


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
def test_a_batch_of_uninitialised_variables_is_an_error_that_names_them(loop_executor):
    x, y, _, train = training()
    session = Session(loop_executor=loop_executor)
    with pytest.raises(GraphError, match="no value yet for 'W', 'W_momentum': first run"):
        session.run_batches(train, {x: np.ones((3, 2)), y: np.ones((3, 1))}, batch_size=2)


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
def test_the_feeds_of_batches_are_checked_as_those_of_runs(loop_executor):
    x, y, W, train = training()  # noqa: N806
    session = started(loop_executor=loop_executor)
    good = {x: np.ones((3, 2)), y: np.ones((3, 1))}
    for wrong in ({x: good[x]}, good | {y: "a"}, good | {x: np.ones((3, 5))}, good | {"x": 1.0}):
        with pytest.raises(FeedError):
            session.run_batches(train, wrong, batch_size=2)
    with pytest.raises(GraphError, match="only nodes"):
        session.run_batches("train", good, batch_size=2)
    np.testing.assert_array_equal(session.run(W), np.zeros((2, 1)))


@pytest.mark.parametrize("loop_executor", LOOP_EXECUTORS.values(), ids=LOOP_EXECUTORS)
@pytest.mark.parametrize("is_needed", [True, False])
def test_shapes_of_batches_that_only_the_run_knows_are_named_when_they_do_not_fit(loop_executor, is_needed):
    """Also where the update does not need what does not fit, but was asked for beside it."""
    x, v = placeholder((None,)), Variable(0.0)
    a, b = placeholder((3, None)), placeholder((3, None))
    misfit = multiply(a, b, name="misfit")
    update = assign_add(v, reduce_sum(x) + reduce_sum(misfit) if is_needed else reduce_sum(x))
    session = started(loop_executor=loop_executor)
    for _ in range(2):
        with pytest.raises(ShapeError, match=r"'misfit' .* of shape \(3, 4\) and \(3, 5\)"):
            session.run_batches(
                [update, misfit], {x: np.ones(4), a: np.ones((3, 4)), b: np.ones((3, 5))}, batch_size=2
            )
    assert session.run(v) == 0.0
    session.run_batches(
        [update, misfit], {x: np.ones(4), a: np.ones((3, 4)), b: np.ones((3, 4))}, batch_size=4
    )
    assert session.run(v) == (16.0 if is_needed else 4.0)


def test_a_loop_executor_is_not_asked_for_shapes_that_do_not_fit():
    """What it made of the shapes that are known could run, and be wrong."""
    x, a, v = placeholder((None,)), placeholder((3, None)), Variable(0.0)
    update = group(assign_add(v, reduce_sum(x)), multiply(a, np.ones((3, 5)), name="misfit"))
    session = started(loop_executor=lambda _: lambda *_: None)
    with pytest.raises(ShapeError, match="'misfit'"):
        session.run_batches(update, {x: np.ones(4), a: np.ones((3, 4))}, batch_size=2)


def test_a_loop_is_made_once_for_any_number_of_rows():
    x, y, _, train = training()
    programs = []

    def counted(program: Program) -> None:
        programs.append(program)

    session = started(loop_executor=counted)
    for n_rows in (1, 5, 9):
        session.run_batches(train, {x: np.ones((n_rows, 2)), y: np.ones((n_rows, 1))}, batch_size=n_rows)
    assert len(programs) == 1
    assert [node.shape for node in programs[0].feeds] == [(None, 2), (None, 1)]


def test_steps_are_specialised_on_shapes_until_there_are_many():
    """A session that sees many shapes makes one more step, for any; values are the same."""
    x, v = placeholder((None, 2)), Variable(0.0)
    update = assign_add(v, reduce_mean(square(x)))
    executor = Counted()
    session = started(executor=executor)
    n_shapes = _MAX_SPECIALISED + 20
    for n_rows in range(1, n_shapes + 1):
        assert session.run([v, update], {x: np.full((n_rows, 2), 2.0)}) == [4.0 * (n_rows - 1), 4.0 * n_rows]
    assert len(executor.programs) == _MAX_SPECIALISED + 1
    shapes = [node.shape for program in executor.programs for node in program.feeds]
    assert shapes[-1] == (None, 2)
    assert shapes[0] == (1, 2)


def test_batches_of_many_shapes_still_work():
    x, v = placeholder((None,)), Variable(0.0)
    update = assign_add(v, reduce_sum(x))
    session = started()
    for size in range(1, _MAX_SPECIALISED + 5):
        session.run_batches(update, {x: np.ones(size)}, batch_size=size)
    assert session.run(v) == sum(range(1, _MAX_SPECIALISED + 5))


def test_what_has_no_value_cannot_be_fed():
    nothing = group(name="all")
    with pytest.raises(FeedError, match="cannot be fed: it has no value"), Session() as session:
        session.run(constant(1.0), {nothing: 1.0})


def test_a_session_that_is_closed_runs_nothing():
    x = placeholder((), name="x")
    session = Session()
    assert session.run(x, {x: 120.0}) == 120.0
    session.close()
    session.close()
    with pytest.raises(GraphError, match="the session is closed"):
        session.run(x, {x: 120.0})
