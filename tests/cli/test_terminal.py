"""A bar is drawn on a terminal alone, when work lasts, and by no thread; it fits the width, and goes."""

import io
import os
import re
import subprocess
import sys
import termios
import threading

import pytest

from lrfit.cli import terminal
from lrfit.cli.terminal import Terminal

MIB = 1 << 20
READING = [(1.0, 50 * MIB, 1000 * MIB), (1.0, 110 * MIB, 1000 * MIB)]
EPOCHS = [(2.0, 500, 3000), (2.0, 1000, 3000)]


class Screen(io.StringIO):
    """What stderr is to a program, and what a person sees on it."""

    def __init__(self, *, is_terminal=True):
        super().__init__()
        self.isatty = lambda: is_terminal

    @property
    def pictures(self):
        """The bars that were drawn, without colours and without the bars themselves."""
        drawn = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]", self.getvalue())]
        return [line for line in drawn if line.startswith(("reading ", "epochs "))]

    @property
    def lines(self):
        """What is left in the end: the lines of a terminal that obeys what it is sent."""
        lines, row = [""], 0
        for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", self.getvalue()):
            if piece == "\x1b[2K":
                lines[row] = ""
            elif piece == "\x1b[1A":
                row -= 1
            elif piece == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            elif piece != "\r" and not piece.startswith("\x1b"):
                lines[row] += piece
        return [line for line in lines if line]


@pytest.fixture
def show(monkeypatch):
    """What is seen of work: its steps are (what it takes in seconds, done, total), or a note."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")

    def show(steps, label="reading", unit="bytes", *, width=80, is_terminal=True, quiet=False):
        screen, now_s = Screen(is_terminal=is_terminal), [100.0]
        monkeypatch.setattr(terminal, "monotonic", lambda: now_s[0])
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("COLUMNS", str(width))
        shown = Terminal(quiet=quiet)
        with shown.work(label, unit=unit) as advance:
            for step in steps:
                if isinstance(step, str):
                    shown.note(step)
                    continue
                seconds, done, total = step
                now_s[0] += seconds
                advance(done, total)
        return screen

    return show


def columns(picture):
    """The words of a picture but for the bar."""
    return [word for word in picture.split() if not set(word) <= set("━╸╺")]


# What the bar says.


@pytest.mark.parametrize(
    ("width", "want"),
    [
        (80, "reading 5% 0.1/1.0 GB 52.4 MB/s 0:00:19"),
        (45, "reading 5% 52.4 MB/s 0:00:19"),
        (35, "reading 5% 0:00:19"),
        (24, "reading 5%"),
        (16, "reading"),
    ],
)
def test_reading_shows_bytes_rate_and_time_left_while_there_is_room(show, width, want):
    """From the first picture on, although it is drawn late."""
    assert " ".join(columns(show(READING, width=width).pictures[0])) == want


@pytest.mark.parametrize(
    ("width", "want"),
    [(80, "500/3000 250/s 0:00:10"), (40, "500/3000 0:00:10"), (27, "500/3000")],
)
def test_training_shows_epochs_their_rate_and_time_left_while_there_is_room(show, width, want):
    picture = show(EPOCHS, "epochs", None, width=width).pictures[0]
    assert " ".join(columns(picture)) == f"epochs {want}"


@pytest.mark.parametrize(
    ("seconds", "done", "rate"),
    [(1.0, 1_234_567, "1234567/s"), (1.0, 99, "99/s"), (8.0, 1, "0.125/s"), (3.0, 1, "0.333/s")],
)
def test_a_rate_has_three_digits_or_all_before_the_point(show, seconds, done, rate):
    (picture, *_) = show([(seconds, done, 10**7)], "epochs", None, width=120).pictures
    assert rate in columns(picture)


def test_work_of_which_nobody_knows_the_end_shows_bytes_and_rate_and_a_bar_that_moves(show, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    pictures = show([(seconds, done, None) for seconds, done, _ in READING]).pictures
    assert columns(pictures[0]) == ["reading", "52.4/?", "MB", "52.4", "MB/s"]
    assert columns(pictures[1]) == ["reading", "115.3/?", "MB", "57.7", "MB/s"]
    assert pictures[0][:40] != pictures[1][:40]


def test_epochs_that_take_minutes_have_a_rate_and_a_time_left(show):
    pictures = show([(100.0, epoch, 10) for epoch in range(1, 4)], "epochs", None).pictures
    assert [columns(picture) for picture in pictures[:3]] == [
        ["epochs", "1/10", "0.01/s", "0:15:00"],
        ["epochs", "2/10", "0.01/s", "0:13:20"],
        ["epochs", "3/10", "0.01/s", "0:11:40"],
    ]


def test_a_file_that_grows_keeps_its_rate(show):
    pictures = show([(1.0, i * MIB, (100 + i) * MIB) for i in range(1, 4)]).pictures
    assert all("1.0 MB/s" in picture for picture in pictures)


@pytest.mark.parametrize("total", [1000, None])
@pytest.mark.parametrize(("label", "unit"), [("reading", "bytes"), ("epochs", None)])
def test_the_bar_stays_on_one_line_and_whole(show, total, label, unit):
    scale = MIB if unit else 1
    steps = [(40.0, i * scale, total and total * scale) for i in range(1, 4)]
    for width in (10, 15, 20, *range(24, 100, 3), 200):
        pictures = show(steps, label, unit, width=width).pictures
        assert len(pictures) >= 3, width
        for picture in pictures:
            assert len(picture) <= width
            assert "…" not in picture, width


# Where and when there is one.


def test_nothing_of_the_bar_remains_but_what_was_said_meanwhile(show):
    screen = show(
        ["epoch loss", EPOCHS[0], "    1  0.5", EPOCHS[1], "    2  0.4", (1.0, 3000, 3000)], "epochs"
    )
    assert len(screen.pictures) >= 3
    assert screen.lines == ["epoch loss", "    1  0.5", "    2  0.4"]


@pytest.mark.parametrize(
    "setting", [{}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}]
)
def test_what_is_no_terminal_gets_notes_alone(show, monkeypatch, setting):
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert show([*READING, "a note"], is_terminal=False).getvalue() == "a note\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TERM", "dumb"), ("TERM", "unknown"), ("TTY_COMPATIBLE", "0"), ("TTY_INTERACTIVE", "0")],
)
def test_a_terminal_that_cannot_have_a_bar_gets_notes_alone(show, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert show([*READING, "a note"]).getvalue() == "a note\n"


def test_quiet_and_short_work_have_no_bar(show):
    assert show(READING, quiet=True).getvalue() == ""
    assert show([(0.2, 10, 20), (0.2, 20, 20)]).getvalue() == ""


@pytest.mark.parametrize(("no_color", "colourful"), [("", True), ("1", False)])
def test_no_color_takes_the_colour_away(show, monkeypatch, no_color, colourful):
    monkeypatch.setenv("NO_COLOR", no_color)
    screen = show(READING)
    assert screen.pictures
    assert bool(re.search(r"\x1b\[[0-9;]*[34][0-9]", screen.getvalue())) == colourful


WORK = """
import threading
from lrfit.cli import terminal
terminal._PATIENCE_S = -1.0
with terminal.Terminal().work("reading", unit="bytes") as advance:
    for done in range(101):
        advance(done, 100)
    assert threading.active_count() == 1
