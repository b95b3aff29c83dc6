"""The program: the slice that fetches need, what feeds cut off, its checks and its printing."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from lrfit.errors import FeedError, GraphError
from lrfit.graph.assignments import assign, assign_add, group
from lrfit.graph.leaves import Variable, constant, is_placeholder, placeholder
from lrfit.graph.nodes import Node, get_default_graph
from lrfit.graph.ops import exp, identity, reduce_sum, square
from lrfit.graph.program import Program


@pytest.fixture
def graph():
    return get_default_graph()


# The slice.


def test_a_program_holds_what_its_fetches_need_and_no_more():
    x, z = placeholder(()), placeholder(())
    y = square(x)
    exp(y)
    square(z)
    assert Program.of([y], [x]).nodes == (x, y)


def test_each_node_comes_once_and_behind_its_inputs():
    x = placeholder(())
    y = square(x)
    total = (y + x) * y
    program = Program.of([total, y, total], [x])
    place = {node: i for i, node in enumerate(program.nodes)}
    assert len(place) == len(program.nodes) == 4
    assert all(place[source] < place[node] for node in program.nodes for source in node.inputs)


def test_fetches_and_feeds_keep_their_order_and_repetitions():
    x, y = placeholder(()), placeholder(())
    total, difference = x + y, x - y
    program = Program.of([difference, total, difference], [y, x])
    assert program.fetches == (difference, total, difference)
    assert program.feeds == (y, x)


def test_a_feed_that_is_not_needed_stays_a_feed():
    """A step takes as many values as were declared."""
    x, y = placeholder(()), placeholder(())
    program = Program.of([square(x)], [x, y])
    assert program.feeds == (x, y)
    assert y not in program.nodes


def test_a_program_of_nothing_is_empty():
    assert Program.of([]).validate() == Program((), ())


def test_a_program_is_immutable():
    program = Program.of([constant(1.0)])
    with pytest.raises(FrozenInstanceError):
        program.nodes = ()


def test_programs_of_the_same_nodes_are_equal():
    x = placeholder(())
    y = square(x)
    assert Program.of([y], [x]) == Program.of([y], [x])
    assert Program.of([y], [x]) != Program.of([x], [x])


def test_making_a_program_adds_no_node_to_the_graph(graph):
    x = placeholder(())
    y = square(x)
    z = exp(y)
    before = graph.nodes
    Program.of([z], [y])
    assert graph.nodes == before


def test_a_deep_program_meets_no_recursion_limit():
    x = placeholder(())
    node = x
    for _ in range(5_000):
        node = identity(node)
    program = Program.of([node], [x]).validate()
    assert len(program.nodes) == 5_001
    assert len(str(program).splitlines()) == 5_002


# Feeding any node.


def test_a_placeholder_stands_in_the_place_of_a_fed_node():
    """What the node was made from is not needed any more."""
    x = placeholder((2,), name="x")
    y = square(x, name="y")
    z = exp(y, name="z")
    program = Program.of([z], [y])
    assert str(program).splitlines() == [
        "y  (2,)  placeholder(shape=(2,))",
        "z  (2,)  exp(y)",
        "fetch z",
    ]
    assert all(node.graph is None for node in program.nodes)


def test_a_fed_placeholder_is_itself():
    x = placeholder(())
    assert Program.of([square(x)], [x]).feeds == (x,)


def test_a_fetch_that_is_fed_is_its_placeholder():
    y = square(placeholder(()), name="y")
    program = Program.of([y], [y])
    assert program.nodes == program.fetches == program.feeds
    assert is_placeholder(program.fetches[0])


def test_all_consumers_of_a_fed_node_read_the_feed():
    x = placeholder(())
    y = square(x)
    program = Program.of([exp(y) + y * y], [y])
    assert x not in program.nodes
    assert y not in program.nodes
    assert len(program.validate().nodes) == 4


def test_a_fed_variable_is_not_read():
    v = Variable(1.0)
    assert Program.of([square(v)], [v]).variables == frozenset()


def test_a_fed_assignment_does_not_happen():
    v = Variable(1.0)
    update = assign(v, 2.0)
    assert Program.of([update], [update]).updates == {}


# What the program reads and changes.


def test_variables_are_those_that_are_read():
    v, w, u = Variable(1.0), Variable(2.0), Variable(3.0)
    program = Program.of([v + 1.0, assign(w, square(u))])
    assert program.variables == {v, u}


def test_updates_are_the_new_values_by_variable():
    v, w = Variable(1.0), Variable(2.0)
    update, other = assign(v, w), assign(w, v)
    assert Program.of([group(update), other]).updates == {v: update, w: other}


# Rewriting.


def test_rewriting_hands_on_to_the_rule_what_has_been_rewritten():
    x = placeholder(())
    program = Program.of([square(square(x))], [x])

    def to_exp(node: Node) -> Node:
        return Node.of(exp, node.inputs, {}, "exp") if node.op is square else node

    rewritten = program.rewritten(to_exp)
    assert [node.op.name for node in rewritten.nodes] == ["placeholder", "exp", "exp"]
    assert rewritten.fetches == (rewritten.nodes[2],)
    assert rewritten.nodes[2].inputs == (rewritten.nodes[1],)


def test_rewriting_by_a_rule_that_changes_nothing_is_the_same_program():
    x = placeholder(())
    program = Program.of([square(x) + x], [x])
    assert program.rewritten(lambda node: node) == program


def test_rewriting_keeps_what_the_rule_no_longer_needs():
    """Taking away is the work of another pass."""
    x = placeholder(())
    y = square(x)
    z = exp(y)
    program = Program.of([z], [x]).rewritten(lambda node: x if node is z else node)
    assert program.fetches == (x,)
    assert y in program.nodes


# Checking.


def test_a_sound_program_is_valid_and_returned():
    x = placeholder((None, 2))
    program = Program.of([reduce_sum(square(x))], [x])
    assert program.validate() is program


def test_a_placeholder_that_is_not_fed_is_named_with_its_shape():
    x = placeholder((None, 3), name="x")
    message = r"placeholder 'x' of shape \(None, 3\) is not fed: add it to feed_dict"
    with pytest.raises(FeedError, match=message):
        Program.of([square(x)]).validate()


def test_a_placeholder_that_nothing_needs_may_stay_without_a_feed():
    x, y = placeholder(()), placeholder(())
    x + y
    assert Program.of([square(x)], [x]).validate()


def test_a_node_before_its_inputs_is_invalid():
    x = placeholder(())
    y = square(x, name="y")
    with pytest.raises(GraphError, match="'y' comes before its inputs"):
        Program((y, x), (y,), (x,)).validate()


def test_a_node_without_its_inputs_is_invalid():
    y = square(constant(1.0), name="y")
    with pytest.raises(GraphError, match="'y' comes before its inputs"):
        Program((y,), (y,)).validate()


def test_a_node_that_comes_twice_is_invalid():
    one = constant(1.0, name="one")
    with pytest.raises(GraphError, match="'one' comes twice"):
        Program((one, one), (one,)).validate()


def test_a_shape_that_the_op_does_not_give_is_invalid():
    """So a pass cannot change a shape without being found out."""
    x = placeholder((2, 3))
    wrong = Node(square, (x,), {}, (3, 2), "wrong")
    with pytest.raises(GraphError, match=r"'wrong' has shape \(3, 2\), which square does not give"):
        Program((x, wrong), (wrong,), (x,)).validate()


def test_a_fetch_that_is_missing_is_invalid():
    one, two = constant(1.0), constant(2.0)
    with pytest.raises(GraphError, match="a fetched node is not in the program"):
        Program((one,), (two,)).validate()


def test_two_assignments_to_one_variable_are_invalid():
    v = Variable(1.0, name="v")
    with pytest.raises(GraphError, match="variable 'v' is assigned twice in one run"):
        Program.of([assign(v, 1.0), assign_add(v, 1.0)]).validate()


def test_one_assignment_fetched_twice_is_one_assignment():
    update = assign(Variable(1.0), 2.0)
    assert Program.of([update, group(update)]).validate()


# Printing.


def test_a_program_prints_one_line_a_node():
    x = placeholder((None, 2), name="x")
    v = Variable(np.ones(2), name="v")
    total = reduce_sum(x * v, axis=0, name="total")
    update = assign(v, total, name="update")
    lines = str(Program.of([update], [x])).splitlines()
    assert lines == [
        "x         (None, 2)  placeholder(shape=(None, 2))",
        "v         (2,)       variable(initial=v_initial, trainable=True)",
        "multiply  (None, 2)  multiply(x, v)",
        "total     (2,)       reduce_sum(multiply, axis=0, keepdims=False)",
        "update    (2,)       assign(total, variable=v)",
        "fetch update",
    ]


def test_a_constant_of_many_elements_takes_one_line():
    text = str(Program.of([constant(np.ones((30, 30)), name="ones")]))
    assert len(text.splitlines()) == 2


def test_an_empty_program_can_be_printed():
    assert str(Program((), ())).startswith("fetch")
