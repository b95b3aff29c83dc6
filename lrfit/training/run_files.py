"""The files that a run writes: its history and its model.

If a run goes on where another ended, its history is that of both: the file is continued, if it is there. A
checkpoint is a model on the way, from which the run could go on. The history takes the place of an old file
when the run ends, and also when anything breaks the run off after a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from math import inf
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from lrfit.errors import OutputError, UsageError
from lrfit.messages import shown
from lrfit.system.files import open_output
from lrfit.system.interrupts import closing, held_back
from lrfit.training.record import EpochRecord

__all__ = ["RunFiles"]


class RunFiles:
    """Writes the records of a run to files, within a `with` block.

    Args:
        features: Names of the features.
        intercept: Whether the model has one.
        history: Path of the history; None for none.
        model: Path of the model, which is written at the end; None for none.
        every: Number of epochs between two checkpoints; None for no checkpoints.
        continues: Whether the run goes on where another one ended.
        document: Gives the model document of a record.

    Attributes:
        checkpoint: Epoch of the last checkpoint; None before the first.

    Raises:
        OutputError: A file cannot be written.
        UsageError: The history file is there, but does not lead up to where the run goes on.
    """

    def __init__(
        self,
        features: Sequence[str],
        *,
        intercept: bool,
        history: str | None,
        model: str | None,
        every: int | None,
        continues: bool,
        document: Callable[[EpochRecord], bytes],
    ) -> None:
        self.checkpoint: int | None = None
        self._features, self._intercept = features, intercept
        self._history_path, self._model_path, self._every = history, model, every
        self._continues, self._document = continues, document
        self._files = ExitStack()
        self._history: BinaryIO | None = None
        self._last: EpochRecord | None = None

    def __enter__(self) -> Self:
        if self._history_path:
            self._history = self._files.enter_context(open_output(self._history_path))
        self._files.enter_context(closing(self._keep))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with held_back():
            if kind is not None:
                with suppress(OutputError):  # what broke it off is to be told
                    self._keep()
            self._files.__exit__(kind, error, trace)  # first, so that the model never is ahead of it
            if kind is None and self._last:
                self._save(self._last)

    def _keep(self) -> None:
        """Keep the history of a run that was broken off, if the run can go on from a checkpoint."""
        if self.checkpoint is not None:
            self._files.close()

    def next_due(self, epoch: int) -> float:
        """The next epoch, after this one, of which the files need a record."""
        if self._history:
            return epoch + 1
        return (epoch // self._every + 1) * self._every if self._every else inf

    def write(self, record: EpochRecord) -> None:
        """Write what is due of a record; the first one is that of the start."""
        if self._history:
            from lrfit.training.history_file import history_row  # noqa: PLC0415 (many runs keep no history)

            row = history_row(record, intercept=self._intercept).encode()
            self._history.write(row if self._last else self._beginning(record, row))
        if self._is_checkpoint(record):
            with held_back():
                self._save(record)
                self.checkpoint = record.epoch
        self._last = record

    def _save(self, record: EpochRecord) -> None:
        if self._model_path:
            with open_output(self._model_path) as file:
                file.write(self._document(record))

    def _is_checkpoint(self, record: EpochRecord) -> bool:
        is_due = self._every is not None and record.epoch % self._every == 0
        return is_due and self._last is not None and record.stopped is None

    def _beginning(self, record: EpochRecord, row: bytes) -> bytes:
        """The history up to the start of this run, with that of the runs before, if the file is there."""
        from lrfit.training.history_file import history_header  # noqa: PLC0415 (many runs keep no history)

        header = history_header(
            self._features, intercept=self._intercept, validation=record.validation_loss is not None
        ).encode()
        path = Path(self._history_path or "")
        if not self._continues or not path.is_file():
            return header + row
        before, found, _ = path.read_bytes().partition(b"\n" + row)
        if not found or not (before + b"\n").startswith(header):
            raise UsageError(
                f"{shown(str(path))} is not the history of the run that is resumed, up to its epoch "
                f"{record.epoch}: name another file"
            )
        return before + found
