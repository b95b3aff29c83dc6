"""Titles, comments and footers are blank lines, wherever the bytes are cut, and nothing else is."""

import random
from itertools import chain, islice, pairwise

import pytest
from csv_oracle import lines_of
from csv_oracle import without_lines as by_lines
from csv_tables import table_of, values_of
from depth import cases
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.left_out import without_lines
from lrfit.data.opening import open_table
from lrfit.data.table_request import TableRequest
from lrfit.errors import DataError


def pieces_of(text, places):
    """The text cut at these places, but never between CR and LF, as it comes from a source."""
    cuts = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    cuts = [cut for cut in cuts if text[cut - 1 : cut + 1] != b"\r\n"]
    parts = [text[start:end] for start, end in pairwise(cuts)] or [b""]
    return [(part, i == len(parts) - 1) for i, part in enumerate(parts)]


def left(text, places=(), **options):
    """What is left of a text that comes in pieces."""
    pieces = list(without_lines(iter(pieces_of(text, places)), CsvFormat(**options), "data"))
    assert [is_last for _, is_last in pieces] == [False] * (len(pieces) - 1) + [True]
    return b"".join(piece for piece, _ in pieces)


@pytest.mark.parametrize(
    ("text", "options", "want"),
    [
        (b"a title\nx,y\n1,2\n", {"skip": 1}, b"\nx,y\n1,2\n"),
        (b"a\r\nb\rc\nx\n", {"skip": 3}, b"\r\n\r\r\nx\n"),
        (b'5" pipes\nx\n1\n', {"skip": 1}, b"\nx\n1\n"),
        (b"\n\nx\n", {"skip": 2}, b"\n\nx\n"),
        (b"only this", {"skip": 1}, b""),
        (b"a\nb", {"skip": 5}, b"\n"),
        (b"# a\nx\n#b\n1\n # c\n\t#d", {"comment": "#"}, b"\nx\n\n1\n\n"),
        (b"# a\r\nx\r\n#b\r\n1\r\n", {"comment": "#"}, b"\r\nx\r\n\r\n1\r\n"),
        (b"# a\rx\r#b\r1\r", {"comment": "#"}, b"\rx\r\r1\r"),
        (b"x\r#b\n1\n", {"comment": "#"}, b"x\r\r\n1\n"),
        (b"x\r#b\r\n1\n#c\r2\n", {"comment": "#"}, b"x\r\r\n1\n\r2\n"),
        (b"x,1#2\n3 # no\n", {"comment": "#"}, b"x,1#2\n3 # no\n"),
        (b"//a\n/b\n//\n", {"comment": "//"}, b"\n/b\n\n"),
        (b'x,"a\n# b"\n# c\n1,2\n', {"comment": "#"}, b'x,"a\n# b"\n\n1,2\n'),
        (b'# 5" pipe\nx\n# "\n1\n#"\n', {"comment": "#"}, b"\nx\n\n1\n\n"),
        (b'"a\n""# b\n# c"\n#d\n', {"comment": "#"}, b'"a\n""# b\n# c"\n\n'),
        (b"\xff# a\n# \xff\n1\n", {"comment": "#"}, b"\xff# a\n\n1\n"),
        (b"x\n1\ntotal\n", {"skip_footer": 1}, b"x\n1\n\n"),
        (b"x\n1\ntotal", {"skip_footer": 1}, b"x\n1\n"),
        (b"x\n1\n\ntotal\n \n- 2 -\n\n\t\n", {"skip_footer": 2}, b"x\n1\n\n\n\n\n\n\n"),
        (b"x\r1\rtotal\r", {"skip_footer": 1}, b"x\r1\r\r"),
        (b"x\r1\rtotal\n", {"skip_footer": 1}, b"x\r1\r\r\n"),
        (b"x\n1\n", {"skip_footer": 9}, b"\n\n"),
        (b"\n\n", {"skip_footer": 1}, b"\n\n"),
        (b"", {"skip": 1, "comment": "#", "skip_footer": 1, "skip_below": 1}, b""),
        (b"t\nx\n# c\n1\nend\n# e\n", {"skip": 1, "comment": "#", "skip_footer": 1}, b"\nx\n\n1\n\n\n"),
        (
            b'x,y\nin,"\n#c\n1,"a\n#b"\n',
            {"skip_below": 1, "comment": "#"},
            b'x,y\nin,\xe2\x80\xb3\n\n1,"a\n#b"\n',
        ),
        (b'x,y\n#"\n\nin,"\n"\n', {"skip_below": 1, "comment": "#"}, b'x,y\n\n\nin,\xe2\x80\xb3\n"\n'),
        (b'"x\n",y\nin,"m"\n1,"\n', {"skip_below": 1}, b'"x\n",y\nin,"m"\n1,"\n'),
        (b'"\n",\nx,y\nin,"\n', {"skip_below": 1}, b'"\n",\nx,y\nin,\xe2\x80\xb3\n'),
    ],
)
def test_lines_are_left_out_and_their_ends_are_not(text, options, want):
    for n_cuts in (0, 1, 2, len(text)):
        for start in range(len(text) + 1):
            assert left(text, range(start, start + n_cuts), **options) == want


SNIPPETS = [
    "x",
    "1",
    ",",
    "#",
    "#",
    '"',
    '"',
    " ",
    "\t",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "é",
    "ab#c",
    "\u2028",
]


