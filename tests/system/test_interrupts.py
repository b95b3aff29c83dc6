"""Signals end the process at once, with what is open closed, and what must be whole whole."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from select import select

import pytest
from conftest import LRFIT, UNMEASURED

OLD = '{"format": "lrfit-model", "old": 1}'
LAB = str(Path(__file__).parents[2] / "sample_data" / "lab.csv")

BEGIN = "import os, signal; from lrfit.system.interrupts import *; end_on_signals()\n"
CTRL_C = "signal.raise_signal(signal.SIGINT)\n"

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]

DELAY_S = 1.0
"""The issue is 0.2 s; a machine that runs tests may have much else to do."""


def python(program, **options):
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        **options,
    )


def started(*arguments, term="dumb", **options):
    environment = {**os.environ, **UNMEASURED, "TERM": term}
    return subprocess.Popen([*LRFIT, *arguments], stdout=subprocess.PIPE, env=environment, **options)


def takes(process, number):
    """Whether it has a handler for the signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (number - 1) & 1


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_closes_what_is_open_the_latest_first_and_leaves(number, code):
    result = python(f"""
def fail():
    raise ValueError
with closing(lambda: "before\\n"), closing(fail):
    with closing(lambda: "never"):
        pass
    with closing(lambda: print("closed", flush=True)), closing(lambda: "after\\n"):
        try:
            signal.raise_signal({number})
        finally:
            print("went on")
""")
    assert (result.returncode, result.stdout) == (code, "closed\n")
    assert result.stderr == "lrfit: interrupted\nafter\nbefore\n"


def test_what_is_held_back_is_done_as_a_whole():
    result = python(f"""
with closing(lambda: "closed\\n"):
    try:
        with held_back():
            {CTRL_C}
            print("whole", flush=True)
            raise ValueError
    finally:
        print("went on")
""")
    assert (result.returncode, result.stdout, result.stderr) == (
        130,
        "whole\n",
        "lrfit: interrupted\nclosed\n",
    )


def test_a_second_signal_ends_the_process_whatever_it_does():
    result = python(f"""
def stuck():
    signal.raise_signal(signal.SIGTERM)
    print("went on")
with closing(stuck):
    {CTRL_C}
""")
    assert (result.returncode, result.stdout, result.stderr) == (-signal.SIGTERM, "", "")


def test_a_second_signal_does_not_wait_for_what_is_held_back():
    result = python(f"with held_back():\n    {CTRL_C}    {CTRL_C}    print('went on')")
    assert (result.returncode, result.stdout) == (-signal.SIGINT, "")


def test_an_ignored_signal_stays_ignored():
    """As `nohup` leaves SIGHUP."""
    result = subprocess.run(
        [
            "bash",
            "-c",
            'trap "" HUP; exec "$0" -c "$1"',
            sys.executable,
            f"{BEGIN}os.kill(os.getpid(), 1); print(1)",
        ],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, b"1\n")


def test_a_signal_comes_too_late_when_all_is_done():
    """While Python takes itself apart."""
    program = "import atexit, sys; atexit.register(signal.raise_signal, signal.SIGTERM)\n"
    result = python(f"{program}sys.argv[1:] = ['--version']\nfrom lrfit.__main__ import main; main()")
    assert (result.returncode, result.stderr) == (0, "")


LONG = "import hashlib; print(flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 3 * 10**7)"
"""One operation, of some ten seconds, which Python cannot interrupt."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_long_operation_is_ended_by_the_watching_thread(number):
    program = f"{BEGIN}with closing(lambda: 'closed\\n'), watched():\n    {LONG}"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(number)
        started_s = time.monotonic()
        assert process.wait(timeout=20) == 128 + number
        assert time.monotonic() - started_s < DELAY_S
        assert process.stderr.read() == b"lrfit: interrupted\nclosed\n"


def test_a_second_signal_ends_a_long_operation_whatever_is_being_closed():
    program = f"{BEGIN}import time\nwith closing(lambda: time.sleep(99)), watched():\n    {LONG}"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        for _ in range(2):
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=DELAY_S) == 130


def test_while_the_watching_thread_ends_the_process_nothing_more_begins():
    result = python("""
import hashlib, subprocess, time
with closing(lambda: time.sleep(1.0)), watched():
    subprocess.Popen(["sh", "-c", f"sleep 0.1; kill -INT {os.getpid()}"])
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**6)
    print("went on", flush=True)
