"""Rules of the settings of descent, which are fields of a model document, too."""

from __future__ import annotations

from typing import Annotated

from lrfit.system.rules import Rule, one_of

__all__ = ["SCHEDULES", "VALIDATION_ROWS", "Gamma", "Momentum", "Schedule", "ValidationRows"]

Momentum = Annotated[float, Rule(lambda value: 0.0 <= value < 1.0, "a number of at least 0 and below 1")]
Gamma = Annotated[float, Rule(lambda value: 0.0 < value <= 1.0, "a number above 0 and at most 1")]

VALIDATION_ROWS = ("random", "last")
ValidationRows = Annotated[str, one_of(VALIDATION_ROWS)]

SCHEDULES = ("constant", "invscaling", "step")
Schedule = Annotated[str, one_of(SCHEDULES)]
