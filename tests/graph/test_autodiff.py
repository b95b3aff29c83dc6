"""Gradients as nodes: known derivatives, and each fault of the breadth-first sweeps that came before."""

from __future__ import annotations

from contextvars import Context
from typing import Any

import numpy as np
import pytest

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.autodiff import edge_gradients, gradients
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Node, get_default_graph
from lrfit.graph.ops import (
    exp,
    identity,
    log,
    matmul,
    negative,
    ones_like,
    reduce_mean,
    reduce_sum,
    sign,
    square,
    stop_gradient,
    tanh,
    transpose,
)
from lrfit.graph.session import Session


@pytest.fixture
def graph():
    return get_default_graph()


def run(fetches: Any, feeds: dict[Node, Any] | None = None) -> Any:
    return Session().run(fetches, feeds)


# Known derivatives.


def test_the_example_of_every_lecture():
    """f = (x + y) * z at (-2, 5, -4) has the value -12 and the gradient (-4, -4, 3)."""
    x, y, z = placeholder(()), placeholder(()), placeholder(())
    f = (x + y) * z
    assert run([f, gradients(f, [x, y, z])], {x: -2.0, y: 5.0, z: -4.0}) == [-12.0, [-4.0, -4.0, 3.0]]


def test_the_chain_rule_through_five_ops():
    x = placeholder(())
    y = log(1.0 + exp(tanh(square(x))))
    at = 0.7
    inner = np.tanh(at**2)
    expected = 1.0 / (1.0 + np.exp(-inner)) * (1.0 - inner**2) * 2.0 * at
    assert run(gradients(y, x), {x: at}) == pytest.approx([expected], rel=1e-14)


def test_the_gradient_of_half_mse_is_the_mean_residual_times_the_features():
    """(1/n) * transpose(x) @ (x @ W + b - y) and the mean residual."""
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(7, 3)), rng.normal(size=(7, 1))
    x, y = placeholder((None, 3)), placeholder((None, 1))
    W, b = Variable(rng.normal(size=(3, 1))), Variable(0.5)  # noqa: N806 (the equation's letter)
    loss = reduce_mean(square(x @ W + b - y)) / 2.0
    session = Session()
    session.run(global_variables_initializer())
    got = session.run([gradients(loss, [W, b]), W, b], {x: rows, y: target})
    residual = rows @ got[1] + got[2] - target
    np.testing.assert_allclose(got[0][0], rows.T @ residual / 7, rtol=1e-13)
    assert got[0][1] == pytest.approx(np.mean(residual), rel=1e-13)


def test_a_gradient_is_a_node_of_the_same_graph(graph):
    x = placeholder((2, 3))
    (g,) = gradients(square(x), x)
    assert isinstance(g, Node)
    assert g.graph is graph
    assert g.shape == x.shape


def test_a_y_that_is_no_scalar_counts_as_the_sum_of_its_elements():
    x = placeholder((3,))
    whole, total = gradients(square(x), x), gradients(reduce_sum(square(x)), x)
    np.testing.assert_array_equal(*run([whole[0], total[0]], {x: [1.0, 2.0, 3.0]}))


def test_one_x_may_be_given_without_a_list():
    x = placeholder(())
    assert run(gradients([square(x)], x), {x: 3.0}) == [6.0]


def test_several_ys_add_up():
    x = placeholder(())
    assert run(gradients([square(x), 5.0 * x], [x]), {x: 3.0}) == [11.0]


def test_the_same_y_twice_counts_twice():
    x = placeholder(())
    y = square(x)
    assert run(gradients([y, y], x), {x: 3.0}) == [12.0]


def test_an_inner_node_can_be_an_x():
    """The gradient with respect to y counts what depends on y, and no other path."""
    x = placeholder(())
    y = square(x)
    z = y * x
    assert run(gradients(z, [y, x]), {x: 3.0}) == [3.0, 27.0]


def test_the_gradient_of_a_node_with_respect_to_itself_is_1():
    x = placeholder((2,))
    np.testing.assert_array_equal(run(gradients(x, x), {x: [5.0, 6.0]}), [[1.0, 1.0]])


def test_a_y_that_another_y_depends_on_gets_both_gradients():
    x = placeholder(())
    y = square(x)
    assert run(gradients([y, 10.0 * y], [y, x]), {x: 3.0}) == [11.0, 66.0]


