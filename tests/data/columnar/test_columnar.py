"""Parquet and Arrow IPC are read as a CSV of the same rows would be, or refused by column and type."""

import datetime as dt
import io
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from decimal import Decimal

import numpy as np
import pytest

from lrfit.data import opening
from lrfit.data.column_names import ColumnRequest
from lrfit.data.columnar import source as sources
from lrfit.data.columnar.signs import columnar_format
from lrfit.data.csv.writer import csv_line
from lrfit.data.kinds import Column
from lrfit.data.opening import open_table
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data
from lrfit.errors import DataError, UsageError

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
pq = pytest.importorskip("pyarrow.parquet")


def write_parquet(table, path, **options):
    pq.write_table(table, path, **options)


def write_arrow(table, path, **options):
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=options.get("row_group_size"))


def write_stream(table, path, **options):
    with ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=options.get("row_group_size"))


WRITERS = {"parquet": write_parquet, "arrow": write_arrow, "stream": write_stream}

each_format = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@contextmanager
def opened(path, **request):
    with open_table(TableRequest((str(path),), **request)) as table:
        yield table


def blocks_of(path, *columns, with_texts=False, **request):
    """The numbers of blocks, and the blocks."""
    with opened(path, **request) as table:
        return list(table.map_blocks(lambda block: block, columns, with_texts=with_texts))


def values_of(path, *columns, **request):
    """The values of the columns, by rows."""
    return np.concatenate([block.values for _, block in blocks_of(path, *columns, **request)], axis=1)


def read_back(array, kind, tmp_path, write=write_parquet, **request):
    """The numbers that a column of this kind is read as, and the words that they are places of."""
    path = tmp_path / "data"
    write(pa.table({"v": array}), path)
    ((_, block),) = blocks_of(path, Column("v", kind), **request)
    places = block.values[0].tolist()
    return [block.levels[0][int(place)] for place in places] if block.levels[0] else places


NUMBERS = [
    *((name, [-3, 0, 7]) for name in ("int8", "int16", "int32", "int64")),
    *((name, [0, 7, 200]) for name in ("uint8", "uint16", "uint32", "uint64")),
    *((name, [-1.5, 0.1, 6e4]) for name in ("float32", "float64")),
    ("float16", [np.float16(v) for v in (-1.5, 0.1, 6e4)]),
    ("bool_", [True, False, True]),
]


@each_format
@pytest.mark.parametrize(("name", "values"), NUMBERS, ids=[name for name, _ in NUMBERS])
def test_numbers_are_themselves(tmp_path, name, values, write):
    array = pa.array(values, getattr(pa, name)())
    expected = [float(v) for v in array.to_pylist()]
    assert read_back(array, "number", tmp_path, write) == expected
    if name != "float16":  # which pyarrow 25 and older do not encode
        assert read_back(array.dictionary_encode(), "number", tmp_path, write) == expected


@pytest.mark.parametrize("kind", ["decimal32", "decimal64", "decimal128", "decimal256"])
def test_decimals_are_rounded_to_the_nearest_double(tmp_path, kind):
    digits = random.Random(kind)  # noqa: S311 (no secrets)
    for precision, scale in ((9, 0), (9, 4), (18, 9), (38, 20), (38, 38), (76, 40), (20, -3)):
        most = {"decimal32": 9, "decimal64": 18, "decimal128": 38, "decimal256": 76}[kind]
        if precision > most or (scale < 0 and kind != "decimal128"):
            continue
        numbers = [digits.randrange(-(10**precision) + 1, 10**precision) for _ in range(300)]
        decimals = [Decimal((n < 0, tuple(map(int, str(abs(n)))), -scale)) for n in numbers]
        array = pa.array(decimals, getattr(pa, kind)(precision, scale))
        write = write_arrow if scale < 0 else write_parquet  # Parquet has no such scale
        assert read_back(array, "number", tmp_path, write) == [float(d) for d in decimals]


