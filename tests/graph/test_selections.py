"""Selections: values against NumPy's, gradients and second gradients against central differences.

`CASES` is the table, as in `test_ops.py`; an op of the module that is not in it fails the suite. Ties, and
what does not fit, are looked at one by one below it.
"""

from __future__ import annotations

import pickle
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
from lrfit.graph import ops, selections
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import constant, placeholder
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.ops import reduce_sum, square
from lrfit.graph.passes.common_subexpressions import merge_common_subexpressions
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
    shape_of,
    tile,
)
from lrfit.graph.session import Session


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


# The table of cases.


@dataclass(frozen=True)
class Case:
    """One op at one point."""

    op: str
    build: Callable[..., Node]
    reference: Callable[..., Any]
    inputs: tuple[Array, ...]
    label: str


def _array(*shape: int) -> Array:
    """Numbers that differ by a tenth at least, in no order: there are no ties, also after a small step."""
    size = int(np.prod(shape))
    return np.asarray(np.random.default_rng(size).permutation(size).reshape(shape) * 0.3 - 1.1)


def _with_zeros(*shape: int) -> Array:
    """The same with zeros: one, two or none in a group of elements."""
    x = _array(*shape)
    x.flat[:: max(x.size // 3, 1)] = 0.0
    return x


REDUCTIONS: list[tuple[tuple[int, ...], Any]] = [
    ((), None),
    ((4,), None),
    ((3, 4), None),
    ((3, 4), 0),
    ((3, 4), -1),
    ((2, 3, 4), (0, 2)),
    ((2, 3, 2), (-1, 0)),
    ((2, 3, 2), ()),
    ((1, 4), 0),
    ((1, 1), None),
]


def _reduction_cases() -> list[Case]:
    cases = []
    for (shape, axis), keepdims in product(REDUCTIONS, [False, True]):
        named = {"axis": axis, "keepdims": keepdims}
        label = f"{shape} axis {axis}{' kept' if keepdims else ''}"
        for name, build, reference in (
            ("reduce_max", reduce_max, np.max),
            ("reduce_min", reduce_min, np.min),
            ("reduce_prod", reduce_prod, np.prod),
        ):
            x = _array(*shape)
            cases.append(Case(name, partial(build, **named), partial(reference, **named), (x,), label))
        x = _with_zeros(*shape)
        cases.append(
            Case(
                "reduce_prod",
                partial(reduce_prod, **named),
                partial(np.prod, **named),
                (x,),
                f"{label}, zeros",
            )
        )
    for (shape, axis), make in product(REDUCTIONS, [_array, _with_zeros]):
        x, label = make(*shape), f"{shape} axis {axis} {make.__name__}"
        n = _copies(x, axis, 0.0).shape[-1]
        g = np.random.default_rng(n).normal(size=(*shape, n))
        others, out, back = OPS["product_of_others"], OPS["one_out"], OPS["sum_one_out"]
        cases += [
            Case("product_of_others", partial(others, axis=axis), partial(_others, axis=axis), (x,), label),
            Case(
                "one_out",
                partial(out, axis=axis, fill=2.5),
                partial(_copies, axis=axis, fill=2.5),
                (x,),
                label,
            ),
            Case("sum_one_out", partial(back, axis=axis), partial(_summed_copies, axis=axis), (g, x), label),
        ]
    return cases


def _members(x: Array, place: tuple[int, ...], axis: Any) -> list[tuple[int, ...]]:
    """The places of the group of the element at `place`, in the order of the axes as they are named."""
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis).astype(int)]
    members = []
    for moved in product(*(range(x.shape[a]) for a in axes)):
        member = list(place)
        for a, i in zip(axes, moved, strict=True):
            member[a] = i
        members.append(tuple(member))
    return members


def _others(x: Array, axis: Any) -> Array:
    y = np.ones(x.shape)
    for place in np.ndindex(x.shape):
        for member in _members(x, place, axis):
            y[place] *= 1.0 if member == place else x[member]
    return y


def _copies(x: Array, axis: Any, fill: float) -> Array:
    copies = [
        [fill if member == place else x[member] for member in _members(x, place, axis)]
        for place in np.ndindex(x.shape)
    ]
    return np.array(copies).reshape((*x.shape, -1))


