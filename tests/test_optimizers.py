"""Optimizers, against loops of a few lines of NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lrfit.autodiff import gradients
from lrfit.errors import GraphError, ShapeError
from lrfit.graph import Graph, get_default_graph
from lrfit.ops import (
    Variable,
    constant,
    global_variables_initializer,
    placeholder,
    reduce_mean,
    reduce_sum,
    square,
    trainable_variables,
)
from lrfit.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.session import Session

RNG = np.random.default_rng(0)
ROWS, TARGET = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))
START = RNG.normal(size=(3, 1))
N_STEPS = 25


@pytest.fixture
def graph():
    return get_default_graph()


def half_mse(W):  # noqa: N803 (the equation's letter)
    return reduce_mean(square(constant(ROWS) @ W - TARGET)) / 2.0


def slope(W):  # noqa: N803
    """The gradient of `half_mse`, by hand."""
    return ROWS.T @ (ROWS @ W - TARGET) / len(ROWS)


def trajectory(optimizer, feeds=None):
    """The values of W after each step."""
    W = Variable(START, name="W")  # noqa: N806
    train = optimizer.minimize(half_mse(W))
    session = Session()
    session.run(global_variables_initializer())
    values = []
    for step in range(N_STEPS):
        assert session.run(train, feeds(step) if feeds else None) is None
        values.append(session.run(W))
    return np.array(values)


def test_gradient_descent_steps_down_the_gradient():
    W, expected = START, []  # noqa: N806
    for _ in range(N_STEPS):
        W = W - 0.3 * slope(W)  # noqa: N806
        expected.append(W)
    np.testing.assert_allclose(trajectory(GradientDescentOptimizer(0.3)), expected, rtol=1e-12)


def test_gradient_descent_ends_at_least_squares():
    solution = np.linalg.lstsq(ROWS, TARGET, rcond=None)[0]
    W = Variable(START)  # noqa: N806
    loss = half_mse(W)
    train = GradientDescentOptimizer(0.5).minimize(loss)
    session = Session()
    session.run(global_variables_initializer())
    losses = [session.run([loss, train])[0] for _ in range(500)]
    assert all(after <= before * (1.0 + 1e-15) for before, after in pairwise(losses))
    np.testing.assert_allclose(session.run(W), solution, rtol=1e-9)


def test_momentum_gathers_gradients():
    W, m, expected = START, 0.0, []  # noqa: N806
    for _ in range(N_STEPS):
        m = 0.8 * m + slope(W)
        W = W - 0.1 * m  # noqa: N806
        expected.append(W)
    np.testing.assert_allclose(trajectory(MomentumOptimizer(0.1, 0.8)), expected, rtol=1e-12)


def test_nesterov_looks_ahead_along_what_was_gathered():
    W, m, expected = START, 0.0, []  # noqa: N806
    for _ in range(N_STEPS):
        g = slope(W)
        m = 0.8 * m + g
        W = W - 0.1 * (g + 0.8 * m)  # noqa: N806
        expected.append(W)
    got = trajectory(MomentumOptimizer(0.1, 0.8, use_nesterov=True))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_that_of_pytorch(nesterov):
    """The algorithm in the documentation of torch.optim.SGD with dampening 0; b starts as the first gradient.

    b(t) = mu * b(t-1) + g(t) if t > 1 else g(t), then g(t) = g(t) + mu * b(t) with Nesterov, else b(t), then
    theta(t) = theta(t-1) - gamma * g(t).
    """
    gamma, mu = 0.1, 0.9
    theta, b, expected = START, None, []
    for t in range(1, N_STEPS + 1):
        g = slope(theta)
        b = mu * b + g if t > 1 else g
        g = g + mu * b if nesterov else b
        theta = theta - gamma * g
        expected.append(theta)
    got = trajectory(MomentumOptimizer(gamma, mu, use_nesterov=nesterov))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_the_learning_rate_multiplies_where_it_is_used():
    """A rate that changes acts at once on all that was gathered: PyTorch's convention, not Sutskever's."""
    rate = placeholder(())
    W, m, expected = START, 0.0, []  # noqa: N806
    for step in range(N_STEPS):
        m = 0.8 * m + slope(W)
        W = W - 0.2 / (step + 1) * m  # noqa: N806
        expected.append(W)
    got = trajectory(MomentumOptimizer(rate, 0.8), feeds=lambda step: {rate: 0.2 / (step + 1)})
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_the_learning_rate_may_be_a_placeholder():
    """A schedule feeds it."""
    rate = placeholder(())
    W, expected = START, []  # noqa: N806
    for step in range(N_STEPS):
        W = W - 0.3 * 0.9**step * slope(W)  # noqa: N806
        expected.append(W)
    got = trajectory(GradientDescentOptimizer(rate), feeds=lambda step: {rate: 0.3 * 0.9**step})
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_the_momentum_may_be_a_placeholder():
    share = placeholder(())
    fed = trajectory(MomentumOptimizer(0.1, share, use_nesterov=True), feeds=lambda _: {share: 0.8})
    np.testing.assert_array_equal(fed, trajectory(MomentumOptimizer(0.1, 0.8, use_nesterov=True)))


def test_momentum_0_is_gradient_descent():
    for nesterov in (False, True):
        got = trajectory(MomentumOptimizer(0.3, 0.0, use_nesterov=nesterov))
        np.testing.assert_array_equal(got, trajectory(GradientDescentOptimizer(0.3)))


@pytest.mark.parametrize("optimizer", [GradientDescentOptimizer(0.1), MomentumOptimizer(0.1, 0.9)])
def test_all_variables_are_stepped_from_where_they_were_before_the_run(optimizer):
    """The gradient of v * w with respect to each is the other, before the step."""
    v, w = Variable(2.0), Variable(3.0)
    train = optimizer.minimize(v * w)
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    assert session.run([v, w]) == pytest.approx([1.7, 2.8], rel=1e-15)


@pytest.mark.parametrize("optimizer", [GradientDescentOptimizer(0.1), MomentumOptimizer(0.1, 0.9)])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 3)])
def test_a_variable_keeps_its_shape(optimizer, shape):
    v = Variable(np.ones(shape))
    train = optimizer.minimize(reduce_sum(square(v)))
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    np.testing.assert_allclose(session.run(v), np.full(shape, 0.8), rtol=1e-15)


def test_the_loss_of_a_step_is_that_from_before_it():
    v = Variable(3.0)
    loss = square(v)
    train = GradientDescentOptimizer(0.25).minimize(loss)
    session = Session()
    session.run(global_variables_initializer())
    assert session.run([loss, train]) == [9.0, None]
    assert session.run([train, loss]) == [None, 2.25]


# Which variables.


def test_a_variable_without_gradient_is_left_out():
    """The others are stepped, and it needs not even have a value."""
    v, unused = Variable(3.0), Variable(7.0)
    optimizer = GradientDescentOptimizer(0.25)
    pairs = optimizer.compute_gradients(square(v))
    assert [variable for _, variable in pairs] == [v, unused]
    assert [gradient is None for gradient, _ in pairs] == [False, True]
    train = optimizer.apply_gradients(pairs)
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    assert session.run([v, unused]) == [1.5, 7.0]


@pytest.mark.parametrize("optimizer", [GradientDescentOptimizer(0.1), MomentumOptimizer(0.1, 0.9)])
def test_a_loss_without_a_variable_is_an_error(optimizer):
    with pytest.raises(GraphError, match="no variable has a gradient"):
        optimizer.minimize(square(placeholder(())))


def test_a_loss_that_depends_on_none_of_the_variables_is_an_error():
    v, w = Variable(1.0), Variable(2.0)
    with pytest.raises(GraphError, match="the loss depends on none of them"):
        GradientDescentOptimizer(0.1).minimize(square(v), [w])


def test_no_variables_are_an_error_and_not_all_variables():
    v = Variable(1.0)
    with pytest.raises(GraphError, match="no variable has a gradient"):
        GradientDescentOptimizer(0.1).minimize(square(v), [])


def test_no_pairs_are_an_error():
    with pytest.raises(GraphError, match="no variable has a gradient"):
        GradientDescentOptimizer(0.1).apply_gradients([])


def test_only_the_variables_that_are_named_are_stepped():
    v, w = Variable(3.0), Variable(5.0)
    train = GradientDescentOptimizer(0.25).minimize(square(v) + square(w), [w])
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    assert session.run([v, w]) == [3.0, 2.5]


def test_a_variable_that_is_not_trainable_is_not_stepped():
    v, scale = Variable(3.0), Variable(2.0, trainable=False)
    train = GradientDescentOptimizer(0.25).minimize(square(v) * scale)
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    assert session.run([v, scale]) == [0.0, 2.0]


def test_an_optimizers_own_state_is_not_trainable(graph):
    """A second optimizer steps the model's variables and no momentum of the first."""
    v = Variable(3.0)
    MomentumOptimizer(0.1, 0.9).minimize(square(v))
    assert trainable_variables(graph) == [v]


