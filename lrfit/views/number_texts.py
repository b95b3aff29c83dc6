"""Number texts: all digits of a number, so many, or as many as mean something beside a standard error."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

__all__ = ["NumberText", "all_digits", "digits_of_error", "number_text_of", "significant"]

NumberText: TypeAlias = Callable[[float, float | None], str]
"""The text of a number that has this standard error, or none."""

_DIGITS_OF_ERROR = 2
"""Number of digits of a standard error that mean something."""

_DIGITS = 6
"""Number of digits of a number without a standard error."""


def number_text_of(digits: int | str | None, *, is_seen: bool) -> NumberText:
    """The text of numbers with so many digits.

    Args:
        digits: Number of significant digits, or "all"; None for all of them in a file or a pipe, and those
            that mean something on a terminal.
        is_seen: Whether the result goes to a terminal.
    """
    if digits is None:
        return digits_of_error if is_seen else all_digits
    return significant(digits) if isinstance(digits, int) else all_digits


def all_digits(value: float, error: float | None = None) -> str:  # noqa: ARG001
    """All digits: the text reads back to the same bits."""
    return repr(value)


def significant(n_digits: int) -> NumberText:
    """So many significant digits of each number."""
    return lambda value, error: _plain(f"{value:#.{n_digits}g}")  # noqa: ARG005


def digits_of_error(value: float, error: float | None = None) -> str:
    """As many digits as leave two of the standard error; six where there is none.

    Examples:
        >>> digits_of_error(0.2829710991, 0.0432568), digits_of_error(52376.914, 573.55)
        ('0.283', '52380')
        >>> digits_of_error(0.0799838423145)
        '0.0799838'
        >>> digits_of_error(-3.0, 140.0)
        '0'
    """
    if not error:
        return _plain(f"{value:.{_DIGITS}g}")
    last = Decimal(f"{error:.{_DIGITS_OF_ERROR - 1}e}").as_tuple().exponent
    assert isinstance(last, int)  # noqa: S101 (a standard error is finite)
    return _plain(f"{round(value, -last) + 0.0:.{max(0, -last)}f}")


def _plain(text: str) -> str:
    """The text without a bare point at its end, which means nothing to most people."""
    return text.removesuffix(".")
