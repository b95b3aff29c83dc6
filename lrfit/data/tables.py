"""Tables by request: which file, how it is written, which columns. Every file is opened here.

Imports no NumPy before a table is opened, so that the help of a command is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrfit.errors import UsageError
from lrfit.messages import shown, spelled
from lrfit.system.listener import Listener

if TYPE_CHECKING:
    from lrfit.data.csv.format import CsvFormat
    from lrfit.data.csv.table import Table

__all__ = ["TableRequest", "open_table"]

_DECIMALS = (".", ",")
_MISSING = ("error", "drop")


@dataclass(frozen=True)
class TableRequest:
    """A table to read, and the columns that are wanted.

    Attributes:
        path: Path of the file; `-` for standard input.
        separator: Character between fields; None for a tab in files named `.tsv`, else for a comma, or what
            the header and the first rows show.
        decimal: Decimal mark, "." or ",".
        encoding: Encoding of the text, by Python's names.
        header: Whether the first row names the columns; else they are named 1, 2, ….
        missing: "error", or "drop" to leave out rows that lack a value in a column that is read.
        x: Names of the features; all other columns if empty.
        y: Name of the target; the column `y` if None, else the last one.
        drop: Names of columns that are neither.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """

    path: str
    separator: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"
    header: bool = True
    missing: str = "error"
    x: tuple[str, ...] = ()
    y: str | None = None
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, valid in (("decimal", _DECIMALS), ("missing", _MISSING)):
            if getattr(self, name) not in valid:
                words = " or ".join(map(repr, valid))
                raise UsageError(f"{name} is {shown(str(getattr(self, name)))}, and must be {words}")
        if self.separator is not None and not (len(self.separator) == 1 and self.separator.isascii()):
            raise UsageError(f"separator is {shown(self.separator)}, and must be one ASCII character")
        if self._separator == self.decimal:
            raise UsageError(
                f"{spelled(separator=...)} and {spelled(decimal=...)} are the same character; "
                f"with {spelled(decimal=',')} say {spelled(separator=';')}"
            )

    @property
    def _separator(self) -> str:
        is_tsv = self.path.lower().removesuffix(".gz").endswith(".tsv")
        return self.separator or ("\t" if is_tsv else ",")

    @property
    def format(self) -> CsvFormat:
        """How the file is written."""
        from lrfit.data.csv.format import CsvFormat  # noqa: PLC0415 (imports NumPy)

        return CsvFormat(self._separator, self.decimal, self.header, self.missing == "drop")


@contextmanager
def open_table(
    request: TableRequest, listener: Listener | None = None, *, streaming: bool = False
) -> Iterator[Table]:
    """The table that is asked for, open within the block; see `Table`.

    Args:
        request: The file, and how it is written.
        listener: Hears how far the file is read and, at the end, what was noticed in it.
        streaming: Give out rows as soon as they come.

    Raises:
        DataError: It cannot be opened, or has no header.
        UsageError: There is no such encoding.
    """
    from lrfit.data.csv.blocks import open_source  # noqa: PLC0415 (imports NumPy)
    from lrfit.data.csv.table import Table  # noqa: PLC0415 (imports NumPy)

    listener = listener or Listener()
    with (
        listener.work("reading", unit="bytes") as on_read,
        open_source(request.path, request.encoding, on_read=on_read) as source,
    ):
        table = Table(source, request.format, streaming=streaming, finds_separator=request.separator is None)
        if table.format.separator != request.format.separator:
            listener.note(f"{table.name}: separated by {shown(table.format.separator)}")
        yield table
    if table.n_dropped:
        n_rows = f"{table.n_dropped} rows with missing values"
        listener.warn(f"left out {n_rows if table.n_dropped > 1 else 'a row with a missing value'}")
    if table.lost_digits:
        listener.warn("an integer beyond 2^53 was read; its last digits may be lost")
