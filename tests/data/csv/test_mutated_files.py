"""Whole files, made at random with random options and then damaged, are read as the oracle reads them.

Or they are refused at the same place. By default some; `LRFIT_DEEP=1 python -m pytest
tests/data/csv/test_mutated_files.py` goes through 100,000.
"""

import random

import numpy as np
import pytest
from clusters import Here, Joined
from csv_oracle import Bad, Refused, expected_table
from csv_tables import ENDS, as_row, random_cell, random_columns, random_format
from depth import cases

from lrfit.data.csv import blocks as source
from lrfit.data.csv import fast, ranges
from lrfit.data.csv import table as data
from lrfit.data.csv.blocks import open_source
from lrfit.data.csv.table import CsvTable
from lrfit.errors import DataError
from lrfit.messages import shown

N_GROUPS = 10

READERS = fast._readers()

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
    "1,234",
    "7 %",
    "NA",
    "inf",
    "#x",
    "温度",
    "[/red]",
    "=1+1",
    "sep=",
]

OUTER_LINES = [
    "a title",
    'a title with an inch: 5"',
    "m,kg",
    "m;kg",
    "(m) (kg)",
    "# x",
    "total,5,6",
    "total 5 6",
    "1,2",
    "3 4",
    "",
    " \t",
    "- 17 -",
    "\u00a0",
    '"quoted", x',
]

PIECES = [
    b"", b'"', b'"', b'""', b",", b",", b";", b"\t", b"\n", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b" ", b"-",
    b"+", b".", b"e", b"0", b"1", b"9", b"-0", b"NA", b"nan", b"inf", b"x", b"_", b"#", b"\x0b", b"\x0c",
    b"\x1a", b"\x1c", b"\x85", b"\xa0", b"\xff", b"\xc3\xa9", b"\xc0\xb1", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
]  # fmt: skip


def outer_lines(rng, n):
    """Lines that may be left out: as many as are said, or one more or less."""
    return [rng.choice(OUTER_LINES) for _ in range(max(0, n + rng.choice([0] * 18 + [-1, 1])))]


def comments(rng, csv_format):
    """Lines that are left out, or nearly."""
    lines = []
    while rng.random() < 0.25:
        mark = csv_format.comment if csv_format.comment and rng.random() < 0.97 else rng.choice("#%x")
        text = rng.choice(["", " text", ', "quoted"', ' a quote"', "1,2", " 5 6"])
        lines.append(rng.choice(["", "", " ", "\t"]) + mark + text)
    return lines if csv_format.comment else []


def a_file(rng):
    """Bytes, their format, and which columns are wanted as what."""
    csv_format = random_format(rng)
    n_columns = rng.randint(1, 4)
    picks = random_columns(rng, n_columns)
    kinds = {position: kind for position, kind, _ in picks}
    strangeness, quoting = rng.choice([0, 0, 0, 0.1]), rng.choice([0, 0, 0.2, 1])
    ends = rng.choice(ENDS)
    names = [f"c{i}" if rng.random() < 0.9 else rng.choice(NAMES) for i in range(n_columns)]
    rows = [names] * csv_format.header + [
        [random_cell(rng, kinds.get(i), csv_format, strangeness) for i in range(n_columns)]
        if rng.random() < 0.95
        else [""] * n_columns
        for _ in range(rng.randint(0, 9))
    ]
    at_end = csv_format.joint if rng.random() < 0.1 else ""
    lines = outer_lines(rng, csv_format.skip)
    for i, cells in enumerate(rows):
        lines += comments(rng, csv_format)
        lines.append(as_row(rng, cells, quoting, csv_format) + at_end * (i >= csv_format.header))
        if not i:
            lines += outer_lines(rng, csv_format.skip_below)
    lines += outer_lines(rng, csv_format.skip_footer)
    text = rng.choice(["", "", "", "\n", "\ufeff"]) + "".join(line + rng.choice(ends) for line in lines)
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


def columns_of(blocks):
    """The columns of some blocks: the words of a column of categories, and else its numbers."""
    columns = [[] for _ in blocks[0].values]
    for block in blocks:
        for column, values, levels in zip(columns, block.values, block.levels, strict=True):
            column.extend([levels[int(value)] for value in values] if levels else [values.tobytes()])
    return [column if isinstance(column[0], str) else b"".join(column) for column in columns]


