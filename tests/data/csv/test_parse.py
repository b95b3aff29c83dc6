"""A block of CSV is read as an independent reader reads it, to the bit, or refused at the same place.

The oracle is a grammar of rows and one of numbers, written out by hand. It knows nothing of lrfit's readers,
so whatever pandas or a regular expression lets through by mistake shows up as a difference.
"""

import re
import struct
import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from csv_oracle import MISSING, NO_NUMBERS, ODD_NUMBERS, Bad, expected, number
from csv_tables import ENDS, as_row, random_cell, random_columns, random_format
from depth import cases
from hypothesis import example, given, settings
from hypothesis import strategies as st
from naming import in_case

from lrfit.data.csv import fast as fast_reader
from lrfit.data.csv.fast import parse_fast
from lrfit.data.csv.fast_columns import SPELLINGS
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.csv.parse import parse
from lrfit.data.csv.strict import parse_strict
from lrfit.data.kinds import Column
from lrfit.errors import DataError
from lrfit.messages import shown


def check(text, layout, first_line=1):
    """Assert that all readers do with a block what the oracle does."""
    want = expected(text, layout, first_line)
    for reader in fast_reader._readers():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fast_reader, "_readers", lambda reader=reader: (reader,))
            check_ways(text, layout, first_line, want, ((True, True), (False, True)))
    check_ways(text, layout, first_line, want, ((True, False),))


def check_ways(text, layout, first_line, want, ways):
    for with_texts, fast in ways:
        if isinstance(want, Bad):
            with pytest.raises(DataError) as error:
                parse(text, layout, first_line, with_texts=with_texts, fast=fast)
            message = str(error.value)
            column = "" if want.position is None else f", column {shown(layout.header[want.position])}"
            assert message.startswith(f"{layout.source_name}, line {want.line}{column}: "), message
            assert want.says in message
            assert message.isprintable()
            assert len(message) < 600
        else:
            check_block(parse(text, layout, first_line, with_texts=with_texts, fast=fast), want, layout)


def check_block(got, want, layout):
    """Assert that a block is what the oracle wants it to be."""
    assert got.values.flags.c_contiguous
    assert got.values.dtype == np.float64
    assert got.values.shape == (len(layout.positions), len(want.texts))
    assert got.values.tobytes() == want.values
    assert got.texts in (None, want.texts)
    counts = got.counts
    assert (counts.n_rows, counts.n_lines) == (len(want.texts), want.n_lines)
    assert (counts.n_missing, counts.lost_digits) == (len(want.missing), want.lost_digits)
    if got.levels:  # not of a block of line ends alone
        assert got.levels == tuple(want.levels(i) for i in range(len(layout.positions)))
    else:
        assert not counts.n_rows
    if want.missing:
        line, positions = want.missing[0]
        assert counts.first_missing == layout.where(line, positions[0])
        assert counts.missing_of_columns == tuple(want.lacking[position] for position in layout.positions)
    else:
        assert (counts.first_missing, counts.missing_of_columns) == ("", ())


def layout_of(n_columns, positions=None, csv_format=None, kinds=()):
    header = tuple(f"c{i}" for i in range(n_columns))
    chosen = tuple(range(n_columns)) if positions is None else positions
    columns = tuple(
        Column(header[position], *([kind] if isinstance(kind, str) else kind))
        for position, kind in zip(chosen, kinds, strict=bool(kinds))
    )
    return ColumnLayout("data", csv_format or CsvFormat(), header, chosen, columns)


def both_layouts(n_columns=2):
    """All of the columns; and all but a last one, which is text."""
    return [layout_of(n_columns), layout_of(n_columns + 1, tuple(range(n_columns)))]


