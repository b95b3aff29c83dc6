"""Optimizers: from a loss to the node that updates the variables. Their steps are ordinary nodes.

The learning rate may be a node (a placeholder that a schedule feeds, say) as well as a number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from lrfit.autodiff import gradients
from lrfit.errors import GraphError, ShapeError
from lrfit.graph import Node, NodeLike, fits, format_shape, get_default_graph
from lrfit.ops import Variable, assign, assign_sub, group, multiply, trainable_variables, zeros_like

__all__ = ["GradientDescentOptimizer", "MomentumOptimizer", "Optimizer"]


class Optimizer(ABC):
    """What all optimizers share: gradients of a loss, and their application to variables.

    Args:
        learning_rate: Factor of the step; a number or a scalar node.
    """

    def __init__(self, learning_rate: NodeLike) -> None:
        self.learning_rate = learning_rate

    def minimize(self, loss: Node, variables: Sequence[Node] | None = None, *, name: str = "train") -> Node:
        """A node that takes one step downhill when it runs, and has no value.

        Args:
            loss: What is made smaller; a scalar.
            variables: What may be changed; all trainable variables of the loss's graph if None.
            name: The node's name.

        Raises:
            GraphError: The loss is no node, or depends on none of the variables.
            ShapeError: It is no scalar.
        """
        return self.apply_gradients(self.compute_gradients(loss, variables), name=name)

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
            variables = trainable_variables(loss.graph or get_default_graph())
        return list(zip(gradients(loss, variables), variables, strict=True))

    def apply_gradients(self, pairs: Iterable[tuple[Node | None, Node]], *, name: str = "train") -> Node:
        """A node that steps each variable along its gradient when it runs; pairs without one are left out.

        Raises:
            GraphError: No pair has a gradient.
        """
        updates = [update for g, v in pairs if g is not None for update in self._updates(g, v)]
        if not updates:
            raise GraphError("no variable has a gradient: the loss depends on none of them")
        return group(*updates, name=name)

    @abstractmethod
    def _updates(self, gradient: Node, variable: Node) -> list[Node]:
        """The assignments of one step of one variable."""


class GradientDescentOptimizer(Optimizer):
    """Gradient descent: v ← v - learning_rate · gradient."""

    def _updates(self, gradient: Node, variable: Node) -> list[Node]:
        return [assign_sub(variable, multiply(self.learning_rate, gradient))]


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

    def _updates(self, gradient: Node, variable: Node) -> list[Node]:
        zeros = zeros_like(variable.attrs["initial"])
        gathered = Variable(zeros, name=f"{variable.name}_momentum", trainable=False)
        m = multiply(self.momentum, gathered) + gradient
        step = gradient + multiply(self.momentum, m) if self.use_nesterov else m
        return [assign(gathered, m), assign_sub(variable, multiply(self.learning_rate, step))]
