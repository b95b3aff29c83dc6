"""What a cluster costs, on paper: time, bytes and memory, by rows, features, workers and batches.

`python tests/cluster_costs.py` prints the tables. `test_cluster_costs.py` holds the model against
measurement: bytes and numbers of tasks nearly exactly, times within a factor. What it says of 10^12 rows and
more nobody has measured.

Work on rows is divided by the number of workers. Each task also takes time of the one scheduler and of the
one driver. Workers, scheduler, driver and network are busy at the same time, so a phase takes as long as the
slowest of them; phases follow one another. A worker is one thread of a cluster, and products have one thread.
Storage is thought to keep up. There are no weights, groups, words or momentum, and names are short.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

from lrfit.analysis.batch_points import n_points
from lrfit.data.csv.blocks import BLOCK_BYTES, PART_BLOCKS
from lrfit.data.csv.ranges import RANGE_BLOCKS
from lrfit.training.spread_descent import way_of

__all__ = ["Costs", "Job", "Phase", "costs_of", "tables"]

CSV_VALUE_BYTES = 19.2
"""Bytes of a number with 16 digits in a CSV, and of what is behind it: of `benchmarks`' data."""

# Dask 2026.8, real processes over TCP on 2 shared cores: `python tests/benchmarks/cluster_tasks.py`.

SCHEDULER_S, DRIVER_S, WORKER_S = 1.6e-3, 1.1e-3, 1.9e-3
"""CPU time of the scheduler, the driver and a worker for a task by itself; 1.4 to 2.3 ms of the scheduler,
the more the busier the machine is with other things."""

KEEPING = 2.0
"""Time of a task whose rows stay where they are, in tasks: Dask has three for it, two of them small."""

CALL_S = 6.6e-3
"""Time from a call to its result, when nothing else goes on: the CPU time of all three."""

WIRE_TASK_BYTES = 3_600
"""Bytes that go to and from the scheduler for a task by itself."""

WIRE_COPIES = 2
"""How often an item or a result goes to or from the scheduler: it lies between driver and workers."""

WIRE_BYTES_PER_S = 1.25e9
"""What the scheduler's network carries: 10 Gbit/s, an assumption."""

SCHEDULER_PART_BYTES = 20_000
"""Memory of the scheduler for a part whose rows are kept, and kept in the units of descent: 13 to 25 kB."""

# Sizes of pickles: `test_cluster_costs.py`.

RANGE_ITEM_BYTES, RANGE_ITEM_FEATURE_BYTES = 1_010, 25
"""A range with the work on it; the layout of the columns goes along each time."""

RANGE_RESULT_BYTES, MARK_BYTES = 843, 10.5
"""The numbers of a range but for its arrays; and those of each of its blocks."""

PREPARATION_BYTES, PREPARATION_FEATURE_BYTES, LONGEST_BYTES = 385, 31, 148
"""A part to prepare; and what comes back, but for the squares of its longest rows."""

MAP_ITEM_BYTES, MAP_RESULT_BYTES = 722, 225
"""A part in an epoch; and its map but for its numbers."""

STATE_ITEM_BYTES, STATE_RESULT_BYTES = 930, 185
"""The same where the state travels, but for its numbers."""

# Times of work on rows, ns of a thread: `cluster_measures.py`.

READ_NS, READ_WIDTH_NS = 55.0, 1.0
"""To read a number of a CSV; and to condense it, for each column."""

PREPARE_NS = 3.0
"""To bring a number to the units of descent."""

GATHER_NS, GATHER_VALUE_NS = 17.0, 1.0
"""To draw the place of a row in the order of an epoch and take it there; and for each of its numbers."""

STEP_NS = 1.0
"""To take a number into a step, in machine code."""

CONDENSE_NS = 0.6
"""To take a pair of numbers of a row into the points of its batch, in machine code."""

MERGE_S, MERGE_CUBE_S = 6e-5, 1.25e-10
"""To unpickle and merge the numbers of a range; and for each column to the third power."""