@pytest.mark.parametrize("beside", ["2", "-7", "1.5", "18446744073709551615", '"2"'])
def test_odd_numbers_are_read_to_the_bit_whatever_type_their_column_seems_to_have(beside):
    for cell, layout in product(ODD_NUMBERS, both_layouts()):
        tail = ",text" * (len(layout.header) - 2)
        text = f"{cell},3{tail}\n{beside},4{tail}\n5,{cell}{tail}\n".encode()
        value, other = (number(text.strip('"'), CsvFormat()) for text in (cell, beside))
        want = struct.pack("6d", value, 3, other, 4, 5, value)
        assert parse(text, layout, 1).values.T.tobytes() == want, text


@pytest.mark.parametrize("quoted", [False, True])
def test_a_cell_that_is_no_number_is_refused_with_its_line_and_column(quoted):
    for cell, layout in product(NO_NUMBERS, both_layouts()):
        field = f'"{cell}"' if quoted else cell
        tail = ",text" * (len(layout.header) - 2)
        for text, line, column in (
            (f"{field},2{tail}\n3,4{tail}\n", 1, "c0"),
            (f"1.5,2{tail}\n3,4{tail}\n5,{field}{tail}\n", 3, "c1"),
        ):
            with in_case(repr(text)):
                with pytest.raises(DataError) as error:
                    parse(text.encode(), layout, 1)
                start = f"data, line {line}, column '{column}': {shown(cell)} is "
                assert str(error.value).startswith(start)
                check(text.encode(), layout)


@pytest.mark.parametrize("cell", ["1,234", "1,5", "12,345.67", "1\n2", '1"', '"'])
def test_a_quoted_cell_with_a_separator_quote_or_line_break_is_refused_as_a_cell(cell):
    text = f'3,4\n"{cell.replace(chr(34), chr(34) * 2)}",2\n'
    for csv_layout in (layout_of(2), layout_of(2, (0,))):
        check(text.encode(), csv_layout)
        with pytest.raises(DataError, match="line 2, column 'c0'"):
            parse(text.encode(), csv_layout, 1)


@pytest.mark.parametrize("cell", ['"1.5"', '" 1.5"', '"-0"', '"1e3"', '"5e-324"'])
def test_a_quoted_number_is_a_number(cell):
    text = f"{cell},1\n".encode()
    assert parse(text, layout_of(2), 1).values.T[0, 0] == float(cell.strip('"'))
    check(text, layout_of(2))


@pytest.mark.parametrize("cell", [*MISSING, '""', '"NA"'])
def test_a_missing_value_is_left_out_and_counted_not_refused(cell):
    text = f"1,2,a\n{cell},3,b\n4,{cell},c\n5,6,\n".encode()
    got = parse(text, layout_of(3, (0, 1)), 11)
    assert got.values.T.tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert (got.counts.n_missing, got.counts.first_missing) == (2, "data, line 12, column 'c0'")
    check(text, layout_of(3, (0, 1)), 11)


def test_a_bad_cell_is_refused_even_in_a_row_that_lacks_a_value():
    with pytest.raises(DataError, match="line 1, column 'c1': 'x'"):
        parse(b"NA,x\n", layout_of(2), 1)


@pytest.mark.parametrize(
    ("text", "line", "n_fields"),
    [
        (b"1,2,3\n4,5,6\n", 1, 3),
        (b"1,2,\n3,4,\n", 1, 3),
        (b"1,2\n3,4,5\n", 2, 3),
        (b"1,2\n3,4,\n", 2, 3),
        (b"1,2\n3\n4,5\n", 2, 1),
        (b"1,2,3\n4\n", 1, 3),
        (b"1\n2,3,4\n", 1, 1),
        (b",1,2\n", 1, 3),
        (b"1;2\n", 1, 1),
        (b"1,5,2,5\n", 1, 4),
        (b"1,2\r3,4,5\r6\r", 2, 3),
        (b"1,2\n\x1a", 2, 1),
        (b"1,2\n\0", 2, 1),
        (b"1,2\n# the end\n", 2, 1),
        (b'"1,2"\n', 1, 1),
        (b"1,2\n\n\n3\n", 4, 1),
    ],
)
def test_a_row_too_long_or_too_short_is_refused_never_shifted_or_padded(text, line, n_fields):
    says = rf"^data, line {line}: {n_fields} fields?, but there are 2 columns \('c0', 'c1'\); "
    for positions in [(0, 1), (1, 0), (0,), (1,), (0, 0), (1, 1)]:
        layout = layout_of(2, positions)
        with in_case("columns", positions):
            with pytest.raises(DataError, match=says):
                parse(text, layout, 1)
            check(text, layout)


