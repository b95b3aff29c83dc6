"""Kinds of columns, by the types of their values: which ones become numbers, days or words."""

from __future__ import annotations

import pyarrow as pa
from pyarrow import types

from lrfit.data.kinds import Column
from lrfit.messages import shown, spelled

__all__ = ["is_days", "is_number", "is_word", "refusal", "value_type"]


def value_type(data_type: pa.DataType) -> pa.DataType:
    """The type of the values, if they are stored as places in a dictionary; else the type itself."""
    return data_type.value_type if types.is_dictionary(data_type) else data_type


def is_number(data_type: pa.DataType) -> bool:
    """Whether values of this type are numbers: integers, floats, decimals, and booleans as 0 and 1."""
    is_one = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean)
    return any(is_it(data_type) for is_it in is_one)


def is_days(data_type: pa.DataType) -> bool:
    """Whether values of this type are dates, or dates with a time of the day."""
    return bool(types.is_date(data_type) or types.is_timestamp(data_type))


def is_word(data_type: pa.DataType) -> bool:
    """Whether values of this type are text."""
    is_one = (types.is_string, types.is_large_string, types.is_string_view)
    return any(is_it(data_type) for is_it in is_one)


def refusal(data_type: pa.DataType, column: Column, *, is_of_model: bool) -> str:
    """The reason why a column of this kind cannot have this type, and how to mend it; empty if it can."""
    values = value_type(data_type)
    is_numeric = column.kind in ("number", "weight")
    if is_number(values) or (not is_numeric and (is_days(values) or is_word(values))):
        return ""
    within = "" if values == data_type else "a dictionary of "
    held = f"column {shown(column.name)} holds {within}{shown(str(values))}"
    if is_of_model:
        return f"{held}, and the model takes {'numbers' if is_numeric else 'dates or words'} there"
    left_out = f"{spelled(drop=column.name)} leaves it out"
    if is_days(values):
        return f"{held}, not numbers: {spelled(dates=column.name)} makes days of it, {left_out}"
    if is_word(values):
        return (
            f"{held}, not numbers: {spelled(categories=column.name)} makes a feature of each word, "
            f"{spelled(dates=column.name)} reads dates, {left_out}"
        )
    return f"{held}, which is no number, date or word: {left_out}, or cast it to one of these"
