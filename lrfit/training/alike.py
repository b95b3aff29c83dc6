"""Epochs that are alike: mini-batches that are not shuffled, condensed once.

The same batches come in each epoch. So the first epoch runs on the rows. Then each batch becomes its sigma
points, which are fewer, and have its loss and gradients. Once as many epochs are done as it takes to make the
map of an epoch, each further epoch is that map, if all epochs have the same. When the ways change depends on
the number of epochs done, not on those to come. So a run in two parts gives the same bits as a single run.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from lrfit.analysis.batch_points import batch_points, n_points
from lrfit.arrays import Array
from lrfit.training.batches import MiniBatches
from lrfit.training.graph import GLOBAL_STEP
from lrfit.training.maps import AffineMap, StateLayout, has_maps, map_of
from lrfit.training.steps import Steps

__all__ = ["EpochsAlike"]


class EpochsAlike:
    """Epochs with the same mini-batches; see `lrfit.training.epochs`.

    Args:
        batches: The mini-batches.
        steps: The session that descends.
    """

    can_be_joined = True

    def __init__(self, batches: MiniBatches, steps: Steps) -> None:
        self._batches = batches
        self._steps = steps
        self._layout = StateLayout(steps.variables())
        is_the_same = GLOBAL_STEP not in steps.graph.variables and has_maps(steps.graph)
        self._n_before_maps = self._layout.size + 1 if is_the_same else float("inf")

    def descend(self, n_done: int, n_epochs: int) -> None:
        """Change the variables as some epochs do, of which `n_done` are done before."""
        while n_epochs:
            if not n_done:
                n_now = 1
                self._on_rows()
            elif n_done < self._n_before_maps:
                n_now = int(min(n_epochs, self._n_before_maps - n_done))
                self._steps.take(*self._points, n_now)
            else:
                n_now = n_epochs
                self._by_map(n_now)
            n_done, n_epochs = n_done + n_now, n_epochs - n_now

    def _on_rows(self) -> None:
        for window in self._batches.windows():
            self._steps.take(window, self._batches.batch_size)

    def _by_map(self, n_epochs: int) -> None:
        state = self._layout.state_of(self._steps.variables())
        for _ in range(n_epochs):
            state = self._map(state)
        self._steps.restore(self._layout.variables_of(state, 0))

    @cached_property
    def _points(self) -> tuple[Array, int]:
        """Rows that have the steps of an epoch, and the number of them that make a step."""
        batches, k = self._batches, self._steps.n_features
        if n_points(k) >= batches.batch_size:
            return np.concatenate([window.copy() for window in batches.windows()]), batches.batch_size
        weighted = batches.is_weighted
        points = [
            batch_points(window, batches.batch_size, is_weighted=weighted) for window in batches.windows()
        ]
        return np.concatenate(points), n_points(k)

    @cached_property
    def _map(self) -> AffineMap:
        """The map of an epoch. The variables are as before when it is made."""
        variables = self._steps.variables()
        made = map_of(self._steps, *self._points)
        self._steps.restore(variables)
        return made
