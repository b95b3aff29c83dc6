"""Schedules: learning rates that change from step to step, as nodes for an optimizer's `learning_rate`.

A schedule is computed from a counter of steps, the `global_step` of `Optimizer.minimize`, so it runs
wherever the step itself does.
"""

from __future__ import annotations

from lrfit.graph.nodes import Node, NodeLike
from lrfit.graph.ops import divide, floor, multiply

__all__ = ["inverse_scaling", "step_decay"]


def inverse_scaling(learning_rate: NodeLike, step: Node, power: float = 0.25) -> Node:
    """The learning rate learning_rate / step^power.

    Args:
        learning_rate: The learning rate of step 1.
        step: The number of the step that is being taken, counted from 1: `global_step + 1`.
        power: How fast the rate falls, 0 or more.

    References:
        `learning_rate="invscaling"` of scikit-learn's `SGDRegressor`, with its default power.
    """
    return divide(learning_rate, step**power)


def step_decay(learning_rate: NodeLike, epoch: Node, step_size: int, gamma: float = 0.1) -> Node:
    """The learning rate learning_rate · gamma^⌊epoch / step_size⌋.

    Args:
        learning_rate: The learning rate of the first `step_size` epochs.
        epoch: Number of epochs done, with or without the fraction of the current one that is done:
            `global_step / steps_per_epoch`, or its `floor`. Rounding never moves a decay to another epoch:
            below 2^52, the rounding error of a quotient of integers is less than its distance to the next
            integer.
        step_size: Number of epochs from one decay to the next.
        gamma: Factor of the rate at each decay.

    References:
        PyTorch's `StepLR`, with its default gamma.

    Examples:
        >>> from lrfit import Session, constant
        >>> Session().run(step_decay(8.0, constant([0.0, 9.0, 10.0, 25.0]), 10, gamma=0.5))
        array([8., 8., 4., 2.])
    """
    return multiply(learning_rate, gamma ** floor(epoch / step_size))
