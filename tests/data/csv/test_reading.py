"""Every row of the list of hostile data, by train, predict and evaluate, from a file and from standard input.

What is good comes out as the numbers that it means; all else is refused in one line that says what, where,
and how to mend it. Headings name the rows of the list.
"""

import bz2
import gzip
import json
import lzma
import re
import socket
from dataclasses import dataclass

import numpy as np
import pytest
from naming import in_case

# y_hat is x itself, so predictions show what was read, to the bit.
MODEL = '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1.0}, "intercept": 0.0}'

GOOD = b"x,y\n1,2\n2,4.5\n3,7\n"
ROWS = [[1.0, 2.0], [2.0, 4.5], [3.0, 7.0]]


@dataclass(frozen=True)
class Case:
    """A table, and what becomes of it.

    Attributes:
        stored: The bytes.
        says: What the message of a refusal, or a warning, has to contain.
        rows: What is read, as (x, y); None if the table is refused.
        options: How it is written.
        chosen: Whether train is told that x and y are the columns.
        by_name: Whether the message has a command with the file's name, and so another one for a pipe.
    """

    stored: bytes
    says: tuple[str, ...] = ()
    rows: list[list[float]] | None = None
    options: tuple[str, ...] = ()
    chosen: bool = False
    by_name: bool = False


def bad(stored, *says, options="", chosen=False):
    return Case(
        stored if isinstance(stored, bytes) else stored.encode(), says, None, tuple(options.split()), chosen
    )


def foreign(stored, *says):
    """A file that is no CSV, with a command that makes it one."""
    return Case(stored, says, by_name=True)


def good(stored, rows=ROWS, *says, options="", chosen=False):
    stored = stored if isinstance(stored, bytes) else stored.encode()
    return Case(stored, says, rows, tuple(options.split()), chosen)


def cell(text, *says):
    """A cell that is no number, as it is shown."""
    return bad(f"x,y\n1,2\n{text},3\n4,5\n", "line 3, column 'x': ", *says)


def wide(encoding, mark=""):
    return (mark + GOOD.decode()).encode(encoding)


N_COLUMNS = 5000
MANY_NAMES = ",".join(["x", "y", *(f"c{i}" for i in range(N_COLUMNS - 2))])
LONG_ROW = b"1,2," + b"z" * 1000 + b"\n"  # so that a thousand are more than one block
PACKED = gzip.compress(GOOD, mtime=0)