""")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "lrfit: interrupted\n")


def test_what_is_no_longer_watched_is_left_alone():
    result = python("""
import threading, time
signal.signal(signal.SIGUSR1, lambda *_: None)
with watched():
    n_threads = threading.active_count()
    signal.raise_signal(signal.SIGUSR1)
while threading.active_count() == n_threads: time.sleep(0.001)
with held_back(): pass
print(n_threads, threading.active_count(), signal.set_wakeup_fd(-1))
""")
    assert (result.returncode, result.stdout, result.stderr) == (0, "2 1 -1\n", "")


def test_nothing_is_watched_where_signals_were_not_taken_over():
    result = python(
        "signal.signal(2, signal.default_int_handler)\n[signal.signal(n, signal.SIG_DFL) for n in SIGNALS]\n"
        "import threading\nwith watched(): print(threading.active_count())"
    )
    assert (result.returncode, result.stdout) == (0, "1\n")


def test_a_stuck_or_closed_stderr_does_not_keep_the_process():
    readable, writable = os.pipe()
    fill = (
        "try:\n    while os.write(2, bytes(4096)): pass\nexcept BlockingIOError: os.set_blocking(2, True)\n"
    )
    os.set_blocking(writable, False)
    process = subprocess.Popen([sys.executable, "-c", f"{BEGIN}{fill}{CTRL_C}"], stderr=writable)
    assert process.wait(timeout=20) == 130
    os.close(readable)
    os.close(writable)
    assert python(f"import sys; sys.stderr = None\n{CTRL_C}").returncode == 130


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_run_that_is_asked_to_end_leaves_all_as_it_was(tmp_path, number, code):
    model = tmp_path / "m.json"
    model.write_text(OLD)
    arguments = [
        "--lr",
        "1e-9",
        "--epochs",
        "100000000",
        "--tol",
        "1e-300",
        "--history",
        "h.csv",
        "-o",
        "m.json",
        "--every",
        "1",
    ]
    with started("train", LAB, *arguments, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        for _ in range(9):
            assert process.stderr.readline()
        process.send_signal(number)
        started_s = time.monotonic()
        words = process.stderr.read().decode().splitlines()
        assert process.wait(timeout=20) == code
        assert time.monotonic() - started_s < DELAY_S
        assert process.stdout.read() == b""
    assert words[-2:] == [
        "lrfit: interrupted",
        "nothing was saved; -o with --checkpoint-every N saves progress",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["m.json"]
    assert model.read_text() == OLD


def test_a_history_that_nobody_reads_does_not_keep_the_process(tmp_path):
    os.mkfifo(tmp_path / "h.csv")
    reader = os.open(tmp_path / "h.csv", os.O_RDONLY | os.O_NONBLOCK)
    arguments = ["--lr", "1e-9", "--epochs", "100000000", "--tol", "1e-300", "-q", "--history", "h.csv"]
    with started("train", LAB, *arguments, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert select([reader], [], [], 10.0)[0]
        time.sleep(0.5)  # by then it is full
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=DELAY_S) == 130
    os.close(reader)


def test_a_quiet_run_says_no_more_than_that_it_was_interrupted(tmp_path):
    arguments = ["--lr", "1e-9", "--epochs", "100000000", "--tol", "1e-300", "-q", "--history", "h.csv"]
    with started("train", LAB, *arguments, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        while not list(tmp_path.iterdir()):  # its history has begun
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
        assert process.stderr.read() == b"lrfit: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_waits_for_a_pipe_ends_at_once():
    with started("train", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b"x,y\n1,2\n")
        process.stdin.flush()
        while not takes(process, signal.SIGTERM):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=DELAY_S) == 143
        assert process.stderr.read() == b"lrfit: interrupted\n"


def test_on_a_terminal_the_bar_goes_and_the_cursor_comes_back():
    ours, theirs = pty.openpty()
    arguments = [
        "train",
        LAB,
        "--lr",
        "1e-9",
        "--epochs",
        "100000000",
        "--tol",
        "1e-300",
        "--batch-size",
        "4",
        "--executor",
        "numpy",
    ]
    with started(*arguments, stderr=theirs, term="xterm") as process:
        seen = b""
        while b"\x1b[?25l" not in seen:
            seen += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    os.close(theirs)
    while b"saves progress\r\n" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    assert seen.endswith(
        b"\r\x1b[2K\x1b[?25hlrfit: interrupted\r\n"
        b"nothing was saved; -o with --checkpoint-every N saves progress\r\n"
    )
