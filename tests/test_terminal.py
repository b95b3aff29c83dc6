"""A bar is drawn on a terminal alone, when work lasts, and by no thread."""

import os
import subprocess
import sys
import threading

import pytest

from lrfit import terminal
from lrfit.terminal import Terminal

WORK = """
import threading
from lrfit import terminal
terminal._PATIENCE_S = {patience_s}
with terminal.Terminal(quiet={quiet}).work("reading") as advance:
    for done in range(101):
        advance(done, 100)
    assert threading.active_count() == 1
"""


def seen_on_a_terminal(patience_s, *, quiet=False):
    """What a person sees of the work, until it is wiped off again."""
    ours, theirs = os.openpty()
    code = WORK.format(patience_s=patience_s, quiet=quiet)
    subprocess.run(
        [sys.executable, "-c", code],
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        check=True,
        timeout=60,
    )
    os.write(theirs, b"end\n")
    os.close(theirs)
    seen = b""
    while not seen.endswith(b"end\r\n"):
        seen += os.read(ours, 1 << 16)
    os.close(ours)
    return seen.removesuffix(b"end\r\n").decode()


def test_work_that_lasts_has_a_bar_which_no_thread_draws():
    seen = seen_on_a_terminal(-1.0)
    assert "reading" in seen
    assert "%" in seen


@pytest.mark.parametrize(("patience_s", "quiet"), [(60.0, False), (-1.0, True)])
def test_short_work_and_quiet_work_have_no_bar(patience_s, quiet):
    assert seen_on_a_terminal(patience_s, quiet=quiet) == ""


def test_the_bar_is_drawn_ten_times_a_second_at_most(monkeypatch):
    class Bar:
        task_ids = (0,)
        drawn = 0

        def update(self, *_, **__):
            self.drawn += 1

        def stop(self):
            pass

    bar, clock = Bar(), iter(range(10_000))
    monkeypatch.setattr(terminal, "_new_bar", lambda _: bar)
    monkeypatch.setattr(terminal, "monotonic", lambda: next(clock) / 1000)
    shown = Terminal()
    shown._live = True
    with shown.work("epochs") as advance:
        for done in range(2000):
            advance(done, 2000)
    assert 10 <= bar.drawn <= 30
    assert threading.active_count() == 1
