"""Measure lrfit against what else fits a line, on data made here: `python tests/benchmarks/compare.py`.

The contenders of a row of the table take turns (A B C A B C …), so that a machine that slows down slows all
of them. A ratio is made of two neighbours; the median of the ratios is what counts, and behind it stand the
least and the largest. Nothing is left out: an epoch of lrfit includes the shuffle and the loss of all rows, a
process Python's start, the reading of the file and the result.

Rivals that are not installed are left out. `--quick` is for trying it out; all of it takes some minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np

import lrfit
from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings

sys.path.append(str(Path(__file__).parents[1]))
from plans import plan_of

LAB = Path(__file__).parents[2] / "sample_data" / "lab.csv"
READ = "import sys, pandas; pandas.read_csv(sys.argv[1])"
DUCKDB = (
    "import sys, duckdb; "
    "print(duckdb.sql(f\"SELECT regr_slope(y, x), regr_intercept(y, x) FROM '{sys.argv[1]}'\"))"
)
POLARS = (
    "import sys, polars; from polars import col, scan_csv, scan_parquet; "
    "scan = scan_parquet if sys.argv[1].endswith('.parquet') else scan_csv; "
    "print(scan(sys.argv[1]).select(col('x').sum(), col('y').sum(), xx=(col('x') ** 2).sum(), "
    "xy=(col('x') * col('y')).sum(), yy=(col('y') ** 2).sum()).collect())"
)
COPY = (
    "import sys, duckdb; duckdb.sql(f\"COPY (SELECT *, 3.0 * x + 2.0 AS y_hat FROM '{sys.argv[1]}') "
    "TO '{sys.argv[2]}' (HEADER)\")"
)
PREDICT = (
    "import sys, pandas; d = pandas.read_csv(sys.argv[1]); "
    "d.assign(y_hat=3.0 * d.x + 2.0).to_csv(sys.stdout, index=False)"
)
RATE = 1e-3

Measure = Callable[[], float]


def main() -> None:
    """Run all comparisons and print a table."""
    options = _options()
    print(_machine(), flush=True)
    print(f"{'work':44} {'lrfit':>11}  against")
    n = options.rows
    with tempfile.TemporaryDirectory() as folder:
        for n_rows in (n, 10 * n):
            data = _csv(Path(folder), n_rows)
            rivals = {"read_csv": _process(sys.executable, "-c", READ, data), **_engines(data)}
            _show(
                f"full batch, 100 epochs, {n_rows:,} x 1, process", "s", options.repeat,
                _lrfit("train", data, "--lr", "0.01", "-q"), rivals,
            )  # fmt: skip
            if _version("pyarrow") != "(not installed)":
                columns = _parquet(data)
                _show(
                    f"the same from Parquet, {n_rows:,} x 1, process", "s", options.repeat,
                    _lrfit("train", columns, "--lr", "0.01", "-q"), _engines(columns),
                )  # fmt: skip
        data = _csv(Path(folder), n)
        _show(
            f"1,000,000 epochs, {n:,} x 1, process", "s", options.repeat,
            _lrfit("train", data, "--lr", "1e-9", "--epochs", "1000000", "-q"),
            {"100 epochs": _lrfit("train", data, "--lr", "1e-9", "-q")},
        )  # fmt: skip
        model = str(Path(folder) / "model.json")
        subprocess.run([*LRFIT, "train", str(LAB), "-q", "-o", model], check=True, stdout=subprocess.DEVNULL)
        _show(
            f"predict {n:,} rows, process", "s", options.repeat, _lrfit("predict", model, data),
            {
                "read_csv, assign, to_csv": _process(sys.executable, "-c", PREDICT, data),
                **_engine("duckdb", "COPY", COPY, data, str(Path(folder) / "out.csv")),
            },
        )  # fmt: skip
    for n_features, batch_size in ((1, 32), (1, 1), (20, 32)):
        rows = _rows(n, n_features)
        _show(
            f"batch {batch_size}, shuffled, {n:,} x {n_features}, row and epoch", "ns", options.repeat,
            lambda rows=rows, size=batch_size: _lrfit_epochs(rows, size), dict(_rivals(rows, batch_size)),
        )  # fmt: skip
    _show("Session.run(train_op), one (x, y)", "us", options.repeat, _session_run, {})
    _show(
        "lrfit --help",
        "s",
        options.repeat,
        _lrfit("--help"),
        {"python -c pass": _process(sys.executable, "-c", "")},
    )
    _show(
        "train on 17 pairs", "s", options.repeat, _lrfit("train", str(LAB), "--lr", "0.01", "-q"),
        {"import pandas": _process(sys.executable, "-c", "import pandas")},
    )  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of the data; ten times as many for one"
    )
    parser.add_argument("--repeat", type=int, default=5, help="turns of each comparison")
    parser.add_argument("--quick", action="store_true", help="fewer rows and turns, to try it out")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.repeat = 20_000, 2
    return options


def _machine() -> str:
    names = ("lrfit", "numpy", "pandas", "pyarrow", "numba", "duckdb", "polars", "scikit-learn", "torch")
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"Python {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d')}, {cores} cores, {platform.machine()}, {python}, {versions}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _show(work: str, unit: str, repeat: int, ours: Measure, rivals: dict[str, Measure]) -> None:
    """Let all take turns, after one turn that does not count, and print a row of the table."""
    own, ratios = [], {name: [] for name in rivals}
    for turn in range(repeat + 1):
        own_s = ours()
        for name, measure in rivals.items():
            ratio = own_s / measure()
            if turn:
                ratios[name].append(ratio)
        if turn:
            own.append(own_s)
    scale = {"s": 1.0, "us": 1e6, "ns": 1e9}[unit]
    against = "; ".join(
        f"{median(r):.3g} x {name} ({min(r):.3g} to {max(r):.3g})" for name, r in ratios.items()
    )
    print(f"{work:44} {median(own) * scale:>8.3g} {unit:2}  {against}", flush=True)


# Whole processes.

LRFIT = [sys.executable, "-m", "lrfit"]


def _process(*command: str) -> Measure:
    def measure() -> float:
        started_s = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started_s

    return measure


def _lrfit(*arguments: str) -> Measure:
    return _process(*LRFIT, *arguments)


def _csv(folder: Path, n_rows: int) -> str:
    path = folder / f"{n_rows}.csv"
    if not path.exists():
        with path.open("w") as file:
            file.write("x,y\n")
            for start in range(0, n_rows, 100_000):
                rows = _rows(min(100_000, n_rows - start), 1, seed=start)
                file.writelines(f"{x!r},{y!r}\n" for x, y in rows.tolist())
    return str(path)


def _parquet(data: str) -> str:
    """The same rows in Parquet."""
    import pandas as pd

    path = data.removesuffix(".csv") + ".parquet"
    pd.read_csv(data).to_parquet(path, index=False)
    return path


def _engines(data: str) -> dict[str, Measure]:
    """Engines that are installed, which sum up what a line needs."""
    return {
        **_engine("duckdb", "regr_slope", DUCKDB, data),
        **_engine("polars", "scan of moments", POLARS, data),
    }


def _engine(package: str, what: str, program: str, *arguments: str) -> dict[str, Measure]:
    if _version(package) == "(not installed)":
        return {}
    return {f"{package} {what}": _process(sys.executable, "-c", program, *arguments)}


def _rows(n_rows: int, n_features: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, n_features))
    return np.column_stack([x, x @ np.full(n_features, 3.0) + 2.0 + rng.normal(size=n_rows)])


# Seconds per row and epoch.


def _lrfit_epochs(rows: np.ndarray, batch_size: int, n_epochs: int = 4) -> float:
    settings = TrainingSettings(learning_rate=RATE, batch_size=batch_size, epochs=n_epochs + 1)
    records = descend(plan_of(Moments.of_rows(rows), settings, RowStore.of(rows)), executor="numba")
    next(records), next(records)  # the start, and the epoch before which it is compiled
    started_s = time.perf_counter()
    for _ in records:
        pass
    return (time.perf_counter() - started_s) / n_epochs / len(rows)


def _rivals(rows: np.ndarray, batch_size: int) -> Iterator[tuple[str, Measure]]:
    if _version("scikit-learn") != "(not installed)":
        yield "SGDRegressor", lambda: _sklearn_epochs(rows)
    if _version("torch") != "(not installed)":
        yield "PyTorch loop", lambda: _torch_epoch(rows, batch_size)
    yield "NumPy loop", lambda: _numpy_epoch(rows, batch_size)


def _sklearn_epochs(rows: np.ndarray, n_epochs: int = 2) -> float:
    """It always takes one row a step."""
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(penalty=None, learning_rate="constant", eta0=RATE, max_iter=n_epochs, tol=None)
    x, y = np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, -1])
    started_s = time.perf_counter()
    model.fit(x, y)
    return (time.perf_counter() - started_s) / n_epochs / len(rows)


def _torch_epoch(rows: np.ndarray, batch_size: int) -> float:
    """The loop of its tutorials, over shuffled indices (a DataLoader is slower), on part of the rows."""
    import torch

    torch.set_default_dtype(torch.float64)
    x, y = torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(rows[:, -1:].copy())
    model = torch.nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    loss_function = torch.nn.MSELoss()
    n_rows = min(len(rows), 500 * batch_size)
    started_s = time.perf_counter()
    order = torch.randperm(n_rows)
    for start in range(0, n_rows, batch_size):
        batch = order[start : start + batch_size]
        optimizer.zero_grad()
        loss_function(model(x[batch]), y[batch]).backward()
        optimizer.step()
    return (time.perf_counter() - started_s) / n_rows


def _numpy_epoch(rows: np.ndarray, batch_size: int) -> float:
    """The loop that one writes by hand, on part of the rows."""
    x, y = np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, -1])
    weights, intercept = np.zeros(x.shape[1]), 0.0
    n_rows = min(len(rows), 5000 * batch_size)
    started_s = time.perf_counter()
    order = np.random.default_rng(0).permutation(n_rows)
    for start in range(0, n_rows, batch_size):
        batch = order[start : start + batch_size]
        x_batch = x[batch]
        residual = x_batch @ weights + intercept - y[batch]
        weights -= RATE * (residual @ x_batch) / len(batch)
        intercept -= RATE * residual.mean()
    return (time.perf_counter() - started_s) / n_rows


# The graph library.


def _session_run(n_runs: int = 5000) -> float:
    """Seconds of a step of the lab's graph."""
    with lrfit.Graph().as_default() as graph:
        x, y = lrfit.placeholder(name="x"), lrfit.placeholder(name="y")
        weight, bias = lrfit.Variable(0.0, name="W"), lrfit.Variable(0.0, name="b")
        loss = lrfit.reduce_sum((weight * x + bias - y) ** 2) / (2 * 17)
        train_op = lrfit.GradientDescentOptimizer(0.01).minimize(loss)
        init = lrfit.global_variables_initializer()
    session = lrfit.Session(graph)
    session.run(init)
    feeds = {x: 3.3, y: 1.7}
    session.run(train_op, feeds)
    started_s = time.perf_counter()
    for _ in range(n_runs):
        session.run(train_op, feeds)
    return (time.perf_counter() - started_s) / n_runs


if __name__ == "__main__":
    main()
