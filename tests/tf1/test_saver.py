"""The saver: values come back to the bit, old files go, and what does not fit is refused by name."""

import json

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.errors import OutputError
from lrfit.tf1.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)


def started(*variables):
    session = tf.Session()
    session.run([variable.initializer for variable in variables])
    return session


def bits(array):
    return np.asarray(array).tobytes()


HARD = {
    "float32": np.array([0.1, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4028235e38], np.float32),
    "float64": np.array([[0.1, -0.0], [np.inf, -np.inf], [np.nan, 5e-324]]),
    "float16": np.array([0.1, np.nan, np.inf], np.float16),
    "nans": np.array([0xFFC00000, 0x7F800001], np.uint32).view(np.float32),
    "int64": np.array(2**62 + 1),
    "int8": np.array([-128, 127], np.int8),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 3), np.float32),
}


def test_values_come_back_to_the_bit_and_with_their_types(tmp_path):
    variables = {name: tf.Variable(value, name=name) for name, value in HARD.items()}
    session = started(*variables.values())
    path = tf.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    fresh = tf.Session()
    tf.train.Saver().restore(fresh, path)
    for name, value in fresh.run(variables).items():
        assert bits(value) == bits(HARD[name]), name
        assert value.dtype == HARD[name].dtype
        assert value.shape == HARD[name].shape


def test_a_checkpoint_is_json_with_a_line_for_each_variable(tmp_path):
    session = started(tf.Variable([[1.0, np.inf]], name="W"), tf.Variable(3, name="b"))
    path = tmp_path / "model"
    assert tf.train.Saver().save(session, str(path)) == str(path)
    assert json.loads(path.read_text()) == {
        "format": "lrfit-checkpoint",
        "version": 1,
        "variables": {
            "W": {"dtype": "float32", "shape": [1, 2], "values": [1.0, "Infinity"]},
            "b": {"dtype": "int32", "shape": [], "values": [3]},
        },
    }
    assert len(path.read_text().splitlines()) == 8


def test_a_restored_run_goes_on_as_the_saved_one(tmp_path):
    """Slots of optimizers and the counter of steps are variables, too."""
    x = tf.Variable([1.0, -2.0])
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(tf.square(x)), global_step=step)
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        path = saver.save(session, str(tmp_path / "run"), global_step=step)
        session.run(train)
        expected = session.run([x, step])
    assert path == str(tmp_path / "run-1")
    with tf.Session() as session:
        saver.restore(session, path)
        session.run(train)
        result = session.run([x, step])
    assert bits(result[0]) == bits(expected[0])
    assert result[1] == expected[1] == 2


@pytest.mark.parametrize("step", [7, np.int64(7), lambda: tf.constant(7)])
def test_the_step_stands_behind_the_path(tmp_path, step):
    session = started(tf.Variable(1.0))
    step = step() if callable(step) else step
    assert tf.train.Saver().save(session, str(tmp_path / "m"), global_step=step) == str(tmp_path / "m-7")


def test_the_last_checkpoints_are_kept_and_named(tmp_path):
    session = started(tf.Variable(1.0))
    saver = tf.train.Saver(max_to_keep=2)
    paths = [saver.save(session, str(tmp_path / "model.ckpt"), global_step=i) for i in range(4)]
    assert saver.last_checkpoints == paths[2:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "model.ckpt-2", "model.ckpt-3"]
    assert (tmp_path / "checkpoint").read_text() == (
        f'model_checkpoint_path: "{paths[3]}"\n'
        f'all_model_checkpoint_paths: "{paths[2]}"\n'
        f'all_model_checkpoint_paths: "{paths[3]}"\n'
    )
    assert tf.train.latest_checkpoint(str(tmp_path)) == paths[3]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert state.model_checkpoint_path == paths[3]
    assert state.all_model_checkpoint_paths == paths[2:]


