"""`lrfit plot`: what it draws from which files, and what it refuses."""

import gzip
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import oracles
import pytest
from commands_run import assert_within_the_contract, run_command
from matplotlib.image import imread

from lrfit.cli.commands import plot
from lrfit.views.picture import Band, Cells, Contours, Line, Points

LAB = oracles.SAMPLE_DATA / "lab.csv"
NORRIS = oracles.SAMPLE_DATA / "norris.csv"
LONGLEY = oracles.SAMPLE_DATA / "longley.csv"

BY_HAND = '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1}, "intercept": 2}'


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def drawn(*arguments, stdin=b""):
    """The picture that `lrfit plot` is about to draw, and what it says on stderr."""
    caught = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot, "_show", lambda picture, *_: caught.append(picture))
        result = plotted(*arguments, stdin=stdin)
    return caught[0], result.err


def plotted(*arguments, stdin=b"", code=0):
    result = run_command("plot", *arguments, stdin=stdin)
    assert_within_the_contract(result)
    assert result.code == code, result
    return result


def trained(*arguments):
    result = run_command("train", *arguments)
    assert result.code == 0, result
    return result.out


def marks(panel, kind):
    return [mark for mark in panel.marks if isinstance(mark, kind)]


# What is drawn.


def test_data_alone_is_a_run_as_train_does_it():
    options = [LAB, "--lr", "0.01", "--epochs", "30", "--momentum", "0.5"]
    trained(*options, "--history", "h.csv")
    with Path("h.csv").open() as file:
        header = file.readline().strip().split(",")
        history = dict(zip(header, np.loadtxt(file, delimiter=",").T, strict=True))
    fit, _ = drawn(*options)
    fitted = marks(fit.panels[0], Line)[-1]
    np.testing.assert_array_equal(fitted.y, history["W[x]"][-1] * fitted.x + history["b"][-1])
    assert len(marks(fit.panels[0], Band)) == 1
    assert fit.title == "Fit of lab.csv: y from x, 17 rows, 30 epochs at learning rate 0.01, momentum 0.5"
    loss, err = drawn(*options, "--kind", "loss")
    curve = marks(loss.panels[0], Line)[0]
    assert curve.x.tolist() == history["epoch"].tolist()
    assert curve.y.tolist() == history["loss"].tolist()
    assert marks(loss.panels[1], Line)[0].y.tolist() == history["excess"].tolist()
    assert marks(loss.panels[0], Line)[1].label == "optimum, 0.0769288"
    assert "target 'y', features 'x'" in err
    surface, _ = drawn(*options, "--kind", "surface", "-q")
    path = marks(surface.panels[0], Line)[0]
    assert path.x.tolist() == history["W[x]"].tolist()
    assert path.y.tolist() == history["b"].tolist()
    recorded, _ = drawn(LAB, "h.csv", "-q")
    path = marks(recorded.panels[0], Line)[0]
    assert (path.label, path.x.tolist()) == ("h.csv", history["W[x]"].tolist())
    assert marks(recorded.panels[0], Contours)[0].heights.min() >= 0.0


@pytest.mark.parametrize("options", [[], ["--l2", "0.1"], ["--batch-size", "4"]])
def test_without_a_rate_that_is_the_run_of_train_without_one(options):
    trained(LAB, *options, "-q", "--history", "h.csv")
    history = np.loadtxt("h.csv", delimiter=",", skiprows=1).T
    loss, _ = drawn(LAB, *options, "--kind", "loss", "-q")
    curve = marks(loss.panels[0], Line)[0]
    assert curve.x.tolist() == history[0].tolist()
    assert curve.y.tolist() == history[1].tolist()