def test_gradients_can_be_taken_where_values_are_fed_for_inner_nodes():
    """The derivative at a fed value, in place of the value that the graph would give."""
    x = placeholder(())
    y = square(x)
    (g,) = gradients(y * y, y)
    assert run(g, {y: 5.0}) == 10.0


# Second gradients.


def test_the_hessian_of_a_quadratic_is_its_matrix():
    """Of f = x' A x / 2 + c' x it is (A + A') / 2, at any x."""
    rng = np.random.default_rng(1)
    A, c = rng.normal(size=(4, 4)), rng.normal(size=(4, 1))  # noqa: N806 (a matrix)
    x = placeholder((4, 1))
    f = reduce_sum(transpose(x) @ A @ x) / 2.0 + reduce_sum(c * x)
    (g,) = gradients(f, x)
    rows = [gradients(g, x, grad_ys=unit[:, np.newaxis])[0] for unit in np.eye(4)]
    for at in (np.zeros((4, 1)), rng.normal(size=(4, 1))):
        gradient, hessian = run([g, rows], {x: at})
        np.testing.assert_allclose(gradient, (A + A.T) @ at / 2.0 + c, rtol=1e-13)
        np.testing.assert_allclose(np.hstack(hessian), (A + A.T) / 2.0, rtol=1e-14)


def test_the_hessian_of_half_mse_is_the_second_moment_of_the_features():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(9, 2))
    x, y, theta = placeholder((None, 2)), placeholder((None, 1)), placeholder((2, 1))
    loss = reduce_mean(square(matmul(x, theta) - y)) / 2.0
    (g,) = gradients(loss, theta)
    columns = [gradients(g, theta, grad_ys=unit[:, np.newaxis])[0] for unit in np.eye(2)]
    hessian = run(columns, {x: rows, y: np.ones((9, 1)), theta: np.ones((2, 1))})
    np.testing.assert_allclose(np.hstack(hessian), rows.T @ rows / 9, rtol=1e-13)


def test_derivatives_of_any_order():
    x = placeholder(())
    derivatives = [x**5.0]
    for _ in range(5):
        derivatives += gradients(derivatives[-1], x)
    assert run(derivatives, {x: 2.0}) == [32.0, 80.0, 160.0, 240.0, 240.0, 120.0]


# What does not depend.


def test_independent_is_none():
    x, y, z = placeholder(()), placeholder(()), placeholder(())
    first, second, third = gradients(x * y, [x, z, y])
    assert second is None
    assert run([first, third], {x: 2.0, y: 3.0}) == [3.0, 2.0]


def test_what_depends_on_a_y_has_no_gradient():
    """The gradient flows from y to its inputs, not to what was made from y."""
    x = placeholder(())
    y = square(x)
    later = exp(y)
    assert gradients(y, later) == [None]


def test_only_through_ops_constant_almost_everywhere_is_none():
    x = placeholder(())
    assert gradients(sign(x) * 3.0 + ones_like(x) + (x > 0.0), x) == [None]


def test_stop_gradient_stops_one_path_and_no_other():
    x = placeholder(())
    assert run(gradients(x * stop_gradient(x), x), {x: 3.0}) == [3.0]


def test_no_node_is_made_for_what_no_x_needs(graph):
    """The gradient with respect to one factor does not build that of the other."""
    x, y = placeholder(()), placeholder(())
    loss = exp(exp(exp(y))) * x
    n_before = len(graph.nodes)
    gradients(loss, x)
    n_of_x = len(graph.nodes) - n_before
    gradients(loss, [x, y])
    assert len(graph.nodes) - n_before - n_of_x > n_of_x


# Gradients that flow in.


def test_grad_ys_is_the_gradient_that_flows_into_y():
    x = placeholder((2,))
    (g,) = gradients(square(x), x, grad_ys=[10.0, 100.0])
    np.testing.assert_array_equal(run(g, {x: [1.0, 2.0]}), [20.0, 400.0])


def test_grad_ys_may_be_a_node():
    x, seed = placeholder(()), placeholder(())
    assert run(gradients(square(x), x, grad_ys=seed), {x: 3.0, seed: 7.0}) == [42.0]


def test_each_y_has_a_gradient_of_its_own():
    x = placeholder(())
    assert run(gradients([square(x), 5.0 * x], x, grad_ys=[2.0, constant(10.0)]), {x: 3.0}) == [62.0]