@pytest.mark.parametrize("most", [None, 0])
def test_all_checkpoints_are_kept_if_so_wished(tmp_path, most):
    session = started(tf.Variable(1.0))
    saver = tf.train.Saver(max_to_keep=most)
    for i in range(7):
        saver.save(session, str(tmp_path / "m"), global_step=i)
    assert len(list(tmp_path.iterdir())) == 8
    assert saver.last_checkpoints == []
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "m-6")


def test_a_path_that_is_saved_twice_counts_once(tmp_path):
    session = started(tf.Variable(1.0))
    saver = tf.train.Saver(max_to_keep=2)
    for name in "aba":
        saver.save(session, str(tmp_path / name))
    assert saver.last_checkpoints == [str(tmp_path / "b"), str(tmp_path / "a")]


def test_a_relative_path_is_named_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = started(tf.Variable(1.0))
    assert tf.train.Saver().save(session, "saved/model") == "saved/model"  # the folder is made
    assert (tmp_path / "saved" / "checkpoint").read_text().startswith('model_checkpoint_path: "model"\n')
    assert tf.train.latest_checkpoint("saved") == "saved/model"
    tf.train.Saver().save(session, "here")
    assert tf.train.latest_checkpoint(".") == "./here"


def test_a_folder_without_checkpoints_has_none(tmp_path):
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert tf.train.get_checkpoint_state(str(tmp_path / "none")) is None
    assert not tf.train.checkpoint_exists(str(tmp_path / "none"))


def test_a_last_checkpoint_that_is_gone_is_none(tmp_path):
    session = started(tf.Variable(1.0))
    path = tf.train.Saver().save(session, str(tmp_path / "m"))
    assert tf.train.checkpoint_exists(path)
    (tmp_path / "m").unlink()
    assert tf.train.latest_checkpoint(str(tmp_path)) is None


def test_a_file_of_another_kind_names_no_checkpoint(tmp_path):
    (tmp_path / "checkpoint").write_text("hello\n")
    with pytest.raises(ValueError, match="Invalid checkpoint state loaded from"):
        tf.train.get_checkpoint_state(str(tmp_path))
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "C:\\models"\n')  # not as we quote
    assert tf.train.get_checkpoint_state(str(tmp_path)).model_checkpoint_path.endswith("C:\\models")


def test_some_variables_can_be_saved_and_under_other_names(tmp_path):
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    session = started(a, b)
    path = tf.train.Saver({"weight": a}).save(session, str(tmp_path / "m"))
    session.run(a.assign(5.0))
    tf.train.Saver({"weight": b}).restore(session, path)
    assert session.run([a, b]) == [5.0, 1.0]
    assert list(json.loads((tmp_path / "m").read_text())["variables"]) == ["weight"]


def test_a_missing_variable_is_named_with_those_that_are_there(tmp_path):
    a = tf.Variable(1.0, name="a")
    path = tf.train.Saver().save(started(a), str(tmp_path / "m"))
    tf.Variable(2.0, name="extra")
    session = tf.Session()
    with pytest.raises(
        NotFoundError, match=r"Key extra not found in checkpoint .*, which has a: build the graph"
    ):
        tf.train.Saver().restore(session, path)
    with pytest.raises(FailedPreconditionError):  # nothing was restored
        session.run(a)


def test_another_shape_or_type_is_refused(tmp_path):
    session = started(tf.Variable([1.0, 2.0], name="w"))
    path = tf.train.Saver().save(session, str(tmp_path / "m"))
    saver = tf.train.Saver({"w": tf.Variable([1.0, 2.0, 3.0])})
    with pytest.raises(InvalidArgumentError, match=r"lhs shape= \[3\] rhs shape= \[2\]: variable 'w' has"):
        saver.restore(tf.Session(), path)
    with pytest.raises(
        InvalidArgumentError, match="expected dtype int32 does not equal original dtype float:"
    ):
        tf.train.Saver({"w": tf.Variable([1, 2])}).restore(tf.Session(), path)


