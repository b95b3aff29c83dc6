"""A run in parts is the run as a whole, bit for bit; and what cannot be gone on with is refused."""

import json
from dataclasses import asdict, replace

import numpy as np
import oracles
import pytest
from depth import cases
from hypothesis import assume, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from plans import plan_of, summary_of

from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError, ModelFileError, UsageError
from lrfit.graph import executors
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import to_bytes, to_document
from lrfit.training.loop import descend
from lrfit.training.resuming import Resumption
from lrfit.training.settings import TrainingSettings

ROWS = {1: oracles.lab_rows(), 3: oracles.random_rows(17, 3)}
HELD_OUT = {k: Moments.of_rows(oracles.random_rows(8, k, seed=9)) for k in ROWS}
FINGERPRINT = "that of the data"


def bits(record):
    """All that a record tells, such that only the same bits are equal; not how it came to be."""
    numbers = [record.loss, record.excess, record.gradient_norm, record.intercept, record.validation_loss]
    arrays = [record.weights, record.theta, *record.variables.values()]
    return (
        record.epoch,
        [None if number is None else float(number).hex() for number in numbers],
        list(record.variables),
        [array.tobytes() for array in map(np.asarray, arrays)],
    )


def run(rows, said, model=None, *, held_out=None, executor="numpy", fingerprint=FINGERPRINT, allow=False):
    """All records, and the document that comes out; of a first run, or of one that goes on from a model."""
    moments, store = Moments.of_rows(rows), RowStore.of(rows)
    if model is None:
        plan = plan_of(moments, TrainingSettings(**said), store, held_out=held_out, fingerprint=fingerprint)
    else:
        resumption = Resumption(to_document(model, "m.json"), "m.json", allow_changes=allow)
        plan = plan_of(moments, resumption.settings(said), store, held_out=held_out, fingerprint=fingerprint)
        plan = resumption.continued(plan)
    records = list(descend(plan, executor=executor))
    features = [f"x{i}" for i in range(rows.shape[1] - 1)]
    return records, to_bytes(summary_of(plan, records[-1], features, "y", fingerprint=fingerprint))


def assert_whole(rows, said, epochs, **how):
    """Runs of so many epochs, one after the other, are the run of all of them together."""
    whole, document = run(rows, said | {"epochs": sum(epochs)}, **how)
    parts, model = run(rows, said | {"epochs": epochs[0]}, **how)
    stops = {name: said[name] for name in ("tol", "patience") if name in said}
    for n_epochs in epochs[1:]:
        if parts[-1].stopped != "epochs":
            break
        more, model = run(rows, stops | {"epochs": n_epochs}, model, **how)
        assert bits(more[0]) == bits(parts[-1])
        parts += more[1:]
    assert list(map(bits, parts)) == list(map(bits, whole))
    assert [record.change for record in parts] == [record.change for record in whole]
    assert [record.best and bits(record.best)[:2] for record in parts] == [
        record.best and bits(record.best)[:2] for record in whole
    ]
    assert model == document
    return whole


@st.composite
def runs(draw):
    """Rows, settings, the epochs of each part, held-out rows."""
    batch_size = draw(st.sampled_from([None, None, 4, 17, 1]))
    said = {
        "batch_size": batch_size,
        "shuffle": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**32)),
        "standardize": draw(st.booleans()),
        "fit_intercept": draw(st.booleans()),
        "condense": draw(st.booleans()),
        "learning_rate": draw(st.sampled_from([0.001, 0.01, "auto"])),
        "momentum": draw(st.sampled_from([0.0, 0.5, 0.9])),
        "l2": draw(st.sampled_from([0.0, 0.1])),
        "schedule": draw(st.sampled_from(["constant", "invscaling", "step"])),
        "clip_norm": draw(st.sampled_from([None, 0.5])),
        "average": batch_size is not None and draw(st.booleans()),
        "init": draw(st.sampled_from(["zeros", "normal"])),
    }
    if said["schedule"] == "invscaling":
        said["power_t"] = draw(st.sampled_from([0.25, 1.3]))
    if said["schedule"] == "step":
        said |= {"step_size": draw(st.integers(1, 4)), "gamma": draw(st.sampled_from([0.1, 0.7]))}
    if batch_size is None and said["learning_rate"] == "auto" and draw(st.booleans()):
        said["momentum"] = "auto"
    said["nesterov"] = said["momentum"] != 0.0 and draw(st.booleans())
    said |= draw(st.sampled_from([{}, {"patience": 1}, {"patience": 3}]))
    said |= draw(st.sampled_from([{}, {"tol": 1e-2}, {"tol": 1e-5}]))
    epochs = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    n_features = draw(st.sampled_from([1, 3]))
    return ROWS[n_features], said, epochs, draw(st.sampled_from([None, HELD_OUT[n_features]]))


