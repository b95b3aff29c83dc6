"""Names of files that are to be: one that no file has yet, and commands that download to it."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from lrfit.messages import pasteable

__all__ = ["download_command", "unused_name"]

_ADDRESS = re.compile(r"(?P<scheme>[^:]+)://[^/]*(?P<path>[^?#]*)", re.DOTALL)

_DOWNLOADS = {
    "http": "curl -sSL {url} > {file}",
    "https": "curl -sSL {url} > {file}",
    "ftp": "curl -sSL {url} > {file}",
    "s3": "aws s3 cp {url} {file}",
    "gs": "gcloud storage cp {url} {file}",
    "hdfs": "hdfs dfs -get {url} {file}",
}
"""Commands that copy what is at an address, by its scheme."""

_FILE_NAME = re.compile(r"\w[\w-]*(\.\w[\w-]*)+", re.ASCII)


def unused_name(path: str) -> str:
    """This path; if there is such a file, one with a number behind its stem, so that none is overwritten."""
    given = Path(path)
    numbered = (str(given.with_stem(f"{given.stem}_{n}")) for n in itertools.count(2))
    return next(name for name in itertools.chain([path], numbered) if not os.path.lexists(name))


def download_command(address: str) -> str | None:
    """The command that downloads what is at an address to a new file; None if there is no usual one.

    Examples:
        >>> download_command("s3://bucket/d.csv"), download_command("memory://d.csv")
        ('aws s3 cp s3://bucket/d.csv d.csv', None)
    """
    parts = _ADDRESS.match(address)
    download = _DOWNLOADS.get(parts["scheme"].lower()) if parts else None
    if parts is None or download is None:
        return None
    last = parts["path"].rpartition("/")[2]
    file = unused_name(last if _FILE_NAME.fullmatch(last) else "data.csv")
    return download.format(url=pasteable(address), file=file)
