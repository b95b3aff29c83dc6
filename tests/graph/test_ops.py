"""Every op: its value against NumPy's, its gradients and second gradients against central differences.

`CASES` is the table; an op of `OPS` that is neither there nor in `TESTED_APART` fails the suite. Points where
a derivative does not exist are kept out of the table, and looked at one by one below it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
from gradient_checks import KNOWN, check_grads, ops_in
from naming import graph_of

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph import assignments, leaves, ops
from lrfit.graph.assignments import assign, assign_add, assign_sub
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import Variable, placeholder
from lrfit.graph.nodes import OPS, Node, get_default_graph
from lrfit.graph.ops import (
    broadcast_like,
    ceil,
    count,
    expm1,
    floor,
    floor_divide,
    floor_mod,
    log1p,
    matmul,
    maximum,
    minimum,
    ones_like,
    power,
    reduce_mean,
    reduce_sum,
    relu,
    reshape,
    reshape_like,
    round,  # noqa: A004
    sigmoid,
    softplus,
    spread,
    square,
    stop_gradient,
    sum_like,
    transpose,
    where,
    zeros_like,
)
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


# The check of gradients.


def test_check_grads_finds_a_wrong_gradient():
    """The check can fail: stop_gradient has the value of x, and no gradient."""
    with pytest.raises(AssertionError):
        check_grads(lambda x: square(x) + stop_gradient(x), np.array([1.0, 2.0]))


def test_check_grads_finds_a_wrong_second_gradient():
    """The gradient is right here and its gradient is wrong."""

    def build(x: Node) -> Node:
        s = stop_gradient(x)
        return 2.0 * (s * x) - square(s)

    with pytest.raises(AssertionError):
        check_grads(build, np.array([1.0, 2.0]))


# The table of cases.


@dataclass(frozen=True)
class Case:
    """One op at one point."""

    op: str
    build: Callable[..., Node]
    reference: Callable[..., Any]
    inputs: tuple[Array, ...]
    label: str


def anywhere(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.uniform(-2.0, 2.0, shape))


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.uniform(0.5, 2.0, shape))


def nonzero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return positive(rng, shape) * rng.choice([-1.0, 1.0], shape)


def halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.integers(-4, 5, shape) * 0.5)


def between_halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Never equal to any of `halves`, so that there are no ties."""
    return halves(rng, shape) + 0.25


