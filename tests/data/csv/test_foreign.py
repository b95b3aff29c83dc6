"""What is no CSV is told by its content, and refused with a command that can be pasted; a CSV never is."""

import bz2
import gzip
import io
import json
import lzma
import os
import re
import shlex
import shutil
import sqlite3
import sys
import threading
import zipfile

import pytest
from csv_tables import table_of, values_of
from depth import cases

from lrfit.data.csv import foreign, signs
from lrfit.data.csv.blocks import Source, open_source
from lrfit.data.csv.conversion import Origin, by_command, by_filter, by_pandas, by_spreadsheet
from lrfit.errors import DataError
from lrfit.messages import pasteable

TEXT = b"x,y\n1,2\n2,4\n3,5\n"
PACKED = gzip.compress(TEXT, mtime=0)
MODEL = '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1.0}, "intercept": 0.0}'


def zipped(**files):
    """A zip archive; `__` in a name stands for `/`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def open_document(kind):
    return zipped(mimetype=f"application/vnd.oasis.opendocument.{kind}", content="")


NO_TEXT = [
    (PACKED, "gzip"),
    (zipped(**{"[Content_Types].xml": "", "xl__workbook.xml": ""}), "a workbook"),
    (zipped(**{"[Content_Types].xml": ""}), "a workbook"),
    (zipped(**{"docProps__app.xml": "", "xl__workbook.xml": ""}), "a workbook"),
    (open_document("spreadsheet"), "a workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook"),
    (open_document("text"), "an office document"),
    (zipped(**{"[Content_Types].xml": "", "word__document.xml": ""}), "an office document"),
    (zipped(**{"data.csv": TEXT}), "a zip archive"),
    (b"PK\x03\x04\x14\0", "a zip archive"),
    (lzma.compress(TEXT), "packed by xz"),
    (b"(\xb5/\xfd\x04", "packed by zstd"),
    (bz2.compress(TEXT), "packed by bzip2"),
    (b"7z\xbc\xaf'\x1c", "a 7z archive"),
    (b"PAR1\x15\x04", "Parquet"),
    (b"ARROW1\0\0\x10", "Arrow IPC"),
    (b"\xff\xff\xff\xff\x10", "an Arrow IPC stream"),
    (b"FEA1\0\0\0\0\x10", "Feather of version 1"),
    (b"SQLite format 3\0\x10", "an SQLite database"),
    (b"<stata_dta><header>", "a Stata file"),
    (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
    (b"RDX3\nX\n\0\0\0\x03", "R data"),
    (b"X\n\0\0\0\x03", "R data"),
    (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
    (b"CDF\x01\0", "netCDF"),
    (b"%PDF-1.7\n", "a PDF"),
    (b"{\\rtf1\\ansi x,y\\\n1,2}", "RTF"),
]

OTHER_TEXT = [
    ('[{"x": 1, "y": 2}]', "JSON"),
    ('\ufeff\n[\n  {\n    "x": 1,\n', "JSON"),
    ("[[1, 2.5e3], [3, null]]", "JSON"),
    ('[["x", "y"],\n[1, 2],\n', "JSON"),
    ("[[1, 2]]\n", "JSON"),
    ('{\n "x": [1, 2],\n "y": [3, 4]\n}\n', "JSON"),
    ('{"x": {"0": 1}, "y": {"0": 2}}', "JSON"),
    ('{"x": [1, 2], "y": [3, 4]}\n', "JSON"),
    ('{"x": 1, "y": 2}\n2,3\n', "JSON"),
    ('{"x": ' + "[" * 100_000, "JSON"),
    ('{"x": 1, "y": 2}\n\n {"x": 2, "y": 3}\n', "JSON lines"),
    ('{"x": [1], "y": 2}\r\n{"x": [2], "y": 3}\r\n', "JSON lines"),
    ('{"x": 1, "y": 2}', "JSON lines"),
    (MODEL, "a model of lrfit, not data"),
    (json.dumps(json.loads(MODEL), indent=2), "a model of lrfit, not data"),
    ("@relation iris\n@attribute x numeric\n@data\n1,2\n", "ARFF"),
    ("% 1. Title\r\n%\r\n\r\n@RELATION 'my iris'\r\n\r\n% of 1936\r\n  @ATTRIBUTE x REAL\r\n", "ARFF"),
    ("<!DOCTYPE html>\n<html lang='en'>", "a web page"),
    ("\ufeff \n<!doctype HTML PUBLIC '-//W3C//DTD'>", "a web page"),
    ("<HTML>\n<head>", "a web page"),
    ("<table class='data'><tr><td>1", "a web page"),
    ("<!-- saved --> <!-- twice -->\n<html><body>", "a web page"),
    ('<?xml version="1.0"?>\n<!DOCTYPE html>\n<html>', "a web page"),
    ('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook>', "a workbook"),
    ('<?xml version="1.0" encoding="UTF-8"?>\n<rows><row/></rows>', "XML"),
]


def refused(path):
    """The message on a file."""
    with pytest.raises(DataError) as error, open_source(str(path)) as opened:
        list(opened.blocks())
    return str(error.value)


class Pipe(io.BytesIO):
    """A stream that gives so many bytes at a time, as a pipe may."""

    def __init__(self, content, n_bytes):
        super().__init__(content)
        self.n_bytes = n_bytes

    def read1(self, n_bytes=-1):
        return super().read1(min(n_bytes, self.n_bytes))


def blocks_of(stream, encoding="utf-8", *, streaming=False):
    """The blocks of a stream, or of stored bytes."""
    stream = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    return list(Source(stream, "data", encoding).blocks(streaming=streaming))


def in_gzip(kind, *, has_command):
    return f"{kind} within gzip; unpack it: " if has_command else f"{kind}; "


@pytest.mark.parametrize(("stored", "kind"), NO_TEXT)
def test_what_is_no_text_is_refused_by_its_first_bytes(stored, kind):
    has_command = kind not in ("an office document", "R data", "HDF5", "netCDF", "a PDF", "RTF")
    for encoding in ("utf-8", "latin-1", "utf-16"):
        for n_bytes in (1, 1000):
            if kind != "gzip":
                with pytest.raises(DataError, match=f"^data is {kind}; "):
                    blocks_of(Pipe(stored, n_bytes), encoding)
            with pytest.raises(DataError, match=f"^data is {in_gzip(kind, has_command=has_command)}"):
                blocks_of(Pipe(gzip.compress(stored), n_bytes), encoding)


@pytest.mark.parametrize(("text", "kind"), OTHER_TEXT)
def test_other_formats_of_text_are_refused_however_their_bytes_come(text, kind):
    for stored, encoding in ((text.encode(), "utf-8"), (text.encode("utf-16"), "utf-16")):
        for n_bytes in (1, 7, 1 << 20):
            for streaming in (False, True):
                with pytest.raises(DataError, match=f"^data is {kind}; "):
                    blocks_of(Pipe(stored, n_bytes), encoding, streaming=streaming)
    has_command = kind != "a model of lrfit, not data"
    with pytest.raises(DataError, match=f"^data is {in_gzip(kind, has_command=has_command)}"):
        blocks_of(gzip.compress(text.encode()))


def test_a_line_without_end_is_told_before_it_is_too_long_for_a_row():
    with pytest.raises(DataError, match=r"^data is JSON; "):
        blocks_of(b"[" + b'{"x": 1, "y": 2}, ' * 1_000_000)


@pytest.mark.parametrize(
    "names",
    [
        ("[x]", "[y]"),
        ("[[1]", "y]"),
        ("[", "{"),
        ("{a}", "{b}"),
        ("{}", "[]"),
        ("[{}", "y"),
        ("<x>", "<y>"),
        ("<table>", "<html>"),
        ("<html>", "y"),
        ("<?xml", "y"),
        ("<!doctype", "html"),
        ("@y", "@x"),
        ("@relation", "@attribute"),
        ("@relation x", "y"),
        ("%x", "%y"),
        ("% of @relation x", "y"),
        ("%PDF", "y"),
        ("PAR1", "y"),
        ("BZh9", "y"),
        ("PK", "y"),
        ("7z", "y"),
        ("SQLite", "y"),
        ("RDX2", "y"),
        ("X", "y"),
        ("CDF", "y"),
        ("ARROW1", "y"),
        ("PARENT", "y"),
        ("FEA1", "y"),
        ("{rtf1", "y"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_whose_first_name_begins_so_is_read(names, separator):
    rows = (names, ("1", "2"), ("3", "4"))
    content = "".join(separator.join(row) + "\n" for row in rows)
    for mark in ("", "\ufeff", "\n"):
        for streaming in (False, True):
            table = table_of(mark + content, separator=separator, streaming=streaming)
            assert (table.header, values_of(table)) == (names, [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("name", ["[", "{", "@relation x", "% x", "<table>", "X", "PAR1", "RDX2"])
def test_a_column_alone_may_be_called_so(name):
    assert values_of(table_of(f"{name}\n1\n2\n", streaming=True)) == [[1.0], [2.0]]


@pytest.mark.parametrize("row", [b"PAR1\n", b"SQLite\n", b"BZh\n", b"%PDF\n", b"X\n\0\n", b"{\\rt\n"])
def test_a_row_that_begins_so_is_not_waited_on_for_another(row):
    reading, writing = os.pipe()
    os.write(writing, row)
    given = []

    def read():
        with open_source(f"/dev/fd/{reading}") as opened:
            given.append(next(opened.blocks(streaming=True)))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert given == [row[: row.rindex(b"\n") + 1]]
    os.close(writing)
    os.close(reading)


@pytest.mark.parametrize(
    "stored", [b"\1\0\2\0\3\0", b"\0\x01\0\x02", b"\2\0\0\0\1\0\0\0", b"\0\0\0\x7f", b"a\0b\0\0\xd8\1\0"]
)
def test_zeros_between_what_are_no_letters_are_no_encoding(stored):
    for streaming in (False, True):
        if stored.startswith(b"a") and streaming:
            continue  # the first letters that come are letters
        with pytest.raises(DataError, match=r"^data is no text: it has NUL bytes$"):
            blocks_of(stored, streaming=streaming)


def test_half_a_letter_at_the_end_of_what_is_tried_is_a_letter():
    stored = "x,größe\U0001f600\n".encode("utf-16-le")
    for n_bytes in range(4, len(stored)):
        with pytest.raises(DataError, match="is UTF-16, not UTF-8: say encoding='utf-16-le'"):
            blocks_of(stored[:n_bytes])


# Commands.


def test_a_command_names_the_file_and_one_that_is_not_there_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("d.zip", "d.csv.xz", "book.xlsx", "d.json"):
        (tmp_path / name).touch()
    commands = {
        "d.zip": ("unzip -p d.zip > d{}.csv", by_command("unzip -p {file} > {made}", ".zip")),
        "d.csv.xz": ("xz -dc d.csv.xz > d{}.csv", by_filter("xz -dc")),
        "d.json": (
            'python -c \'import pandas; pandas.read_json("d.json").to_csv("d{}.csv", index=False)\'',
            by_pandas("read_json({})", ".json"),
        ),
    }
    for number in ("", "_2", "_3"):
        for name, (command, conversion) in commands.items():
            assert conversion(Origin(name, name)) == command.format(number)
        (tmp_path / f"d{number}.csv").touch()
    book = Origin("book", "book.xlsx")
    assert by_spreadsheet(book) == "libreoffice --headless --convert-to csv book.xlsx"
    (tmp_path / "book.csv").touch()
    assert by_spreadsheet(book) == "libreoffice --headless --convert-to csv --outdir converted book.xlsx"


@pytest.mark.parametrize("path", ["-", "/dev/stdin", "/dev/fd/0", "fifo"])
def test_a_stream_is_piped_through_a_filter_or_saved_first(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    origin = Origin("the stream", path)
    assert by_filter("xz -dc")(origin) == "pipe it through xz -dc"
    assert by_spreadsheet(origin).startswith("once it is in a file, libreoffice ")
    assert by_pandas("read_parquet({})", ".parquet")(origin).startswith(
        'once it is in a file, python -c \'import pandas; pandas.read_parquet("data.parquet")'
    )
    assert by_command("unzip -p {file} > {made}", ".zip")(origin) == (
        "once it is in a file, unzip -p data.zip > data.csv"
    )


NAMES = ["it's", 'say "x"', "a\\nb", "-d", "$HOME `ls` !x", "a\x1b[31m\nb"]
EASIER_NAMES = ["d", "my data", "größe", "v1.2.x"]


@pytest.mark.parametrize("name", cases(NAMES, NAMES + EASIER_NAMES))
def test_a_command_is_right_whatever_the_file_is_called(shell, tmp_path, monkeypatch, name):
    """But one whose name cannot be printed is shown escaped to the shell; Python's escapes are right."""
    monkeypatch.chdir(tmp_path)
    records = [{"x": 1, "y": 2}, {"x": 2, "y": 4}]
    (tmp_path / f"{name}.json").write_text(json.dumps(records))
    message = refused(f"{name}.json")
    assert message.isprintable()
    command = message.partition("make it a CSV: ")[2]
    shell(command.replace("python", shlex.quote(sys.executable), 1))
    assert (tmp_path / f"{name}.csv").read_text() == "x,y\n1,2\n2,4\n"
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(PACKED))
    command = refused(f"{name}.gz").partition("unpack it: ")[2]
    assert command.startswith("gzip -dc ")
    if name.isprintable():
        shell(command)
        assert PACKED in [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]


