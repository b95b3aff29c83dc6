"""Options are read strictly: a value is what was meant, or it is refused."""

from dataclasses import fields

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.cli import options
from lrfit.cli.commands import plot, train
from lrfit.cli.plots import PLOTS
from lrfit.cli.table_options import COLUMN_NAMES, CSV_NAMES, csv_options
from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.writer import csv_line
from lrfit.data.table_request import TableRequest
from lrfit.graph.executors import EXECUTORS
from lrfit.training.settings import rules

NO_NUMBERS = [
    "",
    " ",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "Infinity",
    "1_000",
    "١٢",
    "\uff11\uff12",
    "\u22121",
    "0x10",
    "1D3",
    "--5",
    "+-5",
    " 5",
    "5 ",
    "5\n",
    "1,5",
    "5%",
    "e5",
    "1e",
    ".",
    "-",
    "true",
    "1\x002",
]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1.0", "1e3", "9" * 19, "9" * 5000])
def test_an_integer_is_decimal_digits_only(text):
    with pytest.raises(click.BadParameter, match="must be an integer of at least 1") as error:
        options.integer(1)(text)
    assert error.value.message.isprintable()
    assert len(error.value.message) < 200


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("+2", 2), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_an_integer_is_read(text, value):
    assert options.integer(1)(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "-0"])
def test_an_integer_below_the_least_is_refused(text):
    with pytest.raises(click.BadParameter, match="at least 1"):
        options.integer(1)(text)
    assert options.integer(-1)(text) == int(text)


def value_of(setting, text, none=None):
    return options.setting_value(rules()[setting], none)(text)


def test_a_word_stands_for_a_value_only_where_it_is_allowed():
    assert value_of("batch_size", "full", none="full") is None
    assert value_of("learning_rate", "auto") == "auto"
    with pytest.raises(click.BadParameter, match="or full"):
        value_of("batch_size", "FULL", none="full")
    with pytest.raises(click.BadParameter, match="or auto"):
        value_of("learning_rate", "0")
    with pytest.raises(click.BadParameter):
        value_of("epochs", "full")
    with pytest.raises(click.BadParameter):
        value_of("l2", "auto")


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1e400", "-1e400", "9" * 400])
def test_a_number_is_finite_and_plain_decimal(text):
    with pytest.raises(click.BadParameter, match=r"must be a (finite|positive) number") as error:
        value_of("learning_rate", text)
    assert error.value.message.isprintable()


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1.0", "1e3", "9" * 19])
def test_a_count_is_decimal_digits_only(text):
    with pytest.raises(click.BadParameter, match="must be an integer of at least 1"):
        value_of("epochs", text)


@pytest.mark.parametrize("text", ["0", "-0", "0.0", "-1", "-1e-9", "1e-400"])
def test_a_number_has_to_be_above_the_bound(text):
    with pytest.raises(click.BadParameter, match="must be a positive number"):
        value_of("learning_rate", text)


@pytest.mark.parametrize("text", ["0", "1.0000000000000002", "2"])
def test_both_bounds_of_a_setting_are_refused_in_the_same_words(text):
    with pytest.raises(click.BadParameter, match="must be a number above 0 and at most 1"):
        value_of("gamma", text)


@given(st.floats(min_value=0.0, allow_nan=False, allow_infinity=False))
@settings(max_examples=200, deadline=None)
def test_a_number_is_read_to_the_bit(value):
    assert value_of("l2", repr(value)).hex() == value.hex()


@pytest.mark.parametrize(("text", "value"), [(".5", 0.5), ("1.", 1.0), ("+1E+2", 100.0), ("5e-324", 5e-324)])
def test_odd_spellings_of_a_number_are_read(text, value):
    assert value_of("learning_rate", text) == value


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("x", ["x"]),
        ("a,b", ["a", "b"]),
        (" a , b ", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('a, "b,c"', ["a", "b,c"]),
        ('"say ""x"""', ['say "x"']),
    ],
)
def test_column_names_are_separated_by_commas_or_quoted(text, columns):
    assert options.names(text) == columns