def halves_not_0(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """No element of `between_halves` is a multiple of one of them."""
    return np.asarray(rng.choice([-1.5, -1.0, -0.5, 0.5, 1.0, 1.5], shape))


def truth(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.integers(0, 2, shape) * 1.0)


ELEMENTWISE = [
    ("identity", lambda x: x, [anywhere]),
    ("negative", lambda x: -x, [anywhere]),
    ("square", lambda x: x * x, [anywhere]),
    ("sqrt", np.sqrt, [positive]),
    ("exp", np.exp, [anywhere]),
    ("log", np.log, [positive]),
    ("log1p", lambda x: np.log(1.0 + x), [positive]),
    ("expm1", lambda x: np.exp(x) - 1.0, [anywhere]),
    ("sin", np.sin, [anywhere]),
    ("cos", np.cos, [anywhere]),
    ("tanh", np.tanh, [anywhere]),
    ("sigmoid", lambda x: 1.0 / (1.0 + np.exp(-x)), [anywhere]),
    ("softplus", lambda x: np.log(1.0 + np.exp(x)), [anywhere]),
    ("relu", lambda x: x * (x > 0.0), [nonzero]),
    ("abs", lambda x: np.where(x < 0.0, -x, x), [nonzero]),
    ("sign", lambda x: np.where(x < 0.0, -1.0, 1.0), [nonzero]),
    ("floor", lambda x: x - x % 1.0, [between_halves]),
    ("ceil", lambda x: x + -x % 1.0, [between_halves]),
    ("round", lambda x: x + 0.5 - (x + 0.5) % 1.0, [between_halves]),
    ("add", lambda a, b: a + b, [anywhere, anywhere]),
    ("subtract", lambda a, b: a - b, [anywhere, anywhere]),
    ("multiply", lambda a, b: a * b, [anywhere, anywhere]),
    ("divide", lambda a, b: a / b, [anywhere, nonzero]),
    ("floor_divide", lambda a, b: np.floor(a / b), [between_halves, halves_not_0]),
    ("floor_mod", lambda a, b: a - b * np.floor(a / b), [between_halves, halves_not_0]),
    ("power", lambda a, b: a**b, [positive, nonzero]),
    ("maximum", lambda a, b: np.where(a > b, a, b), [halves, between_halves]),
    ("minimum", lambda a, b: np.where(a < b, a, b), [halves, between_halves]),
    ("where", lambda c, a, b: c * a + (1.0 - c) * b, [truth, anywhere, anywhere]),
    ("greater", lambda a, b: np.where(a > b, 1.0, 0.0), [halves, between_halves]),
    ("greater_equal", lambda a, b: np.where(a >= b, 1.0, 0.0), [halves, between_halves]),
    ("less", lambda a, b: np.where(a < b, 1.0, 0.0), [halves, between_halves]),
    ("less_equal", lambda a, b: np.where(a <= b, 1.0, 0.0), [halves, between_halves]),
    ("equal", lambda a, b: np.where(a == b, 1.0, 0.0), [halves, between_halves]),
    ("not_equal", lambda a, b: np.where(a != b, 1.0, 0.0), [halves, between_halves]),
]
SHAPES = {
    1: [[()], [(4,)], [(3, 4)]],
    2: [
        [(), ()],
        [(3, 4), (3, 4)],
        [(3, 1), (1, 4)],
        [(), (3, 4)],
        [(3, 4), ()],
        [(4,), (3, 4)],
        [(3, 4), (4,)],
        [(1, 1), (1, 1)],
        [(2, 1, 4), (3, 1)],
    ],
    3: [[(3, 4), (3, 4), (3, 4)], [(3, 1), (4,), ()], [(), (3, 1), (1, 4)], [(2, 3), (1, 1), (2, 1)]],
}
"""For so many inputs, the shapes that they are tried in: equal, and broadcast on either side."""


def _elementwise_cases() -> list[Case]:
    rng = np.random.default_rng(1)
    return [
        Case(
            name,
            OPS[name],
            reference,
            tuple(domain(rng, shape) for domain, shape in zip(domains, shapes, strict=True)),
            " with ".join(map(str, shapes)),
        )
        for name, reference, domains in ELEMENTWISE
        for shapes in SHAPES[len(domains)]
    ]


def _array(*shape: int) -> Array:
    return anywhere(np.random.default_rng(2), shape)


def _like_cases() -> list[Case]:
    """Ops that take a second input for its shape alone."""
    pairs = [((), (3, 4)), ((4,), (3, 4)), ((3, 1), (3, 4)), ((1, 1), (2, 3)), ((3, 4), (3, 4)), ((), ())]
    reshapes = [((12,), (3, 4)), ((3, 4), (2, 6)), ((3, 4), (3, 4)), ((1, 1), ()), ((), (1,))]
    return [
        *(
            Case("sum_like", sum_like, _summed_to, (_array(*wide), _array(*narrow)), f"{wide} to {narrow}")
            for narrow, wide in pairs
        ),
        *(
            Case(
                "broadcast_like",
                broadcast_like,
                lambda x, like: x + np.zeros(like.shape),
                (_array(*narrow), _array(*wide)),
                f"{narrow} to {wide}",
            )
            for narrow, wide in pairs
        ),
        *(
            Case(
                "reshape_like",
                reshape_like,
                lambda x, like: np.array(list(x.flat)).reshape(like.shape),
                (_array(*old), _array(*new)),
                f"{old} to {new}",
            )
            for old, new in reshapes
        ),
        *(
            Case(name, OPS[name], partial(_full_of, value=value), (_array(*shape),), str(shape))
            for (name, value), shape in product([("ones_like", 1.0), ("zeros_like", 0.0)], [(), (4,), (3, 4)])
        ),
    ]


def _full_of(x: Array, value: float) -> Array:
    return np.full(x.shape, value)


def _summed_to(x: Array, like: Array) -> Array:
    """The sum of x over all places that broadcasting fills from one element of `like`, one by one."""
    total = np.zeros(like.shape)
    places = np.broadcast_to(np.arange(like.size).reshape(like.shape), x.shape)
    for place, value in zip(places.flat, x.flat, strict=True):
        total.flat[place] += value
    return total


REDUCTIONS: list[tuple[tuple[int, ...], Any]] = [
    ((), None),
    ((4,), None),
    ((3, 4), None),
    ((3, 4), 0),
    ((3, 4), 1),
    ((3, 4), -1),
    ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (-1, 0)),
    ((2, 3, 4), ()),
    ((1, 4), 0),
    ((1, 1), None),
]


