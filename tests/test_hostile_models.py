"""Whatever is given as a model: the right fit, or one line that names the file and what is wrong in it."""

import gzip
import json
import math
import os
import pickle
import resource
import subprocess
import sys
import warnings
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import oracles
import pytest
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from naming import in_case
from plans import plan_of, summary_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import LrfitError, ModelFileError
from lrfit.model.document_file import to_bytes, to_document
from lrfit.model.intervals import intervals
from lrfit.model.prediction import predictor
from lrfit.training.loop import descend
from lrfit.training.resuming import Resumption
from lrfit.training.settings import TrainingSettings

LAB = oracles.SAMPLE_DATA / "lab.csv"
ROWS = oracles.random_rows(12, 2)
SAID = {"epochs": 3, "batch_size": 5, "momentum": 0.5, "average": True, "patience": 9, "l2": 0.1}
FINGERPRINT = "0123456789abcdef"


def trained():
    plan = plan_of(Moments.of_rows(ROWS), TrainingSettings(**SAID), RowStore.of(ROWS))
    *_, record = descend(plan, executor="numpy")
    fit = summary_of(plan, record, ["x", "z"], "y", fingerprint=FINGERPRINT)
    unpenalised = replace(plan, settings=replace(plan.settings, l2=0.0))
    kept = summary_of(unpenalised, record, ["x", "z"]).data.intervals
    return replace(fit, data=replace(fit.data, intervals=kept))


FIT = trained()
TEXT = to_bytes(FIT).decode()
CONTENT = json.loads(TEXT)
MINIMAL = '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2}, "intercept": 1}'


# Files of all kinds, in all places where a model is read.


def with_x(literal):
    return MINIMAL.replace("2}", literal + "}")


def named(literal):
    return MINIMAL.replace('"x"', literal)


HOSTILE = {
    "NaN": (with_x("NaN"), "field 'weights.x' is 'NaN', not a finite number"),
    "Infinity": (with_x("-Infinity"), "field 'weights.x' is '-Infinity', not a finite number"),
    "beyond float64": (with_x("1e999"), "field 'weights.x' is "),
    "5,000 digits": (with_x("9" * 5000), "field 'weights.x' is "),
    "a boolean": (with_x("true"), "field 'weights.x' is 'true', not a finite number"),
    "a string": (with_x('"2"'), "field 'weights.x' is '\"2\"', not a finite number"),
    "a million levels": (with_x("[" * 1_000_000 + "]" * 1_000_000), "nested too deeply"),
    "a million levels of objects": (with_x('{"a":' * 1_000_000), "nested too deeply"),
    "many levels": (with_x("[" * 300 + "]" * 300), "field 'weights.x' is of type list"),
    "twice": (with_x('2, "x": 3'), "field 'weights.x' comes twice"),
    "twice, nested": (
        MINIMAL.replace('"target"', '"later": [1, {"a": {"b": 1, "b": 1}}], "target"'),
        "'later[1].a.b' comes twice",
    ),
    "twice in a field that comes twice": (
        with_x('{"a": 1, "a": 2}, "x": 3'),
        "field 'weights.x' comes twice",
    ),
    "a later version": (
        MINIMAL.replace('"version": 1', '"version": 2'),
        "\"version\" is '2', not 1; a newer lrfit",
    ),
    "a pickle": (pickle.dumps(FIT), "if it is a pickle, it is never read"),
    "an old pickle": (pickle.dumps(FIT, 0), "line 1, column 1: not JSON"),
    "compressed": (
        gzip.compress(TEXT.encode(), mtime=0),
        "is compressed: unpack it with gzip -d first",
    ),
    "a CSV": ("x,y\n1,2\n", r"line 1, column 1: not JSON (expecting value) at 'x,y\n1,2\n'"),
    "empty": ("", "is empty"),
    "UTF-16": (TEXT.encode("utf-16"), "is in UTF-16: save it in UTF-8"),
    "UTF-16, the other": (b"\xfe\xff" + TEXT.encode("utf-16-be"), "is in UTF-16: save it in UTF-8"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "line 1, column 2: not JSON"),
    "latin-1": (named('"\xe9"').encode("latin-1"), "its byte 69, 0xe9, is not UTF-8"),
    "cut off": (TEXT[:300], ": was it cut off?"),
    "blanks at the end": (MINIMAL[:-1] + "\n" * 100, ": was it cut off?"),
    "blanks before what is not JSON": (
        MINIMAL[:-1] + " " * 100 + "x}",
        "not JSON (expecting ',' delimiter) at '",
    ),
    "a string without an end": (MINIMAL[:-9], "not JSON (unterminated string) at '\"inter'"),
    "a comma too many": ("\n\n" + with_x("2,"), "line 3, column 7"),
    "no comma": (TEXT.replace(",", "", 1), "line 3, column 2: not JSON (expecting ',' delimiter) at "),
    "more behind it": (TEXT + "{}", "not JSON (extra data) at '{}'"),
    "raw control characters": (named('"\x1b[31m"'), r"not JSON (invalid control character) at '\x1b[31m"),
    "no features": (
        MINIMAL.replace('"x": 2', ""),
        "field 'weights' is '{}', and must be of one feature or more",
    ),
}

