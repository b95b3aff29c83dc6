"""JSON Schema of documents, made from the types, rules and docstrings of their dataclasses."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from lrfit.system.documents import DocumentFormat, is_required

__all__ = ["DIALECT", "document_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[object, str] = {float: "number", int: "integer", bool: "boolean", str: "string"}


def document_schema(form: DocumentFormat[Any]) -> dict[str, Any]:
    """The schema of documents of a format. Within a version, fields may be added, but none is renamed."""
    schema = _of_class(form.kind)
    head = {"format": {"const": form.name}, "version": {"const": form.version}}
    return {
        "$schema": DIALECT,
        "title": f"{form.name.replace('-', ' ')} document",
        **schema,
        "properties": {**head, **schema["properties"]},
        "required": [*head, *schema["required"]],
    }


def _of_class(kind: type) -> dict[str, Any]:
    """The schema of an object with the fields of a dataclass."""
    hints, described = get_type_hints(kind, include_extras=True), _described(kind.__doc__ or "")
    properties = {}
    for field in fields(kind):
        properties[field.name] = _schema(hints[field.name])
        if field.name in described:
            properties[field.name]["description"] = described[field.name]
    required = [field.name for field in fields(kind) if is_required(field)]
    return {"type": "object", "properties": properties, "required": required}


def _schema(kind: Any) -> dict[str, Any]:  # noqa: ANN401
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):  # X | None
        return {"anyOf": [_schema(arguments[0]), {"type": "null"}]}
    if origin is Annotated:
        inner, rule = arguments
        return {**_schema(inner), **({"enum": list(rule.words)} if rule.words else {"$comment": rule.wanted})}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    return _of_class(cast("type", kind)) if is_dataclass(kind) else {"type": _TYPES[kind]}


def _described(docstring: str) -> dict[str, str]:
    """The texts on the attributes in a docstring, by their names."""
    attributes = docstring.partition("Attributes:\n")[2]
    entries = re.findall(r"^ {8}(\w+): (.+(?:\n {12,}.+)*)", attributes, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
