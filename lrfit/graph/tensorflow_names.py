"""TensorFlow 1's names that lrfit has under another name, or does without: for those who type them."""

from __future__ import annotations

__all__ = ["hint"]

_OTHERWISE = {
    "InteractiveSession": "Session",
    "clip_by_norm": "clip_by_global_norm",
    "div": "divide",
    "initialize_all_variables": "global_variables_initializer",
    "mul": "multiply",
    "neg": "negative",
    "pow": "power",
    "realdiv": "divide",
    "sub": "subtract",
    "truediv": "divide",
}
"""Names of TensorFlow 1, and what they are here."""

_TYPES = {
    "bool",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int16",
    "int32",
    "int64",
    "int8",
    "uint8",
}


def hint(name: str) -> str:
    r"""The end of a message about a name that lrfit lacks; empty if TensorFlow lacks it, too.

    Examples:
        >>> hint("pow"), hint("float32")
        ("; TensorFlow's pow is lrfit.power", '; all values are float64: leave the type out')
    """
    if name in _TYPES:
        return "; all values are float64: leave the type out"
    return f"; TensorFlow's {name} is lrfit.{_OTHERWISE[name]}" if name in _OTHERWISE else ""