COMPOSE_S, COMPOSE_SQUARE_S = 5e-6, 2e-10
"""To unpickle and apply a map; and for each of its numbers."""

PART_MEMORY_BYTES = 100
"""Memory of the driver for the number of rows of a part."""

KEPT_COPIES = 2
"""How often a row is in the memory of its worker: as it was read, and in the units of descent."""

KEPT_EPOCHS = 2
"""Number of epochs of which the driver has all maps."""


@dataclass(frozen=True)
class Job:
    """Something to train.

    Attributes:
        n_rows: Number of rows.
        n_features: Number of features, d.
        n_workers: Number of threads of workers.
        batch_size: Number of rows of a step; None for a full batch.
        n_epochs: Number of epochs.
        bytes_per_row: Bytes of a row in the file; those of numbers with 16 digits if None.
    """

    n_rows: int
    n_features: int
    n_workers: int
    batch_size: int | None = None
    n_epochs: int = 10
    bytes_per_row: float | None = None

    @property
    def width(self) -> int:
        """Number of numbers of a row, and of the state: a weight for each feature, and the intercept."""
        return self.n_features + 1

    @property
    def file_bytes(self) -> float:
        """Size of the file."""
        return self.n_rows * (self.bytes_per_row or CSV_VALUE_BYTES * self.width)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of the file; the last one is short, or empty."""
        return int(self.file_bytes // BLOCK_BYTES) + 1

    @property
    def blocks_per_task(self) -> int:
        """Number of blocks of a task: of a range, or of a part whose rows are kept."""
        return min(self.n_blocks, PART_BLOCKS if self.batch_size else RANGE_BLOCKS)

    @property
    def n_parts(self) -> int:
        """Number of tasks that read the file."""
        return -(-self.n_blocks // self.blocks_per_task)

    @property
    def way(self) -> str | None:
        """The way of mini-batches that lrfit takes; None for a full batch."""
        if not self.batch_size:
            return None
        cluster = SimpleNamespace(n_threads=self.n_workers)
        batches = SimpleNamespace(batch_size=self.batch_size, cluster=cluster, part_sizes=range(self.n_parts))
        return way_of(batches, self.width, self.n_features, is_affine=True)


@dataclass(frozen=True)
class Phase:
    """Something that is done to all rows once.

    Attributes:
        n_tasks: Number of items handed out.
        bytes: Bytes of items and results as pickled, which leave or reach the driver.
        wire_bytes: Bytes that leave or reach the scheduler.
        work_s: Time of the workers, each of them working on its share.
        scheduler_s: Time of the scheduler.
        driver_s: Time of the driver.
        waits: Whether each task is handed out when the one before is done.
    """

    n_tasks: int
    bytes: float
    wire_bytes: float
    work_s: float
    scheduler_s: float
    driver_s: float
    waits: bool = False

    @property
    def wire_s(self) -> float:
        """Time of the scheduler's network."""
        return self.wire_bytes / WIRE_BYTES_PER_S

    @property
    def limits(self) -> dict[str, float]:
        """The time of each of those that work at the same time."""
        return {
            "workers": self.work_s,
            "scheduler": self.scheduler_s,
            "driver": self.driver_s,
            "network": self.wire_s,
        }

    @property
    def limit(self) -> str:
        """What takes the longest."""
        return max(self.limits, key=self.limits.__getitem__)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.work_s + self.n_tasks * CALL_S if self.waits else max(self.limits.values())


