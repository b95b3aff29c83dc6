"""What a CSV means: state machines of lines, rows, numbers and dates that are written out by hand."""

import re
import struct
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

from lrfit.data.csv.format import ColumnLayout
from lrfit.data.kinds import Column
from lrfit.messages import shown

DIGITS = frozenset("0123456789")

MARKS_OF_MISSING = {
    "", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na",
    "null", "nan", "none",
}  # fmt: skip

BLANKS_OF_GROUPS = " \u00a0\u2009\u202f"


@dataclass
class Good:
    """What a block should give.

    Attributes:
        columns: For each column, its numbers; or its words, if it is one of categories.
        known: For each column, the levels that were known before; None if the block tells them.
        texts: The complete rows as they were written.
        n_lines: Number of lines.
        missing: For each row that lacks a value, its line and the positions of what it lacks.
        lost_digits: Whether a complete row has an integer beyond 2^53.
    """

    columns: list
    known: list
    texts: list = field(default_factory=list)
    n_lines: int = 0
    missing: list = field(default_factory=list)
    lost_digits: bool = False

    def levels(self, column):
        """The levels whose places the values of a column are; empty for numbers."""
        if self.known[column] is not None:
            return tuple(self.known[column])
        return tuple(sorted({word for word in self.columns[column] if isinstance(word, str)}))

    @property
    def values(self):
        """The values, column by column, as bytes: so comparing them compares bits."""
        parts = []
        for i, column in enumerate(self.columns):
            places = {level: float(place) for place, level in enumerate(self.levels(i))}
            parts += [places.get(value, value) for value in column]
        return struct.pack(f"{len(parts)}d", *parts)

    @property
    def lacking(self):
        """For each position, the number of rows that lack its value."""
        return Counter(position for _, positions in self.missing for position in positions)


@dataclass(frozen=True)
class Bad:
    """Where a block should be refused, and what the message has to show of the cell or byte."""

    line: int
    position: int | None = None
    says: str = ""


# Cells.


def ungrouped(whole, mark):
    """Digits without the marks between their groups; None if they are grouped wrongly."""
    marks = BLANKS_OF_GROUPS if mark == " " else mark
    used = sorted({character for character in whole if character in marks})
    if not used:
        return whole
    first, *others = whole.split(used[0])
    is_right = len(first) in (1, 2, 3) and all(len(group) in (2, 3) for group in others)
    return "".join([first, *others]) if is_right and len(others[-1]) == 3 and len(used) == 1 else None


def number(cell, csv_format):
    """The value of a cell, None if it is no number."""
    body = cell.strip(" \t" + csv_format.strip).strip(" \t")
    sign, body = (body[0], body[1:]) if body[:1] in ("+", "-") else ("", body)
    mantissa, mark, exponent = body.replace("E", "e", 1).partition("e")
    exponent_digits = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    whole, _, part = mantissa.partition(csv_format.decimal)
    whole = ungrouped(whole, csv_format.thousands)
    if (
        whole is None
        or not whole + part
        or not set(whole + part + exponent_digits) <= DIGITS
        or (mark and not exponent_digits)
    ):
        return None
    return float(f"{sign}{whole or '0'}.{part or '0'}e{exponent or '0'}")


def is_beyond_2_53(cell, csv_format):
    """Whether a number is an integer that a float may not hold."""
    body = cell.strip(" \t" + csv_format.strip)
    digits = ungrouped(body[body[:1] in ("+", "-") :], csv_format.thousands) or "x"
    return set(digits) <= DIGITS and int(digits.lstrip("0")[:400] or "0") > 2**53


def is_missing(cell, csv_format):
    """Whether a cell that is no number stands for a missing value."""
    return cell.strip().lower() in MARKS_OF_MISSING or cell.strip() in csv_format.na


SHAPES_OF_DAYS = {"0000-00-00", "00000000", "0000-W00-0", "0000W000", "0000-W00", "0000W00"}
SHAPES_OF_CLOCKS = {"00", "00:00", "0000", "00:00:00", "000000"}
SHAPES_OF_OFFSETS = {"+00", "+0000", "+00:00"}


def shape(text):
    """A text with each digit as 0."""
    return "".join("0" if character in DIGITS else character for character in text)


