"""Typed steps against the NumPy executor, in float64 bit for bit, and the types of their values."""

import numpy as np
import oracles
import pytest

from lrfit.errors import ShapeError
from lrfit.graph.assignments import assign
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.executors.typed import typed_step
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.ops import (
    add,
    broadcast_like,
    equal,
    matmul,
    multiply,
    reduce_mean,
    reduce_sum,
    reshape,
    sigmoid,
    square,
)
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program
from lrfit.graph.selections import gather

FLOAT64 = np.dtype(np.float64)


def float64(_):
    return FLOAT64


def of_program(_):
    return None


def types(known):
    """The types of nodes by their names."""
    return lambda node: known.get(node.name)


def line(*, width=None):
    """The program of a step of momentum, and its loss, on rows of this width; vectors if None."""
    shape = (None,) if width is None else (None, width)
    x, y = placeholder(shape, name="x"), placeholder(shape[:1] if width is None else (None, 1), name="y")
    w = Variable(0.0 if width is None else np.zeros((width, 1)), name="W")
    b = Variable(0.0, name="b")
    y_hat = (w * x if width is None else x @ w) + b
    loss = reduce_mean(square(y_hat - y)) / 2.0
    train = MomentumOptimizer(0.01, 0.9).minimize(loss)
    rows = oracles.random_rows(17, width or 1)
    feeds = [rows[:, 0], rows[:, 1]] if width is None else [rows[:, :-1], rows[:, -1:]]
    program = Program.of([train, loss], [x, y], [feed.shape for feed in feeds])
    return apply_passes(program), feeds, [w, b]


def started(program, dtype):
    return {v: np.asarray(np.zeros(v.shape), dtype)[()] for v in program.variables}


@pytest.mark.parametrize("width", [None, 1, 3])
def test_in_float64_every_bit_is_that_of_the_numpy_executor(width):
    program, feeds, _ = line(width=width)
    plain, typed = numpy_step(program), typed_step(program, float64)
    expected, found = started(program, FLOAT64), started(program, FLOAT64)
    for _ in range(50):
        assert typed(feeds, found) == plain(feeds, expected)
    for variable, value in expected.items():
        np.testing.assert_array_equal(found[variable], value)


@pytest.mark.parametrize("width", [None, 3])
def test_without_types_every_value_is_float32(width):
    program, feeds, variables = line(width=width)
    step, state = typed_step(program, of_program), started(program, np.float32)
    for _ in range(3):
        _, loss = step([np.asarray(feed, np.float32) for feed in feeds], state)
        assert {loss.dtype, *(value.dtype for value in state.values())} == {np.dtype(np.float32)}
    expected, slow = started(program, FLOAT64), numpy_step(program)
    for _ in range(3):
        slow(feeds, expected)
    for variable in variables:
        np.testing.assert_allclose(state[variable], expected[variable], rtol=1e-5)


def test_a_leaf_of_float64_makes_its_program_float64():
    x, y = placeholder((), name="x"), placeholder((), name="y")
    step = typed_step(Program.of([x * y + 0.1], [x, y], [(), ()]), types({"y": FLOAT64}))
    (value,) = step([np.float32(1.0), np.float64(1.0)], {})
    assert (value, value.dtype) == (1.1, FLOAT64)


def test_nodes_of_integers_and_truth_values_stay_what_they_are():
    count, x = placeholder((2,), name="count"), placeholder((2,), name="x")
    total, same, half = (
        add(count, 1.0, name="total"),
        equal(x, 2.0, name="same"),
        multiply(count, 0.5, name="half"),
    )
    known = {"count": np.dtype(np.int32), "total": np.dtype(np.int32), "same": np.dtype(bool)}
    step = typed_step(Program.of([total, same, half], [count, x], [(2,), (2,)]), types(known))
    for _ in range(2):
        values = step([np.array([3, 5], np.int32), np.array([2.0, 7.0], np.float32)], {})
        assert [value.tolist() for value in values] == [[4, 6], [True, False], [1.5, 2.5]]
        assert [value.dtype for value in values] == [np.int32, np.bool_, np.float32]


def test_a_value_of_the_wrong_kind_of_float_is_converted_in_every_run():
    """A mean divides by a float64; the result is float32 all the same."""
    x = placeholder((None,), name="x")
    step = typed_step(Program.of([reduce_mean(x), sigmoid(x)], [x], [(3,)]), of_program)
    for _ in range(3):
        mean, curve = step([np.ones(3, np.float32)], {})
        assert (mean.dtype, curve.dtype) == (np.float32, np.float32)


