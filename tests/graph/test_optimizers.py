"""Optimizers, against loops of a few lines of NumPy, and runs of PyTorch and scikit-learn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import oracles
import pytest
import reference_runs

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.autodiff import gradients
from lrfit.graph.averaging import polynomial_average
from lrfit.graph.clipping import clip_by_global_norm
from lrfit.graph.leaves import Variable, constant, placeholder, trainable_variables
from lrfit.graph.nodes import Graph, get_default_graph
from lrfit.graph.ops import floor, reduce_mean, reduce_sum, square
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.graph.schedules import inverse_scaling, step_decay
from lrfit.graph.session import Session
from lrfit.model.equation import linear_model

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


def trajectory(optimizer, feeds=None, **how):
    """The values of W after each step."""
    W = Variable(START, name="W")  # noqa: N806
    train = optimizer.minimize(half_mse(W), **how)
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


# Runs of other libraries.

METHODS = {
    "sgd": lambda _: GradientDescentOptimizer(0.01),
    "momentum": lambda _: MomentumOptimizer(0.005, 0.9),
    "nesterov": lambda _: MomentumOptimizer(0.005, 0.9, use_nesterov=True),
    "weight decay": lambda _: MomentumOptimizer(0.005, 0.9),
    "step decay": lambda done: GradientDescentOptimizer(step_decay(0.01, floor(done / 4.0), 3, gamma=0.7)),
    "nesterov, weight decay and step decay": lambda done: MomentumOptimizer(
        step_decay(0.01, done / 4.0, 4, gamma=0.5), 0.9, use_nesterov=True
    ),
    "inverse scaling": lambda done: GradientDescentOptimizer(inverse_scaling(0.005, done + 1.0)),
    "steep inverse scaling": lambda done: GradientDescentOptimizer(
        inverse_scaling(0.01, done + 1.0, power=0.6)
    ),
}
"""For each of `reference_runs`, the optimizer that is the same, given the number of steps done."""


@pytest.mark.parametrize("source", ["stored", "installed"])
@pytest.mark.parametrize("name", METHODS)
def test_runs_are_those_of_pytorch_and_scikit_learn(name, source):
    """After each epoch, to 1e-12 relative; scikit-learn takes one row at a time, PyTorch here five."""
    is_sklearn = name in reference_runs.SKLEARN_RUNS
    if source == "installed":
        pytest.importorskip("sklearn" if is_sklearn else "torch")
    expected = reference_runs.run(name) if source == "installed" else reference_runs.STORED[name]
    model = linear_model(np.zeros(1), 0.0, l2=0.3 if "weight decay" in name else 0.0)
    rows, path = oracles.lab_rows(), []
    with Session(model.graph) as session:
        global_step = Variable(0.0, trainable=False)
        train = METHODS[name](global_step).minimize(model.objective, global_step=global_step)
        session.run(global_variables_initializer())
        for _ in range(reference_runs.N_EPOCHS):
            batch_size = 1 if is_sklearn else reference_runs.BATCH_SIZE
            session.run_batches(train, {model.x: rows[:, :1], model.y: rows[:, 1:]}, batch_size=batch_size)
            path.append([session.run(model.W)[0, 0], session.run(model.b)])
    np.testing.assert_allclose(path, expected, rtol=1e-12)


# Clipping.


def test_a_clipped_step_is_no_longer_than_the_norm_lets_it():
    """TensorFlow 1's definition, in a plain loop; the limit acts on some of the steps."""
    W, m, expected, norms = START, 0.0, [], []  # noqa: N806
    for _ in range(N_STEPS):
        g = slope(W)
        norms.append(np.linalg.norm(g))
        m = 0.5 * m + g * 0.4 / max(np.linalg.norm(g), 0.4)
        W = W - 0.1 * m  # noqa: N806
        expected.append(W)
    assert min(norms) < 0.4 < max(norms)
    got = trajectory(MomentumOptimizer(0.1, 0.5), clip_norm=0.4)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def clipped(gradients, clip_norm):
    nodes = clip_by_global_norm([None if g is None else constant(g) for g in gradients], clip_norm)
    return [None if node is None else Session().run(node) for node in nodes]


def test_the_norm_is_that_of_all_gradients_together_and_none_stays_none():
    """√(3² + 4² + 12²) = 13."""
    got = clipped([[3.0, 4.0], None, 12.0], 6.5)
    np.testing.assert_allclose(got[0], [1.5, 2.0], rtol=1e-15)
    assert got[1:] == [None, pytest.approx(6.0, rel=1e-15)]


@pytest.mark.parametrize("clip_norm", [5.0, 7.0, np.inf])
def test_gradients_within_the_norm_stay_as_they_are(clip_norm):
    np.testing.assert_array_equal(clipped([[3.0, 4.0]], clip_norm), [[3.0, 4.0]])


@pytest.mark.parametrize("size", [1e300, 1e-300, 5e-324])
def test_neither_very_large_nor_very_small_gradients_lose_their_direction(size):
    """Their squares would be infinite, or 0."""
    np.testing.assert_allclose(clipped([3.0 * size, 4.0 * size], size), [0.6 * size, 0.8 * size], rtol=1e-15)


@pytest.mark.parametrize("clip_norm", [0.0, 1.0])
def test_gradients_of_0_stay_0(clip_norm):
    assert clipped([0.0, [0.0, -0.0]], clip_norm)[0] == 0.0


