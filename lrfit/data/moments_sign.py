"""The sign of a file of moments: how its first bytes differ from those of a table. Imports nothing heavy."""

from __future__ import annotations

import codecs
import re

__all__ = ["FORMAT_NAME", "is_moments"]

FORMAT_NAME = "lrfit-moments"

_MARK = re.compile(rb'"format"\s*:\s*"' + FORMAT_NAME.encode() + rb'"')


def is_moments(head: bytes) -> bool:
    """Whether a file that begins like this is one of moments.

    >>> is_moments(b'{"format": "lrfit-moments", "version": 1}'), is_moments(b"x,y")
    (True, False)
    """
    return bool(_MARK.search(head)) and head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")
