"""Graph formats: each module has `render`, which writes a `GraphView` as text in its format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrfit.views.graph_view import GraphView

__all__ = ["FORMATS", "render"]

FORMATS = tuple(sorted(file.stem for file in Path(__path__[0]).glob("*.py") if file.stem != "__init__"))
"""Names of the formats, which are those of the modules."""


def render(view: GraphView, name: str) -> str:
    """The view in the format of this name."""
    text: str = import_module(f"{__name__}.{name}").render(view)
    return text