def test_a_weight_is_refused_if_it_is_negative():
    layout = layout_of(2, kinds=("number", "weight"))
    with pytest.raises(
        DataError, match=r"^data, line 2, column 'c1': '-1' is negative, and a weight is at least 0"
    ):
        parse(b"1,0\n2,-1\n", layout, 1)
    for text in (b"1,0\n2,-1\n", b"1,-0.0\n2,3\n", b"1,NA\n2,1.5\n", b"NA,-1\n"):
        check(text, layout)


def test_words_are_the_places_of_the_levels_that_occur_in_complete_rows():
    layout = layout_of(2, kinds=("category", "number"))
    text = b'rome,1\n"b, c",2\noslo,NA\n rome ,3\n"a\nb",4\n'
    got = parse(text, layout, 1)
    assert got.levels == (("a\nb", "b, c", "rome"), ())
    assert got.values.tolist() == [[2.0, 1.0, 2.0, 0.0], [1.0, 2.0, 3.0, 4.0]]
    check(text, layout)
    check(text, layout_of(2, kinds=(("category", ("a\nb", "b, c", "oslo", "rome")), "number")))
    check(text, layout_of(2, kinds=(("category", ("oslo", "rome")), "number")))


def test_what_a_quoted_field_holds_over_several_lines_is_kept():
    layout = layout_of(2, kinds=("category", "number"))
    text = b'"a\n ""b"" , ""c"" d",1\n "e" , 2 \n\t"f" ,3\n'
    assert parse(text, layout, 1).levels[0] == ('a\n "b" , "c" d', "e", "f")
    check(text, layout)


def test_quotes_do_not_span_lines_where_blanks_separate():
    check(b'"a\nb" 1\n"c" 2\n', layout_of(2, (1,), CsvFormat("blanks")))
    check(b'"a" 1\n"c" 2\n', layout_of(2, (1,), CsvFormat("blanks")))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'"1,2\n3,4\n', 1),
        (b'1,2\n"3,4\n5,6\n', 2),
        (b'1,2\n3,"4\n5,6\n7,8\n', 2),
        (b'"1"2,3\n', 1),
        (b'1,2\n3,"4"5\n', 2),
        (b'1,2\n"3" x,4\n', 2),
        (b'1,2\nx "3",4\n', 2),
        (b'1,2\n"3" "3",4\n', 2),
        (b'1,2\n "3\n', 2),
        (b'1,2\r"3,4\r', 2),
        (b'"1","2\n\n', 1),
        (b'd","e\n\xff,1\n', 1),
    ],
)
@pytest.mark.parametrize("positions", [(0, 1), (0,), (1,)])
def test_a_quote_that_is_not_closed_is_refused_at_the_line_where_it_opens(text, line, positions):
    layout = layout_of(2, positions)
    with pytest.raises(DataError, match=rf"^data, line {line}: a quote opens in this row"):
        parse(text, layout, 1)
    check(text, layout)


def test_a_message_about_a_quote_is_printable_even_if_a_tab_separates():
    with pytest.raises(DataError, match="line 1: a quote opens") as error:
        parse(b'"1"2\t3\n', layout_of(2, csv_format=CsvFormat("\t")), 1)
    assert str(error.value).isprintable()


