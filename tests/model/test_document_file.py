"""The model document reads back to the same bits, and nothing else is taken for one."""

import errno
import io
import json
import os
import pickle
import struct
import sys
import unicodedata
from dataclasses import asdict, replace

import pytest
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.errors import DataError, ModelFileError
from lrfit.model import document_file
from lrfit.model.document import (
    DataSummary,
    IntervalSummary,
    LeastSquaresSummary,
    ModelDocument,
    OptimumSummary,
    TrainingSummary,
)
from lrfit.model.document_file import load, to_bytes, to_document

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
AMOUNTS = st.floats(0.0, sys.float_info.max)
RATES = st.floats(5e-324, sys.float_info.max)
COUNTS = st.integers(0, 2**63 - 1)
NUMBERS_OF = st.integers(1, 2**63 - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def fits(draw):
    """Fits of all kinds that the document can hold."""
    names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=5))

    def of_each(values, names=names):
        return st.fixed_dictionaries(dict.fromkeys(names, values))

    def numbers(size):
        return st.lists(NUMBERS, min_size=size, max_size=size)

    def triangle_row(size):
        return st.tuples(RATES, numbers(size - 1)).map(lambda row: [row[0], *row[1]])

    with_intercept = draw(st.booleans())
    epochs = draw(COUNTS)
    best_epoch = draw(st.none() | st.integers(0, epochs))
    variables = ["W", "W_momentum", "global_step", *(["b", "b_average"] if with_intercept else [])]
    lengths = {name: len(names) if name[0] == "W" else 1 for name in variables}
    training = st.builds(
        TrainingSummary,
        loss=AMOUNTS,
        epochs=st.just(epochs),
        learning_rate=RATES,
        batch_size=st.none() | NUMBERS_OF,
        shuffle=st.booleans(),
        seed=COUNTS,
        standardize=st.booleans(),
        fit_intercept=st.just(with_intercept),
        stopped=st.sampled_from(["epochs", "tol", "patience", "time", "checkpoint"]),
        condense=st.booleans(),
        l2=AMOUNTS,
        momentum=st.floats(0.0, 1.0, exclude_max=True),
        nesterov=st.booleans(),
        schedule=st.sampled_from(["constant", "invscaling", "step"]),
        power_t=RATES,
        step_size=NUMBERS_OF,
        gamma=st.floats(5e-324, 1.0),
        average=st.booleans(),
        clip_norm=st.none() | RATES,
        validation_fraction=st.none() | st.floats(5e-324, 1.0, exclude_max=True),
        validation_loss=st.none() | AMOUNTS,
        relative_excess=st.none() | AMOUNTS,
        best_epoch=st.just(best_epoch),
        best=st.none() if best_epoch is None else numbers(len(names) + with_intercept),
        variables=st.none() | st.fixed_dictionaries({name: numbers(size) for name, size in lengths.items()}),
    )
    solution = {"weights": of_each(NUMBERS), "intercept": NUMBERS, "loss": AMOUNTS}
    errors = of_each(st.none() | AMOUNTS, [*names, "intercept"])
    data = st.builds(
        DataSummary,
        n_samples=NUMBERS_OF,
        r2=st.none() | st.floats(-sys.float_info.max, 1.0),
        rmse=AMOUNTS,
        best_constant_loss=AMOUNTS,
        max_stable_learning_rate=st.none() | AMOUNTS,
        least_squares=st.builds(
            LeastSquaresSummary,
            **solution,
            standard_errors=errors,
            t=st.none() | of_each(st.none() | NUMBERS, [*names, "intercept"]),
            p=st.none() | of_each(st.none() | st.floats(0.0, 1.0), [*names, "intercept"]),
            interval_95=st.none() | of_each(st.none() | numbers(2), [*names, "intercept"]),
        ),
        condition_number=st.none() | st.floats(1.0, sys.float_info.max),
        optimum=st.none() | st.builds(OptimumSummary, **solution),
        n_held_out=COUNTS,
        fingerprint=st.none() | NAMES,
        intervals=st.none()
        | st.builds(
            IntervalSummary,
            degrees_of_freedom=NUMBERS_OF,
            residual_standard_error=AMOUNTS,
            features=st.permutations(names),
            factor=st.tuples(*(triangle_row(n) for n in range(len(names) + with_intercept, 0, -1))).map(list),
        ),
    )
    return draw(
        st.builds(
            ModelDocument,
            target=NAMES,
            weights=of_each(NUMBERS),
            intercept=NUMBERS,
            training=st.none() | training,
            data=st.none() | data,
        )
    )


