"""Programs at random, of all ops: passes and sessions keep every bit, gradients are those of differences.

Values may be NaN, infinite, huge, tiny, or zeros of either sign. What passes may change is kept from growing:
the sign of a zero is not divided by, nor raised to a power, and squares are taken of leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import combinations

import numpy as np
import pytest
from depth import cases
from gradient_checks import ops_in
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph import assignments, ops, selections
from lrfit.graph import leaves as leaf_ops
from lrfit.graph.assignments import assign
from lrfit.graph.autodiff import gradients
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.executors.typed import typed_step
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.ops import count, reduce_mean, reduce_sum, reshape, spread, transpose
from lrfit.graph.passes import PASSES, apply_passes
from lrfit.graph.program import Program
from lrfit.graph.selections import (
    argmax,
    argmin,
    concat,
    gather,
    part,
    reduce_max,
    reduce_min,
    reduce_prod,
    tile,
)
from lrfit.graph.session import Session

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.5, 3.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 5e-324, 1e-300]
TAME = [-1.7, -0.9, -0.4, 0.3, 0.6, 1.1, 1.9]

SAME_INPUTS = (
    "identity negative square exp tanh sigmoid relu sign floor stop_gradient abs ones_like zeros_like "
    "softplus sin cos log1p expm1 ceil round shape_of"
)
TWO_INPUTS = (
    "add subtract multiply maximum minimum greater greater_equal less less_equal equal not_equal floor_mod"
)
LIKE = "sum_like broadcast_like reshape_like"

OTHER = (
    "sqrt log divide power where matmul transpose reshape reduce_sum reduce_mean spread count floor_divide "
    "reduce_max reduce_min reduce_prod argmax argmin gather part concat tile"
)
IN_GRADIENTS = {"product_of_others", "one_out", "sum_one_out", "scatter", "put_back", "share", "sum_tiles"}
"""Ops that only derivatives are made of."""

CONSTANT = {"stop_gradient", "floor", "ceil", "round", "floor_divide", "argmax", "argmin", "shape_of"}
"""Ops that gradients stop at."""

ALL = [*SAME_INPUTS.split(), *TWO_INPUTS.split(), *LIKE.split(), *OTHER.split()]
LEAVES = {"constant", "placeholder", "variable"}
EFFECTS = {"assign", "group"}

_place = st.integers(0, 30)
steps = st.lists(
    st.tuples(st.sampled_from([*ALL, "gradient", "gradient"]), _place, _place, _place), max_size=12
)


def other(name: str, a: Node, b: Node, c: Node, k: int) -> Node:
    """The node that an op of `OTHER` makes of three nodes and a number."""
    axis, keepdims = [None, 0, -1][k % 3], k % 2 == 0
    made: dict[str, Callable[[], Node]] = {
        "sqrt": lambda: OPS["sqrt"](abs(a)),
        "log": lambda: OPS["log"](abs(a)),
        "divide": lambda: a / abs(b),
        "power": lambda: abs(a) ** b,
        "where": lambda: OPS["where"](a, b, c),
        "matmul": lambda: a @ b,
        "transpose": lambda: transpose(a),
        "reshape": lambda: reshape(a, [(-1,), (1, -1), (3, -1)][k % 3]),
        "reduce_sum": lambda: reduce_sum(a, axis, keepdims=keepdims),
        "reduce_mean": lambda: reduce_mean(a, axis, keepdims=keepdims),
        "spread": lambda: spread(a, b, axis=axis, keepdims=keepdims),
        "count": lambda: count(a, axis=axis),
        "floor_divide": lambda: OPS["floor_divide"](a, abs(b)),
        "reduce_max": lambda: reduce_max(a, axis, keepdims=keepdims),
        "reduce_min": lambda: reduce_min(a, axis, keepdims=keepdims),
        "reduce_prod": lambda: reduce_prod(a, axis, keepdims=keepdims),
        "argmax": lambda: argmax(a, axis),
        "argmin": lambda: argmin(a, axis),
        "gather": lambda: gather(a, [0.0, 0.0]),
        "part": lambda: part(a, [0, slice(None, None, -1), (..., None), (..., slice(1, None))][k % 4]),
        "concat": lambda: concat([a, b, c][: k % 3 + 1], [0, -1][k % 2]),
        "tile": lambda: tile(a, [(2,), (1, 3), (2, 1)][k % 3]),
    }
    return made[name]()


class Random:
    """A graph: feeds of which little or all is known, variables, constants; and what is made of them."""

    def __init__(self, numbers: list[float], instructions: list[tuple[str, int, int, int]]) -> None:
        self._numbers = numbers
        self.feeds = {
            placeholder(known): self._filled(shape)
            for known, shape in {
                (3, 3): (3, 3),
                (None, 3): (2, 3),
                (None, None): (3, 1),
                None: (3,),
                (): (),
            }.items()
        }
        self.state = {Variable(np.zeros(shape)): self._filled(shape) for shape in ((3, 1), (3,), ())}
        values = [0.0, -0.0, 1.0, 2.0, np.ones((1, 1)), np.zeros(3), self._filled((3, 3))]
        self.nodes = [*self.feeds, *self.state, *map(constant, values)]
        self.n_leaves = len(self.nodes)
        for name, *places in instructions:
            with suppress(ShapeError):
                self._grow(name, places)

    def _filled(self, shape: tuple[int, ...]) -> Array:
        return np.resize(np.roll(self._numbers, -len(shape)), shape)

    def _grow(self, name: str, places: list[int]) -> None:
        a, b, c = (self.nodes[-1 - place % len(self.nodes)] for place in places)
        leaves = [*self.feeds, *self.state]
        k = places[-1]
        if name == "gradient":
            (made,) = gradients(reduce_sum(a), leaves[k % len(leaves)])
        elif name == "power":  # of an exponent that no pass finds out
            made = other(name, a, leaves[places[1] % len(leaves)], c, k)
        elif name in OTHER.split():
            made = other(name, a, b, c, k)
        else:
            made = OPS[name](*(a, b)[: len(OPS[name].vjps or ())])
        self.nodes += [] if made is None else [made]

    @property
    def made(self) -> list[Node]:
        """All nodes but the leaves."""
        return self.nodes[self.n_leaves :]

    @property
    def updates(self) -> list[Node]:
        """To each variable the last node of its shape is assigned."""
        return [assign(v, [node for node in self.nodes if node.shape == v.shape][-1]) for v in self.state]

    def program(self) -> Program:
        return Program.of([*self.made, *self.updates], list(self.feeds))

    def outcome(self, program: Program) -> list[Array] | str:
        """All values that a run gives, and the variables after it; or that shapes do not fit."""
        state = dict(self.state)
        try:
            values = numpy_step(program)(list(self.feeds.values()), state)
        except ShapeError:
            return "shapes that only the run knows do not fit"
        return [*values, *state.values()]


def assert_same(got: list[Array] | str, expected: list[Array] | str) -> None:
    assert isinstance(got, str) == isinstance(expected, str)
    for a, b in zip(got, expected, strict=True) if not isinstance(got, str) else []:
        np.testing.assert_array_equal(a, b, strict=True)


SOME_PASSES = [passes for n in range(1, len(PASSES)) for passes in combinations(PASSES, n)]
numbers = st.lists(st.sampled_from(SPECIAL), min_size=5, max_size=12)


def test_every_op_is_in_a_random_program():
    assert {*ALL, *LEAVES, *EFFECTS, *IN_GRADIENTS} == ops_in(leaf_ops, assignments, ops, selections)


@settings(max_examples=cases(30, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, numbers, st.permutations(PASSES), st.sampled_from(SOME_PASSES))
def test_passes_alone_and_together_in_any_order_keep_every_value(instructions, numbers, order, some):
    with Graph().as_default():
        random = Random(numbers, instructions)
        program = random.program().validate()
        plain = random.outcome(program)
        for passes in (order, some):
            rewritten = apply_passes(program, passes).validate()
            assert_same(random.outcome(rewritten), plain)
        assert apply_passes(rewritten, some) == rewritten


@settings(max_examples=cases(20, 10_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, numbers)
def test_a_session_gives_what_its_steps_give_run_by_run_and_in_batches(instructions, numbers):
    """With passes for the shapes that are fed; variables are committed at the end of each of two runs."""
    with Graph().as_default() as graph:
        random = Random(numbers, instructions)
        plain = random.outcome(random.program())
        assume(not isinstance(plain, str))
        fetched, updates = random.made, random.updates
        starts = [assign(v, value) for v, value in random.state.items()]
        sessions = [Session(graph), Session(graph, passes=[])]
        for session in sessions:
            session.run(starts)
            assert_same([*session.run([*fetched, *updates], random.feeds)], plain[: -len(random.state)])
            assert_same(session.run(list(random.state)), plain[-len(random.state) :])
        (x,) = (node for node in random.feeds if node.shape == (None, 3))
        rows = np.vstack([random.feeds[x]] * 2)
        (z,) = (node for node in random.feeds if node.shape == (None, None))
        long = np.resize(random.feeds[z], (4, 1))
        for session, in_batches in zip(sessions, (True, False), strict=True):
            session.run(starts)
            with suppress(ShapeError):  # a matrix of two rows in place of three may not fit
                if in_batches:
                    session.run_batches(updates, {**random.feeds, x: rows, z: long}, batch_size=3)
                else:
                    for part in (slice(0, 3), slice(3, 4)):
                        session.run(updates, {**random.feeds, x: rows[part], z: long[part]})
        assert_same(*(session.run(list(random.state)) for session in sessions))


@settings(max_examples=cases(30, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, numbers)
def test_typed_steps_in_float64_keep_every_bit(instructions, numbers):
    """In the first run, which calls kernels, and in the next ones, which are one function."""
    with Graph().as_default():
        random = Random(numbers, instructions)
        feeds = list(random.feeds)
        with suppress(ShapeError):  # shapes that do not fit were tried above
            shapes = [np.shape(value) for value in random.feeds.values()]
            program = Program.of([*random.made, *random.updates], feeds, shapes)
            plain, typed = numpy_step(program), typed_step(program, lambda _: np.dtype(np.float64))
            for _ in range(3):
                states = dict(random.state), dict(random.state)
                expected = plain(list(random.feeds.values()), states[0])
                found = typed(list(random.feeds.values()), states[1])
                for a, b in zip([*found, *states[1].values()], [*expected, *states[0].values()], strict=True):
                    np.testing.assert_array_equal(a, b, strict=True)


# Gradients.


def slope_by_difference(function: Callable[[float], float], h: float) -> float:
    """The derivative at 0, by central differences."""
    return (function(h) - function(-h)) / (2.0 * h)


def assert_is_the_slope(expected: float, function: Callable[[float], float]) -> None:
    """Unless the function is not smooth there, so that differences of two sizes do not agree."""
    coarse, fine = (slope_by_difference(function, h) for h in (2e-4, 1e-4))
    scale = 1.0 + abs(fine) + 1e-4 * abs(function(0.0))
    assume(abs(coarse - fine) < 1e-5 * scale)
    one_sided = [(function(s * 1e-4) - function(0.0)) / (s * 1e-4) for s in (1.0, -1.0)]
    assume(abs(one_sided[0] - one_sided[1]) < 1e-2 * scale)
    assert expected == pytest.approx(fine, abs=1e-4 * scale)


smooth_steps = st.lists(
    st.tuples(
        st.sampled_from([name for name in ALL if name not in CONSTANT]),
        _place,
        _place,
        _place,
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=cases(100, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    smooth_steps,
    st.lists(st.sampled_from(TAME), min_size=5, max_size=12),
    st.lists(st.sampled_from(TAME), min_size=5, max_size=12),
)
def test_first_and_second_gradients_are_those_of_differences(instructions, numbers, directions):
    """Along a direction through all leaves: of a sum, and of its slope along that direction."""
    with Graph().as_default():
        random = Random(numbers, instructions)
        leaves = [*random.feeds, *random.state]
        total = sum((reduce_sum(node) for node in random.made), constant(0.0))
        at = random.feeds | random.state
        along = {leaf: np.resize(directions[i:], np.shape(at[leaf])) for i, leaf in enumerate(leaves)}
        try:
            slope = directional(total, along)
            curvature = directional(slope, along)
        except ShapeError:  # what is known of the shapes says that these leaves do not fit
            assume(False)  # noqa: FBT003 (hypothesis has no other word for it)
        step = numpy_step(Program.of([total, slope, curvature], list(random.feeds)))

        def values(t: float) -> list[float]:
            moved = {leaf: np.asarray(at[leaf] + t * along[leaf])[()] for leaf in leaves}
            state = {v: moved[v] for v in random.state}
            try:
                found = [float(value) for value in step([moved[x] for x in random.feeds], state)]
            except ShapeError:
                assume(False)  # noqa: FBT003 (hypothesis has no other word for it)
            assume(np.all(np.abs(found) < 1e4))
            return found

        _, expected_slope, expected_curvature = values(0.0)
        assert_is_the_slope(expected_slope, lambda t: values(t)[0])
        assert_is_the_slope(expected_curvature, lambda t: values(t)[1])


def directional(y: Node, along: dict[Node, Array]) -> Node:
    """The derivative of y along this direction of the leaves."""
    parts = zip(gradients(y, list(along)), along.values(), strict=True)
    terms = [reduce_sum(gradient * direction) for gradient, direction in parts if gradient is not None]
    return sum(terms, constant(0.0))
