"""Adaptive optimizers, against loops of a few lines of NumPy, and the numbers in TensorFlow's own tests."""

from __future__ import annotations

import numpy as np
import pytest

from lrfit.errors import GraphError
from lrfit.graph.adaptive_optimizers import AdagradOptimizer, AdamOptimizer, RMSPropOptimizer
from lrfit.graph.affinity import is_affine
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.averaging import polynomial_average
from lrfit.graph.executors.numba.loop import numba_loop
from lrfit.graph.leaves import Variable, constant, is_variable, placeholder, trainable_variables
from lrfit.graph.nodes import Graph, get_default_graph
from lrfit.graph.ops import reduce_mean, reduce_sum, square
from lrfit.graph.program import Program
from lrfit.graph.session import Session
from lrfit.views.graph_view import part_of

RNG = np.random.default_rng(0)
ROWS, TARGET = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))
START, START_B = 3.0 + RNG.normal(size=(3, 1)), 4.0
"""So far from least squares that steps do not get there: near it, they would magnify errors of rounding."""

N_STEPS = 200

OPTIMIZERS = {
    "adam": AdamOptimizer,
    "adagrad": AdagradOptimizer,
    "rmsprop": RMSPropOptimizer,
    "centered rmsprop": lambda rate: RMSPropOptimizer(rate, momentum=0.5, centered=True),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


@pytest.fixture
def graph():
    return get_default_graph()


def least_squares():
    """W of shape (3, 1), b of shape (), and half of the mean squared error."""
    W, b = Variable(START, name="W"), Variable(START_B, name="b")  # noqa: N806 (the equation's letter)
    return W, b, reduce_mean(square(constant(ROWS) @ W + b - TARGET)) / 2.0


def slopes(W, b):  # noqa: N803
    """The gradients of the loss of `least_squares`, by hand."""
    residuals = ROWS @ W + b - TARGET
    return ROWS.T @ residuals / len(ROWS), residuals.mean()


def started(loop_executor=None):
    session = Session(loop_executor=loop_executor)
    session.run(global_variables_initializer())
    return session


def paths(optimizer, feeds=None):
    """The values of W and b after each step."""
    W, b, loss = least_squares()  # noqa: N806
    train = optimizer.minimize(loss)
    session, values = started(), []
    for step in range(N_STEPS):
        assert session.run(train, feeds(step) if feeds else None) is None
        values.append(session.run([W, b]))
    return [np.array(path) for path in zip(*values, strict=True)]


def assert_paths(got, values):
    """The paths of W and b are these values, to 1e-12 relative."""
    for path, expected in zip(got, zip(*values, strict=True), strict=True):
        np.testing.assert_allclose(path, np.array(expected), rtol=1e-12)
        assert not np.allclose(path[-1], path[0], rtol=0.01)


# The formulas. A large epsilon shows where it is added.


@pytest.mark.parametrize(
    ("beta1", "beta2", "epsilon"), [(0.9, 0.999, 1e-8), (0.6, 0.8, 0.3), (0.0, 0.9, 1e-3)]
)
def test_adam_divides_the_mean_gradient_by_the_root_of_the_mean_square(beta1, beta2, epsilon):
    values, expected, m, v = [START, START_B], [], [0.0, 0.0], [0.0, 0.0]
    for t in range(1, N_STEPS + 1):
        rate = 0.01 * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        for i, g in enumerate(slopes(*values)):
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = beta2 * v[i] + (1 - beta2) * g**2
            values[i] = values[i] - rate * m[i] / (np.sqrt(v[i]) + epsilon)
        expected.append([*values])
    assert_paths(paths(AdamOptimizer(0.01, beta1, beta2, epsilon)), expected)


@pytest.mark.parametrize("start", [0.1, 2.5])
def test_adagrad_divides_by_the_root_of_the_sum_of_squares(start):
    values, expected, sums = [START, START_B], [], [start, start]
    for _ in range(N_STEPS):
        for i, g in enumerate(slopes(*values)):
            sums[i] = sums[i] + g**2
            values[i] = values[i] - 0.1 * g / np.sqrt(sums[i])
        expected.append([*values])
    assert_paths(paths(AdagradOptimizer(0.1, start)), expected)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(
    ("decay", "momentum", "epsilon"), [(0.9, 0.0, 1e-10), (0.9, 0.7, 0.3), (0.99, 0.5, 1e-3)]
)
def test_rmsprop_divides_by_the_root_of_the_mean_square_or_of_the_variance(
    decay, momentum, epsilon, centered
):
    values, expected = [START, START_B], []
    mean_square, mean, velocity = [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]
    for _ in range(N_STEPS):
        for i, g in enumerate(slopes(*values)):
            mean_square[i] = decay * mean_square[i] + (1 - decay) * g**2
            mean[i] = decay * mean[i] + (1 - decay) * g
            root = np.sqrt(mean_square[i] - (mean[i] ** 2 if centered else 0.0) + epsilon)
            velocity[i] = momentum * velocity[i] + 0.001 * g / root
            values[i] = values[i] - velocity[i]
        expected.append([*values])
    assert_paths(paths(RMSPropOptimizer(0.001, decay, momentum, epsilon, centered=centered)), expected)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("adam", lambda t, _: 0.1 / t),
        ("adagrad", lambda t, sums: 0.1 / t / np.sqrt(0.1 + sums)),
    ],
)
def test_the_learning_rate_may_be_a_placeholder(name, by_hand):
    """The gradient is always 1: Adam's step is the rate, as both of its means are 1 once corrected."""
    rate, v = placeholder(()), Variable(0.0)
    train = OPTIMIZERS[name](rate).minimize(v * 1.0)
    session, expected = started(), 0.0
    for t in range(1, 21):
        session.run(train, {rate: 0.1 / t})
        expected -= by_hand(t, t)
        assert session.run(v) == pytest.approx(expected, rel=1e-6)


