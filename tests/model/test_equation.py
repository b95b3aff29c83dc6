"""The equation as a graph."""

import numpy as np
import oracles
import pytest

from lrfit import GradientDescentOptimizer, Program, Session, global_variables_initializer, gradients
from lrfit.model.equation import linear_model


@pytest.mark.parametrize("intercept", [0.5, None])
def test_the_loss_is_half_the_mean_squared_residual_and_its_gradients_are_those_of_the_slides(intercept):
    rows = oracles.random_rows(9, 2)
    weights, b = np.array([0.3, -0.2]), intercept or 0.0
    model = linear_model(weights, intercept)
    variables = [model.W] if model.b is None else [model.W, model.b]
    with Session(model.graph) as session:
        session.run(global_variables_initializer())
        feed = {model.x: rows[:, :-1], model.y: rows[:, -1:]}
        loss, grads = session.run([model.loss, gradients(model.loss, variables)], feed)
    residual = rows[:, :-1] @ weights + b - rows[:, -1]
    assert loss == pytest.approx(oracles.half_mse(rows, weights, b), rel=1e-14)
    np.testing.assert_allclose(grads[0][:, 0], rows[:, :-1].T @ residual / 9, rtol=1e-12)
    if intercept is not None:
        assert grads[1] == pytest.approx(residual.mean())


def test_without_a_penalty_the_objective_is_the_loss_itself():
    model = linear_model(np.zeros(2), 0.0)
    assert model.objective is model.loss


@pytest.mark.parametrize("intercept", [0.5, None])
def test_the_objective_is_the_loss_with_half_l2_times_the_squares_of_the_weights(intercept):
    rows, weights, l2 = oracles.random_rows(9, 2), np.array([0.3, -0.2]), 0.7
    model = linear_model(weights, intercept, l2=l2)
    plain = linear_model(weights, intercept)
    values = []
    for m in (model, plain):
        variables = [m.W] if m.b is None else [m.W, m.b]
        with Session(m.graph) as session:
            session.run(global_variables_initializer())
            fetches = [m.loss, m.objective, gradients(m.objective, variables)]
            values.append(session.run(fetches, {m.x: rows[:, :-1], m.y: rows[:, -1:]}))
    (loss, objective, grads), (plain_loss, _, plain_grads) = values
    assert loss == plain_loss
    assert objective == pytest.approx(loss + 0.35 * (0.09 + 0.04), rel=1e-14)
    np.testing.assert_allclose(grads[0][:, 0], plain_grads[0][:, 0] + l2 * weights, rtol=1e-12)
    if intercept is not None:
        assert grads[1] == plain_grads[1]


def test_descent_on_the_objective_ends_at_ridge_with_an_alpha_of_n_times_l2():
    """Which has the normal equations of the centred rows, with alpha on the diagonal."""
    rows, l2 = oracles.random_rows(9, 2), 0.7
    x, y = rows[:, :-1], rows[:, -1]
    centred = x - x.mean(axis=0)
    ridge = np.linalg.solve(centred.T @ centred + 9 * l2 * np.eye(2), centred.T @ (y - y.mean()))
    model = linear_model(np.zeros(2), 0.0, l2=l2)
    train = GradientDescentOptimizer(0.2).minimize(model.objective)
    with Session(model.graph) as session:
        session.run(global_variables_initializer())
        session.run_batches(train, {model.x: x, model.y: rows[:, -1:]}, batch_size=9, n_epochs=2000)
        np.testing.assert_allclose(session.run(model.W)[:, 0], ridge, rtol=1e-10)
        assert session.run(model.b) == pytest.approx(y.mean() - x.mean(axis=0) @ ridge, rel=1e-10)


def test_the_forward_graph_of_a_line_fits_in_ten_lines():
    model = linear_model(np.zeros(1), 0.0)
    assert len(str(Program.of([model.y_hat], [model.x])).splitlines()) <= 10


def test_training_does_not_grow_the_graph():
    model = linear_model(np.zeros(1), 0.0)
    with Session(model.graph) as session:
        step = GradientDescentOptimizer(0.1).minimize(model.loss)
        session.run(global_variables_initializer())
    n_nodes = len(model.graph.nodes)
    for _ in range(3):
        session.run(step, {model.x: [[1.0]], model.y: [[2.0]]})
    assert len(model.graph.nodes) == n_nodes
