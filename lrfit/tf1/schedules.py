"""Learning rates that change with a counter of steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

from lrfit.tf1.arithmetic import add, ceil, cos, divide, exp, floor, minimum, multiply, negative, pow, where
from lrfit.tf1.building import constant, convert_to_tensor, graph_of
from lrfit.tf1.casting import cast
from lrfit.tf1.tensors import Tensor

__all__ = [
    "cosine_decay", "exponential_decay", "inverse_time_decay", "natural_exp_decay", "piecewise_constant",
    "polynomial_decay",
]  # fmt: skip


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate · decay_rate^(global_step / decay_steps); with `staircase`, of the quotient's floor."""
    with graph_of([learning_rate, global_step]).name_scope(name or "ExponentialDecay") as scope:
        rate = _initial(learning_rate)
        steps, base = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        quotient = cast(global_step, rate.dtype) / steps
        power = pow(base, floor(quotient) if staircase else quotient)
    return multiply(rate, power, name=scope)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate · e^(-decay_rate · global_step / decay_steps)."""
    base = exp(negative(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, base, staircase, name)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate / (1 + decay_rate · global_step / decay_steps)."""
    with graph_of([learning_rate, global_step]).name_scope(name or "InverseTimeDecay") as scope:
        rate = _initial(learning_rate)
        steps, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        quotient = cast(global_step, rate.dtype) / steps
        one = cast(constant(1), rate.dtype)
        share = add(one, multiply(factor, floor(quotient) if staircase else quotient))
    return divide(rate, share, name=scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From learning_rate to end_learning_rate in decay_steps steps, along a power of the share that is left.

    With `cycle`, `decay_steps` is doubled, trebled and so on whenever it is over.
    """
    with graph_of([learning_rate, global_step]).name_scope(name or "PolynomialDecay") as scope:
        rate = _initial(learning_rate)
        end, exponent = cast(end_learning_rate, rate.dtype), cast(power, rate.dtype)
        step, steps = cast(global_step, rate.dtype), cast(decay_steps, rate.dtype)
        if cycle:
            n_cycles = ceil(step / steps)
            steps = multiply(steps, where(n_cycles > 0, n_cycles, n_cycles + 1))
        else:
            step = minimum(step, steps)
        share = pow(1 - divide(step, steps), exponent)
        above = multiply(rate - end, share)
    return add(above, end, name=scope)


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: float = 0.0,
    name: str | None = None,
) -> Tensor:
    """From learning_rate to alpha · learning_rate in decay_steps steps, along half a wave of the cosine."""
    with graph_of([learning_rate, global_step]).name_scope(name or "CosineDecay"):
        rate = _initial(learning_rate)
        steps = cast(decay_steps, rate.dtype)
        done = minimum(cast(global_step, rate.dtype), steps) / steps
        wave = 0.5 * (1.0 + cos(constant(pi, rate.dtype) * done))
        return multiply(rate, (1 - alpha) * wave + alpha)


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """The first value up to the first boundary, the second one up to the second, and so on.

    Raises:
        ValueError: There must be one value more than boundaries.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with graph_of([x]).name_scope(name or "PiecewiseConstant"):
        step, rate = convert_to_tensor(x), convert_to_tensor(values[-1])
        for boundary, value in zip(reversed(boundaries), reversed(values[:-1]), strict=True):
            rate = where(step <= boundary, convert_to_tensor(value), rate)
        return rate


def _initial(learning_rate: Any) -> Tensor:
    return convert_to_tensor(learning_rate, name="initial_learning_rate")
