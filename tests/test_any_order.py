"""Runs, damaged files and signals in any order: each step keeps the contract, and no file is ever torn.

A run goes on with the bits of one that never stopped. That is what runs without any fault are the oracle of.
"""

from __future__ import annotations

import csv
import io
import json
import os
import posix
import signal
import sys
import time
import warnings
from functools import cache, wraps
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from commands_run import Result, assert_within_the_contract, run_command
from depth import cases
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lrfit import __main__ as program

DATA = b"x,z,y\n" + b"".join(b"%d,%d.5,%d\n" % (i, i * i % 7, 3 * i - i % 4) for i in range(11))
KINDS = {
    "full batch": "--lr 0.01",
    "mini-batches": "--batch-size 3 --momentum 0.5 --average --lr 0.001",
    "rows held out": "--standardize --validation-fraction 0.3 --nesterov --momentum 0.5 --l2 0.1 --lr 0.1",
}
MODEL, HISTORY = "m.json", "h.csv"

places = st.floats(0.0, 1.0, exclude_max=True)
few = st.integers(1, 9)


@cache
def whole_run(kind, n_epochs):
    """The model and the history that a run without faults leaves."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in (MODEL, HISTORY)]
        data, *paths = Path(folder, "d.csv"), *files
        data.write_bytes(DATA)
        said = [data, *KINDS[kind].split(), "--executor", "numpy", "--epochs", n_epochs, "-q"]
        assert run_command("train", *said, "-o", paths[0], "--history", paths[1]).code == 0
        return tuple(path.read_bytes() for path in files)


def epochs_of(model):
    return json.loads(model)["training"]["epochs"]


def as_a_last_one(checkpoint):
    """The document of a run that ended where this one was saved."""
    return checkpoint.replace(b'"stopped": "checkpoint"', b'"stopped": "epochs"')


@st.composite
def damages(draw):
    """What may become of the bytes of a file; not always a change."""
    kind, place = draw(st.sampled_from(["replace", "delete", "insert", "cut"])), draw(places)
    byte = bytes([draw(st.integers(0, 255) | st.sampled_from(b'"0123456789.,:-+eE{}[]\n\0'))])

    def damaged(content):
        i = int(place * len(content))
        end = {"replace": i + 1, "delete": i + 1 + int(place * 9), "insert": i, "cut": len(content)}[kind]
        return content[:i] + byte * (kind in ("replace", "insert")) + content[end:]

    return damaged


def of_a_run(step):
    """A step that does nothing before there is a run: no precondition, for what is there depends on time."""

    @wraps(step)
    def stepped(self, **drawn):
        if self.n_epochs:
            step(self, **drawn)

    return stepped


class AnyOrder(RuleBasedStateMachine):
    """A folder with data, and with the model and history of a run, once there is one.

    Attributes of a run: `n_epochs` done, and the epoch `first` with which its history begins.
    """

    def __init__(self):
        super().__init__()
        self._folder = TemporaryDirectory()
        self._before = Path.cwd()
        os.chdir(self._folder.name)
        Path("d.csv").write_bytes(DATA)
        self.n_epochs = self.first = 0

    def teardown(self):
        os.chdir(self._before)
        self._folder.cleanup()

    @initialize(kind=st.sampled_from(list(KINDS)))
    def choose(self, kind):
        self.kind = kind

    @property
    def expected(self):
        """The model and the history as they have to be."""
        model, history = whole_run(self.kind, self.n_epochs)
        header, *rows = history.splitlines(keepends=True)
        return model, header + b"".join(rows[self.first :])

    @property
    def found(self):
        return tuple(Path(name).read_bytes() for name in (MODEL, HISTORY))

    def said(self, n_epochs, *more, history=HISTORY):
        """A run from the start, or from where the last one ended."""
        start = ["--resume", MODEL] if self.n_epochs else KINDS[self.kind].split()
        files = ["-o", MODEL, "--history", history]
        return ["train", "d.csv", *start, *files, "--epochs", n_epochs, "--executor", "numpy", *more]

    @invariant()
    def files_are_whole(self):
        """And no other is there."""
        names = sorted(path.name for path in Path().iterdir())
        assert names == ["d.csv", *[HISTORY, MODEL] * bool(self.n_epochs)]
        if self.n_epochs:
            assert self.found == self.expected

    # What goes well.

    @rule(n_epochs=few, every=st.none() | few)
    def train_or_resume(self, n_epochs, every):
        """k epochs and N - k more are N, bit for bit."""
        checkpoints = [] if every is None else ["--checkpoint-every", every]
        assert self.run(*self.said(n_epochs, *checkpoints)).code == 0
        self.n_epochs += n_epochs

    @rule()
    @of_a_run
    def begin_anew(self):
        for name in (MODEL, HISTORY):
            Path(name).unlink()
        self.n_epochs = self.first = 0

    @rule(command=st.sampled_from(["predict", "evaluate"]))
    @of_a_run
    def apply(self, command):
        assert self.run(command, MODEL, "d.csv").code == 0

    # What is wrong with what is asked for.

    @rule(
        wrong=st.sampled_from(
            [
                (3, "--lr 1e9 --allow-changes"),
                (3, "--lr 1e300 --allow-changes --batch-size 2"),
                (1, "-y nobody"),
                (1, "-o nowhere/m.json"),
                (2, f"--history {MODEL}"),
                (2, "--validation d.csv -o d.csv"),
                (2, "--lr nan"),
            ]
        )
    )
    def ask_for_what_is_wrong(self, wrong):
        """Each refusal leaves all as it was, and has its own code."""
        code, arguments = wrong
        words = arguments.split()
        if not self.n_epochs:
            words = [word for word in words if word != "--allow-changes"]
        elif "nobody" in words:
            code = 2  # the columns are the model's, whatever the data have
        assert self.run(*self.said(50, *words)).code == code

    # Files that are damaged.

    @rule(damage=damages(), command=st.sampled_from(["predict", "evaluate", "resume"]))
    @of_a_run
    def damage_the_model(self, damage, command):
        """It is refused by name; or it can be read, and counts for what it says."""
        intact, history = self.found
        damaged = damage(intact)
        Path(MODEL).write_bytes(damaged)
        if command == "resume":
            result = self.run(*self.said(3)[:-6], "-q", "--epochs", "3", "-o", "x.json")
            Path("x.json").unlink(missing_ok=True)
        else:
            result = self.run(command, MODEL, "d.csv", *["--only"] * (command == "predict"))
        if result.code == 0:
            numbers = json.loads(damaged.decode("utf-8-sig"))
            parameters = [*numbers["weights"].values(), numbers["intercept"]]
            assert all(isfinite(value) for value in parameters)
            if command == "predict":
                rows = csv.DictReader(io.StringIO(DATA.decode()))
                values = [
                    sum(w * float(row[name]) for name, w in numbers["weights"].items()) + numbers["intercept"]
                    for row in rows
                ]
                assert [float(line) for line in result.out.splitlines()[1:]] == pytest.approx(values)
        elif result.code == 1:
            assert result.out == b""
            assert json_of(damaged) != json.loads(intact)
        Path(MODEL).write_bytes(intact)
        assert self.found == (intact, history)

    @rule(damage=damages(), command=st.sampled_from(["train", "predict", "evaluate"]))
    def damage_the_data(self, damage, command):
        """Nothing is saved of data that are refused, nor goes on with others."""
        damaged = damage(DATA)
        Path("d.csv").write_bytes(damaged)
        if command == "train":
            result = self.run(*self.said(2))
            if self.n_epochs and result.code == 0:
                self.n_epochs += 2
            elif result.code == 0:  # these are other data
                Path(MODEL).unlink()
                Path(HISTORY).unlink()
        elif self.n_epochs:
            self.run(command, MODEL, "d.csv")
        Path("d.csv").write_bytes(DATA)

    @rule(damage=damages())
    @of_a_run
    def damage_the_history(self, damage):
        """It is continued if it leads up to where the run goes on; else all stays as it was."""
        model, history = self.found
        damaged = damage(history)
        Path(HISTORY).write_bytes(damaged)
        result = self.run(*self.said(2))
        if result.code == 0:
            self.n_epochs += 2
            assert self.found[0] == self.expected[0]
            assert self.found[1].splitlines()[-2:] == self.expected[1].splitlines()[-2:]
        else:
            assert (result.code, self.found) == (2, (model, damaged))
        Path(HISTORY).write_bytes(self.expected[1])

    # Signals.

    @rule(
        number=st.sampled_from([signal.SIGINT, signal.SIGTERM, signal.SIGKILL]),
        delay_s=st.floats(0.0, 0.1),
        every=st.none() | few,
    )
    def stop_a_run(self, number, delay_s, every):
        """Where it was, or at a checkpoint, from which it goes on."""
        before = self.found if self.n_epochs else None
        checkpoints = [] if every is None else ["--checkpoint-every", every]
        result = run_and_signal(self.said(300, *checkpoints), number, delay_s)
        left = [path for path in Path().iterdir() if path.name.startswith(".lrfit-")]
        if result.code == -signal.SIGKILL:  # which leaves nobody to clean up
            for path in left:
                path.unlink()
        assert "Traceback" not in result.err, result
        assert result.code in (0, {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number), -number), result
        assert result.code in (0, 130, 143, -signal.SIGTERM, -signal.SIGKILL), result
        if not Path(MODEL).exists() or (before and Path(MODEL).read_bytes() == before[0]):
            assert result.code
            if result.code == -signal.SIGKILL and Path(HISTORY).exists():  # which comes before the model
                assert Path(HISTORY).read_bytes().startswith(before[1] if before else b"epoch,loss,")
                Path(HISTORY).write_bytes(before[1]) if before else Path(HISTORY).unlink()
            return
        reached = epochs_of(Path(MODEL).read_bytes())
        assert self.n_epochs < reached <= self.n_epochs + 300
        assert reached == self.n_epochs + 300 or reached % every == 0
        came_from, self.n_epochs = self.n_epochs, reached
        model, history = self.expected
        assert as_a_last_one(Path(MODEL).read_bytes()) == model
        if result.code == 0:
            assert self.found == self.expected
        elif not Path(HISTORY).exists() or Path(HISTORY).read_bytes() == (before or (b"", b""))[1]:
            assert result.code not in (130, 143), (
                "a run that is interrupted after a checkpoint leaves its history"
            )
            self.first = reached
        else:  # as it is after a signal: up to a later epoch, perhaps
            lines = Path(HISTORY).read_bytes().splitlines(keepends=True)
            assert lines[: history.count(b"\n")] == history.splitlines(keepends=True)
            assert lines[-1].endswith(b"\n")
        if self.first == reached:
            Path(HISTORY).unlink(missing_ok=True)
        assert self.run(*self.said(1)).code == 0
        self.n_epochs += 1
        assert came_from < self.n_epochs

    def run(self, *arguments):
        result = run_command(*arguments)
        assert_within_the_contract(result)
        return result


def json_of(document):
    try:
        return json.loads(document.decode("utf-8-sig"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def unique(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def run_and_signal(arguments, number, delay_s):
    """Run in a process that gets the signal so long after its start; what it came to."""
    names = [Path(".out"), Path(".err")]
    out, err = (os.open(name, os.O_RDWR | os.O_CREAT) for name in names)
    for name in names:
        name.unlink()
    ready, is_ready = os.pipe()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # there are no threads
        process = os.fork()
    if not process:
        try:
            _become(arguments, out, err, is_ready)
        finally:  # also where the signal comes as late as that
            os._exit(130)
    os.close(is_ready)
    assert os.read(ready, 1) == b"!"
    time.sleep(delay_s)
    os.kill(process, number)
    _, status = os.waitpid(process, 0)
    texts = []
    for descriptor in (out, err):
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "rb") as file:
            texts.append(file.read())
    os.close(ready)
    return Result(tuple(arguments), os.waitstatus_to_exitcode(status), texts[0], texts[1].decode())


def _become(arguments, out, err, is_ready):
    """Be `lrfit` with these arguments, until the end."""
    code = 130  # wherever Ctrl-C is not taken care of: before `main`, and behind it
    try:
        os._exit = posix._exit  # not that of coverage, which could wait for ever for a lock of its own
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdin, sys.stdout = io.StringIO(), io.TextIOWrapper(os.fdopen(1, "wb"), "utf-8")
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb"), "utf-8", "backslashreplace", write_through=True)
        sys.argv = ["lrfit", *map(str, arguments)]
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, {signal.SIGINT: signal.default_int_handler}.get(number, signal.SIG_DFL))
        os.write(is_ready, b"!")
        program.main()
    except SystemExit as end:
        code = end.code
    except Exception as error:  # noqa: BLE001 (it is told to the other process)
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        os._exit(code)


AnyOrder.TestCase.settings = settings(
    max_examples=cases(8, 1000),
    stateful_step_count=cases(10, 40),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
