"""DOT that Graphviz reads: with the nodes and edges of the graph, whatever their names."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
from graph_views import HOSTILE, VIEWS, hostile, training

from lrfit.messages import printable
from lrfit.views.graph_formats.dot import render
from lrfit.views.graph_text import is_literal

needs_graphviz = pytest.mark.skipif(
    shutil.which("dot") is None, reason="Graphviz is not installed (apt-get install graphviz)"
)
STRING = r'"(?:[^"\\\n]|\\.)*"'
TEXT = r"[^<>&\n]*(?:&[a-z0-9#]+;[^<>&\n]*)*"
FLOW = rf'< {TEXT}(?:<br/><font color="#D55E00"> {TEXT}</font>)?>'
STYLE = r"[a-z]+=(?:[a-z0-9]+|\"[#a-zA-Z0-9,]+\")"
LINES = re.compile(
    "|".join(
        [
            r"digraph lrfit \{",
            rf"  (?:graph|node|edge) \[(?:[a-z]+=(?:{STRING}|[a-z0-9.]+)(?:, )?)+\]",
            r"  // [^\n]*",
            r'  fontsize=11; label=<value<br/><font color="#D55E00"> gradient</font>>',
            r"  subgraph cluster_[a-z]+ \{",
            r'    label="[a-z]+"; labeljust=l; color=gray',
            rf"  (?:  )?{STRING} \[label={STRING}(?:, {STYLE})+\]",
            rf"  {STRING} -> {STRING} \[label={FLOW}\]",
            rf"  {STRING} -> {STRING} \[style=dashed, constraint=false\]",
            r"(?:  )?\}",
        ]
    )
)


@pytest.mark.parametrize("name", VIEWS)
def test_every_line_is_one_of_few_kinds(name):
    for line in render(VIEWS[name]()).removesuffix("\n").split("\n"):
        assert LINES.fullmatch(line), line


def parsed(text):
    """What Graphviz makes of a text: its nodes with their labels, and its edges."""
    result = subprocess.run(["dot", "-Tdot_json"], input=text.encode(), capture_output=True, check=True)
    assert not result.stderr
    graph = json.loads(result.stdout)
    nodes = {node["_gvid"]: node for node in graph["objects"] if "nodes" not in node}
    edges = [(nodes[edge["tail"]]["name"], nodes[edge["head"]]["name"]) for edge in graph["edges"]]
    return {node["name"]: node["label"] for node in nodes.values()}, edges


@needs_graphviz
@pytest.mark.parametrize(
    "name", ["averages", "optimized values", *(f"hostile {i}" for i in range(len(HOSTILE)))]
)
def test_graphviz_reads_the_nodes_and_edges_that_there_are(name):
    view = VIEWS[name]()

    def identifier(node):
        """The string that Graphviz keeps: it undoes a quote's escape alone."""
        return (
            printable(node if isinstance(node, str) else node.name)
            .replace("\\", "\\\\")
            .replace("&", "&amp;")
        )

    labels, edges = parsed(render(view))
    nodes = [node for node in view.program.nodes if not is_literal(node)]
    assert set(labels) == set(map(identifier, nodes))
    wanted = [(identifier(node.inputs[i]), identifier(node)) for node, i in view.edges]
    wanted += [(identifier(node), identifier(variable)) for node, variable in view.updates]
    assert sorted(edges) == sorted(wanted)


@needs_graphviz
@pytest.mark.parametrize("name", HOSTILE[:4])
def test_a_name_is_drawn_letter_by_letter(name):
    result = subprocess.run(
        ["dot", "-Tsvg"], input=render(hostile(name)).encode(), capture_output=True, check=True
    )
    texts = [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", result.stdout.decode())]
    assert name.replace("\xa0", " ") in [text.replace("\xa0", " ") for text in texts]
    assert b"<script" not in result.stdout


def test_the_parts_of_a_training_graph_are_clusters_and_updates_point_back():
    text = render(training())
    assert re.findall(r"subgraph cluster_(\w+)", text) == ["forward", "gradients", "updates"]
    assert '"W_update/assign_sub" -> "W" [style=dashed' in text
    assert "constant" not in text
