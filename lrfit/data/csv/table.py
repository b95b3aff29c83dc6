"""Tables: named columns of a CSV, read once from front to back as chunks of float64 rows."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, TypeVar

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.csv.blocks import Source
from lrfit.data.csv.format import MISSING, Counts, CsvFormat, Layout, Parsed
from lrfit.data.csv.hints import separator_hint
from lrfit.data.csv.parse import parse
from lrfit.data.csv.strict import records, text_lines
from lrfit.data.hold_out import HoldOut
from lrfit.errors import DataError
from lrfit.messages import listed, shown
from lrfit.system.workers import map_ahead

__all__ = ["Sample", "Table", "choose_columns", "read_sample"]

T = TypeVar("T")

_FEW_BYTES = 1 << 19
"""A table of no more is read without the fast reader, in less time than loading that takes."""

_EXCEL_NOTE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""A first line with which Excel is told the separator."""

_Answer = tuple[Counts, T | None]
"""What is known of a block, and what a function made of its rows; None if there are none."""


@dataclass(frozen=True)
class _Work(Generic[T]):
    """A function of the rows of a block, as one of its bytes."""

    function: Callable[[Parsed], T]
    layout: Layout
    with_texts: bool

    def __call__(self, block: bytes, first_line: int, *, fast: bool = True) -> _Answer[T]:
        parsed = parse(block, self.layout, first_line, with_texts=self.with_texts, fast=fast)
        is_refused = parsed.counts.n_missing and not self.layout.format.drop_missing
        wanted = parsed.counts.n_rows and not is_refused
        try:
            return parsed.counts, self.function(parsed) if wanted else None
        except DataError as error:
            last_line = first_line + parsed.counts.n_lines - 1
            raise DataError(
                f"{self.layout.source_name}, lines {first_line} to {last_line}: {error}"
            ) from error

    def ahead(self, block: bytes) -> _Answer[T]:
        """As a call; but where the number of the first line matters, an error."""
        counts, result = self(block, 1)
        if counts.n_missing and not self.layout.format.drop_missing:
            raise DataError(counts.first_missing)
        return counts, result


