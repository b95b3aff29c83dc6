"""Tables: the header is told from the rows, columns are found by name, and no row is lost."""

import gzip
import io
import os
import re
import subprocess

import numpy as np
import pytest
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.analysis.moments import Moments
from lrfit.data.csv import blocks as source
from lrfit.data.csv import parse as csv_block
from lrfit.data.csv import table as data
from lrfit.data.csv.blocks import Source, open_source
from lrfit.data.csv.format import Counts, CsvFormat, Parsed
from lrfit.data.csv.table import Table, choose_columns, read_sample
from lrfit.data.hold_out import HoldOut
from lrfit.errors import DataError
from lrfit.system import workers


def table_of(content, *, streaming=False, encoding="utf-8", **csv_format):
    stored = content if isinstance(content, bytes) else content.encode()
    return Table(Source(io.BytesIO(stored), "data", encoding), CsvFormat(**csv_format), streaming=streaming)


def rows_of(table, columns, *, with_texts=False):
    """The blocks of a table, as they are parsed."""
    return table.map_blocks(lambda parsed: parsed, columns, with_texts=with_texts)


def values_of(table, columns=None):
    return np.concatenate([parsed.values for parsed in rows_of(table, columns or table.header)]).tolist()


def read_columns(content, x=(), y=None, **csv_format):
    """The values of the columns that are chosen, as the commands read them."""
    table = table_of(content, **csv_format)
    features, target = choose_columns(table.header, x, y, source_name="data")
    return values_of(table, [*features, target])


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(source, "BLOCK_BYTES", 16)


# The header.


@pytest.mark.parametrize(
    ("content", "header", "header_text"),
    [
        ("x,y\n1,2\n", ("x", "y"), "x,y"),
        (" x , y \r\n1,2\r\n", ("x", "y"), " x , y "),
        ("x,y\r1,2\r", ("x", "y"), "x,y"),
        ('"a,b","c ""d"""\n1,2\n', ("a,b", 'c "d"'), '"a,b","c ""d"""'),
        ('"a\nb",y\n1,2\n', ("a\nb", "y"), '"a\nb",y'),
        ("\n\r\n  \nx,y\n1,2\n", ("x", "y"), "x,y"),
        ("\ufeffx,y\n1,2\n", ("x", "y"), "x,y"),
        ('\ufeff"x",y\n1,2\n', ("x", "y"), '"x",y'),
        ("größe,温度\n1,2\n", ("größe", "温度"), "größe,温度"),
        ("x,X\n1,2\n", ("x", "X"), "x,X"),
        ("1,y\n1,2\n", ("1", "y"), "1,y"),
        ("[/red],=1+1\n1,2\n", ("[/red]", "=1+1"), "[/red],=1+1"),
        ("\x1b[31m,\u202ey\n1,2\n", ("\x1b[31m", "\u202ey"), "\x1b[31m,\u202ey"),
    ],
)
def test_the_first_row_that_is_not_blank_names_the_columns(content, header, header_text):
    table = table_of(content)
    assert (table.header, table.header_text) == (header, header_text)
    assert values_of(table) == [[1.0, 2.0]]
    assert table.n_samples == 1


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n", "\ufeff", "  \n\t\n"])
@pytest.mark.parametrize("header", [True, False])
def test_an_empty_file_is_called_empty(content, header):
    with pytest.raises(DataError, match=r"^data is empty: it has neither a header nor rows$"):
        table_of(content, header=header)
    with pytest.raises(DataError, match=r"is empty"):
        table_of(gzip.compress(content.encode()), header=header)


@pytest.mark.parametrize("content", ["x,y", "x,y\n", "\n\nx,y\r\n\r\n", '"x\n",y\n\n'])
def test_a_file_of_a_header_alone_is_said_to_have_no_rows(content):
    with pytest.raises(DataError, match=r"^data has a header, but no rows$"):
        values_of(table_of(content))


