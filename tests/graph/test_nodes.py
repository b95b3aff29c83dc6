"""The graph: nodes, their names and shapes, the infix operators, the default graph, finalising."""

from __future__ import annotations

from contextvars import Context
from dataclasses import FrozenInstanceError
from operator import add, ge, gt, le, lt, matmul, mul, pow, sub, truediv  # noqa: A004 (the operator)

import numpy as np
import pytest

import lrfit
from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import group
from lrfit.graph.leaves import constant, placeholder
from lrfit.graph.nodes import OPS, Graph, Node, Op, get_default_graph, reset_default_graph
from lrfit.graph.ops import multiply, square
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


# Nodes.


def test_a_node_is_immutable():
    node = constant(1.0)
    with pytest.raises(FrozenInstanceError):
        node.name = "other"


def test_a_node_holds_no_value_after_a_run():
    """No attribute of a node changes when a session runs it."""
    x = placeholder((), name="x")
    y = square(x)
    before = (y.op, y.inputs, dict(y.attrs), y.shape, y.name, y.graph)
    Session().run(y, {x: 3.0})
    assert (y.op, y.inputs, dict(y.attrs), y.shape, y.name, y.graph) == before
    assert not hasattr(y, "__dict__")


def test_nodes_are_compared_by_identity():
    a, b = constant(1.0), constant(1.0)
    assert a == a  # noqa: PLR0124 (equality is what is tested)
    assert a != b
    assert len({a, b, a}) == 2


def test_a_node_is_neither_true_nor_false():
    x = placeholder((), name="x")
    with pytest.raises(GraphError, match="x has no value before a session runs it"):
        bool(x)


def test_a_chained_comparison_is_an_error_and_no_wrong_answer():
    x = placeholder(())
    with pytest.raises(GraphError, match="neither true nor false"):
        0.0 < x < 1.0  # noqa: B015 (it must not even get so far)


def test_a_node_cannot_be_iterated_over():
    with pytest.raises(TypeError, match="not iterable"):
        list(placeholder((3,)))


def test_a_node_prints_its_name_op_and_shape():
    x = placeholder((None, 3), name="x")
    assert repr(x) == "<Node x: placeholder (None, 3)>"
    assert repr(placeholder(None, name="any")) == "<Node any: placeholder (...)>"
    assert repr(x.op) == "<Op placeholder>"


def test_with_inputs_of_the_same_inputs_is_the_very_node():
    a, b = constant(1.0), constant(2.0)
    total = a + b
    assert total.with_inputs((a, b)) is total
    assert total.with_inputs((b, a)) is not total


def test_with_inputs_works_out_the_shape_anew():
    total = placeholder((3,)) + placeholder((1,))
    wide = total.with_inputs((placeholder((3,)), placeholder((2, 1))))
    assert (total.shape, wide.shape) == ((3,), (2, 3))


# Infix operators.

OPERATORS = [
    (add, "add"),
    (sub, "subtract"),
    (mul, "multiply"),
    (truediv, "divide"),
    (pow, "power"),
]
COMPARISONS = [(gt, "greater"), (ge, "greater_equal"), (lt, "less"), (le, "less_equal")]
MIRRORED = {
    "greater": "less",
    "greater_equal": "less_equal",
    "less": "greater",
    "less_equal": "greater_equal",
}


@pytest.mark.parametrize(("operator", "op"), OPERATORS + COMPARISONS)
def test_an_operator_between_nodes_is_the_op_of_that_name(operator, op):
    a, b = placeholder((2,)), placeholder((2,))
    node = operator(a, b)
    assert node.op is OPS[op]
    assert node.inputs == (a, b)


@pytest.mark.parametrize("other", [2.0, 3, np.float64(2.0), np.array([2.0, 3.0]), [2.0, 3.0]])
@pytest.mark.parametrize(("operator", "op"), OPERATORS)
def test_an_operator_takes_numbers_and_arrays_on_both_sides(operator, op, other):
    x, value = placeholder((2,)), np.array([4.0, 5.0])
    left, right = operator(other, x), operator(x, other)
    assert left.op is right.op is OPS[op]
    assert left.inputs[1] is right.inputs[0] is x
    got = Session().run([left, right], {x: value})
    np.testing.assert_array_equal(got, [operator(np.array(other), value), operator(value, np.array(other))])


@pytest.mark.parametrize("other", [2.0, np.float64(2.0), np.array([2.0, 3.0])])
@pytest.mark.parametrize(("operator", "op"), COMPARISONS)
def test_a_comparison_takes_numbers_and_arrays_on_both_sides(operator, op, other):
    x = placeholder((2,))
    left, right = operator(other, x), operator(x, other)
    assert (left.op.name, right.op.name) == (MIRRORED[op], op)
    value = np.array([2.0, 3.0])
    got = Session().run([left, right], {x: value})
    np.testing.assert_array_equal(got, [operator(other, value) * 1.0, operator(value, other) * 1.0])


def test_matmul_takes_arrays_on_both_sides():
    x, matrix = placeholder((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])
    got = Session().run([matmul(matrix, x), matmul(x, matrix)], {x: matrix})
    np.testing.assert_array_equal(got, [matrix @ matrix, matrix @ matrix])


def test_minus_and_abs_are_ops():
    x = placeholder(())
    assert (-x).op is OPS["negative"]
    assert abs(x).op is OPS["abs"]


# Shapes are checked when a node is built.