CASES = {
    # empty file; only newlines; header only
    "empty": bad("", "is empty"),
    "a mark alone": bad("\ufeff", "is empty"),
    "only newlines": bad("\n\r\n\r\n", "is empty"),
    "only blanks": bad(" \n\t\n  ", "is empty"),
    "empty gzip": bad(gzip.compress(b"", mtime=0), "is empty"),
    "header only": bad("x,y\n", "a header, but no rows"),
    "header only, no line end": bad("x,y", "a header, but no rows"),
    "header and blank lines": bad("\nx,y\n\n  \n", "a header, but no rows"),
    # no header (first row all numbers)
    "no header": bad("1,2\n3,4\n", "'1', '2'", "--no-header"),
    "no header, a value missing": bad("1,\n3,4\n", "--no-header"),
    "no header, quoted": bad('"1","2"\n3,4\n', "--no-header"),
    # single row, constant x, identical rows; constant y
    "single row": good("x,y\n1,2\n", [[1, 2]]),
    "single row, no line end": good("x,y\n1,2", [[1, 2]]),
    "constant x": good("x,y\n1,2\n1,3\n", [[1, 2], [1, 3]]),
    "identical rows": good("x,y\n1,2\n1,2\n", [[1, 2], [1, 2]]),
    "collinear columns": good("a,x,y\n2,1,2\n4,2,4.5\n6,3,7\n"),
    "constant y": good("x,y\n1,2\n2,2\n", [[1, 2], [2, 2]]),
    # UTF-8 BOM; CR, CRLF, mixed line ends; spellings of numbers
    "mark": good(b"\xef\xbb\xbf" + GOOD),
    "mark and quotes": good(b'\xef\xbb\xbf"x","y"\r\n"1","2"\r\n2,4.5\r\n3,7'),
    "CR": good(GOOD.replace(b"\n", b"\r")),
    "CR, no last one": good(GOOD.replace(b"\n", b"\r").rstrip()),
    "CRLF": good(GOOD.replace(b"\n", b"\r\n")),
    "mixed line ends": good("x,y\r1,2\n2,4.5\r\n3,7"),
    "no last line end": good(GOOD.rstrip()),
    "blank lines": good("\n\r\n \t\nx,y\n\n1,2\n  \n2,4.5\n\n3,7\n\n\n"),
    "blanks around": good(" x , y \n 1,2 \n\t2\t, 4.5\n3,7\n"),
    "quoted": good('"x","y"\n"1","2"\n"2","4.5"\n"3","7"\n'),
    "a quoted text beside": good('x,note,y\n1,"a, ""b""",2\n2,"c\r\nd",4.5\n3,,7\n', chosen=True),
    "+1, 1e3, .5": good("x,y\n+1,1e3\n.5,1.\n007,-.5e-1\n", [[1, 1e3], [0.5, 1], [7, -0.05]]),
    "5e-324, 1e-400": good(
        "x,y\n5e-324,1e-400\n1e-310,2\n2.2250738585072011e-308,3\n1,2\n",
        [[5e-324, 0], [1e-310, 2], [2.2250738585072011e-308, 3], [1, 2]],
    ),
    "ends of files joined": bad("x,y\n1,2\n\ufeff3,4\n", "line 3, column 'x'", "U+FEFF"),
    # UTF-16, latin-1, invalid UTF-8 late in the file
    "UTF-16": bad(wide("utf-16"), "UTF-16", "--encoding utf-16"),
    "UTF-16, big end first": bad(b"\xfe\xff" + wide("utf-16-be"), "--encoding utf-16"),
    "UTF-16-LE without a mark": bad(wide("utf-16-le"), "--encoding utf-16-le"),
    "UTF-16-BE without a mark": bad(wide("utf-16-be"), "--encoding utf-16-be"),
    "UTF-32": bad(wide("utf-32"), "--encoding utf-32"),
    "UTF-16, named": good(wide("utf-16"), options="--encoding utf-16"),
    "UTF-16-LE, named": good(wide("utf-16-le"), options="--encoding utf-16-le"),
    "UTF-32-LE, a mark and named": good(wide("utf-32-le", "\ufeff"), options="--encoding utf-32-le"),
    "UTF-8, named UTF-16": bad(GOOD, "--encoding", options="--encoding utf-16"),
    "half a letter of UTF-16": bad(
        wide("utf-16")[:-1], "byte 0x0A", "--encoding", options="--encoding utf-16"
    ),
    "latin-1 in the header": bad(
        "x,y,größe\n1,2,3\n".encode("latin-1"), "line 1: byte 0xF6", "--encoding latin-1"
    ),
    "latin-1 in a column not read": bad(
        b"x,y,z\n1,2,a\n3,4,\xe9\n", "line 3: byte 0xE9", "--encoding", chosen=True
    ),
    "latin-1, named": good(b"x,y,z\n1,2,\xe9\n", [[1, 2]], options="--encoding latin-1", chosen=True),
    "latin-1, late": bad(
        b"x,y,z\n" + LONG_ROW * 1100 + b"1,2,caf\xe9\n3,4,e\n",
        "line 1102: byte 0xE9",
        "--encoding",
        chosen=True,
    ),
    "overlong": bad(b"x,y\n1,2\n\xc0\xb1,3\n", "line 3: byte 0xC0", "--encoding"),
    "surrogates": bad(b"x,y\n1,2\n\xed\xa0\x80,3\n", "line 3: byte 0xED", "--encoding"),
    # row too long or too short, once or everywhere; trailing commas
    "too long once": bad("x,y\n1,2\n1,2,3\n", "line 3: 3 fields, but there are 2 columns ('x', 'y')"),
    "too long everywhere": bad("x,y\n1,2,3\n4,5,6\n", "line 2: 3 fields"),
    "too short once": bad("x,y\n1,2\n1\n3,4\n", "line 3: 1 field, but"),
    "too short last": bad("x,y\n1,2\n1", "line 3: 1 field, but"),
    "too short everywhere": bad("x,y,z\n1,2\n3,4\n", "line 2: 2 fields, but there are 3 columns"),
    "trailing commas, but in a row": bad("x,y\n1,2,\n3,4\n", "line 3: 2 fields"),
    "a trailing comma, once": bad("x,y\n1,2\n3,4,\n", "line 3: 3 fields", "delete the ','"),
    # decimal comma, `;` or tab separated, `sep=;` line, `#` comment first
    "decimal commas": bad("x,y\n1,5,2,5\n", "line 2: 4 fields", "('x', 'y')", "--decimal ','"),
    "decimal commas, quoted": bad('x,y\n"1,5","2,5"\n', "column 'x': '1,5'", "say --decimal ','"),
    "decimal commas, quoted and said": good('x,y\n"1,0","2"\n2,"4,5"\n3,7\n', options="--decimal ,"),
    "decimal commas behind ;": bad("x;y\n1,5;2\n", "'1,5'", "say --decimal ','", options="--sep ;"),
    "decimal points behind ;": bad("x;y\n1.5;2\n", "'1.5'", "--decimal '.'", options="--sep ; --decimal ,"),
    "decimal commas, said": good("x;y\n1,0;2\n2;4,5\n3;7,\n", options="--sep ; --decimal ,"),
    ";": good(GOOD.replace(b",", b";")),
    "tabs": good(GOOD.replace(b",", b"\t")),
    "bars": good(GOOD.replace(b",", b"|")),
    "tabs, said": good(GOOD.replace(b",", b"\t"), options=r"--sep \t"),
    "sep=;": bad("sep=;\nx;y\n1;2\n", "'sep=;'", "say --skip 1 --sep ';'"),
    "sep=; and --sep": bad("sep=;\nx;y\n1;2\n", "'sep=;'", "say --skip 1 --sep ';'", options="--sep ;"),
    "sep=; and what its message says": good(
        b"sep=;\n" + GOOD.replace(b",", b";"), options="--skip 1 --sep ;"
    ),
    "sep=,": bad("sep=,\nx,y\n1,2\n", "'sep=,'", "say --skip 1 --sep ','"),
    "sep=, and what its message says": good(b"sep=,\n" + GOOD, options="--skip 1 --sep ,"),
    "comment first": bad("# made by hand\nx,y\n1,2\n", "'# made by hand'", "comment"),
    "comment with a comma first": bad("# made, by hand\nx,y\n1,2\n", "'# made'"),
    "comment later": bad(
        "x,y\n1,2\n# the end\n", "line 3: 1 field", "if line 3 is a comment, say --comment '#'"
    ),
    "comment later, said": good(GOOD + b"# the end\n", options="--comment #"),
    # duplicate header names; column missing or in other case
    "two of a name": bad("x,y,x\n1,2,3\n", "two columns are named 'x'"),
    "two of a name, but for blanks": bad("x,y, x \n1,2,3\n", "two columns are named 'x'"),
    "two of no name": good(b"\n".join(line + b",," for line in GOOD.splitlines())),
    "an empty field at the end of each row": good(GOOD.replace(b"\n", b",\n").replace(b",\n", b"\n", 1)),
    "other case": bad("X,y\n1,2\n", "no column 'x', only 'X', 'y'; did you mean 'X'?", chosen=True),
    "missing column": bad("a,y\n1,2\n", "no column 'x', only 'a', 'y'", chosen=True),
    "missing column of many": bad(
        MANY_NAMES.replace("x", "z", 1) + "\n", "only 'z', 'y', 'c0'", "and 4990 more", chosen=True
    ),
    # empty cell, NA, NaN, null, None
    "empty cell": bad("x,y\n,2\n3,4\n", "line 2, column 'x': a missing value; ", "--missing drop"),
    "missing words": bad("x,y\n1,2\n nUlL,3\n", "line 3, column 'x': ", "--missing drop"),
    "dropped": good(
        'x,y\nNA,1\n1,2\n,3\n2,4.5\nnUlL,1\n None ,1\n"",0\nNaN,1\n3,7\n',
        ROWS,
        "left out 6 rows with missing values",
        options="--missing drop",
    ),
    "all dropped": bad("x,y\n,1\nNA,2\n", "no rows without a missing value", options="--missing drop"),
    "missing where it is not read": good("x,y,z\n1,2,\n2,4.5,NA\n3,7,null\n", chosen=True),
    "N/A": cell("N/A", "a missing value; ", "--missing drop"),
    "#N/A, dropped": good(
        b"x,y\n#N/A,1\n" + GOOD[4:], ROWS, "left out a row with a missing value", options="--missing drop"
    ),
    "?": cell("?", "'?' is not a number", "say --na '?' --missing drop"),
    # inf, 1e400
    "inf": cell("inf", "'inf' is not a number", "finite"),
    "-Infinity": cell("-Infinity", "finite"),
    "1e400": cell("1e400", "'1e400' is beyond the range of float64"),
    # integers over 2^53
    "over 2^53": good("x,y\n9007199254740993,1\n1,2\n", [[9007199254740992, 1], [1, 2]], "beyond 2^53"),
    # `1_0`, `0x1F`, …
    "1_0": cell("1_0", "'1_0' is not a number"),
    "0x1F": cell("0x1F", "'0x1F' is not a number"),
    "1D3": cell("1D3", "'1D3' is not a number"),
    "--5": cell("--5", "'--5' is not a number"),
    "Arabic digits": cell("١٢", "is not a number", "U+0661"),
    "fullwidth digits": cell("\uff11", "is not a number", "U+FF11"),
    "U+2212": cell("\u22125", "is not a number", "U+2212"),
    "1,234": cell('"1,234"', "'1,234' is not a number", "thousands"),
    "1,234.5": cell('"1,234.5"', "thousands"),
    "1 234": cell("1\u202f234", "thousands"),
    "5%": cell("5%", "'5%' is not a number"),
    "$5": cell("$5", "'$5' is not a number"),
    "-": cell("-", "'-' is not a number"),
    "true": cell("true", "'true' is not a number"),
    "a date": cell("2024-01-02", "'2024-01-02' is not a number"),
    "no-break space": cell("1\u00a0", r"'1\xa0' is not a number", "U+00A0"),
    "zero-width space": cell("\u200b1", r"'\u200b1' is not a number", "U+200B"),
    "vertical tab": cell("1\x0b", r"'1\x0b' is not a number", "U+000B"),
    # unclosed quote, quote that swallows rows, `"1"2`, NUL, Ctrl-Z at the end
    "unclosed quote": bad('x,y\n1,2\n"3,4\n5,6\n', "line 3: a quote opens"),
    "unclosed quote, late": bad(
        b"x,y,z\n" + LONG_ROW * 1100 + b'5,6,"a\n7,8,b\n', "line 1102: a quote opens", chosen=True
    ),
    "unclosed quote in the header": bad('x,"y\n1,2\n', "line 1: a quote opens"),
    "a quote that swallows rows": bad('y,x\n1,"2\n3,4\n5,6"\n7,8\n', "line 2, column 'x'", "closed too late"),
    '"1"2': bad('x,y\n1,2\n"1"2,3\n', "line 3: a quote opens"),
    "a stray quote": bad('x,y,z\n1,2,5" wide\n3,4,a\n', "line 2: a quote opens", chosen=True),
    "a blank before a quote": good('x,y\n1, "2"\n2,"4.5" \n"3"\t,7\n'),
    "a letter before a quote": bad('x,y\n1,a"2"\n', "line 2: a quote opens"),
    "NUL": cell("1\0002", r"'1\x002' is no text"),
    "NUL in the header": bad("x\0,y\n1,2\n", r"'x\x00,y'", "NUL"),
    "NUL in a column not read": bad("x,y,z\n1,2,a\0b\n", "line 2, column 'z'", "NUL", chosen=True),
    "NUL at the end": bad("x,y\n1,2\n\0\0\0", "line 3: 1 field"),
    "Ctrl-Z at the end": bad("x,y\n1,2\n\x1a", "line 3: 1 field", "Ctrl-Z"),
    "Ctrl-Z behind a number": bad("y,x\n1,2\n3,4\x1a", "line 3, column 'x'", r"'4\x1a'", "U+001A"),
    # a 200 kB cell, 5,000 columns
    "200 kB": cell("9x" * 100_000, "9x9x9x9x…' is not a number"),
    "200 kB of digits": cell("9" * 200_000, "999…' is beyond the range"),
    "200 kB not read": good(b"x,y,z\n1,2," + b"z" * 200_000 + b"\n2,4.5,\n3,7,\n", chosen=True),
    "200 kB of a name": bad("x" * 200_000 + ",y\n1,2\n", "xxx…'", chosen=True),
    "5,000 columns": good(f"{MANY_NAMES}\n1,2{',3' * (N_COLUMNS - 2)}\n", [[1, 2]], chosen=True),
    "5,000 columns, a row too short": bad(
        f"{MANY_NAMES}\n1,2\n", "line 2: 2 fields, but there are 5000 columns"
    ),
    # markup, ANSI, OSC, C1, bidi, emoji codes
    **{
        f"escape {i}": cell(text, "' is not a number")
        for i, text in enumerate(
            ["[/red]x", "\x1b[31m", "\x1b]0;title\x07", "\x9b1m", "\u202e1", ":smile:", "\x08", "\u2066x"]
        )
    },
    "escapes in a header": bad(
        "\x1b[31m,[/red],\u202ez\n1,2,3\n", r"only '\x1b[31m', '[/red]', '\u202ez'", chosen=True
    ),
    # header that looks like a formula
    "a formula": good("=1+1,x,@y,y\n9,1,9,2\n9,2,9,4.5\n9,3,9,7\n", chosen=True),
    # gz truncated, bad CRC, junk behind it; gz under another name; two members
    "gzip under another name": good(PACKED),
    "two members": good(gzip.compress(b"x,y\n1,", mtime=0) + gzip.compress(b"2\n2,4.5\n3,7\n", mtime=0)),
    "gzip, truncated": bad(PACKED[:-9], "damaged gzip", "pack it again"),
    "gzip, bad CRC": bad(PACKED[:-8] + b"\1\2\3\4" + PACKED[-4:], "damaged gzip"),
    "gzip, junk behind": bad(PACKED + b"junk", "damaged gzip"),
    "gzip of gzip": foreign(gzip.compress(PACKED, mtime=0), "gzip within gzip", "gzip -dc"),
    # what else is no text, or no CSV
    "zip": foreign(b"PK\x03\x04\x14\0\0\0\x08\0" + b"\xff" * 40, "a zip archive", "unzip -p"),
    "xz": foreign(lzma.compress(GOOD), "packed by xz", "xz -dc"),
    "bzip2": foreign(bz2.compress(GOOD), "packed by bzip2", "bzip2 -dc"),
    "zstd": foreign(b"(\xb5/\xfd\x04\x58" + GOOD, "packed by zstd", "zstd -dc"),
    "old Excel": foreign(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, "workbook", "libreoffice"),
    "Parquet": foreign(b"PAR1\x15\x04\x15\x80" + b"\0" * 40, "Parquet"),
    "JSON": foreign(b'[{"x": 1, "y": 2}]\n', "is JSON", "pandas.read_json"),
    "JSON lines": foreign(b'{"x": 1, "y": 2}\n' * 3, "is JSON lines", "lines=True"),
    "ARFF": foreign(b"@relation r\n@attribute x real\n@data\n1\n", "is ARFF", "--no-header", "grep -v"),
    "HTML": foreign(b"<!DOCTYPE html>\n<html>\n", "is a web page", "pandas.read_html"),
    "a model": bad(MODEL, "is a model of lrfit, not data"),
    "zeros between no letters": bad(b"\1\0\2\0\3\0", "is no text: it has NUL bytes"),
}

