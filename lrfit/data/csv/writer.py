"""The writer of CSV lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

__all__ = ["csv_line"]


def csv_line(fields: Sequence[str], separator: str = ",") -> str:
    """A line of CSV without its line end; fields are quoted where need be."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow(fields)  # quotes CR and LF
    return text.getvalue().removesuffix("\r\n")
