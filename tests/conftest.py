"""What every test gets: a graph and a cache of its own; and the program as people run it, in a process."""

import json
import logging
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import pytest
from commands_run import run_command
from remote import no_thread_left

from lrfit import Graph
from lrfit.model import document_file
from lrfit.model.document_file import to_bytes
from lrfit.model.schema import document_schema

LRFIT = (sys.executable, "-W", "error", "-m", "lrfit")

UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""Environment of processes whose coverage cannot be taken.

A signal may come while coverage holds a lock that it needs to save; and a disk that is full takes nothing.
"""


def pytest_configure(config):
    """Several workers take neighbours, which share browsers and libraries; who is done helps the others."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "worksteal"


@pytest.fixture(scope="session", autouse=True)
def _own_kernels(tmp_path_factory):
    """Machine code is kept for this run of the tests alone: by its workers, and what they start."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # with which each process compiles the package
        patch.setenv(
            "MPLCONFIGDIR", str(tmp_path_factory.getbasetemp().parent / "matplotlib")
        )  # of all workers
        patch.delenv("PYTHONUNBUFFERED", raising=False)  # with which a result fails sooner than people see it
        yield


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard():
    """By what the tests start, also where a shell has them ignored: in the background, or under `nohup`."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _documents_fit_their_schema():
    """Every model document that the tests make in this process is valid by the schema."""
    validator = jsonschema.Draft202012Validator(document_schema(document_file.FORMAT))

    def validated(fit):
        document = to_bytes(fit)
        validator.validate(json.loads(document))
        return document

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_file, "to_bytes", validated)
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_thread_left():
    with no_thread_left():
        yield


@pytest.fixture(autouse=True)
def _own_default_graph():
    with Graph().as_default():
        yield


@pytest.fixture(autouse=True)
def _own_log():
    """What `-v` shows in this process is not shown by the next test."""
    yield
    log = logging.getLogger("lrfit")
    log.handlers.clear()
    log.setLevel(logging.NOTSET)


@pytest.fixture
def lrfit(tmp_path):
    """Run `lrfit` with these arguments in an empty folder; the result has returncode, stdout and stderr."""

    def run(*arguments, stdin=b"", **environment):
        return subprocess.run(
            [*LRFIT, *map(str, arguments)],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """As `lrfit`, but in this process: where a process as such is not what is tested."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=b""):
        result = run_command(*arguments, stdin=stdin.encode() if isinstance(stdin, str) else stdin)
        return SimpleNamespace(returncode=result.code, stdout=result.out, stderr=result.err.encode())

    return run


@pytest.fixture
def shell(tmp_path):
    """Run a bash script in an empty folder, with `lrfit` on the path."""
    folder = tmp_path / ".bin"
    folder.mkdir()
    script = folder / "lrfit"
    script.write_text(f'#!/bin/sh\nexec {" ".join(LRFIT)} "$@"\n')
    script.chmod(0o755)

    def run(text, **environment):
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", text],
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path, **environment},
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def in_process():
    """Run `lrfit` in this process, for many quick runs; gives code, stdout and stderr."""

    def run(*arguments, stdin):
        result = run_command(*arguments, stdin=stdin.encode() if isinstance(stdin, str) else stdin)
        return result.code, result.out.decode(), result.err

    return run
