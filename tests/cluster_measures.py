"""Measure what `cluster_costs` says of times: `OPENBLAS_NUM_THREADS=1 python tests/cluster_measures.py`.

It prints a JSON object of nanoseconds of this thread's processor, least of some turns: others on the machine
only add to them. Workers that Dask's nanny starts have one thread for products, too; with more, threads
that wait for each other take several times as long.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from clusters import Here

from lrfit.analysis.batch_points import batch_points
from lrfit.data.row_store import RowStore
from lrfit.data.shuffle import order_in_part
from lrfit.data.table_request import TableRequest
from lrfit.system.memory import keep_freed_memory
from lrfit.training.maps import AffineMap
from lrfit.training.planning import plan_training
from lrfit.training.reading import read_for_training
from lrfit.training.settings import TrainingSettings
from lrfit.training.spread_descent import StepsRecipe, _make_map, _PartOfEpoch

__all__ = ["written"]

FILE_BYTES = 4 << 20
N_TURNS = 3


def main() -> None:
    """Print all times."""
    keep_freed_memory()  # as each worker does that has read
    found = {
        "map": maps(1, 32),
        "condense": {d: condensing(d) for d in (1, 20)},
        "gather": {20: gathering(20)},
    }
    with tempfile.TemporaryDirectory() as folder:
        for what in ("read", "prepare", "merge", "compose"):
            found[what] = {}
        for d in (1, 20, 200):
            path = Path(folder) / f"{d}.csv"
            n_rows = written(path, d, FILE_BYTES)
            found["read"][d], found["merge"][d], found["prepare"][d] = reading(path, d, n_rows)
            found["compose"][d] = composing(d + 1)
    json.dump(found, sys.stdout)


def written(path: Path, n_features: int, n_bytes: int) -> int:
    """Write a CSV of about this size, and give back the number of its rows, of which many are alike."""
    names = [*(f"x{i}" for i in range(n_features)), "y"]
    rows = np.random.default_rng(0).normal(size=(500, n_features + 1))
    text = "".join(",".join(f"{value:.16g}" for value in row) + "\n" for row in rows.tolist())
    n_copies = max(1, n_bytes // len(text))
    path.write_text(",".join(names) + "\n" + n_copies * text)
    return 500 * n_copies


def reading(path: Path, d: int, n_rows: int) -> tuple[float, float, float]:
    """ns to read and condense a number, to merge what comes back, and to prepare a number."""
    settings = TrainingSettings(learning_rate=0.01, batch_size=32, shuffle_parts=True)
    reads, prepares, merges = [], [], []
    for _ in range(N_TURNS):
        here = _Timed()
        data = read_for_training(TableRequest((str(path),)), settings, cluster=here)
        plan_training(data, settings)
        reads.append(here.ns["_parted_work"])
        prepares.append(here.ns["_prepare"])
        merges.append(least(lambda one=data.moments: one.merge(one)) + here.unpickling_ns)
    values = n_rows * (d + 1)
    return min(reads) / values, min(merges), min(prepares) / values


class _Timed(Here):
    """A cluster in this process that takes the time of each function."""

    def __init__(self) -> None:
        super().__init__()
        self.ns: dict[str, int] = {}

    def _run(self, function, item, kept):
        started_ns = time.thread_time_ns()
        result = function(item, *[one.future for one in kept])
        name = getattr(function, "func", function).__name__
        self.ns[name] = self.ns.get(name, 0) + time.thread_time_ns() - started_ns
        if name == "_parted_work":
            data = pickle.dumps(result[0])
            self.unpickling_ns = least(lambda: pickle.loads(data))  # noqa: S301 (our own)
        return result


def least(work: Callable[[], object], n_turns: int = N_TURNS) -> float:
    """ns of this thread for some work, the least of some turns behind one that does not count."""
    work()
    found = []
    for _ in range(n_turns):
        started_ns = time.thread_time_ns()
        work()
        found.append(time.thread_time_ns() - started_ns)
    return min(found)


def maps(d: int, batch_size: int) -> dict[str, float]:
    """ns of a row in the making of a map, by its way."""
    rows = np.random.default_rng(0).normal(size=(64_000, d + 1))
    settings = TrainingSettings(learning_rate=0.001, batch_size=batch_size)
    n_steps = len(rows) // batch_size
    recipe = StepsRecipe(settings, 0.001, 0.0, n_steps, d, is_weighted=False, executor="numba")
    items = {
        way: _PartOfEpoch(recipe, 0, 1, 0, batch_size, 0, way == "points", {}) for way in ("rows", "points")
    }
    return {way: least(lambda item=item: _make_map(item, rows)) / len(rows) for way, item in items.items()}


def condensing(d: int) -> float:
    """ns of a row to become a part of the points of its batch."""
    rows = np.random.default_rng(0).normal(size=(200_000 // (d + 1) ** 2 // 32 * 32 + 3200, d + 1))
    return least(lambda: batch_points(rows, 32, compiled=True)) / len(rows)


def gathering(d: int) -> float:
    """ns of a row to be put in the order of an epoch."""
    rows = np.random.default_rng(0).normal(size=(64_000, d + 1))

    def gather():
        return [window.copy() for window in RowStore.of(rows).windows(32, order_in_part(len(rows), 0, 1, 0))]

    return least(gather) / len(rows)


def composing(n: int) -> float:
    """ns of a map to be unpickled and applied."""
    data = pickle.dumps(AffineMap(np.eye(n), np.ones(n)))
    state = np.ones(n)
    return least(lambda: [pickle.loads(data)(state) for _ in range(20)]) / 20  # noqa: S301 (our own)


if __name__ == "__main__":
    main()
