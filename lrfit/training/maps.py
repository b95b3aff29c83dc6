"""Maps: many steps of descent on a quadratic loss at once, as one affine map of the state.

With fixed batches, each step is an affine function of the parameters (and of velocities and averages), and so
are all steps of an epoch together: θ' = M·θ + c. Nobody has to know the formula of the optimizer: the columns
of M are what becomes of the unit vectors if y is 0, and c is what becomes of 0. So the map is made by the
very steps that it stands for, taken once from each of these starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.affinity import is_affine
from lrfit.graph.program import Program
from lrfit.training.graph import GLOBAL_STEP, TrainingGraph
from lrfit.training.steps import Steps

__all__ = ["AffineMap", "StateLayout", "has_maps", "map_of"]


class AffineMap(NamedTuple):
    """A function state ↦ M·state + c.

    Attributes:
        matrix: M, shape (n, n).
        offset: c, shape (n,).
    """

    matrix: Array
    offset: Array

    def __call__(self, state: Array) -> Array:
        """The state after the steps, from that before."""
        after: Array = self.matrix @ state + self.offset
        return after

    def then(self, other: AffineMap) -> AffineMap:
        """This map, and the other one behind it, as one."""
        return AffineMap(other.matrix @ self.matrix, other(self.offset))

    @classmethod
    def composed(cls, maps: Iterable[AffineMap]) -> AffineMap:
        """Some maps as one, the first of them first."""
        return reduce(cls.then, maps)


class StateLayout:
    """The places that variables have in a state; the counter of steps is known without, and in none.

    Args:
        variables: Values of all variables, by name.
    """

    def __init__(self, variables: Mapping[str, Array]) -> None:
        self._shapes = {name: np.shape(value) for name, value in variables.items() if name != GLOBAL_STEP}
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes.values()])

    @property
    def size(self) -> int:
        """Number of numbers of a state."""
        return int(self._ends[-1])

    def state_of(self, variables: Mapping[str, Array]) -> Array:
        """The state, shape (size,), of variables."""
        return np.concatenate([np.ravel(variables[name]) for name in self._shapes])

    def variables_of(self, state: Array, n_steps: float) -> dict[str, Array]:
        """The variables of a state after so many steps."""
        parts = np.split(state, self._ends[:-1])
        values: dict[str, Array] = {
            name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }
        return values | {GLOBAL_STEP: np.asarray(float(n_steps))}


def has_maps(graph: TrainingGraph) -> bool:
    """Whether the steps of a graph are affine, so that they have maps."""
    model = graph.model
    feeds = [node for node in (model.x, model.y, model.w) if node is not None]
    return is_affine(Program.of([graph.train_op], feeds), [model.y.name], [GLOBAL_STEP])


def map_of(steps: Steps, rows: Array, batch_size: int, first_step: int = 0) -> AffineMap:
    """The map of all steps on some rows, which is made by taking them.

    Args:
        steps: A session, whose variables are changed.
        rows: The rows; see `Steps.take`.
        batch_size: Number of rows of a step.
        first_step: Number of steps before the first of these.
    """
    layout = StateLayout(steps.variables())
    k = steps.n_features
    without_y = rows.copy()
    without_y[:, k] = 0.0

    def after(state: Array, given: Array) -> Array:
        steps.restore(layout.variables_of(state, first_step))
        steps.take(given, batch_size)
        return layout.state_of(steps.variables())

    columns = [after(unit, without_y) for unit in np.eye(layout.size)]
    return AffineMap(np.column_stack(columns), after(np.zeros(layout.size), rows))
