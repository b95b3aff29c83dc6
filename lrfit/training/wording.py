"""Wording: numbers of epochs and ratios, as sentences have them."""

from __future__ import annotations

from math import isfinite
from sys import float_info

__all__ = ["above_text", "epochs_text", "number_text"]

HOPELESS = 1e8
"""Number of epochs, or of anything, that is no longer written out: nobody waits for more."""


def epochs_text(n_epochs: float, more: str = "") -> str:
    """A number of epochs; `more` stands before the noun.

    Examples:
        >>> epochs_text(1.0), epochs_text(5360.0, "more ")
        ('1 epoch', '5,360 more epochs')
    """
    if not isfinite(n_epochs):
        return "more epochs than can be foreseen"
    return f"{number_text(n_epochs)} {more}epoch{'s' * (n_epochs != 1)}"


def above_text(relative_excess: float) -> str:
    """How a loss compares with the optimum, in words that go before "the optimum".

    Examples:
        >>> above_text(0.04), above_text(38.6)
        ('4 % above', '39.6 times')
    """
    if relative_excess < 0.995:  # noqa: PLR2004 (two digits of percent show it as 100)
        return f"{100 * relative_excess:.2g} % above"
    return f"{number_text(1.0 + relative_excess)} times"


def number_text(value: float) -> str:
    """A number for a sentence: three digits, or whole, or a power of ten.

    Examples:
        >>> number_text(0.3333), number_text(5360.2), number_text(1e12)
        ('0.333', '5,360', '1e+12')
    """
    if value < 999.5:  # noqa: PLR2004 (three digits show it as 1000)
        return f"{value:.3g}"
    return f"{value:,.0f}" if value < HOPELESS else f"{min(value, float_info.max):.2g}"
