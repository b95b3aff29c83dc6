"""The source of a fused program: what it says, what it computes, and which programs have none.

The function is run as plain Python here, and held against steps of NumPy, batch by batch; it is
machine code in `test_numba.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from batches import METHODS, assume_exact, descent_by, instructions, numbers, random_batches, run_steps
from depth import cases
from hypothesis import event, given, settings
from hypothesis import strategies as st

from lrfit.arrays import Array
from lrfit.graph.assignments import assign, assign_add, group
from lrfit.graph.executors.numba import formulas
from lrfit.graph.executors.numba import source as module
from lrfit.graph.executors.numba.formulas import CannotFuseError
from lrfit.graph.executors.numba.source import FusedSource, fused_source
from lrfit.graph.leaves import Variable, constant, is_variable, placeholder
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.ops import (
    add,
    broadcast_like,
    count,
    exp,
    identity,
    matmul,
    ones_like,
    reduce_mean,
    reduce_sum,
    reshape,
    reshape_like,
    square,
    sum_like,
    transpose,
    zeros_like,
)
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program
from lrfit.model.equation import linear_model


@pytest.fixture(params=["unrolled", "looped"])
def form(request, monkeypatch):
    """Both forms of a function: elements written out one by one, and loops over them."""
    if request.param == "looped":
        monkeypatch.setattr(module, "_MAX_UNROLLED", 0)


def program_of(fetches: Node | Sequence[Node], feeds: Sequence[Node]) -> Program:
    return Program.of([fetches] if isinstance(fetches, Node) else fetches, feeds)


def run_source(
    source: FusedSource,
    feeds: Sequence[Array],
    variables: Mapping[Node, Array],
    batch_size: int,
    n_epochs: int = 1,
) -> dict[Node, Array]:
    """The variables after one call of the function, which Python runs with NumPy's numbers for floats."""
    names: dict[str, Any] = {"np": np, "float": np.float64}
    exec(re.sub(r"\b\d+\.0\b", r"np.float64(\g<0>)", source.text), names)  # noqa: S102
    numbers = [feeds[part] if isinstance(part, int) else part for part in source.numbers]
    state = flat([variables[node] for node in source.state])
    with np.errstate(all="ignore"):
        rows, scratch = (feeds[i] for i in source.row_feeds), np.full(source.n_scratch, np.nan)
        names["kernel"](*rows, flat(numbers), state, scratch, batch_size, n_epochs)
    values, start = dict(variables), 0
    for node in source.state:
        size = np.size(variables[node])
        values[node] = state[start : start + size].reshape(np.shape(variables[node]))
        start += size
    assert start == len(state)
    return values


def flat(values: Sequence[Array]) -> Array:
    return np.concatenate([np.zeros(0), *map(np.ravel, values)])


def check(
    fetches: Node | Sequence[Node],
    feeds: Mapping[Node, Any],
    variables: Mapping[Node, Any],
    *,
    batch_size: int = 4,
    n_epochs: int = 2,
    rtol: float = 0.0,
) -> FusedSource:
    """Hold the function against steps, for the plain program and for what the passes leave; returns that."""
    arrays = [np.asarray(value, np.float64) for value in feeds.values()]
    start = {node: np.asarray(value, np.float64) for node, value in variables.items()}
    plain = program_of(fetches, list(feeds))
    for program in (plain, apply_passes(plain)):
        source = fused_source(program)
        got = run_source(source, arrays, start, batch_size, n_epochs)
        expected = run_steps(program, arrays, start, batch_size, n_epochs)
        for node in start:
            np.testing.assert_allclose(got[node], expected[node], rtol=rtol, atol=rtol)
    return source


def whole(*shape: int, seed: int = 0) -> Array:
    """Small integers, whose sums and products are exact."""
    return np.random.default_rng((seed, *shape)).integers(-3, 4, shape).astype(float)


# What the source says.