def _reduction_cases() -> list[Case]:
    cases = []
    for (shape, axis), keepdims in product(REDUCTIONS, [False, True]):
        x = _array(*shape)
        reduced = np.sum(x, axis=axis, keepdims=keepdims)
        named = {"axis": axis, "keepdims": keepdims}
        label = f"{shape} axis {axis}{' kept' if keepdims else ''}"
        cases += [
            Case("reduce_sum", partial(reduce_sum, **named), partial(np.sum, **named), (x,), label),
            Case("reduce_mean", partial(reduce_mean, **named), partial(np.mean, **named), (x,), label),
            Case(
                "spread",
                partial(spread, **named),
                partial(_repeated, axis=axis),
                (np.asarray(reduced), x),
                label,
            ),
        ]
    counts = [
        Case(
            "count",
            partial(count, axis=axis),
            partial(_counted, axis=axis),
            (_array(*shape),),
            f"{shape} {axis}",
        )
        for shape, axis in REDUCTIONS
    ]
    return cases + counts


def _repeated(x: Array, like: Array, axis: Any) -> Array:
    kept = np.sum(like, axis=axis, keepdims=True).shape
    return x.reshape(kept) + np.zeros(like.shape)


def _counted(x: Array, axis: Any) -> Any:
    ones = np.sum(np.ones(x.shape), axis=axis)
    return np.asarray(ones).flat[0]


def _matrix_cases() -> list[Case]:
    matmuls = [((2, 3), (3, 4)), ((1, 3), (3, 1)), ((3, 1), (1, 2)), ((1, 1), (1, 1)), ((5, 8), (8, 1))]
    transposes: list[tuple[tuple[int, ...], Any]] = [
        ((), None),
        ((4,), None),
        ((3, 4), None),
        ((2, 3, 4), None),
        ((3, 4), (0, 1)),
        ((2, 3, 4), (2, 0, 1)),
        ((2, 3, 4), (0, 2, 1)),
    ]
    reshapes = [
        ((3, 4), (2, 6)),
        ((3, 4), (-1,)),
        ((3, 4), (2, -1)),
        ((), (1, 1)),
        ((1,), ()),
        ((6,), (3, -1, 1)),
    ]
    return [
        *(
            Case(
                "matmul",
                matmul,
                lambda a, b: np.sum(a[:, :, np.newaxis] * b[np.newaxis], axis=1),
                (_array(*a), _array(*b)),
                f"{a} with {b}",
            )
            for a, b in matmuls
        ),
        *(
            Case(
                "transpose",
                partial(transpose, perm=perm),
                partial(np.transpose, axes=perm),
                (_array(*shape),),
                f"{shape} {perm}",
            )
            for shape, perm in transposes
        ),
        *(
            Case(
                "reshape",
                partial(reshape, shape=new),
                partial(np.reshape, shape=new),
                (_array(*old),),
                f"{old} to {new}",
            )
            for old, new in reshapes
        ),
    ]


CASES = [*_elementwise_cases(), *_like_cases(), *_reduction_cases(), *_matrix_cases()]


each_op = pytest.mark.parametrize("op", dict.fromkeys(case.op for case in CASES))


def _cases_of(op: str) -> list[Case]:
    return [case for case in CASES if case.op == op]


@each_op
def test_value(op):
    """The value of each op is NumPy's: numbers, shape and float64."""
    for case, (knowledge, known) in product(_cases_of(op), KNOWN.items()):
        with graph_of(case.label, knowledge):
            xs = [placeholder(known(value.shape)) for value in case.inputs]
            node = case.build(*xs)
            value = run(node, dict(zip(xs, case.inputs, strict=True)))
            expected = case.reference(*case.inputs)
            assert node.op is OPS[case.op]
            assert value.dtype == np.float64
            assert value.shape == np.shape(expected)
            np.testing.assert_allclose(value, expected, rtol=1e-14, atol=1e-14)