FITS = fits()

MINIMAL = '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2}, "intercept": 1}'

FULL = ModelDocument(
    "y",
    {"x": 0.1, "z": -3.0},
    0.5,
    TrainingSummary(0.25, 100, 0.01, None, True, 0, False, True, "epochs"),  # noqa: FBT003
    DataSummary(
        17,
        None,
        0.7,
        1.5,
        0.04,
        LeastSquaresSummary({"x": 0.1, "z": 1.0}, 0.0, 0.2, {"x": None, "z": 0.3, "intercept": None}),
    ),
)


def bits(value):
    """A value in which numbers compare by their bits, and dictionaries by their order too."""
    if isinstance(value, dict):
        return [(key, bits(item)) for key, item in value.items()]
    return struct.pack("d", value) if isinstance(value, float) else value


def changed(path, literal):
    """The document of `FULL` with the field at `path` replaced by what JSON reads from `literal`."""
    document = json.loads(to_bytes(FULL))
    parent = document
    *parents, last = path.split(".")
    for key in parents:
        parent = parent[key]
    parent[last] = "PUT HERE"
    return json.dumps(document).replace('"PUT HERE"', literal).encode()


def refusal(document):
    with pytest.raises(ModelFileError) as error:
        to_document(document, "model.json")
    message = str(error.value)
    assert message.startswith("model.json is ")
    assert message.isprintable()
    assert len(message) < 400
    return message


# Round trip.


@given(FITS)
@settings(max_examples=cases(50, 2000), deadline=None)
def test_a_fit_reads_back_to_the_same_bits(fit):
    again = to_document(to_bytes(fit), "model.json")
    assert again == fit
    assert bits(asdict(again)) == bits(asdict(fit))
    assert to_bytes(again) == to_bytes(fit)


@given(FITS)
@settings(max_examples=cases(50, 2000), deadline=None)
def test_a_document_is_json_for_any_reader_and_holds_nothing_that_steers_a_terminal(fit):
    document = to_bytes(fit)
    text = document.decode()
    for character in text.replace("\n", ""):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert text.endswith("}\n")
    content = json.loads(text, parse_constant=pytest.fail)
    assert list(content) == ["format", "version", *asdict(fit)]
    assert (content["format"], content["version"]) == ("lrfit-model", 1)
    assert bits(content["weights"]) == bits(fit.weights)


@pytest.mark.parametrize("name", ["größe", "温度", "x y", "[/red]", "=1+1", "a,b"])
def test_plain_names_in_any_script_can_be_read_by_eye(name):
    assert f'"{name}": 2.0' in to_bytes(ModelDocument("y", {name: 2.0}, 1.0)).decode()


def test_a_document_has_the_keys_of_the_contract():
    content = json.loads(to_bytes(FULL))
    assert content.items() >= {"format": "lrfit-model", "version": 1, "target": "y", "intercept": 0.5}.items()
    assert content["weights"] == {"x": 0.1, "z": -3.0}
    assert content["training"].keys() >= {"loss", "epochs", "learning_rate", "batch_size", "seed", "stopped"}
    assert content["data"].keys() >= {"n_samples", "r2", "rmse", "max_stable_learning_rate", "least_squares"}
    assert content["data"]["r2"] is None
    least_squares = content["data"]["least_squares"]
    assert least_squares.keys() >= {"weights", "intercept", "loss", "standard_errors"}


def test_a_number_that_is_not_finite_is_never_written():
    for value in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(DataError, match="beyond the range of float64"):
            to_bytes(ModelDocument("y", {"x": value}, 1.0))


# Models by hand, and of later versions.


@pytest.mark.parametrize(
    "document",
    [
        MINIMAL,
        "\ufeff" + MINIMAL,
        MINIMAL.replace(" ", "\r\n\t"),
        MINIMAL.replace("1}", '1.0, "training": null, "data": null}'),
        MINIMAL.replace('"y"', '"\\u0079"'),
        MINIMAL.replace('"x": 2', '"x": 0.2e1'),
    ],
)
def test_a_minimal_model_can_be_written_by_hand(document):
    fit = to_document(document.encode(), "model.json")
    assert fit == ModelDocument("y", {"x": 2.0}, 1.0)
    assert type(fit.intercept) is type(fit.weights["x"]) is float


