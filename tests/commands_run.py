"""Commands run in this process on streams of bytes, for many quick runs: what comes out, and what may."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

from lrfit.cli import group
from lrfit.graph.nodes import Graph

EXIT_CODES = {0, 1, 2, 3}


class _Kept(io.BytesIO):
    """Bytes that can be looked at once the stream is closed."""

    def close(self):
        pass


@dataclass(frozen=True)
class Result:
    """What a run came to; `arguments` is there for messages of pytest."""

    arguments: tuple[str, ...]
    code: int
    out: bytes
    err: str


def run_command(*arguments, stdin=b""):
    """Run `lrfit` with these arguments; an exception that it lets through fails the test."""
    out, err = _Kept(), _Kept()
    streams = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin)))
    sys.stdout = io.TextIOWrapper(out, "utf-8")
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
    try:
        with Graph().as_default():
            code = group.run([str(argument) for argument in arguments])
    finally:
        sys.stdout.flush()
        sys.stdin, sys.stdout, sys.stderr = streams
    return Result(arguments, code, out.getvalue(), err.getvalue().decode())


def assert_within_the_contract(result):
    """An exit code of the contract; an error is short, says so once, and leaves stdout empty."""
    errors = [line for line in result.err.splitlines() if line.startswith("lrfit: error: ")]
    assert result.code in EXIT_CODES, result
    assert len(errors) == (result.code != 0), result
    assert "Traceback" not in result.err, result
    assert "Warning" not in result.err, result
    assert result.code == 3 or result.err.count("\n") <= 20 or not result.code, result
