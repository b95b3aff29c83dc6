"""The saver: values of variables, kept in checkpoints. `lrfit.tf1.checkpoints` says what is in one.

A file `checkpoint` in the same folder names the last ones, as TensorFlow writes it. There are no other files:
a script builds its graph anew before it restores the values.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lrfit.graph.shapes import fits
from lrfit.messages import shown
from lrfit.system.files import open_output
from lrfit.tf1 import checkpoints
from lrfit.tf1.dtypes import as_dtype
from lrfit.tf1.errors import InvalidArgumentError, NotFoundError
from lrfit.tf1.session import Session
from lrfit.tf1.variables import Variable, global_variables

__all__ = ["CheckpointState", "Saver", "checkpoint_exists", "get_checkpoint_state", "latest_checkpoint"]

_STATE = "checkpoint"
"""Name of the file that lists the last checkpoints of a folder."""


class CheckpointState(NamedTuple):
    """The checkpoints of a folder.

    Attributes:
        model_checkpoint_path: Path of the last one.
        all_model_checkpoint_paths: Paths of those that are kept, the last one last.
    """

    model_checkpoint_path: str
    all_model_checkpoint_paths: list[str]


class Saver:
    """Saves variables of a session, and restores them.

    Args:
        var_list: The variables, or a dict that gives them other names; all of the default graph if None.
        reshape: Accepted if False.
        sharded: Accepted, and not needed.
        max_to_keep: The number of checkpoints that are kept: each save beyond it deletes the oldest one that
            this saver has written. None or 0 to keep all.
        **_: Accepted, and not needed.

    Raises:
        TypeError: Something in `var_list` is not a variable.
        ValueError: There are no variables, or two have the same name.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        **_: Any,
    ) -> None:
        if reshape:
            raise ValueError("tf.train.Saver(reshape=True) is not in lrfit.tf1: tf.reshape the variables")
        self._variables = _by_name(global_variables() if var_list is None else var_list)
        self._max_to_keep = max_to_keep
        self._last: list[str] = []

    @property
    def last_checkpoints(self) -> list[str]:
        """Paths of the checkpoints that this saver keeps, the last one last."""
        return list(self._last)

    def save(
        self,
        sess: Session,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        **_: Any,
    ) -> str:
        """Write the values of the variables to a file, whose folder is made if there is none.

        Args:
            sess: The session that has them.
            save_path: The path.
            global_step: A number, or a tensor that has it, to be appended to the path.
            latest_filename: Name of the file that names the last checkpoints.
            meta_graph_suffix: Accepted, and not needed.
            write_meta_graph: Accepted; no graph is written.
            write_state: Whether to write that file.

        Returns:
            The path of the file, for `restore`.

        Raises:
            FailedPreconditionError: A variable has no value yet.
            OutputError: The file cannot be written.
            ValueError: The file would be the one that names the last checkpoints.
        """
        if not isinstance(sess, Session):
            raise TypeError(f"'sess' must be a Session; {sess}")
        path, state = os.fspath(save_path), latest_filename or _STATE
        if global_step is not None:
            path = f"{path}-{_number(sess, global_step)}"
        elif Path(path).name == state:
            raise ValueError(f"'latest_filename' collides with 'save_path': {state!r} and {path!r}")
        values = sess.run(self._variables)
        kinds = {name: variable.dtype.numpy for name, variable in self._variables.items()}
        with suppress(OSError):  # writing will say what is wrong
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        checkpoints.write(path, {name: np.asarray(value, kinds[name]) for name, value in values.items()})
        if write_state:
            self._record(path, state)
        return path

    def _record(self, path: str, state: str) -> None:
        """Name the checkpoint as the last one, and delete the oldest one if there are too many."""
        dropped: list[str] = []
        if self._max_to_keep:
            self._last = [*(each for each in self._last if each != path), path]
            dropped = self._last[: -self._max_to_keep]
            self._last = self._last[-self._max_to_keep :]
        folder = os.path.dirname(path)  # noqa: PTH120 (of "model" it is "", as TensorFlow writes it)
        kept = [_within(folder, each) for each in self._last or [path]]
        lines = [f"model_checkpoint_path: {_quoted(kept[-1])}"]
        lines += [f"all_model_checkpoint_paths: {_quoted(each)}" for each in kept]
        with open_output(os.path.join(folder, state)) as file:  # noqa: PTH118 (as a user would write it)
            file.write("".join(f"{line}\n" for line in lines).encode())
        for each in dropped:
            with suppress(OSError):
                Path(each).unlink()

    def restore(self, sess: Session, save_path: str | None) -> None:
        """Set the variables to the values that a checkpoint has; they need not be initialized otherwise.

        Raises:
            InvalidArgumentError: The type or shape of a value differs, or the file is not a checkpoint. Then
                no variable is changed.
            NotFoundError: There is no such file, or it lacks a variable.
            UnimplementedError: TensorFlow wrote it.
            ValueError: The path is None.
        """
        if save_path is None:
            raise ValueError(
                "Can't load save_path when it is None: tf.train.latest_checkpoint has found no checkpoint"
            )
        path = os.fspath(save_path)
        found = checkpoints.read(path)
        for name, variable in self._variables.items():
            _check(name, variable, found, path)
        for name, variable in self._variables.items():
            sess.load(variable, found[name])


