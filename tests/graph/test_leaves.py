"""Leaves: constants, placeholders and variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.leaves import Variable, constant, placeholder, trainable_variables
from lrfit.graph.nodes import Graph, Node, get_default_graph
from lrfit.graph.ops import reduce_sum
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


def test_a_constant_is_what_was_given():
    np.testing.assert_array_equal(run(constant([[1, 2], [3, 4]])), [[1.0, 2.0], [3.0, 4.0]])


def test_a_placeholder_is_what_is_fed():
    x = placeholder((None, 2))
    np.testing.assert_array_equal(run(x, {x: [[1, 2]]}), [[1.0, 2.0]])


def test_a_variable_is_what_its_initializer_assigns():
    v, w = Variable([1.0, 2.0]), Variable(reduce_sum([3.0, 4.0]))
    session = Session()
    session.run(global_variables_initializer())
    np.testing.assert_array_equal(session.run(v), [1.0, 2.0])
    assert session.run(w) == 7.0


def test_a_variable_of_a_node_is_in_the_graph_of_the_node(graph):
    initial = constant(1.0)
    with Graph().as_default():
        assert Variable(initial).graph is graph


def test_a_variable_that_is_not_trainable_is_none_of_the_trainable_ones(graph):
    v, _ = Variable(1.0), Variable(2.0, trainable=False)
    assert trainable_variables(graph) == [v]


def test_a_constant_keeps_its_value_when_its_source_is_changed():
    source = np.array([1.0, 2.0])
    node = constant(source)
    source[0] = 99.0
    np.testing.assert_array_equal(Session().run(node), [1.0, 2.0])


def test_the_array_in_a_constant_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        constant([1.0, 2.0]).attrs["value"][0] = 3.0


@pytest.mark.parametrize("value", ["1.0", ["a", "b"], 1j, None, object(), np.datetime64(0, "s")])
def test_a_constant_is_made_of_real_numbers(value):
    with pytest.raises(GraphError, match="real numbers"):
        constant(value)


def test_a_ragged_constant_is_an_error_that_numpy_does_not_raise():
    with pytest.raises(GraphError, match="a value must be an array of real numbers"):
        constant([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize("value", [True, 3, np.int8(3), np.float32(0.5), [1, 2], [[True, False]]])
def test_every_constant_is_float64(value):
    assert Session().run(constant(value)).dtype == np.float64


def test_a_leaf_has_no_kernel_of_its_own():
    with pytest.raises(GraphError, match="has no kernel"):
        placeholder(()).op.kernel()


@pytest.mark.parametrize("shape", [(2.5,), (-1,), "ab", 3])
def test_a_shape_is_made_of_sizes(shape):
    with pytest.raises(ShapeError, match="a shape is a tuple of sizes"):
        placeholder(shape)
