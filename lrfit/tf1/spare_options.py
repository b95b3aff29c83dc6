"""Spare options: those that a function takes in TensorFlow, but not here; passed over, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrfit.tf1.errors import UnimplementedError

__all__ = ["check_spare"]

_HARMLESS = (
    "aggregation", "auxiliary_name_scope", "caching_device", "custom_getter", "import_scope", "partitioner",
    "synchronization", "use_resource", "validate_shape",
)  # fmt: skip
"""Options for several devices and machines, of which there is one."""

_MISSING = ("constraint",)
"""Options that would change numbers."""


def check_spare(call: str, options: Mapping[str, Any]) -> None:
    """Refuse options that would change what `call` does.

    Args:
        call: The function's name, such as "tf.Variable".
        options: Options that it does not name, and their values.

    Raises:
        TypeError: TensorFlow has no such option.
        UnimplementedError: TensorFlow has it, and it is not None.
    """
    for option, value in options.items():
        if option not in (*_HARMLESS, *_MISSING):
            raise TypeError(f"{call}() got an unexpected keyword argument {option!r}")
        if option in _MISSING and value is not None:
            raise UnimplementedError(f"{call}(…, {option}=…) is not in lrfit.tf1: leave it out")
