"""Addresses: files elsewhere, as `s3://bucket/d.csv`, opened by fsspec as if they were here.

A name is an address only where a scheme is written, as in `https://`, and no file here has that very name.
fsspec, which comes with Dask, is imported for an address and for nothing else; and it imports the package of
the filesystem. What is at an address has a size and can be read from any place, as a file; unless it is at a
web server that gives out files from front to back alone: then it is read as a pipe is.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from lrfit.errors import DataError, LrfitError, UsageError
from lrfit.messages import printable, shown
from lrfit.system.new_names import download_command
from lrfit.system.optional import import_optional

__all__ = ["AddressFile", "is_address", "matching_addresses", "open_address", "size_at"]

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE | re.ASCII)

_IPV6 = re.compile(r"://\[[0-9a-f:.]*\]", re.IGNORECASE)

_WEB = ("http", "https")

_AHEAD_BYTES = 1 << 20
"""Number of bytes that are read ahead: a block, so that requests cost little, and few bytes are in vain."""

_CONNECT_S, _READ_S = 10.0, 30.0
"""Time that a server may take to answer, and to send more."""

_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "az": "adlfs",
    "http": "fsspec aiohttp",
    "https": "fsspec aiohttp",
    "hdfs": "fsspec pyarrow",
}
"""Packages that read addresses, by scheme; most of them bring fsspec."""

_HINTS = {
    "Unable to locate credentials": "; a public bucket needs none: set FSSPEC_S3_ANON=true",
    "libjvm": "; pyarrow reads hdfs through Java and Hadoop: set JAVA_HOME and CLASSPATH",
}
"""Advice, by words of the error."""


def is_address(path: str) -> bool:
    """Whether this names a file elsewhere.

    Examples:
        >>> is_address("s3://bucket/d.csv"), is_address("d.csv")
        (True, False)
    """
    return _SCHEME.match(path) is not None and not os.path.lexists(path)


class AddressFile(io.RawIOBase):
    """A file of fsspec as a raw stream of Python; whatever goes wrong is an `OSError`.

    Args:
        file: The open file.
        n_bytes: Its size; None if it can be read from front to back alone.

    Attributes:
        n_bytes: The same.
    """

    def __init__(self, file: Any, n_bytes: int | None) -> None:  # noqa: ANN401
        self._file = file
        self.n_bytes = n_bytes

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from any place."""
        return self.n_bytes is not None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """The number of bytes that were read into a buffer; 0 at the end alone.

        Raises:
            OSError: It cannot be read, or ends before its size.
        """
        try:
            data: bytes = self._file.read(len(buffer))
        except Exception as error:
            raise OSError(None, _reason(error)) from error
        if not data and self.n_bytes is not None and self._file.tell() < self.n_bytes:
            raise OSError(None, f"it ends before its size of {self.n_bytes} bytes")
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place, which is given back."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """The place from which is read next."""
        return int(self._file.tell())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@contextmanager
def open_address(address: str) -> Iterator[BinaryIO]:
    """The stream of what is at an address, open within the block, over an `AddressFile`.

    Raises:
        DataError: It cannot be opened.
        UsageError: A package is not installed.
    """
    with _explained(address):
        raw = _opened(*_found(address))
    with io.BufferedReader(raw) as stream:
        yield cast("BinaryIO", stream)


def size_at(address: str) -> int:
    """Number of bytes of what is at an address; 0 if the server does not say. Raises as `open_address`."""
    with _explained(address):
        filesystem, path = _found(address)
        return filesystem.size(path) or 0


def matching_addresses(pattern: str) -> list[str]:
    """The addresses that match a pattern, sorted; this one alone if it is none, or if a file has it.

    Raises:
        DataError: They cannot be listed.
        UsageError: A package is not installed.
    """
    if not _has_magic(pattern):
        return [pattern]
    with _explained(pattern):
        filesystem, path = _found(pattern)
        filesystem.invalidate_cache()  # what another call has listed may be old
        if filesystem.exists(path):
            return [pattern]
        found = sorted(filesystem.glob(path))
    start = pattern.removesuffix(path)
    if start == pattern:  # the filesystem writes its names in another way
        return [filesystem.unstrip_protocol(name) for name in found]
    return [start + name for name in found]


def _has_magic(address: str) -> bool:
    """Whether it is a pattern. Brackets may be those of an IPv6 host; on the web, behind ? is no name."""
    name = _IPV6.sub("://", address, count=1)
    if _scheme(address) in _WEB:
        name = name.partition("?")[0]
    return any(character in name for character in "*?[")


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _found(address: str) -> tuple[Any, str]:
    """The filesystem of an address, and the path in it."""
    try:
        fsspec = import_optional("fsspec", shown(address))
    except UsageError as error:
        raise _lacking(address, "fsspec") from error
    scheme = _scheme(address)
    lowered = scheme + address[len(scheme) :]
    filesystem, path = fsspec.core.url_to_fs(lowered, **_options(scheme, fsspec))
    return filesystem, path


def _options(scheme: str, fsspec: Any) -> dict[str, Any]:  # noqa: ANN401
    """Options of a filesystem that have a dead server fail soon, and a long file not at all.

    Those that the user has set for fsspec stay.
    """
    options: dict[str, Any] = {}
    if scheme in _WEB:
        from aiohttp import ClientTimeout  # noqa: PLC0415 (where it is needed alone)

        timeout = ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_READ_S)
        options["client_kwargs"] = {"timeout": timeout, "trust_env": True}  # a proxy, as curl has it
    if _PACKAGES.get(scheme) == "s3fs":
        options["config_kwargs"] = {"retries": {"max_attempts": 2}}
    users = fsspec.config.conf.get(scheme, {})
    return {name: value for name, value in options.items() if name not in users}


def _opened(filesystem: Any, path: str) -> AddressFile:  # noqa: ANN401
    file = filesystem.open(path, "rb", block_size=_AHEAD_BYTES, cache_type="readahead")
    n_bytes: int | None = getattr(file, "size", None)
    is_long = n_bytes is not None and n_bytes > _AHEAD_BYTES
    if is_long and "http" in filesystem.protocol and not _gives_ranges(filesystem, path, n_bytes):
        file.close()
        file, n_bytes = filesystem.open(path, "rb", block_size=0), None
    return AddressFile(file, n_bytes)


def _gives_ranges(filesystem: Any, path: str, n_bytes: int | None) -> bool:  # noqa: ANN401
    """Whether a web server gives out a byte that is not the first; it is asked, as few say so."""
    with filesystem.open(path, "rb", size=n_bytes, cache_type="none") as file:
        file.seek(1)
        try:
            file.read(1)
        except ValueError:
            return False
    return True


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn what a filesystem may raise into one line. Their errors have no base in common."""
    try:
        yield
    except LrfitError:
        raise
    except ImportError as error:
        missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__
        if isinstance(missing, ModuleNotFoundError) and missing.name:
            raise _lacking(address, missing.name.partition(".")[0]) from error
        raise UsageError(f"{shown(address)} cannot be opened: {_reason(error)}") from error
    except Exception as error:
        raise DataError(f"{shown(address)} cannot be opened: {_reason(error)}") from error


def _lacking(address: str, package: str) -> UsageError:
    """The error on a package that is not installed, with both ways to do it."""
    packages = _PACKAGES.get(_scheme(address), package)
    command = None if _has_magic(address) else download_command(address)
    otherwise = f", or download it: {command}" if command else ""
    return UsageError(f"{shown(address)} needs {package}: pip install {packages}{otherwise}")


def _reason(error: BaseException) -> str:
    """An error of a filesystem as a few words."""
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and (isinstance(cause, OSError) or hasattr(cause, "status")):
        error = cause or error  # fsspec says so of whatever a web server does
    if hasattr(error, "status"):
        return printable(f"{error.status} {getattr(error, 'message', '')}".strip())
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "permission denied"
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    line = text.splitlines()[0]
    hint = next((hint for words, hint in _HINTS.items() if words in line), "")
    return printable(line) + hint
