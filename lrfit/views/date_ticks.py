"""Date ticks: round dates and times on an axis of days since 1970-01-01, as ISO 8601 writes them.

Ticks are at years, months, days, hours, minutes or seconds, as the range asks. A tick at midnight is
written as its date, any other by its time alone: "2026-03-14", "06:00", "12:00". Where none is at midnight,
the first one has the date before its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, count, pairwise
from math import ceil, floor
from typing import NamedTuple

import numpy as np

__all__ = ["date_ticks"]

_SECOND = 1_000_000
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3600 * _SECOND, 86_400 * _SECOND
"""Times in microseconds, the finest that dates are read to."""

_MONTH_DAYS, _EPOCH_MONTHS = 30.436875, 12 * 1970
"""Mean length of a month, in days; months from the year 0 to 1970-01-01."""

_Limits = tuple[float, float]
_Ticks = Mapping[float, str]


class _Step(NamedTuple):
    """A distance from tick to tick.

    Attributes:
        days: Its length in days, about.
        ticks: Gives the ticks within limits, each with its text.
    """

    days: float
    ticks: Callable[[_Limits], _Ticks]


def date_ticks(limits: tuple[float, float], n_most: int) -> dict[float, str]:
    """Round dates within limits, in days since 1970-01-01, at most `n_most` of them, each with its text.

    A single tick does not tell the scale. So where a step gives fewer than two, they are the first and the
    last of the next finer one.

    Args:
        limits: Days at the two ends of an axis.
        n_most: Largest number of ticks, 2 or more.

    Examples:
        >>> list(date_ticks((20454.0, 20699.0), 7).values())
        ['2026-01', '2026-03', '2026-05', '2026-07', '2026-09']
        >>> list(date_ticks((20526.4, 20527.7), 4).values())
        ['12:00', '2026-03-15', '12:00']
        >>> list(date_ticks((20526.52, 20526.6), 4).values())
        ['2026-03-14 12:30', '13:00', '13:30', '14:00']
    """
    shortest = (limits[1] - limits[0]) / (n_most + 3)  # any shorter step gives too many ticks
    nothing: _Ticks = {}
    found = (step.ticks(limits) for step in _steps() if step.days > shortest)
    finer, chosen = next(pair for pair in pairwise(chain([nothing], found)) if len(pair[1]) <= n_most)
    if len(chosen) < 2 and finer:  # noqa: PLR2004 (two)
        chosen = {day: finer[day] for day in (min(finer), max(finer))}
    return _with_a_date(chosen)


def _steps() -> Iterator[_Step]:
    """All steps, from a microsecond up to any number of years."""
    fractions = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]
    minutes = [n * unit for unit in (_SECOND, _MINUTE) for n in (1, 2, 5, 10, 15, 30)]
    hours = [n * _HOUR for n in (1, 2, 3, 6, 12)]
    years = (12 * digit * 10**power for power in count() for digit in (1, 2, 5))
    yield from (_Step(n / _DAY, partial(_times, step=n)) for n in (*fractions, *minutes, *hours))
    yield from (_Step(n, partial(_days, step=n)) for n in (1, 2, 3, 5, 10, 15))
    yield from (_Step(n * _MONTH_DAYS, partial(_months, step=n)) for n in chain((1, 2, 3, 6), years))


def _times(limits: _Limits, step: int) -> _Ticks:
    """Multiples of a part of a day, in microseconds: the date at midnight, else the time."""
    ticks = {}
    for i in range(ceil(limits[0] * _DAY / step), floor(limits[1] * _DAY / step) + 1):
        day, time = divmod(i * step, _DAY)
        ticks[i * step / _DAY] = _time_text(time, step) if time else _date(day)
    return ticks


def _time_text(time: int, step: int) -> str:
    """The time of a day, with seconds and their digits as far as the step needs them."""
    text = f"{time // _HOUR:02}:{time % _HOUR // _MINUTE:02}"
    if step % _MINUTE == 0:
        return text
    seconds, fraction = divmod(time % _MINUTE, _SECOND)
    n_digits = 6 - next(n for n in range(6, -1, -1) if step % 10**n == 0)
    digits = f".{fraction:06}"[: n_digits + 1] if n_digits else ""
    return f"{text}:{seconds:02}{digits}"


def _days(limits: _Limits, step: int) -> _Ticks:
    """Days 1, 1 + step, … of each month, but for one that is too near to its end."""
    wanted = range(1, 33 - step, step)
    dates = ((day, _date(day)) for day in range(ceil(limits[0]), floor(limits[1]) + 1))
    return {float(day): date for day, date in dates if int(date[-2:]) in wanted}


def _months(limits: _Limits, step: int) -> _Ticks:
    """First days of months, counted from the year 0: the year if the step is of years, else the month."""
    first, last = (
        int(np.datetime64(int(limit), "D").astype("datetime64[M]").astype(np.int64)) + _EPOCH_MONTHS
        for limit in (floor(limits[0]), floor(limits[1]))
    )
    ticks = {}
    for month in range(ceil(first / step) * step, last + 1, step):
        start = np.datetime64(month - _EPOCH_MONTHS, "M")
        day = float(start.astype("datetime64[D]").astype(np.int64))
        if day >= limits[0]:
            ticks[day] = str(start)[:-3] if step % 12 == 0 else str(start)
    return ticks


def _with_a_date(ticks: _Ticks) -> dict[float, str]:
    """The ticks; of times, of which none is at midnight, the first of each day with its date."""
    if any(":" not in text for text in ticks.values()):
        return dict(ticks)
    dated: dict[float, str] = {}
    days: set[int] = set()
    for day, text in ticks.items():
        dated[day] = text if floor(day) in days else f"{_date(floor(day))} {text}"
        days.add(floor(day))
    return dated


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
