"""Summaries: a run gives bytes, a file gets them with their steps, and `lrfit graph` draws the graph."""

import gc
import json

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.errors import DataError, OutputError
from lrfit.tf1 import old_summaries
from lrfit.tf1.errors import InvalidArgumentError
from lrfit.views.graph_view import kind_of
from lrfit.views.written_graph import read_written_graph


def lines_of(folder):
    (path,) = folder.glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


def test_a_run_of_a_summary_gives_bytes_that_can_be_read():
    content = run(tf.summary.scalar("loss", tf.constant(0.5)))
    assert type(content) is bytes
    assert json.loads(content) == {"tag": "loss", "kind": "scalar", "value": 0.5}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.float32(0.1), 0.10000000149011612), (3, 3.0), (np.nan, "NaN"), (-np.inf, "-Infinity")],
)
def test_a_scalar_keeps_its_value(value, expected):
    assert json.loads(run(tf.summary.scalar("x", tf.constant(value))))["value"] == expected


def test_each_kind_keeps_something_small():
    kinds = {
        "histogram": tf.summary.histogram("h", tf.constant([1.0, 2.0, 4.0])),
        "empty": tf.summary.histogram("none", tf.zeros([0])),
        "image": tf.summary.image("i", tf.zeros([1, 2, 3, 1])),
        "audio": tf.summary.audio("a", tf.zeros([1, 20]), 44100.0),
        "text": tf.summary.text("t", tf.constant("grüß")),
        "texts": tf.summary.text("ts", tf.constant(["a", "b"])),
    }
    values = {kind: json.loads(run(tensor))["value"] for kind, tensor in kinds.items()}
    assert values == {
        "histogram": {"min": 1.0, "max": 4.0, "num": 3.0, "sum": 7.0, "sum_squares": 21.0},
        "empty": {"min": 0.0, "max": 0.0, "num": 0.0, "sum": 0.0, "sum_squares": 0.0},
        "image": {"shape": [1, 2, 3, 1]},
        "audio": {"shape": [1, 20]},
        "text": "grüß",
        "texts": ["a", "b"],
    }


def test_names_and_tags_are_those_of_tensorflow():
    x = tf.constant(1.0)
    with tf.name_scope("ns"):
        scalar, histogram = tf.summary.scalar("loss", x), tf.summary.histogram("h h", x)
    again, family = tf.summary.scalar("ns/loss", x), tf.summary.scalar("loss", x, family="fam")
    tensors = [scalar, histogram, again, family]
    assert [each.name for each in tensors] == ["ns/loss:0", "ns/h_h:0", "ns/loss_1:0", "fam/loss:0"]
    assert all(each.dtype == tf.string and each.shape == () for each in tensors)
    tags = [json.loads(line)["tag"] for line in run(tf.summary.merge(tensors)).splitlines()]
    assert tags == ["ns/loss", "ns/h_h", "ns/loss_1", "fam/fam/loss"]
    assert tf.summary.merge(tensors).op.name == "Merge_1/MergeSummary"
    types = [operation.type for operation in tf.get_default_graph().get_operations()[1:5]]
    assert types == ["Const", "ScalarSummary", "Const", "HistogramSummary"]


def test_all_summaries_are_merged_and_none_without_any():
    assert tf.summary.merge_all() is None
    first = tf.summary.scalar("a", tf.constant(1.0))
    second = tf.summary.scalar("b", tf.constant(2.0))
    tf.summary.scalar("c", tf.constant(3.0), collections=["others"])
    assert run(tf.summary.merge_all()) == b"\n".join(run([first, second]))
    assert json.loads(run(tf.summary.merge_all("others")))["tag"] == "c"
    tf.summary.merge([first], collections=["merged"])
    assert len(tf.get_collection("merged")) == 1


def test_summaries_that_make_no_sense_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"\[\] != \[2\] \(tag 'x'\).*tf.reduce_mean"):
        run(tf.summary.scalar("x", tf.constant([1.0, 2.0])))
    with pytest.raises(InvalidArgumentError, match="Nan in summary histogram for: h"):
        run(tf.summary.histogram("h", tf.constant([1.0, np.nan])))
    with pytest.raises(ValueError, match="to have dtype string"):
        tf.summary.text("t", tf.constant(1.0))
    with pytest.raises(ValueError, match="length 0 shorter than minimum length 1"):
        tf.summary.merge([])