@each_op
def test_static_shape(op):
    """What the graph says of a shape is what the run gives; it claims nothing where it does not know."""
    for case in _cases_of(op):
        with graph_of(case.label):
            value_shape = np.shape(case.reference(*case.inputs))
            assert case.build(*[placeholder(value.shape) for value in case.inputs]).shape == value_shape
            vague = case.build(*[placeholder((None,) * value.ndim) for value in case.inputs]).shape
            assert len(vague) == len(value_shape)
            assert all(dim in (None, size) for dim, size in zip(vague, value_shape, strict=True))


@each_op
def test_gradients(op):
    """Gradients and second gradients of each op are those of central differences, in the inputs' shapes."""
    for case, (knowledge, known) in product(_cases_of(op), KNOWN.items()):
        with graph_of(case.label, knowledge):
            check_grads(case.build, *case.inputs, known=known)


@each_op
def test_a_gradient_knows_the_shape_of_its_input(op):
    """Where all shapes are known when the graph is built, so are those of gradients."""
    for case in _cases_of(op):
        with graph_of(case.label):
            xs = [placeholder(value.shape) for value in case.inputs]
            for x, g in zip(xs, gradients(case.build(*xs), xs), strict=True):
                assert g is None or g.shape == x.shape


# Derivatives at points where the rule of the table would not do, or where there is none.


def _slopes(op: Callable[..., Node], *at: float) -> list[float]:
    xs = [placeholder(()) for _ in at]
    gs = gradients(op(*xs), xs)
    return run(gs, dict(zip(xs, at, strict=True)))


@pytest.mark.parametrize(
    ("a", "b", "value", "slope", "curvature"),
    [
        (0.0, 1.0, 0.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0, 2.0),
        (0.0, 3.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0, 0.0),
        (2.0, 0.0, 1.0, 0.0, 0.0),
        (-2.0, 0.0, 1.0, 0.0, 0.0),
        (2.0, 1.0, 2.0, 1.0, 0.0),
        (-2.0, 1.0, -2.0, 1.0, 0.0),
        (-2.0, 2.0, 4.0, -4.0, 2.0),
        (-2.0, 3.0, -8.0, 12.0, -12.0),
        (-2.0, -1.0, -0.5, -0.25, -0.25),
    ],
)
def test_power_with_respect_to_its_base(a, b, value, slope, curvature):
    """b * a ** (b - 1) and b * (b - 1) * a ** (b - 2), also at base 0, exponent 0 and below 0."""
    x, exponent = placeholder(()), placeholder(())
    y = x**exponent
    (first,) = gradients(y, x)
    (second,) = gradients(first, x)
    assert run([y, first, second], {x: a, exponent: b}) == [value, slope, curvature]


@pytest.mark.parametrize(
    ("a", "b", "slope"),
    [
        (2.0, 0.0, np.log(2.0)),
        (2.0, 3.0, 8.0 * np.log(2.0)),
        (0.0, 2.0, 0.0),
        (0.0, 0.0, 0.0),
        (-2.0, 2.0, 0.0),
    ],
)
def test_power_with_respect_to_its_exponent(a, b, slope):
    """a ** b * log(a); 0 where the base is not above 0 and the logarithm does not exist."""
    assert _slopes(power, a, b)[1] == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("a", [0.5, 2.0])
@pytest.mark.parametrize("b", [0.0, 1.0, 2.0])
def test_power_has_the_same_mixed_second_gradient_in_either_order(a, b):
    """a ** (b - 1) * (1 + b * log(a)), at exponent 0 too, where the first gradient's factor b hides it."""
    xs = [placeholder(()), placeholder(())]
    by_base, by_exponent = gradients(power(*xs), xs)
    mixed = [gradients(by_base, xs[1])[0], gradients(by_exponent, xs[0])[0]]
    expected = a ** (b - 1.0) * (1.0 + b * np.log(a))
    assert run(mixed, dict(zip(xs, [a, b], strict=True))) == pytest.approx([expected, expected], rel=1e-14)


def test_power_keeps_second_gradients_finite_at_base_0():
    xs = [placeholder(()), placeholder(())]
    second = [gradients(g, x)[0] for g, x in product(gradients(power(*xs), xs), xs)]
    for exponent in (0.0, 1.0, 2.0, 3.0):
        assert np.all(np.isfinite(run(second, {xs[0]: 0.0, xs[1]: exponent})))