def test_a_repeated_scalar_is_repeated_where_its_shape_counts():
    """Fetched itself, or added up again, it has the shape that it is repeated to."""
    x, c = placeholder((None, 2), name="x"), placeholder((), name="c")
    wide = broadcast_like(c, x)
    program = Program.of([wide, reduce_sum(wide), wide * x, wide * 2.0], [x, c], [(3, 2), ()])
    step = typed_step(program, of_program)
    for _ in range(2):
        repeated, total, product, doubled = step([np.ones((3, 2), np.float32), np.float32(2.0)], {})
        assert (repeated.shape, total, product.shape, doubled.shape) == ((3, 2), 12.0, (3, 2), (3, 2))


def test_an_update_shares_no_memory_with_a_feed():
    x = placeholder((2,), name="x")
    w = Variable(np.zeros(2), name="W")
    step, state = typed_step(Program.of([assign(w, x)], [x], [(2,)]), of_program), {}
    for _ in range(2):
        fed = np.array([1.0, 2.0], np.float32)
        step([fed], state)
        fed[0] = 9.0
        assert state[w].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("n_runs_before", [0, 2])
def test_a_value_that_a_kernel_refuses_is_an_error_that_names_the_node(n_runs_before):
    rows, index = placeholder((2, 1), name="rows"), placeholder((1,), name="index")
    taken = gather(rows, index, name="taken")
    step = typed_step(
        Program.of([taken], [rows, index], [(2, 1), (1,)]), types({"index": np.dtype(np.int32)})
    )
    values = np.zeros((2, 1), np.float32)
    for _ in range(n_runs_before):
        step([values, np.array([1], np.int32)], {})
    with pytest.raises(ShapeError, match=r"^'taken' "):
        step([values, np.array([7], np.int32)], {})


def test_sizes_that_turn_out_not_to_fit_are_an_error_that_names_the_node():
    a, b = placeholder((None,), name="a"), placeholder((None,), name="b")
    step = typed_step(Program.of([a + b], [a, b]), of_program)
    with pytest.raises(ShapeError, match=r"^'add' \(add\) cannot run on values of shape \(2,\) and \(3,\)"):
        step([np.zeros(2, np.float32), np.zeros(3, np.float32)], {})


def test_a_kernel_of_the_session_takes_the_place_of_that_of_the_op():
    x = placeholder((), name="x")
    y = square(x, name="y")
    drawn = iter([4.0, 5.0, 6.0])

    def kernel_of(node):
        return (lambda _: np.float32(next(drawn))) if node.name == "y" else None

    step = typed_step(Program.of([y + 1.0], [x], [()]), of_program, kernel_of)
    assert [step([np.float32(0.0)], {})[0] for _ in range(3)] == [5.0, 6.0, 7.0]


def test_a_diverging_run_has_no_warning():
    x = placeholder((), name="x")
    step = typed_step(Program.of([1.0 / x, x * 1e38 * 1e38, x - x], [x], [()]), of_program)
    for value in (0.0, 1e30, np.inf):
        for _ in range(2):
            step([np.float32(value)], {})


def test_fetching_a_feed_twice_a_constant_and_nothing():
    x, two = placeholder((), name="x"), constant(2.0, name="two")
    step = typed_step(Program.of([x, x, two], [x], [()]), of_program)
    for _ in range(2):
        assert step([np.float32(3.0)], {}) == [3.0, 3.0, 2.0]
    nothing = typed_step(Program.of([], [x], [()]), of_program)
    assert [nothing([np.float32(3.0)], {}) for _ in range(2)] == [[], []]


def test_a_step_of_gradient_descent_on_matrices():
    x, y = placeholder((None, 2), name="x"), placeholder((None, 1), name="y")
    w = Variable(np.zeros((2, 1)), name="W")
    loss = reduce_mean(square(matmul(x, w) - reshape(y, (-1, 1))))
    program = apply_passes(
        Program.of([GradientDescentOptimizer(0.1).minimize(loss)], [x, y], [(4, 2), (4, 1)])
    )
    rows = oracles.random_rows(4, 2)
    step, expected, state = typed_step(program, float64), np.zeros((2, 1)), {w: np.zeros((2, 1))}
    for _ in range(5):
        assert step([rows[:, :2], rows[:, 2:]], state) == [None]
        residual = rows[:, :2] @ expected - rows[:, 2:]
        expected = expected - 0.1 * 2 / 4 * rows[:, :2].T @ residual
        np.testing.assert_allclose(state[w], expected, rtol=1e-12)
