"""Measure what a task costs on a cluster, whatever it does: `python tests/benchmarks/cluster_tasks.py`.

It starts a scheduler and two workers over TCP, and prints the CPU time of them and of this process for a
task, in ms, and the bytes of the loopback interface, which other programs may use, too. `cluster_costs` has
the medians of a machine that did little else.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from distributed import Client

import lrfit
from lrfit.system.cluster import Cluster

N_TASKS = 200
N_TURNS = 3


def main() -> None:
    """Measure, and print a line for each kind of task."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _processes(Path(folder)) as (file, processes),
        Client(scheduler_file=str(file), set_as_default=False) as client,
    ):
        client.wait_for_workers(2)
        cluster = Cluster(client)
        kept = [one for _, _, one in cluster.map_keeping(keep, range(N_TASKS))]
        measure = _Measure([*processes, psutil.Process()])
        items = [os.urandom(10_000) for _ in range(N_TASKS)]
        sys.stdout.write(
            f"{'ms of CPU a task':24} scheduler  workers  driver  memory of the scheduler  loopback\n"
        )
        measure("item of 10 B", lambda: cluster.map(size, [b"0123456789"] * N_TASKS))
        measure("item of 10,000 B", lambda: cluster.map(size, items))
        measure("result of 10 B", lambda: cluster.map(made, [10] * N_TASKS))
        measure("result of 100,000 B", lambda: cluster.map(made, [100_000] * N_TASKS))
        measure("needs what is kept", lambda: cluster.map(use, range(N_TASKS), lambda i: [kept[i]]))
        measure("keeps", lambda: cluster.map_keeping(keep, range(N_TASKS)))
        measure("keeps for long", lambda: cluster.map_keeping(keep, range(N_TASKS)), hold=True)
        measure("one by one", lambda: (cluster.call(use, i, [kept[i]]) for i in range(N_TASKS)))


def size(item: bytes) -> int:
    """A function of an item of any size."""
    return len(item)


def made(n_bytes: int) -> bytes:
    """A function whose result has any size."""
    return os.urandom(n_bytes)


def keep(number: int) -> tuple[int, np.ndarray]:
    """A function that keeps a row."""
    return number, np.zeros(10)


def use(number: int, row: np.ndarray) -> int:
    """A function of what is kept."""
    return number + len(row)


class _Measure:
    """Prints what tasks cost processes: the scheduler, the workers, the driver."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self._processes = processes
        self._held: list[object] = []

    def __call__(self, what: str, tasks: Callable[[], Iterable[object]], *, hold: bool = False) -> None:
        turns = []
        for _ in range(N_TURNS):
            before = self._state()
            done = deque(tasks(), None if hold else 0)
            time.sleep(0.2)  # for what is still to be told
            turns.append([(b - a) / N_TASKS for a, b in zip(before, self._state(), strict=True)])
            self._held.append(done)
        scheduler, *workers, driver, memory, loopback = (median(found) for found in zip(*turns, strict=True))
        sys.stdout.write(
            f"{what:24} {1e3 * scheduler:9.2f} {1e3 * sum(workers):8.2f} {1e3 * driver:7.2f}"
            f" {memory:21,.0f} B {loopback:7,.0f} B\n"
        )

    def _state(self) -> list[float]:
        times = [sum(process.cpu_times()[:2]) for process in self._processes]
        network = psutil.net_io_counters(pernic=True).get("lo")
        return [*times, self._processes[0].memory_info().rss, network.bytes_recv if network else 0]


@contextmanager
def _processes(folder: Path) -> Iterator[tuple[Path, list[psutil.Process]]]:
    """The file of a scheduler, and the processes: it and two workers."""
    file, dask = folder / "scheduler.json", Path(sys.executable).parent / "dask"
    places = [str(Path(__file__).parent), str(Path(lrfit.__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}

    def start(what: str, *options: str) -> psutil.Popen:
        command = [dask, what, "--scheduler-file", file, "--no-dashboard", *options]
        with (folder / "log").open("ab") as log:
            return psutil.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)

    processes = [start("scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        while not file.exists():
            time.sleep(0.05)
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        processes += [start("worker", *options) for _ in range(2)]
        yield file, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    import cluster_tasks  # functions have to be known by the name that workers know them by

    cluster_tasks.main()
