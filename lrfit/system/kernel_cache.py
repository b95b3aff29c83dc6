"""Machine code kept between processes: in the user's own cache folder, checked before it is used.

A kernel has a folder, named by a hash of its source, its types and the versions that compile it. The folder
holds the source, its machine code, and a digest of both. It is put together under another name and then
renamed. A folder that is not intact is made anew. So the cache may be deleted, damaged, used by many
processes at once, or lie on a read-only disk: at worst, a kernel is compiled once more.

The digest is no signature, and machine code may do anything. So it is loaded only from a folder that nobody
but the user can have filled or replaced: each folder on the way to it belongs to the user or the system, and
nobody else can write to it (ssh asks the same of its files).
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import stat
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from lrfit.messages import shown
from lrfit.system.interrupts import closing
from lrfit.system.machine_code import COMPILER, Kernel, ObjectCode, compiled, loaded

__all__ = ["compile_kernel"]

_log = logging.getLogger(__name__)

_SOURCE, _CODE, _SYMBOL, _DIGEST = "kernel.py", "kernel.o", "symbol", "digest"
"""Names of the files in a kernel's folder."""


def compile_kernel(text: str, signature: str) -> Kernel:
    """Machine code for a function: from the cache, or compiled now and kept if possible.

    Args:
        text: The source of one Python function that Numba can compile; `np` stands for NumPy.
        signature: Types of its result and arguments, as Numba writes them.
    """
    root, key = _private_root(), _key(text, signature)
    made = compiled(text, signature, key) if root is None else _kept(root / key, text, signature)
    return loaded(made, signature)


def _kept(folder: Path, text: str, signature: str) -> ObjectCode:
    """The machine code in a folder; the folder is made anew if it is missing or not intact."""
    if _is_intact(folder):
        with suppress(OSError):
            return ObjectCode((folder / _SYMBOL).read_text(), (folder / _CODE).read_bytes())
    made = compiled(text, signature, folder.name)
    new = folder.parent / f".new-{os.urandom(8).hex()}"

    def drop() -> None:
        shutil.rmtree(new, ignore_errors=True)

    with closing(drop), suppress(OSError):  # it is used, even if it cannot be kept
        try:
            new.mkdir(mode=0o700)
            (new / _SOURCE).write_text(text)
            (new / _CODE).write_bytes(made.code)
            (new / _SYMBOL).write_text(made.symbol)
            (new / _DIGEST).write_text(_digest(new))
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)  # unless another process was quicker
        finally:
            drop()
    return made


def _is_intact(folder: Path) -> bool:
    """Whether a folder is private to the user, and its content matches its digest."""
    with suppress(OSError):
        status = folder.lstat()
        others = status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        is_private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not others
        return is_private and (folder / _DIGEST).read_bytes() == _digest(folder).encode()
    return False


def _digest(folder: Path) -> str:
    """A hash of the names and contents of all files in a folder but the digest itself."""
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _DIGEST:
            content.update(
                f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes()
            )
    return content.hexdigest()


def _key(text: str, signature: str) -> str:
    """A hash of all that machine code depends on: source, types, versions of the compilers, and processor."""
    versions = [sys.version, *map(version, ("numba", "llvmlite", "numpy"))]
    parts = [text, signature, repr(COMPILER), *versions, platform.platform(), _processor()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _processor() -> str:
    """The instruction sets of the processor, or its name where the system does not list them."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return platform.processor()


def _root() -> Path | None:
    """The folder of all kernels, by the XDG Base Directory Specification; None without a home folder."""
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():
        with suppress(RuntimeError):
            caches = Path.home() / ".cache"
    return caches / "lrfit" / "kernels" if caches.is_absolute() else None


def _private_root() -> Path | None:
    """`_root`, made if it is missing; None if it cannot be made, or if others could replace it."""
    root = _root()
    if root is None or not hasattr(os, "getuid"):
        return None
    with suppress(OSError, RuntimeError):  # links in a circle
        root = root.resolve()
        for folder in (*reversed(root.parents), root):
            folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            if not _is_guarded(folder.lstat(), is_root=folder == root):
                _log.info("machine code is not kept: others could write to %s", shown(str(folder)))
                return None
        return root if os.access(root, os.W_OK) else None
    return None


def _is_guarded(folder: os.stat_result, *, is_root: bool) -> bool:
    """Whether only the user (or, above the root, the system) can replace what is in a folder."""
    others = folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if is_root:
        return folder.st_uid == os.getuid() and not others
    is_sticky = folder.st_mode & stat.S_ISVTX  # as /tmp is: others can change only their own files
    return folder.st_uid in (0, os.getuid()) and bool(is_sticky or not others)
