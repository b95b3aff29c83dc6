"""Types of values, by TensorFlow's names."""

from __future__ import annotations

from builtins import bool as bool_  # whose name is TensorFlow's type below
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "DType",
    "as_dtype",
    "bool",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "string",
    "uint8",
]


class DType:
    """A type of values.

    Args:
        name: Its name, such as "float32".
        numpy_type: NumPy's type for it.
        proto_name: The name that TensorFlow's messages have for it, such as "float".

    Attributes:
        name: Its name.
        as_numpy_dtype: NumPy's type for it.
        numpy: NumPy's type as an instance of `numpy.dtype`.
    """

    def __init__(self, name: str, numpy_type: type, proto_name: str = "") -> None:
        self.name = name
        self.as_numpy_dtype = numpy_type
        self.numpy: np.dtype[Any] = np.dtype(numpy_type)
        self.proto_name = proto_name or name

    @property
    def base_dtype(self) -> DType:
        """The type itself; TensorFlow tells apart the type of a variable."""
        return self

    real_dtype = base_dtype

    @property
    def is_floating(self) -> bool_:
        """Whether values are floating-point numbers."""
        return self.numpy.kind == "f"

    @property
    def is_integer(self) -> bool_:
        """Whether values are integers."""
        return self.numpy.kind in "iu"

    @property
    def is_bool(self) -> bool_:
        """Whether values are True or False."""
        return self.numpy.kind == "b"

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the largest value."""
        info = np.finfo(self.numpy) if self.is_floating else np.iinfo(self.numpy)
        return info.min, info.max

    min = property(lambda self: self.limits[0])
    max = property(lambda self: self.limits[1])

    def __eq__(self, other: object) -> bool_:
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"


float16 = half = DType("float16", np.float16, "half")
float32 = DType("float32", np.float32, "float")
float64 = double = DType("float64", np.float64, "double")
int8 = DType("int8", np.int8)
int16 = DType("int16", np.int16)
int32 = DType("int32", np.int32)
int64 = DType("int64", np.int64)
uint8 = DType("uint8", np.uint8)
bool = DType("bool", np.bool_)
string = DType("string", np.object_)

_ALL = (float16, float32, float64, int8, int16, int32, int64, uint8, bool, string)
_BY_NAME: dict[str | type, DType] = {
    name: each for each in _ALL for name in (each.name, each.proto_name, f"{each.name}_ref")
}
_BY_NAME |= {float: float32, bool_: bool, object: string}
_BY_TYPE = {each.numpy: each for each in _ALL}


def as_dtype(value: object) -> DType:
    """The type that `value` names: one of these types, its name, NumPy's or Python's type.

    Raises:
        TypeError: There is no such type here.
    """
    if isinstance(value, DType):
        return value
    if isinstance(value, (str, type)) and value in _BY_NAME:
        return _BY_NAME[value]
    try:
        return _BY_TYPE[_numpy_type(value)]
    except (TypeError, KeyError):
        names = ", ".join(each.name for each in _ALL)
        raise TypeError(
            f"Cannot convert value {value!r} to a TensorFlow DType: the types are {names}"
        ) from None


def _numpy_type(value: object) -> np.dtype[Any]:
    """The type of NumPy that a value is, or that its array has."""
    if isinstance(value, type) and issubclass(value, np.generic):
        return np.dtype(value)
    kind = getattr(value, "dtype", value)
    if isinstance(kind, np.dtype):
        return kind
    raise TypeError


class Converted(NamedTuple):
    """A plain value as an array.

    Attributes:
        value: The array.
        dtype: Its type.
    """

    value: npt.NDArray[Any]
    dtype: DType


def converted(value: object, dtype: DType | None = None) -> Converted:
    """A number, text, array or nested list as an array of this type, or of the type that TensorFlow gives it.

    A list, or a number of Python, becomes float32, int32, bool or string; an array of NumPy keeps its type.

    Raises:
        TypeError: It cannot be of this type.
        ValueError: Its shape is not regular, or it has a None.
    """
    if value is None:
        raise ValueError("None values not supported.")
    array = np.asarray(value)
    if array.dtype.kind in "US" and isinstance(value, (list, tuple)):
        array = np.asarray(value, object)  # NumPy makes texts of numbers among texts
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and _is_text(array)):
        array = np.array([_bytes(text) for text in array.flat], object).reshape(array.shape)
    own = array.dtype
    if not isinstance(value, (np.ndarray, np.generic)):
        own = np.dtype({"f": np.float32, "i": np.int32}.get(own.kind, own))
        if array.dtype.kind == "i" and not _fits_in_32_bits(array):
            own = np.dtype(np.int64)
    kind = dtype or as_dtype(own)
    _check_kinds(value, array, kind)
    with np.errstate(all="ignore"):  # of a number that is too large, infinity
        return Converted(array.astype(kind.numpy), kind)


def _fits_in_32_bits(array: npt.NDArray[Any]) -> bool_:
    limits = np.iinfo(np.int32)
    return not array.size or bool_(array.min() >= limits.min and array.max() <= limits.max)


def _check_kinds(value: object, array: npt.NDArray[Any], kind: DType) -> None:
    """Refuse a value that a conversion would change, unless it is an array of NumPy."""
    is_text, wants_text = array.dtype.kind == "O" and _is_text(array), kind is string
    if array.dtype.kind == "O" and not is_text:
        raise TypeError(
            f"Failed to convert object of type {type(value)} to Tensor. Contents: {_shown(value)}. "
            "Consider casting elements to a supported type: numbers, texts, or lists of them"
        )
    loses = array.dtype.kind == "f" and not kind.is_floating and not isinstance(value, np.ndarray)
    if is_text != wants_text or (loses and array.size) or (array.dtype.kind != "b" and kind.is_bool):
        cure = f"give {kind.name}, or tf.cast the tensor that it meets"
        raise TypeError(
            f"Expected {kind.name}, got {_shown(value)} of type {type(value).__name__!r} instead: {cure}"
        )


def _shown(value: object) -> str:
    """A value in one short line."""
    return shorten(repr(value), 50, placeholder="...")


def _is_text(array: npt.NDArray[Any]) -> bool_:
    return all(isinstance(text, (str, bytes)) for text in array.flat)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)
