"""Names of files: those that a pattern stands for, one that no file has yet, and hints at what is meant."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path

from lrfit.errors import DataError
from lrfit.messages import pasteable, shown, spelled

__all__ = ["hint_at_no_file", "matching", "unused_name"]

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://[^/]*(?P<path>[^?#]*)", re.IGNORECASE | re.DOTALL)

_DOWNLOADS = {
    "http": "curl -sSL {url} > {file}",
    "https": "curl -sSL {url} > {file}",
    "ftp": "curl -sSL {url} > {file}",
    "s3": "aws s3 cp {url} {file}",
    "gs": "gcloud storage cp {url} {file}",
}
"""Commands that copy what is at a URL, by its scheme."""

_FILE_NAME = re.compile(r"\w[\w-]*(\.\w[\w-]*)+", re.ASCII)

_PAIR = re.compile(r"(?P<name>[^=,/]+)=(?P<value>[^=,/\s]+)")
_SETTING = re.compile(r"[a-z][a-z0-9_-]*", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


def matching(names: Iterable[str]) -> tuple[str, ...]:
    """The files that these names and patterns (`part-*.csv`) stand for; those of a pattern sorted by name.

    A name that a file has is no pattern.

    Raises:
        DataError: No file matches a pattern.
    """
    found: list[str] = []
    for name in names:
        if not glob.has_magic(name) or os.path.lexists(name):
            found.append(name)
        elif matches := sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 (keeps the name as it is)
            found += matches
        else:
            raise DataError(f"no file matches {shown(name)}")
    return tuple(found)


def unused_name(path: str) -> str:
    """This path; if there is such a file, one with a number behind its stem, so that none is overwritten."""
    given = Path(path)
    numbered = (str(given.with_stem(f"{given.stem}_{n}")) for n in itertools.count(2))
    return next(name for name in itertools.chain([path], numbered) if not os.path.lexists(name))


def hint_at_no_file(path: str) -> str:
    """The end of a message on a file that cannot be opened; empty if its name is like that of a file.

    Examples:
        >>> hint_at_no_file("missing.csv")
        ''
        >>> print(hint_at_no_file("rooms=3,area=100"))
        ; for a prediction without a file there is at='rooms=3,area=100'
    """
    if os.path.isdir(path):  # noqa: PTH112 (takes any name)
        inside = Path(path) / "*.csv"
        return f"; for all files in it say {shown(str(inside))}"
    if os.path.lexists(path):
        return ""
    if url := _URL.match(path):
        return _url_hint(path, url)
    pairs = [match for text in path.split(",") if (match := _PAIR.fullmatch(text))]
    is_all = len(pairs) == path.count(",") + 1
    return _pairs_hint(path, [(pair["name"], pair["value"]) for pair in pairs]) if is_all else ""


def _url_hint(path: str, url: re.Match[str]) -> str:
    scheme = url["scheme"].lower()
    if scheme == "file":
        return f"; lrfit reads files, no URLs: leave out {shown(path[:7])}"
    download = _DOWNLOADS.get(scheme)
    if download is None:
        return "; lrfit reads files, no URLs: download it first"
    last = url["path"].rpartition("/")[2]
    file = unused_name(last if _FILE_NAME.fullmatch(last) else "data.csv")
    return f"; lrfit reads files, no URLs: {download.format(url=pasteable(path), file=file)}"


def _pairs_hint(path: str, pairs: list[tuple[str, str]]) -> str:
    """A hint at the options that take such values as `rooms=3,area=100`, or `lr=0.01`."""
    hints = []
    name, value = pairs[0]
    is_number = all(_NUMBER.fullmatch(value) for _, value in pairs)
    if len(pairs) == 1 and _SETTING.fullmatch(name) and (is_number or "." not in value):
        hints.append(f"a setting is written {spelled(**{name: float(value) if is_number else value})}")
    if is_number:
        hints.append(f"for a prediction without a file there is {spelled(at=path)}")
    return "; " * bool(hints) + ", and ".join(hints)