@dataclass(frozen=True)
class Costs:
    """What a job costs.

    Attributes:
        reading: The phase that reads the file and condenses it.
        preparing: The phase that brings kept rows to the units of descent; None for a full batch.
        epoch: An epoch of mini-batches; None for a full batch, whose epochs are on 2(d + 1) points.
        n_epochs: Number of epochs.
        driver_memory: Bytes that the driver holds.
        scheduler_memory: Bytes that the scheduler holds for what is kept.
        worker_memory: Bytes of rows that each worker holds.
    """

    reading: Phase
    preparing: Phase | None
    epoch: Phase | None
    n_epochs: int
    driver_memory: float
    scheduler_memory: float
    worker_memory: float

    @property
    def phases(self) -> list[Phase]:
        """All phases, each as often as it is gone through."""
        once = [phase for phase in (self.reading, self.preparing) if phase]
        return once + [self.epoch] * self.n_epochs if self.epoch else once

    @property
    def n_tasks(self) -> int:
        """Number of items handed out."""
        return sum(phase.n_tasks for phase in self.phases)

    @property
    def bytes(self) -> float:
        """Bytes that leave or reach the driver as pickled."""
        return sum(phase.bytes for phase in self.phases)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(phase.seconds for phase in self.phases)


def costs_of(job: Job) -> Costs:
    """What a job costs."""
    n_parts, width, size = job.n_parts, job.width, job.batch_size
    keeping = KEEPING if size else 1.0
    sizes = n_parts * PART_MEMORY_BYTES
    reading = _phase(job, range_bytes(job), read_ns(width) * width, merge_s(width), keeping)
    if not size:
        return Costs(reading, None, None, job.n_epochs, sizes, 0.0, 0.0)
    preparing = _phase(job, preparation_bytes(job), PREPARE_NS * width, 0.0, keeping)
    if job.way == "chain":
        row_ns = gather_ns(width) + STEP_NS * width
        epoch = _phase(job, state_bytes(job), row_ns * min(job.n_workers, n_parts), 0.0, 1.0, waits=True)
        maps = 0
    else:
        epoch = _phase(job, map_bytes(job), map_ns(job), compose_s(width), 1.0)
        maps = KEPT_EPOCHS * n_parts * (MAP_RESULT_BYTES + 8 * (width * width + width))
    rows = KEPT_COPIES * 8 * width * job.n_rows / min(job.n_workers, n_parts)
    return Costs(reading, preparing, epoch, job.n_epochs, sizes + maps, n_parts * SCHEDULER_PART_BYTES, rows)


def _phase(
    job: Job, pickled: float, row_ns: float, driver_s: float, n_of_dask: float, *, waits: bool = False
) -> Phase:
    """A phase, by the bytes of a task as pickled, the time of a row, and that of the driver for a result."""
    n, n_at_a_time = job.n_parts, min(job.n_workers, job.n_parts)
    work_s = (job.n_rows * row_ns * 1e-9 + n * n_of_dask * WORKER_S) / n_at_a_time
    wire = n * ((3 if n_of_dask > 1 else 1) * WIRE_TASK_BYTES + WIRE_COPIES * pickled)
    scheduler_s, of_driver_s = n * n_of_dask * SCHEDULER_S, n * (n_of_dask * DRIVER_S + driver_s)
    return Phase(n, n * pickled, wire, work_s, scheduler_s, of_driver_s, waits)


def range_bytes(job: Job) -> float:
    """Bytes of a range that is handed out, and of what comes back, with the moments of its rows."""
    width = job.width
    item = RANGE_ITEM_BYTES + RANGE_ITEM_FEATURE_BYTES * job.n_features
    moments_and_extremes = 8 * width * width + 8 * width + 8 * width + 48 * width
    return item + RANGE_RESULT_BYTES + moments_and_extremes + MARK_BYTES * job.blocks_per_task


def preparation_bytes(job: Job) -> float:
    """Bytes of a part to prepare, and of what comes back; the longest rows are at most those of a batch."""
    item = PREPARATION_BYTES + PREPARATION_FEATURE_BYTES * job.n_features
    return item + LONGEST_BYTES + 8 * min(job.batch_size or 0, 4096)


def map_bytes(job: Job) -> float:
    """Bytes of a part in an epoch, and of its map."""
    return MAP_ITEM_BYTES + MAP_RESULT_BYTES + 8 * (job.width * job.width + job.width)


