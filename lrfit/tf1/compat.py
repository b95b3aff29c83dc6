"""`tf.compat`: TensorFlow 1 by its name in TensorFlow 2, and text to and from bytes."""

from __future__ import annotations

import sys

from lrfit import tf1 as v1
from lrfit.tf1.refusals import refuser

__all__ = ["as_bytes", "as_str", "as_text", "v1"]

sys.modules[f"{__name__}.v1"] = v1  # so that it can be imported, as `os.path` can

__getattr__ = refuser(__name__)


def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """The value as text: bytes are decoded.

    Examples:
        >>> as_text(b"slope")
        'slope'
    """
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else bytes_or_text


def as_bytes(bytes_or_text: bytes | str, encoding: str = "utf-8") -> bytes:
    """The value as bytes: text is encoded.

    Examples:
        >>> as_bytes("slope")
        b'slope'
    """
    return bytes_or_text if isinstance(bytes_or_text, bytes) else bytes_or_text.encode(encoding)


as_str = as_text