def test_a_norm_of_0_lets_nothing_through():
    assert clipped([3.0, -4.0], 0.0) == [0.0, 0.0]


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_makes_all_of_them_nan(bad):
    """As in TensorFlow, to signal the error."""
    assert np.isnan(clipped([1.0, bad], 1.0)).all()


def test_no_gradients_are_clipped_to_none():
    assert clip_by_global_norm([], 1.0) == []
    assert clip_by_global_norm([None], 1.0) == [None]
    with pytest.raises(GraphError, match="no variable has a gradient"):
        GradientDescentOptimizer(0.1).minimize(square(placeholder(())), [Variable(1.0)], clip_norm=1.0)


def test_the_norm_may_be_a_placeholder():
    limit = placeholder(())
    fed = trajectory(GradientDescentOptimizer(0.3), lambda _: {limit: 0.4}, clip_norm=limit)
    np.testing.assert_array_equal(fed, trajectory(GradientDescentOptimizer(0.3), clip_norm=0.4))


# Counting steps.


def test_a_step_is_counted_and_sees_the_count_from_before():
    global_step = Variable(0.0, trainable=False)
    W, expected = START, []  # noqa: N806
    for done in range(N_STEPS):
        W = W - 0.3 / (done + 1) * slope(W)  # noqa: N806
        expected.append(W)
    got = trajectory(GradientDescentOptimizer(0.3 / (global_step + 1.0)), global_step=global_step)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_the_count_is_that_of_the_steps():
    v, global_step = Variable(3.0), Variable(0.0, trainable=False)
    train = GradientDescentOptimizer(0.1).minimize(square(v), global_step=global_step)
    session = Session()
    session.run(global_variables_initializer())
    assert [session.run([global_step, train])[0] for _ in range(3)] == [0.0, 1.0, 2.0]


# Averages of the variables.


def averaging(eta, n_steps=N_STEPS):
    """The values of W, b and their averages after each step."""
    W, b = Variable(START, name="W"), Variable(0.5, name="b")  # noqa: N806
    global_step = Variable(0.0, trainable=False)
    loss = reduce_mean(square(constant(ROWS) @ W + b - TARGET))
    train = MomentumOptimizer(0.1, 0.5).minimize(loss, global_step=global_step)
    step, averages = polynomial_average(train, global_step, eta)
    assert list(averages) == [W, b]
    session = Session()
    session.run(global_variables_initializer())
    values = []
    for _ in range(n_steps):
        assert session.run(step) is None
        values.append(session.run([W, b, averages[W], averages[b]]))
    return [np.array(column) for column in zip(*values, strict=True)]


@pytest.mark.parametrize("eta", [0.0, 3.0, 8.5])
def test_an_average_goes_towards_the_value_after_the_step(eta):
    """The recursion of Shamir and Zhang, on the values that the steps have given."""
    *paths, got_W, got_b = averaging(eta)  # noqa: N806
    for path, got in zip(paths, (got_W, got_b), strict=True):
        average = 0.0
        for t, (value, result) in enumerate(zip(path, got, strict=True), start=1):
            average = (1 - (eta + 1) / (t + eta)) * average + (eta + 1) / (t + eta) * value
            np.testing.assert_allclose(result, average, rtol=1e-12)


def test_the_average_of_the_first_step_is_its_value():
    W, b, average_W, average_b = averaging(3.0, n_steps=1)  # noqa: N806
    np.testing.assert_array_equal(average_W, W)
    np.testing.assert_array_equal(average_b, b)


def test_with_an_eta_of_0_all_steps_count_the_same():
    W, _, average_W, _ = averaging(0.0)  # noqa: N806
    np.testing.assert_allclose(average_W[-1], W.mean(axis=0), rtol=1e-12)


def test_half_of_the_weight_is_on_the_last_sixth_of_the_steps():
    """With the default eta: of values 0 before and 1 after, the average is one half."""
    v, done = Variable(0.0), Variable(0.0, trainable=False)
    train = GradientDescentOptimizer(1.0).apply_gradients([(v - (done >= 841.0), v)], global_step=done)
    step, averages = polynomial_average(train, done)
    session = Session()
    session.run(global_variables_initializer())
    for _ in range(1000):
        session.run(step)
    assert session.run(averages[v]) == pytest.approx(0.5, abs=0.005)


def test_averages_are_not_trainable_and_have_the_variables_name_shape_and_start(graph):
    v, done = Variable([3.0, 4.0], name="v"), Variable(0.0, trainable=False)
    train = MomentumOptimizer(0.1, 0.9).minimize(reduce_sum(square(v)), global_step=done)
    step, averages = polynomial_average(train, done)
    assert [average.name for average in averages.values()] == ["v_average"]
    assert trainable_variables(graph) == [v]
    assert step.name == "train_and_average"
    session = Session()
    session.run(global_variables_initializer())
    assert session.run(averages[v]).tolist() == [3.0, 4.0]


def test_an_average_of_steps_that_are_not_counted_is_refused():
    v, done = Variable(3.0), Variable(0.0, name="done", trainable=False)
    with pytest.raises(GraphError, match="'train' does not count its steps in 'done'"):
        polynomial_average(GradientDescentOptimizer(0.1).minimize(square(v)), done)


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
    with pytest.raises(ShapeError, match="the loss must be a scalar, but 'square' has shape"):
        GradientDescentOptimizer(0.1).minimize(square(v))
    with pytest.raises(GraphError, match="the loss must be a node"):
        GradientDescentOptimizer(0.1).minimize(3.0)