def test_dates_are_days_since_1970(tmp_path):
    days = [dt.date(1, 1, 1), dt.date(1969, 12, 31), dt.date(2026, 3, 1), dt.date(9999, 12, 31)]
    expected = [(day - dt.date(1970, 1, 1)).days for day in days]
    for kind in (pa.date32(), pa.date64()):
        assert read_back(pa.array(days, kind), "date", tmp_path, write_arrow) == expected
    assert read_back(pa.array(list(map(str, days))), "date", tmp_path) == expected
    assert read_back(pa.array([2000, 2001]), "date", tmp_path) == [10957.0, 11323.0]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_are_days_and_fractions_in_utc_as_in_a_csv(tmp_path, unit, zone):
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    seconds = [-86_401, 0, 1, 1_772_368_200, 4_102_444_799] + [9_000_000_000] * (unit != "ns")
    stored = [s * per_second + 123_456_789 * per_second // 10**9 for s in seconds]
    micros = [s * 10**6 // per_second for s in stored]
    expected = [(epoch + dt.timedelta(microseconds=m) - epoch) / dt.timedelta(days=1) for m in micros]
    array = pa.array(stored, pa.timestamp(unit, zone))
    assert read_back(array, "date", tmp_path, write_arrow) == expected
    (tmp_path / "t.csv").write_text("v\n" + "".join(line + "\n" for line in texts_of(array, tmp_path)))
    assert values_of(tmp_path / "t.csv", Column("v", "date"))[0].tolist() == expected


def test_times_beyond_2255_are_rounded_once(tmp_path):
    stored = [2**53 + 1, 2**55 + 7, -(2**54) - 3]
    array = pa.array(stored, pa.timestamp("us"))
    assert read_back(array, "date", tmp_path) == [micros / 86_400_000_000 for micros in stored]


def texts_of(array, tmp_path):
    path = tmp_path / "texts"
    write_arrow(pa.table({"x": pa.array([1.0] * len(array)), "v": array}), path)
    blocks = blocks_of(path, Column("x"), with_texts=True)
    return [line.partition(",")[2] for _, block in blocks for line in block.texts]


WORDS = [
    (pa.array(["b", " a", "", "NA", "b"]), ["b", "a", "b"]),
    (pa.array(["b", "a"], pa.large_string()), ["b", "a"]),
    (pa.array(["b", "a"], pa.string_view()), ["b", "a"]),
    (pa.array(["b", "a", None, "b"]).dictionary_encode(), ["b", "a", "b"]),
    (pa.array([True, False, None]), ["true", "false"]),
    (pa.array([2, 1, None]), ["2", "1"]),
    (pa.array([2.0, 0.1]), ["2.0", "0.1"]),
    (pa.array([np.float16(2.5)], pa.float16()), ["2.5"]),
    (pa.array([Decimal("1.50")]), ["1.50"]),
    (pa.array([dt.date(2026, 3, 1)]), ["2026-03-01"]),
]


@pytest.mark.parametrize(("array", "words"), WORDS, ids=[str(array.type) for array, _ in WORDS])
def test_words_are_levels_as_a_csv_would_have_them(tmp_path, array, words):
    assert read_back(array, "category", tmp_path, write_arrow, missing="drop") == words


def test_words_of_a_dictionary_that_no_row_has_are_no_levels(tmp_path):
    array = pa.DictionaryArray.from_arrays(pa.array([2, 0]), pa.array(["x", *map(str, range(2000))]))
    assert read_back(array, "category", tmp_path, write_arrow) == ["1", "x"]
    with pytest.raises(
        DataError, match=r"^'.*', row 1 \(from 1\), column 'v': '1' is a level that the model has not seen"
    ):
        blocks_of(tmp_path / "data", Column("v", "category", ("x",)))


REFUSED = [
    (pa.array([b"1"]), "binary"),
    (pa.array([b"1"], pa.binary(1)), r"fixed_size_binary\[1\]"),
    (pa.array([[1]]), "list<"),
    (pa.array([{"a": 1}]), "struct<"),
    (pa.array([dt.time(1)]), "time64"),
    (pa.array([dt.timedelta(1)]), "duration"),
    (pa.nulls(1), "null"),
    (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "month_day_nano_interval"),
    (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "map<"),
    (pa.array([b"0" * 16], pa.uuid()), "extension<arrow.uuid"),
]


@pytest.mark.parametrize(("array", "name"), REFUSED, ids=[name for _, name in REFUSED])
@pytest.mark.parametrize("kind", ["number", "weight", "date", "category"])
def test_other_types_are_refused_by_name_where_they_are_used(tmp_path, array, name, kind):
    path = tmp_path / "d"
    write_arrow(pa.table({"v": array, "x": pa.array([1.0])}), path)
    with pytest.raises(DataError, match=f"^'.*': column 'v' holds '{name}.*, which is no number.*drop='v'"):
        blocks_of(path, Column("v", kind))
    assert values_of(path, Column("x")).tolist() == [[1.0]]


def test_dates_and_words_name_the_option_that_reads_them(tmp_path):
    path = tmp_path / "d"
    city = pa.array(["rome"])
    days = pa.array([dt.date(2026, 1, 1)])
    write_parquet(pa.table({"day": days, "city": city, "code": city.dictionary_encode()}), path)
    with pytest.raises(DataError, match="column 'code' holds a dictionary of 'string', not numbers"):
        blocks_of(path, Column("code"))
    with pytest.raises(DataError, match=r"column 'day' holds 'date32.*', not numbers: dates='day' makes"):
        blocks_of(path, Column("day"))
    with pytest.raises(DataError, match="column 'city' holds 'string', not numbers: categories='city' makes"):
        blocks_of(path, Column("city", "weight"))
    with (
        opened(path) as table,
        pytest.raises(DataError, match="'city' holds 'string', and the model takes numbers"),
    ):
        table.map_blocks(len, [Column("city")], is_of_model=True)


@each_format
def test_null_and_nan_are_missing_values(tmp_path, write):
    path = tmp_path / "d"
    table = {"a": [None, 1.0, 2.0, float("nan"), 4.0], "b": pa.array([1, 2, 3, 4, None]), "c": [9.0] * 5}
    write(pa.table(table), path, row_group_size=2)
    a, b, c = map(Column, "abc")
    with pytest.raises(DataError) as error:
        blocks_of(path, a, b)
    assert str(error.value) == (
        f"'{path}', row 1 (from 1), column 'a': 3 rows have missing values; the first is here; "
        "missing='drop' leaves such rows out"
    )
    assert values_of(path, a, b, missing="drop").tolist() == [[1.0, 2.0], [2.0, 3.0]]
    assert values_of(path, c).tolist() == [[9.0] * 5]
    with pytest.raises(DataError, match=r"row 5 \(from 1\), column 'b': a missing value; missing='drop'"):
        blocks_of(path, b)


def test_predictions_stop_at_the_first_missing_value(tmp_path):
    path = tmp_path / "d"
    write_parquet(pa.table({"a": [1.0, None, None]}), path)
    with (
        open_table(TableRequest((str(path),)), streaming=True) as table,
        pytest.raises(DataError, match="2 rows have missing"),  # those of its block are known
    ):
        list(table.map_blocks(len, [Column("a")]))


def test_the_columns_that_empty_a_table_are_named(tmp_path):
    path = tmp_path / "d"
    write_parquet(pa.table({"a": [1.0, 2.0], "b": pa.array([None, None], pa.float64())}), path)
    with pytest.raises(DataError, match=r"has no rows without a missing value: no row has a value of 'b'"):
        blocks_of(path, Column("a"), Column("b"), missing="drop")


@each_format
def test_no_rows(tmp_path, write):
    write(pa.table({"a": pa.array([], pa.float64())}), tmp_path / "d")
    with pytest.raises(DataError, match=r"^'.*d' has no rows$"):
        blocks_of(tmp_path / "d", Column("a"))


NA = [
    (pa.array([-99, 1]), "-99"),
    (pa.array([255, 1], pa.uint8()), "255"),
    (pa.array([-99.9, 1.0], pa.float32()), "-99.9"),
    (pa.array([-99.9, 1.0]), "-99.9"),
    (pa.array([Decimal("-99.90"), Decimal("1.00")]), "-99.9"),
    (pa.array(["?", "1"]).dictionary_encode(), "?"),
    (pa.array([True, True]), "-99"),
    (pa.array([-100, 7]), "-99.5"),
    (pa.array(np.array([1.0, 2.0], np.float16)), "1e300"),
]


@pytest.mark.parametrize(("array", "na"), NA, ids=[f"{array.type}" for array, _ in NA])
@pytest.mark.parametrize("kind", ["number", "weight"])
def test_cells_that_stand_for_a_missing_value_do_so(tmp_path, array, na, kind):
    kind = "category" if pa.types.is_dictionary(array.type) else kind
    n_missing = 0 if na in ("-99.5", "1e300") or array.type == pa.bool_() else 1
    if (na, kind) == ("-99.5", "weight"):
        return
    read = read_back(array, kind, tmp_path, write_arrow, na=(na,), missing="drop")
    assert len(read) == 2 - n_missing


def test_infinite_numbers_and_negative_weights_are_refused_with_their_place(tmp_path):
    path = tmp_path / "d"
    write_parquet(pa.table({"a": [0.0, 1.0, float("-inf")], "w": [0.0, 1.0, -0.5]}), path, row_group_size=2)
    with pytest.raises(DataError, match=r"row 3 \(from 1\), column 'a': a number has to be finite$"):
        blocks_of(path, Column("a"))
    with pytest.raises(DataError, match=r"row 3 \(from 1\), column 'w': the weight is negative"):
        blocks_of(path, Column("w", "weight"))
    assert values_of(path, Column("w")).tolist() == [[0.0, 1.0, -0.5]]


@pytest.mark.parametrize(
    ("values", "loses"),
    [
        (pa.array([2**53, -(2**53)]), False),
        (pa.array([2**53 + 1]), True),
        (pa.array([-(2**53) - 1, None]), True),
        (pa.array([2**63], pa.uint64()), True),
        (pa.array([1, 2**31], pa.int64()), False),
        (pa.array([Decimal(2**53 + 1)]), True),
        (pa.array([Decimal("12345678901234567.5")]), False),
        (pa.array([1e300]), False),
    ],
)
def test_an_integer_beyond_2_53_loses_digits(tmp_path, values, loses):
    write_parquet(pa.table({"a": pa.concat_arrays([values, values])}), tmp_path / "d")
    with opened(tmp_path / "d", missing="drop") as table:
        list(table.map_blocks(lambda _: None, [Column("a")]))
    assert table.lost_digits == loses


# Blocks.


@each_format
def test_blocks_are_numbered_by_their_groups_and_no_thread_changes_them(tmp_path, write, monkeypatch):
    monkeypatch.setattr(sources, "_n_rows", lambda _: 3)
    x = np.arange(20.0)
    write(pa.table({"x": x}), tmp_path / "d", row_group_size=8)
    for n_cores in (1, 2, 5):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=n_cores: set(range(n)), raising=False)
        blocks = blocks_of(tmp_path / "d", Column("x"))
        numbers = [group << 20 | i for group, n in enumerate([3, 3, 2]) for i in range(n)]
        assert [number for number, _ in blocks] == numbers
        assert [block.counts.n_rows for _, block in blocks] == [3, 3, 2, 3, 3, 2, 3, 1]
        assert np.concatenate([block.values[0] for _, block in blocks]).tolist() == x.tolist()


def test_a_row_group_read_alone_gives_the_same_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_n_rows", lambda _: 3)
    write_parquet(
        pa.table({"x": np.arange(20.0), "y": np.arange(20.0) * 2}), tmp_path / "d", row_group_size=8
    )
    with (tmp_path / "d").open("rb") as stream:
        source = sources.open_source(stream, "d", "Parquet", lambda *_: None)
        every = list(source.batches([1, 0]))
        alone = [batch for group in (2, 0, 1) for batch in source.batches_of_group(group, [1, 0])]
    assert source.n_groups == 3
    assert sorted(alone, key=lambda batch: batch.number) == every
    assert [batch.first_row for batch in every] == [1, 4, 7, 9, 12, 15, 17, 20]


def test_columns_that_share_a_name_or_have_dots_are_read_by_their_position(tmp_path):
    names = ["a.b", "a", "c", "s", "a"]
    arrays = [pa.array([1.0]), pa.array([2.0]), pa.array([3.0]), pa.array([{"b": 4.0}]), pa.array([5.0])]
    for write in (write_parquet, write_arrow):
        write(pa.table(arrays, names=names), tmp_path / "d")
        with opened(tmp_path / "d") as table:
            named = table.named(ColumnRequest(x=("5", "3", "2", "a.b")), lambda _: None)
            columns = [Column(name) for name in named.x]
            assert named.x == ("5", "c", "a", "a.b")
            assert [v for _, v in table.map_blocks(lambda b: b.values[:, 0].tolist(), columns)] == [
                [5, 3, 2, 1]
            ]


def test_progress_ends_at_the_whole_file(tmp_path):
    for write in (write_parquet, write_arrow):
        write(pa.table({"x": np.arange(20.0)}), tmp_path / "d", row_group_size=8)
        told = []
        request = TableRequest((str(tmp_path / "d"),))
        with opening._Opening(request, None, streaming=False, text=None, cluster=None).open(
            str(tmp_path / "d"), lambda *done, told=told: told.append(done)
        ) as file:
            list(file.map_blocks(lambda _: 0, [Column("x")]))
        size = (tmp_path / "d").stat().st_size
        assert told == [(size // 3, size), (size * 2 // 3, size), (size, size)]


# The same as a CSV.


def both(tmp_path, table, write=write_parquet):
    """The same rows as a CSV and as a columnar file."""
    write(table, tmp_path / "columns", row_group_size=17)
    lines = [csv_line(table.column_names)]
    lines += [csv_line(["" if v is None else str(v) for v in row.values()]) for row in table.to_pylist()]
    (tmp_path / "d.csv").write_text("".join(line + "\n" for line in lines))
    return tmp_path / "d.csv", tmp_path / "columns"


def fits(path, **columns):
    request = TableRequest((str(path),), columns=ColumnRequest(**columns))
    return read_training_data(request)


def sample_table(n=100):
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    cities = ["rome", "berlin", "london"]
    return pa.table(
        {
            "x": x,
            "city": pa.array([cities[i] for i in rng.integers(0, 3, n)]).dictionary_encode(),
            "day": pa.array([dt.date(2026, 1, 1) + dt.timedelta(int(i)) for i in rng.integers(0, 900, n)]),
            "w": rng.integers(0, 4, n),
            "y": 2 * x + rng.normal(size=n),
        }
    )


@each_format
def test_a_fit_is_that_of_a_csv_of_the_same_rows(tmp_path, write):
    csv, columns = both(tmp_path, sample_table(), write)
    wanted = {"categories": ("city",), "dates": ("day",), "weights": "w"}
    (a,), (b,) = fits(csv, **wanted), fits(columns, **wanted)
    assert a.columns == b.columns
    np.testing.assert_allclose(b.moments.mean, a.moments.mean, rtol=1e-12)
    np.testing.assert_allclose(
        b.moments.factor @ b.moments.factor.T, a.moments.factor @ a.moments.factor.T, rtol=1e-9, atol=1e-9
    )
    by = {"by": "city", "drop": ("day", "w")}
    assert [(one.group, one.moments.n_samples) for one in fits(columns, **by)] == [
        (one.group, one.moments.n_samples) for one in fits(csv, **by)
    ]


def test_files_of_both_kinds_are_one_table(tmp_path):
    csv, columns = both(tmp_path, sample_table().select(["x", "y"]))
    for paths in ((csv, columns), (columns, csv)):
        (data,) = read_training_data(TableRequest(tuple(map(str, paths))))
        assert data.moments.n_samples == 200


def test_the_index_that_pandas_writes_is_no_feature(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 5.0]}, index=[5, 7, 9])
    frame.to_parquet(tmp_path / "d")
    with opened(tmp_path / "d") as table:
        assert table.header == ("x", "y", "")
        assert table.header_text == "x,y,"
    (data,) = fits(tmp_path / "d")
    assert data.features == ("x",)
    frame.rename_axis("id").to_parquet(tmp_path / "d")
    with opened(tmp_path / "d") as table:
        assert table.header == ("x", "y", "id")
    schema = pa.schema([pa.field("x", pa.float64())], {b"pandas": b"no JSON"})
    write_arrow(pa.table({"x": [1.0]}, schema=schema), tmp_path / "d")
    with opened(tmp_path / "d") as table:
        assert table.header == ("x",)


# What is refused.


@pytest.mark.parametrize(
    "option",
    [
        {"separator": ";"},
        {"decimal": ","},
        {"thousands": "'"},
        {"strip": "%"},
        {"comment": "#"},
        {"skip": 1},
        {"skip_below": 1},
        {"skip_footer": 1},
        {"encoding": "latin-1"},
        {"header": False},
    ],
    ids=lambda option: next(iter(option)),
)
def test_settings_of_text_have_no_use(tmp_path, option):
    write_parquet(pa.table({"x": [1.0]}), tmp_path / "d")
    name = next(iter(option))
    with pytest.raises(UsageError, match=f"^'.*' is Parquet, for which {name}=.* has no use$"):
        blocks_of(tmp_path / "d", Column("x"), **option)


def test_encrypted_files_are_refused_and_a_csv_that_begins_alike_is_read(tmp_path):
    (tmp_path / "d").write_bytes(b"PARE" + bytes(range(200)) + b"PARE")
    with pytest.raises(DataError, match="is encrypted Parquet: "):
        blocks_of(tmp_path / "d", Column("x"))
    for name in ("PARE", "PAR1", "ARROW1", "PARENT"):
        (tmp_path / "d").write_text(f"{name},y\n1,2\n")
        assert values_of(tmp_path / "d", Column(name)).tolist() == [[1.0]]


def test_a_file_of_parquet_without_pages_is_told_by_its_end(tmp_path):
    (tmp_path / "d").write_bytes(b"PAR1" + b"\0" * 50 + b"PAR1")
    with pytest.raises(DataError, match="is damaged, or Parquet of a kind that is not read: "):
        blocks_of(tmp_path / "d", Column("x"))


def test_names_that_are_no_text_are_damage(tmp_path):
    write_stream(pa.table({"abcdefgh": [1.0]}), tmp_path / "d")
    (tmp_path / "d").write_bytes((tmp_path / "d").read_bytes().replace(b"abcdefgh", b"\x99bcdefgh"))
    with pytest.raises(DataError, match="is damaged, or an Arrow IPC stream of a kind that is not read: "):
        blocks_of(tmp_path / "d", Column("x"))


def test_a_size_beyond_all_memory_is_damage():
    with pytest.raises(DataError, match=r"^d is damaged, .*: MemoryError$"), sources._reading("d", "Parquet"):
        raise MemoryError


def test_a_stream_that_cannot_be_read_is_left_to_the_reader_that_says_so():
    class Broken(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, _):
            raise OSError

    assert columnar_format(io.BufferedReader(Broken())) is None


def outcome_of(path, *columns):
    """The values, or the message on what is wrong."""
    try:
        return values_of(path, *columns)
    except DataError as error:
        return str(error)


@each_format
def test_damage_is_said_in_a_line_and_with_checksums_never_read(tmp_path, write):
    rng = random.Random(5)  # noqa: S311 (no secrets)
    options = {"write_page_checksum": True} if write is write_parquet else {}
    table = sample_table(300).append_column("text", pa.array([f"w{i}" for i in range(300)]))
    write(table, tmp_path / "whole", row_group_size=100, **options)
    whole = (tmp_path / "whole").read_bytes()
    columns = [Column("x"), Column("city", "category"), Column("day", "date"), Column("text", "category")]
    expected = values_of(tmp_path / "whole", *columns)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(8, len(whole))] = rng.randrange(256)
        if rng.random() < 0.3:
            damaged = damaged[: rng.randrange(8, len(whole))]
        (tmp_path / "d").write_bytes(damaged)
        outcome = outcome_of(tmp_path / "d", *columns)
        if isinstance(outcome, str):
            assert "\n" not in outcome
        elif write is write_parquet:
            np.testing.assert_array_equal(outcome, expected)