def test_settings_and_columns_are_those_of_train():
    options = ["-y", "total_employed", "-x", "gnp,unemployed", "--standardize", "--batch-size", "4", "-q"]
    loss, _ = drawn(LONGLEY, *options, "--validation-fraction", "0.25", "--kind", "loss")
    assert [mark.label for mark in marks(loss.panels[0], Line)][:2] == ["loss", "validation"]
    assert "total_employed from 2 features, 12 rows, 100 epochs in batches of 4" in loss.title
    assert loss.title.endswith("standardized")
    assert "each point is the end of an epoch (3 steps)" in loss.notes
    fit, _ = drawn(LONGLEY, *options, "--validation-fraction", "0.25")
    assert fit.notes == ("rows held out for validation (4) are not drawn",)
    surface, _ = drawn(LONGLEY, *options, "--kind", "surface", "--parameters", "b,gnp")
    assert surface.panels[0].x.label == "b (intercept) of standardized data"
    assert surface.panels[0].y.label == "W (gnp) of standardized data"
    surface, _ = drawn(
        LONGLEY, *options, "--no-intercept", "--kind", "surface", "--parameters", "unemployed,gnp"
    )
    assert surface.panels[0].x.label == "W (unemployed) of standardized data"
    fit, _ = drawn(LONGLEY, *options)
    assert [panel.y.label for panel in fit.panels] == [
        "predicted total_employed",
        "residual (predicted - actual)",
    ]


def test_a_long_run_is_thinned_and_said_so():
    picture, _ = drawn(LAB, "--lr", "0.01", "--epochs", "1100", "--kind", "surface", "-q")
    n_drawn = len(marks(picture.panels[0], Line)[0].x)
    assert n_drawn < 1000
    assert picture.notes == (f"{n_drawn} of 1101 epochs are drawn",)


def test_with_a_penalty_the_picture_says_what_the_optimum_is():
    loss, _ = drawn(LAB, "--lr", "0.01", "--l2", "0.1", "--kind", "loss", "-q")
    assert "with the penalty of --l2 0.1" in loss.notes[0]


def test_a_model_is_drawn_on_data_by_the_names_of_their_columns():
    model = trained(LAB, "--format", "json", "-q", "-o", "m.json")
    rows = oracles.lab_rows()
    Path("other.csv").write_text("y,z,x\n" + "".join(f"{y!r},0,{x!r}\n" for x, y in rows.tolist()))
    picture, _ = drawn("m.json", "other.csv", "-q")
    (points,) = marks(picture.panels[0], Points)
    assert np.column_stack([points.x, points.y]).tolist() == rows.tolist()
    piped, _ = drawn("-", "other.csv", "-q", stdin=model)
    assert marks(piped.panels[0], Line)[-1].y.tolist() == marks(picture.panels[0], Line)[-1].y.tolist()
    assert piped.title.startswith("Fit of standard input on other.csv")
    both, _ = drawn("m.json", "-", "-q", stdin=Path("other.csv").read_bytes())
    assert both.title.startswith("Fit of m.json on standard input")


def test_a_model_written_by_hand_is_drawn():
    Path("m.json").write_text(BY_HAND)
    picture, _ = drawn(LAB, "m.json", "-q")
    assert marks(picture.panels[0], Line)[-1].label == "fitted line"


def test_histories_are_compared_in_one_picture():
    trained(LAB, "--lr", "0.01", "--history", "plain.csv", "-q")
    trained(LAB, "--lr", "0.01", "--momentum", "0.9", "--history", "momentum.csv", "-q")
    Path("again").mkdir()
    Path("again/plain.csv").write_bytes(Path("plain.csv").read_bytes())
    picture, _ = drawn("plain.csv", "momentum.csv")
    assert [mark.label for mark in marks(picture.panels[1], Line)] == ["plain.csv", "momentum.csv"]
    assert picture.title == "Loss of plain.csv and momentum.csv, up to epoch 100"
    picture, _ = drawn("plain.csv", "momentum.csv", "again/plain.csv")
    assert [mark.label for mark in marks(picture.panels[1], Line)][2] == "again/plain.csv"
    assert picture.title == "Loss of 3 runs, up to epoch 100"
    picture, _ = drawn("plain.csv", LAB, "momentum.csv", "-q")
    assert [mark.label for mark in marks(picture.panels[0], Line)] == ["plain.csv", "momentum.csv"]
    piped, _ = drawn("plain.csv", "-", "-q", stdin=LAB.read_bytes())
    assert marks(piped.panels[0], Contours)