def _summed_copies(g: Array, like: Array, axis: Any) -> Array:
    total = np.zeros(like.shape)
    for place in np.ndindex(like.shape):
        for i, member in enumerate(_members(like, place, axis)):
            total[member] += 0.0 if member == place else g[(*place, i)]
    return total


def _index_cases() -> list[Case]:
    axes: list[tuple[tuple[int, ...], Any]] = [((4,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1)]
    axes += [((), None), ((3, 4), None)]
    return [
        Case(
            name,
            partial(build, axis=axis),
            partial(reference, axis=axis),
            (_array(*shape),),
            f"{shape} {axis}",
        )
        for shape, axis in axes
        for name, build, reference in (("argmax", argmax, np.argmax), ("argmin", argmin, np.argmin))
    ]


def _row_cases() -> list[Case]:
    cases = []
    indices_of = [2, [0, 2], [1, 1, 0, 1], [[0, 2], [2, 1]], [[1]], []]
    for shape, given in product([(3,), (3, 2), (4, 1, 2)], indices_of):
        indices = np.asarray(given, float)
        rows = indices.astype(int)
        like = _array(*shape)
        g = np.random.default_rng(4).normal(size=rows.shape + shape[1:])
        label = f"{shape} {given}"
        cases += [
            Case("gather", partial(_gathered, indices=indices), lambda x, rows=rows: x[rows], (like,), label),
            Case(
                "scatter",
                partial(_scattered, indices=indices),
                partial(_added_rows, rows=rows),
                (g, like),
                label,
            ),
        ]
    return cases


def _gathered(x: Node, indices: Array) -> Node:
    return gather(x, indices)


def _scattered(g: Node, like: Node, indices: Array) -> Node:
    return OPS["scatter"](g, indices, like)


def _added_rows(g: Array, like: Array, rows: Array) -> Array:
    total = np.zeros(like.shape)
    for place in np.ndindex(rows.shape):
        total[rows[place]] += g[place]
    return total


every = slice(None)
KEYS: list[tuple[tuple[int, ...], Any]] = [
    ((4,), 1),
    ((4,), -1),
    ((4,), slice(1, 3)),
    ((4,), slice(None, None, -1)),
    ((4,), slice(-2, None)),
    ((4,), slice(3, 1)),
    ((4,), slice(1, 100, 2)),
    ((4,), None),
    ((4,), ...),
    ((3, 4), 0),
    ((3, 4), (every, 2)),
    ((3, 4), (2, -3)),
    ((3, 4), (..., 1)),
    ((3, 4), (every, None, slice(0, 4, 3))),
    ((3, 4), (None, ..., None)),
    ((2, 3, 4), (1, ..., slice(1, None))),
    ((2, 3, 4), (..., 0, every)),
    ((2, 3, 4), (every, every, every, ...)),
    ((2, 3, 4), ()),
    ((), ()),
    ((), (None, None)),
    ((), ...),
]


def _part_cases() -> list[Case]:
    cases = []
    for shape, key in KEYS:
        x, label = _array(*shape), f"{shape} {key}"
        attr = part(x, key).attrs["key"]
        g = np.random.default_rng(5).normal(size=np.shape(x[key]))
        put_back = partial(OPS["put_back"], key=attr)
        cases += [
            Case("part", partial(part, key=key), lambda x, key=key: x[key], (x,), label),
            Case("put_back", put_back, partial(_put_back, key=key), (np.asarray(g), x), label),
        ]
    return cases


def _put_back(g: Array, like: Array, key: Any) -> Array:
    """Element by element: where in `like` each element of its part lies."""
    total = np.zeros(like.shape)
    places = np.asarray(np.arange(like.size).reshape(like.shape)[key])
    for place, value in zip(places.flat, g.flat, strict=True):
        total.flat[place] = value
    return total


def _join_cases() -> list[Case]:
    joins: list[tuple[list[tuple[int, ...]], int]] = [
        ([(2,), (3,)], 0),
        ([(2, 3), (1, 3)], 0),
        ([(2, 3), (2, 1)], 1),
        ([(2, 3), (2, 1)], -1),
        ([(0, 3), (2, 3)], 0),
        ([(2, 1, 3), (2, 4, 3)], -2),
    ]
    many = [([(2,)], 0), ([(2, 3)], -1), ([(1, 2)] * 3, 0), ([(2, i) for i in range(1, 6)], 1)]
    cases = [
        Case(
            "concat",
            lambda *xs, axis=axis: concat(xs, axis),
            lambda *xs, axis=axis: np.concatenate(xs, axis),
            tuple(_array(*shape) for shape in shapes),
            f"{shapes} axis {axis}",
        )
        for shapes, axis in [*joins, *many]
    ]
    for (shapes, axis), second in product(joins, [False, True]):
        a, b = (_array(*shape) for shape in shapes)
        build = partial(OPS["share"], axis=axis, second=second)
        g = np.random.default_rng(6).normal(size=np.concatenate([a, b], axis).shape)
        reference = partial(_share, axis=axis, second=second)
        cases.append(Case("share", build, reference, (g, a, b), f"{shapes} axis {axis} second {second}"))
    return cases


def _share(g: Array, a: Array, b: Array, axis: int, *, second: bool) -> Array:
    n = a.shape[axis]
    return np.take(g, range(n, n + b.shape[axis]) if second else range(n), axis)


def _tile_cases() -> list[Case]:
    tiles: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((), ()),
        ((3,), (2,)),
        ((3,), (1,)),
        ((3,), (0,)),
        ((2, 3), (1, 2)),
        ((2, 3), (3, 1)),
        ((2, 3), (2, 2)),
        ((1, 2, 1), (2, 1, 3)),
    ]
    cases = []
    for shape, multiples in tiles:
        x, label = _array(*shape), f"{shape} {multiples}"
        back = partial(OPS["sum_tiles"], multiples=multiples)
        wide = np.random.default_rng(7).normal(size=np.tile(x, multiples).shape)
        reference = partial(_summed_tiles, multiples=multiples)
        cases += [
            Case("tile", partial(tile, multiples=multiples), partial(np.tile, reps=multiples), (x,), label),
            Case("sum_tiles", back, reference, (np.asarray(wide), x), label),
        ]
    return cases