def test_a_missing_file_is_named(tmp_path):
    tf.Variable(1.0)
    path = str(tmp_path / "nope")
    with pytest.raises(
        NotFoundError, match=r"The passed save_path is not a valid checkpoint: .*nope: No such file"
    ):
        tf.train.Saver().restore(tf.Session(), path)
    with pytest.raises(ValueError, match="not a valid checkpoint"):  # as TensorFlow raises it
        tf.train.Saver().restore(tf.Session(), path)
    with pytest.raises(ValueError, match="Can't load save_path when it is None"):
        tf.train.Saver().restore(tf.Session(), tf.train.latest_checkpoint(str(tmp_path)))


def test_a_checkpoint_of_tensorflow_is_refused_in_a_line(tmp_path):
    tf.Variable(1.0)
    (tmp_path / "model.ckpt.index").write_bytes(b"")
    assert tf.train.checkpoint_exists(str(tmp_path / "model.ckpt"))
    with pytest.raises(
        UnimplementedError, match=r"that TensorFlow wrote, which lrfit.tf1 does not read"
    ) as caught:
        tf.train.Saver().restore(tf.Session(), str(tmp_path / "model.ckpt"))
    assert "\n" not in str(caught.value)


ENTRY = '{"dtype": "float32", "shape": [2], "values": [1.0]}'
DOCUMENT = '{"format": "lrfit-checkpoint", "version": 1, "variables": {"w": ENTRY}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x80\xff",
        "[1]",
        '{"format": "lrfit-model", "version": 1, "variables": {}}',
        '{"format": "lrfit-checkpoint", "version": 1}',
        DOCUMENT.replace("ENTRY", ENTRY),
        DOCUMENT.replace("ENTRY", ENTRY.replace("32", "99")),
        DOCUMENT.replace("ENTRY", ENTRY.replace("1.0", "1, {}")),
    ],
)
def test_another_file_is_no_checkpoint(tmp_path, text):
    tf.Variable([1.0, 2.0], name="w")
    (tmp_path / "m").write_text(text, encoding="latin-1")
    with pytest.raises(InvalidArgumentError, match=r"is not a checkpoint of lrfit.tf1: name a file that"):
        tf.train.Saver().restore(tf.Session(), str(tmp_path / "m"))


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    w = tf.Variable(1.0)
    session = started(w)
    path = tf.train.Saver().save(session, str(tmp_path / "m"))
    before = (tmp_path / "m").read_text()
    tf.Variable(2.0, name="late")
    with pytest.raises(FailedPreconditionError, match="uninitialized value late"):
        tf.train.Saver().save(session, path)
    assert (tmp_path / "m").read_text() == before
    with pytest.raises(OutputError):
        tf.train.Saver([w]).save(session, str(tmp_path / "m" / "below a file"))


def test_what_cannot_be_saved_is_refused():
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    w = tf.Variable(1.0, name="w")
    with pytest.raises(ValueError, match="At least two variables have the same name: w"):
        tf.train.Saver([w, w])
    with pytest.raises(TypeError, match="Variable to save is not a Variable: Tensor"):
        tf.train.Saver([tf.constant(1.0)])
    with pytest.raises(TypeError, match=r"should be passed in a dict or a list. Got 3"):
        tf.train.Saver(3)
    with pytest.raises(ValueError, match="reshape=True"):
        tf.train.Saver(reshape=True)


def test_the_file_of_names_is_not_overwritten(tmp_path):
    session = started(tf.Variable(1.0))
    with pytest.raises(ValueError, match="'latest_filename' collides with 'save_path'"):
        tf.train.Saver().save(session, str(tmp_path / "checkpoint"))
    with pytest.raises(TypeError, match="'sess' must be a Session"):
        tf.train.Saver().save(None, str(tmp_path / "m"))


def test_a_save_may_leave_out_the_file_of_names(tmp_path):
    session = started(tf.Variable(1.0))
    tf.train.Saver().save(session, str(tmp_path / "m"), write_meta_graph=False, write_state=False)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