def test_a_compressed_history_is_one():
    trained(LAB, "--lr", "0.01", "--history", "h.csv", "-q")
    Path("h.csv.gz").write_bytes(gzip.compress(Path("h.csv").read_bytes()))
    picture, _ = drawn("h.csv.gz", LAB, "-q")
    assert [mark.label for mark in marks(picture.panels[0], Line)] == ["h.csv.gz"]


def test_a_history_on_a_stream_is_not_taken_for_data():
    trained(LAB, "--lr", "0.01", "--history", "h.csv", "-q")
    result = plotted("-", "-q", stdin=Path("h.csv").read_bytes(), code=2)
    assert "a history cannot come from a stream: name its file" in result.err


def test_a_history_of_other_rows_is_drawn_with_a_warning():
    trained(LAB, "--lr", "0.01", "--history", "h.csv", "-q")
    _, err = drawn("h.csv", oracles.SAMPLE_DATA / "lab_test.csv")
    assert "lrfit: warning: 'h.csv' is of a run on other rows" in err


def test_a_run_that_diverges_is_drawn_up_to_there():
    loss, err = drawn(NORRIS, "--lr", "0.01", "--kind", "loss", "-q")
    assert [line.split(":")[2] for line in err.splitlines()] == [
        " --lr 0.01 is 1467 times the limit, 6.81587e-06 = 2 / λ_max; expect divergence",
        " training diverged in epoch 1",
    ]
    assert marks(loss.panels[0], Line)[0].x.tolist() == [0.0, 1.0]
    surface, _ = drawn(NORRIS, "--lr", "0.01", "--kind", "surface", "-q")
    assert surface.panels[0].x.limits[1] < 2.0


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_run_that_diverges_is_followed_for_a_while(momentum):
    """Until the loss is a hundred times as far above its optimum as at the start."""
    options = ["--lr", "0.075", "--momentum", f"{momentum}", "--epochs", "50", "-q"]
    surface, err = drawn(LAB, *options, "--kind", "surface")
    assert "the picture continues for some epochs" in err
    assert {"diverging from epoch 1", "a path leaves the picture"} <= set(surface.notes)
    path = marks(surface.panels[0], Line)[0]
    rows, theta, m = oracles.lab_rows(), np.zeros(2), np.zeros(2)
    x, y = np.column_stack([rows[:, 0], np.ones(17)]), rows[:, 1]
    for seen in np.column_stack([path.x, path.y]):
        np.testing.assert_allclose(seen, theta, rtol=1e-9)
        loss = oracles.half_mse(rows, theta[:1], theta[1])
        m = momentum * m + x.T @ (x @ theta - y) / 17
        theta = theta - 0.075 * m
    assert 3 < len(path.x) < 50
    assert loss > 100.0 * oracles.half_mse(rows, [0.0], 0.0)


@pytest.mark.parametrize(
    ("options", "how"),
    [
        (["--lr", "0.01"], "at learning rate 0.01"),
        (["--lr", "0.01", "--momentum", "0.5", "--nesterov"], "at learning rate 0.01, Nesterov momentum 0.5"),
        (
            ["--lr", "0.01", "--schedule", "invscaling", "--l2", "0.5"],
            "at learning rate 0.01, schedule invscaling, l2 0.5",
        ),
        (["--lr", "0.01", "--clip-norm", "2"], "at learning rate 0.01, gradients clipped to 2.0"),
        (
            ["--lr", "0.01", "--batch-size", "5", "--average"],
            "in batches of 5 at learning rate 0.01, averaged",
        ),
        (["--standardize", "--lr", "auto"], "at learning rate 1, standardized"),
    ],
)
def test_a_title_says_how_the_run_descends(options, how):
    picture, _ = drawn(LAB, "--kind", "loss", "-q", *options)
    assert picture.title.endswith(how)


def test_it_warns_of_what_the_data_do_not_determine():
    Path("one.csv").write_text("x,y\n2,4\n2,5\n")
    assert "W is not identifiable: 'x' is constant" in drawn("one.csv", "--lr", "0.1")[1]
    assert "identifiable" not in drawn("one.csv", "--lr", "0.1", "--l2", "0.1")[1]


