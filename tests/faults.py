"""Faults on demand: of the calls that write files, the n-th fails, or each takes only a part.

The calls are those of `os`, and what files do below their buffers. Reading is left alone.
"""

import builtins
import errno
import io
import os
from contextlib import contextmanager

import pytest

_FUNCTIONS = ("open", "mkdir", "fsync", "chmod", "chown", "replace", "rename", "close")


class Faults:
    """The calls so far, by name; the n-th raises an OSError, if there is an n.

    A `close` that fails has closed its file. Of a `write`, no more than `part` bytes are taken. An `fsync` is
    not done, which saves time.
    """

    def __init__(self, n=None, error=errno.EIO, part=None):
        self.n, self.error, self.part = n, error, part
        self.calls, self.replaced = [], []

    @property
    def failed(self):
        """The name of the call that failed; None if there were too few."""
        return self.calls[self.n - 1] if self.n and self.n <= len(self.calls) else None

    def call(self, name):
        self.calls.append(name)
        if len(self.calls) == self.n:
            raise OSError(self.error, os.strerror(self.error))

    def counted(self, name, function):
        def called(*args, **kwargs):
            if name == "close":
                function(*args, **kwargs)
            self.call(name)
            if name == "replace":
                with _OPEN(args[0], "rb") as file:
                    self.replaced.append((os.fspath(args[1]), file.read()))
            return None if name in {"close", "fsync"} else function(*args, **kwargs)

        return called

    def opened(self, file, mode="r", buffering=-1, *text, closefd=True, opener=None, **named):
        """As `io.open`."""
        if not set(mode) & set("wax+"):
            return _OPEN(file, mode, buffering, *text, closefd=closefd, opener=opener, **named)
        self.call("file")
        raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        raw.faults = self
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *text, **named)


_OPEN = io.open


class _Raw(io.FileIO):
    """A file whose writes, and whose close, are calls."""

    def write(self, content):
        self.faults.call("write")
        return super().write(memoryview(content).cast("B")[: self.faults.part])

    def close(self):
        if not self.closed:
            super().close()
            self.faults.call("file.close")


@contextmanager
def faults(n=None, error=errno.EIO, part=None):
    """Within the block calls are counted, and fail; see `Faults`."""
    made = Faults(n, error, part)
    with pytest.MonkeyPatch.context() as patch:
        for name in _FUNCTIONS:
            patch.setattr(os, name, made.counted(name, getattr(os, name)))
        for module in (io, builtins):
            patch.setattr(module, "open", made.opened)
        yield made
