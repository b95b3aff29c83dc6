"""The files that a run writes on its way: its history, which continues that of before, and checkpoints."""

import os
import subprocess
import sys
from dataclasses import replace
from math import inf
from pathlib import Path

import oracles
import pytest
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.errors import DivergenceError, UsageError
from lrfit.training.history_file import history_header, history_row
from lrfit.training.loop import descend
from lrfit.training.run_files import RunFiles
from lrfit.training.settings import TrainingSettings

RECORDS = list(descend(plan_of(Moments.of_rows(oracles.lab_rows()), TrainingSettings(epochs=9))))


def lines(first, last):
    """The history of these epochs, without its header."""
    return "".join(history_row(record, intercept=True) for record in RECORDS[first : last + 1])


HEADER = history_header(["x"], intercept=True)
WHOLE = HEADER + lines(0, 9)


@pytest.fixture
def history(tmp_path):
    return tmp_path / "h.csv"


def journal(tmp_path, *, history=True, every=None, continues=False):
    return RunFiles(
        ["x"],
        intercept=True,
        history=str(tmp_path / "h.csv") if history else None,
        model=str(tmp_path / "m.json") if every else None,
        every=every,
        continues=continues,
        document=lambda record: f"epoch {record.epoch}".encode(),
    )


def follow(written, records):
    with written:
        for record in records:
            written.write(record)
    return written


def write(tmp_path, records, **attributes):
    return follow(journal(tmp_path, **attributes), records)


def test_the_history_of_a_first_run_is_all_of_its_records(tmp_path, history):
    history.write_text("old")
    write(tmp_path, RECORDS)
    assert history.read_text() == WHOLE


@pytest.mark.parametrize("last", [4, 5, 9])
def test_a_history_that_is_there_is_continued_from_the_epoch_of_the_start(tmp_path, history, last):
    """What it has of later epochs (of a run that was interrupted after a checkpoint) is done again."""
    history.write_text(HEADER + lines(0, last))
    write(tmp_path, RECORDS[4:], continues=True)
    assert history.read_text() == WHOLE


def test_a_line_that_was_cut_off_after_the_start_is_no_obstacle(tmp_path, history):
    history.write_text((HEADER + lines(0, 7))[:-20])
    write(tmp_path, RECORDS[4:], continues=True)
    assert history.read_text() == WHOLE


def test_a_run_that_only_starts_from_the_parameters_of_another_has_a_history_of_its_own(tmp_path, history):
    history.write_text(HEADER + lines(0, 9))
    write(tmp_path, RECORDS[4:])
    assert history.read_text() == HEADER + lines(4, 9)


@pytest.mark.parametrize("first", [0, 4])
def test_where_there_is_no_history_it_begins_with_the_start(tmp_path, history, first):
    write(tmp_path, RECORDS[first:], continues=True)
    assert history.read_text() == HEADER + lines(first, 9)


def test_a_run_that_went_on_from_its_very_start_continues_its_history(tmp_path, history):
    """A model can be of epoch 0: of a start that was close enough."""
    history.write_text(HEADER + lines(0, 0))
    write(tmp_path, RECORDS, continues=True)
    assert history.read_text() == WHOLE


@pytest.mark.parametrize(
    "old",
    [
        "",
        "a diary",
        HEADER,
        HEADER + lines(0, 3),
        (HEADER + lines(0, 4))[:-1],
        HEADER.replace("W[x]", "W[z]") + lines(0, 9),
        HEADER.replace("gradient_norm", "gradient_norm,validation_loss") + lines(0, 9),
        HEADER + lines(0, 9).replace(repr(RECORDS[4].loss), repr(RECORDS[4].loss * (1 + 1e-15))),
        lines(0, 9),
    ],
)
def test_a_history_that_does_not_lead_to_the_start_is_refused_and_left(tmp_path, history, old):
    history.write_text(old)
    with pytest.raises(UsageError, match=r"h\.csv' is not the history of the run .* up to its epoch 4: name"):
        write(tmp_path, RECORDS[4:], continues=True)
    assert history.read_text() == old
    assert [path.name for path in tmp_path.iterdir()] == ["h.csv"]