def test_the_source_of_the_model_with_one_feature():
    """One loop over rows, scalars alone, and constants as arguments: the rate, and the 2 of the loss."""
    model = linear_model(np.zeros(1), 0.0)
    train = GradientDescentOptimizer(0.1).minimize(model.loss)
    source = fused_source(apply_passes(program_of(train, [model.x, model.y])))
    assert source.text == dedent("""\
        def kernel(v2, v8, numbers, state, scratch, batch_size, n_epochs):
            v1 = numbers[0]
            v4 = numbers[1]
            v13 = numbers[2]
            v0 = state[0]
            v6 = state[1]
            n_rows = v2.shape[0]
            for epoch in range(n_epochs):
                for start in range(0, n_rows, batch_size):
                    stop = min(start + batch_size, n_rows)
                    n = float(stop - start)
                    v10 = n
                    v11 = v4 / v10
                    v19 = 0.0
                    v23 = 0.0
                    for row in range(start, stop):
                        v5 = v2[row, 0] * v0
                        v7 = v5 + v6
                        v9 = v7 - v8[row, 0]
                        v14 = v13 * v9
                        v15 = v11 * v14
                        v16 = v15
                        v17 = v16
                        v18 = v17
                        v19 += v2[row, 0] * v18
                        v23 += v17
                    v20 = v1 * v19
                    v21 = v0 - v20
                    v24 = v1 * v23
                    v25 = v6 - v24
                    new_v0 = v21
                    new_v6 = v25
                    v0 = new_v0
                    v6 = new_v6
            state[0] = v0
            state[1] = v6
        """)
    assert source.row_feeds == (0, 1)
    assert source.state == (model.W, model.b)
    np.testing.assert_array_equal(source.numbers, [0.1, 0.5, 2.0])


def test_a_step_value_is_computed_once_a_batch_a_row_value_once_a_row_and_a_row_sum_between():
    x, v = placeholder((None,)), Variable(2.0)
    source = fused_source(program_of(assign(v, reduce_sum(x * square(v)) + 1.0), [x]))
    assert source.text == dedent("""\
        def kernel(v0, numbers, state, scratch, batch_size, n_epochs):
            v5 = numbers[0]
            v1 = state[0]
            n_rows = v0.shape[0]
            for epoch in range(n_epochs):
                for start in range(0, n_rows, batch_size):
                    stop = min(start + batch_size, n_rows)
                    n = float(stop - start)
                    v2 = v1 * v1
                    v4 = 0.0
                    for row in range(start, stop):
                        v3 = v0[row] * v2
                        v4 += v3
                    v6 = v4 + v5
                    new_v1 = v6
                    v1 = new_v1
            state[0] = v1
        """)


def test_many_elements_are_loops_over_places_in_flat_arrays():
    """The weights of 70 features: no line is longer for it, and no array is made."""
    x, w = placeholder((None, 70)), Variable(np.zeros((70, 1)))
    source = fused_source(program_of(assign_add(w, transpose(x) @ (x @ w)), [x]))
    assert source.text == dedent("""\
        def kernel(v1, numbers, state, scratch, batch_size, n_epochs):
            n_rows = v1.shape[0]
            for epoch in range(n_epochs):
                for start in range(0, n_rows, batch_size):
                    stop = min(start + batch_size, n_rows)
                    n = float(stop - start)
                    for i0 in range(70):
                        scratch[0 + i0] = 0.0
                    for row in range(start, stop):
                        total = 0.0
                        for s0 in range(70):
                            total += v1[row, s0] * state[0 + s0]
                        v3 = total
                        for i0 in range(70):
                            scratch[0 + i0] += v1[row, i0] * v3
                    for i0 in range(70):
                        scratch[70 + i0] = state[0 + i0] + scratch[0 + i0]
                    for i0 in range(70):
                        scratch[140 + i0] = scratch[70 + i0]
                    for i0 in range(70):
                        state[0 + i0] = scratch[140 + i0]
        """)


