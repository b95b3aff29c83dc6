"""Ranges of blocks are those of the whole file, whoever reads them; messages are those of one machine."""

import gzip
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clusters import Here, Joined, nothing
from csv_oracle import NO_NUMBERS
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv import blocks, ranges
from lrfit.data.csv.blocks import Source, open_source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.ranges import ranges_of, work_on
from lrfit.data.csv.table import CsvTable
from lrfit.data.file_mark import FileMark
from lrfit.data.hold_out import HoldOut
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data
from lrfit.errors import ClusterError, DataError
from lrfit.messages import shown

FIELDS = st.sampled_from(["1", "22", '"a\nb"', '"say ""x"""', "", '"\r\n,"', "x" * 30, '"'])


@st.composite
def texts(draw):
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r", "\n\n"]]))
    rows = draw(st.lists(st.lists(FIELDS, min_size=1, max_size=3), max_size=20))
    text = "".join(",".join(row) + draw(st.sampled_from(ends)) for row in rows)
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


@given(texts(), st.integers(4, 30), st.sampled_from([1, 2, 4]))
@settings(max_examples=cases(200, 5000), deadline=None)
def test_the_blocks_of_ranges_are_those_of_the_file(text, block_bytes, n_blocks):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        patch.setattr(ranges, "RANGE_BLOCKS", n_blocks)
        source = Source(io.BytesIO(text), "data", path="data")
        whole = list(source.blocks())
        source.n_blocks = 1
        found, is_quoted = [], False
        for some in ranges_of(source, len(whole[0])):
            for hypothesis in (False, True):
                quoted = []
                read = list(replace(some, is_quoted=hypothesis).blocks(source.stored, quoted))
                if hypothesis == is_quoted:
                    found += read
                    behind = quoted[-1]
            is_quoted = behind
    assert found == whole


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Blocks of 64 bytes, ranges of two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(ranges, "RANGE_BLOCKS", 2)


def rows_csv(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    lines = [
        f'{x:.5f},{y:.5f},{i % 3},"{"abc"[i % 3]}\n{i % 2}",2026-01-{i % 28 + 1:02d},{i > n_rows / 2}\n'
        for i, (x, y) in enumerate(rng.normal(size=(n_rows, 2)))
    ]
    return "x,y,w,word,day,half\n" + "".join(lines)


def outcome(cluster, **columns):
    hold_out = columns.pop("hold_out", None)
    wanted = ColumnRequest(**{"x": ("x",), "y": "y"} | columns)
    request = TableRequest(("a.csv", "b.csv"), columns=wanted)
    groups = read_training_data(request, hold_out=hold_out, cluster=cluster)
    return [
        (
            data.features,
            data.group,
            data.sample.fingerprint,
            *(
                (m.n_samples, m.mean.tobytes(), m.factor.tobytes(), m.total_weight)
                for m in (data.moments, data.held_out)
                if m
            ),
        )
        for data in groups
    ]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"x": ("x", "day"), "dates": ("day",)},
        {"x": ("x", "word"), "categories": ("word",)},
        {"weights": "w"},
        {"by": "word"},
        {"x": ("x", "word"), "categories": ("word",), "weights": "w", "by": "half"},
        {"hold_out": HoldOut(0.3, seed=2)},
    ],
)
def test_workers_give_the_bits_of_one_machine(columns):
    Path("a.csv").write_text(rows_csv(60))
    Path("b.csv").write_text(rows_csv(45, seed=1))
    cluster = Here()
    assert outcome(cluster, **columns) == outcome(None, **columns)
    assert cluster.n_maps > 2  # a quote was open where a range begins, so it was read again


def message(cluster, path="third.csv", **request):
    names = ["first.csv", "second.csv", path, "fourth.csv", "fifth.csv"]
    with pytest.raises(DataError) as error:
        read_training_data(TableRequest(tuple(names), **request), cluster=cluster)
    return str(error.value)