def test_two_optimizers_of_a_variable_keep_their_state_apart():
    v = Variable(1.0)
    loss = 2.0 * v
    first, second = (MomentumOptimizer(0.1, 0.5).minimize(loss) for _ in range(2))
    session = Session()
    session.run(global_variables_initializer())
    session.run(first)
    session.run(second)
    assert session.run(v) == pytest.approx(1.0 - 0.2 - 0.2, rel=1e-15)
    session.run(first)
    assert session.run(v) == pytest.approx(1.0 - 0.2 - 0.2 - 0.3, rel=1e-15)


def test_gradients_may_be_changed_between_computing_and_applying():
    """Clipping, for one."""
    v = Variable(3.0)
    optimizer = GradientDescentOptimizer(0.5)
    pairs = [(g * 0.5, variable) for g, variable in optimizer.compute_gradients(square(v))]
    train = optimizer.apply_gradients(pairs)
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    assert session.run(v) == 1.5


def test_computed_gradients_are_those_of_autodiff():
    v = Variable([1.0, 2.0])
    loss = reduce_sum(square(v) * v)
    ((g, variable),) = GradientDescentOptimizer(0.1).compute_gradients(loss)
    session = Session()
    session.run(global_variables_initializer())
    assert variable is v
    np.testing.assert_array_equal(*session.run([g, gradients(loss, v)[0]]))