@given(runs())
@hypothesis(max_examples=cases(40, 1500), deadline=None)
def test_parts_are_the_whole_bit_for_bit(case):
    rows, said, epochs, held_out = case
    try:
        assert_whole(rows, said, epochs, held_out=held_out)
    except DivergenceError:
        assume(False)  # noqa: FBT003


KINDS = [
    {},
    {"condense": False, "momentum": 0.5},
    {"batch_size": 4, "momentum": 0.5, "schedule": "invscaling", "average": True},
    {"batch_size": 1, "clip_norm": 0.5, "schedule": "step", "step_size": 2, "standardize": True},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_parts_are_the_whole_in_machine_code(kind):
    whole = assert_whole(ROWS[1], {"learning_rate": 0.005} | kind, [3, 4, 2], executor="numba")
    assert len(whole) == 10


@pytest.mark.parametrize("epochs", [[2, 9], [4, 4], [5, 3], [8, 2, 3]], ids=str)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_parts_are_the_whole_where_the_executor_changes(kind, epochs, monkeypatch):
    """From NumPy to Numba, after some four epochs."""
    said = {"learning_rate": 0.005} | kind
    plan = plan_of(Moments.of_rows(ROWS[1]), TrainingSettings(**said), RowStore.of(ROWS[1]))
    work = plan.steps_per_epoch * executors._STEP_S + len(plan.batches) * 2 * executors._VALUE_S
    monkeypatch.setattr(executors, "_READY_S", 4.5 * work)
    assert executors.numpy_epochs("auto", plan.steps_per_epoch, len(plan.batches) * 2) == 4
    assert_whole(ROWS[1], said, epochs, executor="auto")


def test_momentum_that_was_chosen_to_be_none_is_chosen_again():
    """One standardised feature has one curvature: Nesterov's method needs no momentum."""
    said = {"learning_rate": "auto", "momentum": "auto", "nesterov": True, "standardize": True}
    assert_whole(ROWS[1], said, [2, 3])
    _, model = run(ROWS[1], said | {"epochs": 2})
    assert json.loads(model)["training"]["momentum"] == 0.0
    run(ROWS[1], {"learning_rate": "auto", "momentum": "auto", "nesterov": True}, model)


# Refusals.

FULL_SAID = {
    "batch_size": 4,
    "momentum": 0.5,
    "schedule": "step",
    "step_size": 2,
    "average": True,
    "patience": 9,
    "epochs": 3,
}
_, FULL = run(ROWS[1], FULL_SAID)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("learning_rate", 0.02, "learning_rate is 0.02, and was 0.01"),
        ("batch_size", 5, "batch_size is 5, and was 4"),
        ("batch_size", None, "batch_size is full, and was 4"),
        ("shuffle", False, "shuffle is off, and was on"),
        ("seed", 1, "seed is 1, and was 0"),
        ("fit_intercept", False, "fit_intercept is off, and was on"),
        ("standardize", True, "standardize is on, and was off"),
        ("condense", False, "condense is off, and was on"),
        ("l2", 0.1, "l2 is 0.1, and was 0.0"),
        ("momentum", 0.6, "momentum is 0.6, and was 0.5"),
        ("nesterov", True, "nesterov is on, and was off"),
        ("schedule", "constant", "schedule is constant, and was step"),
        ("power_t", 0.5, "power_t is 0.5, and was 0.25"),
        ("step_size", 3, "step_size is 3, and was 2"),
        ("gamma", 0.2, "gamma is 0.2, and was 0.1"),
        ("average", False, "average is off, and was on"),
        ("clip_norm", 1.0, "clip_norm is 1.0, and was none"),
        ("validation_fraction", 0.5, "validation_fraction is 0.5, and was none"),
    ],
)
def test_a_setting_that_differs_is_refused_and_named(name, value, words):
    with pytest.raises(UsageError) as info:
        run(ROWS[1], {name: value, "epochs": 1}, FULL)
    assert words in str(info.value)
    assert "allow_changes=True starts anew" in str(info.value)


