"""Averaging: averages of variables over the steps of a descent, to reduce the noise of mini-batches."""

from __future__ import annotations

from lrfit.errors import GraphError
from lrfit.graph.assignments import assign, group, is_assignment, update_scope
from lrfit.graph.leaves import Variable
from lrfit.graph.nodes import Node

__all__ = ["polynomial_average"]


def polynomial_average(
    train_op: Node, global_step: Node, eta: float = 3.0, *, name: str = "train_and_average"
) -> tuple[Node, dict[Node, Node]]:
    """Averages of the variables over the steps so far, in which late steps count most.

    After step t, counted from 1, average ← (1 - share) · average + share · variable, with the variable's new
    value and share = (eta + 1) / (t + eta). So the average after the first step is the variable, and the
    weight of step t grows as t^eta: with eta 3, half of the total weight is on about the last 16 % of the
    steps. The number of steps need not be known in advance, so a run can be continued.

    Args:
        train_op: The node of a step, as `minimize` returns it for this `global_step`.
        global_step: The variable in which `train_op` counts the steps.
        eta: Exponent of the weights, 0 or more. 0 gives the plain mean of all steps; the larger eta is, the
            fewer steps count.
        name: The name of the new node.

    Returns:
        A node to run in place of `train_op`, which takes the step and updates the averages; and a dict from
        each trainable variable that a step changes to the variable that holds its average, which has the
        same shape and initial value.

    Raises:
        GraphError: `train_op` does not count its steps in `global_step`.

    References:
        Polynomial-decay averaging: Shamir and Zhang, Stochastic gradient descent for non-smooth optimization:
        convergence results and optimal averaging schemes (2013), section 4, where the exponent is η.
    """
    new_values = {node.attrs["variable"]: node for node in train_op.inputs if is_assignment(node)}
    if global_step not in new_values:
        raise GraphError(
            f"{train_op.name!r} does not count its steps in {global_step.name!r}: "
            "give it to minimize as global_step"
        )
    with update_scope(global_step):
        share = (eta + 1.0) / (global_step + (eta + 1.0))
    averages = {
        v: Variable(v.attrs["initial"], name=f"{v.name}_average", trainable=False)
        for v in new_values
        if v.attrs["trainable"]
    }
    updates = []
    for v, average in averages.items():
        with update_scope(average):
            updates.append(assign(average, (1.0 - share) * average + share * new_values[v]))
    return group(train_op, *updates, name=name), averages
