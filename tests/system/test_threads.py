"""Threads work ahead of the caller, in order, on no more items than are needed."""

import os
import threading

import pytest

from lrfit.messages import spelled, spelling
from lrfit.system.threads import map_in_threads


@pytest.fixture(autouse=True, params=[1, 2, 5, None])
def n_cores(monkeypatch, request):
    """As if there were so many cores; None if the system only tells how many it has."""
    if request.param is None:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: None)
    else:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(request.param)), raising=False)
    return request.param or 1


def test_results_come_in_order():
    assert list(map_in_threads(lambda i: i * i, range(50))) == [i * i for i in range(50)]
    assert list(map_in_threads(str, [])) == []


def test_few_items_are_taken_ahead(n_cores):
    taken = []
    results = map_in_threads(str, (taken.append(i) or i for i in range(100)))
    assert next(results) == "0"
    assert len(taken) <= 2 * n_cores + 1
    results.close()
    assert threading.active_count() == 1


def test_an_exception_comes_when_its_turn_comes():
    results = map_in_threads(lambda i: 1 // (3 - i), range(10))
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == 1


def test_messages_are_spelled_as_in_the_thread_of_the_caller():
    with spelling(lambda _: "--missing"):
        assert list(map_in_threads(lambda _: spelled(missing="drop"), range(3))) == ["--missing"] * 3
