"""Encodings: text turned into UTF-8, or refused with the name of the encoding that it is in."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import NoReturn

from lrfit.errors import DataError, UsageError
from lrfit.messages import spelled

__all__ = ["is_utf8", "recoder", "refuse_other_encoding"]

_MARKS = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"), "utf-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
)
"""Byte-order marks of text that is not UTF-8."""

_ZEROS = (
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
"""The first bytes of text without such a mark: zeros between its letters."""

_TRIED_BYTES = 64
"""Number of bytes that have to be letters, if they are taken for such text."""


def refuse_other_encoding(text: bytes, name: str) -> None:
    """Raise `DataError` if `text`, which should be UTF-8, begins like UTF-16 or UTF-32, or like no text."""
    for mark, encoding in _MARKS:
        if mark.match(text):
            _refuse(encoding, name)
    for beginning, encoding in _ZEROS:
        if beginning.match(text):
            if not _is_text(text[:_TRIED_BYTES], encoding):
                raise DataError(f"{name} is no text: it has NUL bytes")
            _refuse(encoding, name)


def _refuse(encoding: str, name: str) -> NoReturn:
    kind = encoding.upper().removesuffix("-LE").removesuffix("-BE")
    raise DataError(f"{name} is {kind}, not UTF-8: say {spelled(encoding=encoding)}")


def _is_text(start: bytes, encoding: str) -> bool:
    """Whether the beginning of a file can be printed, if it is in this encoding; half a letter may end it."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n" for c in text)


def is_utf8(encoding: str) -> bool:
    """Whether text in an encoding that exists is UTF-8 as it is."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def recoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    """A function of the next bytes of a text, and whether they are the last, that gives them in UTF-8.

    Text that should be UTF-8 already is passed on as it is, for the reader to check.

    Raises:
        UsageError: There is no such encoding.
    """
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"{spelled(encoding=encoding)}: there is no such encoding; try utf-8 or latin-1"
        ) from error
    if not info._is_text_encoding:  # noqa: SLF001 (what str.encode itself asks)
        raise UsageError(f"{spelled(encoding=encoding)} is no encoding of text; try utf-8 or latin-1")
    if is_utf8(encoding):
        return lambda data, is_last: data  # noqa: ARG005
    decoder = info.incrementaldecoder()
    return lambda data, is_last: decoder.decode(data, is_last).encode()
