"""Tables by request: which files, how they are written, which columns. Every file is opened here.

Imports no NumPy before a table is opened, so that the help of a command is quick.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv.format import BLANKS, SIGNS, CsvFormat
from lrfit.errors import UsageError
from lrfit.messages import shown, spelled
from lrfit.system.files import open_stream
from lrfit.system.listener import Listener

if TYPE_CHECKING:
    from lrfit.data.table import Table, TableFile
    from lrfit.system.cluster import Cluster

__all__ = ["TableRequest", "open_table"]

_DECIMALS = (".", ",")
_MISSING = ("error", "drop")

_BEGINNING = 64
"""Number of bytes that tell which reader a file needs."""

OnRead: TypeAlias = "Callable[[int, int], None]"
"""A function that is told how many bytes of how many are read."""


@dataclass(frozen=True)
class TableRequest:
    """A table to read, from one or several files, and the columns that are wanted.

    Attributes:
        paths: Paths of the files, which have the same columns; `-` for standard input.
        separator: Character between fields, or "blanks" for runs of blanks; None for a tab in files named
            `.tsv`, else for a comma, or what the header and the first rows show.
        decimal: Decimal mark, "." or ",".
        thousands: Character between groups of digits; "" for none.
        strip: Characters that are no part of a number at either end of its cell.
        na: Cells that stand for a missing value, beside the usual ones; numbers count by their value.
        missing: "error", or "drop" to leave out rows that lack a value in a column that is read.
        comment: How lines begin that are left out; "" for none.
        skip: Number of lines above the header that are left out.
        skip_below: Number of lines below the header that are left out, not counting blank ones.
        skip_footer: Number of lines at the end that are left out, not counting blank ones.
        encoding: Encoding of the text, by Python's names.
        header: Whether the first row names the columns; else they are named 1, 2, ….
        columns: The columns that are wanted.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """

    paths: tuple[str, ...]
    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    strip: str = ""
    na: tuple[str, ...] = ()
    missing: str = "error"
    comment: str = ""
    skip: int = 0
    skip_below: int = 0
    skip_footer: int = 0
    encoding: str = "utf-8"
    header: bool = True
    columns: ColumnRequest = ColumnRequest()  # noqa: RUF009 (immutable)

    def __post_init__(self) -> None:
        for name, valid in (("decimal", _DECIMALS), ("missing", _MISSING)):
            if getattr(self, name) not in valid:
                words = " or ".join(map(repr, valid))
                raise UsageError(f"{name} is {shown(str(getattr(self, name)))}, and must be {words}")
        for name in ("skip", "skip_below", "skip_footer"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 0:
                raise UsageError(f"{name} is {getattr(self, name)!r}, and must be an integer of at least 0")
        self._check_characters()

    def _check_characters(self) -> None:
        """Refuse characters that would have two meanings."""
        separator = self.separator
        if (
            separator is not None
            and separator != BLANKS
            and not (len(separator) == 1 and separator.isascii())
        ):
            raise UsageError(f"separator is {shown(separator)}, and must be one ASCII character, or 'blanks'")
        if self.skip_below and not self.header:
            raise UsageError(f"{spelled(skip_below=...)} is for lines below a header, and there is none")
        if len(self.thousands) > 1 or self.thousands.isalnum() or self.thousands in ("+", "-", self.decimal):
            raise UsageError(
                f"{spelled(thousands=self.thousands)}: it must be one character, no letter, digit or sign, "
                "and other than the decimal mark"
            )
        if wrong := [c for c in self.strip if c.isdigit() or c in SIGNS + self.decimal]:
            raise UsageError(f"{spelled(strip=self.strip)}: {shown(wrong[0])} is a part of numbers")
        if any(end in self.comment for end in "\r\n") or self.comment.startswith((" ", "\t")):
            raise UsageError(f"{spelled(comment=self.comment)}: it must be the text that comments begin with")

    def format_of(self, path: str) -> CsvFormat:
        """The way in which the file at this path is written."""
        is_tsv = path.lower().removesuffix(".gz").endswith(".tsv")
        return CsvFormat(
            separator=self.separator or ("\t" if is_tsv else ","),
            decimal=self.decimal,
            header=self.header,
            drop_missing=self.missing == "drop",
            thousands=self.thousands,
            strip=self.strip,
            na=self.na,
            comment=self.comment,
            skip=self.skip,
            skip_below=self.skip_below,
            skip_footer=self.skip_footer,
        )


@contextmanager
def open_table(
    request: TableRequest,
    listener: Listener | None = None,
    *,
    streaming: bool = False,
    text: str | None = None,
    cluster: Cluster | None = None,
) -> Iterator[Table]:
    """The table that is asked for, open within the block; see `Table`.

    Args:
        request: The files, and how they are written.
        listener: Hears how far the files are read and, at the end, what was noticed in them.
        streaming: Give out rows as soon as they come.
        text: The table itself, in place of that at the path.
        cluster: Workers that read the rows; None for this machine alone.

    Raises:
        DataError: The first file cannot be opened, or has no header.
        UsageError: There is no such encoding.
    """
    from lrfit.data.table import Table  # noqa: PLC0415 (imports NumPy)

    listener = listener or Listener()
    with listener.work("reading", unit="bytes") as on_read:
        opening = _Opening(request, listener, streaming=streaming, text=text, cluster=cluster)
        first, *others = (
            partial(opening.open, path, shown_in) for path, shown_in in _shares(request.paths, on_read)
        )
        with first() as file:
            table = Table(file, others)
            yield table
    if table.n_dropped:
        n_rows = f"{table.n_dropped} rows with missing values"
        listener.warn(f"left out {n_rows if table.n_dropped > 1 else 'a row with a missing value'}")
    if table.lost_digits:
        listener.warn("an integer beyond 2^53 was read; its last digits may be lost")


class _Opening:
    """The way in which each file of a table is opened; the separators that they show are said once."""

    def __init__(
        self,
        request: TableRequest,
        listener: Listener,
        *,
        streaming: bool,
        text: str | None,
        cluster: Cluster | None,
    ) -> None:
        self._request = request
        self._cluster = cluster
        self._listener = listener
        self._streaming = streaming
        self._text = text
        self._said: set[str] = set()

    @contextmanager
    def open(self, path: str, on_read: OnRead) -> Iterator[TableFile]:
        """The file at this path."""
        from lrfit.data.csv.blocks import Source  # noqa: PLC0415 (imports NumPy)
        from lrfit.data.csv.table import CsvTable  # noqa: PLC0415 (imports NumPy)
        from lrfit.data.moments_file import MomentsFile, is_moments  # noqa: PLC0415 (imports NumPy)

        request, form = self._request, self._request.format_of(path)
        with self._stream(path) as (stream, name):
            if is_moments(_beginning(stream)):
                yield MomentsFile(stream, name)
                return
            source = Source(stream, name, request.encoding, path=path, on_read=on_read)
            table = CsvTable(
                source,
                form,
                streaming=self._streaming,
                finds_separator=request.separator is None,
                cluster=self._cluster,
            )
            separator = table.format.separator
            if separator != form.separator and separator not in self._said:
                self._said.add(separator)
                self._listener.note(
                    f"{table.name}: separated by {separator if separator == BLANKS else shown(separator)}"
                )
            yield table

    def _stream(self, path: str) -> AbstractContextManager[tuple[BinaryIO, str]]:
        """The open stream of the file at this path, and its name in messages."""
        if self._text is None:
            return open_stream(path)
        return nullcontext((io.BytesIO(self._text.encode()), path))


def _beginning(stream: BinaryIO) -> bytes:
    """The first bytes of a stream, which stay to be read; none if it cannot tell."""
    with suppress(AttributeError, OSError):  # no buffer; or it cannot be read, as its reader will say
        head: bytes = stream.peek(_BEGINNING)  # type: ignore[attr-defined]
        return head[:_BEGINNING]
    return b""


def _shares(paths: Sequence[str], on_read: OnRead) -> Iterator[tuple[str, OnRead]]:
    """Each path, with a function that tells how far all files are read, from how far that file is."""
    if len(paths) == 1:
        yield paths[0], on_read
        return
    sizes = [_n_bytes(path) for path in paths]
    before = 0
    for path, n_bytes in zip(paths, sizes, strict=True):
        yield path, partial(_told, on_read, before, sum(sizes))
        before += n_bytes


def _told(on_read: OnRead, before: int, whole: int, done: int, _: int) -> None:
    on_read(before + done, whole)


def _n_bytes(path: str) -> int:
    """Size of a file; 0 for a stream, or if it cannot be seen, as opening it will say."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0