def test_without_pyarrow_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    write_parquet(pa.table({"x": [1.0]}), tmp_path / "d")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"^'.*', which is Parquet, needs pyarrow: pip install pyarrow$"):
        blocks_of(tmp_path / "d", Column("x"))


def test_pandas_is_not_loaded_to_read_and_pyarrow_not_for_a_csv(tmp_path):
    csv, columns = both(tmp_path, sample_table())
    loaded = {}
    for path in (csv, columns):
        code = (
            "import sys; from lrfit.cli.group import run;"
            f"run(['train', {str(path)!r}, '--categories', 'city', '--dates', 'day', '-q', '--epochs', '1']);"
            "print('\\n', *sorted(sys.modules))"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        loaded[path] = set(result.stdout.splitlines()[-1].split())
    assert "pyarrow" in loaded[columns]
    assert "pandas" not in loaded[columns]
    assert "pyarrow" not in loaded[csv]


# Other writers.


def test_what_polars_writes(tmp_path):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(
        {
            "i": [1, 2, 3],
            "f": pl.Series([0.5, None, 2.5], dtype=pl.Float32),
            "d": pl.Series([Decimal("1.10"), Decimal("2.20"), Decimal("3.30")], dtype=pl.Decimal(10, 2)),
            "b": [True, False, True],
            "s": ["a", "b", "a"],
            "c": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
            "e": pl.Series(["a", "b", "a"], dtype=pl.Enum(["b", "a"])),
            "day": [dt.date(1970, 1, 3)] * 3,
            "t": [dt.datetime(1970, 1, 1, 12)] * 3,  # noqa: DTZ001 (as in files)
            "time": [dt.time(12)] * 3,
            "long": [dt.timedelta(1)] * 3,
            "list": [[1], [2], [3]],
            "struct": [{"a": 1}] * 3,
            "bin": [b"a"] * 3,
        }
    )
    frame.write_parquet(tmp_path / "d.parquet")
    frame.write_ipc(tmp_path / "d.arrow")
    frame.write_ipc(tmp_path / "z.arrow", compression="zstd")
    frame.write_ipc_stream(tmp_path / "d.stream")
    for name in ("d.parquet", "d.arrow", "z.arrow", "d.stream"):
        check_of_all_types(tmp_path / name, ("time", "long", "list", "struct", "bin"), words=("s", "c", "e"))


def check_of_all_types(path, refused, words):
    columns = [Column("i"), Column("f"), Column("d"), Column("b"), Column("day", "date"), Column("t", "date")]
    ((_, block),) = blocks_of(path, *columns, *(Column(w, "category") for w in words), missing="drop")
    assert block.values[:6].tolist() == [[1, 3], [0.5, 2.5], [1.1, 3.3], [1, 1], [2, 2], [0.5, 0.5]]
    assert block.levels[6:] == (("a",),) * len(words)
    for name in refused:
        for kind in ("number", "category"):
            with pytest.raises(DataError, match=f"column '{name}' holds '"):
                blocks_of(path, Column(name, kind))


def test_what_duckdb_writes(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "d.parquet"
    duckdb.sql(
        f"""copy (select i, f::float as f, (1.1 * i)::decimal(10, 2) as d, i % 2 = 1 as b,
        case when i = 2 then 'b' else 'a' end as s, s::enum('b', 'a') as e, date '1970-01-03' as day,
        timestamp '1970-01-01 12:00:00' as t, timestamptz '1970-01-01 12:00:00+00' as tz,
        timestamp_ns '1970-01-01 12:00:00' as ns, i::hugeint as h, i::utinyint as u,
        time '12:00:00' as time, interval 1 day as long, [i] as list, {{'a': i}} as struct, 'a'::blob as bin,
        uuid() as uuid, map {{'a': i}} as map
        from (values (1, 0.5), (2, null), (3, 2.5)) as rows(i, f)) to '{path}' (format parquet)"""  # noqa: S608
    )
    check_of_all_types(path, ("time", "long", "list", "struct", "bin", "uuid", "map"), words=("s", "e"))
    assert values_of(path, Column("h"), Column("u")).tolist() == [[1, 2, 3]] * 2
    assert values_of(path, Column("tz", "date"), Column("ns", "date")).tolist() == [[0.5] * 3] * 2


def test_what_pandas_writes(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "i": pd.array([1, 2, 3], dtype="Int64"),
            "f": [0.5, np.nan, 2.5],
            "d": [Decimal("1.10"), Decimal("2.20"), Decimal("3.30")],
            "b": [True, False, True],
            "s": ["a", "b", "a"],
            "c": pd.Categorical(["a", "b", "a"]),
            "day": [dt.date(1970, 1, 3)] * 3,
            "t": pd.to_datetime(["1970-01-01 12:00"] * 3),
            "long": pd.to_timedelta([1, 2, 3], unit="D"),
            "list": [[1], [2], [3]],
            "period": pd.period_range("2020-01", periods=3, freq="M"),
        }
    )
    frame.to_parquet(tmp_path / "d.parquet")
    frame.to_feather(tmp_path / "d.feather")
    for name in ("d.parquet", "d.feather"):
        check_of_all_types(tmp_path / name, ("long", "list", "period"), words=("s", "c"))
