"""Whole files, made at random and then damaged, are read as the oracle reads them, or refused likewise.

By default some; `LRFIT_DEEP=1 python -m pytest tests/test_mutated_files.py` goes through 100,000.
"""

import random

import numpy as np
import pytest
from csv_oracle import MISSING, NO_NUMBERS, ODD_NUMBERS, Bad, Refused, expected_table
from depth import cases

from lrfit.data.csv import blocks as source
from lrfit.data.csv import table as data
from lrfit.data.csv.blocks import open_source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import Table
from lrfit.errors import DataError
from lrfit.messages import shown

N_GROUPS = 10

NAMES = [
    "x",
    "y",
    " x ",
    "z",
    "größe",
    "a b",
    "",
    "1",
    "2.5",
    "NA",
    "inf",
    "#x",
    "温度",
    "[/red]",
    "=1+1",
    "sep=",
]
TEXTS = ["", "a", "Ångström", "x y", "-", "1", "#", "'", "\x0b", "\x1c", "\x85", "\u2028", "\x1a"]
PIECES = [
    b"", b'"', b'"', b'""', b",", b",", b";", b"\t", b"\n", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b" ", b"-",
    b"+", b".", b"e", b"0", b"1", b"9", b"-0", b"NA", b"nan", b"inf", b"x", b"_", b"#", b"\x0b", b"\x0c",
    b"\x1a", b"\x1c", b"\x85", b"\xa0", b"\xff", b"\xc3\xa9", b"\xc0\xb1", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
]  # fmt: skip


def a_number(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(ODD_NUMBERS)
    if kind == 1:
        return str(rng.randint(-(10 ** rng.randint(0, 22)), 10 ** rng.randint(0, 22)))
    if kind == 2:
        return f"{rng.uniform(-10, 10):.{rng.randint(0, 25)}f}"
    if kind == 3:
        return f"{rng.gauss(0, 1) * 10.0 ** rng.randint(-320, 300)!r}"
    return repr(rng.gauss(0, 100)) if kind == 4 else str(rng.randint(-2, 2))


def a_cell(rng, *, is_read, strangeness, csv_format):
    if not is_read and rng.random() < 0.7:
        return rng.choice(TEXTS)
    if rng.random() < strangeness:
        return rng.choice([*NO_NUMBERS, *MISSING, *MISSING, *MISSING, "1,5", "1.5"])
    return a_number(rng).replace(".", csv_format.decimal)


def quoted(rng, cell, share, separator):
    if separator in cell or '"' in cell or "\n" in cell or rng.random() < share:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def a_file(rng):
    """Bytes, their format, and which columns are wanted."""
    separator = rng.choice(",,,;\t| ")
    csv_format = CsvFormat(
        separator,
        "," if separator != "," and rng.random() < 0.3 else ".",
        header=rng.random() < 0.9,
        drop_missing=rng.random() < 0.5,
    )
    n_columns = rng.randint(1, 4)
    picks = rng.sample(range(n_columns), rng.randint(1, n_columns))
    strangeness, quoting = rng.choice([0, 0, 0, 0.1]), rng.choice([0, 0, 0.2, 1])
    ends = rng.choice([["\n"], ["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"], ["\n", "\n\n", "\n \n"]])
    rows = [[f"c{i}" if rng.random() < 0.9 else rng.choice(NAMES) for i in range(n_columns)]]
    rows += [
        [
            a_cell(rng, is_read=i in picks, strangeness=strangeness, csv_format=csv_format)
            for i in range(n_columns)
        ]
        for _ in range(rng.randint(0, 9))
    ]
    text = rng.choice(["", "", "", "\n", "\ufeff"])
    for row in rows[not csv_format.header :]:
        text += separator.join(quoted(rng, cell, quoting, separator) for cell in row) + rng.choice(ends)
    return (text if rng.random() < 0.5 else text.rstrip("\r\n")).encode(), csv_format, picks


def mutated(rng, stored):
    """The bytes with one thing changed."""
    start, end = sorted(rng.randint(0, len(stored)) for _ in range(2))
    near = min(len(stored), start + rng.randint(0, 3))
    piece = rng.choice(PIECES)
    kinds = {
        "delete": stored[:start] + stored[near:],
        "insert": stored[:start] + piece + stored[start:],
        "replace": stored[:start] + piece + stored[near:],
        "swap": stored[:start] + stored[near : near + 3] + stored[start:near] + stored[near + 3 :],
        "duplicate": stored[:end] + stored[start:],
        "truncate": stored[:end],
        "splice": stored[:start] + stored[end:] + stored[start:end],
    }
    return rng.choice(list(kinds.values()))


def message_of(table, layout):
    """The values, in bytes, or the message."""
    columns = [layout.header[position] for position in layout.positions]
    try:
        parts = [block.values.T for block in table.map_blocks(lambda block: block, columns)]
    except DataError as error:
        return str(error)
    return np.concatenate(parts).tobytes()


def assert_read(path, csv_format, want):
    """Assert that the file at `path` is read as is wanted."""
    with open_source(str(path)) as opened:
        opened.name = "data"
        if isinstance(want, Refused):
            with pytest.raises(DataError) as error:
                Table(opened, csv_format)
            assert want.says in str(error.value)
            return
        layout, rows = want
        table = Table(opened, csv_format)
        assert table.header == layout.header
        got = message_of(table, layout)
    if isinstance(rows, Refused):
        assert rows.says in got
    elif isinstance(rows, Bad):
        column = "" if rows.position is None else f", column {shown(layout.header[rows.position])}"
        assert got.startswith(f"data, line {rows.line}{column}: ")
        assert rows.says in got
        assert got.isprintable()
        assert len(got) < 600
    elif rows.missing and not csv_format.drop_missing:
        line, position = rows.missing[0]
        n_missing = len(rows.missing)
        found = "a missing" if n_missing == 1 else f"{n_missing} rows have missing"
        assert got.startswith(f"data, line {line}, column {shown(layout.header[position])}: {found}")
    elif not rows.texts:
        assert "no rows" in got
    else:
        assert got == rows.values
        assert (table.n_samples, table.n_dropped) == (len(rows.texts), len(rows.missing))
        assert table.lost_digits == rows.lost_digits


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_a_damaged_file_is_read_as_the_oracle_reads_it_or_refused_at_the_same_place(
    monkeypatch, tmp_path, group
):
    path = tmp_path / "data.csv"
    n_files = cases(1_000, 100_000) // N_GROUPS
    for seed in range(group * n_files, (group + 1) * n_files):
        rng = random.Random(seed)  # noqa: S311 (no secret)
        stored, csv_format, picks = a_file(rng)
        for _ in range(rng.choice([0, 1, 1, 2, 4])):
            stored = mutated(rng, stored)
        path.write_bytes(stored)
        block_bytes = rng.choice([1 << 20, 64, rng.randint(1, 40)])
        monkeypatch.setattr(source, "BLOCK_BYTES", block_bytes)
        want = expected_table(stored, csv_format, picks)
        for few_bytes in (
            (0, 1 << 30) if block_bytes > 40 else (1 << 30,)
        ):  # by the fast reader; by the strict
            monkeypatch.setattr(data, "_FEW_BYTES", few_bytes)
            try:
                assert_read(path, csv_format, want)
            except BaseException as error:
                error.add_note(
                    f"{seed=} {stored=} {csv_format=} {picks=} {block_bytes=} {few_bytes=} {want=}"
                )
                raise
