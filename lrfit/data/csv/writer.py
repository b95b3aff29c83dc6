"""How lines of CSV are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

__all__ = ["csv_line"]


def csv_line(fields: Sequence[str], separator: str = ",") -> str:
    """Fields as a line of CSV, quoted where need be, without its end."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow(fields)  # quotes CR and LF
    return text.getvalue().removesuffix("\r\n")