def _by_name(variables: Any) -> dict[str, Variable]:
    """Variables, by the names that they have in a checkpoint."""
    if isinstance(variables, Mapping):
        named = [(str(name), variable) for name, variable in variables.items()]
    elif isinstance(variables, (list, tuple, set)):
        named = [(getattr(getattr(each, "op", each), "name", ""), each) for each in variables]
    else:
        raise TypeError(f"Variables to save should be passed in a dict or a list. Got {variables}")
    for _, variable in named:
        if not isinstance(variable, Variable):
            raise TypeError(f"Variable to save is not a Variable: {variable}")
    names = [name for name, _ in named]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"At least two variables have the same name: {name}")
    if not named:
        raise ValueError("No variables to save")
    return dict(sorted(named, key=lambda pair: pair[0]))


def _number(session: Session, step: Any) -> int:
    return int(step) if isinstance(step, (int, np.integer)) else int(session.run(step))


def _check(name: str, variable: Variable, found: Mapping[str, Any], path: str) -> None:
    if name not in found:
        others = ", ".join(sorted(found)[:8]) or "no variables"
        raise NotFoundError(
            f"Key {name} not found in checkpoint {shown(path)}, which has {others}: build the "
            "graph that was saved, with the same names, or give tf.train.Saver the variables that exist"
        )
    value = found[name]
    if value.dtype != variable.dtype.numpy:
        raise InvalidArgumentError(
            f"tensor_name = {name}; expected dtype {variable.dtype.proto_name} does not equal original dtype "
            f"{as_dtype(value.dtype).proto_name}: give the variable the type that it had in {shown(path)}"
        )
    if not fits(variable.node.shape, value.shape):
        shape = str(variable.shape.as_list()).replace(" ", "").replace("None", "?")
        raise InvalidArgumentError(
            f"Assign requires shapes of both tensors to match. lhs shape= {shape} rhs shape= "
            f"{str(list(value.shape)).replace(' ', '')}: variable {name!r} has the first, and {shown(path)} "
            "the second: build the graph that was saved"
        )


def _within(folder: str, path: str) -> str:
    """A path as the file `checkpoint` has it: below its folder, if it is relative."""
    return path if os.path.isabs(path) or os.path.isabs(folder) else os.path.relpath(path, folder or ".")  # noqa: PTH117


def _quoted(path: str) -> str:
    return json.dumps(path, ensure_ascii=False)


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> CheckpointState | None:
    """The checkpoints that the file `checkpoint` of a folder names; None if there is no such file.

    Raises:
        ValueError: It names none.
    """
    folder = os.fspath(checkpoint_dir)
    try:
        text = Path(folder, latest_filename or _STATE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    paths: dict[str, list[str]] = {"model_checkpoint_path": [], "all_model_checkpoint_paths": []}
    for key, path in re.findall(r'^\s*(\w+):\s*(".*")\s*$', text, re.MULTILINE):
        paths.setdefault(key, []).append(os.path.join(folder, _unquoted(path)))  # noqa: PTH118
    if not paths["model_checkpoint_path"]:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}")
    return CheckpointState(paths["model_checkpoint_path"][-1], paths["all_model_checkpoint_paths"])


def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The path of the last checkpoint of a folder, if it is still there; None if there is none."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    is_there = state is not None and checkpoints.exists(state.model_checkpoint_path)
    return state.model_checkpoint_path if state and is_there else None


def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """Whether there is a checkpoint at this path."""
    return checkpoints.exists(os.fspath(checkpoint_prefix))