COMMANDS = {
    "train": ("train", "DATA", "-q", "--lr", "auto", "--standardize", "--epochs", "1", "--format", "json"),
    "predict": ("predict", "m.json", "DATA", "--only"),
    "evaluate": ("evaluate", "m.json", "DATA", "--format", "json"),
}


@pytest.fixture
def run(in_process, monkeypatch, tmp_path):
    """Run a command on bytes, from a file `d.csv` or from standard input; gives code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text(MODEL)

    def command(arguments, stored, *, from_file):
        (tmp_path / "d.csv").write_bytes(stored)
        words = [("d.csv" if from_file else "-") if word == "DATA" else word for word in arguments]
        return in_process(*words, stdin=b"" if from_file else stored)

    return command


@pytest.mark.parametrize("name", CASES)
def test_what_is_hostile_is_read_right_or_refused_clearly(run, name):
    for command in COMMANDS:
        with in_case(command):
            assert_read_or_refused(run, command, CASES[name])


def assert_read_or_refused(run, command, case):
    arguments = [*COMMANDS[command], *case.options]
    if command == "train" and case.chosen:
        arguments += ["-x", "x", "-y", "y"]
    outcomes = [run(arguments, case.stored, from_file=from_file) for from_file in (True, False)]
    if not case.by_name:
        of_file = re.sub(r"(sed .*) 'd\.csv' > mended\.csv", r"pipe it through \1", outcomes[0][2])
        assert of_file.replace("'d.csv'", "standard input") == outcomes[1][2]
    for code, out, err in outcomes:
        assert all(line.isprintable() for line in err.splitlines())
        if case.rows is None:
            assert_refused(code, err, case)
            assert not out or command == "predict"
        else:
            assert (code, "error" in err) == (0, False)
            assert all(words in err for words in case.says)
            decimal = "," if case.options[-2:] == ("--decimal", ",") else "."
            assert_read(command, out, np.array(case.rows, dtype=float), decimal)


def assert_refused(code, err, case):
    assert code == 1
    assert re.match(r"lrfit: error: ('d\.csv'|standard input)(,| is|:| has) ", err)
    assert [words for words in case.says if words not in err] == []
    assert len(err.splitlines()) == 1
    assert len(err) < 600


def assert_read(command, out, rows, decimal):
    """What is read comes out, and what is predicted has the decimal mark of the file."""
    x, y = rows.T
    if command == "predict":
        numbers = [text.replace(".", decimal) for text in map(repr, x.tolist())]
        quoted = [f'"{number}"' for number in numbers]  # where the commas between columns are commas, too
        assert out in ("\n".join(["y_hat", *lines]) + "\n" for lines in (numbers, quoted))
        return
    document = json.loads(out)
    assert (document["data"] if command == "train" else document)["n_samples"] == len(rows)
    if command == "train":
        assert document["data"]["best_constant_loss"] == pytest.approx(np.var(y) / 2)
    else:
        assert document["max_error"] == np.max(np.abs(x - y))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name",
    [
        "missing.csv",
        "",
        ".",
        "d.csv/x",
        "~/d.csv",
        "a\nb.csv",
        "x" * 300,
        "http:/x.org/d.csv",
        "1s3://a/b.csv",
    ],
)
def test_a_name_that_is_no_file_is_refused_and_no_socket_is_opened(run, monkeypatch, command, name):
    def fail(*args):
        raise AssertionError(args)

    monkeypatch.setattr(socket, "socket", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    arguments = [name if word == "DATA" else word for word in COMMANDS[command]]
    code, out, err = run(arguments, GOOD, from_file=True)
    assert (code, out) == (1, "")
    assert re.fullmatch(r"lrfit: error: '.*' cannot be opened: .*\n", err)


def test_a_header_that_looks_like_a_formula_passes_through(run):
    code, out, err = run(("predict", "m.json", "DATA"), b'=1+1,"@a,b",x\n1,2,3\n', from_file=False)
    assert (code, out, err) == (0, '=1+1,"@a,b",x,y_hat\n1,2,3,3.0\n', "")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_device_is_an_empty_file(run, command):
    arguments = ["/dev/null" if word == "DATA" else word for word in COMMANDS[command]]
    code, out, err = run(arguments, GOOD, from_file=True)
    assert (code, out) == (1, "")
    assert "'/dev/null' is empty" in err


@pytest.mark.parametrize(
    ("path", "script"),
    [
        ("fifo", "mkfifo fifo; cat d.csv > fifo & {}"),
        ("/dev/stdin", "{} < d.csv"),
        ("/dev/stdin", "cat d.csv | {}"),
        ("<(cat d.csv)", "{}"),
        ("-", "gzip -c d.csv | {}"),
    ],
)
def test_a_fifo_and_the_like_are_read_once(shell, tmp_path, path, script):
    (tmp_path / "d.csv").write_bytes(GOOD)
    (tmp_path / "m.json").write_text(MODEL)
    result = shell(script.format(f"lrfit predict m.json {path} --only"))
    assert (result.returncode, result.stdout, result.stderr) == (0, b"y_hat\n1.0\n2.0\n3.0\n", b"")


# values near 1e300


@pytest.mark.parametrize(
    "content", ["x,y\n1e300,1\n2e300,2\n", "x,y\n1,1e300\n2,-3e300\n", "x,y\n1e300,1e300\n2,3\n"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_values_near_1e300_never_give_what_is_not_finite(run, command, content):
    code, out, err = run(COMMANDS[command], content.encode(), from_file=True)
    assert code in ({0} if command == "predict" else {1, 3})
    assert not re.search(r"(?i)\b(inf|infinity|nan)\b", out)
    assert code == 0 or (len(err.splitlines()) == 1 and err.startswith("lrfit: error: "))