@pytest.mark.parametrize("op", [maximum, minimum])
def test_at_a_tie_the_whole_gradient_goes_to_the_first(op):
    assert _slopes(op, 1.0, 1.0) == [1.0, 0.0]


@pytest.mark.parametrize("op", [maximum, minimum])
def test_the_greater_or_less_of_a_node_and_itself_has_its_gradient_once(op):
    x = placeholder(())
    assert run(gradients(op(x, x), x), {x: 3.0}) == [1.0]


@pytest.mark.parametrize("name", ["relu", "abs", "sign"])
def test_value_and_gradient_at_the_kink_are_0(name):
    x = placeholder(())
    y = OPS[name](x)
    g = gradients(y, x)[0]
    assert run(y, {x: 0.0}) == 0.0
    assert g is None or run(g, {x: 0.0}) == 0.0


@pytest.mark.parametrize(
    ("name", "at_tie"),
    [("greater", 0.0), ("greater_equal", 1.0), ("less", 0.0), ("less_equal", 1.0), ("equal", 1.0)],
)
def test_a_comparison_at_a_tie_and_with_nan(name, at_tie):
    nan = np.nan
    np.testing.assert_array_equal(
        run(OPS[name]([1.0, nan, 1.0, nan], [1.0, 1.0, nan, nan])), [at_tie, 0.0, 0.0, 0.0]
    )


def test_not_equal_is_the_opposite_of_equal_with_nan_too():
    a, b = np.meshgrid([1.0, 2.0, np.nan, np.inf], [1.0, 2.0, np.nan, np.inf])
    unequal, equal = run([OPS["not_equal"](a, b), OPS["equal"](a, b)])
    np.testing.assert_array_equal(unequal, 1.0 - equal)


@pytest.mark.parametrize(
    "name",
    [
        *("sign", "floor", "ceil", "round", "floor_divide"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
        *("ones_like", "count"),
    ],
)
def test_what_is_constant_almost_everywhere_has_no_gradient(name):
    x = placeholder((2,))
    node = count(x, axis=0) if name == "count" else OPS[name](*[x] * len(OPS[name].vjps))
    assert gradients(node, x) == [None]


def test_floor_is_the_largest_whole_number_that_is_not_above():
    x = [-1.5, -1.0, -0.0, 0.5, 2.0, np.nextafter(2.0, 0.0), np.inf, -np.inf]
    np.testing.assert_array_equal(run(floor(x)), [-2.0, -1.0, 0.0, 0.0, 2.0, 1.0, np.inf, -np.inf])


def test_ceil_is_the_smallest_whole_number_that_is_not_below():
    x = [-1.5, -1.0, -0.0, 0.5, 2.0, np.nextafter(2.0, 3.0), np.inf, -np.inf]
    np.testing.assert_array_equal(run(ceil(x)), [-1.0, -1.0, 0.0, 1.0, 2.0, 3.0, np.inf, -np.inf])


def test_round_takes_a_half_to_the_even_number():
    x = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001, np.inf]
    np.testing.assert_array_equal(run(round(x)), [-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 2.0, 3.0, np.inf])


def test_floor_divide_and_floor_mod_are_those_of_python():
    """The rest has the sign of the divisor; by 0 there is an infinity or NaN."""
    a, b = [7.0, -7.0, 7.0, -7.0, 6.0, 1.0], [3.0, 3.0, -3.0, -3.0, -3.0, 0.0]
    quotient, rest = run([floor_divide(a, b), floor_mod(a, b)])
    np.testing.assert_array_equal(quotient, [2.0, -3.0, -3.0, 2.0, -2.0, np.inf])
    np.testing.assert_array_equal(rest, [1.0, 2.0, -2.0, -1.0, 0.0, np.nan])


def test_floor_mod_with_respect_to_its_divisor_has_minus_the_quotient():
    assert _slopes(floor_mod, -7.0, 3.0) == [1.0, 3.0]