def test_the_source_does_not_depend_on_values():
    """So that one machine code serves every learning rate, and every start."""
    texts = set()
    for rate, start in ((0.1, 0.0), (0.25, 3.0)):
        model = linear_model(np.full(2, start), start)
        train = GradientDescentOptimizer(rate).minimize(model.loss)
        texts.add(fused_source(apply_passes(program_of(train, [model.x, model.y]))).text)
    assert len(texts) == 1


def test_names_of_nodes_do_not_get_into_the_source():
    """A name may hold anything; the source would run it."""
    x, v = placeholder((None,), name="x)\nimport os"), Variable(0.0, name="evil'''")
    source = fused_source(program_of(assign(v, reduce_sum(x), name="\n    boo"), [x]))
    assert not {"import", "evil", "boo"} & set(re.findall(r"\w+", source.text))


def test_what_the_assignments_do_not_need_is_left_out():
    """A fetched loss costs nothing; batches are run for what they do to variables."""
    x, v = placeholder((None,)), Variable(0.0)
    update = assign(v, reduce_sum(x))
    loss = reduce_mean(square(x - 3.0))
    assert fused_source(program_of([update, loss], [x])).text == fused_source(program_of(update, [x])).text


# What it computes.


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("optimizer", ["plain", "momentum", "nesterov"])
@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize("has_intercept", [True, False])
@pytest.mark.parametrize("has_l2", [True, False])
def test_training_steps_are_those_of_the_numpy_step(optimizer, n_features, has_intercept, has_l2):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, n_features)), rng.normal(size=(7, 1))
    model = linear_model(np.zeros(n_features), 0.0 if has_intercept else None)
    with model.graph.as_default():
        made = {
            "plain": GradientDescentOptimizer(0.1),
            "momentum": MomentumOptimizer(0.1, 0.9),
            "nesterov": MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        }
        l2 = 0.05 * reduce_sum(square(model.W))
        train = made[optimizer].minimize(model.loss + l2 if has_l2 else model.loss)
    variables = {node: rng.normal(size=node.shape) for node in model.graph.nodes if is_variable(node)}
    check(train, {model.x: x, model.y: y}, variables, batch_size=3, n_epochs=5, rtol=1e-12)


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("method", METHODS)
def test_steps_of_a_method_of_descent_are_those_of_the_numpy_step(method):
    rng = np.random.default_rng(0)
    model, train = descent_by(method, 3, 0.1)
    variables = {node: rng.normal(size=node.shape) for node in model.graph.nodes if is_variable(node)}
    variables[next(node for node in variables if node.name == "global_step")] = np.float64(0.0)
    feeds = {model.x: rng.normal(size=(7, 3)), model.y: rng.normal(size=(7, 1))}
    check(train, feeds, variables, batch_size=3, n_epochs=5, rtol=1e-12)


@pytest.mark.usefixtures("form")
def test_two_variables_are_swapped_in_one_run():
    """All new values are there before the first old one is lost, also where one is the other transposed."""
    v, w, x, n = Variable(np.zeros((2, 3))), Variable(np.zeros((3, 2))), placeholder((None,)), Variable(0.0)
    swap = group(assign(v, transpose(w)), assign(w, transpose(v)), assign_add(n, reduce_sum(x)))
    check(swap, {x: np.ones(5)}, {v: whole(2, 3), w: whole(3, 2), n: 0.0}, batch_size=2, n_epochs=1)


@pytest.mark.usefixtures("form")
def test_a_variable_that_is_assigned_but_not_read_gets_its_value():
    v, x = Variable(np.zeros(2)), placeholder((None, 2))
    source = check(assign(v, reduce_sum(x, axis=0)), {x: whole(5, 2)}, {v: np.full(2, 9.0)}, batch_size=2)
    assert source.state == (v,)


