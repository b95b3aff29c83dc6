"""Rules: the valid values of fields, as parts of their annotations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Annotated, Any, NamedTuple

__all__ = ["Amount", "Count", "Number", "Positive", "Probability", "Rule", "Share", "one_of"]


class Rule(NamedTuple):
    """The valid values of a field, beyond its type; a rule is part of the field's annotation.

    Attributes:
        is_valid: Returns whether a value of the type is valid.
        wanted: The valid values, in words.
        words: The valid values themselves, if they are words.
    """

    is_valid: Callable[[Any], bool]
    wanted: str
    words: tuple[str, ...] = ()


def one_of(words: Sequence[str]) -> Rule:
    """The rule for a field whose value is one of these words."""
    return Rule(lambda value: value in words, f"one of {', '.join(words)}", tuple(words))


Amount = Annotated[float, Rule(lambda value: 0.0 <= value < inf, "a finite number of at least 0")]
Positive = Annotated[float, Rule(lambda value: 0.0 < value < inf, "a positive number")]
Share = Annotated[float, Rule(lambda value: 0.0 < value < 1.0, "a number between 0 and 1")]
Probability = Annotated[float, Rule(lambda value: 0.0 <= value <= 1.0, "a number from 0 to 1")]
Count = Annotated[int, Rule(lambda value: 0 <= value < 1 << 63, "an integer of at least 0 (and below 2^63)")]
Number = Annotated[int, Rule(lambda value: 1 <= value < 1 << 63, "an integer of at least 1 (and below 2^63)")]
