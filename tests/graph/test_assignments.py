"""Nodes with an effect: assignments, groups and initializers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import assign, assign_add, assign_sub, global_variables_initializer, group
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Graph, Node
from lrfit.graph.ops import identity, square
from lrfit.graph.optimizers import GradientDescentOptimizer
from lrfit.graph.session import Session


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


def test_assign_has_the_value_that_it_assigns():
    v = Variable(1.0)
    session = Session()
    session.run(global_variables_initializer())
    assert session.run([v, assign(v, 2.0)]) == [1.0, 2.0]
    assert session.run([v, assign_add(v, 3.0)]) == [2.0, 5.0]
    assert session.run([v, assign_sub(v, 1.0)]) == [5.0, 4.0]
    assert session.run(v) == 4.0


@pytest.mark.parametrize("target", [1.0, "v", None])
def test_only_a_variable_can_be_assigned_to(target):
    with pytest.raises(GraphError, match="only a Variable can be assigned to"):
        assign(target, 2.0)


def test_assigning_to_a_constant_names_it():
    with pytest.raises(GraphError, match="not constant 'pi'"):
        assign(constant(3.14, name="pi"), 3.0)


@pytest.mark.parametrize("fed", [[1.0, 2.0, 3.0], [1.0], 1.0, [[1.0, 2.0]]])
def test_an_assigned_value_whose_shape_only_the_run_knows_must_fit(fed):
    """The shape of a variable is a promise to the nodes that were built on it."""
    v, x = Variable([5.0, 6.0], name="v"), placeholder(None)
    update = assign(v, x)
    session = Session()
    session.run(global_variables_initializer())
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        session.run(update, {x: fed})
    np.testing.assert_array_equal(session.run(v), [5.0, 6.0])


def test_a_variable_does_not_grow_by_broadcasting():
    v, x = Variable([5.0], name="v"), placeholder((None,))
    update = assign_sub(v, x)
    session = Session()
    session.run(global_variables_initializer())
    with pytest.raises(ShapeError, match=r"\(1,\)"):
        session.run(update, {x: [1.0, 2.0, 3.0]})


def test_a_group_runs_all_of_its_nodes_and_has_no_value():
    v, w = Variable(1.0), Variable(2.0)
    session = Session()
    assert session.run(group(assign(v, 10.0), assign(w, 20.0))) is None
    assert session.run([v, w]) == [10.0, 20.0]


def test_an_empty_group_does_nothing():
    assert run(group()) is None


def test_the_initializer_gives_each_variable_its_value_at_once():
    variables = [Variable(float(i)) for i in range(3)]
    session = Session()
    session.run(global_variables_initializer())
    assert session.run(variables) == [0.0, 1.0, 2.0]


def test_there_is_no_gradient_through_an_assignment():
    v, x = Variable(1.0), placeholder(())
    assert gradients(assign(v, square(x)), x) == [None]


def test_an_assignment_can_be_an_input():
    v = Variable(1.0)
    assert run(identity(assign(v, 3.0)) + 1.0) == 4.0


def test_a_graph_with_an_effect_trains_by_the_ops_alone():
    """All of the above together: one step of descent on a square."""
    v = Variable(3.0)
    step = GradientDescentOptimizer(0.25).minimize(square(v))
    session = Session()
    session.run(global_variables_initializer())
    session.run(step)
    assert session.run(v) == 1.5


def test_a_variable_cannot_be_assigned_a_node_of_another_graph():
    v = Variable(0.0)
    with Graph().as_default():
        value = constant(1.0, name="value")
    with pytest.raises(GraphError, match="value belongs to another graph"):
        assign(v, value)
