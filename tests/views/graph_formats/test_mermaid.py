"""Mermaid of a small, strict grammar, which Mermaid's own parser was seen to read."""

import re
from html import unescape

import pytest
from graph_views import VIEWS, hostile

from lrfit.views.graph_formats.mermaid import render
from lrfit.views.graph_text import is_literal

LETTER = r"(?:[\w .,:()\[\]@+=·÷←…≤≥/-]|#\d+;)"
TEXT = rf'"(?:{LETTER}|<br/>)*"'
NODE = (
    rf"(n\d+)(?:\({TEXT}\)|\[\[{TEXT}\]\]|\[{TEXT}\]|\(\[{TEXT}\]\)):::(?:op|variable|placeholder|constant)"
)
EDGE = rf"(n\d+) -->(?:\|{TEXT}\|)? (n\d+)"
UPDATE = r"(n\d+) -\.-> (n\d+)"
OTHER = [
    rf"%% {LETTER}*",
    r"classDef [a-z]+ fill:#[0-9A-F]{6},stroke:#000000,color:#000000",
    r"subgraph (?:forward|gradients|updates)",
    r"end",
]


def lines_of(view):
    first, *lines = render(view).removesuffix("\n").split("\n")
    assert first == "flowchart TB"
    return [line.strip() for line in lines]


@pytest.mark.parametrize("name", VIEWS)
def test_every_line_is_one_of_few_kinds_and_all_nodes_and_edges_are_there(name):
    view = VIEWS[name]()
    lines = lines_of(view)
    for line in lines:
        assert re.fullmatch("|".join([NODE, EDGE, UPDATE, *OTHER]), line), line
    nodes = [match[1] for line in lines if (match := re.fullmatch(NODE, line))]
    edges = [match.groups() for line in lines if (match := re.fullmatch(EDGE, line))]
    updates = [match.groups() for line in lines if (match := re.fullmatch(UPDATE, line))]
    shown = [node for node in view.program.nodes if not is_literal(node)]
    assert len(nodes) == len(set(nodes)) == len(shown)
    ids = {node.name: f"n{i}" for i, node in enumerate(view.program.nodes)}
    assert edges == [(ids[node.inputs[i].name], ids[node.name]) for node, i in view.edges]
    assert updates == [(ids[node.name], ids[variable]) for node, variable in view.updates]


def test_a_label_says_what_is_meant_once_its_entities_are_decoded():
    name = 'a"] --> b #quot; <b>&amp;</b> `x`'
    (line,) = [line for line in lines_of(hostile(name)) if line.endswith(":::placeholder")]
    text = re.search(r'"(.*)"', line)[1]
    assert unescape(text.replace("#", "&#")) == f"{name}<br/>'{name}'"


def test_values_and_gradients_are_told_apart():
    (edge,) = [
        line for line in lines_of(VIEWS["values"]()) if line.startswith("n1 -->") and "gradient 0.5" in line
    ]
    assert '|"1<br/>gradient 0.5"|' in edge