def test_all_settings_that_differ_are_named_together():
    with pytest.raises(UsageError, match=r"seed is 1, and was 0; gamma is 0\.2, and was 0\.1\."):
        run(ROWS[1], {"seed": 1, "gamma": 0.2}, FULL)


def test_settings_that_are_said_again_and_agree_are_no_change():
    again, _ = run(ROWS[1], FULL_SAID, FULL)
    alone, _ = run(ROWS[1], {"epochs": 3, "patience": 9}, FULL)
    assert list(map(bits, again)) == list(map(bits, alone))


@pytest.mark.parametrize("init", ["zeros", "normal", (1.0, 2.0)])
def test_another_start_is_refused(init):
    with pytest.raises(UsageError, match="init and resume exclude each other"):
        run(ROWS[1], {"init": init}, FULL)


def test_a_rate_that_is_now_chosen_otherwise_is_refused_and_the_same_one_is_not():
    _, model = run(ROWS[1], {"learning_rate": "auto", "epochs": 2})
    run(ROWS[1], {"learning_rate": "auto"}, model)
    run(ROWS[1], {}, model)
    _, other = run(ROWS[1], {"epochs": 2})
    with pytest.raises(UsageError, match=r"learning_rate='auto' is 0\.044\d+, and was 0\.01"):
        run(ROWS[1], {"learning_rate": "auto"}, other)


def test_momentum_that_is_now_chosen_otherwise_is_refused():
    _, model = run(ROWS[1], {"learning_rate": "auto", "momentum": 0.5, "epochs": 2})
    with pytest.raises(UsageError, match=r"momentum='auto' is 0\.81\d+, and was 0\.5"):
        run(ROWS[1], {"learning_rate": "auto", "momentum": "auto"}, model)


def test_data_that_have_changed_are_refused():
    with pytest.raises(UsageError, match=r"'?m\.json'? cannot be resumed as it is: the data have changed\."):
        run(ROWS[1], {}, FULL, fingerprint="another")


@pytest.mark.parametrize("before", [None, HELD_OUT[1]])
@pytest.mark.parametrize("after", [None, HELD_OUT[1], Moments.of_rows(oracles.random_rows(8, 1, seed=10))])
def test_held_out_rows_that_have_changed_are_refused(before, after):
    """The best epoch so far was the best on those of before."""
    _, model = run(ROWS[1], {"epochs": 2, "patience": 3}, held_out=before)
    if before is after:
        run(ROWS[1], {"patience": 3}, model, held_out=after)
        return
    with pytest.raises(UsageError, match=r"held out have changed \(or validation was left out\)\."):
        run(ROWS[1], {"patience": 3}, model, held_out=after)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"learning_rate": 0.001},
        {"average": False},
        {"fit_intercept": False},
        {"standardize": True},
    ],
    ids=str,
)
def test_allowed_changes_start_anew_from_the_parameters(change):
    fit = to_document(FULL, "m.json")
    records, _ = run(ROWS[1], change | {"epochs": 2}, FULL, allow=True)
    assert records[0].epoch == 3
    assert records[0].weights[0] == pytest.approx(fit.weights["x0"], rel=1e-12)
    if change != {"fit_intercept": False}:
        assert records[0].intercept == pytest.approx(fit.intercept, rel=1e-12)
    assert not np.any(records[0].variables["W_momentum"])
    init = (*fit.weights.values(), fit.intercept)[: 1 + change.get("fit_intercept", True)]
    plain = {name: value for name, value in FULL_SAID.items() if name != "patience"}
    anew, _ = run(ROWS[1], plain | change | {"init": init, "epochs": 2, "shuffle": False})
    again, _ = run(ROWS[1], change | {"epochs": 2, "shuffle": False}, FULL, allow=True)
    for a, b in zip(anew, again, strict=True):
        np.testing.assert_allclose(a.theta, b.theta, rtol=1e-12)


def test_allowing_changes_where_there_are_none_changes_nothing():
    strict, a = run(ROWS[1], {"epochs": 2, "patience": 9}, FULL)
    lenient, b = run(ROWS[1], {"epochs": 2, "patience": 9}, FULL, allow=True)
    assert list(map(bits, strict)) == list(map(bits, lenient))
    assert a == b


def test_a_model_that_was_written_by_hand_cannot_be_resumed():
    with pytest.raises(ModelFileError, match=r"does not tell how it was trained.*init starts from"):
        Resumption(ModelDocument("y", {"x": 1.0}, 0.0), "'m.json'")


