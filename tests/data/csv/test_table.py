"""Tables: columns come by name, in any number of blocks and processes, and no row is lost."""

import os
import re

import numpy as np
import pytest
from csv_tables import NUMBERS, blocks_of, read_columns, table_of, values_of
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.data.block import Block, BlockCounts
from lrfit.data.csv import blocks
from lrfit.data.csv import parse as csv_block
from lrfit.data.csv.blocks import open_source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import CsvTable
from lrfit.errors import DataError
from lrfit.system import workers


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)


@pytest.fixture
def forked(monkeypatch):
    """Read everything with so many workers, in blocks of 1 KiB."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(workers, "_ALONE_BYTES", 0)

    def with_workers(n_workers):
        monkeypatch.setattr(workers, "_n_workers", lambda: n_workers)

    return with_workers


# Rows, over blocks.


def test_columns_come_in_the_order_asked_for_not_in_that_of_the_file():
    assert values_of(table_of("a,b,c\n1,2,3\n4,5,6\n"), ["c", "a"]) == [[3.0, 1.0], [6.0, 4.0]]


def test_a_column_that_is_not_there_is_refused_before_a_row_is_read():
    table = table_of("a,b\nbad,row,here\n")
    with pytest.raises(DataError, match=r"data has no column 'z', only 'a', 'b'"):
        blocks_of(table, ["a", "z"])


def test_text_in_columns_that_are_not_chosen_does_no_harm():
    content = 'name,x,y\n"Smith, J",1,2\nNA,3,4\n"two\nlines",5,6\n,7,8\n'
    assert read_columns(content, x=["x"]) == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]
    with pytest.raises(DataError, match=r"line 2, column 'name': 'Smith, J' is not.*categories='name'"):
        read_columns(content)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("x;y\n1\n", "separator=';'"),
        ("x\ty\n1\t2\t3\n", r"separator='\t'"),
        ("sep=;\nx;y\n1;2\n", "separator=';'"),
        ("# comment\nx,y\n1,2\n", "'# comment'"),
        ("x,y\n1,5,2,5\n", "line 2: 4 fields, but there are 2 columns"),
        ('x,y\n"1,5",2\n', "decimal=','"),
        ("x,y\n1,2,3\n4,5,6\n", "line 2: 3 fields, but there are 2 columns"),
        ("x,y\n1,2,\n3,4\n", "line 3: 2 fields, but there are 3 columns"),
        ("x,y\n1,2,\n3,4,5\n5,6\n", "line 4: 2 fields, but there are 3 columns"),
        ("x,y,\n1,2\n", "line 2: 2 fields, but there are 3 columns"),
        ("x,y\n1,2\n3\n", "line 3: 1 field, but there are 2 columns"),
    ],
)
def test_a_file_written_otherwise_gets_the_option_or_the_line(content, hint):
    with pytest.raises(DataError, match=re.escape(hint)):
        read_columns(content)


@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1),
    st.integers(1, 60),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([(), ("streaming",)]),
)
@settings(max_examples=cases(100, 200), deadline=None)
def test_values_do_not_depend_on_the_size_of_blocks(rows, block_bytes, end, streaming):
    content = end.join(["a,b,c", *(",".join(map(repr, row)) for row in rows)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        table = table_of(content, **dict.fromkeys(streaming, True))
        got = np.concatenate([block.values.T for block in blocks_of(table, ["c", "a"])])
    assert got.tobytes() == np.array(rows)[:, [2, 0]].tobytes()
    assert table.n_samples == len(rows)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", [2, 3, 57, 101])
def test_a_bad_cell_is_named_by_its_line_in_whichever_block_it_is(line, end):
    rows = ["1,2"] * 100
    rows[line - 2] = "1,x"
    with pytest.raises(DataError, match=rf"^data, line {line}, column 'y': 'x' is not a number"):
        values_of(table_of(end.join(["x,y", *rows])))


@pytest.mark.usefixtures("small_blocks")
def test_lines_within_quotes_and_blank_ones_count_as_lines():
    content = '\n"na\nme",x,y\n\n' + '"a\r\nb",1,2\n\n' * 20 + "c,1,x\n"
    with pytest.raises(DataError, match=r"^data, line 65, column 'y'"):
        values_of(table_of(content), ["x", "y"])


@pytest.mark.usefixtures("small_blocks")
def test_rows_come_with_their_text_as_it_was_written():
    rows = ['"a,b", 1 ,2.50', "c,+1,1e3", '"d\ne",007,.5', "f,NA,1", "g,1.,2"]
    table = table_of("\r\n".join(["name,x,y", *rows]), drop_missing=True)
    got = list(blocks_of(table, ["y", "x"], with_texts=True))
    assert [text for block in got for text in block.texts] == [*rows[:3], rows[4]]
    assert np.concatenate([block.values.T for block in got]).tolist() == [
        [2.5, 1],
        [1e3, 1],
        [0.5, 7],
        [2, 1],
    ]


# Workers.


def test_workers_read_a_file_but_not_what_is_still_being_written(forked, tmp_path):
    """Rows that come through a pipe are waited for one by one, and have to come out so."""
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + NUMBERS)
    forked(1)
    for streaming in (False, True):
        with open_source(str(path)) as opened:
            table = CsvTable(opened, CsvFormat(), streaming=streaming)
            assert len({process for _, process in table.map_blocks(lambda _: os.getpid(), ["x"])}) == 2
    table = table_of(path.read_bytes(), streaming=True)
    assert {process for _, process in table.map_blocks(lambda _: os.getpid(), ["x"])} == {os.getpid()}


def test_an_error_of_what_is_done_with_the_rows_says_where_they_are(forked):
    def function(block):
        if block.values[0, -1] > 300:
            raise DataError("too large")
        return block.values[0, -1]

    forked(1)
    results = table_of("x,y\n" + NUMBERS).map_blocks(function, ["x"])
    with pytest.raises(DataError, match=r"^data, lines 255 to 303: too large$"):
        list(results)


def test_a_small_table_is_read_without_the_fast_reader_a_large_one_with_it(monkeypatch):
    fast_bytes = []

    def parse_fast(text, *_, with_texts):
        assert not with_texts
        fast_bytes.append(len(text))
        n_rows = text.count(b"\n")
        return Block(np.ones((2, n_rows)), None, BlockCounts(n_rows, n_rows))

    monkeypatch.setattr(csv_block, "parse_fast", parse_fast)
    values_of(table_of("x,y\n" + "1,2\n" * 1000))
    assert not fast_bytes
    values_of(table_of("x,y\n" + "1,2\n" * (1 << 18)))
    assert sum(fast_bytes) == 1 << 20


# Missing values.


@pytest.mark.usefixtures("small_blocks")
def test_missing_values_are_refused_with_their_count_and_the_first_place():
    content = "x,y\n" + "1,2\n" * 30 + "3,NA\n" + "1,2\n" * 30 + ",5\nnull,None\n6,7\n"
    table = table_of(content)
    with pytest.raises(
        DataError, match=r"^data, line 32, column 'y': 3 rows have missing values; the first is here"
    ) as error:
        list(blocks_of(table, ["x", "y"]))
    assert "missing='drop'" in str(error.value)


def test_a_single_missing_value_is_one_row():
    with pytest.raises(DataError, match=r"^data, line 3, column 'x': a missing value; "):
        values_of(table_of("x,y\n1,2\nnan,3\n"))


@pytest.mark.usefixtures("small_blocks")
def test_with_prompt_the_first_missing_value_ends_the_reading():
    """There is no end to wait for."""
    table = table_of("x,y\n1,2\n1,NA\n" + "1,2\n" * 30 + "NA,1\n", streaming=True)
    with pytest.raises(DataError, match=r"^data, line 3, column 'y': a missing value; "):
        list(blocks_of(table, ["x", "y"]))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "cell", ["", " ", "NA", "na", "NaN", "nan", "null", "NULL", "None", "none", '""', '"NA"']
)
@pytest.mark.parametrize("streaming", [False, True])
def test_rows_with_a_missing_value_are_dropped_and_counted_on_demand(cell, streaming):
    content = f"x,y\n{cell},1\n2,3\n" + f"4,{cell}\n" * 20 + "5,6\n"
    table = table_of(content, drop_missing=True, streaming=streaming)
    assert values_of(table) == [[2.0, 3.0], [5.0, 6.0]]
    assert (table.n_samples, table.n_dropped) == (2, 21)


def test_a_missing_value_in_a_column_that_is_not_read_is_none():
    table = table_of("x,y,z\n1,2,\n3,4,NA\n")
    assert values_of(table, ["x", "y"]) == [[1.0, 2.0], [3.0, 4.0]]
    assert table.n_dropped == 0


def test_a_file_that_drops_all_of_its_rows_is_refused():
    with pytest.raises(DataError, match=r"^data has a header, but no rows without a missing value$"):
        values_of(table_of("x,y\n1,\n,2\n", drop_missing=True))


@pytest.mark.usefixtures("small_blocks")
def test_dropping_missing_values_does_not_drop_bad_cells():
    with pytest.raises(DataError, match=r"^data, line 23, column 'x': '-' is not a number"):
        values_of(table_of("x,y\n" + "NA,1\n" * 21 + "-,2\n", drop_missing=True))


# Lost digits.


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("content", "lost"),
    [
        ("x,y\n1,2\n9007199254740993,4\n", True),
        ("x,y\n1,2.5\n3,-9007199254740993\n", True),
        ("x,y\n" + "1,2\n" * 30 + '"9007199254740993",4\n', True),
        ("x,y\n" + "9007199254740993,1\n" + "1,2\n" * 30, True),
        ("x,y\n9007199254740992,-9007199254740992\n", False),
        ("x,y\n1e300,123456789012345678.5\n", False),
        ("x,y,z\n1,2,9007199254740993\n", False),
    ],
)
def test_an_integer_beyond_2_53_is_noted_in_whichever_block_it_is(content, lost):
    table = table_of(content)
    values_of(table, ["x", "y"])
    assert table.lost_digits == lost
