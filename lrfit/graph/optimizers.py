"""Optimizers: they turn a loss into a node that updates the variables. Their steps are ordinary nodes.

The learning rate may be a node (a placeholder, or one of `lrfit.graph.schedules`) as well as a number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.assignments import assign, assign_add, assign_sub, group, update_scope
from lrfit.graph.autodiff import gradients
from lrfit.graph.clipping import clip_by_global_norm
from lrfit.graph.leaves import Variable, trainable_variables
from lrfit.graph.nodes import Node, NodeLike, graph_of, node_in_graph_of
from lrfit.graph.ops import multiply, zeros_like
from lrfit.graph.scopes import outer_scope
from lrfit.graph.shapes import fits, format_shape

__all__ = ["GradientDescentOptimizer", "MomentumOptimizer", "Optimizer"]

_CLIP, RATE, MOMENTUM = "clip", "learning_rate", "momentum"
BETA1, BETA2, DECAY, EPSILON = "beta1", "beta2", "decay", "epsilon"
"""Names of nodes, or of scopes of nodes, that belong to no variable."""


class Optimizer(ABC):
    """The base class of all optimizers, which take gradients of a loss and apply them to variables.

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
            loss: The scalar to make smaller.
            variables: The variables to change; all trainable variables of the loss's graph if None.
            clip_norm: Largest norm of the gradients, as for `clip_by_global_norm`; no limit if None.
            global_step: The counter of steps, as for `apply_gradients`.
            name: The node's name.

        Raises:
            GraphError: The loss is not a node, or depends on none of the variables.
            ShapeError: The loss is not a scalar.
        """
        pairs = self.compute_gradients(loss, variables)
        if clip_norm is not None:
            with graph_of(loss).name_scope(_CLIP):
                clipped = clip_by_global_norm([gradient for gradient, _ in pairs], clip_norm)
            pairs = [(gradient, v) for gradient, (_, v) in zip(clipped, pairs, strict=True)]
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self, loss: Node, variables: Sequence[Node] | None = None
    ) -> list[tuple[Node | None, Node]]:
        """Pairs of a gradient (None if the loss does not depend on the variable) and its variable.

        Args:
            loss: A scalar.
            variables: As for `minimize`.

        Raises:
            GraphError: The loss is not a node.
            ShapeError: The loss is not a scalar.
        """
        if not isinstance(loss, Node):
            raise GraphError(f"the loss must be a node, not {loss!r}")
        if not fits(loss.shape, ()):
            raise ShapeError(
                f"the loss must be a scalar, but {loss.name!r} has shape {format_shape(loss.shape)}: "
                "reduce_mean it"
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
        """A node that moves each variable against its gradient when it runs; pairs without one are left out.

        Args:
            pairs: Gradients and variables, as `compute_gradients` returns them.
            global_step: A variable of shape (), not trainable, that counts the steps: each step adds 1 to it.
                A learning rate that depends on it sees its value from before the step, like all reads.
            name: The node's name.

        Raises:
            GraphError: No pair has a gradient.
        """
        known = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        if not known:
            raise GraphError("no variable has a gradient: the loss depends on none of them")
        rate = node_in_graph_of(known[0][0], self.learning_rate, RATE)
        updates = self._updates(known, rate)
        if global_step is not None:
            with update_scope(global_step):
                updates.append(assign_add(global_step, 1.0))
        return group(*updates, name=name)

    @abstractmethod
    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        """The assignments of one step.

        Args:
            pairs: Gradients and variables.
            rate: The learning rate.
        """


class GradientDescentOptimizer(Optimizer):
    """Gradient descent: variable ← variable - learning_rate · gradient."""

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        return [step_back(variable, rate, gradient) for gradient, variable in pairs]


class MomentumOptimizer(Optimizer):
    """Gradient descent with momentum: each variable has a velocity, which starts at 0.

    velocity ← momentum · velocity + gradient, then variable ← variable - learning_rate · velocity. With
    `use_nesterov`, variable ← variable - learning_rate · (gradient + momentum · velocity), with the new
    velocity.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
        momentum: Share of the velocity that a step keeps, from 0 to 1; a number or a scalar node.
        use_nesterov: Whether to look ahead along the velocity.

    References:
        The convention of PyTorch's `torch.optim.SGD` (dampening 0) and TensorFlow 1's `MomentumOptimizer`:
        the learning rate scales the velocity when it is applied. In Sutskever et al., On the importance of
        initialization and momentum in deep learning (2013), it scales the gradient when it is accumulated.
    """

    def __init__(self, learning_rate: NodeLike, momentum: NodeLike, *, use_nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum
        self.use_nesterov = use_nesterov

    def _updates(self, pairs: Sequence[tuple[Node, Node]], rate: Node) -> list[Node]:
        momentum = node_in_graph_of(rate, self.momentum, MOMENTUM)
        return [update for pair in pairs for update in self._updates_of(*pair, rate, momentum)]

    def _updates_of(self, gradient: Node, variable: Node, rate: Node, momentum: Node) -> list[Node]:
        zeros = zeros_like(variable.attrs["initial"])
        velocity = Variable(zeros, name=f"{variable.name}_momentum", trainable=False)
        with update_scope(velocity):
            new_velocity = multiply(momentum, velocity) + gradient
            accumulate = assign(velocity, new_velocity)
        with update_scope(variable):
            step = gradient + multiply(momentum, new_velocity) if self.use_nesterov else new_velocity
        return [accumulate, step_back(variable, rate, step)]


def is_in_optimizer(node: Node) -> bool:
    """Whether a node is part of a step, but not of one variable's, by its name."""
    return outer_scope(node) in (_CLIP, RATE, MOMENTUM, BETA1, BETA2, DECAY, EPSILON)


def step_back(variable: Node, rate: Node, step: Node) -> Node:
    """A node that sets `variable` to `variable - rate · step`."""
    with update_scope(variable):
        return assign_sub(variable, multiply(rate, step))
