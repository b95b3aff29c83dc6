"""Blocks are worked on ahead, in order, and whatever befalls a worker is made good by the main process."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lrfit.system import worker, workers
from lrfit.system.workers import map_ahead

BLOCKS = [b"%d" % i for i in range(40)]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")


@pytest.fixture(autouse=True, params=[1, 3])
def n_workers(monkeypatch, request):
    """As if there were so many cores more; and no block too few to fork for."""
    monkeypatch.setattr(workers, "_ALONE_BYTES", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(request.param + 1)))
    return request.param


@pytest.fixture(autouse=True)
def _no_process_is_left():
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def squared(block):
    return int(block) ** 2, os.getpid()


def results(work, blocks=BLOCKS):
    """What was made of the blocks, each of which has to come out in its place."""
    pairs = list(map_ahead(work, iter(blocks)))
    assert [block for block, _ in pairs] == list(blocks)
    return [result for _, result in pairs]


def test_all_but_the_first_block_are_worked_on_ahead_and_not_by_the_main_process_alone():
    first, *others = results(squared)
    assert first is None
    assert [square for square, _ in others] == [int(block) ** 2 for block in BLOCKS[1:]]
    assert {process for _, process in others} - {os.getpid()}


def test_few_bytes_are_left_to_the_caller_and_nothing_is_forked(monkeypatch):
    monkeypatch.setattr(workers, "_ALONE_BYTES", 1 << 20)
    monkeypatch.setattr(os, "fork", pytest.fail)
    assert results(squared) == [None] * len(BLOCKS)


def test_on_one_core_or_beside_another_thread_or_without_processes_all_is_left_to_the_caller(monkeypatch):
    def fail():
        raise OSError(errno.EAGAIN, "no process is left")

    monkeypatch.setattr(os, "fork", fail)
    assert results(squared) == [None] * len(BLOCKS)
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    monkeypatch.setattr(os, "fork", pytest.fail)
    assert results(squared) == [None] * len(BLOCKS)
    stop.set()
    thread.join()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1})
    assert results(squared) == [None] * len(BLOCKS)


def test_a_block_on_which_the_work_fails_is_left_to_the_caller():
    def work(block):
        return 1 // (int(block) % 5)

    assert [result is None for result in results(work)[1:]] == [int(b) % 5 == 0 for b in BLOCKS[1:]]


def test_a_block_or_an_answer_that_has_no_room_in_a_box_goes_round_the_workers(monkeypatch):
    monkeypatch.setattr(worker, "_BOX_BYTES", 4096)
    long = b"1" * 5000
    got = results(lambda block: (len(block), os.getpid()), [b"1", long, b"22", long])
    assert [answer and answer[0] for answer in got] == [None, 5000, 2, 5000]
    assert {got[1][1], got[3][1]} == {os.getpid()}
    answers = results(lambda block: block * 5000 if int(block) % 2 else block)
    assert all(
        answer in (None, block * 5000) for answer, block in zip(answers[1::2], BLOCKS[1::2], strict=True)
    )
    assert answers[2::2] == BLOCKS[2::2]


def test_the_blocks_of_a_worker_that_dies_are_left_to_the_caller(n_workers):
    main = os.getpid()

    def work(block):
        if os.getpid() != main and int(block) > 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return int(block)

    got = results(work)
    assert all(result in (None, int(block)) for result, block in zip(got, BLOCKS, strict=True))
    assert got[1:11] == list(range(1, 11))
    assert got[11:].count(None) <= n_workers * worker.N_BOXES


def test_no_worker_is_left_if_the_caller_stops_early_or_reading_fails():
    ahead = map_ahead(squared, iter(BLOCKS))
    assert [next(ahead)[0] for _ in range(5)] == BLOCKS[:5]
    ahead.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)

    def broken():
        yield from BLOCKS[:10]
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 (which one does not matter)
        list(map_ahead(squared, broken()))


PROGRAM = """
import os, sys, time
from lrfit.system import worker, workers
workers._ALONE_BYTES = 0
os.sched_getaffinity = lambda _: {1, 2, 3}
def blocks():
    while True:
        yield b"1"
for _, answer in workers.map_ahead(lambda block: os.getpid(), blocks()):
    print(answer or os.getpid(), flush=True)
"""


def has_ended(process):
    """Whether it is gone, or waits for nothing but to be noticed."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("n_workers", [2], indirect=True)
def test_workers_end_with_the_main_process_however_that_ends(ending):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        seen = {int(process.stdout.readline()) for _ in range(2000)} - {process.pid}
        assert len(seen) == 2
        process.send_signal(ending)
        process.communicate(timeout=20)
    deadline = time.monotonic() + 10
    while not all(map(has_ended, seen)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_workers_leave_ctrl_c_to_the_main_process():
    """A terminal sends it to all processes of a group."""
    main = os.getpid()

    def work(block):
        if os.getpid() != main:
            os.kill(os.getpid(), signal.SIGINT)
        return int(block)

    assert results(work)[1:] == list(range(1, len(BLOCKS)))
