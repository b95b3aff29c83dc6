"""Rows for mini-batches: in memory, or beyond a budget in a scratch file, read back in any order.

A row takes 8 bytes a column, as float64. When the rows exceed the budget they are written to a scratch file,
and epochs run from there, memory-mapped. The file is in the folder `TMPDIR`. It has no name from the moment
it is made, so nothing of it stays behind however the process ends.

Rows come out in windows, small enough for a processor's cache. From a scratch file, a window is as large as
the budget allows, and is gathered in the order of the file: each window is one pass over the disk instead of
a seek for each row. The rows that come out are the same. The order itself is in memory, with 4 bytes a row.
"""

from __future__ import annotations

import logging
import mmap
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import IO, Self

import numpy as np

from lrfit.arrays import Array
from lrfit.data.shuffle import Order
from lrfit.errors import OutputError
from lrfit.messages import shown, spelled
from lrfit.system.memory import available_memory

__all__ = ["RowStore"]

_log = logging.getLogger(__name__)

_WINDOW_BYTES = 1 << 20
"""Size of a window of rows in memory: half of a processor's own cache, as these are today."""

_SPAN_BYTES = 1 << 24
"""Size of the span of a scratch file that is read before its pages are given back."""

_SHARE = 0.5
"""Share of the available memory that is the default budget."""


class RowStore:
    """Rows (x, y), shape (n_rows, n_features + 1), in the order in which they are appended.

    Args:
        max_bytes: The most memory that the rows may take. If None, half of the available memory.
    """

    def __init__(self, max_bytes: int | None = None) -> None:
        self._max_bytes = int(_SHARE * available_memory()) if max_bytes is None else max_bytes
        self._blocks: list[Array] = []
        self._scratch: IO[bytes] | None = None
        self._rows: Array | None = None
        self._n_columns = 0
        self._n_rows = 0

    @classmethod
    def of(cls, rows: Array) -> Self:
        """A store of these rows, which are not copied."""
        store = cls(rows.nbytes)
        store.append(rows)
        return store

    def __len__(self) -> int:
        return self._n_rows

    @property
    def is_on_disk(self) -> bool:
        """Whether the rows are in a scratch file."""
        return self._scratch is not None

    def append(self, rows: Array) -> None:
        """Add the rows of a block behind those that are there.

        Raises:
            OutputError: They cannot be written to the scratch file.
        """
        self._n_rows += len(rows)
        self._n_columns = rows.shape[1]
        self._blocks.append(rows)
        if self.is_on_disk or self._n_rows * self._n_columns * 8 > self._max_bytes:
            self._write_scratch()

    def keep_first(self, n_rows: int) -> None:
        """Drop all rows behind the first `n_rows`."""
        self._rows = self.rows()[:n_rows]
        self._n_rows = n_rows

    def _write_scratch(self) -> None:
        try:
            if self._scratch is None:
                self._scratch = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed with the store)
                weakref.finalize(self, _close, self._scratch)
                _log.info(
                    "rows: beyond %d MiB, so in a scratch file in %s",
                    self._max_bytes >> 20,
                    shown(tempfile.gettempdir()),
                )
            for block in self._blocks:
                left = np.ascontiguousarray(block).reshape(-1).view(np.uint8)
                while len(left):  # a disk that is nearly full takes only some of the bytes, without an error
                    left = left[self._scratch.write(left.data) :]
        except OSError as error:
            folder = shown(tempfile.tempdir) if tempfile.tempdir else "any folder"
            raise OutputError(
                f"the scratch file for the rows cannot be written in {folder}: {error.strerror}; "
                f"set TMPDIR to a folder with more room, or raise {spelled(max_memory=...)}"
            ) from error
        self._blocks.clear()

    def rows(self) -> Array:
        """All rows as one array, memory-mapped if they are on disk."""
        if self._rows is None:
            self._rows = self._mapped() if self._scratch else self._joined()
        return self._rows

    def _mapped(self) -> Array:
        shape = (self._n_rows, self._n_columns)
        try:
            return np.memmap(self._scratch, np.float64, "r", shape=shape)  # type: ignore[call-overload,no-any-return]
        except OSError as error:  # for example a limit on the address space
            raise OutputError(f"the scratch file for the rows cannot be mapped: {error.strerror}") from error

    def _joined(self) -> Array:
        """The blocks in one array; each is freed as soon as it is copied."""
        if len(self._blocks) == 1:
            return np.ascontiguousarray(self._blocks.pop())
        rows = np.empty((self._n_rows, self._n_columns))
        end = self._n_rows
        while self._blocks:
            block = self._blocks.pop()
            rows[end - len(block) : end] = block
            end -= len(block)
        return rows

    def windows(self, batch_size: int, order: Order | None = None) -> Iterator[Array]:
        """All rows in windows, each a whole number of batches long but for the last one.

        A window is valid until the next one is asked for.

        Args:
            batch_size: Number of rows in a batch.
            order: The order of the rows, or of some of them, as indices. If None, the order in which all were
                appended.
        """
        rows = self.rows()
        window_bytes = max(_WINDOW_BYTES, self._max_bytes // 3) if self.is_on_disk else _WINDOW_BYTES
        n_batches = max(1, window_bytes // (rows[:1].nbytes * batch_size))
        n_rows = self._n_rows if order is None else len(order)
        size = min(n_batches * batch_size, n_rows)
        window = np.empty((size, rows.shape[1]))
        for start in range(0, n_rows, size):
            n_taken = min(size, n_rows - start)
            if order is None:
                yield rows[start : start + n_taken]
            else:
                self._take(rows, order[start : start + n_taken], window[:n_taken])
                yield window[:n_taken]
            self._give_back(rows)

    def _take(self, rows: Array, indices: Order, out: Array) -> None:
        if not self.is_on_disk:
            np.take(rows, indices, axis=0, out=out, mode="clip")  # all are valid; other modes make a copy
            return
        places = np.argsort(indices)
        starts = range(0, self._n_rows, max(1, _SPAN_BYTES // rows[:1].nbytes))
        bounds = [*np.searchsorted(indices[places], starts), len(places)]
        for start, end in pairwise(bounds):
            in_span = places[start:end]
            out[in_span] = rows[indices[in_span]]
            self._give_back(rows)

    def _give_back(self, rows: Array) -> None:
        """Let the system free the pages of the scratch file that were read; they are still on the disk."""
        base: object = rows.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


def _close(scratch: IO[bytes]) -> None:
    with suppress(OSError):  # its content is not needed any more
        scratch.close()