def day_of(text):
    """The date that is written so; raises `ValueError` if there is none."""
    digits = text.replace("-", "").replace("W", "")
    if "W" in text:
        return date.fromisocalendar(int(digits[:4]), int(digits[4:6]), int(digits[6:] or "1"))
    return date(int(digits[:4]), int(digits[4:6] or "1"), int(digits[6:] or "1"))


def moment_of(text):
    """The time that is written so; raises `ValueError` if there is none, or it is not written as ISO 8601."""
    if shape(text) in ("0000", "0000-00"):
        return datetime.combine(day_of(text), datetime.min.time(), UTC)
    mark = next((character for character in text if character in "T "), "")
    day, _, clock = text.partition(mark) if mark else (text, "", "")
    zone = next((character for character in clock if character in "Z+-"), "")
    clock, _, offset = clock.partition(zone) if zone else (clock, "", "")
    whole, _, fraction = clock.replace(",", ".").partition(".")
    if not (
        shape(day) in SHAPES_OF_DAYS
        and (shape(whole) in SHAPES_OF_CLOCKS or not mark)
        and ("." not in clock.replace(",", ".") or (len(whole.replace(":", "")) == 6 and fraction))
        and set(fraction) <= DIGITS
        and ("+" + shape(offset) in SHAPES_OF_OFFSETS if zone in ("+", "-") else not offset)
    ):
        raise ValueError(text)
    digits = (whole.replace(":", "") + "000000")[:6]
    times = [int(digits[i : i + 2]) for i in (0, 2, 4)]
    ahead = (offset.replace(":", "") + "0000")[:4]
    if int(ahead[:2]) > 23 or int(ahead[2:]) > 59:
        raise ValueError(text)
    behind = timedelta(hours=int(ahead[:2]), minutes=int(ahead[2:])) * (-1 if zone == "-" else 1)
    moment = datetime.combine(day_of(day), datetime.min.time()).replace(
        hour=times[0], minute=times[1], second=times[2], microsecond=int((fraction + "000000")[:6])
    )
    return moment.replace(tzinfo=timezone(behind))


def days(cell):
    """Days since 1970, with times as fractions; None if the cell is no date."""
    try:
        since = moment_of(cell.strip()) - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return float(Fraction(microseconds, 86_400_000_000))


REFUSED = object()
"""The value of a cell that is not what its column holds."""


def value_of(cell, column, csv_format):
    """The number or the word of a cell; None if it is missing, `REFUSED` if it is neither."""
    if column.kind == "category":
        return word_of(cell, column.levels, csv_format)
    value = days(cell) if column.kind == "date" else number(cell, csv_format)
    if column.kind == "date" or value is None:
        bare = cell if column.kind == "date" else cell.strip(" \t" + csv_format.strip)
        if is_missing(cell, csv_format) or is_missing(bare, csv_format):
            return None
    elif value in [number(word, csv_format) for word in csv_format.na]:
        return None if value - value == 0 else REFUSED
    is_refused = value is None or value - value != 0 or (column.kind == "weight" and value < 0)
    return REFUSED if is_refused else value


def word_of(cell, levels, csv_format):
    """The same, of a cell in a column of words."""
    word = cell.strip()
    if levels is not None and word in levels:
        return word
    if is_missing(cell, csv_format):
        return None
    return word if levels is None else REFUSED


# Lines and rows.


def lines_of(text):
    """The lines of a text or of bytes, with their ends."""
    if isinstance(text, bytes):
        return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def without_lines(text, csv_format):
    """Bytes whose title, comments and footer are blank lines."""
    lines = lines_of(text)

    def leave_out(i):
        lines[i] = lines[i][len(lines[i].rstrip(b"\r\n")) :]
        if i and lines[i] == b"\n" and lines[i - 1].endswith(b"\r"):
            lines[i] = b"\r\n"  # and not one line end with that before

    for i in range(min(csv_format.skip, len(lines))):
        leave_out(i)
    is_quoted = False
    mark = csv_format.comment.encode()
    for i, line in enumerate(lines):
        if mark and not is_quoted and line.lstrip(b" \t").startswith(mark):
            leave_out(i)
        else:
            is_quoted ^= line.count(b'"') % 2 == 1
    written = [i for i, line in enumerate(lines) if line.strip(b" \t\r\n")]
    if csv_format.skip_footer:
        has_all = len(written) >= csv_format.skip_footer
        for i in range(written[-csv_format.skip_footer] if has_all else 0, len(lines)):
            leave_out(i)
    return b"".join(lines)