def damaged(**changes):
    """The full document with fields of "training", or in it of "variables", replaced."""
    document = json.loads(FULL)
    for name, value in changes.items():
        parent = document["training"]
        (parent["variables"] if name in parent["variables"] else parent)[name] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"variables": None}, "training.variables"),
        ({"variables": {}}, "training.variables"),
        ({"variables": []}, "training.variables"),
        ({"variables": {"W": [1.0]}}, "training.variables"),
        ({"W": []}, "training.variables"),
        ({"W": [1.0, 2.0]}, "training.variables"),
        ({"W": ["1"]}, "training.variables.W[0]"),
        ({"W": [None]}, "training.variables.W[0]"),
        ({"W": [[1.0]]}, "training.variables.W[0]"),
        ({"W": 1.0}, "training.variables.W"),
        ({"W": [float("nan")]}, "training.variables.W[0]"),
        ({"W": [float("inf")]}, "training.variables.W[0]"),
        ({"global_step": [10**400]}, "training.variables.global_step[0]"),
        ({"best": [1.0]}, "training.best"),
        ({"best": []}, "training.best"),
        ({"best": [1.0, 2.0, 3.0]}, "training.best"),
        ({"best": "1"}, "training.best"),
        ({"epochs": -1}, "training.epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"momentum": 5.0}, "momentum"),
        ({"schedule": "cosine"}, "schedule"),
        ({"learning_rate": -0.1}, "learning_rate"),
        ({"gamma": 7.0}, "gamma"),
        ({"average": False}, "training.variables"),
        ({"fit_intercept": False}, "training.variables"),
    ],
    ids=str,
)
def test_a_damaged_model_is_refused_and_the_field_named(changes, field):
    with pytest.raises(ModelFileError) as info:
        run(ROWS[1], {"patience": 9, "epochs": 1}, damaged(**changes))
    assert str(info.value).startswith("m.json")
    assert field in str(info.value)


@pytest.mark.parametrize("name", ["W", "b", "W_momentum", "W_average"])
def test_variables_beyond_range_diverge_and_are_not_warned_of(name):
    with pytest.raises(DivergenceError):
        run(ROWS[1], {"epochs": 1}, damaged(**{name: [1e308]}))


def test_an_older_document_without_the_new_fields_is_not_resumed_but_may_start_anew():
    document = json.loads(FULL)
    training = asdict(to_document(FULL, "m.json").training)
    old = ("loss", "epochs", "learning_rate", "batch_size", "shuffle", "seed", "standardize")
    document["training"] = {name: training[name] for name in (*old, "fit_intercept", "stopped")}
    del document["data"]["fingerprint"]
    older = json.dumps(document).encode()
    with pytest.raises(UsageError) as info:
        run(ROWS[1], {"epochs": 1}, older)
    assert str(info.value) == (
        "m.json cannot be resumed as it is: it does not say which data it is from, as an older one. "
        "allow_changes=True starts anew from its parameters"
    )
    records, _ = run(ROWS[1], {"epochs": 1}, older, allow=True)
    assert records[0].weights[0] == to_document(FULL, "m.json").weights["x0"]


def test_a_checkpoint_is_a_model_to_go_on_from():
    """The document of any record, not just the last, is where the run goes on."""
    said = {"batch_size": 4, "momentum": 0.5, "learning_rate": 0.005, "patience": 4}
    whole, document = run(ROWS[1], said | {"epochs": 6})
    plan = plan_of(Moments.of_rows(ROWS[1]), TrainingSettings(**said, epochs=6), RowStore.of(ROWS[1]))
    for record in whole[1:-1]:
        fit = summary_of(plan, replace(record, stopped=None), ["x0"], "y", fingerprint=FINGERPRINT)
        assert fit.training.stopped == "checkpoint"
        rest = {"epochs": 6 - record.epoch, "patience": 4}
        assert run(ROWS[1], rest, to_bytes(fit))[1] == document


def test_a_model_whose_settings_contradict_each_other_cannot_be_resumed():
    fit = to_document(run(ROWS[1], {})[1], "m.json")
    model = replace(fit, training=replace(fit.training, step_size=7))
    with pytest.raises(
        ModelFileError, match="cannot be resumed: step_size and gamma go with schedule='step'"
    ):
        Resumption(model, "'m.json'")