def test_where_takes_any_number_but_0_for_true():
    np.testing.assert_array_equal(
        run(where([0.0, -0.0, 1.0, -2.0, 0.5, np.inf], 1.0, 2.0)), [2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    )


def test_where_gives_each_gradient_to_the_branch_that_was_taken():
    c, a, b = placeholder((3,)), placeholder((3,)), placeholder((3,))
    gs = gradients(where(c, a, b), [c, a, b], grad_ys=[5.0, 6.0, 7.0])
    feeds = {c: [1.0, 0.0, 2.0], a: [1.0, 1.0, 1.0], b: [1.0, 1.0, 1.0]}
    assert gs[0] is None
    np.testing.assert_array_equal(run(gs[1:], feeds), [[5.0, 0.0, 7.0], [0.0, 6.0, 0.0]])


def test_where_does_not_let_a_bad_number_of_the_other_branch_through():
    c, a, b = placeholder((2,)), placeholder((2,)), placeholder((2,))
    feeds = {c: [1.0, 0.0], a: [1.0, np.nan], b: [np.inf, 2.0]}
    np.testing.assert_array_equal(run(where(c, a, b), feeds), [1.0, 2.0])


def test_sigmoid_neither_overflows_nor_loses_its_gradient_far_out():
    x = placeholder((5,))
    y = sigmoid(x)
    value, slope = run([y, gradients(y, x)[0]], {x: [-1000.0, -720.0, -700.0, 40.0, 1000.0]})
    np.testing.assert_allclose(value, [0.0, np.exp(-720.0), np.exp(-700.0), 1.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(slope[:3], [0.0, np.exp(-720.0), np.exp(-700.0)], rtol=1e-12)


def test_softplus_neither_overflows_nor_loses_its_small_values():
    x = placeholder((5,))
    y = softplus(x)
    value, slope = run([y, gradients(y, x)[0]], {x: [-1000.0, -700.0, 0.0, 40.0, 1000.0]})
    np.testing.assert_allclose(value, [0.0, np.exp(-700.0), np.log(2.0), 40.0, 1000.0], rtol=1e-12)
    np.testing.assert_allclose(slope, [0.0, np.exp(-700.0), 0.5, 1.0, 1.0], rtol=1e-12)


def test_log1p_and_expm1_keep_the_digits_of_small_numbers():
    x = [-1e-20, 1e-20, 1e-10]
    np.testing.assert_allclose(run(log1p(x)), [-1e-20, 1e-20, 1e-10 - 0.5e-20], rtol=1e-15)
    np.testing.assert_allclose(run(expm1(x)), [-1e-20, 1e-20, 1e-10 + 0.5e-20], rtol=1e-15)


def test_the_slope_of_expm1_keeps_its_digits_where_the_value_is_almost_minus_1():
    x = placeholder(())
    assert run(gradients(expm1(x), x), {x: -50.0}) == [np.exp(-50.0)]


@pytest.mark.parametrize("name", ["ceil", "cos", "floor_divide", "floor_mod", "log1p", "round", "softplus"])
def test_a_kernel_keeps_float32(name):
    """Other executors run the kernels on other types."""
    op = OPS[name]
    value = op.kernel(*[np.ones(3, np.float32)] * len(op.vjps))
    assert value.dtype == np.float32


def test_relu_lets_nan_through():
    assert np.isnan(run(relu(np.nan)))


def test_stop_gradient_has_the_value_of_its_input_and_no_gradient():
    x = placeholder((2,))
    y = stop_gradient(x)
    np.testing.assert_array_equal(run(y, {x: [1.0, 2.0]}), [1.0, 2.0])
    assert gradients(y, x) == [None]
    np.testing.assert_array_equal(run(gradients(x * y, x), {x: [3.0, 4.0]}), [[3.0, 4.0]])


# Ops with extreme inputs.


def test_a_sum_over_nothing_is_0_and_its_gradient_is_empty():
    x = placeholder((None, 2))
    total = reduce_sum(x)
    value, slope = run([total, gradients(total, x)[0]], {x: np.zeros((0, 2))})
    assert value == 0.0
    assert slope.shape == (0, 2)


def test_a_mean_over_nothing_is_nan_in_silence():
    """The library is silent: the suite turns NumPy's warning into an error."""
    x = placeholder((None,))
    assert np.isnan(run(reduce_mean(x), {x: []}))


def test_a_product_with_no_rows_has_no_rows():
    x = placeholder((None, 3))
    assert run(x @ np.ones((3, 2)), {x: np.zeros((0, 3))}).shape == (0, 2)


@pytest.mark.parametrize("n_features", [1, 2, 3, 5, 8, 17])
def test_a_row_has_the_same_product_among_any_other_rows(n_features):
    """To the last bit, and whatever the order in which rows lie in memory."""
    for n_outputs in (1, 2, 3):
        rng = np.random.default_rng(3)
        rows, weights = rng.normal(size=(20, n_features)), rng.normal(size=(n_features, n_outputs))
        x = placeholder((None, n_features))
        y = x @ weights
        apart = np.concatenate([run(y, {x: row[np.newaxis]}) for row in rows])
        for order in ("C", "F"):
            together = run(y, {x: np.array(rows, order=order)})
            np.testing.assert_array_equal(together, apart, err_msg=f"{n_outputs} outputs, {order}")


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (4, 1)), ((2, 1), (3, 2)), ((2, 3), (1, 2)), ((2,), (2, 1)), ((2, 2), (2, 2, 2))]
)
def test_a_product_that_does_not_fit_is_an_error_when_only_the_run_knows(a, b):
    """A dimension 1 is no exception: matmul does not broadcast."""
    x, y = placeholder(None), placeholder(None)
    with pytest.raises(ShapeError, match="matmul"):
        run(x @ y, {x: np.ones(a), y: np.ones(b)})