@pytest.mark.parametrize(
    ("content", "csv_format"),
    [
        ("1,2\n3,4\n", {}),
        ("1\n2\n", {}),
        (" 1 ,-2.5e3\n3,4\n", {}),
        ('"1","2"\n3,4\n', {}),
        ("\n1,2\n", {}),
        ("1,5;2\n3;4\n", {"separator": ";", "decimal": ","}),
        ("1\t2\n", {"separator": "\t"}),
    ],
)
def test_a_first_row_of_numbers_is_not_eaten_as_a_header(content, csv_format):
    with pytest.raises(DataError, match=r"first row is all numbers .*say --no-header") as error:
        table_of(content, **csv_format)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("content", ["1,NA\n2,3\n", "1,\n2,3\n", "nan,2.5\n2,3\n", "1,2,null\n1,2,3\n"])
def test_a_first_row_of_numbers_and_missing_values_is_not_eaten_either(content):
    with pytest.raises(DataError, match=r"--no-header"):
        table_of(content)


def test_a_long_first_row_of_numbers_is_shown_in_part():
    with pytest.raises(DataError, match=r"'0', '1', .* and 4990 more") as error:
        table_of(",".join(map(str, range(5000))) + "\n")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("content", ["x,y,x\n1,2,3\n", "x, x\n1,2\n", 'x,"x"\n1,2\n'])
def test_two_columns_of_the_same_name_are_refused(content):
    with pytest.raises(DataError, match=r"^data: two columns are named 'x'; rename one$"):
        table_of(content)


@pytest.mark.parametrize(
    ("content", "header", "rows"),
    [
        ("1,2\n3,4\n", ("1", "2"), [[1.0, 2.0], [3.0, 4.0]]),
        ("\n\n1,2,3", ("1", "2", "3"), [[1.0, 2.0, 3.0]]),
        ('"1",2\r\n3,4\r\n', ("1", "2"), [[1.0, 2.0], [3.0, 4.0]]),
        ("\ufeff1,2\n", ("1", "2"), [[1.0, 2.0]]),
    ],
)
def test_without_a_header_columns_are_numbered_and_no_row_is_lost(content, header, rows):
    table = table_of(content, header=False)
    assert (table.header, table.header_text) == (header, None)
    assert values_of(table) == rows


def test_a_header_of_text_under_no_header_is_refused_as_a_cell():
    with pytest.raises(DataError, match=r"line 1, column '1': 'x' is not a number"):
        values_of(table_of("x,y\n1,2\n", header=False))


@pytest.mark.parametrize("content", ['"x,y\n1,2\n', 'x,"y\n1,2\n', '"x"z,y\n1,2\n'])
def test_a_quote_that_a_header_does_not_close_is_refused_at_line_1(content):
    with pytest.raises(DataError, match=r"^data, line 1: a quote opens"):
        table_of(content)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"x\xff,y\n1,2\n", 1),
        (b"x,y\n1,2\n3,4\xff\n", 3),
        (b"x,y,z\n1,2,a\n3,4,caf\xe9\n", 3),
        (b"x,y,z\r1,2,a\r3,4,caf\xe9\r", 3),
    ],
)
def test_bytes_that_are_not_utf_8_are_refused_with_line_and_option(content, line):
    """Wherever they are: in the header, in a number, in a column that is not read."""
    with pytest.raises(DataError, match=rf"^data, line {line}: byte 0x.. is not UTF-8; .*--encoding latin-1"):
        values_of(table_of(content), ["y"])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("with_texts", [True, False])
def test_bytes_that_are_not_utf_8_are_refused_in_a_late_block_too(with_texts):
    content = b"x,y,z\n" + b"1,2,a\n" * 50 + b"1,2,caf\xe9\n" + b"1,2,a\n" * 50
    table = table_of(content)
    with pytest.raises(DataError, match=r"^data, line 52: byte 0xE9 is not UTF-8"):
        list(rows_of(table, ["x", "y"], with_texts=with_texts))


