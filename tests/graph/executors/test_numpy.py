"""NumPy: steps made from programs, run by hand with feeds and variables."""

from __future__ import annotations

from weakref import ref

import numpy as np
import pytest

from lrfit.errors import ShapeError
from lrfit.graph.assignments import assign, assign_add, group
from lrfit.graph.autodiff import gradients
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Node
from lrfit.graph.ops import exp, identity, log, matmul, reduce_sum, sqrt, square, transpose
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program


def step_of(fetches: list[Node], feeds: list[Node] | None = None):
    return numpy_step(Program.of(fetches, feeds or []))


def test_a_step_takes_feeds_and_returns_fetches_in_the_order_of_the_program():
    x, y = placeholder(()), placeholder(())
    step = step_of([x - y, x + y, y], [y, x])
    assert step([np.float64(2.0), np.float64(5.0)], {}) == [3.0, 7.0, 2.0]


def test_a_step_can_be_run_again_and_keeps_nothing_from_the_last_time():
    x = placeholder((2,))
    step = step_of([square(x)], [x])
    first = step([np.array([1.0, 2.0])], {})
    step([np.array([5.0, 6.0])], {})
    np.testing.assert_array_equal(first, [[1.0, 4.0]])
    np.testing.assert_array_equal(step([np.array([1.0, 2.0])], {}), first)


def test_a_step_lets_go_of_its_feeds():
    """Values belong to a run: none outlives it."""
    x = placeholder((2,))
    step = step_of([square(x)], [x])
    value = np.array([1.0, 2.0])
    reference = ref(value)
    step([value], {})
    del value
    assert reference() is None


def test_a_step_does_not_change_its_feeds():
    x = placeholder((2,))
    value = np.array([1.0, 2.0])
    step_of([exp(x) * x, gradients(square(x), x)[0]], [x])([value], {})
    np.testing.assert_array_equal(value, [1.0, 2.0])


def test_a_feed_that_is_not_needed_is_ignored():
    x, y = placeholder(()), placeholder(())
    assert step_of([square(y)], [x, y])([np.float64(9.0), np.float64(3.0)], {}) == [9.0]


def test_a_node_fetched_twice_is_returned_twice():
    x = placeholder(())
    y = square(x)
    assert step_of([y, x, y], [x])([np.float64(3.0)], {}) == [9.0, 3.0, 9.0]


def test_a_step_of_no_calls_returns_leaves():
    x, v = placeholder(()), Variable(0.0)
    step = step_of([constant(1.0), x, v], [x])
    assert step([np.float64(2.0)], {v: np.float64(3.0)}) == [1.0, 2.0, 3.0]


def test_a_step_of_nothing_returns_nothing():
    assert step_of([])([], {}) == []


def test_a_group_gives_none():
    v = Variable(0.0)
    variables = {v: np.float64(1.0)}
    assert step_of([group(assign(v, 2.0)), v])([], variables) == [None, 1.0]
    assert variables == {v: 2.0}


def test_reads_see_the_values_from_before_the_run():
    """Whichever of read and assignment comes first in the program."""
    v = Variable(0.0)
    update = assign_add(v, 1.0)
    late = v * 10.0
    for fetches in ([update, late], [late, update]):
        variables = {v: np.float64(5.0)}
        assert sorted(step_of(fetches)([], variables)) == [6.0, 50.0]
        assert variables == {v: 6.0}


def test_all_updates_are_made_together_at_the_end():
    """Two variables are swapped in one run."""
    v, w = Variable(0.0), Variable(0.0)
    variables = {v: np.float64(1.0), w: np.float64(2.0)}
    step = step_of([assign(v, w), assign(w, v)])
    assert step([], variables) == [2.0, 1.0]
    assert variables == {v: 2.0, w: 1.0}
    step([], variables)
    assert variables == {v: 1.0, w: 2.0}


