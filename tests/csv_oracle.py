"""What a CSV means, by a grammar of rows and one of numbers that are written out by hand."""

import re
import struct
from dataclasses import dataclass, replace

from lrfit.data.csv.format import ColumnLayout
from lrfit.messages import shown

DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Good:
    """What a block should give; `values` as bytes, so that comparing them compares bits."""

    values: bytes
    texts: list[str]
    n_lines: int
    missing: list[tuple[int, int]]
    lost_digits: bool


@dataclass(frozen=True)
class Bad:
    """Where a block should be refused, and what the message has to show of the cell or byte."""

    line: int
    position: int | None = None
    says: str = ""


def number(cell, decimal):
    """The value of a cell, None if it is no number."""
    body = cell.strip(" \t")
    sign, body = (body[0], body[1:]) if body[:1] in ("+", "-") else ("", body)
    mantissa, mark, exponent = body.replace("E", "e", 1).partition("e")
    exponent_digits = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    whole, _, part = mantissa.partition(decimal)
    if (
        not whole + part
        or not set(whole + part + exponent_digits) <= DIGITS
        or (mark and not exponent_digits)
    ):
        return None
    return float(f"{sign}{whole or '0'}.{part or '0'}e{exponent or '0'}")


def is_beyond_2_53(cell):
    digits = cell.strip(" \t").lstrip("+-")
    return set(digits) <= DIGITS and int(digits.lstrip("0")[:400] or "0") > 2**53


def expected(text, layout, first_line):
    """What `parse` should make of a block."""
    try:
        decoded, damage = text.decode(), None
    except UnicodeDecodeError as error:
        whole = re.sub(rb"[^\r\n]*\Z", b"", text[: error.start])
        decoded = whole.decode()
        n_before = len(re.findall(rb"\r\n|\r|\n", whole))
        damage = Bad(first_line + n_before, says=f"0x{text[error.start]:02X}")
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", decoded)
    good = Good(b"", [], len(lines), [], lost_digits=False)
    start = 0
    while start < len(lines):
        end, fields = row_from(lines, start, layout.format.separator)
        if fields is None:
            return damage if damage and end > len(lines) else Bad(first_line + start)
        if (
            len(fields) > 1
            or "".join(fields).strip()
            or ("".join(lines[start:end]).strip("\r\n") and len(layout.header) == 1)
        ):
            written = re.sub(r"[\r\n]+\Z", "", "".join(lines[start:end]))
            good = with_row(good, fields, layout, first_line + start, written)
        if isinstance(good, Bad):
            return good
        start = end
    return damage or good


# The state of a field behind a quote, a separator, a line end, and any other character.
STATES = {
    "start": ("within", "start", "start", "plain"),
    "plain": (None, "start", "plain", "plain"),
    "within": ("closed", "within", "within", "within"),
    "closed": ("within", "start", "closed", None),
}


def row_from(lines, start, separator):
    """The line behind the row that starts there, and its fields; None for them if a quote is astray.

    Where the lines end within a quote, that line is one too far.
    """
    fields, field, state = [], "", "start"
    for end in range(start, len(lines)):
        for character in lines[end]:
            kind = ('"', separator, "\r", "\n").index(character) if character in f'"{separator}\r\n' else 4
            before, state = state, STATES[state][(0, 1, 2, 2, 3)[kind]]
            if state is None:
                return end + 1, None
            if kind == 1 and before != "within":
                fields, field = [*fields, field], ""
            elif kind == 4 or (before, state) in {("within", "within"), ("closed", "within")}:
                field += character
        if state != "within":
            return end + 1, [*fields, field]
    return len(lines) + 1, None


def with_row(good, fields, layout, line, written):
    """`good` with one more row, or where that row is to be refused."""
    if len(fields) != len(layout.header):
        return Bad(line, says=f"{len(fields)} field")
    for position, field in enumerate(fields):
        if "\0" in field:
            return Bad(line, position, shown(field))
    values = [number(fields[position], layout.format.decimal) for position in layout.positions]
    absent = []
    for position, value in zip(layout.positions, values, strict=True):
        if value is None and fields[position].strip().lower() in ("", "na", "nan", "null", "none"):
            absent.append(position)
        elif value is None or value - value != 0:
            return Bad(line, position, shown(fields[position]))
    if absent:
        return replace(good, missing=[*good.missing, (line, absent[0])])
    return Good(
        good.values + struct.pack(f"{len(values)}d", *values),
        [*good.texts, written],
        good.n_lines,
        good.missing,
        good.lost_digits or any(is_beyond_2_53(fields[position]) for position in layout.positions),
    )


@dataclass(frozen=True)
class Refused:
    """A table that is refused before its rows are read."""

    says: str


def zeros_of_wide_characters(head):
    """Whether four bytes are the beginning of UTF-16 or UTF-32 without a mark."""
    zeros = [not byte for byte in head]
    return zeros in ([0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 1], [1, 1, 1, 0])


