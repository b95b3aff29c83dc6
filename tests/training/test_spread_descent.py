"""Mini-batches on a cluster: the numbers of one machine, by maps or by one part behind the other."""

import gzip
import io
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clusters import Here

from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv import blocks, ranges
from lrfit.data.table_request import TableRequest
from lrfit.errors import DataError, DivergenceError, UsageError
from lrfit.system.listener import Listener
from lrfit.training import spread_descent
from lrfit.training.loop import descend
from lrfit.training.planning import plan_training
from lrfit.training.reading import read_for_training, read_groups
from lrfit.training.settings import TrainingSettings
from lrfit.training.spread_descent import way_of
from lrfit.training.summary import summarize

METHODS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True, "l2": 0.1},
    {"schedule": "invscaling"},
    {"schedule": "step", "step_size": 2, "average": True},
    {"fit_intercept": False, "standardize": True, "learning_rate": "auto"},
    {"clip_norm": 0.5},
]
WAYS = ["rows", "points", "chain"]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch, tmp_path):
    """A CSV of some six parts, with quoted line breaks, and a second one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 256)
    monkeypatch.setattr(blocks, "PART_BLOCKS", 4)
    monkeypatch.setattr(ranges, "RANGE_BLOCKS", 2)
    rng = np.random.default_rng(3)
    for name, n_rows in (("a.csv", 170), ("b.csv", 60)):
        x = rng.normal(1.0, 1.0, size=(n_rows, 2))
        y = x @ [1.5, -2.0] + 1.0 + rng.normal(size=n_rows)
        lines = [
            f'{a!r},{b!r},{c!r},{i % 3 + 1},"{"pqr"[i % 3]}\n{i % 2}",{"uv"[i > n_rows // 2]}\n'
            for i, (a, b, c) in enumerate(np.column_stack([x, y]).tolist())
        ]
        Path(name).write_text("a,b,y,w,word,half\n" + "".join(lines))


def read(cluster, settings, **columns):
    wanted = ColumnRequest(**{"x": ("a", "b"), "y": "y"} | columns)
    return read_for_training(TableRequest(("a.csv", "b.csv"), columns=wanted), settings, cluster=cluster)


def settings_of(**given):
    defaults = {"learning_rate": 0.02, "epochs": 4, "batch_size": 9, "shuffle_parts": True, "seed": 4}
    return TrainingSettings(**defaults | given)


def last_of(data, settings, executor="numpy"):
    return [*descend(plan_training(data, settings), executor=executor)][-1]


def assert_same(one, other):
    assert one.variables.keys() == other.variables.keys()
    for name, value in one.variables.items():
        np.testing.assert_allclose(other.variables[name], value, rtol=1e-12, atol=1e-13)
    assert other.loss == pytest.approx(one.loss, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", METHODS)
def test_the_numbers_are_those_of_one_machine(monkeypatch, way, method):
    if way != "chain" and "clip_norm" in method:
        pytest.skip("clipped steps have no maps")
    monkeypatch.setattr(spread_descent, "way_of", lambda *_, **__: way)
    settings = settings_of(**method)
    assert_same(last_of(read(None, settings), settings), last_of(read(Here(), settings), settings))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "columns",
    [
        {"weights": "w"},
        {"x": ("a", "word"), "categories": ("word",)},
        {"x": ("word", "b"), "categories": ("word",), "weights": "w"},
    ],
)
def test_weights_and_words_are_no_matter(monkeypatch, way, columns):
    monkeypatch.setattr(spread_descent, "way_of", lambda *_, **__: way)
    settings = settings_of(learning_rate=0.005)
    alone, spread = (last_of(read(cluster, settings, **columns), settings) for cluster in (None, Here()))
    assert_same(alone, spread)


@pytest.mark.parametrize("way", WAYS)
def test_a_packed_file_is_a_part(monkeypatch, way):
    monkeypatch.setattr(spread_descent, "way_of", lambda *_, **__: way)
    Path("b.csv").write_bytes(gzip.compress(Path("b.csv").read_bytes()))
    settings = settings_of()
    alone = read(None, settings)
    assert alone.sample.part_sizes[-1] == 60
    assert_same(last_of(alone, settings), last_of(read(Here(), settings), settings))


@pytest.mark.parametrize("order", [1, -1])
def test_rows_here_and_on_workers_are_refused(monkeypatch, order):
    def read_mixed(settings):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("b.csv").read_bytes())))
        wanted = ColumnRequest(x=("a", "b"), y="y")
        names = ("a.csv", "-")[::order]
        return read_for_training(TableRequest(names, columns=wanted), settings, cluster=Here(), most_kept=1e6)

    with pytest.raises(DataError, match="its workers must read all files"):
        read_mixed(settings_of())
    full = read_mixed(TrainingSettings())
    assert full.moments.n_samples == 230
    assert (full.rows, full.spread_rows) == (None, None)


@pytest.mark.parametrize("packed", [False, True])
def test_a_cell_that_is_no_number_has_the_message_of_one_machine(packed):
    content = b"a,b,y,w,word,half\n1,2,three,1,p,u\n" + Path("b.csv").read_bytes()[18:]
    Path("b.csv").write_bytes(gzip.compress(content) if packed else content)
    for cluster in (None, Here()):
        with pytest.raises(DataError, match=r"'b.csv', line 2, column 'y': 'three'"):
            read(cluster, settings_of())


def test_row_groups_are_parts():
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    rows = np.random.default_rng(5).normal(size=(150, 3))
    table = arrow.table(dict(zip("aby", rows.T, strict=True)))
    parquet.write_table(table, "d.parquet", row_group_size=40)
    request = TableRequest(("d.parquet",), columns=ColumnRequest(x=("a", "b"), y="y"))
    settings = settings_of()
    alone, spread = (read_for_training(request, settings, cluster=cluster) for cluster in (None, Here()))
    assert spread.sample.part_sizes == (40, 40, 40, 30)
    assert_same(last_of(alone, settings), last_of(spread, settings))
    rows[100, 2] = np.inf
    parquet.write_table(arrow.table(dict(zip("aby", rows.T, strict=True))), "d.parquet", row_group_size=40)
    for cluster in (None, Here()):
        with pytest.raises(DataError, match=r"'d.parquet', row 101 .*, column 'y'"):
            read_for_training(request, settings, cluster=cluster)


def test_groups_are_no_matter():
    settings = settings_of()
    wanted = ColumnRequest(x=("a", "b"), y="y", by="half")
    request = TableRequest(("a.csv", "b.csv"), columns=wanted)
    alone, spread = (read_groups(request, settings, cluster=cluster) for cluster in (None, Here()))
    assert len(spread) == 2
    for one, other in zip(alone, spread, strict=True):
        assert_same(last_of(one, settings), last_of(other, settings))


def test_machine_code_is_no_matter():
    settings = settings_of(momentum=0.5, batch_size=40)
    alone = last_of(read(None, settings), settings)
    spread = last_of(read(Here(n_threads=9), settings), settings, executor="numba")
    assert_same(alone, spread)


def test_rows_held_out_are_no_matter():
    settings = settings_of(validation_fraction=0.3)
    alone, spread = (last_of(read(cluster, settings), settings) for cluster in (None, Here()))
    assert_same(alone, spread)
    assert spread.validation_loss == pytest.approx(alone.validation_loss, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n_first", [1, 3])
def test_a_run_in_two_parts_has_the_bits_of_one(monkeypatch, way, n_first):
    monkeypatch.setattr(spread_descent, "way_of", lambda *_, **__: way)
    settings = settings_of(momentum=0.9, schedule="invscaling")
    data = read(Here(), settings)
    whole = last_of(data, settings)
    plan = plan_training(data, replace(settings, epochs=n_first))
    *_, first = descend(plan, executor="numpy")
    start = replace(plan.start, epoch=n_first, variables=first.variables)
    rest = replace(plan, settings=replace(settings, epochs=4 - n_first), start=start)
    *_, last = descend(rest, executor="numpy")
    assert {k: v.tobytes() for k, v in last.variables.items()} == {
        k: v.tobytes() for k, v in whole.variables.items()
    }


@pytest.mark.parametrize("n_threads", [1, 2, 9])
def test_the_number_of_workers_changes_no_bit_of_a_way(monkeypatch, n_threads):
    monkeypatch.setattr(spread_descent, "way_of", lambda *_, **__: "points")
    settings = settings_of(batch_size=20)
    states = [last_of(read(Here(n_threads=n), settings), settings).variables for n in (1, n_threads)]
    assert {k: v.tobytes() for k, v in states[0].items()} == {k: v.tobytes() for k, v in states[1].items()}


def test_a_run_that_diverges_is_seen_to():
    settings = settings_of(learning_rate=1.5, epochs=60)
    errors = []
    for cluster in (None, Here()):
        with pytest.raises(DivergenceError) as error:
            last_of(read(cluster, settings), settings)
        errors.append(str(error.value).partition(":")[0])
    assert errors[0] == errors[1]


def test_a_plan_and_its_document_are_those_of_one_machine():
    settings = settings_of(learning_rate="auto")
    plans = [plan_training(read(cluster, settings), settings) for cluster in (None, Here())]
    assert plans[0].learning_rate == pytest.approx(plans[1].learning_rate, rel=1e-14)
    assert plans[0].steps_per_epoch == plans[1].steps_per_epoch
    assert plans[0].batches.is_even is plans[1].batches.is_even is False
    documents = [summarize(plan, [*descend(plan)][-1]) for plan in plans]
    assert documents[0].data == documents[1].data


class Parts:
    """As much of mini-batches as the choice of a way looks at."""

    def __init__(self, batch_size, n_threads, n_parts=100):
        self.batch_size, self.cluster, self.part_sizes = batch_size, Here(n_threads=n_threads), (1,) * n_parts


@pytest.mark.parametrize(
    ("d", "batch_size", "n_threads", "way"),
    [
        (1, 32, 2, "points"),
        (1, 1, 10, "rows"),
        (20, 32, 2, "chain"),
        (20, 1024, 20, "points"),
        (50, 32, 2, "chain"),
        (1, 32, 1, "chain"),
    ],
)
def test_maps_are_made_where_they_pay(d, batch_size, n_threads, way):
    assert way_of(Parts(batch_size, n_threads), d + 1, d, is_affine=True) == way
    assert way_of(Parts(batch_size, n_threads), d + 1, d, is_affine=False) == "chain"


def test_one_part_gains_nothing_from_workers():
    assert way_of(Parts(32, 8, n_parts=1), 2, 1, is_affine=True) == "chain"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shuffle_parts": False}, "keeps rows where they are: say shuffle_parts=True"),
        ({"shuffle_parts": False, "shuffle": False}, "keeps rows where they are: say shuffle_parts=True"),
        ({"batch_size": None, "condense": False}, "cluster and condense=False exclude each other"),
        ({"validation_fraction": 0.2, "validation_rows": "last"}, "say validation_rows='random'"),
    ],
)
def test_what_would_move_rows_is_refused(given, words):
    settings = settings_of(**given)
    with pytest.raises(UsageError, match=words):
        read(Here(), settings)


def test_the_way_is_logged(caplog):
    settings = settings_of(clip_norm=0.5)
    with caplog.at_level(logging.INFO, "lrfit"):
        last_of(read(Here(), settings), settings)
    assert "cluster: one part behind the other, because clipped steps have no maps" in caplog.messages


@pytest.mark.parametrize("most_bytes", [None, 1000, 1 << 30])
def test_rows_that_do_not_fit_are_said_to(most_bytes):
    class Heard(Listener):
        warnings = ()

        def warn(self, text):
            self.warnings += (text,)

    cluster, heard = Here(), Heard()
    cluster.most_bytes = most_bytes
    wanted = ColumnRequest(x=("a", "b"), y="y")
    read_for_training(TableRequest(("a.csv",), columns=wanted), settings_of(), heard, cluster=cluster)
    assert bool(heard.warnings) is (most_bytes == 1000)
    assert all("with more workers all stay in memory" in text for text in heard.warnings)