def test_a_step_that_fails_changes_no_variable():
    v, x = Variable(0.0), placeholder((None,))
    variables = {v: np.float64(1.0)}
    step = step_of([assign(v, 2.0), x + constant([1.0, 2.0])], [x])
    with pytest.raises(ShapeError):
        step([np.ones(3)], variables)
    assert variables == {v: 1.0}


def test_an_assigned_array_is_not_the_array_that_was_fed():
    v, x = Variable([0.0, 0.0]), placeholder((2,))
    variables: dict = {}
    value = np.array([1.0, 2.0])
    step_of([assign(v, x)], [x])([value], variables)
    value[0] = 99.0
    np.testing.assert_array_equal(variables[v], [1.0, 2.0])


def test_a_variable_that_is_only_assigned_needs_no_value_before():
    v = Variable(0.0)
    variables: dict = {}
    step_of([assign(v, 2.0)])([], variables)
    assert variables == {v: 2.0}


def test_variables_that_the_program_does_not_name_stay():
    v, w = Variable(0.0), Variable(0.0)
    variables = {v: np.float64(1.0), w: np.float64(2.0)}
    step_of([assign_add(v, 1.0)])([], variables)
    assert variables == {v: 2.0, w: 2.0}


@pytest.mark.parametrize(
    ("build", "fed", "name", "shapes"),
    [
        (lambda x: x + constant([1.0, 2.0]), np.ones(3), "add", "(3,) and (2,)"),
        (lambda x: matmul(x, np.ones((2, 1))), np.ones((4, 3)), "matmul", "(4, 3) and (2, 1)"),
        (lambda x: transpose(x, (1, 0)), np.ones(3), "transpose", "(3,)"),
        (lambda x: reduce_sum(x, axis=1), np.ones(3), "reduce_sum", "(3,)"),
    ],
)
def test_shapes_that_only_the_run_knows_are_named_when_they_do_not_fit(build, fed, name, shapes):
    x = placeholder(None)
    node = build(x)
    with pytest.raises(ShapeError) as caught:
        step_of([node], [x])([fed], {})
    assert f"'{name}' ({name}) cannot run on values of shape {shapes}" in str(caught.value)


def test_numbers_out_of_range_are_silent():
    """Infinity and NaN are results; the suite would turn a warning into an error."""
    x = placeholder(())
    step = step_of([log(x), 1.0 / x, sqrt(x - 1.0), exp(x + 1000.0), x / x], [x])
    np.testing.assert_array_equal(step([np.float64(0.0)], {}), [-np.inf, np.inf, np.nan, np.inf, np.nan])


def test_the_users_numpy_error_state_is_neither_used_nor_changed():
    x = placeholder(())
    step = step_of([log(x)], [x])
    with np.errstate(all="raise"):
        before = np.geterr()
        assert step([np.float64(0.0)], {}) == [-np.inf]
        assert np.geterr() == before


def test_the_error_state_comes_back_after_a_failure():
    x = placeholder(None)
    before = np.geterr()
    with pytest.raises(ShapeError):
        step_of([x + constant([1.0, 2.0])], [x])([np.ones(3)], {})
    assert np.geterr() == before


def test_a_deep_program_meets_no_recursion_limit():
    x = placeholder(())
    node = x
    for _ in range(5_000):
        node = identity(node) + 1.0
    assert step_of([node], [x])([np.float64(0.0)], {}) == [5_000.0]


def test_an_optimised_program_gives_what_the_plain_one_gives():
    """A gradient of a loss, and the update made from it."""
    rng = np.random.default_rng(0)
    rows, start = rng.normal(size=(5, 2)), rng.normal(size=(2, 1))
    x, v = placeholder((None, 2)), Variable(np.zeros((2, 1)))
    loss = reduce_sum(square(x @ v - 1.0))
    (g,) = gradients(loss, v)
    program = Program.of([loss, assign_add(v, g * -0.1)], [x])
    outcomes = []
    for version in (program, apply_passes(program)):
        variables = {v: start}
        outcomes.append([*numpy_step(version)([rows], variables), variables[v]])
    for plain, optimised in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(plain, optimised)