def test_grad_ys_fit_a_dimension_that_only_the_run_knows():
    """A batch of two rows is fed: so are two gradients, one a row."""
    x = placeholder((None, 1))
    (g,) = gradients(square(x), x, grad_ys=[[1.0], [10.0]])
    np.testing.assert_array_equal(run(g, {x: [[1.0], [2.0]]}), [[2.0], [40.0]])


@pytest.mark.parametrize("n_given", [0, 1, 3])
def test_as_many_grad_ys_as_ys(n_given):
    x = placeholder(())
    with pytest.raises(GraphError, match=f"2 ys need as many grad_ys, not {n_given}"):
        gradients([square(x), x], x, grad_ys=[1.0] * n_given)


@pytest.mark.parametrize("given", [1.0, [1.0], [[1.0, 1.0, 1.0]], [1.0, 2.0]])
def test_grad_ys_of_another_shape_are_an_error_that_names_both(given):
    """Nothing is broadcast where it flows in: a gradient has the shape of its y."""
    x = placeholder((3,), name="x")
    with pytest.raises(ShapeError) as caught:
        gradients(identity(x, name="y"), x, grad_ys=given)
    assert str(np.shape(given)) in str(caught.value)
    assert "'y'" in str(caught.value)
    assert "(3,)" in str(caught.value)


@pytest.mark.parametrize("fed", [1.0, [1.0], np.ones((3, 2)), np.ones(6)])
def test_grad_ys_of_another_shape_are_an_error_when_only_the_run_knows(fed):
    """An unknown rank is no way round: a gradient is never reshaped to fit in silence."""
    x, seed = placeholder(None), placeholder(None)
    (g,) = gradients(x + 0.0, x, grad_ys=seed)
    with pytest.raises(ShapeError):
        run(g, {x: np.ones((2, 3)), seed: fed})


# The faults of the nearest relative.


def test_paths_of_different_length_meet():
    """x + (-(-x)): a breadth-first sweep passes the short path's gradient on too early."""
    x = placeholder(())
    assert run(gradients(x + negative(negative(x)), x), {x: 3.0}) == [2.0]


def test_a_long_and_a_short_path_meet_before_a_third_op():
    """y = x ** 2 feeds z directly and through three ops; the gradient with respect to y must be complete."""
    x = placeholder(())
    y = square(x)
    z = y * identity(identity(identity(y)))
    assert run(gradients(z, x), {x: 2.0}) == [32.0]


def test_a_consumer_that_the_loss_does_not_need_changes_nothing():
    x = placeholder(())
    loss = square(x)
    exp(x)
    log(loss)
    assert run(gradients(loss, x), {x: 3.0}) == [6.0]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 3)])
def test_a_variable_used_twice_gets_both_gradients_in_its_shape(shape):
    v = Variable(np.full(shape, 3.0))
    session = Session()
    session.run(global_variables_initializer())
    for y, slope in ((v + v, 2.0), (v * v, 6.0), (v - v, 0.0), (v / v, 0.0)):
        (g,) = gradients(y, v)
        assert g.shape == shape
        np.testing.assert_array_equal(session.run(g), np.full(shape, slope))


