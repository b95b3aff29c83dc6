"""DOT: the language of Graphviz; `lrfit graph --format dot | dot -Tsvg > graph.svg` draws it.

Colours are Okabe and Ito's, which colour-blind people can tell apart; in grey, shapes still differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from lrfit.graph.nodes import Node
from lrfit.messages import printable
from lrfit.views.graph_view import GraphView, kind_of

__all__ = ["render"]

_STYLES = {
    "placeholder": 'shape=note, style="filled", fillcolor="#56B4E9"',
    "variable": 'shape=box, peripheries=2, fillcolor="#F0E442"',
    "constant": 'shape=box, style="filled", fillcolor="#DDDDDD"',
    "op": "shape=box",
}

_GRADIENT = "#D55E00"
"""The colour of gradients: vermilion."""

_HEAD = """\
digraph lrfit {
  graph [fontname="sans-serif", ranksep=0.4]
  node [fontname="sans-serif", fontsize=12, style="rounded,filled", fillcolor=white]
  edge [fontname="sans-serif", fontsize=10]
"""


def render(view: GraphView) -> str:
    """The view as a digraph, with a cluster for each part of a training graph."""
    return _HEAD + "".join(f"  {line}\n" for line in _lines(view)) + "}\n"


def _lines(view: GraphView) -> Iterator[str]:
    yield from (f"// {printable(line)}" for line in view.removals)
    if view.gradients:
        yield f"fontsize=11; label=<value<br/>{_coloured('gradient')}>"
    for part, nodes in view.parts.items():
        drawn = [
            f"{_quoted(node.name)} [label={_quoted(*view.label(node))}, {_style(node)}]" for node in nodes
        ]
        if len(view.parts) == 1:
            yield from drawn
        else:
            label = f"label={_quoted(part)}; labeljust=l; color=gray"
            yield from [f"subgraph cluster_{part} {{", f"  {label}", *(f"  {line}" for line in drawn), "}"]
    for node, i in view.edges:
        label = _flow(*view.flow((node, i)))
        yield f"{_quoted(node.inputs[i].name)} -> {_quoted(node.name)} [label={label}]"
    for node, variable in view.updates:
        yield f"{_quoted(node.name)} -> {_quoted(variable)} [style=dashed, constraint=false]"


def _style(node: Node) -> str:
    return _STYLES[kind_of(node)]


def _flow(forward: str, backward: str) -> str:
    """The label of an edge: the value that flows forward and, below it, the gradient that flows back.

    A blank keeps it off the line. Numbers and shapes have no characters that need to be escaped.
    """
    below = f"<br/>{_coloured(backward)}" if backward else ""
    return f"< {forward}{below}>"


def _coloured(text: str) -> str:
    return f'<font color="{_GRADIENT}"> {text}</font>'


def _quoted(*lines: str) -> str:
    r"""Lines as a string of DOT, with `\`, `"` and `&` escaped.

    Examples:
        >>> print(_quoted('a"]; b', "c\\"))
        "a\"]; b\nc\\"
    """
    escaped = [
        printable(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines
    ]
    return '"' + "\\n".join(escaped) + '"'
