"""Numba: its loops against steps of NumPy, and when they are worth their while.

Each source takes about a second to compile, so there are few; `test_numba_source.py` has the many.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
import oracles
import pytest
from batches import METHODS, assume_exact, descent_by, instructions, numbers, random_batches, run_steps
from hypothesis import given, settings

from lrfit.arrays import Array
from lrfit.errors import UsageError
from lrfit.graph.assignments import assign, assign_add, assign_sub, global_variables_initializer
from lrfit.graph.executors import numpy_epochs
from lrfit.graph.executors.numba import formulas
from lrfit.graph.executors.numba import loop as module
from lrfit.graph.executors.numba import source as source_module
from lrfit.graph.executors.numba.loop import numba_loop, numba_loop_if_installed
from lrfit.graph.leaves import Variable, is_variable, placeholder
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.ops import reduce_mean, reduce_sum, square, transpose
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import LoopExecutor, Program
from lrfit.graph.session import Session
from lrfit.model.equation import LinearModel, linear_model

LAB = oracles.SAMPLE_DATA / "lab.csv"
OPTIMIZERS = {
    "plain": GradientDescentOptimizer,
    "momentum": lambda rate: MomentumOptimizer(rate, 0.9),
    "nesterov": lambda rate: MomentumOptimizer(rate, 0.9, use_nesterov=True),
}


def started(model: LinearModel, loop_executor: LoopExecutor | None) -> Session:
    session = Session(model.graph, loop_executor=loop_executor)
    session.run(global_variables_initializer(model.graph))
    return session


def run_numba(
    program: Program,
    feeds: Sequence[Array],
    variables: Mapping[Node, Array],
    batch_size: int,
    n_epochs: int = 1,
) -> dict[Node, Array]:
    """The variables after Numba's loop over all batches."""
    values, loop = dict(variables), numba_loop(program)
    assert loop is not None
    loop(feeds, values, batch_size=batch_size, n_epochs=n_epochs)
    return values


# Training.


@pytest.mark.parametrize(
    ("n_features", "optimizer", "has_l2", "has_intercept"),
    [
        (1, "plain", False, True),
        (1, "nesterov", True, False),
        (3, "momentum", True, True),
        (20, "plain", False, True),
        (9, "nesterov", False, False),
    ],
)
def test_training_gives_numpys_numbers(monkeypatch, n_features, optimizer, has_l2, has_intercept):
    """To 1e-12 relative over 100 epochs: batches of one row, of some, with a short last one, and of all."""
    if n_features == 9:  # as if they were too many to be written out one by one
        monkeypatch.setattr(source_module, "_MAX_UNROLLED", 8)
    rows = oracles.random_rows(37, n_features)
    x, y = rows[:, :-1], rows[:, -1:]
    model = linear_model(np.linspace(-1.0, 1.0, n_features), 0.5 if has_intercept else None)
    with model.graph.as_default():
        loss = model.loss + 0.5 * 0.1 * reduce_sum(square(model.W)) if has_l2 else model.loss
        train = OPTIMIZERS[optimizer](0.2 / np.max(np.sum(x**2, axis=1) + 1.0)).minimize(loss)
    variables = [node for node in model.graph.nodes if is_variable(node)]
    plain, fast = started(model, None), started(model, numba_loop)
    init = global_variables_initializer(model.graph)
    for batch_size in (1, 5, 32, 37):
        for session in (plain, fast):
            session.run(init)
            feeds = {model.x: x, model.y: y}
            session.run_batches(train, feeds, batch_size=batch_size, n_epochs=100)
        start = [node.attrs["initial"] for node in variables]
        for got, expected, old in zip(
            fast.run(variables), plain.run(variables), plain.run(start), strict=True
        ):
            assert not np.allclose(expected, old, rtol=1e-3)
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * np.max(np.abs(expected)))


@pytest.mark.parametrize("method", [METHODS[0], METHODS[-1]])
def test_methods_of_descent_give_numpys_numbers(method):
    """To 1e-12 relative over 100 epochs; the last method is all of them together."""
    rows = oracles.random_rows(37, 2)
    model, train = descent_by(method, 2, 0.2 / np.max(np.sum(rows[:, :-1] ** 2, axis=1) + 1.0))
    variables = [node for node in model.graph.nodes if is_variable(node)]
    sessions = [started(model, None), started(model, numba_loop)]
    for session in sessions:
        feeds = {model.x: rows[:, :-1], model.y: rows[:, -1:]}
        session.run_batches(train, feeds, batch_size=7, n_epochs=100)
    for expected, got in zip(*(session.run(variables) for session in sessions), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * np.max(np.abs(expected)))


