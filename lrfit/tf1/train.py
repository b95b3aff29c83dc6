"""`tf.train`: optimizers, learning rates that decay, and the saver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lrfit.graph import adaptive_optimizers, optimizers
from lrfit.graph.assignments import is_assignment
from lrfit.graph.leaves import is_variable
from lrfit.graph.nodes import Node
from lrfit.tf1.averages import ExponentialMovingAverage
from lrfit.tf1.building import convert_to_tensor, is_tensor
from lrfit.tf1.differentiation import gradients
from lrfit.tf1.dtypes import int64
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.refusals import refuser
from lrfit.tf1.saver import CheckpointState, Saver, checkpoint_exists, get_checkpoint_state, latest_checkpoint
from lrfit.tf1.schedules import (
    cosine_decay,
    exponential_decay,
    inverse_time_decay,
    natural_exp_decay,
    piecewise_constant,
    polynomial_decay,
)
from lrfit.tf1.summary_writer import FileWriter as SummaryWriter
from lrfit.tf1.tensors import Operation, Tensor
from lrfit.tf1.variables import Variable

__all__ = [
    "AdagradOptimizer", "AdamOptimizer", "CheckpointState", "ExponentialMovingAverage",
    "GradientDescentOptimizer", "MomentumOptimizer", "Optimizer", "RMSPropOptimizer", "Saver",
    "SummaryWriter", "checkpoint_exists", "cosine_decay", "create_global_step", "exponential_decay",
    "get_checkpoint_state", "get_global_step", "get_or_create_global_step", "global_step",
    "inverse_time_decay", "latest_checkpoint", "natural_exp_decay", "piecewise_constant",
    "polynomial_decay",
]  # fmt: skip

__getattr__ = refuser(__name__)


class Optimizer:
    """The base of all optimizers, which change variables along gradients of a loss.

    Args:
        core: The optimizer of the graph that computes.
        name: The name of the operation.
    """

    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2

    _slot_names: tuple[str, ...] = ()
    """The names of the slots of each variable, in the order in which the core's optimizer makes them."""

    def __init__(self, core: Any, name: str) -> None:
        self._core = core
        self._name = name
        self._slots: dict[str, dict[str, Variable]] = {}
        self._others: list[Variable] = []

    def get_name(self) -> str:
        """The name of the operation."""
        return self._name

    def minimize(
        self,
        loss: Any,
        global_step: Variable | None = None,
        var_list: Any = None,
        gate_gradients: Any = None,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """An operation that takes one step; a loss that is not a scalar counts as the sum of its elements.

        Raises:
            ValueError: The loss depends on none of the variables.
        """
        pairs = self.compute_gradients(loss, var_list, grad_loss=grad_loss)
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        grad_loss: Any = None,
        **_: Any,
    ) -> list[tuple[Tensor | None, Variable]]:
        """Pairs of a gradient, or None, and its variable.

        Raises:
            ValueError: There are no variables.
        """
        if not is_tensor(loss):
            raise TypeError(f"the loss must be a tensor, not {loss!r}: make it of tf.Variable objects")
        variables = var_list
        if variables is None:
            variables = loss.graph.get_collection(GraphKeys.TRAINABLE_VARIABLES)
        variables = [variables] if isinstance(variables, Variable) else list(variables)
        if not variables:
            raise ValueError("No variables to optimize.")
        return list(zip(gradients(loss, variables, grad_loss), variables, strict=True))

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Variable]],
        global_step: Variable | None = None,
        name: str | None = None,
    ) -> Operation:
        """An operation that moves each variable along its gradient, and counts the step.

        Raises:
            ValueError: There is no gradient for any variable.
        """
        pairs = [(g, v) for g, v in grads_and_vars if g is not None]
        if not pairs:
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support "
                "gradients: the loss depends on none of the variables"
            )
        graph = pairs[0][1].graph
        nodes = [(convert_to_tensor(g, v.dtype).node, v.node) for g, v in pairs]
        step = None if global_step is None else global_step.node
        scope = graph.unique_name(name or self._name)
        n_before = len(graph.core.nodes)
        with graph.core.as_default():
            effect = self._core.apply_gradients(nodes, global_step=step, name=scope)
        for node in graph.core.nodes[n_before:]:
            if is_variable(node):
                self._keep_slot(graph, node, pairs)
            elif global_step is not None and is_assignment(node) and node.attrs["variable"] is step:
                graph.types[node.inputs[0].name] = global_step.dtype.numpy  # it is counted in whole numbers
        operation = Operation(graph, "NoOp", scope, [g for g, _ in pairs if isinstance(g, Tensor)])
        operation.effect = effect
        return operation

    def _keep_slot(self, graph: Graph, node: Node, pairs: Sequence[tuple[Any, Variable]]) -> None:
        """Show a variable that the optimizer made to all that lists, saves and initializes variables."""
        own = {f"{v.op.name}{end}": v for _, v in pairs for end in ("/", "_momentum")}
        owner = own.get(max((start for start in own if node.name.startswith(start)), key=len, default=""))
        if owner is None:
            self._others.append(Variable.of_node(graph, node, pairs[0][1].dtype, node.name))
            return
        slots = self._slots.setdefault(owner.name, {})
        slot = Variable.of_node(graph, node, owner.dtype, f"{owner.op.name}/{self._name}")
        slots[self._slot_names[len(slots)]] = slot

    def get_slot_names(self) -> list[str]:
        """Names of the slots that variables have."""
        return sorted({name for slots in self._slots.values() for name in slots})

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """The slot of this name of a variable; None if it has none."""
        return self._slots.get(var.name, {}).get(name)

    def variables(self) -> list[Variable]:
        """The variables that the optimizer made."""
        return [*(slot for slots in self._slots.values() for slot in slots.values()), *self._others]


