"""Mermaid: a flowchart that Markdown can show, for example on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrfit.graph.nodes import Node
from lrfit.messages import printable
from lrfit.views.graph_view import GraphView, kind_of

__all__ = ["render"]

_BRACKETS = {
    "placeholder": ("[", "]"),
    "variable": ("[[", "]]"),
    "constant": ("([", "])"),
    "op": ("(", ")"),
}

_COLOURS = {"placeholder": "#56B4E9", "variable": "#F0E442", "constant": "#DDDDDD", "op": "#FFFFFF"}
"""Colours of Okabe and Ito, as in `dot.py`."""

_SPECIAL = re.compile(r"[^\w .,:()\[\]@+=·÷←…≤≥/-]")
"""Characters that are written as entities: all but those that have no special meaning within quotes.

They are escaped in comments, too: Mermaid finds its directives, `%%{init: …}%%`, anywhere.
"""


def render(view: GraphView) -> str:
    """The view as a flowchart, with a subgraph for each part of a training graph."""
    return "flowchart TB\n" + "".join(f"  {line}\n" for line in _lines(view))


def _lines(view: GraphView) -> Iterator[str]:
    names = {node.name: f"n{i}" for i, node in enumerate(view.program.nodes)}
    yield from (f"%% {_escaped(line)}" for line in view.removals)
    for kind, colour in _COLOURS.items():
        yield f"classDef {kind} fill:{colour},stroke:#000000,color:#000000"
    for part, nodes in view.parts.items():
        drawn = [f"{names[node.name]}{_boxed(node, view)}" for node in nodes]
        yield from drawn if len(view.parts) == 1 else [f"subgraph {part}", *(f"  {d}" for d in drawn), "end"]
    for node, i in view.edges:
        forward, backward = view.flow((node, i))
        label = f"|{_quoted(forward, backward and f'gradient {backward}')}|" if forward else ""
        yield f"{names[node.inputs[i].name]} -->{label} {names[node.name]}"
    for node, variable in view.updates:
        yield f"{names[node.name]} -.-> {names[variable]}"


def _boxed(node: Node, view: GraphView) -> str:
    opening, closing = _BRACKETS[kind_of(node)]
    return f"{opening}{_quoted(*view.label(node))}{closing}:::{kind_of(node)}"


def _quoted(*lines: str) -> str:
    """The lines that are not empty, as a string of Mermaid with special characters escaped.

    Examples:
        >>> print(_quoted('a"] --> b', ""))
        "a#34;] --#62; b"
    """
    return '"' + "<br/>".join(_escaped(line) for line in lines if line) + '"'


def _escaped(line: str) -> str:
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", printable(line))
