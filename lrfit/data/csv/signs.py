"""Signs: the first characters of a file that may be no CSV. Only for such files is `foreign` loaded."""

from __future__ import annotations

import re

__all__ = ["GZIP_MAGIC", "TELLING_BYTES", "may_be_no_text", "may_be_other_text"]

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of gzip."""

TELLING_BYTES = 4096
"""Number of bytes at the beginning of a text that are enough to tell its format."""

_NO_TEXT = frozenset(
    {b"\x1f\x8b", b"PK", b"\xd0\xcf", b"\xfd7", b"(\xb5", b"BZ", b"7z", b"PA", b"AR", b"SQ", b"<s", b"$F"}
    | {b"RD", b"X\n", b"\x89H", b"CD", b"%P", b"{\\", b"FE", b"\xff\xff"}
)
"""The first two bytes of the files that `foreign` tells by their first bytes."""

_OTHER_TEXT = re.compile(rb"\s*[\[{<@%]")
"""The first character of those that it tells by their first lines."""


def may_be_no_text(head: bytes) -> bool:
    """Whether a file that begins so may be one that is no text."""
    return len(head) < 2 or head[:2] in _NO_TEXT  # noqa: PLR2004 (as long as the signs)


def may_be_other_text(text: bytes) -> bool:
    """Whether a text that begins so may be of another format than CSV."""
    return bool(_OTHER_TEXT.match(text))
