"""Foreign files: what is no CSV, told by how it begins and not by its name, and refused with what helps.

Files that are no text are told by their first bytes, before these are decoded. Other formats of text are told
by their first lines, in such a way that no CSV with a row of numbers begins alike.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from lrfit.data.csv.conversion import (
    Conversion,
    Origin,
    by_command,
    by_filter,
    by_pandas,
    by_saving,
    by_spreadsheet,
)
from lrfit.data.csv.signs import GZIP_MAGIC, TELLING_BYTES
from lrfit.errors import DataError
from lrfit.messages import spelled

__all__ = ["n_more_bytes", "refuse_no_text", "refuse_other_text"]

_ZIP_MAGIC = b"PK\x03\x04"
_ZIP_BYTES = 1 << 14
"""Number of bytes at the beginning of a zip archive in which its first names are looked for."""

_ZIP_NAME = re.compile(_ZIP_MAGIC + rb".{26}(\[Content_Types\]|\w+/)", re.DOTALL)
"""The beginning of a name in a zip archive."""

_OPEN_DOCUMENT = re.compile(
    _ZIP_MAGIC + rb".{26}mimetypeapplication/vnd\.oasis\.opendocument\.(spreadsheet)?", re.DOTALL
)
"""The beginning of an OpenDocument, and whether it is a workbook."""


@dataclass(frozen=True)
class _Kind:
    """A kind of foreign files.

    Attributes:
        name: The kind as a noun, behind "is".
        advice: The way to a CSV, as an imperative; behind it comes the command, if there is one.
        conversion: The command.
        has_header: Whether the CSV that the command makes names its columns.
    """

    name: str
    advice: str
    conversion: Conversion | None = None
    has_header: bool = True


_SAVE = "save its table as CSV in the program that made it"
_MAKE = "make it a CSV"
_IN_FILE = "it has to be in a file"

_WORKBOOK = _Kind("a workbook", "save it as CSV in a spreadsheet program, or", by_spreadsheet)
_DOCUMENT = _Kind("an office document", _SAVE)
_R_DATA = _Kind("R data", "save a table of them as CSV by write.csv in R")
_ZIP = _Kind("a zip archive", "unpack it", by_command("unzip -p {file} > {made}", ".zip"))
_GZIP = _Kind("gzip", "unpack it", by_filter("gzip -dc"))

_NO_TEXT = {
    GZIP_MAGIC: _GZIP,
    _ZIP_MAGIC: _ZIP,
    b"\xd0\xcf\x11\xe0": _WORKBOOK,
    b"\xfd7zXZ\0": _Kind("packed by xz", "unpack it", by_filter("xz -dc")),
    b"(\xb5/\xfd": _Kind("packed by zstd", "unpack it", by_filter("zstd -dc")),
    b"BZh91AY&SY": _Kind("packed by bzip2", "unpack it", by_filter("bzip2 -dc")),
    b"7z\xbc\xaf": _Kind("a 7z archive", "unpack it", by_command("7z e -so {file} > {made}", ".7z")),
    b"PAR1\x15": _Kind("Parquet", _IN_FILE, by_saving("data.parquet")),
    b"ARROW1\0\0": _Kind("Arrow IPC", _IN_FILE, by_saving("data.arrow")),
    b"\xff\xff\xff\xff": _Kind("an Arrow IPC stream", _IN_FILE, by_saving("data.arrow")),
    b"FEA1\0\0\0\0": _Kind(
        "Feather of version 1", f"{_MAKE} (needs pyarrow)", by_pandas("read_feather({})", ".feather")
    ),
    b"SQLite format 3\0": _Kind(
        "an SQLite database",
        "save a TABLE of it as CSV",
        by_command("sqlite3 -header -csv {file} 'select * from TABLE' > {made}", ".db", ".csv"),
    ),
    b"<stata_dta><": _Kind("a Stata file", _MAKE, by_pandas("read_stata({})", ".dta")),
    b"$FL2@(#)": _Kind("an SPSS file", f"{_MAKE} (needs pyreadstat)", by_pandas("read_spss({})", ".sav")),
    b"RDX2\nX\n": _R_DATA,
    b"RDX3\nX\n": _R_DATA,
    b"X\n\0\0\0": _R_DATA,
    b"\x89HDF\r\n\x1a\n": _Kind("HDF5", _SAVE),
    b"CDF\x01": _Kind("netCDF", _SAVE),
    b"CDF\x02": _Kind("netCDF", _SAVE),
    b"%PDF-1.": _Kind("a PDF", _SAVE),
    b"%PDF-2.": _Kind("a PDF", _SAVE),
    b"{\\rtf1": _Kind("RTF", "save it as plain text"),
}
"""The first bytes of files that are not text, or hardly, and their kinds."""

_MODEL = _Kind("a model of lrfit, not data", "name a CSV in its place")
_JSON = _Kind("JSON", _MAKE, by_pandas("read_json({})", ".json"))
_JSON_LINES = _Kind("JSON lines", _MAKE, by_pandas("read_json({}, lines=True)", ".jsonl"))

_VALUE = rb'(?:-?\d[\d.eE+-]*|"[^"\\\n]*"|null|true|false)'
_IS_OBJECT = re.compile(rb'\s*\{\s*"[^"\n]*"\s*:')
_IS_RECORDS = re.compile(rb'\s*\[\s*\{\s*"[^"\n]*"\s*:')
_IS_ROWS = re.compile(rb"\s*\[\s*\[\s*%b(?:\s*,\s*%b)*\s*\]\s*(?:,\s*\[|\]\s*$)" % (_VALUE, _VALUE))
_IS_MODEL = re.compile(rb'"format"\s*:\s*"lrfit-model"')

_BEFORE_HTML = rb"\s*(?:<\?xml\s[^>]*>\s*|<!--(?s:.*?)-->\s*)*+"
_WITHIN_HTML = rb"head|body|meta|title|script|link|style|table|caption|colgroup|thead|tbody|tr|th|td|div|h1|p"

_OTHER_TEXT = {
    re.compile(rb"(?mi)(?:\s|%[^\r\n]*[\r\n])*+@relation[ \t]+\S(?s:.*)^[ \t]*@attribute[ \t]"): _Kind(
        "ARFF", _MAKE, by_filter("grep -v '^[@%]'", ".csv"), has_header=False
    ),
    re.compile(rb"(?i)\s*<\?xml\s+version[^>]*>\s*<\?mso-application\s+progid=.Excel"): _WORKBOOK,
    re.compile(
        rb"(?i)%b(?:<!doctype\s+html\b[^<>]*>|<(?:html|head|body|table)(?:\s[^<>]*)?>\s*<(?:%b)\b)"
        % (_BEFORE_HTML, _WITHIN_HTML)
    ): _Kind(
        "a web page",
        "was the address of the page taken for that of the file? For a table in it (needs lxml)",
        by_pandas("read_html({})[0]", ".html"),
    ),
    re.compile(rb"(?i)\s*<\?xml\s+version[^>]*>\s*<[^>]+>"): _Kind(
        "XML", f"{_MAKE} (needs lxml)", by_pandas("read_xml({})", ".xml")
    ),
}
"""The first lines of other formats of text, and their kinds."""


def n_more_bytes(head: bytes) -> int:
    """Number of bytes to read behind `head`, until it tells whether a file is text.

    A byte more is asked for only where all that is there is the beginning of something else. So the first row
    that arrives through a pipe is never waited on for a second.
    """
    if head.startswith(_ZIP_MAGIC):
        return max(0, _ZIP_BYTES - len(head))
    return int(any(len(head) < len(beginning) and beginning.startswith(head) for beginning in _NO_TEXT))


def refuse_no_text(head: bytes, origin: Origin) -> None:
    """Raise `DataError` if a file that begins with `head` is not text."""
    for beginning, kind in _NO_TEXT.items():
        if head.startswith(beginning):
            _refuse(_zip_kind(head) if kind is _ZIP else kind, origin)


def refuse_other_text(text: bytes, origin: Origin, *, is_last: bool) -> None:
    """Raise `DataError` if a text in UTF-8 that begins so is in another format than CSV.

    Args:
        text: Its beginning. Unless there are many bytes, it has to have two lines, and a line that may go on
            is not looked at: the reader of the header waits for a row, too.
        origin: The place where it comes from.
        is_last: Whether it is all the text.
    """
    if not is_last and len(text) < TELLING_BYTES:
        text = text[: max(text.rfind(b"\n"), text.rfind(b"\r")) + 1]
        if len(text.strip().splitlines()) <= 1:
            return
    if kind := _json_kind(text) or next(
        (kind for start, kind in _OTHER_TEXT.items() if start.match(text)), None
    ):
        _refuse(kind, origin)


def _refuse(kind: _Kind, origin: Origin) -> NoReturn:
    within = ""
    if origin.is_packed and kind.conversion:  # a command would read what is packed
        within, kind = f"{kind.name} within ", _GZIP
    header = "" if kind.has_header else f", and say {spelled(header=False)}"
    command = f": {kind.conversion(origin)}" if kind.conversion else ""
    raise DataError(f"{origin.name} is {within}{kind.name}; {kind.advice}{header}{command}")


def _zip_kind(head: bytes) -> _Kind:
    """The kind of a zip archive, by its first names: office programs write such files, too."""
    names = {match[1] for match in _ZIP_NAME.finditer(head)}
    if match := _OPEN_DOCUMENT.match(head):
        return _WORKBOOK if match[1] else _DOCUMENT
    if names & {b"word/", b"ppt/"}:
        return _DOCUMENT
    return _WORKBOOK if names & {b"xl/", b"[Content_Types]"} else _ZIP


def _json_kind(text: bytes) -> _Kind | None:
    if _IS_RECORDS.match(text) or _IS_ROWS.match(text):
        return _JSON
    if not _IS_OBJECT.match(text):
        return None
    if _IS_MODEL.search(text[:TELLING_BYTES]):
        return _MODEL
    return _JSON_LINES if _has_an_object_a_line(text) else _JSON


def _has_an_object_a_line(text: bytes) -> bool:
    """Whether the first line is a whole object, and the next, if there is one, begins another.

    An object alone is a record if it holds no other objects or arrays, and else a table.
    """
    first, *others = text.lstrip().splitlines()
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return False
    following = next((line for line in others if line.strip()), None)
    if following is not None:
        return following.lstrip().startswith(b"{")
    return not any(isinstance(value, (dict, list)) for value in record.values())
