"""The model document: a fit as JSON that can be read by eye, checked strictly when it is read back.

The fields are those of `LinearFit` and what it holds, behind "format" and "version". Fields that this
version does not know are passed over, since later ones may add some; a field that it knows has to be there
with the right type, and every number has to be finite. Only "training" and "data" may be missing, so that a
model can be written by hand.
"""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, asdict, fields, is_dataclass
from math import inf, isfinite
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from lrfit.errors import DataError, ModelFileError, shown
from lrfit.fit import LinearFit
from lrfit.source import open_stream

__all__ = ["load", "to_bytes", "to_fit"]

FORMAT = "lrfit-model"
VERSION = 1
MAX_BYTES = 64 << 20
"""A larger document is refused unread: one of 100,000 features has some 10 MB."""

_MAX_DIGITS = 400
"""No float64 has more before its point."""


def to_bytes(fit: LinearFit) -> bytes:
    """The document of `fit`: UTF-8, one field a line, numbers that read back to the same bits.

    Raises:
        DataError: A number of the fit is not finite.
    """
    document = {"format": FORMAT, "version": VERSION, **asdict(fit)}
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise DataError(
            "numbers of the fit are beyond the range of float64; multiply the columns by powers of ten "
            "so that they are of a like size"
        ) from error
    return (re.sub(r"[^ -~\n]", _printable, text) + "\n").encode()


def load(path: str) -> LinearFit:
    """The fit in the file at `path`, or on standard input for `-`; see `to_fit`.

    Raises:
        DataError: It cannot be opened.
        ModelFileError: It cannot be read, or is no model document.
    """
    with open_stream(path) as (stream, name):
        try:
            document = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise ModelFileError(f"{name} cannot be read: {error.strerror or error}") from error
        return to_fit(document, name)


def to_fit(document: bytes, name: str) -> LinearFit:
    """The fit that a document holds.

    Args:
        document: As `to_bytes` made it, or a person.
        name: What messages call it.

    Raises:
        ModelFileError: It is no such document; says which field is wrong.
    """
    if len(document) > MAX_BYTES:
        raise ModelFileError(f"{name} is larger than {MAX_BYTES >> 20} MiB: that is no lrfit model")
    if not document.strip():
        raise ModelFileError(f"{name} is empty, not an lrfit model: did the command before it fail?")
    if document.startswith(b"parameter "):
        raise ModelFileError(
            f"{name} is the text result of lrfit train, not a model: say --format json there"
        )
    try:
        content = json.loads(
            document.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=float, parse_int=_integer
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ModelFileError(f"{name} is not an lrfit model: {reason}") from error
    try:
        return _fit(content)
    except ValueError as error:
        raise ModelFileError(f"{name} is not an lrfit model that this version reads: {error}") from error


def _fit(content: object) -> LinearFit:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'it has no "format": "{FORMAT}"')
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        raise ValueError(f'"version" is {_literal(version)}, not {VERSION}; a newer lrfit may read it')
    fit = cast("LinearFit", _checked(LinearFit, content, ""))
    if not fit.weights:
        raise ValueError('"weights" is empty')
    return fit


def _checked(kind: Any, value: object, field: str) -> object:  # noqa: ANN401
    """`value` as a `kind`, or a ValueError that names the field."""
    if get_origin(kind) is UnionType:  # X | None
        return None if value is None else _checked(get_args(kind)[0], value, field)
    if is_dataclass(kind) and isinstance(value, dict):
        return _checked_fields(cast("type", kind), value, field)
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _checked(get_args(kind)[1], item, f"{field}.{key}") for key, item in value.items()}
    if get_origin(kind) is list and isinstance(value, list):
        return [_checked(get_args(kind)[0], item, f"{field}[{i}]") for i, item in enumerate(value)]
    if kind is float and type(value) in (int, float) and _is_finite(value):
        return float(cast("float", value))
    if kind in (int, bool, str) and type(value) is kind:
        return value
    wanted = {
        float: "a finite number", int: "an integer", bool: "true or false", str: "a string", list: "a list"
    }.get(get_origin(kind) or kind, "an object")  # fmt: skip
    raise ValueError(f"field {shown(field.lstrip('.'))} is {_literal(value)}, not {wanted}")


def _checked_fields(kind: type, content: dict[str, object], parent: str) -> object:
    values = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        if field.name in content:
            values[field.name] = _checked(hints[field.name], content[field.name], f"{parent}.{field.name}")
        elif field.default is MISSING:
            raise ValueError(f"field {shown(f'{parent}.{field.name}'.lstrip('.'))} is missing")
    return kind(**values)


def _is_finite(value: object) -> bool:
    try:
        return isfinite(cast("float", value))
    except OverflowError:  # an int beyond float's range
        return False


def _literal(value: object) -> str:
    return (
        shown(json.dumps(value))
        if value is None or isinstance(value, (str, int, float))
        else f"of type {type(value).__name__}"
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"field {shown(max(keys, key=keys.count))} comes twice")
    return content


def _integer(text: str) -> int | float:
    """An integer; infinity for one that Python refuses to read, so that its field is named."""
    return int(text) if len(text) < _MAX_DIGITS else inf


def _printable(match: re.Match[str]) -> str:
    """A character that could steer a terminal or turn text around, as JSON escapes it."""
    character = match[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]
