"""Row groups on a cluster: the bits and the messages of one machine."""

import numpy as np
import pytest
from clusters import Here

from lrfit.data.column_names import ColumnRequest
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data
from lrfit.errors import DataError
from lrfit.system.listener import Listener

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
ipc = pytest.importorskip("pyarrow.ipc")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table_of(n_rows, **changed):
    rng = np.random.default_rng(5)
    columns = {"x": rng.normal(size=n_rows), "y": rng.normal(size=n_rows), "word": ["a", "b"] * (n_rows // 2)}
    return pa.table(columns | changed)


def outcome(cluster, **columns):
    wanted = ColumnRequest(**{"x": ("x",), "y": "y"} | columns)
    data = read_training_data(TableRequest(("a", "b"), columns=wanted), cluster=cluster)
    return [(d.sample.fingerprint, d.moments.mean.tobytes(), d.moments.factor.tobytes()) for d in data]


@pytest.mark.parametrize("columns", [{}, {"x": ("x", "word"), "categories": ("word",)}, {"by": "word"}])
def test_workers_give_the_bits_of_one_machine(columns):
    parquet.write_table(table_of(20_000), "a", row_group_size=7_000)
    parquet.write_table(table_of(300), "b", row_group_size=100)
    assert outcome(Here(), **columns) == outcome(None, **columns)


@pytest.mark.parametrize("place", [0, 150, 299])
@pytest.mark.parametrize("value", [None, np.inf])
def test_the_message_is_that_of_one_machine(place, value):
    numbers = list(range(300))
    numbers[place] = value
    parquet.write_table(table_of(300), "a")
    parquet.write_table(table_of(300, x=pa.array(numbers, pa.float64())), "b", row_group_size=100)
    messages = []
    for cluster in (None, Here()):
        with pytest.raises(DataError) as error:
            outcome(cluster)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert messages[0].startswith(f"'b', row {place + 1} (from 1), column 'x'")


def test_what_cannot_be_divided_is_read_here_and_that_is_said():
    class Heard(Listener):
        notes = ()

        def note(self, text):
            self.notes += (text,)

    with ipc.new_file("a", table_of(300).schema) as writer:
        writer.write_table(table_of(300))
    heard = Heard()
    wanted = ColumnRequest(x=("x",), y="y")
    (data,) = read_training_data(TableRequest(("a",), columns=wanted), heard, cluster=Here())
    assert data.moments.n_samples == 300
    assert heard.notes[0] == "'a': read by this process alone, as it cannot be divided"
