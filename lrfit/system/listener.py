"""Listeners: they receive notes, warnings and progress. The default one ignores them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["Listener"]


class Listener:
    """Hears what the library has to say while it works. This one lets it pass; others show it."""

    def note(self, text: str) -> None:
        """Hear something that is good to know."""

    def warn(self, text: str) -> None:
        """Hear something that is probably not what the user wants."""

    @contextmanager
    def work(
        self,
        label: str,  # noqa: ARG002
        *,
        unit: Literal["bytes"] | None = None,  # noqa: ARG002
    ) -> Iterator[Callable[[float, int | None], None]]:
        """Hear, within the block, how much of some work is done: `advance(done, total)`.

        Args:
            label: Name of the work, or of what is counted.
            unit: Unit of `done` and `total`: bytes, or what `label` names. The total is None if it is
                unknown.
        """
        yield lambda done, total: None  # noqa: ARG005