@pytest.mark.parametrize(("a", "b"), [((2, 1), (3, 2)), ((2, 3), (1, 2))])
def test_a_product_of_matrices_with_unknown_dimensions_does_not_broadcast(a, b):
    x, y = placeholder((None, None)), placeholder((None, None))
    with pytest.raises(ShapeError, match="matmul"):
        run(x @ y, {x: np.ones(a), y: np.ones(b)})


def test_ones_and_zeros_like_follow_the_shape_of_the_run():
    x = placeholder(None)
    ones, zeros = run([ones_like(x), zeros_like(x)], {x: [[np.nan], [np.inf]]})
    np.testing.assert_array_equal(ones, [[1.0], [1.0]])
    np.testing.assert_array_equal(zeros, [[0.0], [0.0]])


# Shapes that do not fit are errors when the node is built; the message names them.

MISFITS = {
    "matmul of inner dimensions": (lambda: matmul(np.ones((2, 3)), np.ones((2, 3))), ["(2, 3) and (2, 3)"]),
    "matmul of a vector": (lambda: matmul(np.ones((2, 3)), np.ones(3)), ["(2, 3)", "(3,)"]),
    "matmul of an unknown row number": (
        lambda: matmul(placeholder((None, 3)), np.ones((2, 1))),
        ["(None, 3)", "(2, 1)"],
    ),
    "where": (lambda: where(np.ones(2), np.ones(3), np.ones((4, 1))), ["(2,)", "(3,)", "(4, 1)"]),
    "reshape": (lambda: reshape(np.ones((2, 3)), (4,)), ["(2, 3)", "(4,)"]),
    "reshape to the rest": (lambda: reshape(np.ones((2, 3)), (4, -1)), ["(2, 3)", "(4, -1)"]),
    "reshape to two rests": (lambda: reshape(np.ones((2, 3)), (-1, -1)), ["(2, 3)", "(-1, -1)"]),
    "reshape to a negative size": (lambda: reshape(np.ones((2, 3)), (-2, -3)), ["(2, 3)", "(-2, -3)"]),
    "reshape of nothing to the rest": (lambda: reshape(np.ones((0, 3)), (0, -1)), ["(0, 3)", "(0, -1)"]),
    "transpose of a wrong rank": (lambda: transpose(np.ones((2, 3)), (0, 1, 2)), ["(2, 3)", "(0, 1, 2)"]),
    "transpose by an axis twice": (lambda: transpose(np.ones((2, 3)), (0, 0)), ["(2, 3)", "(0, 0)"]),
    "sum over no axis of the shape": (lambda: reduce_sum(np.ones((2, 3)), axis=2), ["axis 2", "rank 2"]),
    "mean over a negative axis": (lambda: reduce_mean(np.ones((2, 3)), axis=-3), ["axis -3", "rank 2"]),
    "sum over an axis twice": (lambda: reduce_sum(np.ones((2, 3)), axis=(0, -2)), ["(0, -2)", "twice"]),
    "count over no axis of the shape": (lambda: count(np.ones((2, 3)), axis=2), ["axis 2", "rank 2"]),
    "assign": (lambda: assign(Variable(np.ones(2), name="v"), np.ones(3)), ["'v'", "(2,)", "(3,)"]),
    "assign_add": (
        lambda: assign_add(Variable(np.ones(2), name="v"), np.ones((3, 1))),
        ["'v'", "(2,)", "(3, 2)"],
    ),
    "assign_sub": (lambda: assign_sub(Variable(1.0, name="v"), np.ones(3)), ["'v'", "()", "(3,)"]),
    "sum_like": (lambda: sum_like(np.ones((2, 3)), np.ones((3, 2))), ["(2, 3)", "(3, 2)"]),
    "sum_like of a lower rank": (lambda: sum_like(np.ones(6), np.ones((2, 3))), ["(6,)", "(2, 3)"]),
    "broadcast_like": (lambda: broadcast_like(np.ones(3), np.ones(2)), ["(3,)", "(2,)"]),
    "reshape_like": (lambda: reshape_like(np.ones(3), np.ones(2)), ["(3,)", "(2,)"]),
    "spread": (lambda: spread(np.ones(3), np.ones((2, 4)), axis=0, keepdims=False), ["(3,)", "(2, 4)"]),
}