class Table:
    """A CSV table whose header has been read, and whose rows can be read once.

    Args:
        source: The open source of its bytes.
        format: How it is written.
        streaming: Give out rows as soon as they come, be it one by one through a pipe; the first missing
            value then ends the reading, where it else ends it after all of them are counted.

    Attributes:
        header: Names of all columns, in file order.
        header_text: The header as it was written; None if the file has none.
        n_samples: Rows read so far.
        n_dropped: Rows left out so far, for a missing value.
        lost_digits: Whether an integer beyond 2^53 was read, not all of which float64 holds.

    Raises:
        DataError: There is no header, two columns have the same name, or the header is a row of numbers.
    """

    def __init__(self, source: Source, format: CsvFormat, *, streaming: bool = False) -> None:  # noqa: A002
        self.n_samples = 0
        self.n_dropped = 0
        self.lost_digits = False
        self.header_text: str | None = None
        self._streaming = streaming
        self._line = 1
        self._layout = Layout(source.name, format, (), ())
        self._is_prompt = streaming and not source.is_file
        self._blocks = source.blocks(streaming=self._is_prompt)
        self._layout = replace(self._layout, header=self._read_header())

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._layout.source_name

    @property
    def format(self) -> CsvFormat:
        """How it is written."""
        return self._layout.format

    @property
    def header(self) -> tuple[str, ...]:
        """Names of all columns, in file order."""
        return self._layout.header

    def map_blocks(
        self, function: Callable[[Parsed], T], columns: Sequence[str], *, with_texts: bool = False
    ) -> Iterator[T]:
        """What `function` makes of each block of rows, in order; on all cores, if there are many rows.

        Args:
            function: Of the rows of a block, and of nothing else. It may run in another process, so what
                it changes may be lost, and what it gives is pickled.
            columns: Names of the columns whose values it needs.
            with_texts: Whether it needs the rows as they were written, too.

        Raises:
            DataError: There is no such column (raised at once); or there is no row, a row with too many or
                too few fields, a cell that is not a number, or a missing value where they are not dropped
                (raised when it is read). Says where.
        """
        _check_known(columns, self.header, self.name)
        places = {name: position for position, name in enumerate(self.header)}
        layout = replace(self._layout, positions=tuple(places[name] for name in columns))
        return self._counted(_Work(function, layout, with_texts=with_texts))

    def _counted(self, work: _Work[T]) -> Iterator[T]:
        """The results of blocks that have rows, while what is counted adds up."""
        answers = self._answers(work)
        for counts, result in answers:
            self._count(counts)
            if counts.n_missing and not self.format.drop_missing:
                self._refuse_missing(counts.first_missing, () if self._streaming else answers)
            if result is not None:
                yield result
        if not self.n_samples:
            missing = " without a missing value" if self.n_dropped else ""
            raise DataError(f"{self.name} has a header, but no rows{missing}")

    def _answers(self, work: _Work[T]) -> Iterator[_Answer[T]]:
        """Of each block; of those that workers leave, here, where the number of the line is known."""
        alone = ((block, None) for block in self._blocks)  # as rows come through a pipe, no block is ahead
        done = alone if self._is_prompt else map_ahead(work.ahead, self._blocks)
        n_bytes = 0
        for block, answer in done:
            n_bytes += len(block)
            yield answer or work(block, self._line, fast=n_bytes > _FEW_BYTES)

    def _count(self, counts: Counts) -> None:
        self._line += counts.n_lines
        self.n_samples += counts.n_rows
        self.n_dropped += counts.n_missing
        self.lost_digits |= counts.lost_digits

    def _refuse_missing(self, where: str, answers: Iterable[_Answer[T]]) -> NoReturn:
        """Refuse the table for the missing values of this block and all others."""
        for counts, _ in answers:
            self._count(counts)
        n_rows = f"{self.n_dropped} rows have" if self.n_dropped > 1 else "a row has"
        raise DataError(f"{where}: {n_rows} a missing value, here first; --missing drop leaves such rows out")

    def _read_header(self) -> tuple[str, ...]:
        """Take the first row off the first block that has one; what follows it goes back to the blocks."""
        layout = self._layout
        for block in self._blocks:
            if not block.strip(b"\r\n"):
                self._line += len(block.splitlines())
                continue
            lines, refusal = text_lines(block, layout, self._line)
            for start, end, fields in records(lines, refusal, layout, self._line):
                n_skipped = end if layout.format.header else start
                rest = block[len("".join(lines[:n_skipped]).encode()) :]
                self._blocks = _chained(rest, self._blocks)
                self._line += n_skipped
                if not layout.format.header:
                    return tuple(str(i) for i in range(1, len(fields) + 1))
                self.header_text = "".join(lines[start:end]).rstrip("\r\n")
                return self._checked(tuple(name.strip() for name in fields))
            self._line += len(lines)
        raise DataError(f"{layout.source_name} is empty: it has neither a header nor rows")

    def _checked(self, names: tuple[str, ...]) -> tuple[str, ...]:
        name, text, number = self.name, self.header_text or "", self.format.number
        if _EXCEL_NOTE.fullmatch(text.strip()):
            separator = text.strip('" ')[4:] or ","
            raise DataError(
                f"{name}: the first row, {shown(text)}, is a note to Excel: delete it, "
                f"and say --sep {shown(separator)}"
            )
        if "\0" in text:
            raise DataError(f"{name}: the first row, {shown(text)}, is no text: it has a NUL byte")
        if any(map(number.fullmatch, names)) and all(map(_is_like_a_number, names)):
            raise DataError(
                f"{name}: the first row is all numbers ({listed(names)}); "
                "if there is no header, say --no-header"
            )
        twice = _first_repeated(names)
        if twice is not None:
            named = f"are named {shown(twice)}; rename one" if twice else "have no name; give them one"
            raise DataError(f"{name}: two columns {named}")
        return names


@dataclass(frozen=True, eq=False)
class Sample:
    """What is known of the rows of a table that have been read.

    Attributes:
        moments: Of the rows to train on.
        held_out: Of the rows held out; None if none were to be.
        checksums: Of each block, its number of rows and the CRC-32 of its values.
    """

    moments: Moments
    held_out: Moments | None
    checksums: tuple[tuple[int, int], ...]

    @property
    def fingerprint(self) -> str:
        """Of all values read, bit by bit and in order, held out or not: 16 hexadecimal digits.

        It is there to notice that data have changed since a run that is resumed, not against malice. It errs
        on the safe side: blocks are cut by bytes, so the same values may have another fingerprint where
        other bytes are more or fewer than before: of a column that is not read, of line ends, of "1.50".
        """
        text = repr(self.checksums).encode()
        return f"{zlib.crc32(text):08x}{zlib.adler32(text):08x}"


