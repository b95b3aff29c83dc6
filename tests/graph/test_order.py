"""The order of nodes: each after its inputs."""

from __future__ import annotations

from lrfit.graph.leaves import placeholder
from lrfit.graph.ops import identity, square
from lrfit.graph.order import topological_order


def test_each_node_stands_behind_its_inputs():
    x = placeholder(())
    y = square(x)
    z = (x + y) * (y + square(y))
    order = topological_order([z])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order) == 6
    assert all(place[source] < place[node] for node in order for source in node.inputs)


def test_the_inputs_of_leaves_are_not_followed():
    x = placeholder(())
    y = square(x)
    z = y + 1.0
    assert topological_order([z], leaves={y}) == [y, z.inputs[1], z]


def test_a_deep_graph_is_ordered_without_recursion():
    node = placeholder(())
    for _ in range(5_000):
        node = identity(node)
    assert len(topological_order([node])) == 5_001


def test_a_graph_of_many_diamonds_is_ordered_in_linear_time():
    """200 diamonds in a row have 2 ** 200 paths and 201 nodes."""
    node = placeholder(())
    for _ in range(200):
        node = node + node
    assert len(topological_order([node])) == 201
