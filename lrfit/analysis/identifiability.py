"""Identifiability: whether the data determine the parameters, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lrfit.analysis.moments import Moments
from lrfit.messages import shown

__all__ = ["identifiability"]

_LISTED = 5


def identifiability(moments: Moments, features: Sequence[str], *, intercept: bool) -> str | None:
    """Why the data do not determine the parameters; None if they do."""
    k = moments.n_features
    if moments.least_squares(intercept=intercept).rank == k:
        return None
    if moments.n_samples < k + intercept:
        rows = "1 row is" if moments.n_samples == 1 else f"{moments.n_samples} rows are"
        why = f"{rows} too few for {k + intercept} parameters"
    else:
        dependences = _dependences(moments, features, intercept=intercept)
        why = "; ".join(dependences) or "a feature is too small beside the target"
    return f"W is not identifiable: {why}. Many lines are as good; least_squares is the one of least norm"


def _dependences(moments: Moments, features: Sequence[str], *, intercept: bool) -> Iterator[str]:
    """Which features are constant, and which depend on others."""
    k = len(features)
    constant = moments.is_constant[:k] if intercept else moments.root_mean_square[:k] == 0.0
    if np.any(constant):
        verb = "is" if np.sum(constant) == 1 else "are"
        yield f"{_listed(features, constant)} {verb} {'constant' if intercept else 'always 0'}"
    root = moments.root(intercept=intercept)[:k, :k][:, ~constant]
    size = np.hypot.reduce(root, axis=0)
    _, singular, modes = np.linalg.svd(root / size)
    null = modes[singular <= 64 * (k + 1) * np.finfo(np.float64).eps * np.max(singular, initial=0.0)]
    depends = np.zeros(k, dtype=np.bool_)
    depends[~constant] = np.max(np.abs(null), axis=0, initial=0.0) > 1e-8  # noqa: PLR2004 (beyond rounding)
    if np.any(depends):
        yield f"{_listed(features, depends)} depend linearly on each other"


def _listed(features: Sequence[str], which: npt.NDArray[np.bool_]) -> str:
    names = [shown(features[int(i)]) for i in np.flatnonzero(which)]
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