def test_rmsprops_learning_rate_scales_the_gradient_when_it_is_accumulated():
    """A rate that changes does not act on what was accumulated before, unlike in PyTorch."""
    rate, v = placeholder(()), Variable(0.0)
    train = RMSPropOptimizer(rate, decay=1.0, momentum=0.5, epsilon=0.0).minimize(v * 1.0)
    session = started()
    session.run(train, {rate: 4.0})
    session.run(train, {rate: 0.0})
    assert session.run(v) == pytest.approx(-4.0 - 2.0, rel=1e-15)


@pytest.mark.parametrize(
    ("number", "fed"),
    [
        (lambda: AdagradOptimizer(0.1, 0.5), lambda x: (AdagradOptimizer(0.1, x), 0.5)),
        (lambda: AdamOptimizer(0.1, beta1=0.5), lambda x: (AdamOptimizer(0.1, beta1=x), 0.5)),
        (lambda: AdamOptimizer(0.1, beta2=0.7), lambda x: (AdamOptimizer(0.1, beta2=x), 0.7)),
        (lambda: AdamOptimizer(0.1, epsilon=0.1), lambda x: (AdamOptimizer(0.1, epsilon=x), 0.1)),
        (lambda: RMSPropOptimizer(0.1, 0.7), lambda x: (RMSPropOptimizer(0.1, x), 0.7)),
        (lambda: RMSPropOptimizer(0.1, momentum=0.7), lambda x: (RMSPropOptimizer(0.1, momentum=x), 0.7)),
        (lambda: RMSPropOptimizer(0.1, epsilon=0.7), lambda x: (RMSPropOptimizer(0.1, epsilon=x), 0.7)),
    ],
)
def test_every_hyperparameter_may_be_a_placeholder(number, fed):
    """It is fed when the variables are initialized, too, as a start may depend on it."""
    results = []
    x = placeholder(())
    optimizer, value = fed(x)
    for each in (optimizer, number()):
        v = Variable([3.0, -2.0])
        train = each.minimize(reduce_sum(square(v)))
        session = Session()
        session.run(global_variables_initializer(), {x: value})
        for _ in range(5):
            session.run(train, {x: value})
        results.append(session.run(v))
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("default", "written"),
    [
        (AdamOptimizer(), AdamOptimizer(0.001, 0.9, 0.999, 1e-8)),
        (AdagradOptimizer(0.1), AdagradOptimizer(0.1, 0.1)),
        (RMSPropOptimizer(0.1), RMSPropOptimizer(0.1, 0.9, 0.0, 1e-10, centered=False)),
    ],
)
def test_the_defaults_are_tensorflows(default, written):
    assert vars(default) == vars(written)