def state_bytes(job: Job) -> float:
    """Bytes of a part in an epoch with the state before it, and of the state behind it."""
    return STATE_ITEM_BYTES + STATE_RESULT_BYTES + 2 * 8 * job.width


def read_ns(width: int) -> float:
    """Time of a number of a CSV, read and condensed."""
    return READ_NS + READ_WIDTH_NS * width


def merge_s(width: int) -> float:
    """Time of the driver to unpickle and merge what comes back of a range."""
    return MERGE_S + MERGE_CUBE_S * width**3


def compose_s(width: int) -> float:
    """Time of the driver to unpickle and apply a map."""
    return COMPOSE_S + COMPOSE_SQUARE_S * width**2


def gather_ns(width: int) -> float:
    """Time of a row to be put in the order of an epoch."""
    return GATHER_NS + GATHER_VALUE_NS * width


def map_ns(job: Job, way: str | None = None) -> float:
    """Time of a row in the making of a map: a step from each unit vector and from 0, on rows or on points."""
    width, way = job.width, way or job.way
    steps = (width + 1) * STEP_NS * width
    if way == "rows":
        return gather_ns(width) + steps
    condensing = CONDENSE_NS * width * (width + 1) / 2
    return gather_ns(width) + condensing + steps * n_points(job.n_features) / job.batch_size


def enough_workers(job: Job) -> float:
    """Number of workers beyond which more of them read no faster: the scheduler or the driver is busy."""
    reading = costs_of(job).reading
    rest = max(reading.scheduler_s, reading.driver_s, reading.wire_s)
    return reading.work_s * min(job.n_workers, job.n_parts) / rest


def tables() -> Iterator[str]:
    """The lines of tables for full batches, and for mini-batches of two sizes."""
    for batch_size in (None, 32, 1024):
        yield f"\nbatches of {batch_size}, 10 epochs" if batch_size else "full batch"
        yield (
            f"{'rows':>6} {'d':>4} {'workers':>7} {'way':>7} {'tasks':>8} {'driver moves':>12}"
            f" {'reading':>8} {'by':>9} {'epoch':>8} {'by':>9} {'all':>8}"
            f" {'driver has':>10} {'scheduler':>9} {'a worker':>9} {'enough':>7}"
        )
        for exponent in (12, 14):
            for d in (1, 20, 200):
                for n_workers in (10, 100, 1000):
                    yield f"{f'10^{exponent}':>6} {_line(Job(10**exponent, d, n_workers, batch_size))}"


def _line(job: Job) -> str:
    """The line of a job, but for its rows."""
    costs = costs_of(job)
    epoch = costs.epoch
    of_epoch = (_time(epoch.seconds), "turns" if epoch.waits else epoch.limit) if epoch else ("-", "-")
    return (
        f"{job.n_features:>4} {job.n_workers:>7} {job.way or '-':>7} {costs.n_tasks:>8.1e}"
        f" {_size(costs.bytes):>12} {_time(costs.reading.seconds):>8} {costs.reading.limit:>9}"
        f" {of_epoch[0]:>8} {of_epoch[1]:>9} {_time(costs.seconds):>8} {_size(costs.driver_memory):>10}"
        f" {_size(costs.scheduler_memory):>9} {_size(costs.worker_memory):>9} {enough_workers(job):>7.0f}"
    )


def _time(seconds: float) -> str:
    for unit, length in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * length:
            return (
                f"{seconds / length:.2g} {unit}"
                if seconds < 100 * length
                else f"{seconds / length:,.0f} {unit}"
            )
    return f"{seconds:.2g} s"


def _size(n_bytes: float) -> str:
    for unit, length in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= length:
            number = n_bytes / length
            return f"{number:.2g} {unit}" if number < 100 else f"{number:,.0f} {unit}"
    return f"{n_bytes:.0f} B"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in tables())