def test_an_encoding_that_is_named_is_used():
    table = table_of("größe,y\n1,2\n".encode("latin-1"), encoding="latin-1")
    assert table.header == ("größe", "y")
    assert values_of(table) == [[1.0, 2.0]]


# Columns.


@pytest.mark.parametrize(
    ("header", "x", "y", "features", "target"),
    [
        (["x", "y"], [], None, ["x"], "y"),
        (["y", "x"], [], None, ["x"], "y"),
        (["x", "y", "z"], [], None, ["x", "z"], "y"),
        (["a", "b", "c"], [], None, ["a", "b"], "c"),
        (["a", "Y"], [], None, ["a"], "Y"),
        (["a", "b", "c"], [], "a", ["b", "c"], "a"),
        (["a", "b", "c"], ["b"], None, ["b"], "c"),
        (["a", "b", "c"], ["c", "a"], "b", ["c", "a"], "b"),
        (["a", "b", ""], ["a"], "b", ["a"], "b"),
        (["a", "intercept"], [], None, ["a"], "intercept"),
    ],
)
def test_the_target_is_y_or_the_last_column_and_the_features_are_the_others(header, x, y, features, target):
    assert choose_columns(header, x, y) == (features, target)


@pytest.mark.parametrize(
    ("header", "x", "y", "message"),
    [
        (["a", "b"], ["z"], None, "data has no column 'z', only 'a', 'b'"),
        (["a", "b"], [], "z", "data has no column 'z', only 'a', 'b'"),
        (["Speed", "y"], ["speed"], None, "no column 'speed', only 'Speed', 'y'; did you mean 'Speed'?"),
        (["speed", "y"], ["sped"], None, "did you mean 'speed'?"),
        (["temp", "TEMP2", "y"], ["TEMP"], None, "did you mean 'temp'?"),
        (["a", "b"], ["a", "a"], None, "column 'a' is chosen twice"),
        (["a", "b"], ["b"], None, "column 'b' is chosen twice"),
        (["a", "b"], ["a"], "a", "column 'a' is chosen twice"),
        (["y"], [], None, "data has only the column 'y', and a line needs two"),
        (["x;y"], [], None, "if ';' separates the columns, say --sep ';'"),
        (["x\ty"], [], None, r"if '\t' separates the columns, say --sep '\t'"),
        (["x|y"], [], None, "say --sep '|'"),
        (["x;y"], ["x"], None, "say --sep ';'"),
        (["sep=;"], [], None, "has only the column 'sep=;', and a line needs two; if ';' separates"),
        (["# made by x"], [], None, "has only the column '# made by x', and a line needs two"),
        (["a", "", "y"], [], None, "data: column 2 has no name; choose the features with -x"),
        (["a", "intercept", "y"], [], None, "a feature cannot be named 'intercept'"),
        (["\x1b[31m", "y"], ["x"], None, r"only '\x1b[31m', 'y'"),
        (["a", "y"], ["\u202ex"], None, r"no column '\u202ex'"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused_with_advice(header, x, y, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        choose_columns(header, x, y, source_name="data")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["z", "c" * 200_000])
def test_at_most_ten_columns_are_listed(name):
    header = [*(f"column_{i}" for i in range(4999)), "d" * 200_000]
    with pytest.raises(DataError, match=r"'column_0', .*'column_9' and 4990 more") as error:
        choose_columns(header, [name])
    assert "column_10'" not in str(error.value)
    assert len(str(error.value)) < 500


def test_columns_come_in_the_order_asked_for_not_in_that_of_the_file():
    assert values_of(table_of("a,b,c\n1,2,3\n4,5,6\n"), ["c", "a"]) == [[3.0, 1.0], [6.0, 4.0]]


def test_a_column_that_is_not_there_is_refused_before_a_row_is_read():
    table = table_of("a,b\nbad,row,here\n")
    with pytest.raises(DataError, match=r"data has no column 'z', only 'a', 'b'"):
        rows_of(table, ["a", "z"])


def test_text_in_columns_that_are_not_chosen_does_no_harm():
    content = 'name,x,y\n"Smith, J",1,2\nNA,3,4\n"two\nlines",5,6\n,7,8\n'
    assert read_columns(content, x=["x"]) == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]
    with pytest.raises(DataError, match=r"line 2, column 'name': 'Smith, J' is not a number.*train on other"):
        read_columns(content)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("x;y\n1;2\n", "--sep ';'"),
        ("x\ty\n1\t2\n", r"--sep '\t'"),
        ("x|y\n1|2\n", "--sep '|'"),
        ("sep=;\nx;y\n1;2\n", "--sep ';'"),
        ("# comment\nx,y\n1,2\n", "'# comment'"),
        ("x,y\n1,5,2,5\n", "line 2: 4 fields, but there are 2 columns"),
        ('x,y\n"1,5",2\n', "--decimal ','"),
        ("x,y\n1,2,3\n4,5,6\n", "line 2: 3 fields, but there are 2 columns"),
        ("x,y\n1,2,\n3,4,\n", "line 2: 3 fields, but there are 2 columns"),
        ("x,y,\n1,2\n", "column 3 has no name"),
        ("x,y\n1,2\n3\n", "line 3: 1 field, but there are 2 columns"),
    ],
)
def test_a_file_written_otherwise_gets_the_option_or_the_line(content, hint):
    with pytest.raises(DataError, match=re.escape(hint)):
        read_columns(content)


