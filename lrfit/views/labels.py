"""Labels of axes: a name from outside, and the unit that the table gives for it."""

from __future__ import annotations

import re

from lrfit.views.picture import named

__all__ = ["with_unit"]

_FORMAT = re.compile(r"[0-9]+[sndSND]")
"""A word of an RDB table for a column of text, numbers or dates, with its width: `15s`."""

_BRACKETS = ("[]", "()")


def with_unit(label: str, unit: str | None) -> str:
    """The label with a unit behind it, in brackets.

    Args:
        label: The label, as a picture shows it.
        unit: The unit as the table has it, perhaps in brackets; None without.

    Examples:
        >>> with_unit("area", "mm"), with_unit("area", "[mm]"), with_unit("area", "15s")
        ('area [mm]', 'area [mm]', 'area')
    """
    text = named((unit or "").strip())
    if not text or _FORMAT.fullmatch(text):
        return label
    is_bracketed = text[0] + text[-1] in _BRACKETS
    bracketed = text if is_bracketed else f"[{text}]"
    return label if label.endswith(bracketed) else f"{label} {bracketed}"
