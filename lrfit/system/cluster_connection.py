"""Connections to clusters: one is found at its address, or started on this machine for the time of a run."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfit.errors import ClusterError, UsageError
from lrfit.messages import shown, spelled
from lrfit.system.cluster import PATIENCE_S, Cluster, explained, first_line
from lrfit.system.interrupts import closing
from lrfit.system.listener import Listener
from lrfit.system.optional import import_optional

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["cluster_of"]

_CLOSING_S = 2.0
"""Time that a client may take to say goodbye."""

_MOST_PROCESSES = 1000
"""Number of processes that may be asked for on this machine."""

_TRACKER_WARNING = "ignore::UserWarning:multiprocessing.resource_tracker"
_LOGGERS = ("distributed", "tornado", "asyncio", "bokeh")


@contextmanager
def cluster_of(where: str | Client | None, listener: Listener | None = None) -> Iterator[Cluster | None]:
    """The cluster that is named, for the time of the block; None if none is.

    Args:
        where: "local" or "local:N" for N processes on this machine, the address of a scheduler, the path of a
            scheduler file, or a client that is connected, and stays so.
        listener: Hears how many workers there are.

    Raises:
        ClusterError: It does not answer, has no workers, or they have other versions.
        UsageError: `where` is none of these, or Dask is not installed.
    """
    if where is None:
        yield None
    elif isinstance(where, str):
        with _connected(where, listener or Listener()) as cluster:
            yield cluster
    else:
        _check_workers(where, "the client's address")
        yield Cluster(where)


@contextmanager
def _connected(where: str, listener: Listener) -> Iterator[Cluster]:
    distributed = import_optional("distributed", spelled(cluster=where))
    _silence_loggers()
    with _client_at(where, distributed) as client:
        _check_workers(client, where)
        cluster = Cluster(client)
        n_workers = f"{cluster.n_workers} worker{'s' * (cluster.n_workers != 1)}"
        listener.note(f"cluster: {n_workers}, {cluster.n_threads} tasks at a time")
        yield cluster


def _silence_loggers() -> None:
    """Let Dask say nothing of what becomes one line here."""
    for name in (*_LOGGERS, *logging.root.manager.loggerDict):
        if name.startswith(_LOGGERS):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _client_at(where: str, distributed: Any) -> Any:  # noqa: ANN401
    kind, _, number = where.partition(":")
    if where == "local":
        return _local_client(distributed, None)
    if kind == "local" and number.isascii() and number.isdigit() and 0 < int(number) <= _MOST_PROCESSES:
        return _local_client(distributed, int(number))
    if Path(where).is_file():
        _check_scheduler_file(where)
        return _remote_client(distributed, where, scheduler_file=where)
    if ":" in where and kind != "local":
        return _remote_client(distributed, where, address=where)
    raise UsageError(
        f"{spelled(cluster=where)}: it must be local, local:N for N processes here, at most "
        f"{_MOST_PROCESSES}, the address of a scheduler such as tcp://host:8786, or a scheduler file"
    )


@contextmanager
def _local_client(distributed: Any, n_workers: int | None) -> Iterator[Client]:  # noqa: ANN401
    """Workers on this machine, one process each, which end with the block."""
    import tempfile  # noqa: PLC0415 (few runs have a cluster)
    from multiprocessing import resource_tracker  # noqa: PLC0415

    folder = tempfile.mkdtemp(prefix="lrfit-")

    def clear() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with closing(clear):
        # A signal that ends the workers would make a process of multiprocessing's print a warning.
        sys.warnoptions.append(_TRACKER_WARNING)
        try:
            with ExitStack() as stack:
                stack.enter_context(import_module("dask.config").set({"temporary-directory": folder}))
                resource_tracker.ensure_running()  # which would let signals through
                with _not_for_children(signal.SIGINT):
                    local = distributed.LocalCluster(
                        n_workers=n_workers,
                        threads_per_worker=1,
                        dashboard_address=None,
                        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # the usual may be taken
                        local_directory=folder,
                        silence_logs=logging.CRITICAL + 1,
                    )
                stack.enter_context(local)
                yield stack.enter_context(distributed.Client(local))
        finally:
            sys.warnoptions.remove(_TRACKER_WARNING)
            clear()


@contextmanager
def _not_for_children(number: int) -> Iterator[None]:
    """Keep a signal, which a terminal sends to all, from the processes that are started here.

    It reaches this process when the block ends.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _remote_client(distributed: Any, where: str, **address: str) -> Iterator[Client]:  # noqa: ANN401
    """A client of a scheduler that is there already, and stays there."""
    try:
        client = distributed.Client(**address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {shown(where)} ({first_line(error)}); dask scheduler starts one"
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):  # it may be lost already
            client.close(timeout=_CLOSING_S)


def _check_scheduler_file(path: str) -> None:
    """Refuse a file that no scheduler wrote."""
    try:
        with Path(path).open(encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("address"), str):
        raise UsageError(
            f"{spelled(cluster=path)}: this file is none that dask scheduler --scheduler-file writes"
        )


def _check_workers(client: Client, where: str) -> None:
    """Refuse a cluster without workers, or whose workers have other versions than this process."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError as error:
        raise ClusterError(
            f"the scheduler at {shown(where)} has no workers; start some: dask worker ADDRESS"
        ) from error
    try:
        theirs = client.run(versions, on_error="return")
    except Exception as error:
        raise explained(error) from error
    ours = versions()
    for worker, found in theirs.items():
        if isinstance(found, OSError):
            continue  # it has just died
        if isinstance(found, Exception):
            raise explained(found) from found
        for mine, other in zip(ours, found, strict=True):
            if mine != other:
                raise ClusterError(
                    f"worker {worker} has {other}, and this process {mine}: all need the same, for the same "
                    "numbers"
                )


def versions() -> tuple[str, ...]:
    """The versions on which the last bits of numbers may depend."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    import lrfit  # noqa: PLC0415

    python = ".".join(map(str, sys.version_info[:2]))
    return (
        f"lrfit {lrfit.__version__}",
        f"Python {python}",
        f"numpy {np.__version__}",
        f"pandas {pd.__version__}",
    )
