"""The picture of a descent: the loss over the epochs, and its excess above the optimum.

The right panel has the excess on a log axis over linear epochs: linear convergence is a straight line there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from lrfit.arrays import Array
from lrfit.training.history import History
from lrfit.views.axis import Axis, Limits, limits_around, number_text
from lrfit.views.picture import Line, Panel, Picture, named

__all__ = ["LOSS", "least_loss", "loss_picture", "thinned_notes"]

LOSS = "loss (half the mean squared residual)"
"""Label of an axis for the loss."""

_LONG = 200
"""Number of epochs above which their axis is logarithmic: most of a long descent happens early."""

_FAR = 100.0
"""Ratio of the largest loss to the least above which the axis of losses is logarithmic."""

_LARGEST_POWER = 307.0
"""Largest power of ten on an axis; its negative is the least. float64 has little room beyond them."""

_NEGLIGIBLE = 1e-12
"""Share of the largest loss below which an optimum counts as 0 and no line is drawn for it."""

_SAME = 1e-6
"""Relative difference within which optima count as the same: each epoch finds its own, to rounding."""


def loss_picture(
    runs: Mapping[str, History], *, optimum: float | None = None, title: str, notes: tuple[str, ...] = ()
) -> Picture:
    """The loss of one or several runs over the epochs, with the optimum as a floor; and the excess above it.

    Args:
        runs: Histories of the runs, by their labels in the legend.
        optimum: The least loss; None to find it in the histories.
        title: Title of the picture.
        notes: Notes to begin with; the picture adds its own.
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
    """The least possible loss, according to a history; None if the history does not tell it.

    Without a penalty it is the loss minus the excess of any epoch. With a penalty these differ from epoch to
    epoch, since the excess is that of the objective.
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
    """The losses of all epochs, with a line at each floor."""
    last = _last_epoch(runs)
    epochs = Axis("epoch", (0.0, last or 1.0), "log epochs" if last > _LONG else "epochs")
    lines = _loss_lines(runs)
    losses = np.concatenate([line.y for line in lines])
    drawn = [floor for floor in floors if floor >= _NEGLIGIBLE * np.nanmax(losses)]
    ends = np.array(epochs.limits)
    for floor in drawn:
        lines.append(Line(ends, np.full(2, floor), "reference", f"optimum, {number_text(floor, 6)}"))
    return Panel(epochs, _loss_axis(np.append(losses, drawn)), tuple(lines))


def _last_epoch(runs: Mapping[str, History]) -> float:
    return max(float(history.epochs[-1]) for history in runs.values())


def _loss_lines(runs: Mapping[str, History]) -> list[Line]:
    """For each run a line of the loss, and one of the validation loss if there is one."""
    lines: list[Line] = []
    for series, (label, history) in enumerate(runs.items()):
        lines.append(Line(history.epochs, history.loss, "run", named(label), series))
        if history.validation_loss is not None:
            text = "validation" if len(runs) == 1 else f"{named(label)}, validation"
            lines.append(Line(history.epochs, history.validation_loss, "validation", text, series))
    return lines


def _floors(runs: Mapping[str, History]) -> list[float]:
    """The optima of these runs, ascending; optima that agree are given once."""
    kept: list[float] = []
    for floor in sorted(least for history in runs.values() if (least := least_loss(history)) is not None):
        if not kept or floor > kept[-1] * (1.0 + _SAME):
            kept.append(floor)
    return kept


def _loss_axis(values: Array) -> Axis:
    """An axis for losses, none of which is below 0."""
    positive = values[np.isfinite(values) & (values > 0.0)]
    if len(positive) and np.all(values[np.isfinite(values)] > 0.0) and _is_wide(positive):
        return Axis(LOSS, _log_limits(positive), "log")
    return Axis(LOSS, limits_around(values))


def _log_limits(positive: Array) -> Limits:
    low, high = np.clip(limits_around(np.log10(positive)), -_LARGEST_POWER, _LARGEST_POWER).tolist()
    return 10.0 ** min(low, _LARGEST_POWER - 1.0), 10.0 ** max(high, 1.0 - _LARGEST_POWER)


def _is_wide(positive: Array) -> bool:
    return float(np.max(positive)) / _FAR > float(np.min(positive))


def _excess(runs: Mapping[str, History]) -> Panel | None:
    """The excess in all epochs in which it is above 0; None if there are none."""
    lines: list[Line] = []
    for series, (label, history) in enumerate(runs.items()):
        excess = np.where(np.isfinite(history.excess) & (history.excess > 0.0), history.excess, np.nan)
        lines.append(Line(history.epochs, excess, "run", named(label) if len(runs) > 1 else "", series))
    values = np.concatenate([line.y for line in lines])
    if np.all(np.isnan(values)):
        return None
    height = Axis("excess: loss above the optimum", _log_limits(values[np.isfinite(values)]), "log")
    return Panel(Axis("epoch", (0.0, max(_last_epoch(runs), 1.0)), "epochs"), height, tuple(lines))


def thinned_notes(runs: Iterable[History]) -> tuple[str, ...]:
    """A note on the epochs that are not drawn, if any, for the longest of the runs."""
    longest = max(runs, key=lambda history: float(history.epochs[-1] - history.epochs[0]))
    n_drawn, n_epochs = len(longest.epochs), int(longest.epochs[-1] - longest.epochs[0]) + 1
    return (f"{n_drawn} of {n_epochs} epochs are drawn",) if n_drawn < n_epochs else ()


def _zero_notes(runs: Mapping[str, History]) -> tuple[str, ...]:
    """A note on epochs with an excess of 0, for which a log axis has no place."""
    for history in runs.values():
        reached = history.epochs[history.excess == 0.0]
        if len(reached):
            return (f"from epoch {reached[0]:.0f} on the excess is 0, which a log axis cannot show",)
    return ()