def test_descent_that_diverges_goes_through_infinity_to_nan_as_steps_do():
    rows = oracles.random_rows(37, 1)
    model = linear_model(np.zeros(1), 0.5)
    train = GradientDescentOptimizer(30.0).minimize(model.loss)
    sessions = [started(model, None), started(model, numba_loop)]
    seen = set()
    for _ in range(50):
        for session in sessions:
            feeds = {model.x: rows[:, :1], model.y: rows[:, 1:]}
            session.run_batches(train, feeds, batch_size=37, n_epochs=10)
        plain, fast = (np.append(*session.run([model.W, model.b])) for session in sessions)
        np.testing.assert_allclose(fast, plain, rtol=1e-10)
        seen.update(plain)
    assert np.isnan([*seen]).any()
    assert max(map(abs, filter(np.isfinite, seen))) > 1e200


# Any program.

SPECIAL = np.array([0.0, -0.0, 1.0, -2.5, 0.5, 3.0, np.inf, np.nan, 1e300, -1e-300])


def test_elementwise_ops_are_those_of_numpy():
    """All of them in one program, on every pair of special values; NaN and infinities flow through."""
    x, c, d, n = placeholder((None,)), placeholder(()), placeholder(()), Variable(0.0)
    names = sorted(formulas.ELEMENTWISE)
    made = [OPS[name](*[c, d, d + 1.0][: len(OPS[name].vjps or ())]) for name in names]
    variables = [Variable(0.0, name=name) for name in names]
    program = Program.of([*map(assign, variables, made), assign_add(n, reduce_sum(x))], [x, c, d])
    loop = numba_loop(program)
    for a in SPECIAL:
        for b in SPECIAL:
            got, feeds = {n: np.float64(0.0)}, [np.ones(3), a, b]
            expected = run_steps(program, feeds, got, 2)
            loop(feeds, got, batch_size=2, n_epochs=1)
            for variable in variables:
                np.testing.assert_allclose(
                    got[variable], expected[variable], rtol=1e-14, err_msg=f"{variable.name} of {a} and {b}"
                )


@settings(max_examples=3, deadline=None, derandomize=True)
@given(instructions, numbers)
def test_a_random_program_does_what_its_steps_do(steps, numbers):
    with Graph().as_default():
        random = random_batches(steps, numbers)
        program = apply_passes(random.program)
        assume_exact(program, random.feeds, random.state)
        expected = run_steps(program, random.feeds, random.state, batch_size=4)
        loop, got = numba_loop(program), dict(random.state)
        if loop is not None:
            loop(random.feeds, got, batch_size=4, n_epochs=1)
            for v in random.state:
                np.testing.assert_array_equal(got[v], expected[v])


def counter() -> tuple[Node, Node, Node]:
    """Rows, a variable, and the update that adds the sum of all elements of the rows to it."""
    x, v = placeholder((None, 3)), Variable(np.zeros(()))
    return x, v, assign_add(v, reduce_sum(x))


ROWS = np.arange(15.0).reshape(5, 3)
READ_ONLY = ROWS.copy()
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        READ_ONLY,
        np.asfortranarray(ROWS),
        np.repeat(ROWS, 2, axis=1)[:, ::2],
        ROWS.tolist(),
        ROWS.astype(">f4"),
    ],
    ids=["plain", "read-only", "columns", "strided", "list", "single"],
)
def test_rows_may_lie_in_memory_as_they_like(rows):
    x, v, update = counter()
    session = Session(loop_executor=numba_loop)
    session.run(global_variables_initializer())
    session.run_batches(update, {x: rows}, batch_size=2, n_epochs=2)
    assert session.run(v) == 210.0


def test_feeds_stay_as_they_are():
    x, v, update = counter()
    rows = ROWS.copy()
    run_numba(Program.of([update], [x]), [rows], {v: np.float64(0.0)}, 2)
    np.testing.assert_array_equal(rows, ROWS)


