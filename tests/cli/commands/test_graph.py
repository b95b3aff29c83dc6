"""`lrfit graph`: what it shows of which model and data, and what it refuses."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import oracles
import pytest
from commands_run import assert_within_the_contract, run_command
from depth import cases
from graph_views import HOSTILE
from views.graph_formats.test_json import run_from

LAB = oracles.SAMPLE_DATA / "lab.csv"
LONGLEY = oracles.SAMPLE_DATA / "longley.csv"
COLUMNS = ["-y", "total_employed", "-x", "gnp,unemployed"]
LR = ["--lr", "0.01"]
FORMATS = ("text", "dot", "mermaid", "json")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def graph(*arguments, stdin=b""):
    result = run_command("graph", *arguments, stdin=stdin)
    assert result.code == 0, result
    return result


def nodes_of(*arguments, stdin=b""):
    content = json.loads(graph(*arguments, "--format", "json", "-q", stdin=stdin).out)
    return {node["name"]: node for node in content["nodes"]}


def train(*arguments):
    result = run_command("train", *arguments, "-q", "--format", "json", "-o", "m.json")
    assert result.code == 0, result
    return json.loads(result.out)


def written(model, name="hand.json"):
    document = {"format": "lrfit-model", "version": 1, "target": "y", **model}
    Path(name).write_text(json.dumps(document))
    return name


# Which graph.


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system has no /dev/fd")
def test_a_model_from_a_pipe_is_read_whole():
    """As of `lrfit graph <(lrfit train …)`: nothing looks into the pipe before."""
    document = json.dumps(train(LAB, *LR)).encode()
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(document)
    try:
        assert graph(f"/dev/fd/{reading}").out == graph("m.json").out
    finally:
        os.close(reading)


def test_without_anything_it_is_that_of_a_line_in_ten_lines_of_80_characters():
    lines = graph().out.decode().splitlines()
    assert len(lines) == 10
    assert max(map(len, lines)) <= 80
    assert [line.split("  ")[0] for line in lines] == (
        ["x", "W", "matmul", "b", "y_hat", "y", "residual", "square", "reduce_mean", "loss"]
    )


def test_features_say_how_many_columns_x_has():
    assert nodes_of("--features", "20")["x"]["shape"] == [None, 20]
    assert nodes_of("--features", "20")["W"]["shape"] == [20, 1]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], {"W_update/assign_sub", "b_update/assign_sub", "learning_rate"}),
        (["--lr", "0.01"], {"W_update/assign_sub", "b_update/assign_sub", "learning_rate"}),
        (["--lr", "0.01", "--l2", "0.1"], {"penalty", "objective"}),
        (["--lr", "0.01", "--momentum", "0.9", "--nesterov"], {"W_momentum", "momentum"}),
        (["--lr", "auto", "--momentum", "auto", "--nesterov"], {"momentum", "learning_rate"}),
        (["--lr", "0.01", "--clip-norm", "2"], {"clip/sqrt"}),
        (["--lr", "0.01", "--schedule", "invscaling"], {"global_step", "learning_rate/power"}),
        (
            ["--lr", "0.01", "--batch-size", "5", "--schedule", "step", "--average"],
            {"W_average", "learning_rate/floor"},
        ),
        (["--lr", "0.01", "--no-intercept"], {"W_update/assign_sub"}),
    ],
)
def test_a_model_is_shown_as_it_was_trained(options, names):
    """With the very numbers, such as of a rate that was chosen for it."""
    training = train(LAB, *options, "--epochs", "2")["training"]
    for data in ([], ["--data", LAB]):
        nodes = nodes_of("m.json", "--training", *data)
        assert names <= nodes.keys()
        assert ("b" in nodes) == ("--no-intercept" not in options)
        if "learning_rate" in nodes:
            assert nodes["learning_rate"]["attrs"]["value"] == training["learning_rate"]
        if "momentum" in nodes:
            assert nodes["momentum"]["attrs"]["value"] == training["momentum"]
        if "--average" in options:  # 17 rows are 4 batches
            assert nodes["learning_rate/constant"]["attrs"]["value"] == 4.0
    forward = nodes_of("m.json")
    assert ("penalty" in forward) == ("--l2" in options)
    assert not any("_grad" in name or "_update" in name for name in forward)


def test_captions_are_those_of_the_model_or_of_the_data():
    train(LONGLEY, *COLUMNS, "--standardize")
    for nodes in (nodes_of("m.json"), nodes_of("--data", LONGLEY, *COLUMNS)):
        assert nodes["x"]["caption"] == "features 'gnp', 'unemployed'"
        assert nodes["y"]["caption"] == "target 'total_employed'"
    assert nodes_of()["x"]["caption"] == "features"


@pytest.mark.parametrize(
    ("header", "options", "caption"),
    [
        ("a,b", [], "features 'a', 'b'"),
        ("a,b", ["--dates", "a"], "features 'a' (days since 1970-01-01), 'b'"),
        ("a,b", ["--categories", "b"], "features 'a', 'b=2005' (0 or 1; baseline '2004')"),
        (
            "a,b",
            ["--categories", "a,b"],
            "features 'a=2002', 'a=2003' (0 or 1; baseline '2001'), 'b=2005' (0 or 1; baseline '2004')",
        ),
    ],
)
def test_features_of_dates_and_words_say_what_they_are(header, options, caption):
    Path("d.csv").write_text(f"{header},y\n2001,2004,1\n2002,2005,2\n2003,2005,4\n2003,2004,3\n")
    assert nodes_of("--data", "d.csv", *options)["x"]["caption"] == caption
    train("d.csv", *options)
    for data in ([], ["--data", "d.csv"], ["--training", "--data", "d.csv"]):
        assert nodes_of("m.json", *data)["x"]["caption"] == caption
    Path("e.csv").write_text(Path("d.csv").read_text().replace("a,", "c,", 1))
    nodes = nodes_of("m.json", "--data", "e.csv", "-x", "c,b")
    assert nodes["x"]["caption"] == caption.replace("'a", "'c")
    assert nodes["loss"]["value"] == nodes_of("m.json", "--data", "d.csv")["loss"]["value"]


def test_of_many_features_the_first_are_named():
    Path("d.csv").write_text("n,city,m,y\n" + "".join(f"{i * i},town {i:02},{i},{i}\n" for i in range(13)))
    caption = nodes_of("--data", "d.csv", "--categories", "city", "-x", "n,city,m")["x"]["caption"]
    assert caption == (
        "features 'n', " + ", ".join(f"'city=town {i:02}'" for i in range(1, 10))
        + " (0 or 1; baseline 'town 00') and 4 more"
    )  # fmt: skip
    assert nodes_of("--data", "d.csv", "-x", "n,m", "-y", "y")["x"]["shape"] == [13, 2]


def test_the_model_may_come_from_stdin():
    train(LAB)
    assert graph("-", stdin=Path("m.json").read_bytes()).out == graph("m.json").out


def test_a_model_written_by_hand_has_the_default_settings():
    model = written({"weights": {"x": 0.25}, "intercept": 0.5})
    nodes = nodes_of(model, "--training", "--data", LAB)
    assert nodes["learning_rate"]["attrs"]["value"] == 0.01
    assert (nodes["W"]["value"], nodes["b"]["value"]) == ([[0.25]], 0.5)
    assert nodes_of(model, "--data", LAB)["W"]["value"] == [[0.25]]
    assert "learning_rate" in nodes_of(model, "--training")


def test_with_optimized_it_is_what_runs_and_says_what_each_pass_removed():
    text = graph("--training", "--optimized").out.decode()
    assert "\nfold_constants               1: reduce_mean_grad/divide\n" in text
    content = json.loads(graph("--training", "--optimized", "--format", "json").out)
    assert [*content["removed"]] == [
        "simplify",
        "fold_constants",
        "merge_common_subexpressions",
        "prune",
    ]
    with_data = nodes_of("--training", "--optimized", "--data", LAB)
    assert not any("sum_like" in name for name in with_data if name != "b_grad/sum_like")  # shapes are known
    assert len(with_data) < len(content["nodes"])


# Values.


def test_values_are_in_the_units_of_the_data_at_the_parameters_of_the_model():
    weights = train(LAB, "--standardize", "--lr", "auto", "--epochs", "3")
    x, y = oracles.lab_rows().T
    residual = x * weights["weights"]["x"] + weights["intercept"] - y
    nodes = nodes_of("m.json", "--data", LAB)
    assert np.ravel(nodes["residual"]["value"]) == pytest.approx(residual, rel=1e-12)
    assert nodes["loss"]["value"] == pytest.approx(np.mean(residual**2) / 2, rel=1e-12)
    of_w = nodes["matmul"]["input_gradients"][1]
    assert np.ravel(of_w) == pytest.approx(np.mean(residual * x), abs=1e-12)


def test_without_a_model_they_are_those_at_zero():
    x, y = oracles.lab_rows().T
    nodes = nodes_of("--data", LAB)
    assert nodes["loss"]["value"] == pytest.approx(np.mean(y**2) / 2, rel=1e-14)
    assert np.ravel(nodes["matmul"]["input_gradients"][1]) == pytest.approx(-np.mean(x * y), rel=1e-14)
    assert nodes["y_hat"]["input_gradients"][1] == pytest.approx(-np.mean(y), rel=1e-14)


@pytest.mark.parametrize(
    "options",
    [
        ["--lr", "0.02"],
        ["--standardize", "--lr", "auto", "--momentum", "auto"],
        [*LR, "--l2", "0.1", "--momentum", "0.9", "--nesterov", "--clip-norm", "0.5", "--schedule", "step"],
        [*LR, "--batch-size", "17", "--no-shuffle", "--average", "--schedule", "invscaling"],
        ["--batch-size", "17", "--no-shuffle"],
        ["--l2", "0.5", "--momentum", "0.9", "--nesterov"],
        ["--no-intercept", "--standardize", "--no-condense"],
    ],
)
def test_from_the_json_alone_another_program_takes_the_step_that_train_takes_next(options):
    """With the same values and gradients."""
    train(LAB, *options, "--epochs", "3")
    text = graph("m.json", "--training", "--data", LAB, "--format", "json").out
    trained = train(LAB, "--resume", "m.json", "--epochs", "1")
    assert_takes_the_step(text, trained, "objective" if "--l2" in options else "loss")


def test_without_a_model_that_is_the_first_step_of_a_run():
    text = graph("--training", "--data", LAB, "--format", "json").out
    assert_takes_the_step(text, train(LAB, *LR, "--epochs", "1"), "loss")


def assert_takes_the_step(text, trained, objective):
    values = run_from(text, objective)
    nodes = json.loads(text)["nodes"]
    stepped = {node["attrs"]["variable"]: node["name"] for node in nodes if node["op"] == "assign"}
    assert stepped.keys() == trained["training"]["variables"].keys()
    for name, wanted in trained["training"]["variables"].items():
        assert np.ravel(values[stepped[name]]) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_many_rows_are_shown_as_their_sigma_points():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1001))
    np.savetxt("many.csv", np.column_stack([x, y]), delimiter=",", header="x,y", comments="", fmt="%.17g")
    result = graph("--data", "many.csv", "--format", "json")
    assert "4 sigma points stand for the rows (1001), with the same loss and gradients" in result.err
    nodes = {node["name"]: node for node in json.loads(result.out)["nodes"]}
    assert nodes["x"]["shape"] == [4, 1]
    assert nodes["loss"]["value"] == pytest.approx(np.mean(y**2) / 2, rel=1e-12)
    assert np.ravel(nodes["matmul"]["input_gradients"][1]) == pytest.approx(-np.mean(x * y), rel=1e-9)


WEIGHTED = "x,y,n\n" + "".join(
    f"{x!r},{y!r},{1 + i % 3}\n" for i, (x, y) in enumerate(oracles.lab_rows().tolist())
)


def test_weights_of_rows_are_a_placeholder_with_the_mean_1():
    Path("w.csv").write_text(WEIGHTED)
    x, y = oracles.lab_rows().T
    n = 1.0 + np.arange(17) % 3
    nodes = nodes_of("--data", "w.csv", "--weights", "n")
    assert nodes["w"]["caption"] == "weights of the rows"
    assert np.ravel(nodes["w"]["value"]) == pytest.approx(n / n.mean(), rel=1e-15)
    assert nodes["loss"]["value"] == pytest.approx(np.sum(n * y**2) / np.sum(n) / 2, rel=1e-14)
    assert np.ravel(nodes["matmul"]["input_gradients"][1]) == pytest.approx(
        -np.sum(n * x * y) / np.sum(n), rel=1e-14
    )
    assert nodes["x"]["shape"] == [17, 1]
    train("w.csv", "--weights", "n")
    assert nodes_of("m.json")["w"]["shape"] == [None, 1]
    assert nodes_of("m.json", "--data", "w.csv")["w"]["value"] == nodes["w"]["value"]
    assert "w" not in nodes_of("--data", "w.csv")


@pytest.mark.parametrize(
    "options",
    [
        ["--lr", "0.01", "--momentum", "0.9"],
        ["--standardize", "--lr", "auto"],
        [*LR, "--batch-size", "17", "--no-shuffle"],
        ["--no-intercept", "--standardize", "--no-condense", "--l2", "0.1"],
    ],
)
def test_the_step_of_weighted_rows_is_that_of_train(options):
    Path("w.csv").write_text(WEIGHTED)
    train("w.csv", "--weights", "n", *options, "--epochs", "3")
    text = graph("m.json", "--training", "--data", "w.csv", "--format", "json").out
    assert "w" in {node["name"] for node in json.loads(text)["nodes"]}
    trained = train("w.csv", "--resume", "m.json", "--epochs", "1")
    assert_takes_the_step(text, trained, "objective" if "--l2" in options else "loss")


@pytest.mark.parametrize("batches", [[], ["--batch-size", "10"]])
def test_sigma_points_of_weighted_rows_need_no_weights(batches):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1001))
    n = rng.integers(1, 4, 1001)
    rows = zip(x.tolist(), y.tolist(), n.tolist(), strict=True)
    Path("many.csv").write_text("x,y,n\n" + "".join(f"{x!r},{y!r},{n}\n" for x, y, n in rows))
    result = graph("--data", "many.csv", "--weights", "n", "--format", "json")
    assert "4 sigma points stand for the rows (1001) and their weights, with the same loss" in result.err
    nodes = {node["name"]: node for node in json.loads(result.out)["nodes"]}
    assert "w" not in nodes
    assert nodes["loss"]["value"] == pytest.approx(np.sum(n * y**2) / np.sum(n) / 2, rel=1e-12)
    train("many.csv", "--weights", "n", *LR, *batches, "--epochs", "1")
    nodes = nodes_of("m.json", "--training", "--data", "many.csv")
    assert ("w" in nodes, nodes["x"]["shape"]) == (False, [4, 1])


def test_the_penalty_is_shown_only_in_its_own_units():
    train(LAB, "--l2", "0.1", "--standardize", "--lr", "auto")
    result = graph("m.json", "--data", LAB)
    assert "without the penalty" in result.err
    assert b"penalty" not in result.out
    lines = graph("m.json", "--data", LAB, "--training").out.decode().splitlines()
    assert {line.split()[1] for line in lines if line.strip().startswith("along")} == {"square_1", "matmul"}


def test_notes_say_where_and_in_which_units_and_quiet_leaves_them_out():
    train(LAB, "--standardize", "--epochs", "7", "--batch-size", "5")
    notes = graph("m.json", "--training", "--data", LAB).err
    assert "after epoch 7, in the units of descent: standardised" in notes
    assert "a step of a run uses 5 of them" in notes
    assert "five digits" in notes
    assert "where a run starts, in the units of the data" in graph("--training", "--data", LAB).err
    assert "the loss is not in this graph" in graph("--training", "--optimized", "--data", LAB).err
    assert graph("m.json", "--training", "--data", LAB, "-q").err == ""
    assert graph("--training").err == ""


def test_other_data_than_those_of_the_model_are_a_start_from_its_parameters():
    fit = train(LAB, *LR, "--epochs", "7", "--momentum", "0.5")
    data = ["--training", "--data", oracles.SAMPLE_DATA / "lab_test.csv"]
    assert "where a run starts" in graph("m.json", *data).err
    nodes = nodes_of("m.json", *data)
    assert nodes["W"]["value"] == [[fit["weights"]["x"]]]
    assert nodes["W_momentum"]["value"] == [[0.0]]


def test_rows_that_were_held_out_are_not_in_the_step():
    n_samples = train(LAB, "--validation-fraction", "0.3")["data"]["n_samples"]
    assert n_samples < 17
    assert nodes_of("m.json", "--training", "--data", LAB)["x"]["shape"] == [n_samples, 1]
    assert nodes_of("m.json", "--data", LAB)["x"]["shape"] == [17, 1]


@pytest.mark.parametrize("flags", [[], ["--optimized"]])
@pytest.mark.parametrize("output_format", FORMATS)
def test_numbers_that_are_not_finite_are_shown(flags, output_format):
    rows = "x,y\n" + "".join(f"{sign}{i}e300,{i}\n" for i in range(1, 10) for sign in ("", "-"))
    for data in (rows, rows + 60 * rows.removeprefix("x,y\n")):
        assert_within_the_contract(
            run_command("graph", "--data", "-", *flags, "--format", output_format, stdin=data.encode())
        )
    model = written({"weights": {"x": 1e300}, "intercept": 0.5})
    out = graph(model, "--data", "-", *flags, "--format", output_format, stdin=rows.encode()).out.decode()
    assert ("null" if output_format == "json" else "inf") in out


def test_values_too_large_to_descend_on_are_refused_as_by_train():
    result = run_command("graph", "--training", "--data", "-", stdin=b"x,y\n1e300,1\n2,3\n")
    assert (result.code, result.out) == (3, b"")


# What is refused.


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["m.json", "--features", "2"], 2, "MODEL and --features exclude each other"),
        (["--features", "0"], 2, "must be an integer of at least 1 and at most 1000000, not '0'"),
        (["--features", "1_0"], 2, "must be an integer of at least 1 and at most 1000000, not '1_0'"),
        (["--features", "1000001"], 2, "must be an integer of at least 1 and at most 1000000"),
        (["--features", "3", "--data", LAB], 2, "--features is 3, and DATA has 1"),
        (["-x", "x"], 2, "--x needs --data"),
        (["--no-header"], 2, "--no-header needs --data"),
        (["-y", "x"], 2, "--y needs --data"),
        (["-", "--data", "-"], 2, "cannot both be standard input"),
        (["--format", "svg"], 2, "'svg' is not one of"),
        (["nope.json"], 1, "'nope.json' cannot be opened"),
        (["--data", "nope.csv"], 1, "'nope.csv' cannot be opened"),
        (["--data", LAB, "-x", "z"], 1, "has no column 'z'"),
        (
            ["m.json", "--data", LAB, "-y", "x", "-x", "y,x"],
            2,
            "-x names 2 columns, and the model has 1 ('x')",
        ),
        (["m.json", "--data", LAB, "--drop", "y"], 2, "--drop is for data alone: a model knows its columns"),
        (["m.json", "--data", LAB, "--dates", "x"], 2, "--dates is for data alone"),
        (["m.json", "--data", LAB, "--categories", "x"], 2, "--categories is for data alone"),
        (["m.json", "--data", LONGLEY], 1, "has no column 'y'"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_line(arguments, code, message):
    train(LAB)
    result = run_command("graph", *arguments)
    assert_within_the_contract(result)
    assert result.code == code
    assert message in result.err
    assert result.out == b""


def test_features_may_be_said_of_data_that_have_as_many():
    assert graph("--features", "1", "--data", LAB).out == graph("--data", LAB).out


@pytest.mark.parametrize("output_format", FORMATS)
def test_column_names_can_be_anything(output_format):
    """The tests of each format say what they must not do there."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([*(name.replace("\x00", "") for name in HOSTILE), "y"])
    table.writerows(np.random.default_rng(0).normal(size=(9, len(HOSTILE) + 1)).tolist())
    for flags in ([], ["--training"])[: cases(1, 2)]:
        result = graph("--data", "-", *flags, "--format", output_format, stdin=text.getvalue().encode())
        assert_within_the_contract(result)
        for out in (result.out.decode(), result.err):
            assert all(c.isprintable() or c == "\n" for c in out)


def test_as_people_run_it(lrfit):
    """In a pipe, in UTF-8 whatever the locale."""
    result = lrfit("graph", "--data", LAB, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert result.returncode == 0
    assert result.stdout == graph("--data", LAB).out
    assert "÷".encode() in result.stdout