def test_quotes_protect_separators_and_line_breaks_in_a_column_that_is_not_read():
    text = b'"a,b",1\n"c\nd",2\n"say ""x""",3\n"e\r\nf",4'
    layout = layout_of(2, (1,))
    got = parse(text, layout, 1, with_texts=True)
    assert got.values.T.tolist() == [[1.0], [2.0], [3.0], [4.0]]
    assert got.texts == ['"a,b",1', '"c\nd",2', '"say ""x""",3', '"e\r\nf",4']
    assert got.counts.n_lines == 6
    check(text, layout)
    with pytest.raises(DataError, match="line 17, column 'c1': 'x'"):
        parse(text + b"\nz,x\n", layout, 11)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last_end", [True, False])
def test_lines_may_end_in_lf_cr_lf_or_cr(end, last_end):
    text = end.join(["1,2,a", "3,4,b", "5,6,c"]) + end * last_end
    for positions in ((0, 1), (1,)):
        layout = layout_of(3, positions)
        assert parse(text.encode(), layout, 1).values.T[:, -1].tolist() == [2.0, 4.0, 6.0]
        check(text.encode(), layout)
        check((text + f"{'' if last_end else end}7,x,d{end}8,9,e").encode(), layout)


def test_blank_lines_are_passed_over_and_counted():
    text = b"\n1,2\n\n  \n\t\r\n3,4\r\r\n\n"
    got = parse(text, layout_of(2), 1)
    assert got.values.T.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert got.counts.n_lines == 8
    check(text, layout_of(2))
    check(text + b"5,x\n", layout_of(2))


def test_a_blank_line_is_no_value_but_blanks_are_a_missing_one_in_a_table_of_one_column():
    got = parse(b"1\n\n2\n  \n\n", layout_of(1), 1)
    assert got.values.T.tolist() == [[1.0], [2.0]]
    assert (got.counts.n_missing, got.counts.first_missing) == (1, "data, line 4, column 'c0'")


@pytest.mark.parametrize(
    ("text", "line", "byte"),
    [
        (b"1,2\n3,\xff\n", 2, "FF"),
        (b"1,2,caf\xe9\n", 1, "E9"),
        (b"1,2\r3,4\r5,\x80\r", 3, "80"),
        (b"1,2\r\n3,4\r\n5,\xc3\r\n", 3, "C3"),
        (b"\xed\xa0\x80,1\n", 1, "ED"),
        (b"1,2\n3,4\n\xc0\xb1,5\n", 3, "C0"),
    ],
)
@pytest.mark.parametrize("positions", [(0, 1), (0,), (1,)])
def test_a_byte_that_is_not_utf_8_is_refused_with_its_line_in_whichever_column_it_is(
    text, line, byte, positions
):
    n_columns = text.split(b"\n")[0].split(b"\r")[0].count(b",") + 1
    layout = layout_of(n_columns, positions)
    with pytest.raises(DataError, match=rf"^data, line {line}: byte 0x{byte} is not UTF-8; .*encoding="):
        parse(text, layout, 1)
    check(text, layout)


def test_a_byte_order_mark_within_the_rows_is_refused_wherever_a_block_begins():
    """As left by `cat a.csv b.csv`: what is read must not depend on where blocks are cut."""
    for text, line in (
        (b"\xef\xbb\xbf1,2\n3,4\n", 1),
        (b"\r\n\n\xef\xbb\xbf1,2\n3,4\n", 3),
        (b"1,2\n\xef\xbb\xbf3,4\n", 2),
    ):
        with pytest.raises(DataError, match=rf"line {line}, column 'c0': '\\ufeff"):
            parse(text, layout_of(2), 1)


def test_a_huge_cell_gives_a_short_message():
    with pytest.raises(DataError, match="line 2, column 'c1'") as error:
        parse(b"1,2\n3," + b"9x" * 100_000 + b"\n", layout_of(2), 1)
    assert len(str(error.value)) < 300