def _summed_tiles(g: Array, like: Array, multiples: tuple[int, ...]) -> Array:
    total = np.zeros(like.shape)
    places = np.tile(np.arange(like.size).reshape(like.shape), multiples)
    for place, value in zip(places.flat, g.flat, strict=True):
        total.flat[place] += value
    return total


def _shape_cases() -> list[Case]:
    shapes = [(), (4,), (3, 4), (0, 2)]
    return [Case("shape_of", shape_of, lambda x: np.array(x.shape), (_array(*s),), str(s)) for s in shapes]


CASES = [
    *_reduction_cases(),
    *_index_cases(),
    *_row_cases(),
    *_part_cases(),
    *_join_cases(),
    *_tile_cases(),
    *_shape_cases(),
]

each_op = pytest.mark.parametrize("op", dict.fromkeys(case.op for case in CASES))


def _cases_of(op: str) -> list[Case]:
    return [case for case in CASES if case.op == op]


def test_every_selection_has_a_case():
    """A new op needs a row in the table of cases above."""
    assert ops_in(selections) - ops_in(ops) == {case.op for case in CASES}


@each_op
def test_value(op):
    """Each op computes what plain NumPy does, whatever of its shapes is known before the run."""
    for case, (knowledge, known) in product(_cases_of(op), KNOWN.items()):
        with graph_of(case.label, knowledge):
            xs = [placeholder(known(value.shape)) for value in case.inputs]
            y = run(case.build(*xs), dict(zip(xs, case.inputs, strict=True)))
            assert np.asarray(y).dtype == np.float64
            expected = np.asarray(case.reference(*case.inputs))
            np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-15)
            assert np.shape(y) == expected.shape


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
        if all(value.size for value in case.inputs):
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


# The greatest and the least.


