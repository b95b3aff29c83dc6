"""The header is told from the rows, names the columns, and no row is taken for it."""

import gzip
from contextlib import suppress

import pytest
from csv_tables import blocks_of, table_of, values_of

from lrfit.data.csv import blocks
from lrfit.errors import DataError


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)


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
    with pytest.raises(DataError, match=r"first row is all numbers .*say header=False") as error:
        table_of(content, **csv_format)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("content", ["1,NA\n2,3\n", "1,\n2,3\n", "nan,2.5\n2,3\n", "1,2,null\n1,2,3\n"])
def test_a_first_row_of_numbers_and_missing_values_is_not_eaten_either(content):
    with pytest.raises(DataError, match=r"header=False"):
        table_of(content)


def test_a_long_first_row_of_numbers_is_shown_in_part():
    with pytest.raises(DataError, match=r"'0', '1', .* and 4990 more") as error:
        table_of(",".join(map(str, range(5000))) + "\n")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("content", "positions"),
    [("x,y,x\n1,2,3\n", "1 or 3"), ("x, x\n1,2\n", "1 or 2"), ('x,"x"\n1,2\n', "1 or 2")],
)
def test_two_columns_of_the_same_name_are_refused_where_they_are_wanted(content, positions):
    table = table_of(content)
    with pytest.raises(
        DataError,
        match=rf"^data: two columns are named 'x': say which by its position, {positions}, or leave both out",
    ):
        values_of(table)


def test_columns_that_nobody_wants_may_have_any_name_or_none():
    table = table_of("x,,y,a,a,\n1,,2,3,4,\n5,6,7,8,,\n")
    assert table.header == ("x", "", "y", "a", "a", "")
    ((_, block),) = table.map_blocks(lambda block: block.values.tolist(), ["x", "y"])
    assert block == [[1.0, 5.0], [2.0, 7.0]]


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("a|b|c\n1|2|3\n\n4|5|6\n", "|"),
        ("a b\n1 2\n", "blanks"),
        ('"a,b";c\n1;2\n', ";"),
        ('a\t"b, c"\n1\t2\n', "\t"),
        ("a;b,c\n1;2,3\n", ","),
        ("a;b\n1;2;3\n", ","),  # not as many fields
        ("a;b\n" + "1;2\n" * 18 + "1\n", ","),
        ("a b;c d\n1;2\n", ";"),
        ("a\n1\n", ","),
        ('a;"b\n1;2\n', ","),
    ],
)
def test_a_separator_is_found_if_the_header_and_the_first_rows_agree(content, separator):
    with suppress(DataError):  # of a quote, where none is found
        table = table_of(content, finds_separator=True)
        assert table.format.separator == separator
        assert table.header != (table.header_text,) or separator == ","
    with suppress(DataError):
        assert table_of(content).format.separator == ","


def test_where_a_comma_is_the_decimal_mark_it_separates_nothing():
    table = table_of("a;b\n1,5;2\n", finds_separator=True, decimal=",", separator=";")
    assert table.format.separator == ";"


def test_an_empty_field_at_the_end_of_each_row_is_a_column_without_a_name():
    table = table_of("x,y\n1,2,\n3,4,\n")
    assert (table.header, table.header_text) == (("x", "y", ""), "x,y,")
    assert table_of("1,2,\n", header=False).header == ("1", "2", "3")
    assert table_of('x,y\n1,"\n2"\n').header == ("x", "y")


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
    with pytest.raises(DataError, match=rf"^data, line {line}: byte 0x.. is not UTF-8; .*encoding='latin-1'"):
        values_of(table_of(content), ["y"])


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("with_texts", [True, False])
def test_bytes_that_are_not_utf_8_are_refused_in_a_late_block_too(with_texts):
    content = b"x,y,z\n" + b"1,2,a\n" * 50 + b"1,2,caf\xe9\n" + b"1,2,a\n" * 50
    table = table_of(content)
    with pytest.raises(DataError, match=r"^data, line 52: byte 0xE9 is not UTF-8"):
        list(blocks_of(table, ["x", "y"], with_texts=with_texts))


def test_an_encoding_that_is_named_is_used():
    table = table_of("größe,y\n1,2\n".encode("latin-1"), encoding="latin-1")
    assert table.header == ("größe", "y")
    assert values_of(table) == [[1.0, 2.0]]