def test_summaries_do_not_change_what_is_trained():
    x = tf.Variable(2.0)
    loss = tf.square(x)
    summary = tf.summary.scalar("loss", loss)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        content, _ = session.run([summary, train])
        assert json.loads(content)["value"] == 4.0
        assert session.run(x) == 1.0


def test_a_writer_writes_the_graph_and_the_steps(tmp_path):
    x = tf.placeholder(tf.float32, [None], name="x")
    merged = tf.summary.merge([tf.summary.scalar("total", tf.reduce_sum(x)), tf.summary.histogram("h", x)])
    with tf.Session() as session, tf.summary.FileWriter(str(tmp_path / "a" / "b"), session.graph) as writer:
        assert writer.get_logdir() == str(tmp_path / "a" / "b")
        for step in range(2):
            writer.add_summary(session.run(merged, {x: [step, 1.0]}), step)
        writer.add_summary(tf.summary.Summary([tf.summary.Summary.Value(tag="mine", simple_value=0.5)]))
    graph, *summaries = lines_of(tmp_path / "a" / "b")
    assert [node["type"] for node in graph["nodes"][:3]] == ["Placeholder", "Const", "Sum"]
    assert [(each["step"], each["tag"]) for each in summaries] == [
        (0, "total"), (0, "h"), (1, "total"), (1, "h"), (None, "mine"),
    ]  # fmt: skip
    assert [each["value"] for each in summaries if each["tag"] == "total"] == [1.0, 2.0]


def test_equal_runs_write_equal_files_one_each(tmp_path):
    for _ in range(2):
        writer = tf.summary.FileWriter(str(tmp_path), tf.get_default_graph())
        writer.add_summary(run(tf.constant(b'{"tag": "t", "kind": "scalar", "value": 1.0}')), np.int64(3))
        writer.close()
    first, second = sorted(tmp_path.iterdir())
    assert (first.name, second.name) == ("events-0001.jsonl", "events-0002.jsonl")
    assert first.read_bytes().splitlines()[1] == second.read_bytes().splitlines()[1]


def test_summaries_are_written_when_they_are_many_or_flushed_or_the_writer_is_gone(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path), max_queue=2)
    line = b'{"tag": "t", "kind": "scalar", "value": 1.0}'
    lengths = []
    for _ in range(3):
        writer.add_summary(line, 0)
        lengths.append(len(lines_of(tmp_path)))
    assert lengths == [0, 2, 2]
    writer.flush()
    assert len(lines_of(tmp_path)) == 3
    writer.add_summary(line, 1)
    writer.add_run_metadata(None, "tag", 1)
    del writer
    gc.collect()
    assert len(lines_of(tmp_path)) == 4


