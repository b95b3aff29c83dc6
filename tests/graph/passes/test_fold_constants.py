"""Folding of constants, program against program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lrfit.graph.assignments import assign, global_variables_initializer, group
from lrfit.graph.leaves import Variable, constant, is_constant, placeholder
from lrfit.graph.nodes import Node, get_default_graph
from lrfit.graph.ops import exp, log, ones_like, reduce_sum, square, transpose
from lrfit.graph.passes.fold_constants import fold_constants
from lrfit.graph.passes.prune import prune
from lrfit.graph.program import Program
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def folded(node: Node, *feeds: Node) -> Program:
    """The program of one fetch, folded and pruned."""
    return prune(fold_constants(Program.of([node], feeds)))


def test_an_op_on_constants_becomes_a_constant_of_its_name():
    total = constant(1.0) + constant(2.0)
    assert str(folded(total)) == "add  ()  constant(value=array(3.))\nfetch add"


def test_a_chain_of_ops_on_constants_becomes_one_constant():
    y = reduce_sum(square(exp(constant([0.0, 0.0]))), name="y")
    assert str(folded(y)) == "y  ()  constant(value=array(2.))\nfetch y"


def test_only_the_constant_part_of_an_expression_is_folded():
    x = placeholder((2,), name="x")
    y = x * (constant(2.0) + constant(3.0))
    assert str(folded(y, x)).splitlines() == [
        "x         (2,)  placeholder(shape=(2,))",
        "add       ()    constant(value=array(5.))",
        "multiply  (2,)  multiply(x, add)",
        "fetch multiply",
    ]


def test_what_depends_on_a_placeholder_stays():
    x = placeholder(())
    program = Program.of([square(x), ones_like(x)], [x])
    assert fold_constants(program) == program


def test_what_depends_on_a_variable_stays():
    """Its value changes from run to run, whatever its initial value is."""
    program = Program.of([square(Variable(2.0))])
    assert fold_constants(program) == program


def test_an_assignment_of_a_constant_stays():
    """It has an effect."""
    program = Program.of([assign(Variable(1.0), 2.0)])
    assert fold_constants(program) == program


def test_a_group_of_constants_stays():
    """It has no value."""
    program = Program.of([group(constant(1.0), constant(2.0))])
    assert fold_constants(program) == program


def test_an_assigned_expression_of_constants_is_folded():
    v = Variable(1.0)
    program = folded(assign(v, constant(2.0) * constant(3.0)))
    assert [node.op.name for node in program.nodes] == ["constant", "assign"]
    assert program.nodes[0].attrs["value"] == 6.0
    assert set(program.updates) == {v}


def test_a_fed_constant_is_not_folded():
    a = constant(1.0, name="a")
    b = a + constant(2.0)
    assert [node.op.name for node in folded(b, a).nodes] == ["placeholder", "constant", "add"]
    assert Session().run(b, {a: 10.0}) == 12.0


def test_the_shape_of_a_folded_node_stays():
    node = transpose(constant(np.ones((2, 3)))) * constant([[1.0, 2.0]])
    program = folded(node)
    assert is_constant(program.fetches[0])
    assert program.validate().fetches[0].shape == node.shape == (3, 2)


@pytest.mark.parametrize(
    ("build", "value"),
    [
        (lambda: constant(1.0) / constant(0.0), np.inf),
        (lambda: log(constant(-1.0)), np.nan),
        (lambda: exp(constant(1000.0)), np.inf),
    ],
)
def test_folding_is_silent_and_keeps_what_is_not_finite(build, value):
    program = folded(build())
    np.testing.assert_array_equal(program.fetches[0].attrs["value"], value)


def test_a_folded_value_cannot_be_changed_through_what_was_fetched():
    total = constant([1.0, 2.0]) + constant([3.0, 4.0])
    session = Session()
    session.run(total)[:] = 99.0
    np.testing.assert_array_equal(session.run(total), [4.0, 6.0])


def test_a_program_without_constants_stays_as_it_is():
    x, y = placeholder(()), placeholder(())
    program = Program.of([x * y + x], [x, y])
    assert fold_constants(program) == program


def test_folding_adds_no_node_to_the_graph(graph):
    total = constant(1.0) + constant(2.0)
    before = graph.nodes
    folded(total)
    assert graph.nodes == before


def test_initial_values_made_of_constants_are_the_same_with_and_without_folding():
    v = Variable(reduce_sum(exp(constant([0.1, 0.2, 0.3]))) / 7.0)

    def initial(*passes: Any) -> Any:
        session = Session(passes=passes)
        session.run(global_variables_initializer())
        return session.run(v)

    assert initial(fold_constants) == initial()
