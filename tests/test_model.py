"""The equation as a graph."""

import numpy as np
import oracles
import pytest

from lrfit import GradientDescentOptimizer, Program, Session, global_variables_initializer, gradients
from lrfit.model import linear_model


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
