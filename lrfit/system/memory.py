"""Memory: how much of it can be used, and what becomes of it when it is freed."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["available_memory", "keep_freed_memory"]

_KEPT_BYTES = 16 << 20
"""Amount of freed memory that the C library keeps instead of giving it back to the system."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h


def available_memory() -> int:
    """Number of bytes that can be used without swapping, as far as the system tells, containers included."""
    known = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        known.append(next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # without a limit, the file does not hold a number
        group = Path("/sys/fs/cgroup")
        known.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(0, min(known))


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next block.

    Otherwise it gives the memory back and fetches it again page by page, which took up to a sixth of the time
    of reading. What it keeps is what a block needs, so memory stays bounded.
    """
    with suppress(AttributeError, OSError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