def wanted_columns(rows):
    """The same, from the oracle."""
    return [
        column if isinstance(column[0], str) else np.array(column, np.float64).tobytes()
        for column in rows.columns
    ]


def read(table, layout):
    """The columns, or the message."""
    try:
        results = table.map_blocks(lambda block: Joined([block]), layout.columns)
        return columns_of([block for _, some in results for block in some])
    except DataError as error:
        return str(error)


def place(layout, line, position):
    """A line, or a cell in it, as messages name it: a column without a name goes by its position."""
    column = "" if position is None else f", column {shown(layout.header[position] or str(position + 1))}"
    return f"data, line {line}{column}"


def assert_read(path, csv_format, want, cluster=None):
    """Assert that the file at `path` is read as is wanted."""
    with open_source(str(path)) as opened:
        opened.name = "data"
        if isinstance(want, Refused):
            with pytest.raises(DataError) as error:
                CsvTable(opened, csv_format)
            assert want.says in str(error.value)
            return
        layout, rows = want
        try:
            table = CsvTable(opened, csv_format, cluster=cluster)
        except DataError as error:  # a header of one column above a longer row: it is refused at once
            if "but there is 1 column (" in str(error) and isinstance(rows, Refused | Bad):
                return
            raise
        assert table.header == layout.header
        got = read(table, layout)
    if isinstance(rows, Refused):
        assert rows.says in got
    elif isinstance(rows, Bad):
        assert got.startswith(f"{place(layout, rows.line, rows.position)}: ")
        assert rows.says in got
        assert got.isprintable()
        assert len(got) < 700
    elif rows.missing and not csv_format.drop_missing:
        line, (position, *_) = rows.missing[0]
        n_missing = len(rows.missing)
        found = "a missing" if n_missing == 1 else f"{n_missing} rows have missing"
        assert got.startswith(f"{place(layout, line, position)}: {found}")
    elif not rows.texts:
        assert "no rows" in got
        empty = [layout.header[position] for position, n in rows.lacking.items() if n == len(rows.missing)]
        assert all(shown(name) in got for name in empty)
    else:
        assert got == wanted_columns(rows)
        assert (table.n_samples, table.n_dropped) == (len(rows.texts), len(rows.missing))
        assert table.lost_digits == rows.lost_digits


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_a_damaged_file_is_read_as_the_oracle_reads_it_or_refused_at_the_same_place(
    monkeypatch, tmp_path, group
):
    path = tmp_path / "data.csv"
    n_files = cases(500, 100_000) // N_GROUPS
    for seed in range(group * n_files, (group + 1) * n_files):
        rng = random.Random(seed)  # noqa: S311 (no secret)
        stored, csv_format, picks = a_file(rng)
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
            stored = mutated(rng, stored)
        path.write_bytes(stored)
        block_bytes = rng.choice([1 << 20, 64, rng.randint(1, 40)])
        monkeypatch.setattr(source, "BLOCK_BYTES", block_bytes)
        want = expected_table(stored, csv_format, picks)
        monkeypatch.setattr(ranges, "RANGE_BLOCKS", rng.choice([1, 2, 16]))
        ways = [(1 << 30, None)]  # by the strict reader
        ways += [(0, None)] * (block_bytes > 40)  # by a fast one
        reader = rng.choice(READERS)
        monkeypatch.setattr(fast, "_readers", lambda reader=reader: (reader,))
        ways += [(1 << 30, Here(pickled=False))] * (block_bytes >= 4)  # by workers, who read four at least
        for few_bytes, cluster in ways:
            monkeypatch.setattr(data, "few_bytes", lambda few_bytes=few_bytes: few_bytes)
            try:
                assert_read(path, csv_format, want, cluster)
            except BaseException as error:
                error.add_note(
                    f"{seed=} {stored=} {csv_format=} {picks=} {block_bytes=} {few_bytes=} {reader=} "
                    f"{cluster=} {want=}"
                )
                raise