WITHOUT_A_COLUMN = {
    "a lone surrogate": (named(r'"\ud800"'), r"has no column '\ud800'"),
    "control characters": (named(r'"\u001b[31m\u0007\u009b"'), r"has no column '\x1b[31m\x07\x9b'"),
    "bidi": (named('"\u202eab"'), r"has no column '\u202eab'"),
    "markup": (named('"[/red]"'), "has no column '[/red]'"),
    "no name": (named('""'), "has no column ''"),
    "the same but for blanks": (with_x('2, " x": 3'), "has no column ' x'"),
    "a separator": (named('"x,y"'), "has no column 'x,y'"),
    "a long name": (named(f'"{"9" * 100_000}"'), f"has no column '{'9' * 80}…'"),
}


@pytest.fixture
def refused(in_process, tmp_path, monkeypatch):
    """Give a document to a command as a file, or on standard input; what it says, which is one line."""
    monkeypatch.chdir(tmp_path)

    def run(document, *arguments):
        document = document if isinstance(document, bytes) else document.encode()
        (tmp_path / "m.json").write_bytes(document)
        code, out, err = in_process(*arguments, stdin=document)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("lrfit: error: ")
        assert err[:-1].isprintable()
        assert len(err) < 400
        return err

    return run


PLACES = {
    "predict": lambda model: ("predict", model, str(LAB)),
    "evaluate": lambda model: ("evaluate", model, str(LAB)),
    "train": lambda model: ("train", str(LAB), "-q", "--resume", model, "-o", "new.json", "--epochs", "1"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_model_is_refused_wherever_it_is_read(refused, case, tmp_path):
    document, message = HOSTILE[case]
    for place, (name, shown) in product(PLACES, (("m.json", "'m.json'"), ("-", "standard input"))):
        with in_case(place, name):
            said = refused(document, *PLACES[place](name))
            assert said.startswith(f"lrfit: error: {shown} is ")
            assert message in said
            assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize("place", ["predict", "evaluate"])
@pytest.mark.parametrize("case", WITHOUT_A_COLUMN)
def test_names_that_no_column_has_are_shown_escaped(refused, case, place):
    document, message = WITHOUT_A_COLUMN[case]
    for name in ("m.json", "-"):
        assert message in refused(document, *PLACES[place](name))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_levels_up_to_the_limit_of_the_interpreter_and_beyond_it_are_no_harm(opening):
    for depth in (*range(100, 1000, 100), *range(900, 1000, cases(7, 1)), 5000, 50_000):
        deep = opening * depth + "1" + {"[": "]", '{"a":': "}"}[opening] * depth
        twice = MINIMAL.replace('"target"', f'"later": {deep}, "later": 1, "target"')
        for document in (with_x(deep), MINIMAL.replace('"target"', f'"later": {deep}, "target"'), twice):
            with in_case(depth, "levels"):
                try:
                    fit = to_document(document.encode(), "m.json")
                except ModelFileError as error:
                    assert str(error).startswith("m.json is not an lrfit model")  # noqa: PT017
                else:
                    assert (fit.weights, document is twice) == ({"x": 2.0}, False)


def test_fields_that_come_twice_are_found_in_no_time():
    """Not each compared with each."""
    many = ", ".join(f'"n{i % 100_000}": 1' for i in range(200_000))
    with pytest.raises(ModelFileError, match=r"field 'weights\.n0' comes twice"):
        to_document(MINIMAL.replace('"x": 2', many).encode(), "m.json")


@pytest.mark.parametrize("how", ["m.json", "-"])
def test_a_document_of_100_mb_is_refused_in_bounded_memory(tmp_path, how):
    with (tmp_path / "m.json").open("wb") as file:
        file.write(MINIMAL[:-1].encode() + b', "later": [')
        file.write(b"1," * (50 << 20))
    limit = 600 << 20
    process = subprocess.Popen(
        [sys.executable, "-m", "lrfit", "predict", how, str(LAB)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),  # noqa: PLW1509
    )
    _, err = process.communicate((tmp_path / "m.json").read_bytes() if how == "-" else b"", timeout=60)
    name = "standard input" if how == "-" else "'m.json'"
    assert (
        process.returncode,
        err.decode(),
    ) == (1, f"lrfit: error: {name} is larger than 16 MiB: too large for an lrfit model\n")


# Fields that are damaged: what each may be.


def parent_of(content, path):
    *parents, last = path
    for step in parents:
        content = content[step]
    return content, last


def damaged(path, literal):
    """The document with the field at this path as it is written here."""
    content = json.loads(TEXT)
    parent, last = parent_of(content, path)
    parent[last] = "PUT HERE"
    return json.dumps(content).replace('"PUT HERE"', literal).encode()


AMOUNT, POSITIVE = "a finite number of at least 0", "a positive number"
COUNT, NUMBER = "an integer of at least 0 (and below 2^63)", "an integer of at least 1 (and below 2^63)"
TINY = "-5e-324"


@pytest.mark.parametrize(
    ("field", "literals", "wanted"),
    [
        ("training.loss", [TINY], AMOUNT),
        ("training.epochs", ["-1", str(2**63)], COUNT),
        ("training.learning_rate", ["0", "-0.0", TINY], POSITIVE),
        ("training.batch_size", ["0", "-1", str(2**63)], NUMBER),
        ("training.seed", ["-1", str(2**63)], COUNT),
        (
            "training.stopped",
            ['""', '"diverged"', '"Epochs"'],
            "one of epochs, tol, optimum, patience, time, checkpoint",
        ),
        ("training.l2", [TINY], AMOUNT),
        ("training.momentum", ["1", "1.5", TINY], "a number of at least 0 and below 1"),
        ("training.schedule", ['"cosine"', '""'], "one of constant, invscaling, step"),
        ("training.power_t", ["0"], POSITIVE),
        ("training.step_size", ["0", str(2**63)], NUMBER),
        ("training.gamma", ["0", "1.0000000000000002"], "a number above 0 and at most 1"),
        ("training.clip_norm", ["0"], POSITIVE),
        ("training.validation_fraction", ["0", "1"], "a number between 0 and 1"),
        ("training.validation_loss", [TINY], AMOUNT),
        ("training.relative_excess", [TINY], AMOUNT),
        ("training.best_epoch", ["-1", str(2**63)], COUNT),
        ("data.n_samples", ["0", "-1"], NUMBER),
        ("data.r2", ["1.0000000000000002"], "at most 1"),
        ("data.rmse", [TINY], AMOUNT),
        ("data.best_constant_loss", [TINY], AMOUNT),
        ("data.max_stable_learning_rate", [TINY], AMOUNT),
        ("data.condition_number", ["0.9999999999999999"], "at least 1"),
        ("data.n_held_out", ["-1", str(2**63)], COUNT),
        ("data.least_squares.loss", [TINY], AMOUNT),
        ("data.least_squares.standard_errors.x", [TINY], AMOUNT),
        ("data.least_squares.p.x", [TINY, "1.0000000000000002"], "a number from 0 to 1"),
        ("data.intervals.degrees_of_freedom", ["0", "-1"], NUMBER),
        ("data.intervals.residual_standard_error", [TINY], AMOUNT),
        ("data.optimum.loss", [TINY], AMOUNT),
    ],
)
def test_a_value_that_no_run_has_is_refused_and_its_field_named(field, literals, wanted):
    for literal in literals:
        with pytest.raises(ModelFileError) as info:
            to_document(damaged(field.split("."), literal), "m.json")
        assert f": field '{field}' is '" in str(info.value)
        assert str(info.value).endswith(f", and must be {wanted}")


@pytest.mark.parametrize(
    ("field", "literal", "message"),
    [
        ("training.best", "[1, 2]", "'training.best' has 2 numbers, and must have 3"),
        ("training.best", "[]", "'training.best' has 0 numbers, and must have 3"),
        ("training.best", "null", "'training.best_epoch' and 'training.best' go together"),
        ("training.best_epoch", "null", "'training.best_epoch' and 'training.best' go together"),
        ("training.best_epoch", "4", "'training.best_epoch' is 4, beyond 'training.epochs', 3"),
        ("training.fit_intercept", "false", "'training.variables' has 'b', the intercept"),
        ("training.variables", '{"W": [1, 2]}', "'training.variables' lacks 'b', the intercept"),
        ("training.variables.W", "[1]", "'training.variables.W' has 1 numbers, and must have 2"),
        ("training.variables.W_momentum", "[]", "'training.variables.W_momentum' has 0 numbers, and must"),
        ("training.variables.b", "[1, 2]", "'training.variables.b' has 2 numbers, and must have 1"),
        ("training.variables.global_step", "[]", "'training.variables.global_step' has 0 numbers, and must"),
        ("data.least_squares.weights", '{"x": 1}', "'data.least_squares.weights' lacks 'z', and must have"),
        (
            "data.least_squares.weights",
            r'{"x": 1, "z": 1, "\u001b": 1}',
            r"'data.least_squares.weights' has '\x1b', and must have the names of 'weights'",
        ),
        (
            "data.least_squares.standard_errors",
            '{"x": 1, "z": 1}',
            "'data.least_squares.standard_errors' lacks 'intercept', and must have",
        ),
        ("data.least_squares.t", '{"x": 1, "intercept": 1}', "'data.least_squares.t' lacks 'z', and must"),
        ("data.least_squares.p", '{"x": 1}', "'data.least_squares.p' lacks 'intercept', and must have"),
        ("data.least_squares.interval_95", "{}", "'data.least_squares.interval_95' lacks 'intercept', and"),
        (
            "data.least_squares.interval_95.z",
            "[1]",
            "'data.least_squares.interval_95.z' has 1 numbers, and must have 2",
        ),
        ("data.intervals.features", '["x"]', "'data.intervals.features' lacks 'z', and must have"),
        (
            "data.intervals.features",
            '["x", "z", "x"]',
            "'data.intervals.features' has 3 names, and must have 2",
        ),
        ("data.intervals.factor", "[[1, 0], [1]]", "'data.intervals.factor' has 2 rows, and must have 3"),
        ("data.intervals.factor", "[[1, 0, 0], [1], [1]]", "'data.intervals.factor[1]' has 1 numbers, and"),
        (
            "data.intervals.factor",
            "[[1, 0, 0], [0, 1], [1]]",
            "'data.intervals.factor[1]' begins with 0, and must begin with a positive number",
        ),
        ("data.optimum.weights", '{"x": 1, "y": 1}', "'data.optimum.weights' has 'y', and must have"),
        ("weights", '{"x": 1}', "has 'z', and must have the names of 'weights'"),
    ],
)
def test_names_and_lengths_that_do_not_go_together_are_refused(field, literal, message):
    with pytest.raises(ModelFileError) as info:
        to_document(damaged(field.split("."), literal), "m.json")
    assert message in str(info.value)
    assert str(info.value).isprintable()


def test_the_order_of_names_does_not_matter():
    """As `jq -S` changes it."""
    fit = to_document(json.dumps(CONTENT, sort_keys=True).encode(), "m.json")
    assert fit == FIT


# Mutations.


def paths(content, path=()):
    """Where a document has values."""
    yield path
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for step, item in items:
        yield from paths(item, (*path, step))


PATHS = list(paths(CONTENT))
EDGES = [0, 1, -1, 0.5, 1.5, 5e-324, 1e308, -1e308, 2**53 + 1, 2**63, 10**308, 10**309, math.inf, math.nan]
WORDS = ["x", "z", "W", "b", "epochs", "step"]
JSON = st.recursive(
    st.sampled_from([*EDGES, *WORDS]) | st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=3)
    ),
    max_leaves=4,
)


