"""The streams take any text, and a result has the width and the colours of its terminal."""

import io
import os
import pty
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from commands_run import run_command

from lrfit.cli import streams
from lrfit.cli.terminal import Terminal

LAB = Path(__file__).parents[2] / "sample_data" / "lab.csv"


def test_streams_that_are_closed_or_replaced_are_left_alone(monkeypatch):
    for stream in (None, io.StringIO()):
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        streams.prepare_streams()
        Terminal().note("said")
    assert stream.getvalue() == "said\n"


def test_only_what_cannot_be_written_is_replaced():
    streams.prepare_streams()
    assert "a·λ€".encode("ascii", "lrfit") == b"a*lambda\\u20ac"
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "lrfit")


@pytest.mark.parametrize(
    ("variables", "has_colour"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_result_on_a_terminal_has_its_width_and_colours(monkeypatch, variables, has_colour):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", None)
    assert (streams.result_width(), streams.result_has_colours()) == (80, False)
    main, side = pty.openpty()
    with os.fdopen(main, "rb"), os.fdopen(side, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        assert (streams.result_width(), streams.result_has_colours()) == (80, has_colour)  # it has no size
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((101, 50)))
        assert streams.result_width() == 101


def test_data_that_are_not_named_come_through_a_pipe_or_from_a_file(monkeypatch):
    named = run_command("train", LAB, "-q")
    assert run_command("train", "-q", stdin=LAB.read_bytes()).out == named.out
    for stdin in (SimpleNamespace(isatty=lambda: True), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(click.UsageError, match=r"Missing argument 'DATA'.*- for standard input"):
            streams.piped_data()
