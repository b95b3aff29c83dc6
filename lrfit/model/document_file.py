"""Files of model documents: human-readable JSON, checked strictly when it is read.

The fields are those of `ModelDocument`, and names and lengths in them must agree. Only "training" and "data"
may be missing, so that a model can be written by hand; and, in them, fields that have a default, which were
added later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from lrfit.errors import DataError, ModelFileError
from lrfit.model.contradictions import contradictions
from lrfit.model.document import ModelDocument
from lrfit.system.documents import MAX_BYTES, DocumentFormat
from lrfit.system.files import open_stream

__all__ = ["FORMAT", "load", "load_all", "to_bytes", "to_document", "to_documents", "to_lines"]

FORMAT = DocumentFormat("lrfit-model", 1, ModelDocument)

_FOREIGN = {
    b"parameter ": "is the text result of lrfit train, not a model: use --format json there",
    b"\x1f\x8b": "is compressed: unpack it with gzip -d first",
    b"\x80": "is not an lrfit model, which is text; if it is a pickle, it is never read",
    b"\xff\xfe": "is in UTF-16: save it in UTF-8",
    b"\xfe\xff": "is in UTF-16: save it in UTF-8",
}
"""Messages for other files that are mistaken for models, by how these begin."""


def to_bytes(fit: ModelDocument) -> bytes:
    """`fit` as the bytes of a file; see `DocumentFormat.to_bytes`.

    Raises:
        DataError: A number in it is not finite.
    """
    try:
        return FORMAT.to_bytes(fit)
    except ValueError as error:
        raise DataError(
            "numbers of the fit are beyond the range of float64; multiply the columns by powers of ten "
            "so that they are of similar size"
        ) from error


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
        content = FORMAT.parse(document)
    except ValueError as error:
        raise ModelFileError(f"{name} is not an lrfit model: {error}") from error
    try:
        return _fit(content)
    except ValueError as error:
        raise ModelFileError(f"{name} is not an lrfit model that this version reads: {error}") from error


def _fit(content: object) -> ModelDocument:
    fit = FORMAT.read(content)
    if contradiction := next(contradictions(fit), None):
        raise ValueError(f"field {contradiction}")
    return fit