def outcome(document):
    """The fit of a document that is valid, which can be put to use; None if it is refused in one line."""
    try:
        fit = to_document(document, "'m.json'")
    except ModelFileError as error:
        message = str(error)
        assert message.startswith("'m.json' is ")
        assert message.isprintable()
        assert len(message) < 400
        return None
    assert to_document(to_bytes(fit), "") == fit
    with warnings.catch_warnings(action="error"):
        for use in (used, resumed):
            message = refusal_of(use, fit)
            assert message.isprintable()
            assert len(message) < 1000
    return fit


def refusal_of(use, fit):
    try:
        use(fit)
    except LrfitError as error:
        return str(error)
    return ""


def used(fit):
    x = np.ones((2, len(fit.weights)))
    y_hat = predictor(fit)(x)
    assert np.all(np.isfinite(y_hat))
    assert np.all(np.isfinite(intervals(fit, "prediction", 0.95)(x, y_hat)))


def resumed(fit):
    resumption = Resumption(fit, "'m.json'")
    said = {"epochs": 1, "patience": 9}
    plan = plan_of(
        Moments.of_rows(ROWS), resumption.settings(said), RowStore.of(ROWS), fingerprint=FINGERPRINT
    )
    records = list(descend(resumption.continued(plan), executor="numpy"))
    assert records[0].epoch == fit.training.epochs


