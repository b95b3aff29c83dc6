"""JSON of a graph is all that it takes to run it."""

import json
from math import isfinite

import numpy as np
import pytest
from graph_views import HOSTILE, VIEWS, forward, hostile

from lrfit.graph.autodiff import edge_gradients
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.ops import matmul, reduce_sum, transpose
from lrfit.graph.program import Program
from lrfit.views.graph_annotations import evaluated
from lrfit.views.graph_formats import FORMATS
from lrfit.views.graph_formats import render as render_as
from lrfit.views.graph_formats.json import document, render
from lrfit.views.graph_view import GraphView

LEAVES = ("constant", "placeholder", "variable")


def rebuilt(text):
    """The nodes of a document by name, made from the ops alone, in a graph of their own."""
    nodes = {}
    graph = Graph()
    for entry in json.loads(text)["nodes"]:
        attrs = {key: tuple(v) if isinstance(v, list) else v for key, v in entry["attrs"].items()}
        if entry["op"] == "constant":
            attrs["value"] = np.array(attrs["value"])
        if entry["op"] == "assign":
            attrs["variable"] = nodes[attrs["variable"]]
        shape = None if entry["shape"] is None else tuple(entry["shape"])
        inputs = tuple(nodes[name] for name in entry["inputs"])
        leaf = Node(OPS[entry["op"]], (), attrs, shape, entry["name"])
        nodes[entry["name"]] = graph.append(
            leaf if entry["op"] in LEAVES else Node.of(OPS[entry["op"]], inputs, attrs, entry["name"])
        )
    return nodes


def run_from(text, objective):
    """The values of all nodes of a document, computed from its leaves; all is as it says."""
    entries = {entry["name"]: entry for entry in json.loads(text)["nodes"]}
    nodes = rebuilt(text)
    terms = edge_gradients(nodes[objective])
    values = {}
    for node in nodes[objective].graph.nodes:
        if node.op.name == "constant":
            values[node] = node.attrs["value"]
        elif node.op.name in LEAVES:
            values[node] = np.array(entries[node.name]["value"])
        elif node.op.has_value:
            values[node] = node.op.kernel(*(values[parent] for parent in node.inputs), **node.attrs)
    for name, entry in entries.items():
        assert entry["value"] is None or np.array_equal(values[nodes[name]], entry["value"])
        for i, said in enumerate(entry["input_gradients"]):
            assert (said is None) == ((nodes[name], i) not in terms)
            assert said is None or np.array_equal(values[terms[nodes[name], i]], said)
    return {name: values[node] for name, node in nodes.items() if node.op.has_value}


@pytest.mark.parametrize("name", ["values", "training values"])
def test_a_document_runs_to_the_numbers_that_it_holds(name):
    run_from(render(VIEWS[name]()), "objective" if name == "values" else "loss")


@pytest.mark.parametrize("name", VIEWS)
def test_the_document_has_all_nodes_in_an_order_in_which_they_can_run(name):
    view = VIEWS[name]()
    content = json.loads(render(view))
    assert content == json.loads(json.dumps(document(view)))
    assert render(view).isascii()
    names = [node.name for node in view.program.nodes]
    assert [entry["name"] for entry in content["nodes"]] == names
    assert all(names.index(p) < i for i, entry in enumerate(content["nodes"]) for p in entry["inputs"])
    assert set(content["feeds"]) | set(content["fetches"]) <= set(names)
    assert content.get("removed", {}) == view.removed


def test_attributes_survive():
    x = placeholder((None, 2), name="x")
    v = Variable(0.0, name="v")
    y = reduce_sum(matmul(transpose(x, (1, 0)), x), axis=(0, 1)) + constant([1.0, 2.0]) * v
    view = evaluated(
        GraphView(Program.of([y], [x])), [np.arange(6.0).reshape(3, 2)], {"v": np.float64(0.5)}, "add"
    )
    values = run_from(render(view), "add")
    assert values["add"] == pytest.approx([1.0 + 25.0 + 81.0 + 0.5, 108.0])


def test_numbers_that_are_not_finite_are_null():
    view = evaluated(
        forward(),
        [np.array([[1e300]]), np.array([[1.0]])],
        {"W": np.array([[1e300]]), "b": np.float64(0)},
        "loss",
    )
    text = render(view)
    entries = {entry["name"]: entry for entry in json.loads(text)["nodes"]}
    assert entries["matmul"]["value"] == [[None]]
    assert entries["loss"]["value"] is None
    assert isfinite(entries["W"]["value"][0][0])


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_as_they_are(name):
    assert json.loads(render(hostile(name)))["feeds"] == [name]


def test_each_file_of_the_folder_is_a_format():
    assert set(FORMATS) == {"text", "dot", "mermaid", "json"}
    assert all(render_as(forward(), name) for name in FORMATS)
    assert render_as(forward(), "json") == render(forward())
