"""Convergence: what theory says of a method of descent on a quadratic objective, before the first step.

Along each eigenvector of the Hessian, with eigenvalue λ, full-batch descent with a constant rate η and
momentum β is a linear recursion of its own, of the distance c from the minimiser and the velocity v = η·m:

    v ← β·v + s·c,    c ← c - v    (Nesterov: c ← c - s·c - β·v, with the new v),    s = η·λ.

So it is known for which rates all distances vanish, with which rate the slowest of them vanishes soonest, and
in how many epochs.

References:
    Polyak, Introduction to Optimization (1987), sections 1.4 and 3.2: gradient descent, momentum.
    Lessard, Recht and Packard, Analysis and design of optimization algorithms via integral quadratic
    constraints (2016), section 2.2: rates and momentum for quadratics, Nesterov's method among them. The
    method's form here is that of `torch.optim.SGD`; the distance has the same recursion.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from lrfit.graph import Array
from lrfit.objective import Objective

__all__ = ["MAX_MOMENTUM_EPOCHS", "Method", "epochs_until", "fastest_method"]

MAX_MOMENTUM_EPOCHS = 1_000_000
"""How far the forecast of a method with momentum looks."""

_BLOCK = 1024
"""Epochs that the forecast of a method with momentum looks at together."""

_NEVER = 1 << 200

_BELOW_ONE = 1.0 - 1e-12
"""Where a condition number is so large that rounding would put a rate onto its bound, or momentum to 1."""


@dataclass(frozen=True)
class Method:
    """A method of descent: its momentum β, from 0 to 1, and whether that is Nesterov's."""

    momentum: float = 0.0
    nesterov: bool = False

    def max_stable_rate(self, largest: float) -> float:
        """The bound on η: below it full batches converge from anywhere, above it they diverge.

        2·(1 + β) / λ_max, or with Nesterov's momentum 2·(1 + β) / ((1 + 2·β)·λ_max): where the roots of the
        recursion's characteristic polynomial leave the unit circle.
        """
        beta = self.momentum
        bound = 2.0 * (1.0 + beta) / (1.0 + 2.0 * beta if self.nesterov else 1.0)
        return bound / largest if largest else inf

    def fastest_rate(self, smallest: float, largest: float) -> float:
        """The η with which the slowest direction is fastest: for λ from `smallest` to `largest`.

        2·(1 + β) / (λ_min + λ_max), where the extreme directions are equally slow; with Nesterov's momentum
        that balance has no closed form, and is found by bisection.
        """
        if not largest:
            return 1.0
        bound = _BELOW_ONE * self.max_stable_rate(largest)
        if not (self.nesterov and self.momentum):
            return min(bound, 2.0 * (1.0 + self.momentum) / (smallest + largest))
        low, high = 1.0 / largest, bound
        for _ in range(100):
            rate = 0.5 * (low + high)
            if self.contraction(rate * smallest) > self.contraction(rate * largest):
                low = rate
            else:
                high = rate
        return low

    def safe_rate(self, largest: float) -> float:
        """An η with which no batch, whatever it is, leads away: half of the largest for which that is proven.

        For batches whose Hessians all have eigenvalues up to `largest` and that share a minimiser θ*. With
        z = θ - w·η·m and d = w·η·m, where w = b / (1 - β) and b = β, or β² with Nesterov's momentum, no step
        makes ‖z - θ*‖² + ‖d‖² / b larger, if η ≤ 2·(1 - β)² / ((1 - β + 2·b)·λ): the matrix of the step is
        affine in the Hessian, so it suffices to look at eigenvalues 0 and λ. Without momentum that is 2 / λ,
        and half of it takes a single row to the minimum of its own loss.
        """
        beta = self.momentum
        rest = 1.0 - beta
        lead = beta * beta if self.nesterov else beta
        return rest * rest / ((rest + 2.0 * lead) * largest) if largest else 1.0

    def contraction(self, s: float) -> float:
        """The factor by which the distance along an eigenvector shrinks in an epoch, in the long run."""
        return float(np.max(np.abs(np.linalg.eigvals(self.recursion(np.array([s]))[0]))))

    def recursion(self, s: Array) -> Array:
        """The matrices of (c, v) → the next (c, v), for each s = η·λ; shape (len(s), 2, 2)."""
        beta = np.full_like(s, self.momentum)
        of_c = [1.0 - s - beta * s, -beta * beta] if self.nesterov else [1.0 - s, -beta]
        return np.moveaxis(np.array([of_c, [s, beta]]), -1, 0)