def test_variables_stay_numbers_and_arrays_of_their_shape():
    x, v, update = counter()
    w = Variable(np.zeros((3, 1)))
    updates = [update, assign_sub(w, transpose(reduce_sum(x, axis=0, keepdims=True)))]
    got = run_numba(Program.of(updates, [x]), [ROWS], {v: np.float64(1.0), w: np.zeros((3, 1))}, 2)
    assert type(got[v]) is np.float64
    assert (got[v], got[w].tolist()) == (106.0, [[-30.0], [-35.0], [-40.0]])


def test_arrays_that_variables_had_before_are_not_written_to():
    x, v = placeholder((None, 3)), Variable(np.zeros((3,)))
    before = np.ones(3)
    run_numba(Program.of([assign_add(v, reduce_sum(x, axis=0))], [x]), [ROWS], {v: before}, 2)
    assert before.tolist() == [1.0, 1.0, 1.0]


def test_an_assigned_variable_needs_no_value_before():
    x, v, _ = counter()
    got = run_numba(Program.of([assign(v, reduce_mean(x))], [x]), [ROWS], {}, 2)
    assert got == {v: 13.0}


# Which executor.


def test_a_program_without_a_fused_form_is_left_to_steps_and_the_log_says_why(caplog):
    caplog.set_level("INFO", "lrfit")
    x, v = placeholder((None, 1)), Variable(0.0)
    program = Program.of([assign(v, reduce_sum(x @ transpose(x)))], [x])
    assert numba_loop(program) is None
    assert numba_loop_if_installed(program) is None
    assert "numpy, not numba: matmul 'matmul' of shape (None, None) has no fused form" in caplog.text


@pytest.mark.parametrize(("n_steps", "n_values"), [(1, 1000), (1000, 100_000), (100, 10_000_000)])
def test_automatic_runs_a_few_epochs_in_numpy_and_then_numba(n_steps, n_values):
    """However many epochs are to come: so a run that goes on does as one that never stopped."""
    n_epochs = numpy_epochs("auto", n_steps, n_values)
    assert 0.08 < n_epochs * (n_steps * 60e-6 + n_values * 8e-9) <= 0.15 or n_epochs == 0
    assert numpy_epochs("auto", 1000 * n_steps, 1000 * n_values) <= n_epochs / 1000
    assert numpy_epochs("numba", n_steps, n_values) == 0
    assert numpy_epochs("numpy", n_steps, n_values) == inf


def test_without_numba_automatic_takes_steps_and_numba_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    x, _, update = counter()
    program = Program.of([update], [x])
    assert numba_loop_if_installed(program) is None
    with pytest.raises(UsageError, match=r"needs Numba: pip install numba"):
        numba_loop(program)


def test_a_numba_that_cannot_be_imported_is_as_good_as_none(monkeypatch, caplog):
    """Such as one that does not know this NumPy; the reason is passed on."""

    def fail(*_):
        raise ImportError("Numba needs NumPy 2.1 or less")

    caplog.set_level("INFO", "lrfit")
    monkeypatch.setattr(module, "compile_kernel", fail)
    x, _, update = counter()
    program = Program.of([update], [x])
    assert numba_loop_if_installed(program) is None
    assert "Numba needs NumPy 2.1 or less" in caplog.text
    with pytest.raises(UsageError, match=r"can be imported: Numba needs NumPy 2\.1 or less"):
        numba_loop(program)


def test_an_executor_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(UsageError, match="executor is 'cuda', and must be one of auto, numpy, numba"):
        numpy_epochs("cuda", 1, 1)


def loads_machine_code(*arguments: object) -> bool:
    """Whether a successful run of lrfit has used any."""
    code = """if True:
        import sys
        from lrfit.cli.group import run
        print(run(sys.argv[1:]), "llvmlite" in sys.modules, file=sys.stderr)
    """
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    returned, is_loaded = result.stderr.split()[-2:]
    assert returned == "0", result.stderr
    return is_loaded == "True"


def test_little_work_is_done_without_machine_code_and_much_work_with_it():
    run = ("train", LAB, "--lr", "0.001", "-q", "--epochs")
    assert not loads_machine_code(*run, 1000)
    assert loads_machine_code(*run, 25_000)