def test_the_fit_of_a_run_that_diverges_is_none():
    result = plotted(NORRIS, "--lr", "0.01", "-q", "-o", "fit.png", code=3)
    assert "training diverged in epoch 1" in result.err
    assert "Try --standardize --lr auto" in result.err
    assert result.err.endswith("Nothing was drawn; --kind loss shows it.\n")
    assert not Path("fit.png").exists()


def test_a_run_that_cannot_start_is_none():
    Path("x.csv").write_text("x,y\n1e149,1e149\n0,1\n")
    result = plotted("x.csv", "-q", "--init", "1e300,0", "--kind", "loss", code=3)
    assert "start from smaller weights" in result.err


def test_many_rows_are_counted():
    rows = oracles.random_rows(3000, 1)
    Path("many.csv").write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows.tolist()))
    picture, _ = drawn("many.csv", "-q")
    assert marks(picture.panels[0], Cells)[0].counts.sum() == 3000
    assert picture.notes[0] == "3000 rows, counted in cells"


DAYS = "day,load\n,kW\n" + "".join(f"2026-03-{i:02},{i + i % 3}\n" for i in range(1, 29))
CITIES = "city,size,rent,n\n" + "".join(
    f"{('rome', 'berlin', 'london')[i % 3]},{30 + i},{300 + 9 * i + 40 * (i % 3)},{1 + i % 4}\n"
    for i in range(12)
)


def test_dates_and_units_are_on_the_axes():
    picture, _ = drawn("-", "--dates", "day", "--skip-below", "1", "-q", stdin=DAYS.encode())
    (panel,) = picture.panels
    assert (panel.x.label, panel.x.scale, panel.y.label) == ("day", "dates", "load [kW]")
    Path("d.csv").write_text(DAYS)
    trained("d.csv", "--dates", "day", "--skip-below", "1", "-q", "-o", "m.json")
    Path("other.csv").write_text(DAYS.replace("day,load\n,kW", "when,power\n[UTC],[kW]"))
    columns = ["-x", "when", "-y", "power", "--skip-below", "1"]
    again, _ = drawn("m.json", "other.csv", *columns, "-q")
    (panel,) = again.panels
    assert (panel.x.label, panel.x.scale, panel.y.label) == ("when [UTC]", "dates", "power [kW]")
    np.testing.assert_allclose(marks(panel, Line)[-1].y, marks(picture.panels[0], Line)[-1].y, rtol=1e-9)
    surface, _ = drawn("d.csv", "--dates", "day", "--skip-below", "1", "--kind", "surface", "-q")
    assert surface.panels[0].x.scale == "linear"


@pytest.mark.parametrize(
    ("width", "texts"),
    [
        (40, ["2026-03-01", "2026-03-16"]),
        (80, ["2026-03-01", "2026-03-11", "2026-03-21"]),
        (120, ["2026-03-01", "2026-03-06", "2026-03-11", "2026-03-16", "2026-03-21", "2026-03-26"]),
    ],
)
def test_the_text_of_a_picture_has_the_dates(width, texts):
    out = plotted(
        "-", "--dates", "day", "--skip-below", "1", "-q", "--width", width, stdin=DAYS.encode()
    ).out.decode()
    assert next(line for line in out.splitlines() if "2026" in line).split() == texts
    assert max(map(len, out.splitlines())) <= width


def test_a_file_of_a_picture_has_the_dates():
    plotted("-", "--dates", "day", "--skip-below", "1", "-q", "-o", "p.svg", stdin=DAYS.encode())
    texts = [element.text for element in ET.parse("p.svg").iter()]  # noqa: S314 (it is ours)
    assert {"2026-03-01", "2026-03-11", "2026-03-21", "day", "load [kW]"} <= set(texts)


