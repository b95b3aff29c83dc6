"""Conversions: for a file that is no CSV, the command that makes one of it, ready to be pasted.

None overwrites a file: where there is one of the name already, the command names another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TypeAlias

from lrfit.messages import pasteable, shown
from lrfit.system.new_names import unused_name

__all__ = ["Conversion", "Origin", "by_command", "by_filter", "by_pandas", "by_saving", "by_spreadsheet"]

_STREAMS = ("/dev/fd/", "/dev/std", "/proc/")
"""Beginnings of paths that name a stream, which may lead to a file all the same."""

_SUFFIX = re.compile(r".+\.[A-Za-z]+")


@dataclass(frozen=True)
class Origin:
    """The place where the bytes of a table come from.

    Attributes:
        name: Its name in messages.
        path: The file's path; `-` for standard input.
        is_packed: Whether what is read is unpacked from gzip, so that another program reads other bytes.
    """

    name: str
    path: str = "-"
    is_packed: bool = False

    @property
    def is_file(self) -> bool:
        """Whether another program can read it again, by its path."""
        return self.path != "-" and not self.path.startswith(_STREAMS) and Path(self.path).is_file()


Conversion: TypeAlias = Callable[[Origin], str]
"""A function that gives the command for what comes from there."""


def by_filter(program: str, suffix: str | None = None) -> Conversion:
    """A conversion by a program that writes to standard output what it makes of a file, or of a pipe.

    Args:
        program: The program with its options.
        suffix: The suffix of what it makes; by default that before the last one, or `.csv`.
    """

    def command(origin: Origin) -> str:
        if not origin.is_file:
            return f"pipe it through {program}"
        return f"{program} {_pasteable(origin.path)} > {pasteable(_made(origin.path, suffix))}"

    return command


def by_command(template: str, usual: str, suffix: str | None = None) -> Conversion:
    """A conversion by a program that reads files alone.

    Args:
        template: The command, with `{file}` and `{made}`.
        usual: The usual suffix of what it reads, for a name where there is none.
        suffix: The suffix of what it makes; see `by_filter`.
    """

    def command(origin: Origin) -> str:
        path = _path(origin, usual)
        made = pasteable(_made(path, suffix))
        return _first(origin) + template.format(file=_pasteable(path), made=made)

    return command


def by_pandas(call: str, usual: str) -> Conversion:
    """A conversion by a call of pandas with `{}` for the file, as `read_json({})`; see `by_command`."""

    def command(origin: Origin) -> str:
        path = _path(origin, usual)
        frame, made = call.format(_literal(path)), _literal(_made(path, ".csv"))
        code = f"import pandas; pandas.{frame}.to_csv({made}, index=False)"
        return f"{_first(origin)}python -c {quote(code)}"

    return command


def by_saving(name: str) -> Conversion:
    """No conversion: what comes through a pipe is put in a file of this name, as it is."""
    return lambda origin: f"cat > {unused_name(name)}"  # noqa: ARG005


def by_spreadsheet(origin: Origin) -> str:
    """The conversion of a workbook: LibreOffice writes to the current folder, under the name of the book."""
    path = _path(origin, ".xlsx")
    made = f"{Path(path).stem}.csv"
    folder = "" if unused_name(made) == made else " --outdir converted"
    return f"{_first(origin)}libreoffice --headless --convert-to csv{folder} {_pasteable(path)}"


def _path(origin: Origin, usual: str) -> str:
    return origin.path if origin.is_file else f"data{usual}"


def _first(origin: Origin) -> str:
    return "" if origin.is_file else "once it is in a file, "


def _made(path: str, suffix: str | None) -> str:
    """The name of the file to make: the path with another suffix, or without its last one."""
    stem = str(Path(path).with_suffix(""))
    return unused_name(stem if suffix is None and _SUFFIX.fullmatch(stem) else f"{stem}{suffix or '.csv'}")


def _pasteable(path: str) -> str:
    """A path for the shell that is taken for no option."""
    return pasteable(f"./{path}" if path.startswith("-") else path)


def _literal(path: str) -> str:
    """A path as Python writes it, in the quotes that need none around them in a shell."""
    inner = shown(path, width=None)[1:-1]
    return '"' + inner.replace('"', r"\"") + '"'
