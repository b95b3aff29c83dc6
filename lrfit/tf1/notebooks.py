"""Notebooks: the code of their cells, without what only IPython understands.

Of IPython, there is what a lesson needs to run from top to bottom: the value of a cell's last expression is
printed. Magics, commands of the shell and questions are skipped, with a note on stderr.
"""

from __future__ import annotations

import ast
import json
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Cell", "read_cells", "run_cell"]

_ONLY_IPYTHON = re.compile(r"(\s*)(?:%{1,2}[a-z_].*|!(?!=).*|\?+[\w.]+|[\w.]+\?+\s*)", re.IGNORECASE)
"""A line that is not Python: a magic, a command of the shell, or a question."""

_OTHER_LANGUAGES = re.compile(
    r"%%(bash|cmd|html|javascript|js|latex|markdown|perl|ruby|script|sh|svg|writefile)\b"
)
"""The first line of a cell without any Python."""

_TIMED = re.compile(r"(\s*)%time\s+(\S.*)")
"""A statement with the magic that shows how long it takes."""


class Cell(NamedTuple):
    """A cell of code.

    Attributes:
        number: Its number among the cells of code, from 1: as IPython counts when all run in order.
        file: The name by which tracebacks call it.
        code: Its code.
    """

    number: int
    file: str
    code: str


def read_cells(path: str, notebook: bytes) -> list[Cell]:
    """The cells of code of a notebook in format 3 or 4, without empty ones.

    Raises:
        ValueError: This is not a notebook.
    """
    try:
        codes = [code for code in _codes(json.loads(notebook)) if code.strip()]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("it is not a notebook") from None
    name = Path(path).name
    return [Cell(i, f"{name}, cell {i}", code) for i, code in enumerate(codes, 1)]


def _codes(document: Any) -> Iterator[str]:
    sheets = [document] if "cells" in document else document["worksheets"]
    for cell in [cell for sheet in sheets for cell in sheet["cells"]]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source" if "source" in cell else "input"])


def run_cell(cell: Cell, names: dict[str, Any]) -> None:
    """Run a cell in this namespace, and print the value of its last expression, unless it ends in ";"."""
    code = _python(cell)
    linecache.cache[cell.file] = (len(code), None, code.splitlines(keepends=True), cell.file)
    names.setdefault("display", _display)
    tree: Any = compile(code, cell.file, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    body = tree.body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) and not code.rstrip().endswith(";") else None
    exec(compile(ast.Module(body, []), cell.file, "exec", dont_inherit=True), names)  # noqa: S102
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), cell.file, "eval", dont_inherit=True), names)  # noqa: S307
        if value is not None:
            shown = repr(value)
            print(f"Out[{cell.number}]:", shown, sep="\n" if "\n" in shown else " ")


def _display(*values: object) -> None:
    """Print values, like the function `display` that IPython gives to each cell."""
    print(*map(repr, values), sep="\n")


def _python(cell: Cell) -> str:
    """The code of a cell without lines that are not Python; a note on stderr says which."""
    lines = cell.code.splitlines()
    if _is_python(cell):  # a line that starts with % may go on from the one before
        return cell.code
    if _OTHER_LANGUAGES.match(cell.code.lstrip()):
        _note(cell, 1, f"{cell.code.split()[0]} and its cell")
        return ""
    for i, line in enumerate(lines):
        if timed := _TIMED.fullmatch(line):
            lines[i] = timed[1] + timed[2]
        elif match := _ONLY_IPYTHON.fullmatch(line):
            lines[i] = f"{match[1]}pass" if match[1] else ""
            _note(cell, i + 1, line.strip())
    return "\n".join(lines)


def _is_python(cell: Cell) -> bool:
    try:
        ast.parse(cell.code, cell.file)
    except SyntaxError:
        return False
    return True


def _note(cell: Cell, line: int, what: str) -> None:
    print(f"lrfit.tf1: skipped {what} (cell {cell.number}, line {line})", file=sys.stderr)
