"""The model of what a cluster costs, held against measurement."""

import json
import os
import pickle
import subprocess
import sys
import tracemalloc
from io import BytesIO
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import cluster_costs
import numpy as np
import pytest
from cluster_costs import Job, costs_of
from cluster_measures import written
from clusters import Here

from lrfit.analysis.moments import Moments
from lrfit.data.block_numbers import number_of
from lrfit.data.condense import Part
from lrfit.data.csv import blocks
from lrfit.data.csv.ranges import ranges_of
from lrfit.data.sample import Gathering, Keeping
from lrfit.data.table_request import TableRequest
from lrfit.training.loop import descend
from lrfit.training.planning import plan_training
from lrfit.training.reading import read_for_training
from lrfit.training.settings import TrainingSettings

TESTS = Path(__file__).parent

BLOCK_BYTES = {1: 1 << 12, 20: 1 << 11, 200: 1 << 17}
"""Size of a block in tests, by number of features: a range has more rows than columns."""

N_BLOCKS = {1: 96, 20: 96, 200: 31}
"""Number of blocks of a file; few where each takes long."""

FACTOR = 4.0
"""A time may be as many times that of the model, or as small a part: machines differ, and are busy."""


class Recorder(Here):
    """A cluster in this process that knows the sizes of the pickles that a real one would move."""

    def __init__(self, n_threads):
        super().__init__(n_threads=n_threads)
        self.seen = {}
        self.kept_bytes = 0

    def map_keeping(self, function, items, needs=lambda _: ()):
        for item, first, kept in super().map_keeping(function, items, needs):
            arrays = [kept.future] if isinstance(kept.future, np.ndarray) else blocks_of(kept.future)
            self.kept_bytes += sum(array.nbytes for array in arrays)
            yield item, first, kept

    def _run(self, function, item, kept):
        name = getattr(function, "func", function).__name__
        result = function(item, *[one.future for one in kept])
        sent = result[0] if name in ("_parted_work", "_prepare") else result
        size = len(pickle.dumps((function, item))) + len(pickle.dumps(sent))
        self.seen.setdefault(name, []).append(size)
        return result


def blocks_of(kept):
    return [block.values for group in kept.values() for block in group]


