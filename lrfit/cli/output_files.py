"""Output files, which are checked before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import realpath

import click

from lrfit.messages import shown

__all__ = ["check_outputs"]


def check_outputs(
    outputs: Mapping[str, str],
    inputs: Mapping[str, Sequence[str]],
    *,
    allowed: tuple[str, str] | None = None,
) -> None:
    """Refuse output files that cannot be written, or are an input or another output.

    Args:
        outputs: Paths by their options.
        inputs: Paths by the options or arguments that name them; `-` is standard input.
        allowed: An output and an input that may be the same file.

    Raises:
        click.UsageError: Two are the same file.
        OutputError: A file cannot be written.
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
