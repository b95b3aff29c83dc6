"""Columns that are aligned by runs of blanks and tabs are read; quotes keep a name with blanks together."""

import pytest
from csv_oracle import aligned_fields
from csv_tables import table_of, values_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.data.csv import table as data
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.csv.strict import records
from lrfit.errors import DataError


@pytest.fixture(params=["by the strict reader", "by the fast reader"], autouse=True)
def reader(request, monkeypatch):
    if request.param == "by the fast reader":
        monkeypatch.setattr(data, "few_bytes", lambda: 0)


def read(content, **csv_format):
    return values_of(table_of(content, separator="blanks", **csv_format))


@pytest.mark.parametrize(
    "content",
    [
        "x y\n1 2\n3 4\n",
        "  x    y  \n  1    2  \n 30   4\n",
        "x\ty\n1\t2\n3\t\t4\t\n",
        "x \t y\r\n1 \t 2\r\n\r\n  \r\n3 4\r\n",
        "x y\r1 2\r3 4",
        '"x" "y"\n"1" 2\n3 "4"\n',
        '\n\nx "a y"\n  "1" "2" \n3 4',
        '"" y\n1 2\n\n"" ""\n3 4\n',
    ],
)
def test_runs_of_blanks_separate_the_columns(content):
    values = table_of(content, separator="blanks")
    assert [row[-1] for row in read(content.replace('"" y', "x y"))] == [2.0, 4.0]
    assert len(values.header) == 2


def test_a_name_and_a_cell_with_blanks_are_kept_together_by_quotes():
    content = 'mpg "car name"\n18.0 "chevrolet malibu"\n15.0 "say ""hi"""\n16 x\n'
    table = table_of(content, separator="blanks")
    assert table.header == ("mpg", "car name")
    assert values_of(table, ["mpg"]) == [[18.0], [15.0], [16.0]]


def test_no_header_is_needed():
    assert read("18.0   8   307.0\n15.0   8   350.0\n", header=False) == [
        [18.0, 8.0, 307.0],
        [15.0, 8.0, 350.0],
    ]


def test_missing_values_are_written_out_or_in_quotes():
    assert read('x y\n1 NA\n? 2\n"" 3\n4 5\n', na=("?",), drop_missing=True) == [[4.0, 5.0]]
    assert read("x y\nna nan\nnan na\n4 5\n", drop_missing=True) == [[4.0, 5.0]]
    with pytest.raises(DataError, match=r"^data, line 2, column 'y': 3 rows have missing values"):
        read('x y\n1 NA\nna na\n2 ""\n')


def test_decimal_commas_and_grouped_digits():
    assert read('x y\n1,5 "1 234"\n2 1\u00a0234\n', decimal=",", thousands=" ") == [
        [1.5, 1234.0],
        [2.0, 1234.0],
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1", "line 3: 1 field, but there are 2 columns"),
        ("1 2 3", "line 3: 3 fields, but there are 2 columns"),
        ('1 2 ""', "line 3: 3 fields, but there are 2 columns"),
        ('1 "2', "line 3: a quote opens in this row"),
        ('1 2"', "line 3: a quote opens in this row"),
        ('1 "2"3', "line 3: a quote opens in this row"),
        ('1 "2""', "line 3: a quote opens in this row"),
        ('"1""2"', "line 3: 1 field, but there are 2 columns"),
        ("1 2\0", "line 3, column 'y': '2\\\\x00' is no text: it has a NUL byte"),
        ("1 \u00a02", "line 3, column 'y': '\\\\xa02' is not a number"),
    ],
)
def test_a_row_that_is_not_aligned_is_refused(row, message):
    with pytest.raises(DataError, match=message):
        read(f"x y\n1 2\n{row}\n5 6\n")


def test_quotes_do_not_span_lines():
    with pytest.raises(DataError, match="line 2: a quote opens in this row"):
        read('x y\n"1\n2" 3\n')


def test_one_column_has_no_blank_rows_but_those_of_blanks():
    assert read('x\n1\n  \n\n2\n""\n', drop_missing=True) == [[1.0], [2.0]]
    with pytest.raises(DataError, match="line 6, column 'x': a missing value"):
        read('x\n1\n  \n\n2\n""\n')


def test_a_separator_at_the_end_of_rows_adds_no_column():
    assert table_of("x y\n1 2 \n", separator="blanks").header == ("x", "y")
    assert table_of('x y\n1 2 ""\n', separator="blanks").header == ("x", "y")


@given(st.text(st.sampled_from(' \t"ab\u00a0'), max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_line_is_cut_as_the_oracle_cuts_it(line):
    layout = ColumnLayout("data", CsvFormat("blanks"), ("x",), (0,))
    want = aligned_fields(line)
    try:
        got = [fields for _, _, fields in records([line + "\n"], None, layout, 1)]
    except DataError:
        assert want is None
    else:
        assert got == ([want] if want else [])