@pytest.mark.parametrize(
    "value", ["0", "null", '"text"', "[1, {}]", '{"weights": {"x": "1"}}', "1e999", "true"]
)
def test_fields_that_are_not_known_are_passed_over(value):
    document = MINIMAL.replace('"target"', f'"a later field": {value}, "target"')
    assert to_document(document.encode(), "model.json") == ModelDocument("y", {"x": 2.0}, 1.0)
    for parent in ("training", "data", "data.least_squares"):
        assert to_document(changed(f"{parent}.a later field", value), "model.json") == FULL


# Refusals.

NUMBER_FIELDS = [
    *("intercept", "weights.z", "training.loss", "training.learning_rate", "data.rmse", "data.r2"),
    *("data.least_squares.loss", "data.least_squares.weights.x", "data.least_squares.standard_errors.x"),
]


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "Infinity"),
        ("1e999", "not a finite number"),
        ("-1e999", "not a finite number"),
        ("9" * 400, "not a finite number"),
        ("9" * 5000, ""),
        ("true", "'true', not a finite number"),
        ("false", "'false', not a finite number"),
        ('"1"', "not a finite number"),
        ('"nan"', "not a finite number"),
        ("[1]", "of type list, not a finite number"),
        ('{"x": 1}', "of type dict, not a finite number"),
    ],
)
def test_what_is_not_a_finite_number_is_refused_and_its_field_named(literal, message):
    for field in NUMBER_FIELDS:
        text = refusal(changed(field, literal))
        assert field in text
        assert message in text


@pytest.mark.parametrize(
    "field", ["intercept", "weights.z", "training.loss", "data.rmse", "data.least_squares.weights.x"]
)
def test_null_is_no_number_where_one_is_needed(field):
    assert f"field '{field}' is 'null', not a finite number" in refusal(changed(field, "null"))


@pytest.mark.parametrize(
    ("field", "literal", "wanted"),
    [
        ("training.epochs", "1.0", "an integer"),
        ("training.epochs", "true", "an integer"),
        ("training.epochs", '"1"', "an integer"),
        ("training.epochs", "null", "an integer"),
        ("training.seed", "1e3", "an integer"),
        ("training.batch_size", "2.5", "an integer"),
        ("training.batch_size", "false", "an integer"),
        ("data.n_samples", "17.0", "an integer"),
        ("training.shuffle", "1", "true or false"),
        ("training.standardize", '"false"', "true or false"),
        ("training.fit_intercept", "null", "true or false"),
        ("target", "1", "a string"),
        ("target", "null", "a string"),
        ("target", "[]", "a string"),
        ("training.stopped", "{}", "a string"),
        ("weights", "[1, 2]", "an object"),
        ("weights", "2.0", "an object"),
        ("weights", "null", "an object"),
        ("training", "[]", "an object"),
        ("data", "1", "an object"),
        ("data.least_squares", "null", "an object"),
        ("data.least_squares.standard_errors", '"x"', "an object"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused_and_named(field, literal, wanted):
    message = refusal(changed(field, literal))
    assert f"field '{field}' is " in message
    assert message.endswith(f", not {wanted}")


@pytest.mark.parametrize(
    "field",
    [
        *("target", "weights", "intercept"),
        *("training.loss", "training.epochs", "training.batch_size", "training.stopped"),
        *("data.n_samples", "data.r2", "data.least_squares", "data.least_squares.standard_errors"),
    ],
)
def test_a_missing_field_is_named(field):
    document = changed(field, '"gone"')
    key = field.rpartition(".")[2]
    content = json.loads(
        document, object_hook=lambda o: {k: v for k, v in o.items() if (k, v) != (key, "gone")}
    )
    assert f"field '{field}' is missing" in refusal(json.dumps(content).encode())


@pytest.mark.parametrize("field", ["training", "data"])
def test_where_a_fit_comes_from_may_be_missing(field):
    content = json.loads(to_bytes(FULL))
    del content[field]
    fit = to_document(json.dumps(content).encode(), "model.json")
    assert getattr(fit, field) is None
    assert fit.weights == FULL.weights


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (MINIMAL.replace('"x": 2', '"x": 2, "x": 2'), "'weights.x'"),
        (MINIMAL.replace('"x": 2', '"a": 1, "x": 2, "b": 1, "x": 3'), "'weights.x'"),
        (MINIMAL.replace('"x": 2', '"x": 2, "\\u0078": 3'), "'weights.x'"),
        (MINIMAL.replace('"intercept": 1', '"intercept": 1, "intercept": 2'), "'intercept'"),
        (MINIMAL.replace('"target"', '"weights": {"x": 3}, "target"'), "'weights'"),
        (MINIMAL.replace('"x": 2', '"\\u001b[31m": 2, "\\u001b[31m": 2'), r"'weights.\x1b[31m'"),
    ],
)
def test_a_field_that_comes_twice_is_refused_and_named(document, field):
    assert f"field {field} comes twice" in refusal(document.encode())


@pytest.mark.parametrize(
    "version", ["2", "0", "-1", "1.0", "true", '"1"', "null", "[1]", "1e999", "10000000000"]
)
def test_another_version_is_refused_with_advice(version):
    message = refusal(MINIMAL.replace('"version": 1', f'"version": {version}').encode())
    assert '"version" is ' in message
    assert "not 1; a newer lrfit may read it" in message


def test_no_version_is_refused():
    assert '"version" is ' in refusal(MINIMAL.replace('"version": 1,', "").encode())


@pytest.mark.parametrize(
    "document",
    ["[]", "1", "null", '"lrfit-model"', "{}", MINIMAL.replace("lrfit-model", "other"), f"[{MINIMAL}]"],
)
def test_json_that_is_no_model_is_refused(document):
    assert 'it has no "format": "lrfit-model"' in refusal(document.encode())


def test_a_model_without_weights_is_refused():
    message = "field 'weights' is '{}', and must be of one feature or more"
    assert message in refusal(MINIMAL.replace('"x": 2', "").encode())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\n",
        b"x,y\n1,2\n",
        b"\x00" * 100,
        MINIMAL.encode()[:-1],
        MINIMAL.encode() + b"{}",
        MINIMAL.encode("utf-16"),
        MINIMAL.replace("y", "caf\xe9").encode("latin-1"),
        MINIMAL.replace('"y"', '"\x1b[31m"').encode(),
        MINIMAL.replace('"y"', '"a\nb"').encode(),
        MINIMAL.replace('"y"', '"\\x"').encode(),
        MINIMAL.replace('"x": 2', '"x": 2,').encode(),
        MINIMAL.replace('"x": 2', '"x": .5').encode(),
        MINIMAL.replace('"x": 2', '"x": +1').encode(),
        MINIMAL.replace('"x": 2', '"x": 0x1').encode(),
        MINIMAL.replace('"x": 2', '"x": 1_0').encode(),
        MINIMAL.replace('"x": 2', '"x": \u0661').encode(),
        pickle.dumps(FULL),
        pickle.dumps(FULL, protocol=0),
        b"\x1f\x8b\x08\x00",
        b"\x1b[31m",
        "\u202e".encode(),
    ],
)
def test_what_is_not_json_is_refused(document):
    refusal(document)


