"""The equation as a graph: `y_hat = x·W + b`, its loss (half-MSE), and the objective of descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.leaves import Variable, placeholder
from lrfit.graph.nodes import Graph, Node
from lrfit.graph.ops import add, divide, matmul, multiply, reduce_mean, reduce_sum, square, subtract

__all__ = ["LinearModel", "linear_model"]


@dataclass(frozen=True, eq=False)
class LinearModel:
    """The nodes of the model, by the letters of the equation.

    Attributes:
        graph: The graph that holds them.
        x: Placeholder for features, shape (None, n_features).
        y: Placeholder for the target, shape (None, 1).
        w: Placeholder for the weights of the rows, shape (None, 1), with the mean 1; None if all are 1.
        W: Variable, the weights, shape (n_features, 1).
        b: Variable, the intercept, shape (); None for a model without one.
        y_hat: The predictions, shape (None, 1).
        loss: Half the mean squared residual: 1/(2n) · Σ w · (y_hat - y)², shape ().
        objective: The node that descent makes smaller: loss + l2/2 · Σ W², shape (); the loss if l2 is 0.
    """

    graph: Graph
    x: Node
    y: Node
    w: Node | None
    W: Node
    b: Node | None
    y_hat: Node
    loss: Node
    objective: Node


def linear_model(
    weights: Array, intercept: float | None, *, l2: float = 0.0, is_weighted: bool = False
) -> LinearModel:
    """The equation, in a graph of its own.

    Args:
        weights: Initial value of W, shape (n_features,).
        intercept: Initial value of b; None for a model without intercept.
        l2: Factor of the penalty on W, 0 or more, in units of the loss per square of a weight. The intercept
            is not penalised.
        is_weighted: Whether each row has a weight in the loss.

    References:
        The factor ½ of the loss is Bishop's, Pattern Recognition and Machine Learning, equation 1.2, here
        with the mean in place of the sum. Hastie et al., The Elements of Statistical Learning, omit it.
        l2 is the `weight_decay` of PyTorch's `SGD`, and the `alpha` of scikit-learn's `SGDRegressor`; that of
        its `Ridge`, which minimises 2n times the objective, Σ (y_hat - y)² + alpha · Σ W², is n · l2.
    """
    with Graph().as_default() as graph:
        x = placeholder((None, len(weights)), name="x")
        y = placeholder((None, 1), name="y")
        w = placeholder((None, 1), name="w") if is_weighted else None
        W = Variable(weights[:, np.newaxis], name="W")  # noqa: N806 (the equation's letter)
        b = None if intercept is None else Variable(intercept, name="b")
        y_hat = matmul(x, W, name="y_hat") if b is None else add(x @ W, b, name="y_hat")
        residual = subtract(y_hat, y, name="residual")
        squares = square(residual) if w is None else multiply(w, square(residual))
        loss = divide(reduce_mean(squares), 2.0, name="loss")
        objective = loss
        if l2:
            penalty = multiply(l2 / 2.0, reduce_sum(square(W)), name="penalty")
            objective = add(loss, penalty, name="objective")
    return LinearModel(graph, x, y, w, W, b, y_hat, loss, objective)
