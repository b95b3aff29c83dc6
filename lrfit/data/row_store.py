"""Rows for mini-batches: in memory, or beyond a budget in a scratch file, read back in any order.

A row takes 8 bytes a column, as float64. When the rows that are read exceed the budget they go to a scratch
file, once, and epochs run from there, memory-mapped. The file has no name from the moment it is made, so that
nothing is left of it however the process ends. It is where `TMPDIR` says.

Rows come out window by window, small enough for a processor's cache. From a scratch file a window is as large
as the budget allows, and is gathered in the order of the file: each window is one pass over the disk, not a
seek for each row. What comes out is the same. The order itself is in memory, with 4 bytes a row.
"""

from __future__ import annotations

import logging
import mmap
import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, Self

import numpy as np

from lrfit.arrays import Array
from lrfit.data.shuffle import Order
from lrfit.errors import OutputError
from lrfit.messages import shown

__all__ = ["RowStore", "available_memory"]

_log = logging.getLogger(__name__)

_WINDOW_BYTES = 1 << 20
"""Of a window of rows in memory: half of a processor's own cache, as these are today."""

_PIECE_BYTES = 1 << 24
"""Of a scratch file that is looked at before its pages are given back."""

_SHARE = 0.5
"""Of the available memory: the default budget."""


class RowStore:
    """Rows (x, y), shape (n_rows, n_features + 1), in the order in which they are appended.

    Args:
        max_bytes: What the rows may take in memory; half of what is available if None.
    """

    def __init__(self, max_bytes: int | None = None) -> None:
        self._max_bytes = int(_SHARE * available_memory()) if max_bytes is None else max_bytes
        self._chunks: list[Array] = []
        self._scratch: IO[bytes] | None = None
        self._rows: Array | None = None
        self._n_columns = 0
        self._n_rows = 0

    @classmethod
    def of(cls, rows: Array) -> Self:
        """The store of these rows, which it does not copy."""
        store = cls(rows.nbytes)
        store.append(rows)
        return store

    def __len__(self) -> int:
        return self._n_rows

    @property
    def is_on_disk(self) -> bool:
        """Whether the rows have gone to a scratch file."""
        return self._scratch is not None

    def append(self, rows: Array) -> None:
        """Add rows behind those that there are.

        Raises:
            OutputError: They cannot be written to the scratch file.
        """
        self._n_rows += len(rows)
        self._n_columns = rows.shape[1]
        self._chunks.append(rows)
        if self.is_on_disk or self._n_rows * self._n_columns * 8 > self._max_bytes:
            self._write_scratch()

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
            for chunk in self._chunks:
                left = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8)
                while len(left):  # a disk that is nearly full takes a part, without an error
                    left = left[self._scratch.write(left.data) :]
        except OSError as error:
            folder = shown(tempfile.tempdir) if tempfile.tempdir else "any folder"
            raise OutputError(
                f"the scratch file for the rows cannot be written in {folder}: "
                f"{error.strerror}; set TMPDIR to a folder with more room, or raise --max-memory"
            ) from error
        self._chunks.clear()

    def rows(self) -> Array:
        """All rows as one array, which is memory-mapped if they are on disk."""
        if self._rows is None:
            self._rows = self._mapped() if self._scratch else self._joined()
        return self._rows

    def _mapped(self) -> Array:
        shape = (self._n_rows, self._n_columns)
        try:
            return np.memmap(self._scratch, np.float64, "r", shape=shape)  # type: ignore[call-overload,no-any-return]
        except OSError as error:  # such as a limit on addresses
            raise OutputError(f"the scratch file for the rows cannot be mapped: {error.strerror}") from error

    def _joined(self) -> Array:
        """The chunks in one array; each is given back as soon as it is copied."""
        if len(self._chunks) == 1:
            return np.ascontiguousarray(self._chunks.pop())
        rows = np.empty((self._n_rows, self._n_columns))
        end = self._n_rows
        while self._chunks:
            chunk = self._chunks.pop()
            rows[end - len(chunk) : end] = chunk
            end -= len(chunk)
        return rows

    def windows(self, batch_size: int, order: Order | None = None) -> Iterator[Array]:
        """All rows, in `order` (as they are, if None), a whole number of batches at a time.

        A window is valid until the next one.
        """
        rows = self.rows()
        window_bytes = max(_WINDOW_BYTES, self._max_bytes // 3) if self.is_on_disk else _WINDOW_BYTES
        n_batches = max(1, window_bytes // (rows[:1].nbytes * batch_size))
        size = min(n_batches * batch_size, self._n_rows)
        window = np.empty((size, rows.shape[1]))
        for start in range(0, self._n_rows, size):
            n_taken = min(size, self._n_rows - start)
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
        starts = range(0, self._n_rows, max(1, _PIECE_BYTES // rows[:1].nbytes))
        bounds = [*np.searchsorted(indices[places], starts), len(places)]
        for start, end in pairwise(bounds):
            piece = places[start:end]
            out[piece] = rows[indices[piece]]
            self._give_back(rows)

    def _give_back(self, rows: Array) -> None:
        """Let the system have the pages of the scratch file that were read; they are still on the disk."""
        base: object = rows.base
        if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


def _close(scratch: IO[bytes]) -> None:
    with suppress(OSError):  # nothing is in it that is still needed
        scratch.close()


def available_memory() -> int:
    """Bytes that can be used without swapping, as far as the system tells; also within a container."""
    known = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        known.append(next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # not a number: no limit
        group = Path("/sys/fs/cgroup")
        known.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(0, min(known))
