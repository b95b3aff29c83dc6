"""Names of files: those that a pattern stands for, and hints at what is meant by one that no file has."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path

from lrfit.errors import DataError
from lrfit.messages import shown, spelled
from lrfit.system.addresses import is_address, matching_addresses

__all__ = ["hint_at_no_file", "matching"]

_PAIR = re.compile(r"(?P<name>[^=,/]+)=(?P<value>[^=,/\s]+)")
_SETTING = re.compile(r"[a-z][a-z0-9_-]*", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


def matching(names: Iterable[str]) -> tuple[str, ...]:
    """The files that these names and patterns (`part-*.csv`) stand for; those of a pattern sorted by name.

    They may be addresses. A name that a file has is no pattern.

    Raises:
        DataError: No file matches a pattern, or the files at an address cannot be listed.
        UsageError: A package that lists them is not installed.
    """
    found: list[str] = []
    for name in names:
        if not glob.has_magic(name) or os.path.lexists(name):
            found.append(name)
        elif matches := _matches(name):
            found += matches
        else:
            raise DataError(f"no file matches {shown(name)}")
    return tuple(found)


def _matches(pattern: str) -> list[str]:
    if is_address(pattern):
        return matching_addresses(pattern)
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (keeps the name as it is)


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
    pairs = [match for text in path.split(",") if (match := _PAIR.fullmatch(text))]
    is_all = len(pairs) == path.count(",") + 1
    return _pairs_hint(path, [(pair["name"], pair["value"]) for pair in pairs]) if is_all else ""


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
