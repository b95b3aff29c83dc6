"""Files: written whole or not at all, and opened by a path, by an address, or as standard input.

The bytes go to a temporary file in the same folder, which replaces the old one when it is complete and on the
disk. Whatever fails, the old file stays as it was. A symbolic link is followed; mode, owner and group of the
old file are kept, as far as the system allows. So it takes the permission to write to the folder, as for
`mv`, and other hard links to the old file keep the old content. A target that is not a regular file (a FIFO,
or /dev/stdout before a `|`) is written to directly.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lrfit.errors import DataError, OutputError
from lrfit.messages import shown, spelled
from lrfit.system.addresses import AddressFile, is_address, open_address, size_at
from lrfit.system.interrupts import closing

__all__ = ["check_writable", "n_bytes_at", "n_bytes_of", "open_output", "open_stream", "rooted"]


def check_writable(path: str) -> None:
    """Check, before any work is done, that a file can be written to `path`.

    Raises:
        OutputError: It can be seen already that it cannot.
    """
    if path == "-":
        raise OutputError(
            f"-o needs a file name; {spelled(format='json')} prints the model to standard output"
        )
    if not path:
        raise OutputError("'' is no name of a file: is a variable of the shell empty?")
    target = _target(path)
    if target.is_dir() or path.endswith("/"):
        raise OutputError(f"{shown(path)} is a folder: name a file")
    if not target.parent.is_dir():
        if is_address(path):
            raise OutputError(f"{shown(path)} is an address: write a file here, and copy it there")
        raise OutputError(f"{shown(path)} cannot be written: there is no folder {shown(str(target.parent))}")
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise OutputError(f"{shown(path)} cannot be written: permission denied")


@contextmanager
def open_output(path: str) -> Iterator[BinaryIO]:
    """A file to write to within the block; at the end of the block it replaces the file at `path`.

    Raises:
        OutputError: It cannot be written. The old file stays as it was.
    """
    check_writable(path)
    target = _target(path)
    try:
        with target.open("wb") if _is_special(target) else _replacement(target) as file:
            yield file
    except OSError as error:
        raise OutputError(f"{shown(path)} cannot be written: {error.strerror or error}") from error


def _target(path: str) -> Path:
    """The file to write: `path` itself if it is special, else the end of its links."""
    given = Path(path)
    try:
        if _is_special(given):
            return given
        target = given.resolve(strict=given.is_symlink() and given.exists())
        is_in_circle, is_stream = target.is_symlink(), _is_stream(given)
    except RuntimeError:  # older Pythons raise this for links in a circle
        is_in_circle = True
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"{shown(path)} cannot be written: {reason}") from error
    if is_in_circle:
        raise OutputError(f"{shown(path)} cannot be written: its links lead in a circle")
    if is_stream:  # replacing the file would lose what else the stream takes there
        raise OutputError(f"{shown(path)} is a stream that is closed, or leads to a file: name the file")
    return target


def _is_stream(path: Path) -> bool:
    """Whether a path, or one of the links that it follows, names a stream that a process has open."""
    folder = path.parent.resolve()
    if folder.is_relative_to("/proc") or folder == Path("/dev/fd"):
        return True
    return path.is_symlink() and _is_stream(path.parent / path.readlink())


@contextmanager
def _replacement(target: Path) -> Iterator[BinaryIO]:
    temporary = target.parent / f".lrfit-{os.urandom(8).hex()}"

    def drop() -> None:
        with suppress(OSError):
            temporary.unlink()

    with closing(drop):  # registered first, so that no interrupt leaves a file
        try:
            mode = 0o600 if target.exists() else 0o666  # less the umask
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
                yield file
                file.flush()
                _copy_ownership(file.fileno(), target)
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            drop()
            raise
    with suppress(OSError):  # the new file is in place already, and some folders cannot be synced
        _sync_folder(target.parent)


def _is_special(target: Path) -> bool:
    """Whether there is something other than a regular file or a folder, such as a FIFO."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _copy_ownership(descriptor: int, target: Path) -> None:
    """Give a file the owner, group and mode of the file that it replaces, if there is one."""
    if not target.exists():
        return
    old = target.stat()
    for owner, group in ((-1, old.st_gid), (old.st_uid, -1)):
        with suppress(OSError):  # only root may; otherwise the file belongs to the user who writes it
            os.chown(descriptor, owner, group)
    os.chmod(descriptor, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def open_stream(path: str) -> Iterator[tuple[BinaryIO, str]]:
    """The stream at a path or an address, open within the block, and its name in messages.

    Args:
        path: The path or address; `-` for standard input.

    Raises:
        DataError: It cannot be opened.
        UsageError: It is an address, and a package that opens it is not installed.
    """
    if path == "-":
        if sys.stdin is None:
            raise DataError("standard input is closed")
        yield sys.stdin.buffer, "standard input"
        return
    if is_address(path):
        with open_address(path) as stream:
            yield stream, shown(path)
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (errors of reading are not caught here)
    except (OSError, ValueError) as error:
        from lrfit.system.file_names import hint_at_no_file  # noqa: PLC0415 (most files are there)

        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{shown(path)} cannot be opened: {reason}{hint_at_no_file(path)}") from error
    with file:
        yield file, shown(path)


def n_bytes_of(stream: BinaryIO) -> int | None:
    """Size of the file that a stream is open for; None for a pipe, and whatever is read as one."""
    raw = getattr(stream, "raw", None)
    if isinstance(raw, AddressFile):
        return raw.n_bytes
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def n_bytes_at(path: str) -> int:
    """Size of a file; 0 for a stream, or if it cannot be seen, as opening it will say.

    Raises:
        DataError: It is at an address, and cannot be opened.
        UsageError: A package that opens the address is not installed.
    """
    if is_address(path):
        return size_at(path)
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0


def rooted(path: str) -> str:
    """The path from the root, by which other processes find the file; an address as it is."""
    return path if is_address(path) else os.path.abspath(path)  # noqa: PTH100 (links stay)
