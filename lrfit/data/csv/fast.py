"""The fast readers, checked to give exactly what the strict reader would, or nothing.

A reader takes a block and gives its columns, or declines. Each is a file of its own: `fast_arrow` comes
first, where pyarrow is installed, because it is loaded sooner; `fast_pandas` is always there. They only get
blocks that they do not misread: no quotes but around whole fields, no NUL, no blanks but spaces and tabs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from itertools import compress

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import Block, BlockCounts, used_levels
from lrfit.data.csv.fast_columns import NUMBERS, FastColumns
from lrfit.data.csv.format import BLANKS, ColumnLayout, CsvFormat
from lrfit.data.csv.place import fields_of
from lrfit.data.csv.plain import is_plain

__all__ = ["Reader", "few_bytes", "parse_fast"]

Reader = Callable[[bytes, ColumnLayout], FastColumns | None]
"""A function of a plain block without blank lines; it declines by None."""

_FEW_FOR_ARROW, _FEW_FOR_PANDAS = 160 << 10, 512 << 10
"""Numbers of bytes that the strict reader reads in the time that loading the module takes."""


def parse_fast(block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool) -> Block | None:
    """The numbers of a block, or None if it needs the strict reader; see `lrfit.data.csv.parse.parse`."""
    if not is_plain(block, layout.format.separator):
        return None
    columns, dense = _read(block, layout)
    if columns is None or _has_negative_weight(columns.values, layout):
        return None
    values, lost_digits, levels = columns
    n_rows = values.shape[1]
    is_whole = not (_mark_missing(values, layout) or np.isnan(np.max(values)))
    texts = [line.decode() for line in dense.splitlines()] if with_texts else None
    counts = BlockCounts(n_rows, n_rows if dense == block else _n_lines(block))
    if not is_whole:
        counts, present = _without_missing(values, layout, block, dense, counts, first_line)
        values = values.compress(present, axis=1)
        texts = list(compress(texts, present.tolist())) if texts else texts
        lost_digits = None if lost_digits is None else lost_digits[present]
    counts = replace(counts, lost_digits=lost_digits is not None and bool(lost_digits.any()))
    return Block(values, texts, counts, used_levels(values, layout.read, levels))


@cache
def few_bytes() -> int:
    """Number of bytes up to which the strict reader takes less time than loading a fast one."""
    return _FEW_FOR_ARROW if find_spec("pyarrow") else _FEW_FOR_PANDAS


@cache
def _readers() -> tuple[Reader, ...]:
    """The readers that are installed, the one that is loaded soonest first."""
    from lrfit.data.csv.fast_pandas import pandas_columns  # noqa: PLC0415 (as is pyarrow, loaded when needed)

    try:
        from lrfit.data.csv.fast_arrow import arrow_columns  # noqa: PLC0415
    except ImportError:
        return (pandas_columns,)
    return arrow_columns, pandas_columns


def _read(block: bytes, layout: ColumnLayout) -> tuple[FastColumns | None, bytes]:
    """The columns of the first reader that gives any, and the block as it read it: without blank lines."""
    for columns_of in _readers():
        for text in _texts(block, layout):
            if (columns := columns_of(text, layout)) is not None:
                return columns, text
    return None, block


def _texts(block: bytes, layout: ColumnLayout) -> Iterator[bytes]:
    """The block, which seldom has blank lines; and where it has some, the block without them."""
    if not layout.format.comment:
        yield block
    dense = _without_blank_lines(block)
    if layout.format.comment or dense is not block:
        yield dense


def _without_blank_lines(block: bytes) -> bytes:
    """The block without blank lines, which readers take for rows; the same object if there are none."""
    array = np.frombuffer(block, np.uint8)
    is_end = array == ord("\n" if b"\n" in block else "\r")
    is_second = is_end[1:] & is_end[:-1]  # to look for both with `in` takes ten times as long
    has_returns = b"\n" in block and b"\r" in block
    if not has_returns and not is_second.any():
        return block
    is_blank = np.append(is_end[:1], is_second)
    if has_returns:
        is_behind = (array[1:-1] == ord("\r")) & is_end[2:] & is_end[:-2]
        is_blank[1:-1] |= is_behind
        is_blank[2:] |= is_behind
    dense = array[~is_blank].tobytes() if is_blank.any() else block
    return dense.lstrip(b"\r\n") if dense[:1] in (b"\r", b"\n") else dense


def _n_lines(block: bytes) -> int:
    """Number of lines of a block, some of which are blank."""
    if b"\r" in block:
        return len(block.splitlines())
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _mark_missing(values: Array, layout: ColumnLayout) -> bool:
    """Set numbers that stand for a missing value to NaN; whether there were any."""
    found = False
    for number in layout.format.missing_numbers:
        for column, row in zip(layout.read, values, strict=True):
            if column.kind in NUMBERS and (is_one := row == number).any():
                row[is_one] = np.nan
                found = True
    return found


def _has_negative_weight(values: Array, layout: ColumnLayout) -> bool:
    weights = [row for row, column in zip(values, layout.read, strict=True) if column.kind == "weight"]
    return any((row < 0.0).any() for row in weights)


def _without_missing(
    values: Array, layout: ColumnLayout, block: bytes, dense: bytes, counts: BlockCounts, first_line: int
) -> tuple[BlockCounts, npt.NDArray[np.bool_]]:
    """The counts of a block in which values are missing, and the mask of its complete rows.

    A row that is empty in all columns, whether they are read or not, counts as a blank line.
    """
    lacking = np.isnan(values)
    present = np.logical_not(np.logical_or.reduce(lacking))
    if (without_any := np.flatnonzero(np.logical_and.reduce(lacking))).size:
        lines = dense.splitlines()
        blank = [row for row in without_any if _is_empty(lines[row], layout.format)]
        lacking[:, blank] = False
    absent = np.flatnonzero(np.logical_or.reduce(lacking))
    counts = replace(counts, n_rows=int(np.count_nonzero(present)), n_missing=len(absent))
    if not len(absent):
        return counts, present
    first = int(absent[0])
    line = first if dense == block else _places_of_rows(block)[first]
    where = layout.where(first_line + line, layout.positions[int(np.argmax(lacking[:, first]))])
    of_columns = tuple(map(int, np.count_nonzero(lacking, axis=1)))
    return replace(counts, first_missing=where, missing_of_columns=of_columns), present


def _is_empty(line: bytes, csv_format: CsvFormat) -> bool:
    """Whether all fields of a row are empty."""
    text = line.decode()
    if csv_format.separator == BLANKS:
        text = text.replace("\t", csv_format.joint)
    if '"' not in text:
        return not text.replace(csv_format.joint, "").strip()
    return not "".join(next(fields_of([text], csv_format.joint), [])).strip()


def _places_of_rows(block: bytes) -> list[int]:
    """Indices of the lines of a block that are not blank."""
    return [i for i, line in enumerate(block.splitlines()) if line]