# Rows, over blocks.


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
        patch.setattr(source, "BLOCK_BYTES", block_bytes)
        table = table_of(content, **dict.fromkeys(streaming, True))
        got = np.concatenate([parsed.values for parsed in rows_of(table, ["c", "a"])])
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
    parsed = list(rows_of(table, ["y", "x"], with_texts=True))
    assert [text for block in parsed for text in block.texts] == [*rows[:3], rows[4]]
    assert np.concatenate([block.values for block in parsed]).tolist() == [
        [2.5, 1],
        [1e3, 1],
        [0.5, 7],
        [2, 1],
    ]


@pytest.mark.usefixtures("small_blocks")
def test_rows_are_kept_in_order_chunk_by_chunk_while_their_moments_are_read():
    table = table_of("x,y,z\n" + "".join(f"{i},{i * i},a\n" for i in range(50)))
    kept = []
    sample = read_sample(table, ["x", "y"], keep=kept.append)
    assert len(kept) > 1
    assert np.concatenate(kept).tolist() == [[i, i * i] for i in range(50)]
    assert sample.moments.n_samples == 50
    assert sample.held_out is None


# Rows held out.


def csv_of(rows):
    """Rows as a CSV of lines of one length, each value in full."""
    return "x,y\n" + "".join(",".join(f"{value:+.16e}" for value in row) + "\n" for row in rows)


def sample_of(content, columns=("x", "y"), *, hold_out=None, keep=None, **csv_format):
    return read_sample(table_of(content, **csv_format), columns, hold_out=hold_out, keep=keep)


def split(rows, hold_out):
    """The sample, and the rows to train on."""
    kept = []
    return sample_of(csv_of(rows), hold_out=hold_out, keep=kept.append), np.concatenate(kept)


def random_rows(n_rows, seed=0):
    return np.random.default_rng(seed).normal(3.0, size=(n_rows, 2))


def assert_same(got, expected):
    assert got.n_samples == expected.n_samples
    scale = np.abs(expected.mean).max() + np.abs(expected.factor).max(initial=0.0)
    np.testing.assert_allclose(got.mean, expected.mean, rtol=0, atol=1e-12 * scale)
    covariances = (moments.factor @ moments.factor.T for moments in (got, expected))
    np.testing.assert_allclose(*covariances, rtol=0, atol=1e-12 * scale**2)