@pytest.mark.parametrize("text", ['"a', '"a"b', "a\nb", "a\rb"])
def test_a_list_of_names_that_is_not_csv_is_refused(text):
    with pytest.raises(click.BadParameter, match="must be a list of names") as error:
        options.names(text)
    assert error.value.message.isprintable()


@given(st.lists(st.text(st.characters(exclude_characters="\r\n")).map(str.strip), min_size=1))
@settings(max_examples=200, deadline=None)
def test_any_column_can_be_named(columns):
    """Whatever a header's names hold, they can be given to -x as the CSV writer writes them."""
    assert options.names(csv_line(columns)) == columns


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("0", 0),
        ("4096", 4096),
        ("7B", 7),
        ("10k", 10 * 1024),
        ("500M", 500 * 1024**2),
        ("500MB", 500 * 1024**2),
        ("500mib", 500 * 1024**2),
        ("2G", 2 * 1024**3),
        ("1Gi", 1024**3),
        ("1GiB", 1024**3),
        ("3T", 3 * 1024**4),
    ],
)
def test_a_size_is_bytes_or_powers_of_1024(text, n_bytes):
    assert options.size(text) == n_bytes


@pytest.mark.parametrize(
    "text",
    [
        *NO_NUMBERS,
        "+1",
        "-1",
        "1.5G",
        "1e9",
        "500 M",
        "M",
        "B",
        "2X",
        "2P",
        "1GG",
        "1iB",
        "1i",
        "1BG",
        "9" * 19,
    ],
)
def test_other_sizes_are_refused(text):
    with pytest.raises(click.BadParameter, match="must be a size such as 500M or 2G") as error:
        options.size(text)
    assert error.value.message.isprintable()
    assert len(error.value.message) < 200


@pytest.mark.parametrize(
    ("text", "init"),
    [
        ("zeros", "zeros"),
        ("normal", "normal"),
        ("1", (1.0,)),
        ("-0.7870768, -.25", (-0.7870768, -0.25)),
        ("1e3,+2,0", (1000.0, 2.0, 0.0)),
    ],
)
def test_initial_values_are_a_word_or_numbers(text, init):
    assert options.initial_values(text) == init


@pytest.mark.parametrize("text", ["", "ones", "ZEROS", "1,", ",1", "1,nan", "1,inf", "1;2", "1_0", "1,1e999"])
def test_other_initial_values_are_refused(text):
    with pytest.raises(click.BadParameter, match="must be zeros, normal, or finite numbers"):
        options.initial_values(text)


@pytest.mark.parametrize(
    ("text", "character"), [(",", ","), (";", ";"), ("\\t", "\t"), ("\t", "\t"), ("|", "|")]
)
def test_a_separator_is_one_character(text, character):
    assert options.separator(text) == character


@pytest.mark.parametrize(
    "text", ["", ",,", "ab", "a", "1", "E", "+", "-", ".", '"', "\n", "\r", "\0", "é", "\\n"]
)
def test_a_separator_that_numbers_or_quotes_or_lines_need_is_refused(text):
    with pytest.raises(click.BadParameter, match="must be a character that can separate columns") as error:
        options.separator(text)
    assert error.value.message.isprintable()


@pytest.mark.parametrize("text", ["", " "])
def test_names_of_columns_are_some(text):
    with pytest.raises(click.BadParameter, match="a list of names separated by commas"):
        options.column_names(text)


@pytest.mark.parametrize("text", ["0", "1", "nan", "95", "0,5", ""])
def test_a_level_is_a_share(text):
    with pytest.raises(click.BadParameter, match="a number above 0 and below 1"):
        options.share(text)


@click.command()
@click.argument("path")
@csv_options
def show(path, table_of):
    table = table_of((path,))
    click.echo(repr(table.format_of(path)))
    click.echo(table.encoding)