@given(st.sampled_from(PATHS[1:]), JSON)
@settings(max_examples=cases(80, 20_000), deadline=None)
def test_whatever_stands_in_a_field_it_is_refused_or_what_the_fit_has(path, value):
    content = json.loads(TEXT)
    parent, last = parent_of(content, path)
    parent[last] = value
    fit = outcome(json.dumps(content).encode())
    if fit is not None and path[0] not in {"format", "version"}:
        parent, last = parent_of(asdict(fit), path)
        as_floats = json.loads(json.dumps(value), parse_int=float)  # as most are, of 53 bits
        assert parent[last] in (value, as_floats)
        assert isinstance(parent[last], bool) == isinstance(value, bool)


@given(st.sampled_from(PATHS[1:]))
@settings(max_examples=cases(30, 500), deadline=None)
def test_a_field_that_is_gone_is_refused_or_has_its_default(path):
    """That a variable is gone is seen where a run goes on, which knows what it needs."""
    content = json.loads(TEXT)
    parent, last = parent_of(content, path)
    del parent[last]
    fit = outcome(json.dumps(content).encode())
    if fit is not None:
        assert path[0] in {"training", "data", "columns", "group"}
        added_later = path[2:] in [("t",), ("p",), ("interval_95",)]
        assert len(path) < 3 or path[:2] == ("training", "variables") or added_later


