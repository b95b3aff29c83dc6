"""Convergence: stable and fastest learning rates on a quadratic objective, known before the first step.

Along each eigenvector of the Hessian, with eigenvalue λ, full-batch descent with a constant rate η and
momentum β is a linear recursion for the distance c from the minimiser and the velocity v = η·m:

    v ← β·v + s·c,    c ← c - v    (Nesterov: c ← c - s·c - β·v, with the new v),    s = η·λ.

This tells which rates make all distances vanish, and which rate makes the slowest of them vanish soonest.

References:
    Polyak, Introduction to Optimization (1987), sections 1.4 and 3.2: gradient descent, momentum.
    Lessard, Recht and Packard, Analysis and design of optimization algorithms via integral quadratic
    constraints (2016), section 2.2: rates and momentum for quadratics, including Nesterov's method. Here
    the method has the form of `torch.optim.SGD`, in which the distance obeys the same recursion.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf, isfinite, log10, sqrt

import numpy as np

from lrfit.arrays import Array

__all__ = ["Method", "fastest_method", "rate_text"]

_PLAIN = 1e8
"""Rates below this are written without a power of ten."""

_BELOW_ONE = 1.0 - 1e-12
"""Factor that keeps a rate below its bound, and momentum below 1, when rounding would reach them."""


@dataclass(frozen=True)
class Method:
    """A method of descent.

    Attributes:
        momentum: β, from 0 to 1.
        nesterov: Whether the momentum is Nesterov's.
    """

    momentum: float = 0.0
    nesterov: bool = False

    def max_stable_rate(self, largest: float) -> float:
        """The bound on η: full-batch descent converges from any start below it, and diverges above it.

        It is 2·(1 + β) / λ_max, or with Nesterov's momentum 2·(1 + β) / ((1 + 2·β)·λ_max). There the roots of
        the recursion's characteristic polynomial leave the unit circle.

        Args:
            largest: λ_max, the largest eigenvalue.
        """
        beta = self.momentum
        bound = 2.0 * (1.0 + beta) / (1.0 + 2.0 * beta if self.nesterov else 1.0)
        return bound / largest if largest else inf

    def fastest_rate(self, smallest: float, largest: float) -> float:
        """The η that makes the slowest direction as fast as possible.

        It is 2·(1 + β) / (λ_min + λ_max), where the two extreme directions are equally slow. With Nesterov's
        momentum that balance has no closed form, and is found by bisection.

        Args:
            smallest: λ_min, the smallest eigenvalue above 0.
            largest: λ_max, the largest eigenvalue.
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
        """The largest η proven to be safe: no step on any batch leads away from the minimiser.

        The proof holds for steps that are not clipped, on batches that share a minimiser θ* and have Hessians
        with eigenvalues up to λ = `largest`. Let z = θ - w·η·m and d = w·η·m, where w = b / (1 - β), and b is
        β, or β² with Nesterov's momentum. Up to η = 2·(1 - β)² / ((1 - β + 2·b)·λ) no step increases
        ‖z - θ*‖² + ‖d‖² / b: the matrix of the step is affine in the Hessian, so it suffices to check the
        eigenvalues 0 and λ. Without momentum the bound is 2 / λ.
        """
        beta = self.momentum
        rest = 1.0 - beta
        lead = beta * beta if self.nesterov else beta
        return 2.0 * rest * rest / ((rest + 2.0 * lead) * largest) if largest else inf

    def contraction(self, s: float) -> float:
        """Factor by which the distance along an eigenvector shrinks per epoch in the long run; s = η·λ."""
        return float(np.max(np.abs(np.linalg.eigvals(self.recursion(np.array([s]))[0]))))

    def recursion(self, s: Array) -> Array:
        """The matrix of the map from (c, v) to the next (c, v) for each s = η·λ, shape (len(s), 2, 2)."""
        beta = np.full_like(s, self.momentum)
        of_c = [1.0 - s - beta * s, -beta * beta] if self.nesterov else [1.0 - s, -beta]
        return np.moveaxis(np.array([of_c, [s, beta]]), -1, 0)


def fastest_method(smallest: float, largest: float, *, nesterov: bool) -> Method:
    """The fastest momentum for eigenvalues from `smallest` to `largest`, at its `Method.fastest_rate`.

    With κ = λ_max / λ_min it is Polyak's β = ((√κ - 1) / (√κ + 1))², or with Nesterov's momentum
    β = (√(3·κ + 1) - 2) / (√(3·κ + 1) + 2), which is due to Lessard et al.
    """
    kappa = largest / smallest if smallest else 1.0
    if nesterov:
        root = sqrt(3.0 * kappa + 1.0)
        return Method(min(_BELOW_ONE, (root - 2.0) / (root + 2.0)), nesterov=True)
    root = sqrt(kappa)
    return Method(min(_BELOW_ONE, ((root - 1.0) / (root + 1.0)) ** 2))


def rate_text(rate: float, n_digits: int = 6) -> str:
    """A bound on learning rates as text, rounded down, so that the rounded rate keeps the bound.

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
