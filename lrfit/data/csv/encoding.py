"""Encodings: text turned into UTF-8, and files that are not text refused with the name of what they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from lrfit.errors import DataError, UsageError
from lrfit.messages import spelled

__all__ = ["GZIP_MAGIC", "n_telling_bytes", "recoder", "refuse_no_text", "refuse_other_encoding"]

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of gzip."""

_NO_TEXT = {
    GZIP_MAGIC: "gzip within gzip: unpack it once",
    b"PK\x03\x04": "a zip archive or a workbook: unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook: save it as CSV",
    b"\xfd7zX": "packed by xz: unpack it",
    b"(\xb5/\xfd": "packed by zstd: unpack it",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"BZh91AY&SY": "packed by bzip2: unpack it",
    b"PAR1\x15": "Parquet: save it as CSV",
}
"""The first bytes of files that are not text, and what such a file is."""

_OTHER_ENCODINGS = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"), "utf-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
"""The first bytes of text that is not UTF-8: a byte-order mark, or zeros between its letters."""


def n_telling_bytes(head: bytes) -> int:
    """Number of first bytes that tell whether a file is text, if it begins with `head`."""
    return max((len(beginning) for beginning in _NO_TEXT if beginning.startswith(head)), default=0)


def refuse_no_text(head: bytes, name: str) -> None:
    """Raise `DataError` if a file that begins with `head` is not text."""
    for beginning, kind in _NO_TEXT.items():
        if head.startswith(beginning):
            raise DataError(f"{name} is {kind}")


def refuse_other_encoding(text: bytes, name: str) -> None:
    """Raise `DataError` if `text`, which should be UTF-8, begins like UTF-16 or UTF-32."""
    for beginning, encoding in _OTHER_ENCODINGS:
        if beginning.match(text):
            kind = encoding.upper().removesuffix("-LE").removesuffix("-BE")
            raise DataError(f"{name} is {kind}, not UTF-8: say {spelled(encoding=encoding)}")


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
    if info.name in ("utf-8", "utf-8-sig", "ascii"):
        return lambda data, is_last: data  # noqa: ARG005
    decoder = info.incrementaldecoder()
    return lambda data, is_last: decoder.decode(data, is_last).encode()
