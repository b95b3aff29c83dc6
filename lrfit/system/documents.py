"""Documents: human-readable JSON with the fields of a dataclass, checked strictly when it is read.

After "format" and "version" come the fields of the dataclass and of the dataclasses in it. Unknown fields are
ignored, since later versions may add some. A known field must be there with a value that its annotation
allows, unless it has a default, and no field may come twice.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from functools import partial
from math import inf, isfinite
from types import UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from lrfit.messages import shown

__all__ = ["MAX_BYTES", "DocumentFormat", "is_required"]

T = TypeVar("T")

MAX_BYTES = 16 << 20
"""Largest size of a document, in bytes; one with 100,000 features has about 10 MB."""

_SHOWN_TEXT = 20
"""Number of characters that a message shows of text that is not JSON."""

_Object: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class DocumentFormat(Generic[T]):
    """The format of documents of one kind.

    Attributes:
        name: The value of the field "format".
        version: The value of the field "version".
        kind: The dataclass that has the other fields.
    """

    name: str
    version: int
    kind: type[T]

    def to_bytes(self, document: T) -> bytes:
        """A document as UTF-8, one field per line, with numbers that read back to the same bits.

        Raises:
            ValueError: A number in it is not finite.
        """
        content = {"format": self.name, "version": self.version, **asdict(cast("Any", document))}
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        return (re.sub(r"[^ -~\n]", _printable, text) + "\n").encode()

    def parse(self, document: bytes) -> object:
        """The content of the JSON in these bytes.

        Raises:
            ValueError: It is not JSON; the message says where.
        """
        if len(document) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
        try:
            return _parsed(document)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    def read(self, content: object) -> T:
        """The document that has this content.

        Raises:
            ValueError: It is another, or a field is wrong; the message names it.
        """
        if not isinstance(content, dict) or content.get("format") != self.name:
            raise ValueError(f'it has no "format": "{self.name}"')
        version = content.get("version")
        if type(version) is not int or version != self.version:
            raise ValueError(
                f'"version" is {_literal(version)}, not {self.version}; a newer lrfit may read it'
            )
        return cast("T", _checked(self.kind, content, ""))


def is_required(field: Field[Any]) -> bool:
    """Whether a document has to have this field."""
    return field.default is MISSING and field.default_factory is MISSING


def _parsed(document: bytes) -> object:
    """The content of the JSON; a ValueError says where it is invalid, or which field comes twice."""
    repeating: list[tuple[_Object, str]] = []
    try:
        content: object = json.loads(
            document.decode("utf-8-sig"),
            object_pairs_hook=partial(_object, repeating),
            parse_constant=float,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        byte = document[error.start]
        raise ValueError(f"its byte {error.start + 1}, 0x{byte:02x}, is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(_said(error)) from error
    if repeating:
        parent, field = repeating[-1]  # the others may be in an object that is overwritten
        raise ValueError(f"field {shown(f'{_path(content, parent)}.{field}'.lstrip('.'))} comes twice")
    return content


def _said(error: json.JSONDecodeError) -> str:
    """Where the text stops being JSON, and what is there."""
    rest = error.doc[error.pos :]
    if not rest.strip():
        return f"it ends too soon, in line {error.lineno}: was it cut off?"
    reason = error.msg[:1].lower() + error.msg[1:].removesuffix(" at").removesuffix(" starting")
    return f"line {error.lineno}, column {error.colno}: not JSON ({reason}) at {shown(rest[:_SHOWN_TEXT])}"


def _object(repeating: list[tuple[_Object, str]], pairs: list[tuple[str, object]]) -> _Object:
    """The object with these fields; if one of them comes twice, it is appended to `repeating`."""
    content = dict(pairs)
    if len(content) < len(pairs):
        repeating.append((content, Counter(key for key, _ in pairs).most_common(1)[0][0]))
    return content


def _path(value: object, sought: _Object) -> str | None:
    """The path of the object in `value`; None if it is not there."""
    if value is sought:
        return ""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        if (rest := _path(item, sought)) is not None:
            return (f".{step}" if isinstance(value, dict) else f"[{step}]") + rest
    return None


def _checked(kind: Any, value: object, field: str) -> object:  # noqa: ANN401
    """`value` as a `kind`, checked by the rule in its annotation; a ValueError names the field."""
    if get_origin(kind) in (Union, UnionType):  # X | None
        return None if value is None else _checked(get_args(kind)[0], value, field)
    if get_origin(kind) is not Annotated:
        return _typed(kind, value, field)
    inner, rule = get_args(kind)
    checked = _typed(inner, value, field)
    if not rule.is_valid(checked):
        raise _refusal(field, value, f"and must be {rule.wanted}")
    return checked


def _typed(kind: Any, value: object, field: str) -> object:  # noqa: ANN401
    if is_dataclass(kind) and isinstance(value, dict):
        return _checked_fields(cast("type", kind), value, field)
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _checked(get_args(kind)[1], item, f"{field}.{key}") for key, item in value.items()}
    if get_origin(kind) is list and isinstance(value, list):
        return [_checked(get_args(kind)[0], item, f"{field}[{i}]") for i, item in enumerate(value)]
    if kind is float and type(value) in (int, float) and isfinite(cast("float", value)):
        return float(cast("float", value))
    if kind in (int, bool, str) and type(value) is kind:
        return value
    wanted = {
        float: "a finite number", int: "an integer", bool: "true or false", str: "a string", list: "a list"
    }.get(get_origin(kind) or kind, "an object")  # fmt: skip
    raise _refusal(field, value, f"not {wanted}")


def _refusal(field: str, value: object, why: str) -> ValueError:
    return ValueError(f"field {shown(field.lstrip('.'))} is {_literal(value)}, {why}")


def _checked_fields(kind: type, content: dict[str, object], parent: str) -> object:
    values = {}
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if field.name in content:
            values[field.name] = _checked(hints[field.name], content[field.name], f"{parent}.{field.name}")
        elif is_required(field):
            raise ValueError(f"field {shown(f'{parent}.{field.name}'.lstrip('.'))} is missing")
    return kind(**values)


def _literal(value: object) -> str:
    return (
        shown(json.dumps(value))
        if not value or isinstance(value, (str, int, float))
        else f"of type {type(value).__name__}"
    )


def _integer(text: str) -> int | float:
    """An integer; infinity for one beyond the range of float64, so that its field is named."""
    return int(text) if isfinite(float(text)) else inf


def _printable(match: re.Match[str]) -> str:
    """A character, escaped as in JSON if it could control a terminal or reverse the text."""
    character = match[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]
