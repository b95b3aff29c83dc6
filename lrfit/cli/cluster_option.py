"""The option `--cluster`."""

from __future__ import annotations

from collections.abc import Callable

import click

__all__ = ["cluster_option"]


def cluster_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option for workers that read the data."""
    return click.option(
        "--cluster",
        metavar="local[:N]|ADDRESS|FILE",
        help="Read on Dask's workers: N processes here, or those of the scheduler at an address or in a "
        "scheduler file. One machine reads faster without.",
    )(command)