@given(
    st.lists(st.sampled_from(SNIPPETS), max_size=20).map("".join),
    st.lists(st.integers(0, 60), max_size=5),
    st.integers(0, 2),
    st.sampled_from(["", "#", "#", "##", "x", '"']),
    st.integers(0, 3),
)
@settings(max_examples=cases(200, 20_000), deadline=None)
@example("x\r#\n#\n\n1", [2, 3, 4], 0, "#", 0)
def test_any_text_in_any_pieces_is_left_as_line_by_line(text, places, skip, comment, skip_footer):
    options = {"skip": skip, "comment": comment, "skip_footer": skip_footer}
    want = by_lines(text.encode(), CsvFormat(**options))
    got = left(text.encode(), places, **options)
    assert got == want
    assert len(lines_of(got)) in (len(lines_of(text.encode())), len(lines_of(text.encode())) - 1)


@given(
    st.lists(st.sampled_from(SNIPPETS), max_size=20).map("".join),
    st.lists(st.integers(0, 60), max_size=5),
    st.sampled_from(["", "#"]),
    st.integers(1, 2),
)
@settings(max_examples=cases(100, 10_000), deadline=None)
def test_inches_below_the_header_are_the_same_in_any_pieces(text, places, comment, skip_below):
    options = {"comment": comment, "skip_below": skip_below}
    got = left(text.encode(), places, **options)
    assert got == left(text.encode(), **options)
    assert got.replace("″".encode(), b'"').count(b'"') <= text.count('"')


def test_without_options_the_pieces_are_passed_on_as_they_are():
    pieces = iter([(b"x\n#1", False), (b"\n", True)])
    assert without_lines(pieces, CsvFormat(), "data") is pieces


def test_lines_are_passed_on_as_soon_as_it_is_known_that_they_stay():
    """So rows that arrive one by one are given out one by one."""

    def arriving():
        for line in (b"title\n", b"x\n", b"# c\n", b"1\n", b"2\n"):
            read.append(line)
            yield line, False
        yield b"", True

    for options, ahead in (
        ({"skip": 1, "comment": "#"}, 0),
        ({"skip_footer": 1}, 1),
        ({"skip_footer": 2}, 2),
    ):
        read = []
        given_out = b""
        for piece, is_last in without_lines(arriving(), CsvFormat(**options), "data"):
            given_out += piece
            if not is_last:
                assert given_out.count(b"\n") == max(0, len(read) - ahead)


@pytest.mark.parametrize(
    ("options", "unit", "message"),
    [
        ({"skip_footer": 1}, b"\n", r"^data: skip_footer=1 would leave out lines of over 16 MiB$"),
        ({"comment": "#"}, b"1", r"^data has a line of over 16 MiB: are there line ends\?$"),
        ({"skip_below": 1}, b"1", r"^data has a line of over 16 MiB: are there line ends\?$"),
    ],
)
def test_what_waits_is_bounded(options, unit, message):
    """A small file in gzip may be of many GiB."""
    endless = ((unit * (1 << 20), False) for _ in iter(int, 1))
    pieces = without_lines(chain([(b"x\n1", False)], endless), CsvFormat(**options), "data")
    with pytest.raises(DataError, match=message):
        list(islice(pieces, 20))


def test_a_footer_of_many_short_lines_takes_no_time_in_the_square_of_their_number():
    text = b"x\n1\n" + b"\n" * (1 << 20)
    assert len(left(text, range(0, len(text), 1 << 16), skip_footer=1)) == len(text) - 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_in_messages_are_those_of_the_file(end):
    lines = ["a title", "# comment", "x,y", "m,kg", "#", "1,2", "3,bad", "total,5", ""]
    with pytest.raises(DataError, match=r"^data, line 7, column 'y': 'bad' is not a number"):
        values_of(table_of(end.join(lines), skip=1, comment="#", skip_below=1, skip_footer=1))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("streaming", [True, False])
def test_a_table_is_read_without_the_lines_that_are_left_out(end, streaming):
    lines = ["a title", "# comment", "x,y", "m,kg", "#", "1,2", "", "# more", "3,4", "total,5", ""]
    table = table_of(end.join(lines), streaming=streaming, skip=1, comment="#", skip_below=1, skip_footer=1)
    assert (table.header, table.units) == (("x", "y"), ("m", "kg"))
    assert values_of(table) == [[1.0, 2.0], [3.0, 4.0]]


def test_a_table_that_is_given_as_text_is_read_without_them_too():
    request = TableRequest(("--at",), skip=1, comment="#", skip_footer=1)
    with open_table(request, text="a title\nx,y\n# c\n1,2\ntotal,2\n") as table:
        assert (table.name, values_of(table)) == ("--at", [[1.0, 2.0]])


def test_a_large_table_is_read_without_its_comments(monkeypatch):
    rng = random.Random(1)  # noqa: S311 (no secret)
    rows = [
        f"{i},{i / 7}" if rng.random() < 0.7 else rng.choice(["#", '# "', " # x,y", "\t#1"])
        for i in range(5000)
    ]
    monkeypatch.setattr("lrfit.data.csv.blocks.BLOCK_BYTES", 777)
    got = values_of(table_of("x,y\n" + "\n".join(rows), comment="#"))
    assert got == [[float(cell) for cell in row.split(",")] for row in rows if "#" not in row]