def expected_table(stored, csv_format, picks):
    """What a whole file is: a layout of the columns that are picked, and what its rows are; or a refusal.

    Args:
        stored: UTF-8, more or less; not packed.
        csv_format: As lrfit is told.
        picks: Which columns, as numbers that count round and round.
    """
    if stored[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b") or zeros_of_wide_characters(stored[:4]):
        return Refused("")
    text = stored.removeprefix(b"\xef\xbb\xbf")
    valid = text.decode(errors="surrogateescape")
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", valid)
    start = 0
    while start < len(lines):
        end, fields = row_from(lines, start, csv_format.separator)
        damaged = [i for i in range(start, min(end, len(lines))) if re.search("[\udc80-\udcff]", lines[i])]
        if damaged:
            return Refused(f", line {damaged[0] + 1}: byte 0x")
        if fields is None:
            return Refused(f", line {start + 1}: a quote")
        if len(fields) > 1 or fields[0].strip():
            return with_header(lines, start, end, fields, csv_format, picks)
        start = end
    return Refused("is empty")


def with_header(lines, start, end, fields, csv_format, picks):
    """As `expected_table`, of a file whose first row these are."""
    header, written = [field.strip() for field in fields], "".join(lines[start:end]).strip("\r\n")
    n_before = end if csv_format.header else start
    if not csv_format.header:
        header = [str(i + 1) for i in range(len(fields))]
    elif re.fullmatch('"?sep=.?"?', written.strip(), re.IGNORECASE):
        return Refused("a note to Excel")
    elif "\0" in written:
        return Refused("a NUL byte")
    elif all(map(is_like_a_number, header)) and any(
        number(name, csv_format.decimal) is not None for name in header
    ):
        return Refused("header=False")
    rows = rows_of(lines, n_before, csv_format.separator)
    first = next((fields for fields in rows if fields is None or len(fields) > 1 or fields[0].strip()), None)
    if csv_format.header and first and len(first) == len(header) + 1 and not first[-1].strip():
        header.append("")  # of the empty field at the end of each row
    positions = tuple(dict.fromkeys(pick % len(header) for pick in picks))
    layout = ColumnLayout("data", csv_format, tuple(header), positions)
    if any(header.count(header[position]) > 1 for position in positions):
        return layout, Refused("two columns")
    rest = "".join(lines[n_before:]).encode(errors="surrogateescape")
    return layout, expected(rest, layout, n_before + 1)


def rows_of(lines, start, separator):
    """The fields of the rows from this line on; None for one with a wrong quote."""
    while start < len(lines):
        start, fields = row_from(lines, start, separator)
        yield fields


def is_like_a_number(name):
    try:
        float(name.replace(",", "."))
    except ValueError:
        return name.lower() in ("", "na", "nan", "null", "none")
    return True


# Numbers as people, spreadsheets and programs write them.

ODD_NUMBERS = [
    "+1", "1e3", "1E+03", "1e-3", ".5", "-.5", "1.", "-1.", "007", "-0", "-0.0", "00", "0e9", " 1",
    "1 ", "\t1\t", "5e-324", "1e-400", "-1e-400", "2.4703282292062328e-324", "2.2250738585072011e-308",
    "1.7976931348623157e308", "0.1", "9007199254740993", "-9007199254740993", "9007199254740993.0",
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
    "1" + "0" * 30, "0" * 30 + "1", "0." + "0" * 330 + "1e331", "1" * 400 + "e-399",
    "1e00000000000000000003", "0e99999999999999999999", "1e-99999999999999999999",
    "0.500000000000000166533453693773481063544750213623",
]  # fmt: skip

NO_NUMBERS = [
    "inf", "-inf", "Infinity", "INF", "1e400", "-1e400", "1e99999999999999999999", "9" * 400, "-nan",
    "+NaN", "1_0", "0x1F", "0b1", "1D3", "1d3", "--5", "+-5", "- 5", "1 2", "1e", "1e+", "e5", ".", "-",
    "+", "1.2.3", "1e1.5", "\u0661\u0662", "\uff11", "\u22125", "\u00bd", "1\u00b2", "5%", "$5", "5$",
    "\u20ac5", "1'000", "(5)", "#N/A", "?", "*", "true", "false", "True", "TRUE", "yes", "2024-01-02",
    "12:30", "1/2", "x", "1x", "1f", "1L", "1j", "1\x002", "\x001", "1\x00", "1\x1a", "\x1a", "\x0b1",
    "\x0c1", "1\x0b", "1\x0c", "\x1c1", "\x851", "\u00a01", "1\u2003", "\u20281", "\ufeff1", "\u200b1",
    "\u202e1", "\x1b[31m1", "\x9b1m", "[/red]1", "\\1", "'1'",
]  # fmt: skip

MISSING = ["", " ", "\t", "NA", "na", " NA ", "NaN", "nan", "null", "NULL", "None", "none"]
