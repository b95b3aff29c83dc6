"""Optimizers: from a loss to the node that updates the variables. Their steps are ordinary nodes.

The learning rate may be a node (a placeholder, or one of `lrfit.graph.schedules`) as well as a number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import reduce

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import assign, assign_add, assign_sub, group, is_assignment
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import Variable, trainable_variables
from lrfit.graph.nodes import Node, NodeLike, graph_of, node_in_graph_of
from lrfit.graph.ops import add, divide, multiply, reduce_sum, sqrt, square, where, zeros_like
from lrfit.graph.shapes import fits, format_shape

__all__ = [
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "Optimizer",
    "clip_by_global_norm",
    "polynomial_average",
]


class Optimizer(ABC):
    """The common part of all optimizers: gradients of a loss, and their application to variables.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
    """

    def __init__(self, learning_rate: NodeLike) -> None:
        self.learning_rate = learning_rate

    def minimize(
        self,
        loss: Node,
        variables: Sequence[Node] | None = None,
        *,
        clip_norm: NodeLike | None = None,
        global_step: Node | None = None,
        name: str = "train",
    ) -> Node:
        """A node that takes one step downhill when it runs, and has no value.

        Args:
            loss: What is made smaller; a scalar.
            variables: What may be changed; all trainable variables of the loss's graph if None.
            clip_norm: The gradients go through `clip_by_global_norm` with it first; not if None.
            global_step: As for `apply_gradients`.
            name: The node's name.

        Raises:
            GraphError: The loss is no node, or depends on none of the variables.
            ShapeError: It is no scalar.
        """
        pairs = self.compute_gradients(loss, variables)
        if clip_norm is not None:
            with graph_of(loss).name_scope("clip"):
                clipped = clip_by_global_norm([gradient for gradient, _ in pairs], clip_norm)
            pairs = [(gradient, v) for gradient, (_, v) in zip(clipped, pairs, strict=True)]
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self, loss: Node, variables: Sequence[Node] | None = None
    ) -> list[tuple[Node | None, Node]]:
        """Pairs of a variable's gradient (None where the loss does not depend on it) and the variable.

        Raises:
            GraphError: The loss is no node.
            ShapeError: It is no scalar.
        """
        if not isinstance(loss, Node):
            raise GraphError(f"a loss is a node; {loss!r} is none")
        if not fits(loss.shape, ()):
            raise ShapeError(
                f"a loss is a scalar; {loss.name!r} has shape {format_shape(loss.shape)}: reduce_mean it"
            )
        if variables is None:
            variables = trainable_variables(graph_of(loss))
        return list(zip(gradients(loss, variables), variables, strict=True))

    def apply_gradients(
        self,
        pairs: Iterable[tuple[Node | None, Node]],
        *,
        global_step: Node | None = None,
        name: str = "train",
    ) -> Node:
        """A node that steps each variable along its gradient when it runs; pairs without one are left out.

        Args:
            pairs: Gradients and variables, as `compute_gradients` gives them.
            global_step: A variable of shape (), not trainable, to which a step adds 1: the number of steps
                done. A learning rate made from it sees, like all reads, what it was before the step.
            name: The node's name.

        Raises:
            GraphError: No pair has a gradient.
        """
        known = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        if not known:
            raise GraphError("no variable has a gradient: the loss depends on none of them")
        rate = node_in_graph_of(known[0][0], self.learning_rate, "learning_rate")
        updates = self._updates(known, rate)
        if global_step is not None:
            with _updating(global_step):
                updates.append(assign_add(global_step, 1.0))
        return group(*updates, name=name)

    @abstractmethod
    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        """The assignments of one step of the variables, each behind its gradient."""


class GradientDescentOptimizer(Optimizer):
    """Gradient descent: v ← v - learning_rate · gradient."""

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        return [_stepped_back(variable, rate, gradient) for gradient, variable in pairs]


class MomentumOptimizer(Optimizer):
    """Gradient descent with momentum: m ← momentum · m + gradient; v ← v - learning_rate · m.

    With `use_nesterov`, v ← v - learning_rate · (gradient + momentum · m), with the new m. m starts at 0.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
        momentum: Share of m that a step keeps, from 0 to 1; a number or a scalar node.
        use_nesterov: Look ahead along m.

    References:
        The convention of PyTorch's `torch.optim.SGD` (dampening 0) and TensorFlow 1's `MomentumOptimizer`:
        the learning rate multiplies m where it is used, not where it is gathered. Sutskever et al., On the
        importance of initialization and momentum in deep learning (2013), multiply where it is gathered.
    """

    def __init__(self, learning_rate: NodeLike, momentum: NodeLike, *, use_nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum
        self.use_nesterov = use_nesterov

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        momentum = node_in_graph_of(rate, self.momentum, "momentum")
        return [update for pair in pairs for update in self._updates_of(*pair, rate, momentum)]

    def _updates_of(self, gradient: Node, variable: Node, rate: Node, momentum: Node) -> list[Node]:
        zeros = zeros_like(variable.attrs["initial"])
        gathered = Variable(zeros, name=f"{variable.name}_momentum", trainable=False)
        with _updating(gathered):
            m = multiply(momentum, gathered) + gradient
            gather = assign(gathered, m)
        with _updating(variable):
            step = gradient + multiply(momentum, m) if self.use_nesterov else m
        return [gather, _stepped_back(variable, rate, step)]


def _stepped_back(variable: Node, rate: Node, step: Node) -> Node:
    """v ← v - rate · step."""
    with _updating(variable):
        return assign_sub(variable, multiply(rate, step))


def _updating(variable: Node) -> AbstractContextManager[None]:
    """A scope of names for what gives a variable its next value."""
    return graph_of(variable).name_scope(f"{variable.name}_update")


def clip_by_global_norm(gradients: Sequence[Node | None], clip_norm: NodeLike) -> list[Node | None]:
    """The gradients, each times clip_norm / max(norm, clip_norm), with the norm of all of them together.

    So their direction stays, and their norm √Σ g², over all elements of all of them, is at most `clip_norm`.

    Args:
        gradients: Of any shapes; None stays None.
        clip_norm: Largest norm, 0 or more; a number or a scalar node.

    Returns:
        As many; NaN where a gradient is infinite.

    References:
        TensorFlow 1's `clip_by_global_norm`, which returns the norm as well; PyTorch's `clip_grad_norm_` adds
        1e-6 to it. Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks
        (2013), algorithm 1.
    """
    known = [gradient for gradient in gradients if gradient is not None]
    if not known:
        return list(gradients)
    norm = _global_norm(known)
    share = where(norm <= clip_norm, 1.0, divide(clip_norm, norm))  # no 0/0, and exactly 1 within the norm
    return [None if gradient is None else gradient * share for gradient in gradients]


def _global_norm(nodes: Sequence[Node]) -> Node:
    """√Σ x² over all elements, which are divided by Σ |x| before they are squared: no square overflows."""
    total = reduce(add, [reduce_sum(abs(node)) for node in nodes])
    scale = where(total, total, 1.0)
    return scale * sqrt(reduce(add, [reduce_sum(square(node / scale)) for node in nodes]))


def polynomial_average(
    train_op: Node, global_step: Node, eta: float = 3.0, *, name: str = "train_and_average"
) -> tuple[Node, dict[Node, Node]]:
    """Averages of the variables over the steps so far, of which the last ones count most.

    average ← (1 - share) · average + share · v with share = (eta + 1) / (t + eta), where v is the variable's
    value after step t, counted from 1. So the first step's average is v, and the weight of step t grows as
    t^eta: with eta 3, half of it is on about the last 16 % of the steps. The number of steps to come need not
    be known, so a run can be continued.

    Args:
        train_op: What `minimize` has made, with this `global_step`.
        global_step: The variable in which it counts the steps.
        eta: 0 for the plain mean of all steps; the larger, the fewer steps count.
        name: The name of the new node.

    Returns:
        A node to run in place of `train_op`: it takes the step, and updates the averages. And for each
        trainable variable that a step changes, that of its average, of the same shape and initial value.

    Raises:
        GraphError: `train_op` does not count its steps in `global_step`.

    References:
        Polynomial-decay averaging: Shamir and Zhang, Stochastic gradient descent for non-smooth optimization:
        convergence results and optimal averaging schemes (2013), section 4, who write η for eta.
    """
    new_values = {node.attrs["variable"]: node for node in train_op.inputs if is_assignment(node)}
    if global_step not in new_values:
        raise GraphError(
            f"{train_op.name!r} does not count its steps in {global_step.name!r}: "
            "give it to minimize as global_step"
        )
    with _updating(global_step):
        share = (eta + 1.0) / (global_step + (eta + 1.0))
    averages = {
        v: Variable(v.attrs["initial"], name=f"{v.name}_average", trainable=False)
        for v in new_values
        if v.attrs["trainable"]
    }
    updates = []
    for v, average in averages.items():
        with _updating(average):
            updates.append(assign(average, (1.0 - share) * average + share * new_values[v]))
    return group(train_op, *updates, name=name), averages