@given(st.integers(200, 500), st.floats(0.1, 0.9), st.integers(0), st.sampled_from([200, 1 << 10, 1 << 20]))
@settings(max_examples=50, deadline=None)
def test_each_row_is_either_trained_on_or_held_out(n_rows, fraction, seed, block_bytes):
    rows = random_rows(n_rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "BLOCK_BYTES", block_bytes)
        sample, kept = split(rows, HoldOut(fraction, seed))
    is_kept = np.isin(rows[:, 0], kept[:, 0])
    assert kept.tobytes() == rows[is_kept].tobytes()
    assert_same(sample.moments, Moments.of_rows(kept))
    assert_same(sample.held_out, Moments.of_rows(rows[~is_kept]))
    assert_same(sample.moments.merge(sample.held_out), Moments.of_rows(rows))


@pytest.mark.parametrize(("fraction", "n_rows"), [(0.2, 40), (0.25, 41), (0.9, 33)])
def test_of_one_block_the_fraction_is_held_out_rounded_down_or_up(fraction, n_rows):
    for seed in range(5):
        sample = sample_of(csv_of(random_rows(n_rows)), hold_out=HoldOut(fraction, seed))
        assert abs(sample.held_out.n_samples - fraction * n_rows) < 1
        assert sample.moments.n_samples + sample.held_out.n_samples == n_rows


@pytest.mark.usefixtures("small_blocks")
def test_of_many_blocks_of_one_row_the_fraction_is_held_out_too():
    sample = sample_of(csv_of(random_rows(500)), hold_out=HoldOut(0.2, 0))
    assert len(sample.checksums) == 500
    assert abs(sample.held_out.n_samples - 100) < 4 * np.sqrt(500 * 0.2 * 0.8)


def test_another_seed_holds_out_other_rows_and_the_same_seed_the_same():
    rows = random_rows(200)
    parts = [split(rows, HoldOut(0.5, seed))[1].tobytes() for seed in (0, 1, 2, 0)]
    assert parts[0] == parts[3]
    assert len(set(parts)) == 3


def test_rows_with_a_missing_value_are_neither_trained_on_nor_held_out():
    rows = random_rows(100)
    content = csv_of(rows).replace("\n", "\nNA,1\n", 50)
    sample = sample_of(content, hold_out=HoldOut(0.5), drop_missing=True)
    assert_same(sample.moments.merge(sample.held_out), Moments.of_rows(rows))


def test_a_share_that_is_no_row_or_all_rows_is_refused():
    content = "x,y\n1,2\n3,4\n5,6\n"
    with pytest.raises(DataError, match=r"^no row is held out of 3: raise --validation-fraction$"):
        sample_of(content, hold_out=HoldOut(1e-9))
    with pytest.raises(DataError, match=r"^all rows \(3\) are held out, .*: lower --validation-fraction$"):
        sample_of(content, hold_out=HoldOut(1 - 1e-9))


# Fingerprints.


def fingerprint(content, columns=("x", "y")):
    return sample_of(content, columns).fingerprint


@pytest.fixture
def many_blocks(monkeypatch):
    """Some twenty rows of `csv_of` each."""
    monkeypatch.setattr(source, "BLOCK_BYTES", 1 << 10)


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("row", [0, 200, 399])
@pytest.mark.parametrize("column", [0, 1])
def test_a_fingerprint_tells_one_value_from_the_next(row, column):
    rows = random_rows(400)
    before = fingerprint(csv_of(rows))
    rows[row, column] = np.nextafter(rows[row, column], np.inf)
    assert fingerprint(csv_of(rows)) != before
    rows[row, column] = np.nextafter(rows[row, column], -np.inf)
    assert fingerprint(csv_of(rows)) == before


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("swap", [(200, 201), (10, 390), (0, 399)])
def test_a_fingerprint_tells_the_order_of_rows(swap):
    rows = random_rows(400)
    before = fingerprint(csv_of(rows))
    rows[[*swap]] = rows[[*reversed(swap)]]
    assert fingerprint(csv_of(rows)) != before