def is_row(fields, header):
    """Whether fields are a row, and not a blank line: in a table of one column, an empty field is one."""
    return bool("".join(fields).strip()) or (len(header) == 1 and fields != [])


def expected(text, layout, first_line):
    """What `parse` should make of a block."""
    try:
        decoded, damage = text.decode(), None
    except UnicodeDecodeError as error:
        whole = re.sub(rb"[^\r\n]*\Z", b"", text[: error.start])
        decoded = whole.decode()
        damage = Bad(first_line + len(lines_of(whole)), says=f"0x{text[error.start]:02X}")
    lines = lines_of(decoded)
    columns = layout.columns or [Column(layout.header[position]) for position in layout.positions]
    good = Good([[] for _ in columns], [column.levels for column in columns], n_lines=len(lines))
    start = 0
    while start < len(lines):
        end, fields = row_from(lines, start, layout.format.separator)
        if fields is None:
            return damage if damage and end > len(lines) else Bad(first_line + start)
        if is_row(fields, layout.header):
            written = re.sub(r"[\r\n]+\Z", "", "".join(lines[start:end]))
            if bad := add_row(good, fields, columns, layout, first_line + start, written):
                return bad
        start = end
    return damage or good


# What a character does to a field, by the field's state and the kind of the character: a quote, a blank, a
# separator, a line end, another one. The state is that of a field whose quote may still come, of one without
# quotes, of one within quotes, of one behind a quote, and of one behind its last quote and a blank.
STATES = {
    "before": {
        "quote": "within",
        "blank": "before",
        "separator": "before",
        "end": "before",
        "other": "plain",
    },
    "plain": {"quote": None, "blank": "plain", "separator": "before", "end": "plain", "other": "plain"},
    "within": dict.fromkeys(["blank", "separator", "end", "other"], "within") | {"quote": "closed"},
    "closed": {"quote": "within", "blank": "behind", "separator": "before", "end": "closed", "other": None},
    "behind": {"quote": None, "blank": "behind", "separator": "before", "end": "behind", "other": None},
}


def kind_of(character, separator):
    if character == separator:
        return "separator"
    return {'"': "quote", " ": "blank", "\t": "blank", "\r": "end", "\n": "end"}.get(character, "other")


def row_from(lines, start, separator):
    """The line behind the row that starts there, and its fields; None for them if a quote is astray.

    Where the lines end within a quote, that line is one too far.
    """
    if separator == "blanks":
        return start + 1, aligned_fields(lines[start].rstrip("\r\n"))
    fields, text, state = [], "", "before"
    for end in range(start, len(lines)):
        for character in lines[end]:
            kind = kind_of(character, separator)
            before, state = state, STATES[state][kind]
            if state is None:
                return end + 1, None
            if kind == "separator" and before != "within":
                fields, text = [*fields, text], ""
            elif before == "before" and state == "within":
                text = ""  # blanks before the quote
            elif before == "within" or state == "within":
                text += character if state == "within" else ""
            elif state in ("before", "plain") and kind != "end":
                text += character
        if state != "within":
            whole = [*fields, text]
            return end + 1, whole if whole != [""] or state in ("closed", "behind") else []
    return len(lines) + 1, None


def aligned_fields(line):
    """The fields of a line that runs of blanks separate; None if a quote is astray."""
    fields, text, state = [], "", "between"
    for character in [*line, " "]:
        is_blank = character in " \t"
        if state == "between":
            state = "between" if is_blank else "within" if character == '"' else "plain"
            text = character if state == "plain" else ""
        elif state == "plain":
            if character == '"':
                return None
            state, text = ("between", text) if is_blank else ("plain", text + character)
            fields += [text] if is_blank else []
        elif state == "within":
            state, text = ("closed", text) if character == '"' else ("within", text + character)
        elif character == '"':
            state, text = "within", text + '"'
        elif is_blank:
            state, fields = "between", [*fields, text]
        else:
            return None
    return fields if state == "between" else None


