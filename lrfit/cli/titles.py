"""Titles of files, data and runs in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrfit.analysis.convergence import rate_text
from lrfit.data.training_data import TrainingData
from lrfit.messages import rows_text
from lrfit.training.plan import TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.views.picture import named

__all__ = ["data_title", "file_title", "files_title", "run_title"]


def file_title(path: str) -> str:
    """The name of a file without its folders.

    Examples:
        >>> file_title("runs/fast.csv"), file_title("-")
        ('fast.csv', 'standard input')
    """
    return "standard input" if path == "-" else named(Path(path).name)


def files_title(paths: Sequence[str]) -> str:
    """The name of the only file, or the number of files."""
    return file_title(paths[0]) if len(paths) == 1 else f"{len(paths)} files"


def data_title(data: TrainingData, paths: Sequence[str]) -> str:
    """The files of the data, their columns, and their number of rows."""
    features = named(data.features[0]) if len(data.features) == 1 else f"{len(data.features)} features"
    n_rows = data.moments.n_samples
    return f"{files_title(paths)}: {named(data.target)} from {features}, {rows_text(n_rows)}"


def run_title(plan: TrainingPlan, record: EpochRecord) -> str:
    """The number of epochs up to this record, and the method of the run."""
    settings, momentum = plan.settings, plan.method.momentum
    batches = "" if plan.batches.is_full else f" in batches of {plan.batches.batch_size}"
    epochs = f"{record.epoch} epoch{'s' * (record.epoch != 1)}{batches}"
    method = {
        f"{'Nesterov' * settings.nesterov} momentum {momentum:.4g}".strip(): momentum > 0.0,
        f"schedule {settings.schedule}": settings.schedule != "constant",
        f"l2 {settings.l2:g}": settings.l2 > 0.0,
        f"gradients clipped to {settings.clip_norm}": settings.clip_norm is not None,
        "averaged": settings.average,
        "standardized": settings.standardize,
    }
    parts = [f"{epochs} at learning rate {rate_text(plan.learning_rate, 4)}"]
    return ", ".join(parts + [text for text, is_so in method.items() if is_so])