def fastest_method(smallest: float, largest: float, *, nesterov: bool) -> Method:
    """The momentum that, with `Method.fastest_rate`, is the fastest for λ from `smallest` to `largest`.

    With κ = λ_max / λ_min: β = ((√κ - 1) / (√κ + 1))², Polyak's; with Nesterov's momentum
    β = (√(3·κ + 1) - 2) / (√(3·κ + 1) + 2), that of Lessard et al.
    """
    kappa = largest / smallest if smallest else 1.0
    if nesterov:
        root = sqrt(3.0 * kappa + 1.0)
        return Method(min(_BELOW_ONE, (root - 2.0) / (root + 2.0)), nesterov=True)
    root = sqrt(kappa)
    return Method(min(_BELOW_ONE, ((root - 1.0) / (root + 1.0)) ** 2))


def epochs_until(
    target: float, objective: Objective, method: Method, rate: float, theta: Array, velocity: Array
) -> float:
    """After how many full-batch epochs the objective is first at most `target` above its minimum.

    Args:
        target: Of the excess.
        objective: What is descended on.
        method: How.
        rate: η, constant.
        theta: The parameters to start from.
        velocity: The m to start with; zeros at the start of a run.

    Returns:
        A whole number, or infinity: never, or, with momentum, not within `MAX_MOMENTUM_EPOCHS`.
    """
    if objective.excess(theta) <= target:
        return 0
    if rate >= method.max_stable_rate(objective.extremes[1]):
        return inf
    distance = objective.modes(theta)
    if not method.momentum:
        return _epochs_without_momentum(target, objective.eigenvalues, rate, distance)
    recursion = method.recursion(rate * objective.eigenvalues)
    v = rate * objective.modes(objective.minimizer + velocity)
    return _epochs_with_momentum(target, objective.eigenvalues, recursion, distance, v)


def _epochs_without_momentum(target: float, eigenvalues: Array, rate: float, distance: Array) -> float:
    """By bisection: the excess falls with every epoch."""
    s = rate * eigenvalues
    energy = 0.5 * eigenvalues * distance * distance
    with np.errstate(divide="ignore"):
        log_factor = 2.0 * np.log1p(np.where(s < 1.0, -s, s - 2.0))  # the logarithm of (1 - s)²

    def excess(epoch: int) -> float:
        return float(np.sum(energy * np.exp(epoch * log_factor)))

    low, high = 0, 1
    while excess(high) > target:
        low, high = high, 2 * high
        if high > _NEVER:
            return inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excess(middle) > target else (low, middle)
    return high


def _epochs_with_momentum(
    target: float, eigenvalues: Array, recursion: Array, distance: Array, velocity: Array
) -> float:
    """By looking at each: the excess goes up and down. Block by block, by powers of the recursion."""
    powers = [recursion]
    for _ in range(_BLOCK - 1):
        powers.append(recursion @ powers[-1])
    block, state = np.stack(powers), np.stack([distance, velocity], axis=-1)
    for start in range(0, MAX_MOMENTUM_EPOCHS, _BLOCK):
        states = np.einsum("ekij,kj->eki", block, state)
        excess = 0.5 * np.sum(eigenvalues * np.square(states[:, :, 0]), axis=1)
        reached = np.flatnonzero(excess <= target)
        if len(reached):
            return start + int(reached[0]) + 1
        state = states[-1]
    return inf