def test_a_pickle_is_not_run(tmp_path):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run"),)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusal(pickle.dumps(Payload(), protocol))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused_in_a_field_or_alone(opening):
    closing = {"[": "]", '{"a":': "}"}[opening]
    deep = opening * 100_000 + "1" + closing * 100_000
    for document in (deep, opening * 100_000, MINIMAL.replace('"x": 2', f'"x": {deep}')):
        assert "nested too deeply" in refusal(document.encode())


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_moderate_nesting_is_refused_as_a_field(opening):
    deep = opening * 100 + "1" + {"[": "]", '{"a":': "}"}[opening] * 100
    assert "field 'weights.x' is of type " in refusal(MINIMAL.replace('"x": 2', f'"x": {deep}').encode())


def test_values_and_names_of_outside_origin_are_shown_escaped_and_shortened():
    hostile = json.dumps("\x1b]0;x\x07\u202e" + "9" * 1000)
    for document in (
        MINIMAL.replace('"x": 2', f'"x": {hostile}'),
        MINIMAL.replace('"x": 2', f"{hostile}: null"),
        MINIMAL.replace('"version": 1', f'"version": {hostile}'),
    ):
        refusal(document.encode())


# Files.


def test_a_model_is_loaded_from_a_file_and_from_standard_input(tmp_path, monkeypatch):
    (tmp_path / "model.json").write_bytes(to_bytes(FULL))
    assert load(str(tmp_path / "model.json")) == FULL
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(to_bytes(FULL))))
    assert load("-") == FULL


