"""The objective: the function that descent minimises, a quadratic bowl.

The half-MSE of a linear model, with or without the penalty ½·l2·‖W‖², is a quadratic function of its
parameters θ = (W, b): minimum + ½·‖A·(θ - θ*)‖², where AᵀA is the Hessian. So its minimiser, its curvature in
each direction, and its excess over the minimum at any θ are known without a step of descent.

References:
    Nocedal and Wright, Numerical Optimization, 2nd ed., section 2.2 and chapter 3.3: quadratics, and the
    condition number of their Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from lrfit.analysis.linear_algebra import inverse
from lrfit.analysis.moments import Moments
from lrfit.arrays import Array

__all__ = ["Objective"]

_EPS = float(np.finfo(np.float64).eps)

_WELL_CONDITIONED = 1e-6
"""Ratio of the smallest singular value to the largest above which all are exact to nine digits."""

_NEGLIGIBLE = 1e-12
"""Share of the best constant's loss below which the minimum counts as 0, as for exact data."""

_APART = 1.1
"""Ratio of two singular values above which they count as different."""


@dataclass(frozen=True, eq=False)
class Objective:
    """The half-MSE plus penalty, as a function of θ: the weights, then the intercept if there is one.

    Attributes:
        minimizer: θ*, shape (n_parameters,). Among all minimisers the one of `Moments.least_squares`.
        minimum: The objective at θ*.
        root: A, whose AᵀA is the Hessian; shape (r, n_parameters), with r at most n_parameters.
        scale: The unit of a relative excess: the minimum, or, where that is practically 0, 10⁻¹² times the
            loss of the best constant.
    """

    minimizer: Array
    minimum: float
    root: Array
    scale: float

    @classmethod
    def of(cls, moments: Moments, *, intercept: bool = True, l2: float = 0.0) -> Objective:
        """The objective on data with these moments; the penalty ½·l2·‖W‖² does not apply to b."""
        k = moments.n_features
        best = moments.least_squares(intercept=intercept, l2=l2)
        root = moments.root(intercept=intercept, l2=l2)[:k, :k]
        if intercept:  # H = [[RᵀR + m·mᵀ, m], [mᵀ, 1]] with the mean m of the features
            root = np.vstack([np.pad(root, ((0, 0), (0, 1))), np.append(moments.mean[:k], 1.0)])
        minimizer = np.append(best.weights, best.intercept)[: k + intercept]
        return cls(
            minimizer, best.half_mse, root, max(best.half_mse, _NEGLIGIBLE * moments.reference_half_mse)
        )

    @property
    def is_exact(self) -> bool:
        """Whether the minimum is practically 0."""
        return self.minimum < self.scale

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def _spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues of the Hessian, ascending, and eigenvectors as rows: from the SVD of A.

        The error of A's singular values is a share of the largest of them; that of the singular values of its
        inverse is a share of the smallest. So each is taken from the matrix that gives it more exactly. That
        matters if x is far from 0: seconds since 1970 give a condition number of 10¹⁹. Values that are
        nearly equal come from the same matrix, because the two choose different eigenvectors for them.
        """
        _, singular, modes = np.linalg.svd(self.root, full_matrices=False)
        singular, modes = singular[::-1], modes[::-1]
        if singular[0] > _WELL_CONDITIONED * singular[-1]:
            return np.square(singular), modes
        inverted = inverse(self.root)
        if inverted is not None:
            of_inverse, reciprocal, _ = np.linalg.svd(inverted)
            n_small = np.count_nonzero(
                (singular * reciprocal[0] * singular < singular[-1]) & (reciprocal > 0.0)
            )
            apart = np.flatnonzero(singular[:-1] * _APART < singular[1:]) + 1
            n_small = np.max(apart[apart <= n_small], initial=0)
            singular = np.append(1.0 / reciprocal[:n_small], singular[n_small:])
            modes = np.vstack([of_inverse.T[:n_small], modes[n_small:]])
        else:
            singular = np.where(singular > 64 * self.root.shape[1] * _EPS * singular[-1], singular, 0.0)
        return np.square(singular), modes

    @property
    def eigenvalues(self) -> Array:
        """Eigenvalues of the Hessian, ascending; 0 or absent in directions that the data do not determine."""
        return self._spectrum[0]

    @property
    def extremes(self) -> tuple[float, float]:
        """λ_min and λ_max: the smallest eigenvalue above 0, and the largest; (0, 0) if all are 0."""
        positive = self.eigenvalues[self.eigenvalues > 0.0]
        return (float(positive[0]), float(positive[-1])) if len(positive) else (0.0, 0.0)

    @property
    def condition_number(self) -> float:
        """κ = λ_max / λ_min: gradient descent needs about κ / 2 steps to come closer by a factor of e."""
        smallest, largest = self.extremes
        return min(largest / smallest, float(np.finfo(np.float64).max)) if smallest else 1.0

    def modes(self, theta: Array) -> Array:
        """Components of θ - θ* along the eigenvectors, in the order of the eigenvalues."""
        return np.asarray(np.sum(self._spectrum[1] * (theta - self.minimizer), axis=1))

    @np.errstate(over="ignore", invalid="ignore")
    def excess(self, theta: Array) -> float:
        """The objective at θ minus its minimum: ½·‖A·(θ - θ*)‖², without cancellation."""
        return 0.5 * float(np.sum(np.square(self._slope(theta))))

    @np.errstate(over="ignore", invalid="ignore")
    def gradient_norm(self, theta: Array) -> float:
        """Euclidean norm of the gradient at θ: ‖AᵀA·(θ - θ*)‖."""
        return float(np.hypot.reduce(np.sum(self.root.T * self._slope(theta), axis=1)))

    def relative(self, excess: float) -> float:
        """An excess as a share of the minimum."""
        return excess / self.scale if self.scale else inf if excess else 0.0

    def _slope(self, theta: Array) -> Array:
        """A·(θ - θ*)."""
        return np.asarray(np.sum(self.root * (theta - self.minimizer), axis=1))