def test_a_learning_rate_for_each_element_has_the_variables_shape():
    v = Variable([1.0, 1.0])
    train = GradientDescentOptimizer([0.1, 0.2]).minimize(reduce_sum(v))
    session = Session()
    session.run(global_variables_initializer())
    session.run(train)
    np.testing.assert_allclose(session.run(v), [0.9, 0.8])


def test_a_learning_rate_that_would_change_the_variables_shape_is_an_error():
    v = Variable(1.0, name="v")
    with pytest.raises(ShapeError, match="'v'"):
        GradientDescentOptimizer([0.1, 0.2]).minimize(square(v))


# Where the nodes go.


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (GradientDescentOptimizer(0.1), 0.8),
        (MomentumOptimizer(0.1, 0.9), 0.8),
        (MomentumOptimizer(0.1, 0.9, use_nesterov=True), 0.62),
    ],
)
def test_a_loss_can_be_minimised_outside_of_its_graphs_block(optimizer, expected, graph):
    """All nodes go to the graph of the loss, the optimizer's own variables too."""
    with Graph().as_default() as other:
        v = Variable(1.0)
        loss = square(v)
    train = optimizer.minimize(loss)
    assert train.graph is other
    assert graph.nodes == ()
    with Session(other) as session:
        session.run(global_variables_initializer())
        session.run(train)
        assert session.run(v) == pytest.approx(expected, rel=1e-15)


def test_the_train_node_has_its_name():
    v = Variable(1.0)
    assert GradientDescentOptimizer(0.1).minimize(square(v)).name == "train"
    assert GradientDescentOptimizer(0.1).minimize(square(v), name="descend").name == "descend"


def test_a_loss_that_is_no_scalar_node_is_refused():
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ShapeError, match="a loss is a scalar; 'square' has shape"):
        GradientDescentOptimizer(0.1).minimize(square(v))
    with pytest.raises(GraphError, match="a loss is a node"):
        GradientDescentOptimizer(0.1).minimize(3.0)