@pytest.mark.usefixtures("small_blocks")
def test_a_fingerprint_tells_the_order_of_blocks():
    """Of a row each, so that the same checksums come in another order."""
    first, second = (sample_of(csv_of(random_rows(9)[order])) for order in (np.arange(9), [*range(7), 8, 7]))
    assert first.checksums != second.checksums
    assert sorted(first.checksums) == sorted(second.checksums)
    assert first.fingerprint != second.fingerprint


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("row", [0, 200, 399])
def test_a_fingerprint_tells_that_a_row_is_gone_or_there_twice(row):
    for rows in (random_rows(400), np.ones((400, 2))):
        prints = {
            fingerprint(csv_of(changed))
            for changed in (rows, np.delete(rows, row, axis=0), np.insert(rows, row, rows[row], axis=0))
        }
        assert len(prints) == 3


def test_a_fingerprint_tells_which_column_is_which():
    content = csv_of(random_rows(400))
    assert len({fingerprint(content, columns) for columns in (("x", "y"), ("y", "x"), ("x",))}) == 3


def test_a_fingerprint_is_of_values_however_they_are_written():
    one, other = "x,y\n1.5,2\n-0.25,300\n", "y;x\r\n+2;1,50\r\n3e2;-,25\r\n"
    table = table_of(other, separator=";", decimal=",")
    assert read_sample(table, ["x", "y"]).fingerprint == fingerprint(one)
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint(one))


@pytest.mark.usefixtures("many_blocks")
def test_a_fingerprint_does_not_know_a_column_that_is_not_chosen():
    content = csv_of(random_rows(400)).replace("\n", ",apple\n")
    assert fingerprint(content.replace("apple", "melon")) == fingerprint(content)


@pytest.mark.usefixtures("many_blocks")
def test_a_fingerprint_is_of_all_rows_held_out_or_not():
    content = csv_of(random_rows(400))
    for hold_out in (HoldOut(0.2, 0), HoldOut(0.2, 1), HoldOut(0.7, 0)):
        assert sample_of(content, hold_out=hold_out).fingerprint == fingerprint(content)