def test_a_huge_cell_that_is_not_read_does_no_harm():
    text = b"1," + b"x" * 200_000 + b"\n2,y\n"
    assert parse(text, layout_of(2, (0,)), 1).values.T.tolist() == [[1.0], [2.0]]
    check(text, layout_of(2, (0,)))


@pytest.mark.parametrize("quoted", [False, True])
def test_thousands_of_leading_zeros_do_not_matter(quoted):
    cell = "0" * 5000 + "7"
    text = f'"{cell}",1\n' if quoted else f"{cell},1\n"
    for layout in (layout_of(2), layout_of(2, (0,))):
        assert parse(text.encode(), layout, 1).values.T[0, 0] == 7.0
        check(text.encode(), layout)


def test_five_thousand_columns_are_read():
    row = [repr(i / 7) for i in range(5000)]
    layout = layout_of(5000)
    text = (",".join(row) + "\n" + ",".join(reversed(row)) + "\n").encode()
    check(text, layout)
    with pytest.raises(DataError, match=r"4999 fields, but there are 5000 columns .'c0', .* and 4990 more"):
        parse(",".join(row[1:]).encode(), layout, 1)


@pytest.mark.parametrize(
    ("text", "csv_format", "hint"),
    [
        (b'"1,5",2\n', CsvFormat(), "if ',' is the decimal point, say decimal=','"),
        (b'"1,234",2\n', CsvFormat(), "if ',' separates thousands, say thousands=','"),
        (b"1,5;2\n", CsvFormat(";"), "decimal=','"),
        (b"1.5;2\n", CsvFormat(";", ","), "decimal='.'"),
        (b"1,2\n", CsvFormat(";"), "look for a missing or stray ';'"),
        (b"1.234;2\n", CsvFormat(";", ","), "say decimal='.'; if it separates thousands, thousands='.'"),
        (b'"1,23",2\n', CsvFormat(thousands=","), "'1,23' is not a number; if words are meant"),
        (b"01.03.2026,2\n", CsvFormat(), "if it is day.month.year: pipe it through sed -E "),
        (b"3/1/2026,2\n", CsvFormat(), "write dates as 2026-03-01, and dates='c0' reads them"),
    ],
)
def test_a_wrong_decimal_point_or_separator_comes_with_the_option_that_mends_it(text, csv_format, hint):
    with pytest.raises(DataError, match=re.escape(hint)):
        parse(text, layout_of(2, csv_format=csv_format), 1)


@pytest.mark.parametrize(
    "cell", ["9007199254740993", "-9007199254740993", "+18446744073709551616", "1" + "0" * 40]
)
@pytest.mark.parametrize("beside", ["1", "1.5", "-1", '"1"'])
def test_an_integer_beyond_2_53_is_reported_whatever_else_its_column_holds(cell, beside):
    assert parse(f"{cell},1\n{beside},2\n".encode(), layout_of(2), 1).counts.lost_digits


@pytest.mark.parametrize(
    "cell", ["9007199254740992", "-9007199254740992", "1e300", "9007199254740993.5", "1e16"]
)
@pytest.mark.parametrize("beside", ["1", "1.5", '"1"'])
def test_what_float64_holds_or_was_written_as_a_fraction_is_not_reported_as_lost_digits(cell, beside):
    assert not parse(f"{cell},1\n{beside},2\n".encode(), layout_of(2), 1).counts.lost_digits


# The fast reader.