# Numbers in TensorFlow 1.15's tests: tensorflow/python/training/{adagrad,rmsprop}_test.py.


def after(optimizer, n_steps):
    """[1, 2] and [3, 4] after steps along the gradients 0.1 and 0.01 in each element."""
    v, w = Variable([1.0, 2.0], name="v"), Variable([3.0, 4.0], name="w")
    train = optimizer.apply_gradients([(constant([0.1, 0.1]), v), (constant([0.01, 0.01]), w)])
    session = started()
    for _ in range(n_steps):
        session.run(train)
    return session.run([v, w])


def test_adagrad_is_that_of_tensorflow():
    """Printed there in float32."""
    v, w = after(AdagradOptimizer(3.0, initial_accumulator_value=0.1), 3)
    np.testing.assert_allclose(v, [-1.6026098728179932, -0.6026098728179932], rtol=1e-6)
    np.testing.assert_allclose(w, [2.715679168701172, 3.715679168701172], rtol=1e-6)


def test_rmsprop_is_that_of_tensorflow():
    v, w = after(RMSPropOptimizer(2.0, decay=0.9, momentum=0.0, epsilon=1.0), 2)
    v_step = 0.1 * 2.0 / np.sqrt(0.901 + 1.0) + 0.1 * 2.0 / np.sqrt(0.901 * 0.9 + 0.001 + 1.0)
    w_step = 0.01 * 2.0 / np.sqrt(0.90001 + 1.0) + 0.01 * 2.0 / np.sqrt(0.90001 * 0.9 + 1e-5 + 1.0)
    np.testing.assert_allclose(v, [1.0 - v_step, 2.0 - v_step], rtol=1e-12)
    np.testing.assert_allclose(w, [3.0 - w_step, 4.0 - w_step], rtol=1e-12)


# The state.


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        (
            AdamOptimizer(0.1, 0.8, 0.99),
            {
                "W/Adam": 0.0,
                "W/Adam_1": 0.0,
                "b/Adam": 0.0,
                "b/Adam_1": 0.0,
                "beta1_power": 0.8,
                "beta2_power": 0.99,
            },
        ),
        (AdagradOptimizer(0.1), {"W/Adagrad": 0.1, "b/Adagrad": 0.1}),
        (AdagradOptimizer(0.1, 3.0), {"W/Adagrad": 3.0, "b/Adagrad": 3.0}),
        (
            RMSPropOptimizer(0.1),
            {"W/RMSProp": 1.0, "W/RMSProp_1": 0.0, "b/RMSProp": 1.0, "b/RMSProp_1": 0.0},
        ),
    ],
)
def test_the_state_has_tensorflows_names_and_start(optimizer, state, graph):
    """It has the shapes of the variables, and is not trainable."""
    W, b, loss = least_squares()  # noqa: N806
    optimizer.minimize(loss)
    assert trainable_variables(graph) == [W, b]
    own = {v.name: v for v in graph.nodes if is_variable(v) and not v.attrs["trainable"]}
    assert own.keys() == state.keys()
    session = started()
    for name, v in own.items():
        shape = W.shape if name.startswith("W") else ()
        np.testing.assert_array_equal(session.run(v), np.full(shape, state[name]), strict=True)


