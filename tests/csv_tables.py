"""Tables of CSV in memory, for tests."""

import io

import numpy as np

from lrfit.data.columns import choose_columns
from lrfit.data.csv.blocks import Source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import Table

NUMBERS = "".join(f"{i},{i * i / 7}\n" for i in range(500))
QUOTED = "".join(f'"{i}",{i * i / 7},"a\n, b"\n' for i in range(250))


def table_of(content, *, streaming=False, encoding="utf-8", finds_separator=False, **csv_format):
    stored = content if isinstance(content, bytes) else content.encode()
    return Table(
        Source(io.BytesIO(stored), "data", encoding),
        CsvFormat(**csv_format),
        streaming=streaming,
        finds_separator=finds_separator,
    )


def blocks_of(table, columns, *, with_texts=False):
    """The blocks of a table, as they are parsed."""
    return table.map_blocks(lambda block: block, columns, with_texts=with_texts)


def values_of(table, columns=None):
    return np.concatenate([block.values.T for block in blocks_of(table, columns or table.header)]).tolist()


def read_columns(content, x=(), y=None, **csv_format):
    """The values of the columns that are chosen, as the commands read them."""
    table = table_of(content, **csv_format)
    features, target = choose_columns(table.header, x, y, source_name="data")
    return values_of(table, [*features, target])