COMMANDS = {
    "zip": ("d.zip", zipped(**{"d.csv": TEXT}), "unzip"),
    "xz": ("d.csv.xz", lzma.compress(TEXT), "xz"),
    "bzip2": ("d.bz2", bz2.compress(TEXT), "bzip2"),
    "JSON by columns": ("d.json", b'{"x": {"0": 1, "1": 2, "2": 3}, "y": {"0": 2, "1": 4, "2": 5}}', ""),
    "JSON rows": ("d.json", b'[{"x": 1, "y": 2}, {"x": 2, "y": 4}, {"x": 3, "y": 5}]', ""),
    "JSON lines": ("d.txt", b'{"x": 1, "y": 2}\n{"x": 2, "y": 4}\n{"x": 3, "y": 5}\n', ""),
    "ARFF": ("d.arff", b"% d\n@relation d\n@attribute x real\n@attribute y real\n@data\n" + TEXT[4:], "grep"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_what_is_printed_makes_a_csv_that_is_read(shell, tmp_path, kind):
    name, stored, program = COMMANDS[kind]
    if program and not shutil.which(program):
        pytest.skip(f"there is no {program}")
    (tmp_path / name).write_bytes(stored)
    result = shell(f"lrfit train {name}")
    assert (result.returncode, result.stdout) == (1, b"")
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(f"lrfit: error: '{name}' is ")
    command = re.search(r"(unzip|xz|bzip2|python|grep) -.*", line)[0]
    options = "--no-header -y 2" if "say --no-header" in line else ""
    shell(command.replace("python", shlex.quote(sys.executable), 1))
    result = shell(f"lrfit train d.csv {options} -q")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"n_samples           3\n" in result.stdout


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="there is no sqlite3")
def test_a_table_of_a_database_is_saved_by_what_is_printed(shell, tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute("create table sales (x, y)")
        base.executemany("insert into sales values (?, ?)", [(1, 2), (2, 4)])
    base.close()
    command = refused(tmp_path / "shop.db").partition("as CSV: ")[2]
    shell(command.replace("TABLE", "sales"))
    assert (tmp_path / "shop.csv").read_text().splitlines() == ["x,y", "1,2", "2,4"]


@pytest.mark.parametrize("command", ["lrfit train -", "lrfit predict m.json", "lrfit evaluate m.json -"])
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("cat d.json", "standard input is JSON; make it a CSV: once it is in a file, python -c "),
        ("gzip -c d.json", "standard input is JSON within gzip; unpack it: pipe it through gzip -dc"),
        ("gzip -c d.csv | gzip", "standard input is gzip within gzip; unpack it: pipe it through gzip -dc"),
        ("printf '%%PDF-1.4\\n'", "standard input is a PDF; "),
    ],
)
def test_what_comes_through_a_pipe_is_refused_in_a_line(shell, tmp_path, command, source, said):
    (tmp_path / "m.json").write_text(MODEL)
    (tmp_path / "d.csv").write_bytes(TEXT)
    (tmp_path / "d.json").write_text('[\n{"x": 1, "y": 2}\n]\n')
    result = shell(f"{source} | {command}")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode().startswith(f"lrfit: error: {said}")
    assert result.stderr.count(b"\n") == 1


def test_a_path_for_a_shell_is_quoted_or_escaped():
    assert pasteable("it's") == "'it'\"'\"'s'"
    assert pasteable("a\nb") == r"'a\nb'"


def test_the_signs_let_through_each_kind_that_is_told():
    """Only for these is the table of kinds loaded."""
    for beginning in foreign._NO_TEXT:
        assert signs.may_be_no_text(beginning), beginning
    assert signs.may_be_no_text(b"x")  # too short to tell
    assert not signs.may_be_no_text(b"x,y\n")
    assert not signs.may_be_other_text(b"x,y\n1,2\n")