@pytest.mark.parametrize(
    ("text", "positions", "csv_format"),
    [
        (b"1,2,3\n4,5,6\n", (0, 1, 2), CsvFormat()),
        (b"1.5,-2e3,+3\n.4,5.,006", (0, 1, 2), CsvFormat()),
        (b"1,2,3\r\n4,5,6\r\n", (0, 2), CsvFormat()),
        (b"1,text,3\n4,,6\n", (0, 2), CsvFormat()),
        (b"1,t\xc3\xa9xt,3\n4,NA,6\n", (2, 0), CsvFormat()),
        (b"1,5;2;3\n4;5;6\n", (0, 1), CsvFormat(";", ",")),
        (b"1\t2\t3\n4\t5\t6\n", (0, 1, 2), CsvFormat("\t")),
        (b" 1, 2 ,3 \n4,5,6\n", (0, 1, 2), CsvFormat()),
        (b'"1","2","3"\n"4","5","6"', (0, 1, 2), CsvFormat()),
        (b'1,"a, b",3\r\n"4","say ""x""",6\r\n', (0, 2), CsvFormat()),
        (b'1,2,"a, b"\n3,4,"""a"""\n5,6,""\n', (0, 1), CsvFormat()),
        (b"1,2,\n3,4,a\n5,6,\n", (0, 1), CsvFormat()),
        (b"1,2,a\r3,4,b\r", (0, 1), CsvFormat()),
        (b"1,2,3\nNA,5,6\n7,,null\n8,9,10\n", (0, 1, 2), CsvFormat(drop_missing=True)),
        (b'1,2,a\n"NA",5,b\n7,None,c\n', (0, 1), CsvFormat(drop_missing=True)),
        (b",1,2\n,3,4\n", (0, 1), CsvFormat(drop_missing=True)),
        (b"0,-0.5,1\n1,-0.25,0\n", (0, 1, 2), CsvFormat()),
    ],
)
def test_a_plain_file_is_read_by_the_fast_reader(text, positions, csv_format):
    layout = layout_of(3, positions, csv_format)
    check(text, layout)
    check_block(parse_fast(text, layout, 1, with_texts=True), expected(text, layout, 1), layout)


@pytest.mark.parametrize(
    ("text", "kinds", "csv_format"),
    [
        ("1 2 3\n  4\t5   6  \n", ("number",) * 3, CsvFormat("blanks")),
        ('1 2 "3"\n4 5 6', ("number",) * 3, CsvFormat("blanks")),
        (
            '1 "new york" NA\n4 rome 6',
            ("number", "category", "number"),
            CsvFormat("blanks", drop_missing=True),
        ),
        ("1,1234.5,3\n4,-5,6\n", ("number",) * 3, CsvFormat(thousands="'")),
        ('"1,234",1.5,3\n4,5,6\n', ("number",) * 3, CsvFormat(thousands=",")),
        ("1 234;1,5;3\n4;5;6\n", ("number",) * 3, CsvFormat(";", ",", thousands=" ")),
        ('"1,5","2,5",3\n4,5,6\n', ("number",) * 3, CsvFormat(",", ",")),
        ("5%,$2,3 $\n4,5,6\n", ("number",) * 3, CsvFormat(strip="$%")),
        ("9007199254740993 %,5,6\n1%,2,3\n%,,\n", ("number",) * 3, CsvFormat(strip="%", drop_missing=True)),
        (
            "-99,1,?\n-99.0,2,3\n4,?,5\n6,7,8\n",
            ("number",) * 3,
            CsvFormat(na=("-99", "?"), drop_missing=True),
        ),
        ("2026-03-01,rome,0\n2026-03-02T12:30,paris,2.5\n", ("date", "category", "weight"), CsvFormat()),
        ("2026,b,1\nNA,c,1\n2025,a,1\n", ("date", "category", "weight"), CsvFormat(drop_missing=True)),
        ("1,b,1\n2,a,1\n", ("number", ("category", ("a", "b", "c")), "number"), CsvFormat()),
        (",,\n1,2,3\n,,\n4,5,6\n", ("number",) * 3, CsvFormat()),
        ('"","",""\n1,2,3\nNA,NA,NA\n', ("number",) * 3, CsvFormat(drop_missing=True)),
        ("na nan n/a\n1 2 3\n", ("number",) * 3, CsvFormat("blanks", drop_missing=True)),
    ],
)
def test_a_file_with_options_is_read_by_the_fast_reader_too(text, kinds, csv_format):
    layout = layout_of(3, csv_format=csv_format, kinds=kinds)
    check(text.encode(), layout)
    got = parse_fast(text.encode(), layout, 1, with_texts=True)
    check_block(got, expected(text.encode(), layout, 1), layout)


