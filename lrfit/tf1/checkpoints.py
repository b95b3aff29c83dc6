"""Checkpoints: values of variables in a file of JSON, which gives them back to the bit.

Each variable has a line, with its type, its shape and its values in order. A number that is not finite is
text: "Infinity", "-Infinity", "NaN", or the bits of a different NaN, such as "0xffc00000".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.messages import shown
from lrfit.system.files import open_output
from lrfit.tf1.dtypes import as_dtype
from lrfit.tf1.errors import InvalidArgumentError, NotFoundError, UnimplementedError

__all__ = ["NoCheckpointError", "exists", "read", "write"]

Values = npt.NDArray[Any]

_FORMAT, _VERSION = "lrfit-checkpoint", 1


class NoCheckpointError(NotFoundError, ValueError):
    """There is no such file; also a ValueError, as in TensorFlow."""


def write(path: str, values: Mapping[str, Values]) -> None:
    """Write values of variables, by name, to a file, which is written whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    lines = [f"  {json.dumps(name)}: {json.dumps(_plain(value))}" for name, value in values.items()]
    head = f'{{\n "format": "{_FORMAT}",\n "version": {_VERSION},\n "variables": {{\n'
    with open_output(path) as file:
        file.write((head + ",\n".join(lines) + "\n }\n}\n").encode())


def _plain(value: Values) -> dict[str, Any]:
    """A value in the form for JSON."""
    flat = value.ravel().tolist()
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        flat = [x if isfinite(x) else _spelled(bits) for x, bits in zip(flat, value.ravel(), strict=True)]
    return {"dtype": as_dtype(value.dtype).name, "shape": list(value.shape), "values": flat}


def _spelled(number: np.floating[Any]) -> str:
    """A number that is not finite, as text."""
    names = {number.dtype.type(text).tobytes(): text for text in ("Infinity", "-Infinity", "NaN")}
    bits = number.view(f"u{number.itemsize}")
    return names.get(number.tobytes(), f"{bits:#0{2 + 2 * number.itemsize}x}")


def exists(path: str) -> bool:
    """Whether there is a checkpoint at a path, be it one of lrfit.tf1 or one of TensorFlow."""
    return Path(path).is_file() or _is_of_tensorflow(path)


def _is_of_tensorflow(path: str) -> bool:
    return Path(f"{path}.index").is_file()


def read(path: str) -> dict[str, Values]:
    """The values of the variables in a file, by name.

    Raises:
        InvalidArgumentError: The file is not a checkpoint.
        NoCheckpointError: There is no such file.
        UnimplementedError: The checkpoint is one of TensorFlow.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        if _is_of_tensorflow(path):
            raise UnimplementedError(
                f"{shown(path)} is a checkpoint that TensorFlow wrote, which lrfit.tf1 does not read: "
                "train the model here, and save it with tf.train.Saver"
            ) from None
        raise NoCheckpointError(
            f"The passed save_path is not a valid checkpoint: {path}: {error.strerror}; "
            "tf.train.latest_checkpoint(folder) finds the last one"
        ) from None
    try:
        document = json.loads(text)
        if (document["format"], document["version"]) != (_FORMAT, _VERSION):
            raise ValueError("another format")  # noqa: TRY301 (all that is wrong with it has one message)
        return {name: _values(**entry) for name, entry in document["variables"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise InvalidArgumentError(
            f"{shown(path)} is not a checkpoint of lrfit.tf1: name a file that tf.train.Saver has written"
        ) from None


def _values(dtype: str, shape: list[int], values: list[Any]) -> Values:
    """The values that `_plain` made these from."""
    kind = as_dtype(dtype).numpy
    if len(values) != prod(shape):
        raise ValueError("too few numbers, or too many")
    if kind.kind != "f":
        return np.array(values, kind).reshape(shape)
    array = np.array([0.0 if isinstance(x, str) else x for x in values], kind)
    for place, text in enumerate(values):
        if isinstance(text, str):
            is_bits = text.startswith("0x")
            bits = np.array(int(text, 16), f"u{kind.itemsize}").view(kind) if is_bits else kind.type(text)
            array[place] = bits
    return array.reshape(shape)
