"""The data of a run: the columns that are asked for, and rows as far as they are wanted."""

import numpy as np
import oracles
import pytest

from lrfit.data.block import Block, BlockCounts
from lrfit.data.columns import ColumnChoice
from lrfit.data.csv import blocks
from lrfit.data.hold_out import HoldOut
from lrfit.data.kinds import Column
from lrfit.data.opening import open_table
from lrfit.data.row_store import RowStore
from lrfit.data.sample import Keeping
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data, training_data_of
from lrfit.errors import DataError
from lrfit.system.listener import Listener

X_AND_Y = ColumnChoice((Column("x"),), "y")

LAB = str(oracles.SAMPLE_DATA / "lab.csv")


def block_of(values):
    return Block(values, None, BlockCounts(values.shape[1], 0))


class Heard(Listener):
    def __init__(self):
        self.notes, self.warnings = [], []

    def note(self, text):
        self.notes.append(text)

    def warn(self, text):
        self.warnings.append(text)


def test_without_a_listener_the_same_is_read_in_silence(capfd):
    heard = Heard()
    (read,), (silent,) = (read_training_data(TableRequest((LAB,)), listener) for listener in (heard, None))
    assert read.sample.fingerprint == silent.sample.fingerprint
    assert (read.features, read.target, read.rows) == (("x",), "y", None)
    assert [note.partition(": ")[2] for note in heard.notes] == ["17 rows, target 'y', features 'x'"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("n_rows", "fraction", "notes"),
    [
        (1, None, ["'t.csv': 1 row, target 'y', features 'x'"]),
        (2, None, ["'t.csv': 2 rows, target 'y', features 'x'"]),
        (2, 0.5, ["'t.csv': 2 rows, target 'y', features 'x'", "training on 1 row, validating on 1"]),
        (9, 0.5, ["'t.csv': 9 rows, target 'y', features 'x'", "training on 4 rows, validating on 5"]),
    ],
)
def test_rows_are_counted_as_they_were_read(tmp_path, monkeypatch, n_rows, fraction, notes):
    """With none that lacks a value; and with those that are held out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x,y\n" + "1,2\n" * n_rows + "NA,3\n")
    heard = Heard()
    hold_out = HoldOut(fraction) if fraction else None
    (read,) = read_training_data(TableRequest(("t.csv",), missing="drop"), heard, hold_out=hold_out)
    assert read.moments.n_samples == (n_rows if hold_out is None else n_rows - read.held_out.n_samples)
    assert heard.notes == notes


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("x,y\n1,2\n,3\n", "left out a row with a missing value"),
        ("x,y\n9007199254740993,2\n", "an integer beyond 2^53 was read; its last digits may be lost"),
    ],
)
def test_what_is_noticed_in_a_table_is_heard_at_its_end(tmp_path, text, warning):
    path = tmp_path / "t.csv"
    path.write_text(text)
    request, heard = TableRequest((str(path),), missing="drop"), Heard()
    for listener in (heard, None):
        with open_table(request, listener) as table:
            assert list(table.map_blocks(lambda block: block.counts.n_rows, ["x"])) == [(0, 1)]
    assert heard.warnings == [warning]


def test_rows_are_kept_if_there_are_no_more_than_asked_for():
    of_most = {most: read_training_data(TableRequest((LAB,)), keeping=Keeping(most))[0] for most in (16, 17)}
    assert len(of_most[17].rows) == 17
    assert of_most[16].rows is None


def test_of_more_rows_than_are_wanted_no_more_are_kept(monkeypatch):
    appended = []
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    monkeypatch.setattr(RowStore, "append", lambda _, rows: appended.append(len(rows)))
    monkeypatch.setattr(RowStore, "__len__", lambda _: sum(appended))
    assert read_training_data(TableRequest((LAB,)), keeping=Keeping(3))[0].rows is None
    assert 3 < sum(appended) < 17


def test_rows_in_memory_are_those_of_a_file():
    (held,) = training_data_of(block_of(oracles.lab_rows().T.copy()), X_AND_Y, hold_out=HoldOut(0.3))
    (read,) = read_training_data(TableRequest((LAB,)), hold_out=HoldOut(0.3), keeping=Keeping(17))
    assert held.sample.fingerprint == read.sample.fingerprint
    assert held.rows.rows().tobytes() == read.rows.rows().tobytes()
    assert held.held_out.mean.tobytes() == read.held_out.mean.tobytes()


def test_no_rows_in_memory_are_refused():
    with pytest.raises(DataError, match="there are no rows"):
        training_data_of(block_of(np.zeros((2, 0))), X_AND_Y)
    with pytest.raises(DataError, match="no row is held out of 1"):
        training_data_of(block_of(np.zeros((2, 1))), X_AND_Y, hold_out=HoldOut(1e-9))
