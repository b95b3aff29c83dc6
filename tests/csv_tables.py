"""Tables of CSV for tests: in memory, and made at random.

What is made at random comes from a `random.Random`, so from a seed, or from Hypothesis.
"""

import io
import re

import numpy as np
from csv_oracle import DATES, MISSING, NO_DATES, NO_NUMBERS, ODD_NUMBERS, WORDS

from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import choose_columns
from lrfit.data.csv.blocks import Source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import CsvTable

NUMBERS = "".join(f"{i},{i * i / 7}\n" for i in range(500))
QUOTED = "".join(f'"{i}",{i * i / 7},"a\n, b"\n' for i in range(250))


def table_of(content, *, streaming=False, encoding="utf-8", finds_separator=False, **csv_format):
    stored = content if isinstance(content, bytes) else content.encode()
    return CsvTable(
        Source(io.BytesIO(stored), "data", encoding),
        CsvFormat(**csv_format),
        streaming=streaming,
        finds_separator=finds_separator,
    )


def blocks_of(table, columns, *, with_texts=False):
    """The blocks of a table, as they are parsed."""
    return (block for _, block in table.map_blocks(lambda block: block, columns, with_texts=with_texts))


def values_of(table, columns=None):
    return np.concatenate([block.values.T for block in blocks_of(table, columns or table.header)]).tolist()


def read_columns(content, x=(), y=None, **csv_format):
    """The values of the columns that are chosen, as the commands read them."""
    table = table_of(content, **csv_format)
    choice = choose_columns(table.header, ColumnRequest(x=tuple(x), y=y), source_name="data")
    return values_of(table, choice.columns)


# Tables at random.

TEXTS = [
    "", "a", "Ångström", "温度", "x y", "-", "nan", "1", "#", "\\", "'", "\x0b", "\x1c", "\x85", "\u2028",
    "\x1a", "\u00a0",
]  # fmt: skip

QUOTED_TEXTS = ["a, b", 'say "x"', "a\nb", "c\r\nd", 'e\n "f" , "g" h', "\n", " ", '"', "# a\n# b"]

NA_WORDS = [
    "?", "-", "..", "-99999", "9999", "0", "1.5", "-9,9", "inf", "1_000", "n.v.", "a", "5%", "1 234", "-99%",
    "london", "2026-03-01", "1e3", "1,5", "nan", "\u0663",
]  # fmt: skip

ENDS = [["\n"], ["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"], ["\n", "\n\n", "\n \n"]]

KINDS = ["number", "number", "number", "number", "date", "category", "weight"]


def random_format(rng):
    """The options that say how a table is written; half of the time the usual ones."""
    separator = rng.choice([",", ",", ",", ";", "\t", "|", " ", "blanks", "blanks"])
    decimal = rng.choice([".", ".", ","])
    is_usual = rng.random() < 0.5
    options = {
        "thousands": [mark for mark in (",", ".", " ", "'", "_") if mark != decimal],
        "strip": ["%", "$%", "\u20ac", " e", "'", "\u00a0x"],
        "comment": ["#", "#", "//", "%", "1", '"', "c"],
        "skip": [1, 2],
        "skip_below": [1, 2],
        "skip_footer": [1, 2, 3],
    }
    chosen = {
        name: rng.choice(values) for name, values in options.items() if not is_usual and rng.random() < 0.35
    }
    header = rng.random() < 0.9
    if not header or chosen.get("comment") == '"':  # nothing is below it; inches would be comments
        chosen.pop("skip_below", None)
    na = () if is_usual or rng.random() < 0.5 else tuple(rng.sample(NA_WORDS, rng.randint(1, 3)))
    return CsvFormat(
        separator,
        decimal,
        header=header,
        drop_missing=rng.random() < 0.5,
        na=na,
        **chosen,
    )


def random_columns(rng, n_columns):
    """Positions, kinds and known levels of the columns that are read."""
    positions = rng.sample(range(n_columns), rng.randint(1, n_columns))
    kinds = KINDS if rng.random() < 0.5 else ["number"]
    columns = [(position, rng.choice(kinds)) for position in positions]
    return [
        (position, kind, tuple(sorted(WORDS[:3])) if kind == "category" and rng.random() < 0.3 else None)
        for position, kind in columns
    ]


def random_number(rng):
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


def as_written(rng, cell, csv_format):
    """A number with the decimal mark, the groups and the signs of a format."""
    written = cell.replace(".", csv_format.decimal)
    if csv_format.thousands and rng.random() < 0.6:
        mark = rng.choice(" \u00a0\u2009\u202f") if csv_format.thousands == " " else csv_format.thousands
        size = rng.choice("3332")
        groups = rf"(?<=[0-9])(?=(?:[0-9]{{{size}}})*[0-9]{{3}}(?![0-9]))"
        whole = re.match(r"[^0-9]*[0-9]*", written)[0]
        written = re.sub(groups, mark, whole) + written[len(whole) :]
    if csv_format.strip and rng.random() < 0.6:
        ends = [rng.choice([*csv_format.strip, "", " "]) for _ in range(4)]
        written = ends[0] + ends[1] + written + ends[2] + ends[3]
    return written


def random_cell(rng, kind, csv_format, strangeness):
    """A cell of a column of this kind; None is the kind of one that is not read."""
    if kind is None and rng.random() < 0.7:
        return rng.choice([*TEXTS, *QUOTED_TEXTS])
    if rng.random() < strangeness:
        return rng.choice(
            [
                *(NO_DATES if kind == "date" else NO_NUMBERS),
                *MISSING,
                *MISSING,
                *TEXTS,
                *(csv_format.na * 20),
                "1,5",
                "1.5",
                "-1",
            ]
        )
    if kind == "category":
        return rng.choice(WORDS[:3] if rng.random() < 0.9 else [*WORDS, *QUOTED_TEXTS])
    if kind == "date":
        return rng.choice(DATES)
    if csv_format.na and rng.random() < 0.1:
        return rng.choice(csv_format.na)
    number = random_number(rng)
    return as_written(rng, number.replace("-", "") if kind == "weight" else number, csv_format)


def as_field(rng, cell, share, csv_format):
    """A cell as it stands in its row: in quotes where it has to, and else with this probability."""
    if csv_format.separator == "blanks":
        cell = re.sub("[\r\n]+", " ", cell)
    special = {'"', "\n", "\r", *(" \t" if csv_format.separator == "blanks" else csv_format.separator)}
    is_empty = csv_format.separator == "blanks" and not cell
    if not is_empty and not special & set(cell) and rng.random() >= share:
        return cell
    quoted = '"' + cell.replace('"', '""') + '"'
    return (
        rng.choice(["", "", " ", "\t "]) + quoted + rng.choice(["", "", " "])
        if rng.random() < 0.2
        else quoted
    )


def as_row(rng, cells, quoting, csv_format):
    """A row without its line end."""
    fields = [as_field(rng, cell, quoting, csv_format) for cell in cells]
    if csv_format.separator != "blanks":
        return csv_format.separator.join(fields)
    row = rng.choice(["", "", "  "])
    for field in fields:
        row += field + rng.choice([" ", " ", "  ", "\t", " \t "])
    return row if rng.random() < 0.3 else row.rstrip(" \t")