def test_a_closed_writer_warns_and_can_be_reopened(tmp_path):
    writer = tf.train.SummaryWriter(str(tmp_path))
    writer.close()
    with pytest.warns(UserWarning, match="closed FileWriter"):
        writer.add_summary(b'{"tag": "t"}', 0)
    writer.reopen()
    writer.add_summary(b'{"tag": "t"}', 0)
    writer.close()
    assert len(lines_of(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        tf.summary.FileWriter(str(tmp_path / "file" / "logs"))
    writer = tf.summary.FileWriter(str(tmp_path / "logs"))
    with pytest.raises(TypeError, match=r"must be an instance of `Graph`, such as sess.graph"):
        writer.add_graph("graph")
    next((tmp_path / "logs").iterdir()).unlink()
    (tmp_path / "logs").rmdir()
    with pytest.raises(OutputError, match="cannot be written"):
        writer.flush()
    (tmp_path / "logs").mkdir()  # for the end of the writer


def test_the_names_before_tensorflow_1_make_the_same():
    x = tf.constant(1.0)
    old = [
        old_summaries.scalar_summary("my loss", x),
        old_summaries.histogram_summary("h", x),
        old_summaries.image_summary("i", tf.zeros([1, 2, 2, 1])),
        old_summaries.audio_summary("a", tf.zeros([1, 9]), 8000.0),
    ]
    lines = [json.loads(line) for line in run(old_summaries.merge_all_summaries()).splitlines()]
    assert [(line["tag"], line["kind"]) for line in lines] == [
        ("my loss", "scalar"), ("h", "histogram"), ("i", "image"), ("a", "audio"),
    ]  # fmt: skip
    assert old[0].op.name == "ScalarSummary"
    assert run(old_summaries.merge_summary(old[:1])) == run(old[0])
    assert old_summaries.Summary is tf.summary.Summary


def written_model(folder):
    """A folder with the graph of a linear model and of its training."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    W = tf.Variable(tf.random_normal([2, 1]), name="W")
    y = tf.add(tf.matmul(x, W), 3.0, name="y")
    loss = tf.reduce_mean(tf.square(y), name="loss")
    tf.train.AdamOptimizer(0.1).minimize(loss, name="train")
    tf.summary.scalar("loss_1", loss)
    tf.group(tf.global_variables_initializer(), name="start")
    tf.summary.FileWriter(str(folder), tf.get_default_graph()).close()
    return folder


def test_a_written_graph_is_drawn_with_what_belongs_to_variables_in_them(tmp_path):
    view = read_written_graph(str(written_model(tmp_path)))
    nodes = {node.name: node for node in view.program.nodes}
    assert not [name for name in nodes if name.startswith("W/")]
    assert kind_of(nodes["W"]) == "variable"
    assert kind_of(nodes["x"]) == "placeholder"
    assert [node.name for node in nodes["MatMul"].inputs] == ["x", "W"]
    assert nodes["y"].shape == (None, 1)
    assert {"train", "init", "start"} <= {node.name for node in view.parts["updates"]}
    assert nodes["loss_1"].inputs == (nodes["loss"],)  # and not its tag


def test_the_command_draws_a_written_graph_in_every_format(tmp_path, here):
    written_model(tmp_path / "logs")
    text = here("graph", "logs").stdout.decode()
    assert "MatMul" in text
    assert "x @ W" in text
    assert "MatMul + 3" in text
    assert b'"x" -> "MatMul"' in here("graph", "logs", "--format", "dot").stdout
    assert b"flowchart TB" in here("graph", "logs/events-0001.jsonl", "--format", "mermaid").stdout
    document = json.loads(here("graph", "logs", "--format", "json").stdout)
    assert document["format"] == "lrfit-graph"
    refused = here("graph", "logs", "--training")
    assert refused.returncode == 2
    assert b"leave out all options but --format" in refused.stderr


def test_the_newest_graph_of_a_folder_is_drawn(tmp_path):
    tf.constant(1.0, name="old")
    tf.summary.FileWriter(str(tmp_path), tf.get_default_graph()).close()
    tf.constant(1.0, name="new")
    tf.summary.FileWriter(str(tmp_path), tf.get_default_graph()).close()
    tf.summary.FileWriter(str(tmp_path)).close()  # without a graph
    assert [node.name for node in read_written_graph(str(tmp_path)).program.nodes] == ["old", "new"]


def test_what_is_no_written_graph_is_left_to_others_or_named(tmp_path):
    with pytest.raises(DataError, match=r"is a folder without a graph: name the one"):
        read_written_graph(str(tmp_path))
    (tmp_path / "model.json").write_text('{\n "format": "lrfit-model"\n}')
    assert read_written_graph(str(tmp_path / "model.json")) is None
    assert read_written_graph(str(tmp_path / "none.json")) is None
    (tmp_path / "binary.parquet").write_bytes(b"PAR1\xff\xfe")
    assert read_written_graph(str(tmp_path / "binary.parquet")) is None
    (tmp_path / "broken.jsonl").write_text('{"format": "lrfit-graph", "version": 1, "nodes": [{}]}\n')
    with pytest.raises(DataError, match="is not a graph that"):
        read_written_graph(str(tmp_path / "broken.jsonl"))
