"""All passes together: the values stay, every program between two passes is valid, and the end is stable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import assign_sub, group
from lrfit.graph.autodiff import gradients
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.leaves import Variable, constant, is_variable, placeholder
from lrfit.graph.nodes import OPS, Graph, Node, constant_of, get_default_graph
from lrfit.graph.ops import add, exp, identity, reduce_mean, reduce_sum, reshape, square, transpose, where
from lrfit.graph.order import topological_order
from lrfit.graph.passes import PASSES, apply_passes, rewrites
from lrfit.graph.passes.common_subexpressions import merge_common_subexpressions
from lrfit.graph.passes.fold_constants import fold_constants
from lrfit.graph.passes.prune import prune
from lrfit.graph.passes.simplify import simplify
from lrfit.graph.program import Program


@pytest.fixture
def graph():
    return get_default_graph()


# Random programs.
#
# Values may be NaN and infinite. What two equal programs may differ in is kept from growing: the sign of a
# zero is not divided by, and power is taken of leaves alone, whose values have exact squares and cubes.

NUMBERS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 0.25, np.inf, -np.inf, np.nan]
UNARY = ["identity", "negative", "square", "exp", "tanh", "sigmoid", "relu", "abs", "sign", "stop_gradient"]
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "greater", "less_equal", "equal"]
LIKE = ["ones_like", "zeros_like"]
OTHER = [
    "transpose",
    "flat",
    "total",
    "mean",
    "kept",
    "last",
    "where",
    "power",
    "divide",
    "matmul",
    *["gradient"] * 3,
]


@dataclass
class RandomGraph:
    """A graph in the making: its leaves, the values they are given, and all nodes so far."""

    nodes: list[Node]
    feeds: dict[Node, Array]
    variables: dict[Node, Array]
    n_leaves: int


def new_graph(numbers: list[float]) -> RandomGraph:
    """The leaves; their values are taken from `numbers` in turn."""

    def filled(shape: tuple[int, ...]) -> Array:
        return np.resize(np.array(numbers[len(shape) :]), shape)

    feeds = {
        placeholder((3, 3)): filled((3, 3)),
        placeholder((None, 3)): filled((1, 3)),
        placeholder((None, None)): filled((3, 3)).T,
        placeholder(None): filled((3,)),
        placeholder(()): filled(()),
    }
    variables = {Variable(np.zeros((3, 1))): filled((3, 1)), Variable(0.0): filled(())}
    constants = [0.0, 1.0, 2.0, -0.0, np.zeros((3, 3)), np.ones((1, 1)), np.ones(3), [[0.5], [-1.0], [3.0]]]
    nodes = [*feeds, *variables, *map(constant, constants)]
    return RandomGraph(nodes, feeds, variables, len(nodes))


def grow(graph: RandomGraph, op: str, i: int, j: int, k: int) -> None:
    """Add the node that op makes of nodes i, j and k from the end; none where the shapes do not fit."""
    a, b, c = (graph.nodes[-1 - index % len(graph.nodes)] for index in (i, j, k))
    try:
        node = _made(graph, op, (a, b, c), k)
    except ShapeError:
        return
    if node is not None:
        graph.nodes.append(node)


def _made(graph: RandomGraph, op: str, nodes: tuple[Node, Node, Node], k: int) -> Node | None:
    a, b, c = nodes
    if op in UNARY + LIKE:
        return OPS[op](a)
    if op in BINARY:
        return OPS[op](a, b)
    axis = None if a.shape is None or not a.shape else len(a.shape) - 1
    targets = [
        node for node in topological_order([a, graph.nodes[0]]) if node in graph.feeds | graph.variables
    ]
    made = {
        "transpose": lambda: transpose(a),
        "flat": lambda: reshape(a, (3, -1)),
        "total": lambda: reduce_sum(a),
        "mean": lambda: reduce_mean(a, axis, keepdims=True),
        "kept": lambda: reduce_sum(a, axis, keepdims=True),
        "last": lambda: reduce_sum(a, axis),
        "where": lambda: where(a, b, c),
        "power": lambda: targets[k % len(targets)] ** [1.0, 2.0, 3.0][k % 3],
        "divide": lambda: a / [1.0, 2.0, -0.5][k % 3],
        "matmul": lambda: graph.nodes[0] @ a if a.shape in ((3, 3), (3, 1)) else None,
        "gradient": lambda: gradients(reduce_sum(a), targets[k % len(targets)])[0],
    }
    return made[op]()


instructions = st.lists(
    st.tuples(
        st.sampled_from(UNARY + BINARY + LIKE + OTHER),
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=12,
)


def outcome(program: Program, graph: RandomGraph) -> list[Any]:
    """What a run gives: all fetched values, and the variables after it; the error if it is one."""
    variables = dict(graph.variables)
    try:
        values = numpy_step(program)([graph.feeds[node] for node in graph.feeds], variables)
    except ShapeError:
        return ["shapes that only the run knows do not fit"]
    return [*values, *variables.values()]


def assert_same(got: list[Any], expected: list[Any]) -> None:
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        if b is None or isinstance(b, str):
            assert a == b
        else:
            assert np.shape(a) == np.shape(b)
            np.testing.assert_array_equal(a, b)


@settings(max_examples=cases(80, 150), deadline=None)
@given(instructions, st.lists(st.sampled_from(NUMBERS), min_size=6, max_size=10))
def test_passes_keep_all_values_and_all_programs_valid(steps, numbers):
    """After each pass, in turn and until nothing changes, a program is valid and has the plain values."""
    with Graph().as_default():
        graph = new_graph(numbers)
        for step in steps:
            grow(graph, *step)
        made = graph.nodes[graph.n_leaves :]
        updates = [
            assign_sub(v, graph.nodes[-1]) for v in graph.variables if graph.nodes[-1].shape == v.shape
        ]
        program = Program.of([*made, group(*updates)], list(graph.feeds)).validate()
        plain = outcome(program, graph)
        for rewrite in PASSES:
            program = rewrite(program).validate()
            assert_same(outcome(program, graph), plain)
        end = apply_passes(program).validate()
        assert_same(outcome(end, graph), plain)
        assert apply_passes(end) == end
        assert len(end.nodes) <= len(program.nodes)


@settings(max_examples=50, deadline=None)
@given(instructions, st.permutations(PASSES))
def test_passes_may_run_in_any_order(steps, passes):
    """Each is a function of its own, and none relies on another."""
    with Graph().as_default():
        graph = new_graph(NUMBERS[:8])
        for step in steps:
            grow(graph, *step)
        program = Program.of(graph.nodes[graph.n_leaves :], list(graph.feeds))
        assert_same(outcome(apply_passes(program, passes).validate(), graph), outcome(program, graph))


# The order of passes, and where it ends.


def test_all_passes_are_run_by_default():
    assert set(PASSES) == {simplify, fold_constants, merge_common_subexpressions, prune}


def test_without_passes_a_program_stays_as_it_is():
    x = placeholder(())
    program = Program.of([identity(x) + 0.0], [x])
    assert apply_passes(program, passes=[]) is program


def test_passes_run_in_the_order_given():
    """A simplification hides from a pass that ran before it what it leaves over, until the next round."""
    trace = []

    def traced(name: str) -> Any:
        def rewrite(program: Program) -> Program:
            trace.append(name)
            return program

        return rewrite

    apply_passes(Program((), ()), passes=[traced("first"), traced("second")])
    assert trace == ["first", "second"]


def test_passes_run_again_until_nothing_changes():
    """A pass that takes away one of three identities a round is called four times."""
    x = placeholder(())
    n_calls = 0

    def one_less(program: Program) -> Program:
        nonlocal n_calls
        n_calls += 1
        (fetch,) = program.fetches
        return Program.of(fetch.inputs or [fetch], program.feeds)

    end = apply_passes(Program.of([identity(identity(identity(x)))], [x]), passes=[one_less])
    assert end.fetches == (x,)
    assert n_calls == 4


def test_a_constant_that_one_pass_finds_is_used_by_another():
    """(2 - 1) * x + (3 - 3) is x only after folding."""
    x = placeholder((2,))
    y = (constant(2.0) - constant(1.0)) * x + (constant(3.0) - constant(3.0))
    assert apply_passes(Program.of([y], [x])) == Program((x,), (x,), (x,))


def test_equal_expressions_that_were_written_differently_are_merged():
    """a + (-b) and a - b, each under an exponential."""
    a, b = placeholder(()), placeholder(())
    program = apply_passes(Program.of([exp(a + (-b)), exp(a - b)], [a, b]))
    assert [node.op.name for node in program.nodes] == ["placeholder", "placeholder", "subtract", "exp"]
    assert program.fetches[0] is program.fetches[1]


def test_a_training_step_keeps_its_effects_and_loses_its_seeds():
    """The gradient of half-MSE needs no ones_like, no second residual and no constant seed."""
    x, y = placeholder((None, 2), name="x"), placeholder((None, 1), name="y")
    W, b = Variable(np.zeros((2, 1)), name="W"), Variable(0.0, name="b")  # noqa: N806 (the equation's letter)
    loss = reduce_mean(square(x @ W + b - y)) / 2.0
    train = group(*[assign_sub(v, 0.1 * g) for g, v in zip(gradients(loss, [W, b]), [W, b], strict=True)])
    before = Program.of([loss, train], [x, y])
    after = apply_passes(before)
    names = [node.op.name for node in after.nodes]
    assert set(after.updates) == {W, b} == set(filter(is_variable, after.nodes))
    assert len(after.nodes) < len(before.nodes)
    assert names.count("matmul") == 2
    assert "ones_like" not in names
    assert after.validate().feeds == (x, y)


def test_optimising_adds_no_node_to_the_graph(graph):
    x = placeholder((2,))
    y = identity(x) * 1.0 + (constant(1.0) + constant(2.0)) + square(x) + square(x)
    before = graph.nodes
    apply_passes(Program.of([y], [x]))
    assert graph.nodes == before


def test_a_deep_program_is_optimised_without_recursion():
    x = placeholder(())
    node = x
    for _ in range(5_000):
        node = identity(node) * 1.0
    assert apply_passes(Program.of([node], [x])) == Program((x,), (x,), (x,))


def test_passes_that_never_come_to_an_end_are_stopped():
    def restless(program):
        return program.rewritten(lambda node: constant_of(1.0, node.name))

    with pytest.raises(GraphError, match="restless"):
        apply_passes(Program.of([constant(1.0)]), [restless])


def test_a_rewritten_node_keeps_its_name():
    x = placeholder((), name="x")
    program = apply_passes(Program.of([add(x, -x, name="total")], [x]))
    assert program.fetches[0].name == "total"


# Step by step.


def test_rewrites_are_all_passes_in_order_until_a_round_changes_nothing():
    x = placeholder((), name="x")
    y = (x + 0.0) * 1.0 + square(x) - square(x)
    program = Program.of([y], [x])
    steps = list(rewrites(program))
    n_rounds = len(steps) // len(PASSES)
    assert [rewrite for rewrite, _ in steps] == [*PASSES] * n_rounds
    assert n_rounds == 2
    for rewrite, rewritten in steps:
        assert str(rewritten.validate()) == str(rewrite(program))
        program = rewritten
    assert program == steps[-len(PASSES)][1] == apply_passes(program)
    assert str(program) == str(apply_passes(Program.of([y], [x])))


def test_rewrites_by_no_passes_change_nothing():
    assert list(rewrites(Program.of([constant(1.0)]), [])) == []
