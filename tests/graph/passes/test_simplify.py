"""The identities of algebra: each where it holds, and where it does not.

`HOLDS` and `FAILS` are the tables; an op of `IDENTITIES` that is not in both fails the suite, unless there is
no place where its identities fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lrfit.graph.assignments import assign
from lrfit.graph.leaves import Variable, constant, is_constant, placeholder
from lrfit.graph.nodes import OPS, Node, get_default_graph
from lrfit.graph.ops import (
    abs,  # noqa: A004
    broadcast_like,
    count,
    exp,
    identity,
    matmul,
    negative,
    ones_like,
    reshape,
    reshape_like,
    spread,
    square,
    stop_gradient,
    sum_like,
    transpose,
    where,
    zeros_like,
)
from lrfit.graph.order import topological_order
from lrfit.graph.passes.fold_constants import fold_constants
from lrfit.graph.passes.prune import prune
from lrfit.graph.passes.simplify import IDENTITIES, simplify
from lrfit.graph.program import Program
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def leaves(node: Node) -> list[Node]:
    return [n for n in topological_order([node]) if n.op.name == "placeholder"]


def program_of(node: Node) -> Program:
    return Program.of([node], leaves(node))


def fed_shape(x: Node) -> tuple[int, ...]:
    """The shape of x; (2, 3) where it is not known in full."""
    return (2, 3) if x.shape is None or None in x.shape else x.shape


def structure(node: Node) -> Any:
    """A node as nested tuples without names, so that two can be compared; a placeholder is itself."""
    if node.op.name == "placeholder":
        return node
    attrs = {k: (v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for k, v in node.attrs.items()}
    return (node.op.name, tuple(map(structure, node.inputs)), tuple(attrs.items()))


# Where an identity holds: a node, and what it becomes.

ZEROS, ONES = np.zeros((2, 3)), np.ones((2, 3))


def x23() -> Node:
    return placeholder((2, 3), name="x")


def same(build: Callable[[Node], Node], leaf: Callable[[], Node] = x23) -> Callable[[], tuple[Node, Node]]:
    """A case where build(x) becomes x."""

    def case() -> tuple[Node, Node]:
        x = leaf()
        return build(x), x

    return case


def into(
    build: Callable[..., Node], simpler: Callable[..., Node], *leaf: Callable[[], Node]
) -> Callable[[], tuple[Node, Node]]:
    """A case where build(x, ...) becomes simpler(x, ...)."""

    def case() -> tuple[Node, Node]:
        xs = [make() for make in leaf or (x23,)]
        return build(*xs), simpler(*xs)

    return case


def any_rank() -> Node:
    return placeholder(None, name="any")


def batch() -> Node:
    return placeholder((None, 3), name="batch")


def scalar() -> Node:
    return placeholder((), name="scalar")


def cube() -> Node:
    return placeholder((2, 3, 4), name="cube")


HOLDS = {
    "identity(x) = x": ("identity", same(identity)),
    "identity(x) = x, unknown rank": ("identity", same(identity, any_rank)),
    "stop_gradient(x) = x": ("stop_gradient", same(stop_gradient)),
    "x + 0 = x": ("add", same(lambda x: x + 0.0)),
    "x + -0 = x": ("add", same(lambda x: x + -0.0)),
    "x + 0 = x, zeros of one element": ("add", same(lambda x: x + constant([[0.0]]))),
    "x + 0 = x, zeros of the same shape": ("add", same(lambda x: x + ZEROS)),
    "x + 0 = x, unknown dimension": ("add", same(lambda x: x + constant([[0.0]]), batch)),
    "x + 0 = x, unknown rank": ("add", same(lambda x: x + 0.0, any_rank)),
    "0 + x = x": ("add", same(lambda x: 0.0 + x)),
    "0 + x = x, zeros of the same shape": ("add", same(lambda x: ZEROS + x)),
    "a + (-b) = a - b": ("add", into(lambda a, b: a + (-b), lambda a, b: a - b, x23, batch)),
    "a + (-b) = a - b, broadcast": ("add", into(lambda a, b: a + (-b), lambda a, b: a - b, any_rank, x23)),
    "(-a) + b = b - a": ("add", into(lambda a, b: (-a) + b, lambda a, b: b - a, x23, batch)),
    "(-a) + b = b - a, broadcast": ("add", into(lambda a, b: (-a) + b, lambda a, b: b - a, any_rank, x23)),
    "(-a) + (-b) = (-a) - b": ("add", into(lambda a, b: (-a) + (-b), lambda a, b: (-a) - b, x23, x23)),
    "(-a) + a = a - a": ("add", into(lambda a: (-a) + a, lambda a: a - a)),
    "x - 0 = x": ("subtract", same(lambda x: x - 0.0)),
    "x - 0 = x, zeros of the same shape": ("subtract", same(lambda x: x - ZEROS)),
    "a - (-b) = a + b": ("subtract", into(lambda a, b: a - (-b), lambda a, b: a + b, x23, batch)),
    "x * 1 = x": ("multiply", same(lambda x: x * 1.0)),
    "x * 1 = x, ones of the same shape": ("multiply", same(lambda x: x * ONES)),
    "1 * x = x": ("multiply", same(lambda x: 1.0 * x)),
    "1 * x = x, unknown rank": ("multiply", same(lambda x: 1.0 * x, any_rank)),
    "x / 1 = x": ("divide", same(lambda x: x / 1.0)),
    "x / 1 = x, unknown rank": ("divide", same(lambda x: x / 1.0, any_rank)),
    "x ** 1 = x": ("power", same(lambda x: x**1.0)),
    "x ** 2 = square(x)": ("power", into(lambda x: x**2.0, square)),
    "x ** 2 = square(x), unknown rank": ("power", into(lambda x: x**2.0, square, any_rank)),
    "-(-x) = x": ("negative", same(lambda x: negative(-x))),
    "-(-(-x)) = -x": ("negative", into(lambda x: negative(negative(-x)), lambda x: -x)),
    "transpose(transpose(x)) = x": ("transpose", same(lambda x: transpose(transpose(x)), cube)),
    "two permutations that undo each other": (
        "transpose",
        same(lambda x: transpose(transpose(x, (1, 2, 0)), (2, 0, 1)), cube),
    ),
    "reversal by a permutation and by none": (
        "transpose",
        same(lambda x: transpose(transpose(x, (2, 1, 0))), cube),
    ),
    "reshape to its own shape": ("reshape", same(lambda x: reshape(x, (2, 3)))),
    "reshape to its own shape, the rest left open": ("reshape", same(lambda x: reshape(x, (2, -1)))),
    "reshape like its own shape": (
        "reshape_like",
        into(reshape_like, lambda x, _: x, x23, x23),
    ),
    "sum like its own shape": ("sum_like", into(sum_like, lambda x, _: x, x23, x23)),
    "broadcast like its own shape": (
        "broadcast_like",
        into(broadcast_like, lambda x, _: x, x23, x23),
    ),
    "spread over an axis of one element": (
        "spread",
        into(
            lambda x, like: spread(x, like, axis=0, keepdims=True),
            lambda x, _: x,
            lambda: placeholder((1, 3)),
            lambda: placeholder((1, 3)),
        ),
    ),
    "spread over no axis": (
        "spread",
        into(lambda x, like: spread(x, like, axis=(), keepdims=False), lambda x, _: x, x23, x23),
    ),
    "where(c, x, x) = x": ("where", same(lambda x: where(x > 0.0, x, x))),
    "where(c, 2, 2) = 2": ("where", into(lambda c: where(c, 2.0, 2.0), lambda _: constant(2.0), scalar)),
    "ones_like(x) = 1": ("ones_like", into(ones_like, lambda _: constant(ONES))),
    "zeros_like(x) = 0": ("zeros_like", into(zeros_like, lambda _: constant(ZEROS))),
    "count(x) = its value": ("count", into(lambda x: count(x, axis=None), lambda _: constant(6.0))),
    "count(x) over one axis = its value": (
        "count",
        into(lambda x: count(x, axis=0), lambda _: constant(2.0)),
    ),
    "count(x) over two axes = its value": (
        "count",
        into(lambda x: count(x, axis=(0, -1)), lambda _: constant(8.0), cube),
    ),
    "count(x) over a known axis = its value": (
        "count",
        into(lambda x: count(x, axis=-1), lambda _: constant(3.0), batch),
    ),
}


each_that_holds = pytest.mark.parametrize(
    ("op", "case"), HOLDS.values(), ids=[name.replace(" ", "_") for name in HOLDS]
)


@each_that_holds
def test_an_identity_holds(op, case):
    """The node becomes the simpler one: graph against graph."""
    node, simpler = case()
    program = prune(simplify(program_of(node)))
    assert node.op.name == op
    assert structure(program.fetches[0]) == structure(simpler)
    assert program.validate().fetches[0].shape == node.shape


SPECIAL = [
    np.nan,
    np.inf,
    -np.inf,
    0.0,
    -0.0,
    1.0,
    -2.5,
    5e-324,
    -5e-324,
    1.7976931348623157e308,
    1e-200,
    0.1,
]


@each_that_holds
def test_an_identity_keeps_the_value(op, case):
    """For NaN and infinities too; but for the sign of a zero in a sum and the last bit of a power."""
    node, _ = case()
    rng = np.random.default_rng(0)
    feeds = {
        x: rng.choice(SPECIAL, (2, 3) if x.shape is None or None in x.shape else x.shape)
        for x in leaves(node)
    }
    plain, simplified = Session(passes=[]).run(node, feeds), Session(passes=[simplify]).run(node, feeds)
    np.testing.assert_allclose(simplified, plain, rtol=3e-16 if op == "power" else 0.0)
    if op not in ("add", "subtract"):
        np.testing.assert_array_equal(np.signbit(simplified), np.signbit(plain))


# Where no identity holds.


def unlike(build: Callable[..., Node], *leaf: Callable[[], Node]) -> Callable[[], Node]:
    """A case where build(x, ...) stays as it is."""
    return lambda: build(*[make() for make in leaf or (x23,)])


def x3() -> Node:
    return placeholder((3,), name="row")


def scalar() -> Node:
    return placeholder((), name="scalar")


FAILS = {
    "x + 0 where 0 broadcasts x": ("add", unlike(lambda x: x + ZEROS, x3)),
    "x + [0] where x is a scalar": ("add", unlike(lambda x: x + constant([0.0]), scalar)),
    "x + [0] where x may be a scalar": ("add", unlike(lambda x: x + constant([0.0]), any_rank)),
    "x + 0 where x may have one row": ("add", unlike(lambda x: x + ZEROS, batch)),
    "x + 0 where x may have any rank": ("add", unlike(lambda x: x + ZEROS, any_rank)),
    "0 + x where 0 broadcasts x": ("add", unlike(lambda x: ZEROS + x, x3)),
    "0 + x where x may have one row": ("add", unlike(lambda x: ZEROS + x, batch)),
    "x + c where only some of c are 0": ("add", unlike(lambda x: x + constant([0.0, 0.0, 1.0]))),
    "x + 1": ("add", unlike(lambda x: x + 1.0)),
    "x + y where y may be 0": ("add", unlike(lambda x, y: x + y, x23, scalar)),
    "x + v where v starts at 0": ("add", unlike(lambda x: x + Variable(0.0))),
    "x + nan": ("add", unlike(lambda x: x + np.nan)),
    "a + b without a negative": ("add", unlike(lambda a, b: a + abs(b), x23, x23)),
    "a + b where a is no negative": ("add", unlike(lambda a, b: abs(a) + b, x23, x23)),
    "a regrouping": ("add", unlike(lambda x: (x + 1.0) + 2.0)),
    "0 - x": ("subtract", unlike(lambda x: 0.0 - x)),
    "x - 0 where 0 broadcasts x": ("subtract", unlike(lambda x: x - ZEROS, x3)),
    "x - 0 where x may have one row": ("subtract", unlike(lambda x: x - ZEROS, batch)),
    "x - x": ("subtract", unlike(lambda x: x - x)),
    "a - b without a negative": ("subtract", unlike(lambda a, b: a - b, x23, x23)),
    "(-a) - b": ("subtract", unlike(lambda a, b: (-a) - b, x23, x23)),
    "x * 0": ("multiply", unlike(lambda x: x * 0.0)),
    "0 * x": ("multiply", unlike(lambda x: 0.0 * x)),
    "x * -1": ("multiply", unlike(lambda x: x * -1.0)),
    "x * 1 where 1 broadcasts x": ("multiply", unlike(lambda x: x * ONES, x3)),
    "1 * x where 1 broadcasts x": ("multiply", unlike(lambda x: ONES * x, x3)),
    "[1] * x where x may be a scalar": ("multiply", unlike(lambda x: [1.0] * x, any_rank)),
    "1 / x": ("divide", unlike(lambda x: 1.0 / x)),
    "x / x": ("divide", unlike(lambda x: x / x)),
    "x / 1 where 1 broadcasts x": ("divide", unlike(lambda x: x / ONES, x3)),
    "x / 2": ("divide", unlike(lambda x: x / 2.0)),
    "x ** 3": ("power", unlike(lambda x: x**3.0)),
    "x ** 0": ("power", unlike(lambda x: x**0.0)),
    "1 ** x": ("power", unlike(lambda x: 1.0**x)),
    "2 ** x": ("power", unlike(lambda x: 2.0**x)),
    "x ** 1 where 1 broadcasts x": ("power", unlike(lambda x: x**ONES, x3)),
    "x ** 2 where 2 broadcasts x": ("power", unlike(lambda x: x ** (2.0 * ONES), x3)),
    "x ** c where only some of c are 2": ("power", unlike(lambda x: x ** [2.0, 2.0, 3.0])),
    "-x": ("negative", unlike(lambda x: -x)),
    "-exp(-x)": ("negative", unlike(lambda x: -exp(-x))),
    "transpose(x)": ("transpose", unlike(transpose)),
    "a permutation twice that does not undo itself": (
        "transpose",
        unlike(lambda x: transpose(transpose(x, (1, 2, 0)), (1, 2, 0)), cube),
    ),
    "two permutations that do not undo each other": (
        "transpose",
        unlike(lambda x: transpose(transpose(x, (0, 2, 1)), (1, 0, 2)), cube),
    ),
    "a permutation and a reversal": (
        "transpose",
        unlike(lambda x: transpose(transpose(x, (1, 0, 2))), cube),
    ),
    "two permutations of an unknown rank": (
        "transpose",
        unlike(lambda x: transpose(transpose(x), (0, 1)), any_rank),
    ),
    "reshape to another shape": ("reshape", unlike(lambda x: reshape(x, (3, 2)))),
    "reshape to another rank": ("reshape", unlike(lambda x: reshape(x, (1, 2, 3)))),
    "reshape of an unknown dimension": ("reshape", unlike(lambda x: reshape(x, (-1, 3)), batch)),
    "reshape like another shape": (
        "reshape_like",
        unlike(reshape_like, x23, lambda: placeholder((6,))),
    ),
    "reshape like an unknown dimension": (
        "reshape_like",
        unlike(reshape_like, batch, batch),
    ),
    "sum like a shorter shape": ("sum_like", unlike(sum_like, x23, x3)),
    "sum like an unknown dimension": ("sum_like", unlike(sum_like, x23, batch)),
    "broadcast like a longer shape": (
        "broadcast_like",
        unlike(broadcast_like, x3, x23),
    ),
    "broadcast like an unknown dimension": (
        "broadcast_like",
        unlike(broadcast_like, batch, batch),
    ),
    "spread over an axis": (
        "spread",
        unlike(lambda x, like: spread(x, like, axis=0, keepdims=False), x3, x23),
    ),
    "spread over an unknown dimension": (
        "spread",
        unlike(lambda x, like: spread(x, like, axis=0, keepdims=True), lambda: placeholder((1, 3)), batch),
    ),
    "where(c, x, -x)": ("where", unlike(lambda x: where(x > 0.0, x, -x))),
    "where(c, 1, 2)": ("where", unlike(lambda c: where(c, 1.0, 2.0), scalar)),
    "where(c, 2, 2), broadcast": ("where", unlike(lambda c: where(c, 2.0, 2.0))),
    "where(c, x, x), unknown dimension": ("where", unlike(lambda x: where(x > 0.0, x, x), batch)),
    "ones_like of an unknown dimension": ("ones_like", unlike(ones_like, batch)),
    "ones_like of an unknown rank": ("ones_like", unlike(ones_like, any_rank)),
    "zeros_like of an unknown dimension": ("zeros_like", unlike(zeros_like, batch)),
    "count over an unknown dimension": ("count", unlike(lambda x: count(x, axis=0), batch)),
    "count over all, one unknown": ("count", unlike(lambda x: count(x, axis=None), batch)),
    "count of an unknown rank": ("count", unlike(lambda x: count(x, axis=None), any_rank)),
}


@pytest.mark.parametrize(("op", "case"), FAILS.values(), ids=[name.replace(" ", "_") for name in FAILS])
def test_no_identity_holds(op, case):
    """The program stays the very same."""
    node = case()
    program = program_of(node)
    assert node.op.name == op
    assert simplify(program) == program


def test_every_identity_is_of_an_op():
    assert IDENTITIES.keys() <= OPS.keys()


@pytest.mark.parametrize("op", sorted(IDENTITIES))
def test_every_op_with_an_identity_has_cases(op):
    """Where it holds, and, but for the two that always hold, where it does not."""
    assert op in {name for name, _ in HOLDS.values()}
    always = {"identity", "stop_gradient"}
    assert op in {name for name, _ in FAILS.values()} | always


# Programs of several nodes.


def test_simplifying_works_from_the_inputs_on():
    """-(-x) * 1 + 0 is x in one pass."""
    x = x23()
    assert prune(simplify(program_of(negative(-x) * 1.0 + 0.0))) == Program((x,), (x,), (x,))


def test_what_uses_a_simplified_node_is_kept():
    x = x23()
    program = prune(simplify(program_of(exp(identity(x)))))
    assert structure(program.fetches[0]) == structure(exp(x))
    assert len(program.nodes) == 2


def test_an_identity_may_fetch_a_feed():
    x = x23()
    np.testing.assert_array_equal(Session().run(x + 0.0, {x: ONES}), ONES)


def test_an_identity_may_fetch_or_assign_a_variable():
    """The variable that is assigned does not share its array with the one that was read."""
    v, w = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    session = Session(passes=[simplify])
    session.run([assign(v, [1.0, 2.0]), assign(w, [3.0, 4.0])])
    session.run(assign(v, w * 1.0))
    session.run(v * 1.0)[0] = 99.0
    session.run(assign(w, [5.0, 6.0]))
    np.testing.assert_array_equal(session.run([v, w]), [[3.0, 4.0], [5.0, 6.0]])


def test_the_gradient_of_a_product_loses_its_seed():
    """ones_like(y) * b is 1 * b and so b, where the shape is known."""
    a, b = x23(), x23()
    y = ones_like(a * b) * b
    program = prune(simplify(Program.of([y], [a, b])))
    assert program.fetches == (b,)


def test_an_identity_looks_through_a_constant_that_folding_finds():
    x = x23()
    node = x * (constant(2.0) - constant(1.0))
    program = prune(simplify(fold_constants(program_of(node))))
    assert program.nodes == (x,)


def test_simplifying_adds_no_node_to_the_graph(graph):
    x = x23()
    program = program_of(x + (-(x**2.0)) + ones_like(x))
    before = graph.nodes
    simplify(program)
    assert graph.nodes == before


def test_a_program_without_an_identity_stays_as_it_is():
    x = x23()
    program = program_of(matmul(x, transpose(x)) * 2.0)
    assert simplify(program) == program


def test_a_fed_node_is_no_longer_what_it_was_made_from():
    """-y with y = -x fed is no double negative."""
    x = x23()
    y = -x
    program = Program.of([-y], [y])
    assert simplify(program) == program
    assert not any(map(is_constant, program.nodes))