def test_a_dimension_known_only_later_fits_any():
    batch = placeholder((None, 3))
    assert (batch + constant([1.0, 2.0, 3.0])).shape == (None, 3)
    assert (batch + placeholder((4, 1))).shape == (4, 3)
    assert (batch @ placeholder((3, 1))).shape == (None, 1)
    assert (batch + placeholder((None, 1))).shape == (None, 3)


def test_an_unknown_rank_makes_the_result_unknown():
    assert (placeholder(None) + constant([1.0])).shape is None


def test_a_misfit_is_an_error_before_anything_runs():
    with pytest.raises(ShapeError, match=r"cannot broadcast \(None, 3\) with \(2,\)"):
        placeholder((None, 3)) + constant([1.0, 2.0])


# The graph.


def test_the_graph_lists_its_nodes_in_the_order_in_which_they_were_made(graph):
    a = constant(1.0)
    b = placeholder(())
    total = a + b
    assert graph.nodes == (a, b, total)
    assert all(node.graph is graph for node in graph.nodes)


def test_names_are_unique_in_a_graph(graph):
    """A name that looks like a numbered one does not clash with it either."""
    for name in ("add", "add_1", "add", "add", "add_1", None, "add_1_1"):
        multiply(1.0, 2.0, name=name or "add")
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names)


def test_the_first_node_of_a_name_has_that_name():
    assert [constant(0.0, name="w").name for _ in range(3)] == ["w", "w_1", "w_2"]


def test_the_same_name_may_be_used_in_two_graphs():
    a = constant(1.0, name="a")
    with Graph().as_default():
        assert constant(1.0, name="a").name == a.name


def test_a_node_goes_to_the_graph_of_its_inputs_and_not_to_the_default_graph(graph):
    x = placeholder(())
    with Graph().as_default() as other:
        y = x * 2.0
    assert y.graph is graph
    assert other.nodes == ()


def test_nodes_of_two_graphs_do_not_mix():
    a = constant(1.0, name="a")
    with Graph().as_default():
        b = constant(1.0, name="b")
    with pytest.raises(GraphError, match="b belongs to another graph"):
        a + b
    with pytest.raises(GraphError, match="a belongs to another graph"):
        b + a


def test_a_finalised_graph_does_not_grow(graph):
    x = placeholder((), name="x")
    graph.finalize()
    with pytest.raises(GraphError, match="finalised: constant 'one' cannot be added"):
        constant(1.0, name="one")
    with pytest.raises(GraphError, match="finalised: square 'square' cannot be added"):
        square(x)
    assert graph.nodes == (x,)


def test_other_graphs_grow_after_one_is_finalised(graph):
    graph.finalize()
    with Graph().as_default() as other:
        constant(1.0)
    assert len(other.nodes) == 1


def test_default_graphs_nest(graph):
    with Graph().as_default() as inner:
        assert get_default_graph() is inner
    assert get_default_graph() is graph


def test_the_default_graph_comes_back_after_an_error(graph):
    with pytest.raises(KeyError), Graph().as_default():
        raise KeyError
    assert get_default_graph() is graph


def test_a_placeholder_can_be_made_before_any_graph():
    """There is always a default graph, so no user has to make one first."""
    x = Context().run(placeholder, (), name="x")
    assert x.graph.nodes == (x,)


def test_all_nodes_made_before_any_graph_are_in_one_graph():
    def build() -> Node:
        return constant(1.0) + constant(2.0)

    assert len(Context().run(build).graph.nodes) == 3


def test_reset_default_graph_starts_an_empty_one():
    def build() -> tuple[Graph, Graph]:
        old = constant(1.0).graph
        reset_default_graph()
        return old, get_default_graph()

    old, new = Context().run(build)
    assert new is not old
    assert new.nodes == ()


# The package.


def test_the_public_names_are_in_the_package():
    assert lrfit.Graph is Graph
    assert lrfit.placeholder is placeholder
    assert {"Session", "gradients", "Variable", "Program", "MomentumOptimizer"} <= set(dir(lrfit))


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'plaeholder'"):
        lrfit.plaeholder  # noqa: B018 (the look-up is what fails)


def test_two_ops_of_one_name_and_changed_attributes_are_refused():
    with pytest.raises(GraphError, match="already"):
        Op("add", np.subtract, lambda *shapes: shapes[0])
    with pytest.raises(TypeError):
        constant(1.0).attrs["value"] = np.zeros(())


def test_what_has_no_value_is_no_input():
    with pytest.raises(GraphError, match="has no value that square could use"):
        square(group(name="all"))


def test_a_name_scope_names_what_is_made_in_it_and_no_more(graph):
    before = constant(1.0, name="one")
    with graph.name_scope("outer"):
        a = constant(1.0, name="one")
        with graph.name_scope("inner"):
            b = before + 2.0
        c = a + b
    names = [node.name for node in (before, a, b, c, constant(1.0, name="one"))]
    assert names == ["one", "outer/one", "outer/inner/add", "outer/add", "one_1"]
    assert "outer/inner/constant" in [node.name for node in graph.nodes]


def test_names_are_unique_across_scopes_that_are_opened_twice(graph):
    made = []
    for _ in range(3):
        with graph.name_scope("scope"):
            made.append(constant(1.0, name="one").name)
    assert made == ["scope/one", "scope/one_1", "scope/one_2"]


def test_a_scope_ends_with_its_block_also_when_that_fails(graph):
    with pytest.raises(ShapeError), graph.name_scope("scope"):
        constant([1.0, 2.0]) + constant([1.0, 2.0, 3.0])
    assert constant(1.0).name == "constant"