@pytest.mark.usefixtures("many_blocks")
def test_either_reader_makes_the_same_of_the_same_rows(monkeypatch):
    content = csv_of(random_rows(4000))
    outcomes = []
    for few_bytes in (0, 1 << 30):
        monkeypatch.setattr(data, "_FEW_BYTES", few_bytes)
        outcomes.append(outcome(content, HoldOut(0.3, 5)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("hold_out", [None, HoldOut(0.3, 5)])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_file_gzip_and_pipe_give_the_same_sample(forked, tmp_path, hold_out, n_workers):
    path, packed = tmp_path / "data.csv", tmp_path / "data.csv.gz"
    path.write_text(csv_of(random_rows(2000)))
    packed.write_bytes(gzip.compress(path.read_bytes()))
    forked(n_workers)
    with (
        path.open("rb") as file,
        packed.open("rb") as gzip_file,
        subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat,
        subprocess.Popen(["cat", packed], stdout=subprocess.PIPE) as gzip_cat,
    ):
        outcomes = [
            outcome_of(Table(Source(stream, "data"), CsvFormat()), hold_out)
            for stream in (file, gzip_file, cat.stdout, gzip_cat.stdout)
        ]
    assert outcomes[0] == outcome(path.read_bytes(), hold_out)
    assert all(other == outcomes[0] for other in outcomes)


# Workers.

NUMBERS = "".join(f"{i},{i * i / 7}\n" for i in range(500))
QUOTED = "".join(f'"{i}",{i * i / 7},"a\n, b"\n' for i in range(250))


@pytest.fixture
def forked(monkeypatch):
    """Read everything with so many workers, in blocks of 1 KiB."""
    monkeypatch.setattr(source, "BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(workers, "_ALONE_BYTES", 0)

    def with_workers(n_workers):
        monkeypatch.setattr(workers, "_n_workers", lambda: n_workers)

    return with_workers


def outcome(content, hold_out, *, streaming=False, **csv_format):
    """All that comes out of a table, bit by bit, or the message."""
    try:
        return outcome_of(table_of(content, streaming=streaming, **csv_format), hold_out)
    except DataError as error:
        return str(error)


def outcome_of(table, hold_out):
    kept = []
    sample = read_sample(table, ["x", "y"], hold_out=hold_out, keep=kept.append)
    counts = (table.n_samples, table.n_dropped, table.lost_digits, len(kept))
    parts = [sample.moments, sample.held_out] if hold_out else [sample.moments]
    bits = [(part.n_samples, part.mean.tobytes(), part.factor.tobytes()) for part in parts]
    return counts, bits, sample.fingerprint, np.concatenate(kept).tobytes()


@pytest.mark.parametrize(("pack", "streaming"), [(bytes, False), (gzip.compress, True)])
@pytest.mark.parametrize(
    ("content", "csv_format"),
    [
        ("x,y\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "9007199254740993,1\n", {}),
        ("x,y,z\n" + QUOTED, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,x\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,\n\n" + NUMBERS, {"drop_missing": True}),
        ("x,y\n" + NUMBERS + "1,x\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,2,3\n" + NUMBERS + "1,x\n", {}),
        ("x,y,z\n" + QUOTED + '1,"2\n' + QUOTED, {}),
        ("x,y\n" + "NA,1\n" * 1000, {"drop_missing": True}),
    ],
)
@pytest.mark.parametrize("hold_out", [None, HoldOut(0.3, 5)])
def test_what_is_read_and_said_does_not_depend_on_the_number_of_workers(
    forked, content, csv_format, pack, streaming, hold_out
):
    stored = pack(content.encode())
    outcomes = []
    for n_workers in (0, 1, 3):
        forked(n_workers)
        outcomes.append(outcome(stored, hold_out, streaming=streaming, **csv_format))
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_workers_read_a_file_but_not_what_is_still_being_written(forked, tmp_path):
    """Rows that come through a pipe are waited for one by one, and have to come out so."""
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + NUMBERS)
    forked(1)
    for streaming in (False, True):
        with open_source(str(path)) as opened:
            table = Table(opened, CsvFormat(), streaming=streaming)
            assert len(set(table.map_blocks(lambda _: os.getpid(), ["x"]))) == 2
    table = table_of(path.read_bytes(), streaming=True)
    assert set(table.map_blocks(lambda _: os.getpid(), ["x"])) == {os.getpid()}


def test_an_error_of_what_is_done_with_the_rows_says_where_they_are(forked):
    def function(parsed):
        if parsed.values[-1, 0] > 300:
            raise DataError("too large")
        return parsed.values[-1, 0]

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
        return Parsed(np.ones((n_rows, 2)), None, Counts(n_rows, n_rows))

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
    with pytest.raises(DataError, match=r"^data, line 32, column 'y': 3 rows have a missing value") as error:
        list(rows_of(table, ["x", "y"]))
    assert "--missing drop" in str(error.value)


def test_a_single_missing_value_is_one_row():
    with pytest.raises(DataError, match=r"^data, line 3, column 'x': a row has a missing value"):
        values_of(table_of("x,y\n1,2\nnan,3\n"))


@pytest.mark.usefixtures("small_blocks")
def test_with_prompt_the_first_missing_value_ends_the_reading():
    """There is no end to wait for."""
    table = table_of("x,y\n1,2\n1,NA\n" + "1,2\n" * 30 + "NA,1\n", streaming=True)
    with pytest.raises(DataError, match=r"^data, line 3, column 'y': a row has a missing value"):
        list(rows_of(table, ["x", "y"]))


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