@pytest.fixture
def small_blocks(d, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", BLOCK_BYTES[d])
    monkeypatch.setattr(cluster_costs, "BLOCK_BYTES", BLOCK_BYTES[d])


def trained(job, way="rows"):
    """What a cluster sees of a run, and the job as it was."""
    n_rows = written(Path("d.csv"), job.n_features, N_BLOCKS[job.n_features] * BLOCK_BYTES[job.n_features])
    here = Recorder(job.n_workers)
    settings = TrainingSettings(
        learning_rate=1e-6, epochs=1, batch_size=job.batch_size, shuffle_parts=bool(job.batch_size)
    )
    data = read_for_training(TableRequest(("d.csv",)), settings, cluster=here)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lrfit.training.spread_descent.way_of", lambda *_, **__: way)
        [*descend(plan_training(data, settings), executor="numpy")]
    n_bytes = Path("d.csv").stat().st_size
    return here, Job(n_rows, job.n_features, job.n_workers, job.batch_size, 1, n_bytes / n_rows)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("d", [1, 20, 200])
def test_bytes_and_tasks_of_a_full_batch(d):
    here, job = trained(Job(1, d, 2))
    phase = costs_of(job).reading
    assert len(here.seen["work_on"]) == phase.n_tasks > 1
    assert sum(here.seen["work_on"]) == pytest.approx(phase.bytes, rel=0.15)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("d", [1, 20])
@pytest.mark.parametrize("way", ["rows", "chain"])
def test_bytes_and_tasks_of_mini_batches(d, way, monkeypatch):
    monkeypatch.setattr(Job, "way", way)
    here, job = trained(Job(1, d, 2, batch_size=32), way)
    costs = costs_of(job)
    function = "_take_steps" if way == "chain" else "_make_map"
    for phase, name in ((costs.reading, "_parted_work"), (costs.epoch, function)):
        assert len(here.seen[name]) == phase.n_tasks > 1
        assert sum(here.seen[name]) == pytest.approx(phase.bytes, rel=0.15)
    n_parts, most = costs.preparing.n_tasks, costs.preparing.bytes
    assert len(here.seen["_prepare"]) == n_parts
    least = (
        most - 8 * job.batch_size * n_parts
    )  # of the longest rows, as many come back as the last batch has
    assert 0.85 * least < sum(here.seen["_prepare"]) < 1.15 * most
    assert here.kept_bytes == costs.worker_memory * min(job.n_workers, job.n_parts)


@pytest.mark.parametrize("n_blocks", [None, 64])
@pytest.mark.parametrize("n_bytes", [0, 1 << 24, (1 << 24) - 1, 3 << 34])
def test_number_of_tasks_of_large_files(n_bytes, n_blocks):
    class Sparse(BytesIO):
        def seek(self, place, whence=0):
            return n_bytes if whence == 2 else place

    source = SimpleNamespace(path="/d.csv", name="d.csv", stored=Sparse())
    job = Job(1, 1, 2, batch_size=32 if n_blocks else None, bytes_per_row=n_bytes or 1e-9)
    assert sum(1 for _ in ranges_of(source, 0, n_blocks)) == job.n_parts


def test_the_driver_keeps_a_number_of_each_part():
    def gather(parts):
        for i in parts:
            gathering.add(number_of(0, part=i), Part(1, ((30_000, 4_000_000_000 - i),), one, one))

    one = Moments.of_rows(np.ones((2, 2)))
    choice = SimpleNamespace(features=())
    recipe = SimpleNamespace(holds_out_last=False, keeps_values=False, choice=choice)
    gathering = Gathering(recipe, Keeping(0, None))
    gather(range(1000))
    tracemalloc.start()
    gather(range(1000, 4000))
    n_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert n_bytes / 3000 == pytest.approx(cluster_costs.PART_MEMORY_BYTES, rel=0.5)


@pytest.fixture(scope="module")
def measured(_own_kernels):
    """Times of a process whose products have one thread, as those of workers."""
    pytest.importorskip("numba")
    command = [sys.executable, TESTS / "cluster_measures.py"]
    paths = os.pathsep.join([str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_times_of_work_on_rows(measured):
    """But for one factor, the speed of the machine, which also depends on what else it does."""
    job = Job(64_000, 1, 2, batch_size=32)
    expected = {
        "map": {way: cluster_costs.map_ns(job, way) for way in ("rows", "points")},
        "condense": {d: cluster_costs.CONDENSE_NS * (d + 1) * (d + 2) / 2 for d in (1, 20)},
        "gather": {20: cluster_costs.gather_ns(21)},
        "read": {d: cluster_costs.read_ns(d + 1) for d in (1, 20, 200)},
        "prepare": dict.fromkeys((1, 20, 200), cluster_costs.PREPARE_NS),
        "merge": {d: 1e9 * cluster_costs.merge_s(d + 1) for d in (1, 20, 200)},
        "compose": {d: 1e9 * cluster_costs.compose_s(d + 1) for d in (1, 20, 200)},
    }
    ratios = {
        (what, key): measured[what][str(key)] / ns
        for what, times in expected.items()
        for key, ns in times.items()
    }
    speed = median(ratios.values())
    assert 0.1 < speed < 10.0
    assert {what: ratio for what, ratio in ratios.items() if not 1 / FACTOR < ratio / speed < FACTOR} == {}


def test_the_tables_are_whole():
    lines = [line for line in cluster_costs.tables() if line.startswith(" 10^")]
    assert len(lines) == 3 * 2 * 3 * 3
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("batch_size", [None, 32])
def test_more_workers_gain_until_there_are_enough(batch_size):
    seconds = [costs_of(Job(10**12, 1, n, batch_size)).reading.seconds for n in (10, 20, 1000, 2000)]
    assert seconds[0] == pytest.approx(2 * seconds[1])
    assert seconds[1] > seconds[2] == seconds[3]
    assert 20 < cluster_costs.enough_workers(Job(10**12, 1, 10, batch_size)) < 100