"""


def test_on_a_real_terminal_there_is_a_bar_which_no_thread_draws():
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", WORK], stderr=theirs, env=environment, check=True, timeout=60)
    os.write(theirs, b"end\n")
    os.close(theirs)
    seen = b""
    while not seen.endswith(b"end\r\n"):
        seen += os.read(ours, 1 << 16)
    os.close(ours)
    assert b"reading" in seen
    assert b"%" in seen


def test_the_bar_is_drawn_ten_times_a_second_at_most(show):
    n_threads = threading.active_count()
    screen = show([(0.001, done, 2000) for done in range(2000)])
    assert 10 <= len(screen.pictures) <= 30
    assert threading.active_count() == n_threads


# The width of a line.

WORDS = "a note of forty-two-letter-words-without-any-blank and several shorter ones, all of which stay"


@pytest.mark.parametrize("width", [10, 30, 44, len(WORDS) - 1, len(WORDS), 200])
@pytest.mark.parametrize("has_bar", [False, True])
def test_a_note_that_is_longer_than_the_terminal_is_wide_is_wrapped_at_blanks(show, width, has_bar):
    lines = show([*READING * has_bar, WORDS], width=width).lines
    assert " ".join(lines) == WORDS
    assert (len(lines) == 1) == (width >= len(WORDS))
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        assert len(line) <= width or " " not in line
        if following:
            assert len(f"{line} {following.split()[0]}") > width


def test_a_note_that_is_not_for_a_terminal_is_one_line_however_long(show):
    assert show([WORDS], width=30, is_terminal=False).getvalue() == f"{WORDS}\n"


def test_the_width_is_that_of_the_terminal_that_stderr_is(monkeypatch):
    """Whatever stdout is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb"), os.fdopen(theirs, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        termios.tcsetwinsize(theirs, (25, 57))
        assert Terminal().width == 57
        termios.tcsetwinsize(theirs, (0, 0))
        assert Terminal().width == 80


@pytest.mark.parametrize(
    ("columns", "width"), [("44", 44), ("", 80), ("0", 80), ("wide", 80), ("9" * 5000, 80)]
)
def test_columns_sets_the_width(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    for stderr in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stderr)
        assert Terminal().width == width


def test_what_erases_the_bar_is_said_only_while_there_is_one():
    """See also test_interrupts.py."""
    stream = Terminal()
    assert stream._erase() is None
    stream._bar = object()
    assert stream._erase() == "\r\x1b[2K\x1b[?25h"