def read_sample(
    table: Table,
    columns: Sequence[str],
    *,
    keep: Callable[[Array], None] | None = None,
    hold_out: HoldOut | None = None,
) -> Sample:
    """The moments of all rows of `columns`, the target last: of those to train on, and of those held out.

    Args:
        table: The table, of which no row has been read. If it is streaming, what is held out and the
            fingerprint may differ each time: its blocks are cut as they come.
        columns: Names of columns.
        keep: Is handed the rows to train on, chunk by chunk, in order; the caller decides where, and in what,
            they are held.
        hold_out: Which rows are not to train on; all are, if None.

    Raises:
        DataError: As `Table.map_blocks`; or no row is held out, or none is left to train on.
    """
    checksums = []
    training = held_out = Moments.empty(len(columns))
    condensed = _condensing(hold_out, keeps=keep is not None)
    for checksum, training_part, held_out_part, kept in table.map_blocks(condensed, columns):
        checksums.append(checksum)
        training = training.merge(training_part)
        held_out = held_out.merge(held_out_part)
        if keep and kept is not None:
            keep(kept)
    if hold_out and not held_out.n_samples:
        raise DataError(f"no row is held out of {table.n_samples}: raise --validation-fraction")
    if not training.n_samples:
        raise DataError(
            f"all rows ({table.n_samples}) are held out, and none is left to train on: "
            "lower --validation-fraction"
        )
    return Sample(training, held_out if hold_out else None, tuple(checksums))


_Condensed = tuple[tuple[int, int], Moments, Moments, Array | None]
"""Of a block: its number of rows and checksum; moments to train on and held out; the rows to train on."""


def _condensing(hold_out: HoldOut | None, *, keeps: bool) -> Callable[[Parsed], _Condensed]:
    """What makes of a block what `read_sample` needs to know of it."""

    def condensed(parsed: Parsed) -> _Condensed:
        values = np.ascontiguousarray(parsed.values.T)  # column by column, whichever reader it was
        n_rows, checksum = len(parsed.values), zlib.crc32(values.data)
        training, held_out = values, values[:, :0]
        if hold_out:
            mask = hold_out.mask(n_rows, checksum)
            training, held_out = values.compress(~mask, axis=1), values.compress(mask, axis=1)
        kept = training.T if keeps else None
        return (n_rows, checksum), Moments.of_rows(training.T), Moments.of_rows(held_out.T), kept

    return condensed


def choose_columns(
    header: Sequence[str], x: Sequence[str] = (), y: str | None = None, *, source_name: str = "the data"
) -> tuple[list[str], str]:
    """Names of the features and of the target.

    Args:
        header: Names of all columns.
        x: The features; all columns but the target, in file order, if empty.
        y: The target; the column `y` if None, else the last one.
        source_name: What messages call the table.

    Raises:
        DataError: There is no such column, a column is chosen twice, or no feature is left.

    Examples:
        >>> choose_columns(["x", "y", "z"])
        (['x', 'z'], 'y')
        >>> choose_columns(["a", "b"])
        (['a'], 'b')
    """
    last = "y" if "y" in header else header[-1]
    target = last if y is None else y
    features = list(x) or [name for name in header if name != target]
    _check_known([target, *features], header, source_name)
    twice = _first_repeated([*features, target])
    if twice is not None:
        raise DataError(f"column {shown(twice)} is chosen twice; -x and -y need columns of their own")
    if not features:
        raise DataError(
            f"{source_name} has only the column {shown(target)}, and a line needs two"
            f"{_one_column_hint(target)}"
        )
    if not x and "" in features:
        raise DataError(
            f"{source_name}: column {header.index('') + 1} has no name; choose the features with -x"
        )
    if "intercept" in features:
        raise DataError(
            "a feature cannot be named 'intercept', which is a name of the model; rename the column, "
            "or choose others with -x"
        )
    return features, target


def _first_repeated(names: Sequence[str]) -> str | None:
    """The first of the names that stands there more than once."""
    return next((name for name, n_times in Counter(names).items() if n_times > 1), None)


def _is_like_a_number(name: str) -> bool:
    """Whether it could be a cell of numbers: also a missing one, or an infinite one."""
    try:
        float(name.replace(",", "."))
    except ValueError:
        return name.lower() in MISSING
    return True


def _check_known(names: Sequence[str], header: Sequence[str], source_name: str) -> None:
    """Refuse the first of the names that no column has."""
    known = set(header)
    name = next((name for name in names if name not in known), None)
    if name is None:
        return
    from difflib import get_close_matches  # noqa: PLC0415 (slow to import, and seldom needed)

    close = [
        *(column for column in header if column.lower() == name.lower()),
        *get_close_matches(name, header),
    ]
    suggestion = f"; did you mean {shown(close[0])}?" if close else ""
    hint = _one_column_hint(header[0]) if len(header) == 1 else ""
    raise DataError(f"{source_name} has no column {shown(name)}, only {listed(header)}{suggestion}{hint}")


def _one_column_hint(name: str) -> str:
    if name.startswith("#"):
        return "; if the first row is a comment, delete it"
    return separator_hint(name)


def _chained(text: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if text:
        yield text
    yield from blocks
