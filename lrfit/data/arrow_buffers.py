"""Numbers in the buffers of Arrow, seen by NumPy in place.

Arrow's own way to NumPy imports pandas, which takes as long as reading millions of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

__all__ = ["array_of", "stored_values"]


def stored_values(array: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """The values of fixed width as they are stored, any for null; and the mask of those that are not null.

    Dates and times are integers. The mask is None if there is no null.
    """
    validity, data = array.buffers()
    begin, end = array.offset, array.offset + len(array)
    present = _bits(validity, begin, end) if array.null_count else None
    if types.is_boolean(array.type):
        return _bits(data, begin, end), present
    return np.frombuffer(data, _numpy_type(array.type), end)[begin:], present


def array_of(values: npt.NDArray[Any]) -> pa.Array:
    """An array of Arrow over the same memory. float64 or int64."""
    values = np.ascontiguousarray(values)
    data_type = pa.float64() if values.dtype.kind == "f" else pa.int64()
    return pa.Array.from_buffers(data_type, len(values), [None, pa.py_buffer(values)])


def _bits(data: pa.Buffer, begin: int, end: int) -> npt.NDArray[np.bool_]:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=end, bitorder="little")
    return bits[begin:].view(np.bool_)


def _numpy_type(data_type: pa.DataType) -> np.dtype[Any]:
    """The type of the numbers in a buffer."""
    letter = "u" if types.is_unsigned_integer(data_type) else "i"
    letter = "f" if types.is_floating(data_type) else letter
    return np.dtype(f"{letter}{data_type.bit_width // 8}")