def spelled(value):
    """Ways to write a float that read back to the same bits."""
    mantissa, _, exponent = f"{value:.17e}".partition("e")
    fraction = Fraction(value)
    exact = f"{fraction.numerator / fraction.denominator:.40f}" if 1e-9 < abs(value) < 1e9 else repr(value)
    return [
        repr(value),
        f"{value:.17g}",
        f"{value:.17E}",
        f"{value:+.20e}",
        f"{mantissa}e{int(exponent):+05d}",
        exact,
        f" {value!r}\t",
    ]


SPELLED = st.floats(allow_nan=False, allow_infinity=False).flatmap(
    lambda value: st.tuples(st.just(value), st.sampled_from(spelled(value)))
)


@given(st.lists(SPELLED, min_size=1, max_size=30))
@settings(max_examples=cases(100, 200), deadline=None)
def test_random_floats_are_read_to_the_bit_by_both_readers(floats):
    text = "".join(f"{cell},{cell}\n" for _, cell in floats).encode()
    layout = layout_of(2)
    want = np.repeat([value for value, _ in floats], 2).tobytes()
    strict = parse_strict(text, layout, 1, with_texts=False)
    assert strict.values.T.tobytes() == want
    assert parse(text, layout, 1).values.T.tobytes() == want


DECIMALS = st.tuples(st.integers(0, 10**25), st.integers(-345, 308)).map(lambda n: f"{n[0]}e{n[1] - 25}")


@given(st.lists(DECIMALS, min_size=1, max_size=30))
@settings(max_examples=cases(100, 200), deadline=None)
def test_decimals_of_more_digits_than_a_float_has_are_rounded_exactly(cells):
    """Against rational arithmetic, which rounds once; pandas' old default misrounded a third of these."""
    text = "".join(f"{cell},1.5\n" for cell in cells).encode()
    want = [float(Fraction(cell)) for cell in cells]
    assert parse(text, layout_of(2), 1).values.T[:, 0].tolist() == want
    assert parse(b'"0",0\n' + text, layout_of(2), 1).values.T[1:, 0].tolist() == want


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=30))
@settings(max_examples=cases(100, 200), deadline=None)
def test_integers_of_any_size_are_rounded_exactly(integers):
    text = "".join(f"{i},{-i}\n" for i in integers).encode()
    check(text, layout_of(2))
    assert parse(text, layout_of(2), 1).values.T[:, 0].tolist() == [float(i) for i in integers]


@pytest.mark.parametrize(
    "text",
    [
        b'1,"a\nb"\n2,c\n',
        b'1,"a\rb"\n2,c\n',
        b'1,"a"b\n',
        b'1,a"b"\n',
        b'1, "a"\n',
        b'1,"a"\n2,"b\n',
        b'"1""",2\n',
        b'"1,5",2\n',
        b'"-0",1\n2,3\n',
        b"-00,1\n2,3\n",
        b"NA,1\n-0,2\n3,4\n",
        b"NA,1\n9007199254740993,2\n",
        b"NA,1\ninf,2\n",
        b"NA,1\nNaN,1\n-nan,2\n",
        b"NA,1\n\n2,3\n",
        b"NA\n1,2,3\n",
        b"NA,1\r2,3\n4,5\n",
        b"nUll,1\n2,3\n",
        b"true,1\nNA,2\n",
        b'"",1\n"""",2\n',
    ],
)
def test_what_quotes_and_missing_values_might_hide_is_read_as_the_oracle_reads_it(text):
    for drop_missing in (False, True):
        for positions in ((0, 1), (0,), (1, 0)):
            check(text, layout_of(2, positions, CsvFormat(drop_missing=drop_missing)))
    check(text, layout_of(1))