@pytest.mark.parametrize(
    "shapes", [((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ()), ((4,), (3, 4)), ((1, 1), (3,))]
)
def test_every_op_sums_its_gradient_over_what_was_broadcast(shapes):
    """add, and multiply and the others as well."""
    a, b = (placeholder(shape) for shape in shapes)
    feeds = {a: np.full(shapes[0], 2.0), b: np.full(shapes[1], 4.0)}
    n_elements = np.broadcast(feeds[a], feeds[b]).size
    for y, slopes in (
        (a + b, (1.0, 1.0)),
        (a - b, (1.0, -1.0)),
        (a * b, (4.0, 2.0)),
        (a / b, (0.25, -0.125)),
    ):
        gs = run(gradients(y, [a, b]), feeds)
        for g, slope, shape in zip(gs, slopes, shapes, strict=True):
            assert np.shape(g) == shape
            size = np.prod(shape, dtype=int)
            np.testing.assert_array_equal(g, np.full(shape, slope * n_elements / size))


def test_gradients_work_before_any_graph_was_made():
    def slope() -> Any:
        x = placeholder(())
        return Session().run(gradients(square(x), x), {x: 3.0})

    assert Context().run(slope) == [6.0]


def test_a_deep_graph_meets_no_recursion_limit():
    """5,000 ops in a row, differentiated twice and run."""
    x = placeholder(())
    y = x
    for _ in range(5_000):
        y = y + x
    (first,) = gradients(square(y), x)
    (second,) = gradients(first, x)
    assert run([first, second], {x: 1.0}) == [2.0 * 5_001.0**2] * 2


def test_a_graph_of_many_diamonds_is_differentiated_in_linear_time(graph):
    """60 doublings in a row: 2 ** 60 paths, a few nodes each."""
    x = placeholder(())
    y = x
    for _ in range(60):
        y = y + y
    assert run(gradients(y, x), {x: 1.0}) == [2.0**60]
    assert len(graph.nodes) < 1_000


@pytest.mark.parametrize(("ys", "xs"), [("W", None), (None, "W"), ([1.0], None)])
def test_gradients_are_of_nodes_with_respect_to_nodes(ys, xs):
    x = constant(1.0)
    with pytest.raises(GraphError, match="must be nodes, not"):
        gradients(ys or x, xs or x)


# What flows back along each edge.


def diamond(x: Node, w: Node) -> Node:
    """Two paths of different lengths, a node that is used twice by one op, and broadcasting."""
    hidden = tanh(x @ w)
    return reduce_mean(square(hidden) * hidden + exp(hidden)) + reduce_sum(w * w)


def test_the_terms_of_the_edges_from_a_node_add_up_to_its_gradient():
    x = constant([[1.0, -2.0], [0.5, 3.0], [2.0, 0.25]], name="x")
    w = constant([[0.3], [-0.1]], name="w")
    y = diamond(x, w)
    terms = edge_gradients(y)
    nodes = {user.inputs[i] for user, i in terms}
    assert {x, w} <= nodes
    wanted = dict(zip(nodes, run(gradients(y, list(nodes))), strict=True))
    for node, gradient in wanted.items():
        flowing = [terms[user, i] for user, i in terms if user.inputs[i] is node]
        assert sum(run(flowing)) == pytest.approx(gradient, rel=1e-12)


def test_the_term_of_an_edge_is_what_a_change_along_that_edge_alone_brings():
    """Against differences: the input at one place of one op is replaced by a node of its own."""

    def value(first: float, second: float, third: float) -> Any:
        return first * np.exp(second) + np.sin(0) + third

    x = constant(0.7, name="x")
    y = x * exp(x) + x
    terms = {(user.op.name, i): term for (user, i), term in edge_gradients(y).items() if user.inputs[i] is x}
    step = 1e-6
    for edge, moved in {("multiply", 0): (1, 0, 0), ("exp", 0): (0, 1, 0), ("add", 1): (0, 0, 1)}.items():
        up, down = (value(*(0.7 + sign * step * m for m in moved)) for sign in (1, -1))
        assert run(terms[edge]) == pytest.approx((up - down) / (2 * step), rel=1e-8)
    assert len(terms) == 3


def test_an_op_that_uses_a_node_twice_has_an_edge_for_each_use():
    x = constant(3.0, name="x")
    terms = edge_gradients(x * x)
    assert [(i, float(run(term))) for (_, i), term in terms.items()] == [(0, 3.0), (1, 3.0)]


def test_nothing_flows_along_an_edge_of_no_derivative_or_beyond_it():
    x = placeholder((), name="x")
    y = stop_gradient(square(x)) + sign(x) + x
    edges = [(user.name, i) for user, i in edge_gradients(y)]
    assert edges == [("add_1", 0), ("add_1", 1), ("add", 0), ("add", 1)]
    assert edge_gradients(x) == {}


def test_gradients_are_named_by_what_they_are_the_gradient_of(graph):
    x = placeholder((None, 1), name="x")
    w = Variable([[1.0]], name="w")
    y = reduce_mean(square(matmul(x, w, name="y_hat")), name="loss")
    before = set(graph.nodes)
    (gradient,) = gradients(y, w)
    made = [node for node in graph.nodes if node not in before]
    assert {node.name.partition("/")[0] for node in made} == {
        "loss_grad",
        "square_grad",
        "y_hat_grad",
        "w_grad",
    }
    assert gradient is [node for node in made if node.name.startswith("w_grad/")][-1]
    assert gradient.name == "w_grad/matmul"