@given(st.sampled_from([path for path in PATHS if path and isinstance(path[-1], str)]), JSON, st.booleans())
@settings(max_examples=cases(30, 2000), deadline=None)
def test_a_field_that_comes_twice_is_always_refused(path, value, comes_last):
    content = json.loads(TEXT)
    parent, last = parent_of(content, path)
    pairs = [(last, value), (last, parent[last])][:: -1 if comes_last else 1]
    parent[last] = "PUT HERE"
    twice = ", ".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in pairs)
    document = json.dumps(content).replace(f'{json.dumps(last)}: "PUT HERE"', twice)
    with pytest.raises(ModelFileError, match="comes twice") as info:
        to_document(document.encode(), "m.json")
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    assert f"field '{''.join(steps)[1:]}' comes twice" in str(info.value)


@st.composite
def torn(draw):
    """The bytes of a document in which some are missing, others, or more."""
    document = bytearray(TEXT.encode())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(document)))
        end = min(len(document), start + draw(st.sampled_from([0, 1, 1, 2, 10, 1000])))
        at = draw(st.integers(0, len(document)))
        put = draw(
            st.binary(max_size=3)
            | st.sampled_from([b"9", b"-", b".", b'"', b",", b"e9", b"{", b"]", b"\\ud800", b"\x00", b"\xff"])
            | st.just(bytes(document[at : at + 30]))
        )
        document[start:end] = put
    return bytes(document)


@given(torn())
@settings(max_examples=cases(80, 20_000), deadline=None)
def test_whatever_bytes_are_changed_it_is_refused_or_a_valid_fit(document):
    outcome(document)