def add_row(good, fields, columns, layout, line, written):
    """Add a row to what is good; where and how it is to be refused, if it is."""
    if len(fields) != len(layout.header):
        return Bad(line, says=f"{len(fields)} field")
    for position, text in enumerate(fields):
        if "\0" in text:
            return Bad(line, position, shown(text))
    values = []
    for position, column in zip(layout.positions, columns, strict=True):
        values.append(value_of(fields[position], column, layout.format))
        if values[-1] is REFUSED:
            return Bad(line, position, shown(fields[position]))
    absent = [position for position, value in zip(layout.positions, values, strict=True) if value is None]
    if absent:
        good.missing.append((line, absent))
        return None
    for cells, value in zip(good.columns, values, strict=True):
        cells.append(value)
    good.texts.append(written)
    good.lost_digits |= any(
        column.kind in ("number", "weight") and is_beyond_2_53(fields[position], layout.format)
        for position, column in zip(layout.positions, columns, strict=True)
    )
    return None


# Whole files.


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
        picks: Which columns, as numbers that count round and round; and their kinds and known levels.
    """
    if stored[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b") or zeros_of_wide_characters(stored[:4]):
        return Refused("")
    stored = stored.removeprefix(b"\xef\xbb\xbf")
    without_end = replace(csv_format, skip_footer=0)
    while isinstance(below := table_in(stored, without_end, picks), list):
        lines = lines_of(stored)
        odd = next(i for i in below if lines[i].count(b'"') % 2)
        lines[odd] = lines[odd].replace(b'"', b"''")  # a quote stands for inches there
        stored = b"".join(lines)
    return table_in(stored, csv_format, picks)


def table_in(text, csv_format, picks):
    """As `expected_table`, of a text; or the lines below the header to leave out, if they have inches."""
    lines = lines_of(without_lines(text, csv_format).decode(errors="surrogateescape"))
    start = 0
    while start < len(lines):
        end, fields = row_from(lines, start, csv_format.separator)
        damaged = next((i for i in range(start, min(end, len(lines))) if is_damaged(lines[i])), None)
        if damaged is not None:
            return Refused(f", line {damaged + 1}: byte 0x")
        if fields is None:
            return Refused(f", line {start + 1}: a quote")
        if is_row(fields, ()):
            return with_header(lines, start, end, fields, csv_format, picks)
        start = end
    return Refused("is empty")


def is_damaged(line):
    """Whether a line has bytes that are not UTF-8."""
    return re.search("[\udc80-\udcff]", line) is not None


def with_header(lines, start, end, fields, csv_format, picks):
    """As `expected_table`, of a file whose first row these are."""
    header, written = [name.strip() for name in fields], "".join(lines[start:end]).strip("\r\n")
    n_before = end if csv_format.header else start
    if not csv_format.header:
        header = [str(i + 1) for i in range(len(fields))]
    elif re.fullmatch('"?sep=.?"?', written.strip(), re.IGNORECASE):
        return Refused("a note to Excel")
    elif "\0" in written:
        return Refused("a NUL byte")
    elif is_of_numbers(header, csv_format):
        return Refused("header=False")
    whole = next((i for i in range(n_before, len(lines)) if is_damaged(lines[i])), len(lines))
    below = [i for i in range(n_before, whole) if lines[i].strip()][: csv_format.skip_below]
    if any(lines[i].count('"') % 2 for i in below):
        return below
    n_before = max([n_before, *(i + 1 for i in below)])
    first = next((fields for fields in rows_of(lines, n_before, csv_format.separator) if fields != []), None)
    has_names = csv_format.header and csv_format.separator != "blanks"
    if has_names and first and len(first) == len(header) + 1 and not first[-1].strip():
        header.append("")  # of the empty field at the end of each row
    columns = {}
    for pick, kind, levels in picks:
        columns.setdefault(pick % len(header), Column(header[pick % len(header)], kind, levels))
    layout = ColumnLayout("data", csv_format, tuple(header), tuple(columns), tuple(columns.values()))
    if any(header.count(column.name) > 1 for column in columns.values()):
        return layout, Refused("two columns")
    rest = "".join(lines[n_before:]).encode(errors="surrogateescape")
    return layout, expected(rest, layout, n_before + 1)


def rows_of(lines, start, separator):
    """The fields of the rows from this line on, [] for blank ones; None for one that cannot be read."""
    while start < len(lines):
        end, fields = row_from(lines, start, separator)
        if fields is None or any(map(is_damaged, lines[start:end])):
            yield None
        else:
            yield fields if is_row(fields, ()) else []
        start = end


def is_of_numbers(names, csv_format):
    """Whether the names of a header are numbers, and should be a row."""
    is_one = [number(name, csv_format) is not None for name in names]
    return any(is_one) and all(
        one or is_like_a_number(name, csv_format) for one, name in zip(is_one, names, strict=True)
    )


def is_like_a_number(name, csv_format):
    try:
        float(name.replace(",", "."))
    except ValueError:
        return is_missing(name, csv_format)
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
    "inf", "-inf", "Infinity", "INF", "1e400", "-1e400", "1e99999999999999999999", "9" * 400, "+nan",
    "+NaN", "1_0", "0x1F", "0b1", "1D3", "1d3", "--5", "+-5", "- 5", "1 2", "1e", "1e+", "e5", ".", "-",
    "+", "1.2.3", "1e1.5", "\u0661\u0662", "\uff11", "\u22125", "\u00bd", "1\u00b2", "5%", "$5", "5$",
    "\u20ac5", "1'000", "(5)", "#N", "?", "*", "true", "false", "True", "TRUE", "yes", "2024-01-02",
    "12:30", "1/2", "x", "1x", "1f", "1L", "1j", "1\x002", "\x001", "1\x00", "1\x1a", "\x1a", "\x0b1",
    "\x0c1", "1\x0b", "1\x0c", "\x1c1", "\x851", "\u00a01", "1\u2003", "\u20281", "\ufeff1", "\u200b1",
    "\u202e1", "\x1b[31m1", "\x9b1m", "[/red]1", "\\1", "'1'",
]  # fmt: skip

MISSING = [
    "", " ", "\t", "NA", "na", " NA ", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "None", "none",
    "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "nUlL",
]  # fmt: skip

DATES = [
    "2026-03-01", "1970-01-01", "1969-12-31", " 2024-02-29 ", "20260301", "2026-03", "2026", "2026-W10",
    "2026-W10-7", "2026W107", "2020-W53", "0001-01-01", "9999-12-31", "2026-03-01T12:30",
    "2026-03-01 12:30", "20260301T1230", "2026-03-01T12", "2026-03-01T23:59:59",
    "2026-03-01T12:30:15.25", "2026-03-01 12:30:15,5", "2026-03-01T12:30:15.123456789",
    "2026-03-01T12:30Z", "2026-03-01T12:30+05:30", "2026-03-01T00-0130", "2026-03-01T12:30:15.5-11",
    "2026-W10T12:30", "0001-01-01T00:00+23:59", "9999-12-31T23:59:59.999999-23:59",
    "2026-03-01T000000.000001+00",
]  # fmt: skip

NO_DATES = [
    "2026-02-29", "2026-13", "2026-00", "2026-3-1", "01.03.2026", "3/1/2026", "202603", "26-03-01",
    "2026-060", "0000-01-01", "2021-W53", "2026-W00", "2026-W10-8", "2026-W101", "2026W10-1",
    "2026-03-01T", "2026-03-01T24", "2026-03-01T12:60", "2026-03-01T12:30:60", "2026-03-01T12:3015",
    "2026-03-01T1230:15", "2026-03-01T12:30.5", "2026-03-01T12:30:15.", "2026-03-01T12:30+24:00",
    "2026-03-01T12:30+05:60", "2026-03-01T12:30+5", "2026Z", "2026-03-01Z", "2026-03-01t12:30",
    "2026-03-01T12:30z", "2026-03-01T12:30ZZ", "2026-03-01  12:30", "today",
    "2026-03-01T12:30+01:00:30", "2026-03-0\u0661", "9999-W52-7", "-2026-03-01", "2026-03-01T12:30+",
    "x", "1.5", "\u22122026", "2026-03T12:30", "20260301T12:30:15.5.5", "2026-03-01T12:30 Z",
]  # fmt: skip

WORDS = [
    "london",
    "rome",
    "new york",
    "",
    "NA",
    "berlin ",
    "Köln",
    "東京",
    "?",
    "1",
    "-99",
    "a b",
    "#x",
    "ROME",
]
