"""Merging of what is written twice, program against program."""

from __future__ import annotations

import numpy as np
import pytest

from lrfit.graph.assignments import assign, global_variables_initializer, group
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Node, get_default_graph
from lrfit.graph.ops import exp, identity, reduce_mean, reduce_sum, reshape, sigmoid, square, transpose
from lrfit.graph.passes.common_subexpressions import merge_common_subexpressions
from lrfit.graph.passes.prune import prune
from lrfit.graph.program import Program
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def merged(fetches: list[Node], *feeds: Node) -> Program:
    return prune(merge_common_subexpressions(Program.of(fetches, feeds)))


def test_the_same_application_is_computed_once():
    x = placeholder((), name="x")
    assert str(merged([square(x) + square(x)], x)).splitlines() == [
        "x       ()  placeholder(shape=())",
        "square  ()  square(x)",
        "add     ()  add(square, square)",
        "fetch add",
    ]


def test_the_first_of_equal_nodes_is_kept():
    x = placeholder(())
    first, second = square(x), square(x)
    assert merged([second, first], x).fetches == (second, second)
    assert merged([first, second], x).fetches == (first, first)


def test_merging_goes_on_to_what_has_become_equal():
    """exp(square(x)) twice is two merges deep."""
    x = placeholder(())
    program = merged([exp(square(x)), exp(square(x))], x)
    assert [node.op.name for node in program.nodes] == ["placeholder", "square", "exp"]


def test_equal_constants_are_one():
    program = merged([constant([1.0, np.nan]), constant([1.0, np.nan])])
    assert len(program.nodes) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (0.0, -0.0),
        (1.0, [1.0]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, 2.0], [[1.0], [2.0]]),
        (1.0, np.nextafter(1.0, 2.0)),
    ],
)
def test_constants_that_differ_in_sign_of_zero_shape_or_last_bit_stay_two(a, b):
    assert len(merged([constant(a), constant(b)]).nodes) == 2


def test_the_sign_of_zero_survives():
    """1 / 0 and 1 / -0 are not the same."""
    quotients = [constant(1.0) / constant(0.0), constant(1.0) / constant(-0.0)]
    assert Session(passes=[merge_common_subexpressions]).run(quotients) == [np.inf, -np.inf]


def test_other_attributes_are_another_application():
    x = placeholder((2, 2))
    different = [
        reduce_sum(x, axis=0),
        reduce_sum(x, axis=1),
        reduce_sum(x, axis=0, keepdims=True),
        reduce_mean(x, axis=0),
        transpose(x, (0, 1)),
        transpose(x, (1, 0)),
        reshape(x, (4,)),
        reshape(x, (2, 2)),
    ]
    program = Program.of(different, [x])
    assert merge_common_subexpressions(program) == program


def test_equal_attributes_are_the_same_application():
    x = placeholder((2, 2))
    twice = [reduce_sum(x, axis=(0, 1)), transpose(x, (1, 0)), reshape(x, (4, 1))]
    again = [reduce_sum(x, axis=(0, 1)), transpose(x, (1, 0)), reshape(x, (4, 1))]
    program = merged([*twice, *again], x)
    assert program.fetches == (*twice, *twice)


def test_the_order_of_inputs_matters():
    x, y = placeholder(()), placeholder(())
    program = Program.of([x - y, y - x], [x, y])
    assert merge_common_subexpressions(program) == program


def test_other_ops_on_the_same_inputs_stay():
    x = placeholder(())
    program = Program.of([exp(x), sigmoid(x), identity(x)], [x])
    assert merge_common_subexpressions(program) == program


def test_two_placeholders_are_never_the_same():
    x, y = placeholder((), name="x"), placeholder((), name="y")
    program = Program.of([square(x), square(y)], [x, y])
    assert merge_common_subexpressions(program) == program


def test_two_fed_nodes_are_never_the_same():
    """Though they would be, if they were not fed."""
    x = placeholder(())
    a, b = square(x), square(x)
    program = Program.of([a + b], [a, b])
    assert merge_common_subexpressions(program) == program
    assert Session().run(a + b, {a: 1.0, b: 10.0}) == 11.0


def test_two_variables_are_never_the_same():
    initial = constant(1.0)
    v, w = Variable(initial), Variable(initial)
    program = Program.of([v, w])
    assert merge_common_subexpressions(program) == program


def test_two_assignments_of_the_same_value_stay():
    """They have effects on two variables."""
    v, w, one = Variable(0.0), Variable(0.0), constant(1.0)
    program = Program.of([group(assign(v, one), assign(w, one))])
    assert merge_common_subexpressions(program) == program
    assert set(program.updates) == {v, w}


def test_a_gradient_shares_what_the_value_has_computed():
    """The gradient of sigmoid is made from its value."""
    x = placeholder(())
    y, z = sigmoid(x), sigmoid(x)
    program = merged([y, *gradients(z, x)], x)
    assert [node.op.name for node in program.nodes].count("sigmoid") == 1


def test_merging_adds_no_node_to_the_graph(graph):
    x = placeholder(())
    total = square(x) + square(x)
    before = graph.nodes
    merged([total], x)
    assert graph.nodes == before


def test_reads_of_a_variable_are_the_same_before_and_after_its_assignment():
    """All reads of a run see the value from before the run, so that merging them is right."""
    v = Variable(1.0)
    fetches = [square(v), assign(v, 5.0), square(v)]
    for passes in ([], [merge_common_subexpressions]):
        session = Session(passes=passes)
        session.run(global_variables_initializer())
        assert session.run(fetches) == [1.0, 5.0, 1.0]
