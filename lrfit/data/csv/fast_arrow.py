"""The fast reader by pyarrow, which is loaded in a tenth of the time that pandas takes.

It is nearly as strict as we are: it refuses rows that are too short or too long, and cells that are not
wholly numbers, and it rounds each decimal exactly. What it takes all the same is left to others: words such
as `inf`, integers beyond 2^53, blank lines, and line breaks within quotes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from lrfit.arrays import Array
from lrfit.data.arrow_buffers import stored_values
from lrfit.data.block import ColumnValues
from lrfit.data.csv.fast_columns import SPELLINGS, FastColumns, text_positions
from lrfit.data.csv.fast_texts import of_different, usual_days
from lrfit.data.csv.format import BLANKS, LARGEST_EXACT, ColumnLayout, CsvFormat
from lrfit.data.csv.plain import has_right_fields
from lrfit.data.kinds import Column

__all__ = ["arrow_columns"]

_MOST_BYTES = 1 << 26
"""Number of bytes that pyarrow reads in one piece: more than a block has."""


def arrow_columns(block: bytes, layout: ColumnLayout) -> FastColumns | None:
    """The columns of a plain block without blank lines; None where that is not sure.

    Args:
        block: Whole rows; `lrfit.data.csv.plain.is_plain` holds.
        layout: The columns.
    """
    if layout.format.separator == BLANKS or len(block) >= _MOST_BYTES:
        return None
    try:
        table = csv.read_csv(pa.BufferReader(block), *_options(layout, has_quotes=b'"' in block))
    except (pa.ArrowException, ValueError):
        return None
    texts, columns = text_positions(layout), []
    for position, column in zip(layout.positions, layout.read, strict=True):
        array = table.column(str(position)).combine_chunks()
        is_text = position in texts
        answer = _of_text(array, column, layout.format) if is_text else _of_numbers(array)
        if answer is None:
            return None
        columns.append(answer)
    found = FastColumns.of(columns)
    is_whole = not np.isnan(found.values).any()
    if is_whole and b'"' not in block:
        return found
    # A blank line is a row of missing values to pyarrow, and a line may end within quotes.
    return found if has_right_fields(block, layout, table.num_rows, is_whole=is_whole) else None


@lru_cache(maxsize=4)
def _options(layout: ColumnLayout, *, has_quotes: bool) -> tuple[Any, Any, Any]:
    """The options of pyarrow with which it is as strict as possible. A column is named by its position."""
    form, texts = layout.format, text_positions(layout)
    read = csv.ReadOptions(
        use_threads=False, block_size=_MOST_BYTES, column_names=[*map(str, range(len(layout.header)))]
    )
    parse = csv.ParseOptions(
        delimiter=form.separator, ignore_empty_lines=False, newlines_in_values=has_quotes
    )
    types = {str(p): pa.string() if p in texts else pa.float64() for p in layout.positions}
    convert = csv.ConvertOptions(
        column_types=types,
        include_columns=list(types),
        null_values=[*SPELLINGS, *form.na],
        strings_can_be_null=False,
        decimal_point=form.decimal,
    )
    return read, parse, convert


def _of_numbers(array: pa.Array) -> ColumnValues | None:
    """The numbers of a column; None if one is not finite, or so large that digits may be lost."""
    values, present = stored_values(array)
    if present is None:
        is_small = np.max(np.abs(values), initial=0.0) < LARGEST_EXACT
    else:
        is_small = np.max(np.abs(values), initial=0.0, where=present) < LARGEST_EXACT
        values = np.where(present, values, np.nan)
    return ColumnValues(values) if is_small else None


def _of_text(array: pa.Array, column: Column, form: CsvFormat) -> ColumnValues | None:
    """The numbers that texts stand for; None if one is refused."""
    if column.kind == "date" and not form.na and (days := _days(array)) is not None:
        return ColumnValues(days)
    words = array.dictionary_encode()
    codes, _ = stored_values(words.indices)
    return of_different(codes, words.dictionary.to_pylist(), column, form)


def _days(array: pa.Array) -> Array | None:
    """The days of dates of one usual form."""
    _, ends, characters = array.buffers()
    begin, end = array.offset, array.offset + len(array)
    starts: npt.NDArray[np.int32] = np.frombuffer(ends, np.int32, end + 1)[begin:]
    width, rest = divmod(int(starts[-1] - starts[0]), len(array))
    if rest or not np.all(np.diff(starts) == width):
        return None
    written = np.frombuffer(characters, np.uint8)[starts[0] : starts[-1]]
    return usual_days(written.reshape(len(array), width))