def _rate(value: Any) -> Any:
    """A hyperparameter as the graph that computes takes it."""
    value = value() if callable(value) and not is_tensor(value) else value
    return convert_to_tensor(value).node if is_tensor(value) else float(value)


class GradientDescentOptimizer(Optimizer):
    """variable ← variable - learning_rate · gradient."""

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(optimizers.GradientDescentOptimizer(_rate(learning_rate)), name)


class MomentumOptimizer(Optimizer):
    """velocity ← momentum · velocity + gradient; variable ← variable - learning_rate · velocity."""

    _slot_names = ("momentum",)

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        core = optimizers.MomentumOptimizer(_rate(learning_rate), _rate(momentum), use_nesterov=use_nesterov)
        super().__init__(core, name)


class AdagradOptimizer(Optimizer):
    """Gradients divided by the root of the sum of all their squares; see `lrfit.AdagradOptimizer`."""

    _slot_names = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        super().__init__(
            adaptive_optimizers.AdagradOptimizer(_rate(learning_rate), initial_accumulator_value), name
        )


class RMSPropOptimizer(Optimizer):
    """Gradients divided by the root of a running mean of their squares; see `lrfit.RMSPropOptimizer`."""

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        core = adaptive_optimizers.RMSPropOptimizer(
            _rate(learning_rate), _rate(decay), _rate(momentum), _rate(epsilon), centered=centered
        )
        super().__init__(core, name)
        self._slot_names = ("rms", "mg", "momentum") if centered else ("rms", "momentum")


class AdamOptimizer(Optimizer):
    """Means of gradients divided by the roots of means of squares; see `lrfit.AdamOptimizer`."""

    _slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        core = adaptive_optimizers.AdamOptimizer(
            _rate(learning_rate), _rate(beta1), _rate(beta2), _rate(epsilon)
        )
        super().__init__(core, name)


def get_global_step(graph: Graph | None = None) -> Variable | None:
    """The counter of steps of a graph; None if it has none."""
    found = (graph or get_default_graph()).get_collection(GraphKeys.GLOBAL_STEP)
    return found[0] if found else None


def create_global_step(graph: Graph | None = None) -> Variable:
    """A new counter of steps.

    Raises:
        ValueError: It exists already.
    """
    owner = graph or get_default_graph()
    if get_global_step(owner) is not None:
        raise ValueError('"global_step" already exists.')
    with owner.as_default():
        counter = Variable(0, trainable=False, name="global_step", dtype=int64)
    owner.add_to_collection(GraphKeys.GLOBAL_STEP, counter)
    return counter


def get_or_create_global_step(graph: Graph | None = None) -> Variable:
    """The counter of steps of a graph, made if there is none."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number of steps in a session."""
    return int(sess.run(global_step_tensor))