def test_words_are_features_of_0_and_1():
    options = ["--categories", "city", "-y", "rent", "--weights", "n"]
    picture, err = drawn("-", *options, stdin=CITIES.encode())
    assert [panel.y.label for panel in picture.panels] == ["predicted rent", "residual (predicted - actual)"]
    assert "rent from 3 features, 12 rows" in picture.title
    assert "'berlin' is the baseline" in err
    assert picture.notes == ("weights of rows (n) are not drawn",)
    Path("c.csv").write_text(CITIES)
    trained("c.csv", *options, "-q", "-o", "m.json", "--history", "h.csv")
    again, _ = drawn("m.json", "c.csv", "-q")
    (points,), (others,) = marks(again.panels[0], Points), marks(picture.panels[0], Points)
    np.testing.assert_allclose(points.y, others.y, rtol=1e-9)
    Path("t.csv").write_text(CITIES.replace("city", "town").replace("n\n", "count\n", 1))
    renamed, _ = drawn("m.json", "t.csv", "-x", "town,size", "--weights", "count", "-q")
    np.testing.assert_array_equal(marks(renamed.panels[0], Points)[0].y, points.y)
    assert renamed.notes == ("weights of rows (count) are not drawn",)
    surface, err = drawn("c.csv", "h.csv", *options, "-q")
    assert surface.panels[0].x.label == "W (city=london)"
    assert err == ""
    refused = plotted("c.csv", "h.csv", "-q", code=1)
    assert "has no column 'city=london'" in refused.err
    assert "If 'london' is a word in 'city', say --categories city" in refused.err
    two = "\n".join(CITIES.split("\n")[:3]).encode()
    one, _ = drawn("-", "--categories", "city", "-x", "city", "-y", "rent", "-q", stdin=two)
    assert one.panels[0].x.label == "city=rome"


# Where it goes.


def test_a_real_process_writes_a_picture(lrfit, tmp_path):
    result = lrfit("plot", LAB, "--lr", "0.01", "--kind", "loss", "-o", "p.svg")
    assert result.returncode == 0, result
    assert result.stdout == b""
    assert result.stderr.decode() == f"{str(LAB)!r}: 17 rows, target 'y', features 'x'\n"
    texts = [element.text for element in ET.parse(tmp_path / "p.svg").iter()]  # noqa: S314 (it is ours)
    assert {"epoch", "optimum, 0.0769288"} <= set(texts)


@pytest.mark.parametrize(("kind", "ending"), [("surface", "PNG"), ("loss", "pdf")])
def test_a_picture_is_what_its_name_says(kind, ending):
    plotted(LAB, "--lr", "0.01", "--kind", kind, "-q", "-o", f"p.{ending}")
    if ending == "pdf":
        assert Path("p.pdf").read_bytes().startswith(b"%PDF-")
    else:
        assert np.unique(imread("p.PNG", format="png")[:, :, 0]).size > 20


def test_without_output_the_picture_is_text_of_80_characters(monkeypatch):
    want = plotted(LAB, "-q").out.decode()
    assert max(map(len, want.splitlines())) == 80
    assert "\x1b" not in want
    for variables in ({"COLUMNS": "40", "FORCE_COLOR": "1"}, {"NO_COLOR": "1", "TERM": "dumb", "LANG": "C"}):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert plotted(LAB, "-q").out.decode() == want
    assert max(map(len, plotted(LAB, "-q", "--width", "50").out.decode().splitlines())) == 50


# What is refused.


def test_a_folder_a_missing_file_and_a_damaged_one_are_named():
    Path("folder").mkdir()
    assert "'folder' cannot be opened" in plotted("folder", code=1).err
    assert "'gone.csv' cannot be opened" in plotted("gone.csv", code=1).err
    Path("h.csv").write_text("epoch,loss,excess,gradient_norm,W[x],b\nzero\n")
    assert "'h.csv'" in plotted("h.csv", code=1).err