def test_a_history_to_a_stream_has_no_past(tmp_path, history):
    os.mkfifo(history)
    with subprocess.Popen(["cat", history], stdout=subprocess.PIPE) as reader:
        try:
            write(tmp_path, RECORDS[4:6], continues=True)
            assert reader.communicate(timeout=10)[0].decode() == HEADER + lines(4, 5)
        finally:
            reader.kill()  # else it waits forever for a writer that failed


@pytest.mark.parametrize("every", [1, 3, 4, 9, 10])
@pytest.mark.parametrize("start", [0, 3])
def test_checkpoints_are_written_at_multiples_but_not_at_the_start(tmp_path, every, start):
    model = tmp_path / "m.json"
    seen = []
    with journal(tmp_path, history=False, every=every) as written:
        for record in RECORDS[start:]:
            written.write(record)
            seen.append(written.checkpoint)
            assert model.exists() == (written.checkpoint is not None)
            assert not model.exists() or model.read_text() == f"epoch {written.checkpoint}"
    assert sorted({epoch for epoch in seen if epoch is not None}) == [
        epoch for epoch in range(start + 1, 9) if epoch % every == 0
    ]
    assert model.read_text() == "epoch 9"
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]


def test_it_needs_each_epoch_for_a_history_else_those_of_checkpoints(tmp_path):
    with journal(tmp_path) as every_epoch:
        assert [every_epoch.next_due(epoch) for epoch in range(4)] == [1, 2, 3, 4]
    checkpoints = journal(tmp_path, history=False, every=3)
    assert [checkpoints.next_due(epoch) for epoch in range(7)] == [3, 3, 3, 6, 6, 6, 9]
    assert journal(tmp_path, history=False).next_due(0) == inf


def test_an_epoch_that_diverged_is_in_the_history_but_never_in_a_model(tmp_path, history):
    def diverge():
        with journal(tmp_path, every=2) as written:
            for record in [*RECORDS[:4], replace(RECORDS[4], stopped="diverged")]:
                written.write(record)
            raise DivergenceError("it diverged")

    with pytest.raises(DivergenceError):
        diverge()
    assert (tmp_path / "m.json").read_text() == "epoch 2"
    assert history.read_text() == HEADER + lines(0, 4)


def test_the_model_of_the_end_comes_after_the_history_which_it_would_need_to_go_on(tmp_path, history):
    with journal(tmp_path, every=50) as written:
        for record in RECORDS:
            written.write(record)
        written._document = lambda _: history.read_bytes()
    assert (tmp_path / "m.json").read_text() == WHOLE


@pytest.mark.parametrize(
    "error", [RuntimeError(), KeyboardInterrupt(), DivergenceError("it diverged")], ids=type
)
@pytest.mark.parametrize("every", [None, 2, 9])
def test_the_history_of_a_run_that_fails_is_dropped_unless_there_is_a_checkpoint(
    tmp_path, history, error, every
):
    """From which the run can go on."""
    history.write_text("old")

    def fail():
        with journal(tmp_path, every=every) as written:
            for record in RECORDS[:6]:
                written.write(record)
            raise error

    with pytest.raises(type(error)):
        fail()
    is_kept = every == 2
    assert history.read_text() == (HEADER + lines(0, 5) if is_kept else "old")
    assert {path.name for path in tmp_path.iterdir()} == {"h.csv", *["m.json"] * (every == 2)}


PROGRAM = """
import os, signal
from pathlib import Path
from lrfit.system.interrupts import end_on_signals
from training.test_run_files import RECORDS, journal
end_on_signals()
once = iter([signal.SIGTERM])
os.fsync = lambda file: [signal.raise_signal(number) for number in once]
with journal(Path("."), every=2) as written:
    for record in RECORDS[:6]:
        written.write(record)
        print(record.epoch, flush=True)
"""


def test_a_signal_waits_until_a_checkpoint_is_written_and_keeps_its_history(tmp_path):
    """What is said to be saved is what is in the files."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        timeout=20,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (143, b"0\n1\n", b"lrfit: interrupted\n")
    assert (tmp_path / "m.json").read_text() == "epoch 2"
    assert (tmp_path / "h.csv").read_text() == HEADER + lines(0, 2)
    assert len(list(tmp_path.iterdir())) == 2
