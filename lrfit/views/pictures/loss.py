"""The picture of a descent: the loss by epochs, and how far it is above its optimum.

On the right the excess is on a log axis over linear epochs: a straight line there is linear convergence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from lrfit.arrays import Array
from lrfit.training.history import History
from lrfit.views.picture import Axis, Line, Mark, Panel, Picture, limits_around, named, number_text

__all__ = ["LOSS", "least_loss", "loss_picture", "thinned_notes"]

LOSS = "loss (half the mean squared residual)"
"""On an axis."""

_LONG = 200
"""Epochs from which on their axis is logarithmic, as most of the descent is at the beginning."""

_FAR = 100.0
"""Ratio of the largest loss to the least from which on their axis is logarithmic."""

_LARGEST_POWER = 307.0
"""Power of ten at which an axis ends: float64 has little beyond it, or below its inverse."""

_NEGLIGIBLE = 1e-12
"""An optimum below this share of the largest loss is as good as 0, and no floor."""

_SAME = 1e-6
"""Optima that are found in different epochs are the same within this share of the loss."""


def loss_picture(
    runs: Mapping[str, History], *, optimum: float | None = None, title: str, notes: tuple[str, ...] = ()
) -> Picture:
    """The loss of one or several runs by epochs, with the optimum as a floor; and the excess above it.

    Args:
        runs: Runs by their names in the legend.
        optimum: The least loss; found in the histories if None.
        title: Title of the picture.
        notes: Notes to go with it.
    """
    thinned = {label: history.thinned() for label, history in runs.items()}
    notes += thinned_notes(thinned.values())
    floors = _floors(thinned) if optimum is None else [optimum]
    panels = [_losses(thinned, floors)]
    excess = _excess(thinned)
    if excess is None:
        notes += ("the excess above the optimum is 0 from the start",)
    else:
        panels.append(excess)
        notes += _zero_notes(thinned)
    return Picture(title, tuple(panels), notes)


def least_loss(history: History) -> float | None:
    """The least loss there is, by a history; None if that cannot be told, as with a penalty.

    Without one it is the loss less the excess, in each epoch.
    """
    finite = np.isfinite(history.loss) & np.isfinite(history.excess)
    if not np.any(finite):
        return None
    loss, excess = history.loss[finite], history.excess[finite]
    closest = int(np.argmin(excess))
    least = loss[closest] - excess[closest]
    is_same = np.all(np.abs(loss - excess - least) <= _SAME * loss)
    return max(0.0, float(least)) if is_same else None


def _losses(runs: Mapping[str, History], floors: Sequence[float]) -> Panel:
    marks: list[Mark] = []
    last = max(float(history.epochs[-1]) for history in runs.values())
    epochs = Axis("epoch", (0.0, last or 1.0), "log epochs" if last > _LONG else "epochs")
    for series, (label, history) in enumerate(runs.items()):
        marks.append(Line(history.epochs, history.loss, "run", named(label), series))
        if history.validation_loss is not None:
            text = "validation" if len(runs) == 1 else f"{named(label)}, validation"
            marks.append(Line(history.epochs, history.validation_loss, "validation", text, series))
    losses = np.concatenate([mark.y for mark in marks if isinstance(mark, Line)])
    drawn = [floor for floor in floors if floor >= _NEGLIGIBLE * np.nanmax(losses)]
    for floor in drawn:
        ends, label = np.array(epochs.limits), f"optimum, {number_text(floor, 6)}"
        marks.append(Line(ends, np.full(2, floor), "reference", label))
    return Panel(epochs, _loss_axis(np.append(losses, drawn)), tuple(marks))


def _floors(runs: Mapping[str, History]) -> list[float]:
    """The optima of these runs, ascending; of those that are as good as the same, one."""
    kept: list[float] = []
    for floor in sorted(least for history in runs.values() if (least := least_loss(history)) is not None):
        if not kept or floor > kept[-1] * (1.0 + _SAME):
            kept.append(floor)
    return kept


def _loss_axis(values: Array) -> Axis:
    """An axis for these losses, of which none is below 0."""
    positive = values[np.isfinite(values) & (values > 0.0)]
    if len(positive) and np.all(values[np.isfinite(values)] > 0.0) and _is_wide(positive):
        return Axis(LOSS, _log_limits(positive), "log")
    return Axis(LOSS, limits_around(values))


def _log_limits(positive: Array) -> tuple[float, float]:
    low, high = np.clip(limits_around(np.log10(positive)), -_LARGEST_POWER, _LARGEST_POWER).tolist()
    return 10.0 ** min(low, _LARGEST_POWER - 1.0), 10.0 ** max(high, 1.0 - _LARGEST_POWER)


def _is_wide(positive: Array) -> bool:
    return float(np.max(positive)) / _FAR > float(np.min(positive))


def _excess(runs: Mapping[str, History]) -> Panel | None:
    """The excess of all epochs in which it is above 0; None if there are none."""
    marks: list[Mark] = []
    for series, (label, history) in enumerate(runs.items()):
        excess = np.where(np.isfinite(history.excess) & (history.excess > 0.0), history.excess, np.nan)
        marks.append(Line(history.epochs, excess, "run", named(label) if len(runs) > 1 else "", series))
    values = np.concatenate([mark.y for mark in marks if isinstance(mark, Line)])
    if np.all(np.isnan(values)):
        return None
    last = max(float(history.epochs[-1]) for history in runs.values())
    height = Axis("excess: loss above the optimum", _log_limits(values[np.isfinite(values)]), "log")
    return Panel(Axis("epoch", (0.0, max(last, 1.0)), "epochs"), height, tuple(marks))


def thinned_notes(runs: Iterable[History]) -> tuple[str, ...]:
    """A note that some epochs are not drawn, if so, for the run that has most."""
    longest = max(runs, key=lambda history: float(history.epochs[-1] - history.epochs[0]))
    n_drawn, n_epochs = len(longest.epochs), int(longest.epochs[-1] - longest.epochs[0]) + 1
    return (f"{n_drawn:,} of {n_epochs:,} epochs are drawn",) if n_drawn < n_epochs else ()


def _zero_notes(runs: Mapping[str, History]) -> tuple[str, ...]:
    """Where the excess is 0, which a log axis has no place for."""
    for history in runs.values():
        reached = history.epochs[history.excess == 0.0]
        if len(reached):
            return (f"from epoch {reached[0]:.0f} on the excess is 0, for which a log axis has no place",)
    return ()
