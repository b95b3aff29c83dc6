"""Forecasts: the number of full-batch epochs until the objective is close to its minimum.

A forecast follows the recursion of `lrfit.analysis.convergence` along each eigenvector of the Hessian. Where
the excess falls with every epoch, bisection finds the first epoch; otherwise all epochs are computed in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite

import numpy as np

from lrfit.analysis.convergence import Method
from lrfit.analysis.objective import Objective
from lrfit.arrays import Array

__all__ = ["epochs_until"]

_MOST_DISTANCES = 2_000_000
"""Largest number of distances, one for each epoch and eigenvector, that a forecast computes."""

_STRIDE = 1024
"""Number of epochs that a forecast computes together."""

_NEVER = 1 << 200
"""Number of epochs above which it counts as infinite."""


@np.errstate(over="ignore", invalid="ignore")
def epochs_until(
    target: float, objective: Objective, method: Method, rate: float, theta: Array, velocity: Array
) -> float:
    """Number of full-batch epochs until the objective is at most `target` above its minimum.

    Args:
        target: The excess over the minimum to be reached.
        objective: The function that is minimised.
        method: The method of descent.
        rate: The learning rate η, which is constant.
        theta: The parameters at the start, shape (n_parameters,).
        velocity: The velocity m at the start, shape (n_parameters,); zeros at the start of a run.

    Returns:
        A whole number; infinity if the target is never reached or, with momentum, too late to compute.
    """
    excess = objective.excess(theta)
    if excess <= target:
        return 0
    if not isfinite(excess) or rate >= method.max_stable_rate(objective.extremes[1]):
        return inf
    distance = objective.modes(theta)
    if not method.momentum:
        return _epochs_without_momentum(target, objective.eigenvalues, rate, distance)
    v = rate * objective.modes(objective.minimizer + velocity)
    return _epochs_with_momentum(target, objective.eigenvalues, method, rate, distance, v)


def _epochs_without_momentum(target: float, eigenvalues: Array, rate: float, distance: Array) -> float:
    """`epochs_until` without momentum: by bisection, because the excess falls with every epoch."""
    energy, log_factor = eigenvalues * distance * distance, _log_factor(rate * eigenvalues)
    return _first(lambda epoch: 0.5 * float(np.sum(energy * np.exp(2 * epoch * log_factor))) <= target)


def _epochs_with_momentum(
    target: float, eigenvalues: Array, method: Method, rate: float, distance: Array, velocity: Array
) -> float:
    """`epochs_until` with momentum: epoch by epoch.

    If the overdamped directions alone take very long, their number of epochs is the answer: by then the
    excess along all other directions has vanished.
    """
    earliest = _epochs_of_overdamped(target, eigenvalues, method, rate, distance, velocity)
    n_epochs = _MOST_DISTANCES // len(eigenvalues)
    if earliest > n_epochs // 2:
        return earliest
    recursion = method.recursion(rate * eigenvalues)
    powers = [recursion]
    for _ in range(_STRIDE - 1):
        powers.append(recursion @ powers[-1])
    next_epochs, state = np.stack(powers), np.stack([distance, velocity], axis=-1)
    for start in range(0, n_epochs, _STRIDE):
        states = np.einsum("ekij,kj->eki", next_epochs, state)
        excess = 0.5 * np.sum(eigenvalues * np.square(states[:, :, 0]), axis=1)
        reached = np.flatnonzero(excess <= target)
        if len(reached):
            return start + int(reached[0]) + 1
        if not isfinite(excess[-1]):
            return inf
        state = states[-1]
    return inf


def _epochs_of_overdamped(
    target: float, eigenvalues: Array, method: Method, rate: float, distance: Array, velocity: Array
) -> float:
    """Number of epochs until the excess of the overdamped directions alone is at most `target`.

    Along them c(t) = a·z₁^t + b·z₂^t, where the roots z = 1 - w of the characteristic polynomial are real:
    w² - p·w + s = 0 with p = 1 - β + s, or 1 - β + (1 + β)·s with Nesterov's momentum. The smaller w, which
    dominates, is computed without cancellation.
    """
    beta, s = method.momentum, rate * eigenvalues
    p = 1.0 - beta + (s + beta * s if method.nesterov else s)
    slow = (p * p > 4.0 * s) & (s > 0.0)
    if not np.any(slow):
        return 0
    following = np.einsum("kij,kj->ki", method.recursion(s), np.stack([distance, velocity], axis=-1))
    s, p, c, step = s[slow], p[slow], distance[slow], (following[:, 0] - distance)[slow]
    root = np.sqrt(p * p - 4.0 * s)
    w, w_fast = 2.0 * s / (p + root), 0.5 * (p + root)
    a = (step + w_fast * c) / root

    def is_reached(epoch: int) -> bool:
        left = a * _power(w, epoch) + (c - a) * _power(w_fast, epoch)
        return 0.5 * float(np.sum(eigenvalues[slow] * left * left)) <= target

    return _first(is_reached)


def _log_factor(w: Array) -> Array:
    """log|1 - w| for w from 0 to 2, without cancellation."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(np.where(w < 1.0, -w, w - 2.0)))


def _power(w: Array, n: int) -> Array:
    """(1 - w)^n."""
    sign = np.where((w > 1.0) & bool(n % 2), -1.0, 1.0)
    return np.asarray(sign * np.exp(n * _log_factor(w)))


def _first(is_reached: Callable[[int], bool]) -> float:
    """The first epoch from which on `is_reached` holds, by bisection; infinity if there is none."""
    low, high = 0, 1
    while not is_reached(high):
        low, high = high, 2 * high
        if high > _NEVER:
            return inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high