@pytest.mark.usefixtures("form")
def test_a_variable_that_is_read_but_not_assigned_stays():
    v, w, x = Variable(0.0), Variable(np.zeros(2)), placeholder((None, 2))
    check(assign_add(v, reduce_sum(x * w)), {x: whole(5, 2)}, {v: 0.0, w: [2.0, -1.0]})


@pytest.mark.usefixtures("form")
def test_feeds_without_rows_are_the_same_for_each_batch():
    """A scalar, a vector and a matrix; one is of a node that is no placeholder."""
    x, v = placeholder((None, 3)), Variable(np.zeros((3, 1)))
    rate, shift, mix = placeholder(()), placeholder((3,)), identity(np.eye(3))
    update = assign_add(v, rate * transpose(reduce_sum((x + shift) @ mix, axis=0, keepdims=True)))
    feeds = {rate: 0.5, x: whole(5, 3), mix: whole(3, 3), shift: whole(3)}
    source = check(update, feeds, {v: np.zeros((3, 1))})
    assert source.row_feeds == (1,)


@pytest.mark.usefixtures("form")
def test_a_row_value_that_needs_a_row_sum_takes_a_second_loop():
    """The squares of residuals about the batch's own mean."""
    x, v = placeholder((None, 2)), Variable(0.0)
    residual = x - reduce_mean(x, axis=0)
    source = check(assign_add(v, reduce_sum(square(residual))), {x: whole(6, 2)}, {v: 1.0})
    assert source.text.count("for row in") == 2


@pytest.mark.usefixtures("form")
def test_a_gradient_through_the_batchs_own_mean_is_that_of_the_steps():
    """It goes back to the rows through the mean, and so takes a third loop."""
    x, v = placeholder((None, 2)), Variable(np.zeros((2, 1)))
    residual = x @ v - reduce_mean(x @ v)
    train = GradientDescentOptimizer(0.125).minimize(reduce_mean(square(residual)))
    source = check(train, {x: whole(6, 2)}, {v: [[1.0], [-2.0]]}, rtol=1e-13)
    assert source.text.count("for row in") == 3


@pytest.mark.usefixtures("form")
def test_sums_that_do_not_need_each_other_share_a_loop():
    x, v, w = placeholder((None, 2)), Variable(0.0), Variable(np.zeros(2))
    updates = [assign_add(v, reduce_sum(x)), assign_add(w, reduce_mean(square(x), axis=0))]
    source = check(updates, {x: whole(6, 2)}, {v: 0.0, w: np.zeros(2)})
    assert source.text.count("for row in") == 1


@pytest.mark.usefixtures("form")
def test_each_sum_that_needs_another_takes_one_more_loop():
    """Mean, variance about it, and the sum of what is divided by that."""
    x, v = placeholder((None, 3)), Variable(np.zeros(3))
    centred = x - reduce_mean(x, axis=0)
    variance = reduce_mean(square(centred), axis=0) + 1.0
    source = check(assign_add(v, reduce_sum(x / variance, axis=0)), {x: whole(6, 3)}, {v: np.zeros(3)})
    assert source.text.count("for row in") == 3