@pytest.mark.parametrize(("build", "shapes"), MISFITS.values(), ids=MISFITS.keys())
def test_shapes_that_do_not_fit_are_named_when_the_node_is_built(build, shapes):
    with pytest.raises(ShapeError) as caught:
        build()
    assert all(shape in str(caught.value) for shape in shapes)


@pytest.mark.parametrize("name", [name for name, _, domains in ELEMENTWISE if len(domains) == 2])
def test_an_elementwise_op_names_the_shapes_that_it_cannot_broadcast(name):
    with pytest.raises(ShapeError, match=r"cannot broadcast \(2, 3\) with \(4, 1, 2\)"):
        OPS[name](np.ones((2, 3)), np.ones((4, 1, 2)))


@pytest.mark.parametrize("keepdims", [True, False])
def test_spread_repeats_what_a_reduction_gives_and_nothing_else(keepdims):
    """Of a shape that only the run knows; broadcasting would take it, and its gradient be wrong."""
    x = placeholder(None)
    y = spread(x, np.zeros((3, 3)), axis=None, keepdims=keepdims)
    with pytest.raises(ShapeError, match="spread"):
        Session().run(y, {x: np.ones(3)})


@pytest.mark.parametrize("like", [(3, 2), (6,)])
def test_sum_like_never_reshapes_what_it_cannot_sum(like):
    """A gradient of a wrong shape that only the run knows is an error, not a gradient in a wrong order."""
    x, target = placeholder(None), placeholder(None)
    with pytest.raises(ShapeError, match="sum_like"):
        run(sum_like(x, target), {x: np.ones((2, 3)), target: np.ones(like)})


def test_a_wrong_number_of_inputs_names_the_right_one():
    for name in sorted(name for name, op in OPS.items() if op.vjps is not None):
        n_inputs = len(OPS[name].vjps)
        for wrong in {n_inputs + 1, n_inputs - 1} - {-1}:
            with pytest.raises(GraphError, match=f"{name} takes {n_inputs} inputs, not {wrong}"):
                OPS[name](*[1.0] * wrong)


# No op without a case.

TESTED_APART = {
    "stop_gradient": "no derivative",
    "constant": "no input; see test_leaves.py",
    "placeholder": "no kernel; see test_leaves.py",
    "variable": "no kernel; see test_leaves.py",
    "assign": "an effect; see test_assignments.py",
    "group": "an effect; see test_assignments.py",
}
"""Ops without a case, and why."""

THESE_OPS = ops_in(leaves, assignments, ops)
"""The ops that are there when the graph is used."""


def test_every_op_has_a_case():
    """A new op needs a row in the table of cases above; those of selections.py have a table of their own."""
    assert {case.op for case in CASES} ^ set(TESTED_APART) >= THESE_OPS


def test_only_ops_that_cannot_be_differentiated_are_tested_apart():
    """What has a derivative is held against differences."""
    assert not any(any(OPS[name].vjps or ()) for name in TESTED_APART)


@pytest.mark.parametrize("module", ["ops", "autodiff", "optimizers", "passes", "session"])
def test_all_ops_are_there_when_the_graph_is_used(module):
    code = f"import lrfit.graph.{module}; from lrfit.graph.nodes import OPS; print(*sorted(OPS))"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert names.split() == sorted(THESE_OPS)