@pytest.mark.parametrize(("op", "sign"), [(reduce_max, 1.0), (reduce_min, -1.0)])
def test_ties_share_a_gradient_equally(op, sign):
    x = placeholder((2, 3))
    y = op(x, axis=1)
    (g,) = gradients(y, x, grad_ys=[6.0, 8.0])
    value = sign * np.array([[1.0, 4.0, 4.0], [5.0, 5.0, 5.0]])
    expected = [[0.0, 3.0, 3.0], [8.0 / 3.0, 8.0 / 3.0, 8.0 / 3.0]]
    np.testing.assert_allclose(run(g, {x: value}), expected, rtol=1e-15)


def test_ties_over_several_axes_share_a_gradient():
    x = placeholder((2, 2))
    (g,) = gradients(reduce_max(x), x)
    np.testing.assert_array_equal(run(g, {x: [[1.0, 1.0], [1.0, 1.0]]}), np.full((2, 2), 0.25))


def test_the_first_of_those_that_tie_has_the_index():
    assert run([argmax([1.0, 3.0, 3.0], 0), argmin([4.0, 3.0, 3.0], 0)]) == [1.0, 1.0]


@pytest.mark.parametrize("build", [lambda x: argmax(x, 0), lambda x: argmin(x, 0), shape_of])
def test_indices_and_shapes_have_no_gradient(build):
    x = placeholder((3,))
    assert gradients(build(x), x) == [None]


@pytest.mark.parametrize("build", [reduce_max, reduce_min, lambda x: argmax(x, 0), lambda x: argmin(x, 0)])
@pytest.mark.parametrize("shape", [(0,), (None,), None])
def test_there_is_no_greatest_of_nothing(build, shape):
    """An error when the node is built, or as soon as the run knows."""
    x = placeholder(shape, name="x")
    with pytest.raises(ShapeError, match=r"element|empty|zero-size"):
        run(build(x), {x: np.zeros(0)})


def test_the_greatest_of_no_rows_is_no_rows():
    x = placeholder((0, 3))
    assert reduce_max(x, axis=1).shape == (0,)
    assert run(reduce_max(x, axis=1), {x: np.zeros((0, 3))}).shape == (0,)
    assert reduce_max(placeholder((None, 0)), axis=1).shape == (None,)


# Products.


def test_a_product_of_nothing_is_1():
    x = placeholder((None,))
    value, slope = run([reduce_prod(x), gradients(reduce_prod(x), x)[0]], {x: np.zeros(0)})
    assert value == 1.0
    assert slope.shape == (0,)


@pytest.mark.parametrize(
    ("x", "slope"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
        ([0.0, 3.0, 4.0], [12.0, 0.0, 0.0]),
        ([2.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    ],
)
def test_the_slope_of_a_product_is_that_of_the_others(x, slope):
    """To the last bit."""
    v = placeholder((3,))
    np.testing.assert_array_equal(run(gradients(reduce_prod(v), v)[0], {v: x}), slope)


def test_the_third_gradient_of_a_product_is_right_at_0():
    """Of x₀·x₁·x₂·x₃ by x₀, x₁ and x₂: x₃; all but the last are 0."""
    v = placeholder((4,))
    slope = reduce_prod(v)
    for i in range(3):
        slope = part(gradients(slope, v)[0], i)
    assert run(slope, {v: [0.0, 0.0, 0.0, 7.0]}) == 7.0


# Rows.


@pytest.mark.parametrize("index", [3, -1, 1.5, np.nan, np.inf])
@pytest.mark.parametrize("rows", [(3, 2), (None, 2), None])
def test_an_index_that_no_row_has_is_named_with_the_node(index, rows):
    """Indices below 0 are not counted from the end, as in TensorFlow."""
    x, indices = placeholder(rows), placeholder(None)
    shown = repr(float(index)).removesuffix(".0")
    with pytest.raises(ShapeError, match=rf"'mine' \(gather\) .*index {shown} is not .* 3 rows"):
        run(gather(x, indices, name="mine"), {x: np.zeros((3, 2)), indices: [0.0, index]})


def test_a_wrong_index_that_is_a_constant_is_named_with_the_node():
    """No pass computes it before the run, which alone knows of the node."""
    x = constant(np.ones(3))
    y = gather(x, constant(2.0) + 1.0, name="mine")
    for fetch in (y, gradients(y, x)):
        with pytest.raises(ShapeError, match="index 3 is not"):
            run(fetch)


def test_a_number_has_no_rows():
    with pytest.raises(ShapeError, match="a number of shape"):
        gather(1.0, 0.0)
    x = placeholder(None)
    for indices in (0.0, []):
        with pytest.raises(ShapeError, match="a number has no rows"):
            run(gather(x, indices), {x: 1.0})


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.bool_])
def test_indices_may_be_of_any_type(dtype):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(OPS["gather"].kernel(x, np.array([1, 0], dtype)), x[::-1])