MEANS: dict[str, Callable[[Node, Node], Node]] = {
    "of all of a batch": lambda x, _: reduce_mean(x),
    "of rows": lambda x, _: reduce_mean(reduce_mean(x, axis=0)),
    "of rows, one axis kept": lambda x, _: reduce_sum(reduce_mean(x, axis=(0, 2), keepdims=True)),
    "of two axes of a row": lambda x, _: reduce_sum(reduce_mean(x, axis=(1, 2))),
    "of two axes of a step value": lambda x, m: reduce_mean(m) + reduce_sum(x),
    "of an axis of a step value": lambda x, m: reduce_sum(reduce_mean(m, axis=-1)) + reduce_sum(x),
    "of one element": lambda x, m: reduce_mean(reduce_sum(m, keepdims=True)) + reduce_sum(x),
    "that is a share of the count": lambda x, _: reduce_sum(x) / count(x, axis=None),
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", MEANS)
def test_a_mean_is_a_sum_divided_by_how_many_elements_it_takes_together(name):
    x, m, v = placeholder((None, 2, 4)), Variable(np.zeros((4, 2))), Variable(0.0)
    update = assign_add(v, MEANS[name](x, m))
    check(update, {x: whole(6, 2, 4)}, {v: 0.0, m: whole(4, 2)}, rtol=1e-15)


MOVES: dict[str, Callable[[Node, Node], Node]] = {
    "transpose": lambda x, m: transpose(x) @ x + transpose(m),
    "transpose of three axes": lambda x, m: reduce_sum(
        transpose(reshape(x, (-1, 1, 3)), (2, 0, 1)) * transpose(reshape(m, (1, 3, 3)), (1, 0, 2)), axis=1
    ),
    "rows last": lambda x, m: m @ transpose(x) @ x,
    "reshape that adds and drops axes": lambda x, m: (
        reshape(reduce_sum(reshape(x, (-1, 1, 3, 1)), axis=0), (1, 3)) + reshape(m, (3, 1, 3)[::2])
    ),
    "reshape_like": lambda x, m: reduce_sum(reshape_like(x, reshape(x, (-1, 3, 1)))) + m,
    "broadcast_like": lambda x, m: transpose(x) @ broadcast_like(constant([1.0, 2.0, 3.0]), x) + m,
    "sum_like": lambda x, m: sum_like(x, constant(np.ones((1, 3)))) + sum_like(m, constant(np.ones(3))),
    "ones_like and zeros_like": lambda x, m: transpose(ones_like(x)) @ x + zeros_like(m),
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", MOVES)
def test_elements_are_read_where_they_come_from(name):
    x, m = placeholder((None, 3)), Variable(np.zeros((3, 3)))
    new = MOVES[name](x, m)
    check(assign(m, new + zeros_like(m)), {x: whole(5, 3)}, {m: whole(3, 3)}, n_epochs=1)


# Elementwise ops.

SPECIAL = np.array([0.0, -0.0, 1.0, -2.5, 0.5, 3.0, np.inf, -np.inf, np.nan, 1e300, -1e-300])


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", sorted(formulas.ELEMENTWISE))
def test_an_elementwise_op_is_that_of_numpy(name):
    """On every pair of special values; NaN and infinities flow through."""
    op = OPS[name]
    arguments = [a.ravel() for a in np.meshgrid(*[SPECIAL] * len(op.vjps or ()))]
    if name == "power":  # NumPy itself says inf for arrays and nan for numbers of (-inf) ** 0.5
        arguments = [a[arguments[0] != -np.inf] for a in arguments]
    feeds: dict[Node, Any] = {placeholder(a.shape): a for a in arguments}
    x, v, n = placeholder((None,)), Variable(np.zeros(arguments[0].shape)), Variable(0.0)
    updates = [assign(v, op(*feeds)), assign_add(n, reduce_sum(x))]
    check(updates, feeds | {x: np.ones(2)}, {v: np.zeros(v.shape), n: 0.0}, rtol=1e-14)


# Programs without a fused form.

UNFUSABLE: dict[str, tuple[Callable[[Node, Node], Node], str]] = {
    "the outer product of rows": (
        lambda x, v: reduce_sum(matmul(x, transpose(x), name="outer")) + v,
        r"matmul 'outer' of shape \(None, None\) has no fused form",
    ),
    "an unknown rank": (
        lambda x, v: reduce_sum(x) + reduce_sum(placeholder(name="any")) + v,
        r"placeholder 'any' of shape \(\.\.\.\) has no fused form",
    ),
    "a reshape that mixes rows and columns": (
        lambda x, v: reduce_sum(reshape(x, (-1, 1), name="flat")) + v,
        r"reshape 'flat' of shape \(None, 1\) has no fused form: .* need not be the number of rows",
    ),
    "a count of elements that are no rows": (
        lambda x, v: reduce_sum(x) + count(reshape(x, (-1,), name="flat"), axis=None) + v,
        r"reshape 'flat' of shape \(None,\) has no fused form: .* need not be the number of rows",
    ),
    "a reshape that mixes axes": (
        lambda x, v: reduce_sum(x) + reduce_sum(reshape(np.ones((2, 3)) + v, (3, 2), name="mixed") * v),
        "reshape 'mixed' has no fused form: it does more than add or drop axes",
    ),
    "rows of which there must be four": (
        lambda x, v: reduce_sum(add(x, np.ones((4, 2)), name="four")) + v,
        r"add 'four' of shape \(4, 2\) has no fused form: it fits only some numbers of rows",
    ),
    "a product of rows with what is no row": (
        lambda x, v: reduce_sum(matmul(transpose(x), np.ones((4, 1)), name="four")) + v,
        r"matmul 'four' of shape \(2, 1\) has no fused form: it fits only some numbers of rows",
    ),
    "a shape that fits one row alone": (
        lambda x, v: reduce_sum(x) + reduce_sum(zeros_like(sum_like(np.ones((1, 2)), x, name="one"))) + v,
        r"sum_like 'one' of shape \(None, 2\) has no fused form: it fits only some numbers of rows",
    ),
    "a dimension that is not of rows": (
        lambda x, v: reduce_sum(x) + reduce_sum(placeholder((3, None), name="wide")) + v,
        r"placeholder 'wide' of shape \(3, None\) has no fused form: .* need not be the number of rows",
    ),
    "no elements": (
        lambda x, v: reduce_sum(placeholder((None, 0), name="none") @ np.zeros((0, 1))) + reduce_sum(x) + v,
        r"'none' of shape \(None, 0\) has no fused form",
    ),
    "an op that is in no table": (
        lambda x, v: reduce_sum(exp(x, name="e")) + v,
        "exp 'e' cannot be fused: the op exp has no fused form",
    ),
    "no rows": (lambda _, v: v + 1.0, "no assignment depends on rows"),
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", UNFUSABLE)
def test_a_program_without_a_fused_form_is_refused_and_the_node_is_named(name, monkeypatch):
    monkeypatch.delitem(formulas.ELEMENTWISE, "exp")
    build, message = UNFUSABLE[name]
    update = assign(Variable(0.0), build(placeholder((None, 2)), Variable(0.0)))
    feeds = [node for node in update.graph.nodes if node.op.name == "placeholder"]
    with pytest.raises(CannotFuseError, match=message):
        fused_source(program_of(update, feeds))


def test_a_program_that_assigns_nothing_has_no_fused_form():
    x = placeholder((None,))
    with pytest.raises(CannotFuseError, match="assigns nothing"):
        fused_source(program_of(reduce_sum(x), [x]))


@settings(max_examples=cases(80, 150), deadline=None)
@given(instructions, numbers, st.booleans())
def test_a_random_program_does_what_its_steps_do(steps, numbers, is_looped):
    """If it has a fused form, in either form, before and after the passes."""
    with Graph().as_default(), pytest.MonkeyPatch.context() as patch:
        if is_looped:
            patch.setattr(module, "_MAX_UNROLLED", 0)
        random = random_batches(steps, numbers)
        for program in (random.program, apply_passes(random.program)):
            try:
                source = fused_source(program)
            except CannotFuseError as error:
                event(re.sub(r"'.*'|\(.*\)", "…", str(error)))
                continue
            event("fused")
            expected = run_steps(program, random.feeds, random.state, batch_size=4)
            assume_exact(program, random.feeds, random.state)
            got = run_source(source, random.feeds, random.state, batch_size=4)
            for v in random.state:
                np.testing.assert_array_equal(got[v], expected[v])