def test_a_file_that_cannot_be_read_is_named():
    """As the memory of a process cannot, at its beginning."""
    if sys.platform == "linux":
        assert "cannot be read: Input/output error" in plotted("/proc/self/mem", code=1).err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["m.json"], "these are model: 1"),
        (["m.json", "m.json", LAB], "these are data: 1, model: 2"),
        (["m.json", "h.csv"], "these are model: 1, history: 1"),
        (["-", "-"], "only one of FILES can be a stream, and 2 are"),
        (["m.json", LAB, "--kind", "loss"], "--kind loss needs DATA alone or HISTORY files, not MODEL"),
        (["h.csv", "--kind", "surface"], "surface needs DATA alone or DATA and HISTORY files, not HISTORY"),
        (["h.csv", "--lr", "0.1"], "--lr has no use for HISTORY files"),
        (["h.csv", "--sep", ";"], "--sep has no use for HISTORY files"),
        (["m.json", LAB, "--dates", "x"], "--dates has no use for MODEL and DATA"),
        (["m.json", LAB, "-x", "x,y"], "-x names 2 columns, and the model has 1 ('x')"),
        ([LAB, "h.csv", "--epochs", "5"], "--epochs has no use for DATA and HISTORY files"),
        ([LAB, "--parameters", "x,intercept"], "--parameters has no use for DATA alone and --kind fit"),
        ([LAB, "--kind", "surface", "--parameters", "x,c"], "there is no 'c', only 'x', 'intercept'"),
        ([LAB, "--kind", "surface", "--parameters", "x"], "--parameters needs 2 different names"),
        ([LAB, "--kind", "surface", "--parameters", "x,x"], "--parameters needs 2 different names"),
        ([LAB, "-o", "p.gif"], "-o 'p.gif': the name must end in one of .png, .svg, .pdf"),
        ([LAB, "-o", "-"], "-o '-': the name must end in"),
        ([LAB, "-o", ""], "-o '': the name must end in"),
        ([LAB, "-o", "p.png", "--width", "50"], "--width is for a picture in the terminal"),
        ([LAB, "--width", "29"], "must be an integer of at least 30 and at most 1000, not '29'"),
        ([LAB, "--width", "1001"], "must be an integer of at least 30 and at most 1000, not '1001'"),
        (["h.csv", "h.csv"], "a HISTORY is given twice"),
        (["d.png", "-o", "d.png"], "-o and one of FILES are the same file, 'd.png'"),
        ([], "Missing argument 'FILES...'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_usage_error(arguments, reason):
    Path("m.json").write_text(BY_HAND)
    Path("h.csv").write_text("epoch,loss,excess,gradient_norm,W[x],b\n0,2,1,1,0,0\n")
    Path("d.png").write_bytes(LAB.read_bytes())
    result = plotted(*arguments, code=2)
    assert reason in " ".join(result.err.split())
    assert Path("d.png").read_bytes() == LAB.read_bytes()


def test_histories_of_other_parameters_have_no_surface_in_common():
    trained(LAB, "--lr", "0.01", "-q", "--history", "h.csv")
    trained(LAB, "--lr", "0.01", "-q", "--no-intercept", "--history", "g.csv")
    assert "'g.csv' has other parameters than 'h.csv'" in plotted(LAB, "h.csv", "g.csv", code=1).err


def test_a_history_of_other_features_is_refused():
    trained(LAB, "--lr", "0.01", "-q", "--history", "h.csv")
    result = plotted(LAB, "h.csv", "-y", "x", "-x", "y", "-q", code=1)
    assert "the data have the features 'y', and the histories 'x'" in result.err
    assert "has no column 'x', only" in plotted(LONGLEY, "h.csv", "-q", code=1).err


def test_values_whose_squares_overflow_are_refused():
    trained(LAB, "-q", "-o", "m.json")
    Path("x.csv").write_text("x,y\n1e200,1\n2e200,1\n")
    assert "values beyond 1e+150 overflow when they are squared" in plotted("m.json", "x.csv", code=1).err


def test_an_extra_that_is_missing_is_named_before_any_work(monkeypatch):
    for module in ("matplotlib", "plotext"):
        monkeypatch.setitem(sys.modules, module, None)
    assert "needs matplotlib: pip install matplotlib" in plotted("-", "-o", "p.png", code=2).err
    assert "needs plotext: pip install plotext" in plotted("-", code=2).err