def test_the_gradients_of_a_row_that_is_taken_twice_add_up():
    x = placeholder((3,))
    (g,) = gradients(gather(x, [2.0, 0.0, 2.0]), x, grad_ys=[1.0, 10.0, 100.0])
    np.testing.assert_array_equal(run(g, {x: np.zeros(3)}), [10.0, 0.0, 101.0])


# Parts.


def test_a_key_can_be_pickled_and_shared():
    """Also where it holds slices and dots: the pass finds equal parts."""
    with Graph().as_default():
        x = placeholder((2, 3), name="x")
        key = (..., None, slice(1, None))
        total = part(x, key) + part(x, key) + part(x, (..., None, slice(2, None)))
        merged = merge_common_subexpressions(Program.of([total], [x]))
    assert [node.op.name for node in merged.nodes].count("part") == 2
    assert pickle.loads(pickle.dumps(dict(part(x, key).attrs))) == part(x, key).attrs  # noqa: S301


@pytest.mark.parametrize(
    "key", [1.0, True, "0", "...", [0, 1], (0, 2.5), slice(1.5, None), slice(None, None, 0), np.array([0, 1])]
)
def test_a_key_of_another_kind_is_refused(key):
    with pytest.raises(ShapeError, match="a key is made of whole numbers, slices"):
        part(np.zeros((3, 3)), key)


def test_a_key_takes_the_whole_numbers_of_numpy():
    assert part(np.zeros(5), (slice(np.int64(1), np.int32(3)),)).shape == (2,)
    assert part(np.zeros(5), np.int64(1)).attrs["key"] == (1,)