# Generated tables, whole and damaged.


@st.composite
def tables(draw):
    """A table's bytes and layout: mostly plain numbers, with some text columns that are not read."""
    rng = draw(st.randoms(use_true_random=False))
    csv_format = random_format(rng)
    n_columns = rng.randint(1, 5)
    columns = random_columns(rng, n_columns)
    kinds = {position: kind for position, kind, _ in columns}
    strangeness, quoting = rng.choice([0, 0, 0, 0.5]), rng.choice([0, 0, 0.5])
    ends = rng.choice(ENDS)
    text = rng.choice(["", "", "\n", "\ufeff"])
    for _ in range(rng.randint(0, 6)):
        cells = [random_cell(rng, kinds.get(i), csv_format, strangeness) for i in range(n_columns)]
        if rng.random() < 0.05:
            cells = [""] * n_columns
        text += as_row(rng, cells, quoting, csv_format) + rng.choice(ends)
    if rng.random() < 0.5:
        text = text.rstrip("\r\n")
    positions = tuple(position for position, _, _ in columns)
    layout = layout_of(n_columns, positions, csv_format, [(kind, levels) for _, kind, levels in columns])
    return text.encode(), layout


DAMAGE = [
    b"", b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b" ", b"-", b"+",
    b".", b"e", b"E", b"0", b"1", b"NA", b"nan", b"x", b"_", b"#", b"\\", b"'", b"\x0b", b"\x0c",
    b"\x1a", b"\x1c", b"\x85", b"\xa0", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xe2\x80\xa8",
]  # fmt: skip


@st.composite
def damaged_tables(draw):
    """A table some of whose bytes are dropped, put in, or replaced."""
    text, layout = draw(tables())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 2)))
        text = text[:start] + draw(st.sampled_from(DAMAGE)) + text[end:]
    return text, layout


@given(tables(), st.integers(1, 10**9))
@settings(max_examples=cases(100, 1_000), deadline=None)
def test_a_table_is_read_as_the_oracle_reads_it(table, first_line):
    check(*table, first_line)


@given(damaged_tables())
@settings(max_examples=cases(100, 1_000), deadline=None)
@example((b"-0,1\n2,3\n", layout_of(2)))
@example((b"\x0b1,2\n", layout_of(2)))
@example((b"1,\xff\n", layout_of(2, (0,))))
@example((b"\xef\xbb\xbf1,2\n", layout_of(2)))
@example((b"1\r,2\n", layout_of(2, (1,))))
def test_a_damaged_table_is_read_as_the_oracle_reads_it(table):
    check(*table)


SNIPPETS = [
    "1",
    "2.5",
    "-3",
    "7",
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r",
    "\r\n",
    '"',
    " ",
    "NA",
    "x",
    "é",
    "\0",
    "\x0b",
    "-0",
]


@given(st.lists(st.sampled_from(SNIPPETS), max_size=14).map("".join), st.sampled_from([(0, 1), (0,), (1,)]))
@settings(max_examples=cases(100, 1_000), deadline=None)
def test_any_text_is_read_as_the_oracle_reads_it(text, positions):
    check(text.encode(), layout_of(2, positions))
    check(text.encode(), layout_of(1))


def test_without_pyarrow_pandas_reads(monkeypatch):
    monkeypatch.setitem(sys.modules, "lrfit.data.csv.fast_arrow", None)
    assert [reader.__name__ for reader in fast_reader._readers.__wrapped__()] == ["pandas_columns"]


def test_what_the_fast_readers_are_told_is_missing_is_missing_for_the_strict_reader():
    for spelling in SPELLINGS:
        assert CsvFormat().is_missing(spelling)