def test_messages_name_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x1b.json").write_bytes(b"{}")
    with pytest.raises(ModelFileError, match=r"^'a\\x1b\.json' is not an lrfit model"):
        load("a\x1b.json")
    with pytest.raises(DataError, match=r"^'missing\.json' cannot be opened: No such file"):
        load("missing.json")
    with pytest.raises(DataError, match=r"^'\.' cannot be opened: Is a directory"):
        load(".")


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(ModelFileError, match="is larger than 16 MiB: too large for an lrfit model"):
        load(str(path))
    monkeypatch.setattr(document_file, "MAX_BYTES", len(MINIMAL))
    path.write_text(MINIMAL)
    assert load(str(path)) == ModelDocument("y", {"x": 2.0}, 1.0)
    path.write_text(MINIMAL + " ")
    with pytest.raises(ModelFileError, match="is larger than"):
        load(str(path))


def test_no_more_is_read_than_the_largest_model_has(monkeypatch):
    """An endless standard input, such as `yes`, does not fill the memory."""

    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            buffer[:] = b" " * len(buffer)
            return len(buffer)

    monkeypatch.setattr(document_file, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    with pytest.raises(ModelFileError, match="standard input is larger than 1 MiB"):
        load("-")


def test_a_model_that_cannot_be_read_is_refused_with_the_reason(monkeypatch):
    """As where standard input is open for writing only."""

    class Broken(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            raise OSError(errno.EIO, os.strerror(errno.EIO), len(buffer))

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Broken())))
    with pytest.raises(ModelFileError, match="standard input cannot be read: Input/output error"):
        load("-")


# What resuming needs; and documents from before it.

RESUMABLE = replace(
    FULL,
    training=replace(
        FULL.training,
        best=[0.1, -2.5, 4.0],
        best_epoch=7,
        variables={"W": [0.1, 1e-308], "b": [-0.0], "global_step": [1e300]},
        l2=0.5,
        validation_loss=0.125,
    ),
)


def test_lists_read_back_to_the_same_bits():
    again = to_document(to_bytes(RESUMABLE), "model.json")
    assert again == RESUMABLE
    assert [struct.pack("d", v) for values in again.training.variables.values() for v in values] == [
        struct.pack("d", v) for values in RESUMABLE.training.variables.values() for v in values
    ]


def test_integers_in_a_list_are_numbers():
    document = to_bytes(RESUMABLE).replace(b"-2.5", b"3")
    best = to_document(document, "model.json").training.best
    assert best == [0.1, 3.0, 4.0]
    assert type(best[1]) is float


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ('{"W": [1, NaN]}', "field 'training.variables.W[1]' is 'NaN', not a finite number"),
        ('{"W": [1e999]}', "field 'training.variables.W[0]' is 'Infinity', not a finite number"),
        ('{"W": ["1"]}', "'training.variables.W[0]'"),
        ('{"W": [[1]]}', "field 'training.variables.W[0]' is of type list, not a finite number"),
        ('{"W": [null]}', "field 'training.variables.W[0]' is 'null', not a finite number"),
        ('{"W": [true]}', "field 'training.variables.W[0]' is 'true', not a finite number"),
        ('{"W": 1}', "field 'training.variables.W' is '1', not a list"),
        ('{"W": {"0": 1}}', "field 'training.variables.W' is of type dict, not a list"),
        ('{"W": [1], "W": [2]}', "field 'training.variables.W' comes twice"),
        ("[1]", "field 'training.variables' is of type list, not an object"),
        ('"W"', "not an object"),
    ],
)
def test_a_damaged_list_is_refused_and_the_place_named(literal, message):
    assert message in refusal(changed("training.variables", literal))


def test_a_document_from_before_the_new_fields_is_still_read(in_process, tmp_path, monkeypatch):
    """Version 1, as it was first written; and predict works with it."""
    line = LeastSquaresSummary({"x": 0.1}, 0.0, 0.2, {"x": None, "intercept": None})
    fit = replace(FULL, weights={"x": 0.1}, data=replace(FULL.data, least_squares=line))
    content = json.loads(to_bytes(fit))
    first = ["loss", "epochs", "learning_rate", "batch_size", "shuffle", "seed", "standardize"]
    content["training"] = {name: content["training"][name] for name in [*first, "fit_intercept", "stopped"]}
    first = ["n_samples", "r2", "rmse", "best_constant_loss", "max_stable_learning_rate", "least_squares"]
    content["data"] = {name: content["data"][name] for name in first}
    document = json.dumps(content)
    assert to_document(document.encode(), "model.json") == fit
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.json").write_text(document)
    code, out, err = in_process("predict", "model.json", "-", stdin="x\n1\n")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].split(",")[-1] == "0.6"
