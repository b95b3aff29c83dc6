"""How long the parts take, for pytest-benchmark: `pytest tests/benchmarks --benchmark-only`.

The default run skips these. To compare with an earlier state: `--benchmark-autosave`, then
`--benchmark-compare`. `compare.py` beside this file measures against other software.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import oracles
import pytest

from lrfit.analysis.moments import Moments
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.csv.parse import parse
from lrfit.data.row_store import RowStore
from lrfit.data.shuffle import order_of_epoch, orders
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.executors.numba.loop import numba_loop
from lrfit.graph.optimizers import GradientDescentOptimizer
from lrfit.graph.session import Session
from lrfit.model.equation import linear_model

ROWS = oracles.random_rows(100_000, 1)


def training(loop_executor=None, n_features=1):
    model = linear_model(np.zeros(n_features), 0.0)
    train_op = GradientDescentOptimizer(1e-3).minimize(model.loss)
    session = Session(model.graph, loop_executor=loop_executor)
    session.run(global_variables_initializer(model.graph))
    return session, model, train_op


def test_a_step_of_four_points(benchmark):
    session, model, train_op = training()
    feeds = {model.x: ROWS[:4, :1], model.y: ROWS[:4, 1:]}
    benchmark(session.run, train_op, feeds)


@pytest.mark.parametrize("n_features", [1, 20])
@pytest.mark.parametrize("batch_size", [1, 32])
def test_an_epoch_of_compiled_mini_batches(benchmark, batch_size, n_features):
    rows = oracles.random_rows(100_000, n_features)
    session, model, train_op = training(numba_loop, n_features)
    feeds = {model.x: rows[:, :-1].copy(), model.y: rows[:, -1:].copy()}
    benchmark(session.run_batches, train_op, feeds, batch_size=batch_size)


def test_a_thousand_compiled_epochs_of_four_points(benchmark):
    session, model, train_op = training(numba_loop)
    feeds = {model.x: ROWS[:4, :1].copy(), model.y: ROWS[:4, 1:].copy()}
    benchmark(session.run_batches, train_op, feeds, batch_size=4, n_epochs=1000)


def test_moments_of_rows(benchmark):
    benchmark(Moments.of_rows, ROWS)


def test_parsing_a_block(benchmark):
    text = "".join(f"{x!r},{y!r}\n" for x, y in ROWS[:50_000].tolist()).encode()
    layout = ColumnLayout("data.csv", CsvFormat(), ("x", "y"), (0, 1))
    benchmark(parse, text, layout, 2)


def test_gathering_rows_in_a_shuffled_order(benchmark):
    store, order = RowStore.of(ROWS), order_of_epoch(len(ROWS), 0, 1)
    benchmark(lambda: [None for _ in store.windows(32, order)])


def test_ten_shuffles(benchmark):
    benchmark(lambda: [None for _ in orders(len(ROWS), 0, range(10))])


def test_the_program_that_compares_starts():
    """Not by pytest-benchmark, but in the default run; to compare takes minutes."""
    program = [sys.executable, Path(__file__).parent / "compare.py", "--help"]
    assert b"--quick" in subprocess.run(program, capture_output=True, check=True).stdout
