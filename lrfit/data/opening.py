"""Opening of the files of a table: the first bytes tell which reader a file needs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

from lrfit.data.columnar.signs import ENCRYPTED, columnar_format
from lrfit.data.csv.blocks import Source
from lrfit.data.csv.format import BLANKS, CsvFormat
from lrfit.data.csv.table import CsvTable
from lrfit.data.moments_file import MomentsFile
from lrfit.data.moments_sign import is_moments
from lrfit.data.table import Table, TableFile
from lrfit.data.table_request import TableRequest
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown, spelled
from lrfit.system.files import n_bytes_at, open_stream
from lrfit.system.listener import Listener
from lrfit.system.optional import import_optional

if TYPE_CHECKING:
    from lrfit.data.columnar.table import ColumnarTable
    from lrfit.system.cluster import Cluster

__all__ = ["open_table"]

_Spread = TypeVar("_Spread", "ColumnarTable", CsvTable)

_BEGINNING = 4096
"""Number of bytes that tell whether a file has moments."""

_OF_TEXT = (
    *("separator", "decimal", "thousands", "strip", "comment", "skip", "skip_below", "skip_footer"),
    *("encoding", "header"),
)
"""Settings that say how a text is written, so that other formats have no use for them."""

OnRead: TypeAlias = "Callable[[int, int], None]"
"""A function that is told how many bytes of how many are read."""


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
    listener = listener or Listener()
    with listener.work("reading", unit="bytes") as on_read:
        opening = _Opening(request, listener, streaming=streaming, text=text, cluster=cluster)
        first, *others = (
            partial(opening.open, path, shown_in) for path, shown_in in _shares(request.paths, on_read)
        )
        with first() as file:
            table = Table(file, others, n_ahead=2 * cluster.n_threads if cluster else 0)
            yield table
    if table.n_dropped:
        n_rows = f"{table.n_dropped} rows with missing values"
        listener.warn(f"left out {n_rows if table.n_dropped > 1 else 'a row with a missing value'}")
    if table.lost_digits:
        listener.warn("an integer beyond 2^53 was read; its last digits may be lost")


def _shares(paths: Sequence[str], on_read: OnRead) -> Iterator[tuple[str, OnRead]]:
    """Each path, with a function that tells how far all files are read, from how far that file is."""
    if len(paths) == 1:
        yield paths[0], on_read
        return
    sizes = [n_bytes_at(path) for path in paths]
    before = 0
    for path, n_bytes in zip(paths, sizes, strict=True):
        yield path, partial(_told, on_read, before, sum(sizes))
        before += n_bytes


def _told(on_read: OnRead, before: int, whole: int, done: int, _: int) -> None:
    on_read(before + done, whole)


class _Opening:
    """The way in which each file of a table is opened; the separators that they show are said once.

    Args:
        request: The files, and how they are written.
        listener: Hears which separators files show.
        streaming: Whether rows are given out as soon as they come.
        text: The table itself, in place of that at the path; None for files.
        cluster: Workers that read the rows; None for this machine alone.
    """

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
        """The file at this path, open within the block; `on_read` is told how far it is read."""
        with self._stream(path) as (stream, name):
            if is_moments(_beginning(stream)):
                yield MomentsFile(stream, name)
            elif columnar := columnar_format(stream):
                on_group = partial(_told_by_groups, on_read, n_bytes_at(path))
                yield self._noted(self._columnar((path, stream), name, columnar, on_group))
            else:
                source = Source(stream, name, self._request.encoding, path=path, on_read=on_read)
                yield self._noted(self._csv(source, path))

    def _noted(self, file: _Spread) -> _Spread:
        """The file; it is said if there are workers who cannot read it."""
        if self._cluster and not file.is_spread:
            self._listener.note(f"{file.name}: read by this process alone, as it cannot be divided")
        return file

    def _csv(self, source: Source, path: str) -> CsvTable:
        request, form = self._request, self._request.format_of(path)
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
        return table

    def _columnar(
        self, file: tuple[str, BinaryIO], name: str, format_name: str, on_group: Callable[[int, int], None]
    ) -> ColumnarTable:
        if format_name == ENCRYPTED:
            raise DataError(f"{name} is {format_name}: write it without encryption, where its keys are")
        request, usual = self._request, TableRequest(())
        for setting in _OF_TEXT:
            if (value := getattr(request, setting)) != getattr(usual, setting):
                raise UsageError(
                    f"{name} is {format_name}, for which {spelled(**{setting: value})} has no use"
                )
        import_optional("pyarrow", f"{name}, which is {format_name},")
        from lrfit.data.columnar.source import open_source  # noqa: PLC0415 (most files are CSV)
        from lrfit.data.columnar.table import ColumnarTable  # noqa: PLC0415 (most files are CSV)

        form = CsvFormat(drop_missing=request.missing == "drop", na=request.na)
        return ColumnarTable(
            open_source(file[1], name, format_name, on_group),
            form,
            streaming=self._streaming,
            file=file,
            cluster=self._cluster,
        )

    def _stream(self, path: str) -> AbstractContextManager[tuple[BinaryIO, str]]:
        """The open stream of the file at this path, and its name in messages."""
        if self._text is None:
            return open_stream(path)
        return nullcontext((io.BytesIO(self._text.encode()), path))


def _told_by_groups(on_read: OnRead, n_bytes: int, done: int, n_groups: int) -> None:
    on_read(n_bytes * done // n_groups, n_bytes)


def _beginning(stream: BinaryIO) -> bytes:
    """The first bytes of a stream, which stay to be read; none if it cannot tell."""
    with suppress(AttributeError, OSError):  # no buffer; or it cannot be read, as its reader will say
        head: bytes = stream.peek(_BEGINNING)  # type: ignore[attr-defined]
        return head[:_BEGINNING]
    return b""
