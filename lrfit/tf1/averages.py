"""Averages: running means of variables, in which the past counts less and less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfit.tf1.arithmetic import minimum
from lrfit.tf1.building import convert_to_tensor
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import float32
from lrfit.tf1.errors import UnimplementedError
from lrfit.tf1.filling import zeros
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.tensors import Operation, Tensor
from lrfit.tf1.variables import Variable, assign_sub, global_variables, trainable_variables

__all__ = ["MOVING_AVERAGE_VARIABLES", "ExponentialMovingAverage", "moving_average_variables"]

MOVING_AVERAGE_VARIABLES = "moving_average_variables"
"""The collection of the variables that have averages."""


class ExponentialMovingAverage:
    """Averages of variables: at each step, average ← decay · average + (1 - decay) · variable.

    Args:
        decay: The share of the average that stays, below 1.
        num_updates: The number of steps so far. With it, the decay of early steps is less:
            min(decay, (1 + num_updates) / (10 + num_updates)).
        zero_debias: Not here.
        name: The end of the names of averages.

    Raises:
        UnimplementedError: `zero_debias` is asked for.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        if zero_debias:
            raise UnimplementedError(
                "tf.train.ExponentialMovingAverage(…, zero_debias=True) is not in lrfit.tf1: the average of "
                "a variable starts with its initial value, and has no bias"
            )
        self._decay, self._num_updates, self._name = decay, num_updates, name
        self._averages: dict[Any, Variable] = {}

    @property
    def name(self) -> str:
        """The end of the names of averages."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Operation:
        """An operation that takes one step of the averages, which are made if they do not exist.

        Args:
            var_list: Variables, whose averages start with their initial values, or tensors, whose averages
                start with 0; all trainable variables if None.

        Raises:
            TypeError: One is not made of floats.
            ValueError: The shape of a tensor is not known.
        """
        variables = trainable_variables() if var_list is None else list(var_list)
        graph: Graph = variables[0].graph if variables else get_default_graph()
        for variable in variables:
            if not variable.dtype.is_floating:
                raise TypeError(f"The variables must be half, float, or double: {variable.name}")
            if variable not in self._averages:
                self._averages[variable] = self._made(graph, variable)
        with graph.name_scope(self._name) as scope:
            decay = self._decay_now()
            steps = [_step(graph, self._averages[variable], variable, decay) for variable in variables]
        operation = Operation(graph, "NoOp", scope.removesuffix("/"))
        operation.control_inputs += tuple(step.op for step in steps)
        return operation

    def _made(self, graph: Graph, variable: Any) -> Variable:
        """A new average of a variable or tensor, as before the first step."""
        if isinstance(variable, Variable):
            graph.add_to_collection(MOVING_AVERAGE_VARIABLES, variable)
            start = variable.initialized_value()
        elif variable.shape.is_fully_defined():
            with graph.control_dependencies(None):
                start = zeros(variable.shape, variable.dtype)
        else:
            raise ValueError(f"the average of {variable} needs a shape that is known when the graph is built")
        with graph.name_scope(None):
            return Variable(start, trainable=False, name=f"{variable.op.name}/{self._name}")

    def _decay_now(self) -> Tensor:
        """The decay of this step."""
        decay = convert_to_tensor(self._decay, name="decay")
        if self._num_updates is None:
            return decay
        n_updates = cast(self._num_updates, float32, name="num_updates")
        return minimum(decay, (1.0 + n_updates) / (10.0 + n_updates))

    def average(self, var: Any) -> Variable | None:
        """The average of a variable; None if it has none."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name of the average of a variable, whether it exists or not."""
        average = self.average(var)
        return f"{var.op.name}/{self._name}" if average is None else average.op.name

    def variables_to_restore(self, moving_avg_variables: Sequence[Any] | None = None) -> dict[str, Any]:
        """Variables for a `Saver`: by the names of their averages, or by their own if they have none.

        Args:
            moving_avg_variables: The variables that have averages; if None, all that are trainable or that
                have averages.
        """
        averaged = [*trainable_variables(), *moving_average_variables()]
        if moving_avg_variables is not None:
            averaged = list(moving_avg_variables)
        named = {self.average_name(variable): variable for variable in averaged}
        others = [variable for variable in global_variables() if variable not in averaged]
        return named | {variable.op.name: variable for variable in others if variable.op.name not in named}


def _step(graph: Graph, average: Variable, variable: Any, decay: Tensor) -> Tensor:
    """The step of one average."""
    with graph.name_scope("AssignMovingAvg") as scope:
        share = cast(1.0 - decay, average.dtype)
        return assign_sub(average, (average - convert_to_tensor(variable)) * share, name=scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """The variables of the default graph that have averages."""
    return get_default_graph().get_collection(MOVING_AVERAGE_VARIABLES, scope)