@pytest.mark.parametrize(
    ("arguments", "format_", "encoding"),
    [
        (["a.csv"], CsvFormat(",", ".", header=True, drop_missing=False), "utf-8"),
        (["-"], CsvFormat(","), "utf-8"),
        (["a.tsv"], CsvFormat("\t"), "utf-8"),
        (["a.TSV"], CsvFormat("\t"), "utf-8"),
        (["a.tsv.gz"], CsvFormat("\t"), "utf-8"),
        (["a.csv.gz"], CsvFormat(","), "utf-8"),
        (["a.tsv", "--sep", ","], CsvFormat(","), "utf-8"),
        (["a.tsv", "--decimal", ","], CsvFormat("\t", ","), "utf-8"),
        (["a.csv", "--sep", ";", "--decimal", ","], CsvFormat(";", ","), "utf-8"),
        (["a.csv", "--sep", "\\t", "--no-header"], CsvFormat("\t", header=False), "utf-8"),
        (["a.csv", "--missing", "drop"], CsvFormat(drop_missing=True), "utf-8"),
        (["a.csv", "--encoding", "latin-1"], CsvFormat(), "latin-1"),
        (["a.csv", "--sep", "blanks"], CsvFormat("blanks"), "utf-8"),
        (["a.csv", "--sep", ",", "--decimal", ","], CsvFormat(",", ","), "utf-8"),
        (["a.csv", "--thousands", " ", "--strip", "%$"], CsvFormat(thousands=" ", strip="%$"), "utf-8"),
        (["a.csv", "--na", "?,-99", "--na", "x"], CsvFormat(na=("?", "-99", "x")), "utf-8"),
        (["a.csv", "--decimal", ",", "--na", "-99,9"], CsvFormat(decimal=",", na=("-99,9",)), "utf-8"),
        (["a.csv", "--na", '"a", b'], CsvFormat(na=("a", "b")), "utf-8"),
        (["a.csv", "--na", '"a'], CsvFormat(na=('"a',)), "utf-8"),
        (["a.csv", "--comment", "//"], CsvFormat(comment="//"), "utf-8"),
        (
            ["a.csv", "--skip", "1", "--skip-below", "2", "--skip-footer", "3"],
            CsvFormat(skip=1, skip_below=2, skip_footer=3),
            "utf-8",
        ),
    ],
)
def test_the_options_say_how_a_csv_is_written(arguments, format_, encoding):
    result = CliRunner().invoke(show, arguments)
    assert (result.exit_code, result.output) == (0, f"{format_!r}\n{encoding}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.csv", "--decimal", ";"],
        ["a.csv", "--thousands", "."],
        ["a.csv", "--thousands", "12"],
        ["a.csv", "--strip", "%-"],
        ["a.csv", "--strip", "()"],
        ["a.csv", "--strip", "\u2212"],
        ["a.csv", "--skip-below", "1", "--no-header"],
        ["a.csv", "--comment", " #"],
        ["a.csv", "--skip", "-1"],
        ["a.csv", "--sep", "ab"],
        ["a.csv", "--missing", "keep"],
    ],
)
def test_options_that_contradict_each_other_or_are_unknown_are_usage_errors(arguments):
    result = CliRunner().invoke(show, arguments)
    assert getattr(result.exception, "exit_code", result.exit_code) == 2
    assert arguments[1].lstrip("-") in f"{result.output} {result.exception}".replace("_", "-")


def choices_of(command, name):
    """The words that an option of a command takes."""
    (option,) = (option for option in command.params if option.name == name)
    return tuple(option.type.choices)


def test_options_offer_what_there_is():
    assert choices_of(train.command, "executor") == EXECUTORS
    assert set(choices_of(plot.command, "kind")) == {kind for one in PLOTS for kind in one.kinds}
    assert {f.name for f in fields(TableRequest)} == CSV_NAMES | {"paths", "columns"}
    assert {f.name for f in fields(ColumnRequest)} == COLUMN_NAMES | {"by", "known"}
