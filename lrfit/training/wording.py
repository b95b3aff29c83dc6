"""Wording: numbers of epochs and ratios, as sentences have them."""

from __future__ import annotations

from math import inf, isfinite
from sys import float_info

__all__ = ["above_text", "epochs_text", "number_text", "ratio_text", "share_text"]

_MANY = 1e5
"""A ratio from which on its first digits are enough."""

HOPELESS = 1e8
"""Number of epochs, or of anything, that is no longer written out: nobody waits for more."""


def epochs_text(n_epochs: float, more: str = "") -> str:
    """A number of epochs; `more` stands before the noun.

    Examples:
        >>> epochs_text(1.0), epochs_text(5360.0, "more ")
        ('1 epoch', '5360 more epochs')
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
        ('0.333', '5360', '1e+12')
    """
    if value < 999.5:  # noqa: PLR2004 (three digits show it as 1000)
        return f"{value:.3g}"
    return f"{value:.0f}" if value < HOPELESS else f"{min(value, float_info.max):.2g}"


def ratio_text(value: float, bound: float) -> str:
    """A ratio, with enough digits to be on the right side of 1.

    Examples:
        >>> ratio_text(0.0443, 0.04429), ratio_text(3.0, 2.0), ratio_text(2.0, 2.0)
        ('1.0002', '1.5', '1')
    """
    ratio = value / bound if bound else inf
    if ratio >= _MANY:
        return f"{min(ratio, float_info.max):.3g}"
    texts = (f"{ratio:.{n_digits}g}" for n_digits in range(3, 18))
    close = next((text for text in texts if (float(text) > 1.0) == (ratio > 1.0) and float(text) != 1.0), "1")
    return close if ratio < 999.5 else number_text(ratio)  # noqa: PLR2004 (three digits show it as 1000)


def share_text(value: float, bound: float) -> str:
    """A ratio in percent, with enough digits to be on the right side of 100.

    Examples:
        >>> share_text(0.01, 0.0442861), share_text(0.440938, 0.441006)
        ('22.6 %', '99.98 %')
    """
    ratio = 100.0 * (value / bound) if bound else inf
    texts = (f"{ratio:.{n_digits}g}" for n_digits in range(3, 18))
    return f"{next((text for text in texts if float(text) != 100.0 or ratio == 100.0), '100')} %"  # noqa: PLR2004