def test_the_state_after_a_step_of_adam(graph):
    v = Variable(2.0, name="v")
    train = AdamOptimizer(0.1, beta1=0.8, beta2=0.9).minimize(square(v))
    session = started()
    for _ in range(2):
        before = session.run(v)
        session.run(train)
    state = {node.name: session.run(node) for node in graph.nodes if is_variable(node) and node is not v}
    assert state == pytest.approx(
        {
            "v/Adam": 0.8 * 0.2 * 4.0 + 0.2 * 2.0 * before,
            "v/Adam_1": 0.9 * 0.1 * 16.0 + 0.1 * (2.0 * before) ** 2,
            "beta1_power": 0.8**3,
            "beta2_power": 0.9**3,
        },
        rel=1e-12,
    )


def test_the_state_after_a_step_of_centered_rmsprop(graph):
    """TensorFlow's order: the mean gradient comes before the velocity."""
    v = Variable(2.0, name="v")
    train = RMSPropOptimizer(0.1, 0.9, 0.5, 0.25, centered=True).minimize(square(v))
    session = started()
    session.run(train)
    state = {node.name: session.run(node) for node in graph.nodes if is_variable(node) and node is not v}
    mean_square, mean_gradient = 0.9 + 0.1 * 16.0, 0.1 * 4.0
    velocity = 0.1 * 4.0 / np.sqrt(mean_square - mean_gradient**2 + 0.25)
    expected = {"v/RMSProp": mean_square, "v/RMSProp_1": mean_gradient, "v/RMSProp_2": velocity}
    assert state == pytest.approx(expected, rel=1e-12)


@every_optimizer
def test_two_optimizers_of_a_variable_keep_their_state_apart(name):
    """The steps of the second are as if there were no first one."""
    v, w = Variable(1.0), Variable(1.0)
    first, second = (OPTIMIZERS[name](0.1).minimize(2.0 * v) for _ in range(2))
    alone = OPTIMIZERS[name](0.1).minimize(2.0 * w)
    session = started()
    session.run(first)
    one_step = 1.0 - session.run(v)
    for _ in range(3):
        session.run([second, alone])
    assert 1.0 - session.run(v) == pytest.approx(one_step + 1.0 - session.run(w), rel=1e-12)


def test_the_names_of_a_second_adams_state_are_tensorflows(graph):
    v = Variable(1.0, name="v")
    for _ in range(2):
        AdamOptimizer(0.1).minimize(square(v))
    names = {node.name for node in graph.nodes if is_variable(node)} - {"v"}
    moments = {"v/Adam", "v/Adam_1", "v/Adam_2", "v/Adam_3"}
    assert names == {*moments, "beta1_power", "beta1_power_1", "beta2_power", "beta2_power_1"}


# Which variables, and steps.


@every_optimizer
def test_a_variable_without_gradient_is_left_out(name, graph):
    v, unused = Variable(3.0, name="v"), Variable(7.0, name="unused")
    optimizer = OPTIMIZERS[name](0.1)
    pairs = optimizer.compute_gradients(square(v))
    assert [gradient is None for gradient, _ in pairs] == [False, True]
    train = optimizer.apply_gradients(pairs)
    session = started()
    session.run(train)
    assert session.run(unused) == 7.0
    assert session.run(v) < 3.0
    assert not [node for node in graph.nodes if node.name.startswith("unused/")]
    with pytest.raises(GraphError, match="no variable has a gradient"):
        optimizer.apply_gradients(pairs[1:])


@every_optimizer
def test_steps_are_counted(name):
    v, global_step = Variable(3.0), Variable(0.0, trainable=False)
    train = OPTIMIZERS[name](0.1).minimize(square(v), global_step=global_step)
    session = started()
    assert [session.run([global_step, train])[0] for _ in range(3)] == [0.0, 1.0, 2.0]


