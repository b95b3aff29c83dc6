"""Text: a line for each node, with its name, shape and formula; with values, a table.

A gradient belongs to an edge. If only one edge carries a gradient back to a node, it is in the node's line;
else that line has the sum, and each edge has a line below it with its own gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from lrfit.graph.nodes import Node
from lrfit.messages import printable
from lrfit.views.graph_text import array_text, formula, shape_text
from lrfit.views.graph_view import GraphView

__all__ = ["render"]

_TITLES = ("node", "shape", "formula", "value", "gradient", "")


def render(view: GraphView) -> str:
    """The view as aligned lines: the parts, under headings if there are several; then what passes removed."""
    tables = {part: [*chain(*(_rows(node, view) for node in nodes))] for part, nodes in view.parts.items()}
    titles = [_TITLES] if view.values else []
    of_values = [row for row in chain(*tables.values()) if row[1]]  # a group may name any number of nodes
    widths = [max(map(len, column)) for column in zip(_TITLES[-1:] * 6, *titles, *of_values, strict=True)]
    blocks = [[_line(row, widths) for row in titles]] if titles and len(tables) > 1 else []
    for part, rows in tables.items():
        heading = [part] if len(tables) > 1 else [_line(row, widths) for row in titles]
        blocks.append([*heading, *(_line(row, widths) for row in rows)])
    if view.removed:
        blocks.append(view.removals)
    return "\n\n".join("\n".join(map(printable, block)) for block in blocks) + "\n"


def _rows(node: Node, view: GraphView) -> Iterator[tuple[str, ...]]:
    """The line of a node, and one for each edge along which a gradient flows back, if there are several."""
    edges = view.edges_back_to(node)
    with np.errstate(all="ignore"):
        gradient = array_text(np.sum([view.gradients[edge] for edge in edges], axis=0)) if edges else ""
    value = array_text(view.values[node]) if node in view.values else ""
    shape = shape_text(node.shape) if node.op.has_value else ""
    yield node.name, shape, formula(node), value, gradient, view.captions.get(node.name, "")
    for user, i in edges if len(edges) > 1 else []:
        yield "", "", "", f"along {user.name}", array_text(view.gradients[user, i]), ""


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """The cells, padded to the widths of their columns; columns without any width are left out."""
    padded = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True) if width]
    return "  ".join(padded).rstrip()
