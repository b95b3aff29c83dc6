"""Descent on the workers of a cluster, where the rows lie, with the numbers of one machine.

The steps on a part are one affine map of the state; see `lrfit.training.maps`. A map does not depend on where
descent is. So the workers make the maps of many parts, and of several epochs, at the same time, from runs of
the ordinary step, and this process applies them in the order of the epoch. It is exact: no replicas, no
averages.

A map takes more work than the steps that it stands for: as many runs as the state has numbers, and one; on
the rows, or on each batch condensed to its sigma points, whichever is less. Where that is more than what is
gained by working at the same time, and where steps are not affine, the state travels instead: each part's
worker takes the steps, one part behind the other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import accumulate

import numpy as np

from lrfit.analysis.batch_points import batch_points, n_points
from lrfit.arrays import Array
from lrfit.data.row_store import RowStore
from lrfit.data.shuffle import order_in_part, order_of_epoch
from lrfit.graph.executors import loop_executor
from lrfit.training.graph import GLOBAL_STEP, training_graph
from lrfit.training.maps import AffineMap, StateLayout, has_maps, map_of
from lrfit.training.plan import TrainingPlan
from lrfit.training.settings import TrainingSettings
from lrfit.training.spread_batches import SpreadBatches
from lrfit.training.steps import Steps

__all__ = ["SpreadDescent", "StepsRecipe", "spread_descent", "way_of"]

_log = logging.getLogger(__name__)

_WAYS = {
    "rows": "maps of the parts, made on their rows",
    "points": "maps of the parts, made on the sigma points of their batches",
    "chain": "one part behind the other, as maps would take longer",
}
"""Sentences on each way."""

_NOT_AFFINE = "one part behind the other, because clipped steps have no maps"

_MOST_KEPT = 8
"""Number of sessions that a thread of a worker keeps."""

_MAKING_POINTS = 2.0
"""Cost of a multiplication when batches are condensed, in multiples of one in a step."""


@dataclass(frozen=True)
class StepsRecipe:
    """All that a worker needs to take the steps of a run.

    Attributes:
        settings: How to descend.
        learning_rate: The rate that was chosen.
        momentum: The momentum that was chosen.
        steps_per_epoch: Number of steps of an epoch.
        n_features: Number of features.
        is_weighted: Whether rows have weights.
        executor: "numpy", "numba" or "auto".
    """

    settings: TrainingSettings
    learning_rate: float
    momentum: float
    steps_per_epoch: int
    n_features: int
    is_weighted: bool
    executor: str

    @property
    def is_compiled(self) -> bool:
        """Whether Numba takes the steps."""
        return self.executor == "numba" or (self.executor == "auto" and find_spec("numba") is not None)

    def steps(self) -> Steps:
        """A session that takes them."""
        graph = training_graph(
            np.zeros(self.n_features),
            0.0 if self.settings.fit_intercept else None,
            self.settings,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            steps_per_epoch=self.steps_per_epoch,
            is_weighted=self.is_weighted,
        )
        steps = Steps(graph)
        steps.use(loop_executor(self.executor) if self.is_compiled else None)
        return steps


@dataclass(frozen=True, eq=False)
class _PartOfEpoch:
    """A part in an epoch.

    Attributes:
        recipe: The steps.
        part: Index of the part.
        epoch: Number of the epoch.
        first_step: Number of steps before its first one, in all epochs.
        batch_size: Number of rows of a step.
        seed: Seed of the shuffles.
        on_points: Whether each batch is condensed first.
        variables: The variables before it; empty for a map.
    """

    recipe: StepsRecipe
    part: int
    epoch: int
    first_step: int
    batch_size: int
    seed: int
    on_points: bool
    variables: Mapping[str, Array]


def way_of(batches: SpreadBatches, n_state: int, n_features: int, *, is_affine: bool) -> str:
    """The way that costs least: "points" or "rows", of which maps are made, or "chain", without maps.

    Args:
        batches: The mini-batches.
        n_state: Number of numbers of the state.
        n_features: Number of features.
        is_affine: Whether steps have maps.
    """
    if not is_affine:
        return "chain"
    width = n_features + 1
    step = 2.0 * width  # multiplications of a row in a step
    points_per_row = n_points(n_features) / batches.batch_size
    condensing = _MAKING_POINTS * width * (width + 1) / 2
    costs = {
        "rows": (n_state + 1) * step,
        "points": condensing + (n_state + 1) * step * points_per_row,
    }
    n_at_a_time = min(batches.cluster.n_threads, len(batches.part_sizes))
    way = min(costs, key=costs.__getitem__)
    gather = step  # the rows have to be put into their order in either way
    return way if (costs[way] + gather) / n_at_a_time < step + gather else "chain"


class SpreadDescent:
    """Descent on mini-batches that are spread; see `lrfit.training.epochs`.

    Args:
        batches: The mini-batches.
        recipe: The steps.
        steps: The session of this process, whose variables descend.
        epochs: The epochs to come.
    """

    can_be_joined = False

    def __init__(self, batches: SpreadBatches, recipe: StepsRecipe, steps: Steps, epochs: range) -> None:
        self._batches = batches
        self._recipe = recipe
        self._steps = steps
        self._layout = StateLayout(steps.variables())
        is_affine = has_maps(steps.graph)
        self.way = way_of(batches, self._layout.size, recipe.n_features, is_affine=is_affine)
        _log.info("cluster: %s", _WAYS[self.way] if is_affine else _NOT_AFFINE)
        self._made = self._maps(epochs)
        self._maps_of: dict[int, list[AffineMap]] = {}

    def descend(self, n_done: int, n_epochs: int) -> None:
        """Change the variables as some epochs do, of which `n_done` are done before."""
        for epoch in range(n_done + 1, n_done + n_epochs + 1):
            self._descend(epoch)

    def _descend(self, epoch: int) -> None:
        variables = self._steps.variables()
        if self.way == "chain":
            for item in self._items(epoch):
                kept = [self._batches.prepared[item.part]]
                variables = self._batches.cluster.call(_take_steps, replace(item, variables=variables), kept)
            self._steps.restore(variables)
            return
        state = self._layout.state_of(variables)
        for one in self._maps_of_epoch(epoch):
            state = one(state)
        n_steps = float(variables.get(GLOBAL_STEP, 0.0)) + self._batches.n_steps
        self._steps.restore(self._layout.variables_of(state, n_steps))

    def _maps_of_epoch(self, epoch: int) -> Sequence[AffineMap]:
        """The maps of the parts of an epoch, in its order; those of earlier epochs are dropped."""
        for earlier in [known for known in self._maps_of if known < epoch - 1]:
            del self._maps_of[earlier]
        n_parts = len(self._batches.part_sizes)
        while len(self._maps_of.get(epoch, [])) < n_parts:
            part, made = next(self._made)
            self._maps_of.setdefault(part.epoch, []).append(made)
        return self._maps_of[epoch]

    def _maps(self, epochs: range) -> Iterator[tuple[_PartOfEpoch, AffineMap]]:
        """The maps of all parts of all epochs, in order; several epochs are in flight."""
        if self.way == "chain":
            return iter(())
        items = (item for epoch in epochs for item in self._items(epoch))
        prepared = self._batches.prepared
        return self._batches.cluster.map(_make_map, items, lambda item: [prepared[item.part]])

    def _items(self, epoch: int) -> Iterator[_PartOfEpoch]:
        """The parts in the order of an epoch."""
        batches = self._batches
        parts = order_of_epoch(len(batches.part_sizes), batches.seed, epoch).tolist()
        n_steps = [-(-batches.part_sizes[part] // batches.batch_size) for part in parts]
        first = (epoch - 1) * batches.n_steps
        for part, n_before in zip(parts, accumulate([0, *n_steps]), strict=False):
            yield _PartOfEpoch(
                self._recipe,
                part,
                epoch,
                first + n_before,
                batches.batch_size,
                batches.seed,
                self.way == "points",
                {},
            )


def spread_descent(plan: TrainingPlan, batches: SpreadBatches, steps: Steps, executor: str) -> SpreadDescent:
    """The descent of a plan, whose batches are these."""
    recipe = StepsRecipe(
        plan.settings,
        plan.learning_rate,
        plan.method.momentum,
        plan.steps_per_epoch,
        plan.moments.n_features,
        batches.is_weighted,
        executor,
    )
    return SpreadDescent(batches, recipe, steps, range(plan.start.epoch + 1, plan.last_epoch + 1))


_own = threading.local()
"""Holds the sessions that each thread has made."""


def _steps_of(recipe: StepsRecipe) -> Steps:
    """The session of this thread for a recipe."""
    kept: dict[StepsRecipe, Steps] = _own.__dict__.setdefault("steps", {})
    if recipe not in kept:
        if len(kept) == _MOST_KEPT:
            kept.clear()
        kept[recipe] = recipe.steps()
    return kept[recipe]


def _make_map(item: _PartOfEpoch, rows: Array) -> AffineMap:
    """The map of the steps on a part, on a worker."""
    recipe, size = item.recipe, item.batch_size
    if not item.on_points:
        ordered = np.concatenate([window.copy() for window in _windows(item, rows)])
        return map_of(_steps_of(recipe), ordered, size, item.first_step)
    points = [
        batch_points(window, size, is_weighted=recipe.is_weighted, compiled=recipe.is_compiled)
        for window in _windows(item, rows)
    ]
    n = n_points(recipe.n_features)
    return map_of(_steps_of(recipe), np.concatenate(points), n, item.first_step)


def _take_steps(item: _PartOfEpoch, rows: Array) -> dict[str, Array]:
    """The variables after the steps on a part, on a worker."""
    steps = _steps_of(item.recipe)
    steps.restore(item.variables)
    for window in _windows(item, rows):
        steps.take(window, item.batch_size)
    return steps.variables()


def _windows(item: _PartOfEpoch, rows: Array) -> Iterator[Array]:
    """The rows of a part, in the order of an epoch, a whole number of batches at a time."""
    order = order_in_part(len(rows), item.seed, item.epoch, item.part)
    return RowStore.of(rows).windows(item.batch_size, order)