def test_the_gradient_of_a_part_is_put_back_into_zeros():
    x = placeholder((2, 3))
    (g,) = gradients(square(part(x, (0, slice(None, None, 2)))), x)
    value = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(run(g, {x: value}), [[2.0, 0.0, 6.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("key", [3, -4, (0, 0), (None, slice(None), 0)])
def test_a_key_that_only_the_run_can_refuse_is_an_error_with_the_nodes_name(key):
    x = placeholder(None)
    with pytest.raises(ShapeError, match=r"'mine' \(part\)"):
        run(part(x, key, name="mine"), {x: np.zeros(3)})


# Joins.


def test_a_join_of_many_makes_few_copies():
    """Each value is copied as often as there are levels of pairs."""
    x = placeholder((1,))
    y = concat([x] * 32, 0)
    depth, node = 0, y
    while node.op.name == "concat":
        depth, node = depth + 1, node.inputs[0]
    assert depth == 5
    np.testing.assert_array_equal(run(y, {x: [2.0]}), np.full(32, 2.0))


def test_a_join_takes_arrays_into_the_graph_of_its_nodes():
    """Wherever in the list the node is, and whichever graph is the default."""
    with Graph().as_default() as graph:
        x = placeholder((2,))
    y = concat([[1.0], [2.0], x], 0, name="mine")
    assert y.graph is graph
    assert y.name == "mine"
    assert concat([[1.0]], 0, name="one").name == "one"
    np.testing.assert_array_equal(run(concat([[1.0], [2.0, 3.0]], 0)), [1.0, 2.0, 3.0])


def test_a_join_of_nothing_is_refused():
    with pytest.raises(GraphError, match="at least one"):
        concat([], 0)


# Shapes that do not fit are errors when the node is built; the message names them.

MISFITS = {
    "max over no axis of the shape": (lambda: reduce_max(np.ones((2, 3)), axis=2), ["axis 2", "rank 2"]),
    "min over an axis twice": (lambda: reduce_min(np.ones((2, 3)), axis=(0, -2)), ["(0, -2)", "twice"]),
    "max of nothing": (lambda: reduce_max(np.ones((2, 0)), axis=1), ["axis 1", "(2, 0)"]),
    "product over no axis": (lambda: reduce_prod(np.ones((2, 3)), axis=-3), ["axis -3", "rank 2"]),
    "others over no axis": (lambda: OPS["product_of_others"](np.ones(3), axis=1), ["axis 1", "rank 1"]),
    "copies over no axis": (lambda: OPS["one_out"](np.ones(3), axis=1, fill=0.0), ["axis 1", "rank 1"]),
    "sum of no copies": (lambda: OPS["sum_one_out"](np.ones((3, 2)), np.ones(3), axis=0), ["(3, 2)", "(3,)"]),
    "argmax over no axis": (lambda: argmax(np.ones((2, 3)), 2), ["axis 2", "rank 2"]),
    "argmin of nothing": (lambda: argmin(np.ones((0, 2)), 0), ["axis 0", "(0, 2)"]),
    "gather of a number": (lambda: gather(1.0, [0.0]), ["()"]),
    "scatter": (lambda: OPS["scatter"](np.ones((2, 2)), [0.0], np.ones((3, 2))), ["(2, 2)", "(3, 2)"]),
    "part with too many entries": (lambda: part(np.ones(3), (0, 0)), ["(0, 0)", "(3,)"]),
    "part with too many entries beside dots": (lambda: part(np.ones(3), (0, ..., 0)), ["(3,)"]),
    "part with dots twice": (lambda: part(np.ones(3), (..., ...)), ["only once"]),
    "part out of range": (lambda: part(np.ones((2, 3)), (slice(None), 3)), ["index 3", "(2, 3)"]),
    "part out of range below 0": (lambda: part(placeholder((None, 3)), (0, -4)), ["index -4", "(None, 3)"]),
    "put_back": (lambda: OPS["put_back"](np.ones(2), np.ones(3), key=(0,)), ["(2,)", "(3,)"]),
    "concat along no axis": (lambda: concat([np.ones(2), np.ones(2)], 1), ["axis 1", "rank 1"]),
    "concat of one along no axis": (lambda: concat([np.ones(2)], 1), ["axis 1", "rank 1"]),
    "concat of numbers": (lambda: concat([1.0, 2.0], 0), ["axis 0", "rank 0"]),
    "concat of ranks": (lambda: concat([np.ones(2), np.ones((2, 1))], 0), ["(2,)", "(2, 1)", "axis 0"]),
    "concat of other sizes": (
        lambda: concat([placeholder((None, 2)), np.ones((2, 3))], 0),
        ["(None, 2)", "(2, 3)", "axis 0"],
    ),
    "share": (
        lambda: OPS["share"](np.ones(4), np.ones(2), np.ones(3), axis=0, second=False),
        ["(4,)", "(2,)"],
    ),
    "tile of another rank": (lambda: tile(np.ones((2, 3)), (2,)), ["(2, 3)", "(2,)"]),
    "tile below 0": (lambda: tile(np.ones(2), (-1,)), ["(2,)", "(-1,)"]),
    "sum_tiles": (lambda: OPS["sum_tiles"](np.ones(5), np.ones(2), multiples=(2,)), ["(5,)", "(2,)"]),
}


@pytest.mark.parametrize(("build", "shapes"), MISFITS.values(), ids=MISFITS.keys())
def test_shapes_that_do_not_fit_are_named_when_the_node_is_built(build, shapes):
    with pytest.raises(ShapeError) as caught:
        build()
    assert all(shape in str(caught.value) for shape in shapes)


def test_sizes_that_two_joined_nodes_know_are_known_of_both():
    y = concat([placeholder((None, 2, None)), placeholder((3, None, None))], 0)
    assert y.shape == (None, 2, None)
    assert concat([placeholder((3, None)), placeholder((1, 2))], 0).shape == (4, 2)


def test_no_tiles_have_no_elements_whatever_the_size_of_one():
    assert tile(placeholder((None, None, 2)), (0, 2, 3)).shape == (0, None, 6)


UNKNOWN_MISFITS: dict[str, tuple[Callable[..., Node], list[Any]]] = {
    "concat": (lambda a, b: concat([a, b], 0), [np.ones((2, 2)), np.ones((2, 3))]),
    "tile": (lambda x: tile(x, (2,)), [np.ones((2, 2))]),
    "sum_tiles": (lambda g, x: OPS["sum_tiles"](g, x, multiples=(2,)), [np.ones((2, 2)), np.ones(2)]),
    "scatter": (lambda g, x: OPS["scatter"](g, [0.0, 1.0], x), [np.ones(1), np.ones(3)]),
    "put_back": (lambda g, x: OPS["put_back"](g, x, key=((0, 2, None),)), [np.ones(1), np.ones(3)]),
    "share": (
        lambda g, a, b: OPS["share"](g, a, b, axis=0, second=False),
        [np.ones((4, 1)), np.ones((2, 2)), np.ones((2, 2))],
    ),
    "sum_one_out": (lambda g, x: OPS["sum_one_out"](g, x, axis=0), [np.ones((4, 1)), np.ones((2, 2))]),
}


@pytest.mark.parametrize("op", UNKNOWN_MISFITS)
def test_shapes_that_do_not_fit_are_an_error_when_only_the_run_knows(op):
    """Broadcasting and reshaping might take them, and the gradient be wrong."""
    build, values = UNKNOWN_MISFITS[op]
    xs = [placeholder(None) for _ in values]
    with pytest.raises(ShapeError, match=op):
        run(build(*xs), dict(zip(xs, values, strict=True)))


# Types, and the start of a session.

KEPT = {
    "reduce_max": {"axis": 0, "keepdims": False},
    "reduce_min": {"axis": None, "keepdims": True},
    "reduce_prod": {"axis": 0, "keepdims": False},
    "part": {"key": (0,)},
    "put_back": {"key": ()},
    "tile": {"multiples": (2, 1)},
    "concat": {"axis": 0},
    "gather": {},
}


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.bool_])
@pytest.mark.parametrize("op", KEPT)
def test_a_kernel_keeps_the_type_of_its_input(op, dtype):
    """Other executors run the kernels on other types."""
    x = np.ones((2, 3), dtype)
    others = {"concat": [x], "put_back": [x], "gather": [np.zeros(2)]}.get(op, [])
    assert OPS[op].kernel(x, *others, **KEPT[op]).dtype == dtype


@pytest.mark.parametrize(
    "op", ["product_of_others", "one_out", "sum_one_out", "scatter", "share", "sum_tiles"]
)
def test_a_kernel_of_a_derivative_keeps_float32(op):
    x = np.ones(2, np.float32)
    inputs: dict[str, tuple[list[Array], dict[str, Any]]] = {
        "product_of_others": ([x], {"axis": 0}),
        "one_out": ([x], {"axis": 0, "fill": 1.0}),
        "sum_one_out": ([np.ones((2, 2), np.float32), x], {"axis": 0}),
        "scatter": ([x, np.zeros(2), x], {}),
        "share": ([np.ones(4, np.float32), x, x], {"axis": 0, "second": False}),
        "sum_tiles": ([np.ones(4, np.float32), x], {"multiples": (2,)}),
    }
    values, attrs = inputs[op]
    assert OPS[op].kernel(*values, **attrs).dtype == np.float32


def test_a_session_does_not_load_selections():
    code = "import sys, lrfit; lrfit.Session, lrfit.gradients; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "lrfit.graph.session" in loaded.split()
    assert "lrfit.graph.selections" not in loaded.split()


def test_a_softmax_of_selections_has_the_right_gradient():
    """Several together: the greatest is taken off, rows are taken, and parts joined."""

    def build(x: Node) -> Node:
        shifted = x - reduce_max(x, axis=1, keepdims=True)
        rows = gather(shifted, argmax(x, 0))
        return concat([rows, square(part(shifted, (slice(1), ...)))], 0) * reduce_sum(constant([1.0, 2.0]))

    check_grads(build, _array(3, 4))