@pytest.fixture
def five(small):  # noqa: ARG001 (sets the size of blocks)
    for name in ("first", "second", "fourth", "fifth"):
        Path(f"{name}.csv").write_text("x,y\n" + "1,2\n" * 50)


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_a_cell_that_is_no_number_gets_the_message_of_one_machine(cell):
    Path("third.csv").write_bytes(("x,y\n" + "1,2\n" * 100 + f"{cell},2\n" + "1,2\n" * 100).encode())
    alone = message(None)
    assert message(Here()) == alone
    assert alone.startswith(f"'third.csv', line 102, column 'x': {shown(cell)} ")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    "damage",
    [
        b"1,2,3\n", b"1\n", b'"1,2\n', b'1,"2\n', b'"1"2,3\n', b",2\n", b"1,NA\n", b"\xff,2\n",
        b"1,2\n,\n1,\n", b"x" * 400 + b"\n", b"1,inf\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("line", [3, 40, 199])
def test_a_damaged_row_gets_the_message_of_one_machine(damage, line):
    rows = [b"1,2\n"] * 200
    rows[line - 2] = damage
    Path("third.csv").write_bytes(b"x,y\n" + b"".join(rows) + b",5\n" * (line == 40))
    assert message(Here()) == message(None)


@pytest.mark.usefixtures("five")
def test_what_is_left_out_is_counted():
    Path("third.csv").write_text("x,y\n" + "1,2\n,2\n3,\n" * 50)
    request = TableRequest(("first.csv", "third.csv"), missing="drop")
    counts = [read_training_data(request, cluster=cluster)[0].moments.n_samples for cluster in (None, Here())]
    assert counts == [100, 100]


@pytest.mark.usefixtures("small")
def test_another_file_of_the_same_name_is_refused():
    Path("a.csv").write_text(rows_csv(50))
    with open_source("a.csv") as source:
        some = next(ranges_of(source, 0))
    for content in (rows_csv(50, seed=1), rows_csv(51)):
        Path("a.csv").write_text(content)
        with pytest.raises(DataError, match="is another file than where the run was started"):
            work_on(some, pytest.fail)
    Path("a.csv").unlink()
    with pytest.raises(DataError, match="cannot be opened"):
        work_on(some, pytest.fail)


def joined(block):
    return Joined([block])


@pytest.mark.usefixtures("small")
def test_what_a_worker_alone_cannot_read_is_said():
    class Broken(Here):
        def map(self, function, items):
            for item, answer in super().map(function, items):
                yield item, replace(answer, refused=ranges.Place(item.first, 0, is_quoted=False))

    Path("a.csv").write_text(rows_csv(50))
    with open_source("a.csv") as source:
        table = CsvTable(source, CsvFormat(), cluster=Broken())
        with pytest.raises(ClusterError, match=r"^a worker cannot read a part of 'a.csv' that"):
            list(table.map_blocks(joined, ["x"]))


@pytest.mark.usefixtures("small")
def test_progress_goes_on_while_workers_read():
    told = []
    Path("a.csv").write_text(rows_csv(50))
    with open_source("a.csv", on_read=lambda *read: told.append(read)) as source:
        list(CsvTable(source, CsvFormat(), cluster=Here()).map_blocks(joined, ["x"]))
    n_bytes = Path("a.csv").stat().st_size
    assert told == [(min(n, n_bytes), n_bytes) for n in range(128, n_bytes + 128, 128)]


def test_a_mark_is_of_the_size_and_the_beginning():
    one, longer, other = (FileMark.of(io.BytesIO(text)) for text in (b"abc", b"abcd", b"abd"))
    assert len({one, longer, other}) == 3


WHOLE = [
    {"comment": "#"},
    {"skip": 1},
    {"skip_below": 1},
    {"skip_footer": 1},
    {"encoding": "latin-1"},
    {},
]


def whole_file(content, packed, **request):
    title, units, footer = (
        f"{name}\n" * request.get(name, 0) for name in ("skip", "skip_below", "skip_footer")
    )
    header, _, rows = content.partition("\n")
    stored = f"{title}{header}\n{units}{rows}{footer}".encode(request.get("encoding", "utf-8"))
    Path("a.csv").write_bytes(gzip.compress(stored) if packed else stored)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("request_", WHOLE)
@pytest.mark.parametrize("bad", ["", "1,x,1,a,2026-01-01,u\n"])
def test_what_cannot_be_divided_is_read_by_one_worker_with_the_same_bits_and_messages(request_, bad):
    whole_file(rows_csv(60) + bad + rows_csv(5).partition("\n")[2], not request_, **request_)
    columns = ColumnRequest(x=("x",), y="y")
    outcomes = []
    for cluster in (None, Here()):
        try:
            (data,) = read_training_data(
                TableRequest(("a.csv",), columns=columns, **request_), cluster=cluster
            )
            moments = data.moments
            outcomes.append((data.sample.fingerprint, moments.mean.tobytes(), moments.factor.tobytes()))
        except DataError as error:
            outcomes.append(str(error))
        assert cluster is None or cluster.n_maps == 1
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], str) is bool(bad)


@pytest.mark.usefixtures("small")
def test_standard_input_is_read_here(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rows_csv(50).encode())))
    cluster, columns = Here(), ColumnRequest(x=("x",), y="y")
    (data,) = read_training_data(TableRequest(("-",), columns=columns), cluster=cluster)
    assert (data.moments.n_samples, cluster.n_maps) == (50, 0)


class Ahead(Here):
    """A cluster that tells what it was given before it was asked for results."""

    def __init__(self):
        super().__init__()
        self.given = []

    def map(self, function, items, needs=nothing):
        items = list(items)
        self.given += [item.name for item in items]
        return super().map(function, items, needs)


@pytest.mark.usefixtures("five")
def test_workers_get_files_before_their_turn_and_errors_keep_theirs():
    Path("third.csv").write_text("x,y\n1,2\nx,2\n")
    Path("fourth.csv").write_text("x,z\n1,2\n")
    cluster = Ahead()
    alone = message(None)
    assert message(cluster) == alone
    assert alone.startswith("'third.csv', line 3, column 'x'")
    assert "'fifth.csv'" in cluster.given
