"""Adaptive optimizers: the length of a step differs from element to element, by the gradients so far.

All of them have state, which is kept in variables that are not trainable, under TensorFlow 1's names. The
formulas and the values at the start are TensorFlow 1.15's, too, which differ from PyTorch's in where ε is
added; each class says how. A formula uses the new value of a variable by the node that is assigned to it,
because reads of the variable see its value from before the step. g is the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from lrfit.graph.assignments import assign, assign_sub, update_scope
from lrfit.graph.leaves import Variable
from lrfit.graph.nodes import Node, NodeLike, graph_of, node_in_graph_of
from lrfit.graph.ops import multiply, ones_like, sqrt, square, zeros_like
from lrfit.graph.optimizers import BETA1, BETA2, DECAY, EPSILON, MOMENTUM, RATE, Optimizer, step_back

__all__ = ["AdagradOptimizer", "AdamOptimizer", "RMSPropOptimizer"]

_ADAM, _ADAGRAD, _RMSPROP = "Adam", "Adagrad", "RMSProp"


class AdamOptimizer(Optimizer):
    """Adam: steps along the mean of the gradients, divided by the root of the mean of their squares.

    In step t, counted from 1,

    - m ← beta1 · m + (1 - beta1) · g, from 0,
    - v ← beta2 · v + (1 - beta2) · g², from 0,
    - variable ← variable - rate · m / (√v + epsilon), with the new m and v, and
      rate = learning_rate · √(1 - beta2^t) / (1 - beta1^t).

    The state is m and v of each variable, `W/Adam` and `W/Adam_1` for a variable W; and the powers of the
    betas, `beta1_power` and `beta2_power`, one of each for all variables. These start at beta1 and beta2.

    Args:
        learning_rate: About the length of a step in each element, as long as the gradients agree in sign; a
            number or a scalar node.
        beta1: Share of the mean gradient that a step keeps, from 0 to less than 1; a number or a scalar node.
            It is needed when the variables are initialized, too, so it cannot depend on a variable.
        beta2: The same for the mean of the squares.
        epsilon: What is added to the root, so that it is not 0; a number or a scalar node.

    References:
        Kingma and Ba, Adam: a method for stochastic optimization (2015), with the defaults of TensorFlow 1.15
        and PyTorch. The formula is TensorFlow 1.15's: that at the end of section 2 of the paper, and epsilon
        is its "epsilon hat". PyTorch follows its algorithm 1, which adds ε to √(v / (1 - beta2^t)).
    """

    def __init__(
        self,
        learning_rate: NodeLike = 0.001,
        beta1: NodeLike = 0.9,
        beta2: NodeLike = 0.999,
        epsilon: NodeLike = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        beta1 = node_in_graph_of(rate, self.beta1, BETA1)
        beta2 = node_in_graph_of(rate, self.beta2, BETA2)
        epsilon = node_in_graph_of(rate, self.epsilon, EPSILON)
        beta1_power, multiply_1 = _power(beta1, BETA1)
        beta2_power, multiply_2 = _power(beta2, BETA2)
        with graph_of(rate).name_scope(RATE):
            rate_t = rate * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
        updates = []
        for g, variable in pairs:
            m, v = _zeros_slot(variable, _ADAM), _zeros_slot(variable, _ADAM)
            with update_scope(variable):
                new_m = _moved_mean(m, beta1, g)
                new_v = _moved_mean(v, beta2, square(g))
                step = new_m * rate_t / (sqrt(new_v) + epsilon)
                updates += [assign(m, new_m), assign(v, new_v), assign_sub(variable, step)]
        return [*updates, multiply_1, multiply_2]


class AdagradOptimizer(Optimizer):
    """Adagrad: divides the gradient by the root of the sum of the squares of all gradients so far.

    - accumulator ← accumulator + g², from `initial_accumulator_value`,
    - variable ← variable - learning_rate · g / √accumulator, with the new accumulator.

    The state is the accumulator of each variable, `W/Adagrad` for a variable W.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
        initial_accumulator_value: Where the sums start, above 0, so that none is 0; a number or a scalar
            node.

    References:
        Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic optimization
        (2011). The convention is TensorFlow 1.15's, with its default: there is no ε. PyTorch starts the
        sums at 0, and adds ε to the root.
    """

    def __init__(self, learning_rate: NodeLike, initial_accumulator_value: NodeLike = 0.1) -> None:
        super().__init__(learning_rate)
        self.initial_accumulator_value = initial_accumulator_value

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        updates = []
        for g, variable in pairs:
            start = multiply(self.initial_accumulator_value, ones_like(variable.attrs["initial"]))
            accumulator = _slot(variable, start, _ADAGRAD)
            with update_scope(variable):
                new_accumulator = accumulator + square(g)
                step = g / sqrt(new_accumulator)
                updates.append(assign(accumulator, new_accumulator))
            updates.append(step_back(variable, rate, step))
        return updates


class RMSPropOptimizer(Optimizer):
    """RMSProp: divides the gradient by the root of the mean of the squares of the last gradients.

    - mean_square ← decay · mean_square + (1 - decay) · g², from 1,
    - velocity ← momentum · velocity + learning_rate · g / √(mean_square + epsilon), from 0,
    - variable ← variable - velocity,

    always with the new values. With `centered`, the root is that of the variance of the gradients,
    √(mean_square - mean_gradient² + epsilon), where mean_gradient ← decay · mean_gradient + (1 - decay) · g,
    from 0.

    The state of a variable W is `W/RMSProp`, the mean square, and `W/RMSProp_1`, the velocity. With
    `centered`, it is `W/RMSProp`, `W/RMSProp_1`, the mean gradient, and `W/RMSProp_2`, the velocity.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
        decay: Share of the means that a step keeps, from 0 to less than 1; a number or a scalar node.
        momentum: Share of the velocity that a step keeps, from 0 to 1; a number or a scalar node.
        epsilon: What is added within the root, so that it is not 0; a number or a scalar node.
        centered: Whether to subtract the square of the mean gradient.

    References:
        Tieleman and Hinton, Neural networks for machine learning, lecture 6e (2012); with `centered`, Graves,
        Generating sequences with recurrent neural networks (2013), equations 38 to 45. The convention is
        TensorFlow 1.15's, with its defaults. PyTorch adds ε outside of the root, starts the mean square at 0,
        and multiplies by the learning rate when the velocity is applied, not when it is accumulated.
    """

    def __init__(
        self,
        learning_rate: NodeLike,
        decay: NodeLike = 0.9,
        momentum: NodeLike = 0.0,
        epsilon: NodeLike = 1e-10,
        *,
        centered: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.decay = decay
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        decay = node_in_graph_of(rate, self.decay, DECAY)
        momentum = node_in_graph_of(rate, self.momentum, MOMENTUM)
        epsilon = node_in_graph_of(rate, self.epsilon, EPSILON)
        updates = []
        for g, variable in pairs:
            mean_square = _slot(variable, ones_like(variable.attrs["initial"]), _RMSPROP)
            with update_scope(variable):
                radicand = new_square = _moved_mean(mean_square, decay, square(g))
                updates.append(assign(mean_square, new_square))
            if self.centered:
                mean_gradient = _zeros_slot(variable, _RMSPROP)
                with update_scope(variable):
                    new_mean = _moved_mean(mean_gradient, decay, g)
                    radicand = new_square - square(new_mean)
                    updates.append(assign(mean_gradient, new_mean))
            velocity = _zeros_slot(variable, _RMSPROP)
            with update_scope(variable):
                new_velocity = momentum * velocity + rate * g / sqrt(radicand + epsilon)
                updates += [assign(velocity, new_velocity), assign_sub(variable, new_velocity)]
        return updates


def _slot(variable: Node, start: Node, name: str) -> Node:
    """A variable for the state of `variable`; a second one of this name gets `_1` at its end."""
    return Variable(start, name=f"{variable.name}/{name}", trainable=False)


def _zeros_slot(variable: Node, name: str) -> Node:
    """As `_slot`, with the shape of `variable`, from 0."""
    return _slot(variable, zeros_like(variable.attrs["initial"]), name)


def _power(beta: Node, name: str) -> tuple[Node, Node]:
    """A variable for beta^t in step t, counted from 1; and the node that multiplies it by beta."""
    power = Variable(beta, name=f"{name}_power", trainable=False)
    with update_scope(power):
        return power, assign(power, power * beta)


def _moved_mean(mean: Node, decay: Node, value: Node) -> Node:
    """decay · mean + (1 - decay) · value, in the order of TensorFlow, of which float32 shows the rounding."""
    return mean + (value - mean) * (1.0 - decay)
