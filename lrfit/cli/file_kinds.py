"""Kinds of files, recognised by their content and not by their names."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from lrfit.data.moments_sign import is_moments
from lrfit.errors import DataError
from lrfit.system.files import open_stream
from lrfit.training.history_file import BEGINNING

__all__ = ["FileKinds", "classify"]

_HEAD_BYTES = 1 << 16
"""Number of bytes at the beginning of a file that are read to find its kind."""


_GZIP = 16 + zlib.MAX_WBITS
"""The `wbits` argument that stands for the gzip format in zlib."""


@dataclass(frozen=True)
class FileKinds:
    """Paths by the kinds of their files; `-` is standard input.

    Attributes:
        data: Paths of the files of a table.
        models: Paths of model documents.
        histories: Paths of histories, as `lrfit train --history` writes them.
    """

    data: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    histories: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of files of each kind, "data", "model" or "history", that has any."""
        numbers = {"data": len(self.data), "model": len(self.models), "history": len(self.histories)}
        return {what: n for what, n in numbers.items() if n}

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths."""
        return (*self.data, *self.models, *self.histories)


def classify(files: Sequence[str]) -> FileKinds:
    """The files by kind, which is found from how a file begins, or for a stream from the other files.

    Raises:
        DataError: A file cannot be opened or read.
        click.UsageError: More than one of them is a stream, which can be read only once.
    """
    streams = [path for path in files if path == "-" or _is_stream(path)]
    if len(streams) > 1:
        raise click.UsageError(f"only one of FILES can be a stream, and {len(streams)} are")
    kinds = {path: _what(path) for path in files if path not in streams}
    known = kinds.values()
    for path in streams:  # not looked into, since what is read is gone
        kinds[path] = "model" if "data" in known and "history" not in known else "data"
    of_kind = (tuple(path for path in files if kinds[path] == kind) for kind in ("data", "model", "history"))
    return FileKinds(*of_kind)


def _is_stream(path: str) -> bool:
    """Whether it is neither a regular file nor a folder, and so can be read only once."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False  # opening it will say why
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _what(path: str) -> str:
    """The kind of a file: "data", "model" or "history"."""
    with open_stream(path) as (stream, name):
        try:
            head = stream.read(_HEAD_BYTES)
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror or error}") from error
    with suppress(zlib.error):  # it is not compressed; or it is damaged, and reading will say so
        head = zlib.decompressobj(_GZIP).decompress(head, _HEAD_BYTES)
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return "data" if is_moments(head) else "model"
    return "history" if head.startswith(",".join(BEGINNING).encode() + b",") else "data"
