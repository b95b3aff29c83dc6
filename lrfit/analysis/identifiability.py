"""Identifiability: whether the data determine the parameters, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lrfit.analysis.moments import Moments
from lrfit.messages import listed

__all__ = ["identifiability"]

_LISTED = 5
"""Largest number of features that a sentence lists."""

_NO_PART = 1e-8
"""Largest entry of a null vector that counts as rounding, so that its feature is not in the dependence."""


def identifiability(moments: Moments, features: Sequence[str], *, intercept: bool) -> str | None:
    """A sentence on why the data do not determine the parameters; None if they do.

    Args:
        moments: Moments of the data.
        features: Names of the features.
        intercept: Whether the line has an intercept.
    """
    k = moments.n_features
    if moments.least_squares(intercept=intercept).rank == k:
        return None
    if moments.n_samples < k + intercept:
        rows = "1 row is" if moments.n_samples == 1 else f"{moments.n_samples} rows are"
        why = f"{rows} too few for {k + intercept} parameters"
    else:
        dependences = _dependences(moments, features, intercept=intercept)
        why = "; ".join(dependences) or "a feature is too small compared with the target"
    return (
        f"W is not identifiable: {why}. Many lines fit equally well; least_squares is the one of least norm"
    )


def _dependences(moments: Moments, features: Sequence[str], *, intercept: bool) -> Iterator[str]:
    """A clause on the features that are constant, and one on those that depend on each other.

    A dependence is a null vector of R, the triangular root of the covariance, with its columns scaled to
    norm 1.
    """
    k = len(features)
    constant = moments.is_constant[:k] if intercept else moments.root_mean_square[:k] == 0.0
    if np.any(constant):
        verb = "is" if np.sum(constant) == 1 else "are"
        yield f"{_chosen(features, constant)} {verb} {'constant' if intercept else 'always 0'}"
    root = moments.root(intercept=intercept)[:k, :k][:, ~constant]
    size = np.hypot.reduce(root, axis=0)
    _, singular, modes = np.linalg.svd(root / size)
    null = modes[singular <= 64 * (k + 1) * np.finfo(np.float64).eps * np.max(singular, initial=0.0)]
    depends = np.zeros(k, dtype=np.bool_)
    depends[~constant] = np.max(np.abs(null), axis=0, initial=0.0) > _NO_PART
    if np.any(depends):
        yield f"{_chosen(features, depends)} are linearly dependent"


def _chosen(features: Sequence[str], mask: npt.NDArray[np.bool_]) -> str:
    return listed([features[int(i)] for i in np.flatnonzero(mask)], most=_LISTED)