@every_optimizer
def test_all_variables_are_stepped_from_where_they_were_before_the_run(name):
    """The gradient of v * w with respect to each is the other, before the step."""
    v, w = Variable(2.0), Variable(3.0)
    both = OPTIMIZERS[name](0.1).minimize(v * w)
    a, b = Variable(2.0), Variable(3.0)
    apart = OPTIMIZERS[name](0.1).apply_gradients([(constant(3.0), a), (constant(2.0), b)])
    session = started()
    session.run([both, apart])
    assert session.run([v, w]) == session.run([a, b])


@every_optimizer
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 3)])
def test_a_variable_keeps_its_shape(name, shape):
    v = Variable(np.ones(shape))
    train = OPTIMIZERS[name](0.1).minimize(reduce_sum(square(v)))
    session = started()
    session.run(train)
    assert session.run(v).shape == shape
    assert np.all(session.run(v) < 1.0)


@every_optimizer
def test_gradients_are_clipped_before_they_are_used(name):
    v, w = Variable(2.0), Variable(2.0)
    clipped = OPTIMIZERS[name](0.1).minimize(square(v), clip_norm=0.5)
    given = OPTIMIZERS[name](0.1).apply_gradients([(constant(0.5), w)])
    session = started()
    session.run([clipped, given])
    assert session.run(v) == session.run(w)


@every_optimizer
def test_only_the_models_variables_are_averaged(name):
    W, b, loss = least_squares()  # noqa: N806
    global_step = Variable(0.0, trainable=False)
    train = OPTIMIZERS[name](0.1).minimize(loss, global_step=global_step)
    assert list(polynomial_average(train, global_step)[1]) == [W, b]


# Where the nodes go, and who runs them.


@every_optimizer
def test_a_loss_can_be_minimised_outside_of_its_graphs_block(name, graph):
    with Graph().as_default() as other:
        v = Variable(1.0)
        loss = square(v)
    train = OPTIMIZERS[name](0.1).minimize(loss)
    assert train.graph is other
    assert graph.nodes == ()
    with Session(other) as session:
        session.run(global_variables_initializer())
        session.run(train)
        assert session.run(v) < 1.0


@every_optimizer
def test_all_nodes_of_a_step_are_known_as_updates(name):
    """Their names say so, for drawings."""
    _, _, loss = least_squares()
    forward = {*Program.of([loss]).nodes}
    program = Program.of([OPTIMIZERS[name](0.1).minimize(loss)])
    assert {part_of(node) for node in program.nodes if node not in forward} == {"gradients", "updates"}


@every_optimizer
def test_steps_are_not_affine(name):
    v, x = Variable(np.ones((1, 1)), name="v"), placeholder((None, 1), name="x")
    for loss in (reduce_mean(square(x @ v)), reduce_sum(x @ v)):
        assert not is_affine(Program.of([OPTIMIZERS[name](0.1).minimize(loss)], [x]), [])


@every_optimizer
def test_numba_gives_numpys_numbers(name, graph):
    """To 1e-12 relative over 20 epochs, with a short last batch."""
    pytest.importorskip("numba")
    W, b = Variable(START, name="W"), Variable(START_B, name="b")  # noqa: N806
    x, y = placeholder((None, 3), name="x"), placeholder((None, 1), name="y")
    train = OPTIMIZERS[name](0.01).minimize(reduce_mean(square(x @ W + b - y)))
    loops = []
    plain, fast = started(), started(lambda program: loops.append(numba_loop(program)) or loops[-1])
    for session in (plain, fast):
        session.run_batches(train, {x: ROWS, y: TARGET}, batch_size=3, n_epochs=20)
    assert [loop is not None for loop in loops] == [True]
    variables = [node for node in graph.nodes if is_variable(node)]
    for got, expected in zip(fast.run(variables), plain.run(variables), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert not np.allclose(plain.run(W), START, rtol=0.01)
