"""Output files, which are checked before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from os.path import realpath
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import click

from lrfit.errors import OutputError
from lrfit.messages import shown

__all__ = ["HISTORY", "MODEL", "MOMENTS", "PAGE", "Kind", "check_outputs"]

_HEAD_BYTES = 1 << 12
"""Number of bytes at the beginning of a file in which its mark stands."""


class Kind(NamedTuple):
    """A kind of file that a command writes.

    Attributes:
        name: Its name in messages.
        mark: Bytes that every such file has in its beginning.
    """

    name: str
    mark: bytes


MODEL = Kind("a model", b'"lrfit-model"')
MOMENTS = Kind("moments", b'"lrfit-moments"')
HISTORY = Kind("a history", b"epoch,loss,excess,gradient_norm,")
PAGE = Kind("a page of lrfit", b"<title>Gradient descent on ")


def check_outputs(
    outputs: Mapping[str, str],
    inputs: Mapping[str, Sequence[str]],
    *,
    allowed: tuple[str, str] | None = None,
    overwritten: Mapping[str, Kind] = MappingProxyType({}),
) -> None:
    """Refuse output files that cannot be written, or are an input or another output.

    Args:
        outputs: Paths by their options.
        inputs: Paths by the options or arguments that name them; `-` is standard input.
        allowed: An output and an input that may be the same file.
        overwritten: For options, the kind of file that they may overwrite; other files are safe from them.

    Raises:
        click.UsageError: Two are the same file.
        OutputError: A file cannot be written, or would overwrite one of another kind.
    """
    from lrfit.system.files import check_writable  # noqa: PLC0415 (help needs no files)

    taken = {
        realpath("/dev/stdin" if path == "-" else path): name
        for name, paths in inputs.items()
        for path in paths
    }
    for name, path in outputs.items():
        check_writable(path)
        other = taken.setdefault(realpath(path), name)
        if other != name and (name, other) != allowed:
            raise click.UsageError(f"{name} and {other} are the same file, {shown(path)}")
        if name in overwritten and other == name:
            _refuse_others(name, path, overwritten[name])


def _refuse_others(option: str, path: str, kind: Kind) -> None:
    """Refuse to overwrite a file of another kind: a slip of its name must not destroy anything."""
    if not Path(path).is_file():
        return
    with suppress(OSError), Path(path).open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head.strip() and kind.mark not in head:
            raise OutputError(
                f"{option} would overwrite {shown(path)}, which is not {kind.name}: "
                "delete it first, or name another file"
            )
