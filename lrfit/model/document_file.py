"""Files of model documents: human-readable JSON, checked strictly when it is read.

After "format" and "version" come the fields of `ModelDocument` and of the dataclasses in it. Unknown fields
are ignored, since later versions may add some. A known field must be there with a value that its annotation
allows, names and lengths must agree, and no field may come twice. Only "training" and "data" may be missing,
so that a model can be written by hand; and, in them, fields that have a default, which were added later.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import partial
from math import inf, isfinite
from types import UnionType
from typing import Annotated, Any, BinaryIO, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from lrfit.errors import DataError, ModelFileError
from lrfit.messages import shown
from lrfit.model.contradictions import contradictions
from lrfit.model.document import ModelDocument
from lrfit.system.files import open_stream

__all__ = ["load", "load_all", "to_bytes", "to_document", "to_documents", "to_lines"]

FORMAT = "lrfit-model"
VERSION = 1
MAX_BYTES = 16 << 20
"""Largest size of a document, in bytes; one with 100,000 features has about 10 MB."""


_SHOWN_TEXT = 20
"""Number of characters that a message shows of text that is not JSON."""

_FOREIGN = {
    b"parameter ": "is the text result of lrfit train, not a model: use --format json there",
    b"\x1f\x8b": "is compressed: unpack it with gzip -d first",
    b"\x80": "is not an lrfit model, which is text; if it is a pickle, it is never read",
    b"\xff\xfe": "is in UTF-16: save it in UTF-8",
    b"\xfe\xff": "is in UTF-16: save it in UTF-8",
}
"""Messages for other files that are mistaken for models, by how these begin."""

_Object: TypeAlias = dict[str, object]


def to_bytes(fit: ModelDocument) -> bytes:
    """`fit` as the bytes of a file: UTF-8, one field per line, numbers that read back to the same bits.

    Raises:
        DataError: A number in it is not finite.
    """
    document = {"format": FORMAT, "version": VERSION, **asdict(fit)}
    try:
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise DataError(
            "numbers of the fit are beyond the range of float64; multiply the columns by powers of ten "
            "so that they are of similar size"
        ) from error
    return (re.sub(r"[^ -~\n]", _printable, text) + "\n").encode()


def to_lines(fits: Sequence[ModelDocument]) -> bytes:
    """The documents of groups as the bytes of a file, a line each; raises as `to_bytes` does."""
    return b"".join(b" ".join(line.strip() for line in to_bytes(fit).splitlines()) + b"\n" for fit in fits)


def load(path: str) -> ModelDocument:
    """The document in the file at `path`, or on standard input for `-`; see `to_document`.

    Raises:
        DataError: It cannot be opened.
        ModelFileError: It cannot be read, or is not a model document.
    """
    with open_stream(path) as (stream, name):
        documents = to_documents(_read(stream, name), name)
        if len(documents) > 1:
            raise ModelFileError(f"{name} has a model for each of {len(documents)} groups, and one is needed")
        return documents[0]


def _read(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelFileError(f"{name} cannot be read: {error.strerror or error}") from error


def load_all(path: str) -> list[ModelDocument]:
    """The documents in the file at `path`: one, or one for each group, a line each; see `to_documents`."""
    with open_stream(path) as (stream, name):
        return to_documents(_read(stream, name), name)


def to_documents(content: bytes, name: str) -> list[ModelDocument]:
    """The documents in the content of a file: one, or those of the groups of a table, a line each.

    Raises:
        ModelFileError: One is not a model document, or they do not belong together.
    """
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.startswith(b"{") and line.endswith(b"}") for line in lines[:2]):  # noqa: PLR2004
        return [to_document(content, name)]
    documents = [to_document(line, f"{name}, line {i}") for i, line in enumerate(lines, 1)]
    kinds = {_kind(document) for document in documents}
    levels = [document.group.level for document in documents if document.group]
    if len(kinds) > 1 or len(set(levels)) < len(documents):
        raise ModelFileError(f"{name} has models that are not those of the groups of one table")
    return documents


def _kind(document: ModelDocument) -> tuple[object, ...]:
    """All in which the models of groups agree."""
    columns = tuple((column.name, column.kind) for column in document.read_columns)
    return document.target, columns, document.group and document.group.column


def to_document(document: bytes, name: str) -> ModelDocument:
    """The model document in these bytes.

    Args:
        document: The content of a file, made by `to_bytes` or written by hand.
        name: Name of the document in messages.

    Raises:
        ModelFileError: It is not a model document; the message names the field that is wrong.
    """
    if len(document) > MAX_BYTES:
        raise ModelFileError(f"{name} is larger than {MAX_BYTES >> 20} MiB: too large for an lrfit model")
    if not document.strip():
        raise ModelFileError(f"{name} is empty, not an lrfit model: did the command before it fail?")
    for beginning, what in _FOREIGN.items():
        if document.startswith(beginning):
            raise ModelFileError(f"{name} {what}")
    try:
        content = _parsed(document)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ModelFileError(f"{name} is not an lrfit model: {reason}") from error
    try:
        return _fit(content)
    except ValueError as error:
        raise ModelFileError(f"{name} is not an lrfit model that this version reads: {error}") from error


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


def _fit(content: object) -> ModelDocument:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'it has no "format": "{FORMAT}"')
    version = content.get("version")
    if type(version) is not int or version != VERSION:
        raise ValueError(f'"version" is {_literal(version)}, not {VERSION}; a newer lrfit may read it')
    fit = cast("ModelDocument", _checked(ModelDocument, content, ""))
    if contradiction := next(contradictions(fit), None):
        raise ValueError(f"field {contradiction}")
    return fit


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
        elif field.default is MISSING:
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
