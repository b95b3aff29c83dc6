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

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, inf, isfinite, log10, sqrt

import numpy as np

from lrfit.analysis.objective import Objective
from lrfit.arrays import Array

__all__ = ["Method", "epochs_until", "fastest_method", "rate_text"]

_MOST_LOOKS = 2_000_000
"""Distances, one for each epoch and eigenvector, that a forecast looks at."""

_BLOCK = 1024
"""Epochs that a forecast looks at together."""

_NEVER = 1 << 200

_PLAIN = 1e8
"""Rates below are written without a power of ten."""

_BELOW_ONE = 1.0 - 1e-12
"""Keeps a rate below its bound, and momentum below 1, when rounding would reach them."""


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
        bound = _BELOW_ONE * self.max_stable_rate(largest)
        if bound == inf:
            return 1.0
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

    def max_safe_rate(self, largest: float) -> float:
        """The largest η for which it is proven that no batch, whatever it is, leads away.

        For steps that are not clipped, on batches whose Hessians all have eigenvalues up to `largest` and
        that share a minimiser θ*. With z = θ - w·η·m and d = w·η·m, where w = b / (1 - β) and b = β, or β²
        with Nesterov's momentum, no step makes ‖z - θ*‖² + ‖d‖² / b larger up to
        η = 2·(1 - β)² / ((1 - β + 2·b)·λ): the matrix of the step is affine in the Hessian, so it suffices to
        look at eigenvalues 0 and λ. Without momentum that is 2 / λ.
        """
        beta = self.momentum
        rest = 1.0 - beta
        lead = beta * beta if self.nesterov else beta
        return 2.0 * rest * rest / ((rest + 2.0 * lead) * largest) if largest else inf

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


def rate_text(rate: float, n_digits: int = 6) -> str:
    """A bound of rates for people: rounded down, so that it can be used as it is said.

    Examples:
        >>> rate_text(0.00016666), rate_text(2.0), rate_text(1.9999999)
        ('0.00016666', '2', '1.99999')
    """
    if not isfinite(rate):
        return str(rate)
    text = f"{rate:.{n_digits}g}"
    if float(text) > rate:
        text = f"{rate - 0.5 * 10.0 ** (floor(log10(rate)) + 1 - n_digits):.{n_digits}g}"
    return f"{float(text):.0f}" if "e+" in text and rate < _PLAIN else text


@np.errstate(over="ignore", invalid="ignore")
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
        A whole number, or infinity: never, or, with momentum, too late to be foreseen.
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
    """By bisection: the excess falls with every epoch."""
    energy, log_factor = eigenvalues * distance * distance, _log_factor(rate * eigenvalues)
    return _first(lambda epoch: 0.5 * float(np.sum(energy * np.exp(2 * epoch * log_factor))) <= target)


def _epochs_with_momentum(
    target: float, eigenvalues: Array, method: Method, rate: float, distance: Array, velocity: Array
) -> float:
    """No sooner than its overdamped directions allow; and from there on by looking at each epoch."""
    earliest = _epochs_of_overdamped(target, eigenvalues, method, rate, distance, velocity)
    n_looks = _MOST_LOOKS // len(eigenvalues)
    if earliest > n_looks // 2:  # all else has vanished long since
        return earliest
    recursion = method.recursion(rate * eigenvalues)
    powers = [recursion]
    for _ in range(_BLOCK - 1):
        powers.append(recursion @ powers[-1])
    block, state = np.stack(powers), np.stack([distance, velocity], axis=-1)
    for start in range(0, n_looks, _BLOCK):
        states = np.einsum("ekij,kj->eki", block, state)
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
    """After how many epochs the excess of the overdamped directions alone is at most `target`.

    There c(t) = a·z₁^t + b·z₂^t, with roots z = 1 - w of the characteristic polynomial that are real:
    w² - p·w + s = 0 with p = 1 - β + s, or 1 - β + (1 + β)·s with Nesterov's momentum. The smaller w, which
    decides, is found without cancellation.
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
    """The first of 1, 2, 3, … from which on it is, by bisection; infinity for one that never comes."""
    low, high = 0, 1
    while not is_reached(high):
        low, high = high, 2 * high
        if high > _NEVER:
            return inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_reached(middle) else (middle, high)
    return high
