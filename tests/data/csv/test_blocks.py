"""Bytes come out whole, in UTF-8, cut where rows end, wherever they come from; or a message says why not."""

import codecs
import csv
import gzip
import io
import os
import re
import socket
import sys
import threading
import zlib
from contextlib import contextmanager, suppress

import pytest
from depth import cases
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrfit.data.csv import blocks
from lrfit.data.csv.blocks import Source, open_source
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown

TEXT = b"x,y\n1,2\n3,4\n"


class Trickle(io.RawIOBase):
    """A stream that gives so many bytes at a time, as a pipe may; and counts them."""

    def __init__(self, content, n_bytes=1):
        super().__init__()
        self.content, self.n_bytes, self.n_read = content, n_bytes, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.content[self.n_read : self.n_read + min(self.n_bytes, len(buffer))]
        buffer[: len(piece)] = piece
        self.n_read += len(piece)
        return len(piece)


class Broken(Trickle):
    """A stream that fails after its content, as a disk may."""

    def readinto(self, buffer):
        return super().readinto(buffer) or os.read(-1, 1)


class Endless(Trickle):
    """A row without an end."""

    def readinto(self, buffer):
        buffer[:] = bytes(self.content * len(buffer))
        self.n_read += len(buffer)
        return len(buffer)


def blocks_of(stored, encoding="utf-8", *, streaming=False, block_bytes=1 << 20):
    """The blocks of stored bytes, or of a stream, that are not empty."""
    stream = io.BytesIO(stored) if isinstance(stored, bytes) else stored
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        return list(filter(None, Source(stream, "data", encoding).blocks(streaming=streaming)))


def read(path, encoding="utf-8"):
    with open_source(str(path), encoding) as opened:
        return b"".join(opened.blocks())


@contextmanager
def writing(file_opener, content, n_bytes=1 << 16):
    """Content on its way through a pipe or FIFO."""

    def write():
        with file_opener() as file:
            for start in range(0, len(content), n_bytes):
                file.write(content[start : start + n_bytes])
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    yield
    thread.join()


# Files.


def test_a_file_is_read_as_it_is(tmp_path):
    (tmp_path / "data.csv").write_bytes(TEXT)
    assert read(tmp_path / "data.csv") == TEXT


def test_messages_call_a_file_by_its_name_escaped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x1b[31m.csv").write_bytes(TEXT)
    with open_source("a\x1b[31m.csv") as opened:
        assert opened.name == r"'a\x1b[31m.csv'"


@pytest.mark.parametrize(
    "name", ["missing.csv", ".", "data.csv/x", "x" * 300, "nul\0byte", "loop", "\x1b]0;x\x07"]
)
def test_what_cannot_be_opened_is_refused_by_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_bytes(TEXT)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError, match="cannot be opened: ") as error, open_source(name):
        pass
    assert str(error.value).startswith(shown(name))
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/x.csv", "file://x.csv", "s3://x/y.csv", "~/x.csv", "~"])
def test_a_name_is_a_file_name_and_never_a_url_or_a_home_folder(tmp_path, monkeypatch, name):
    def fail(*args):
        raise AssertionError(args)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket.socket, "connect", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(DataError, match="cannot be opened"):
        read(name)
    local = tmp_path / name
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_bytes(TEXT)
    assert read(name) == TEXT


@pytest.mark.parametrize("content", [b"", TEXT])
def test_a_stream_that_cannot_be_read_is_refused_with_the_reason(content):
    """From the first byte on, or later."""
    with pytest.raises(DataError, match=r"^data cannot be read: Bad file descriptor"):
        blocks_of(Broken(content, 4))


def test_a_fifo_and_a_pipe_are_read_once_and_as_a_file_is(tmp_path):
    content = b"x,y\n" + b"".join(b'"%d\n",2\n' % i for i in range(50_000))
    (tmp_path / "data.csv").write_bytes(content)
    with open_source(str(tmp_path / "data.csv")) as opened:
        from_file = list(opened.blocks())
    os.mkfifo(tmp_path / "fifo")
    with (
        writing(lambda: (tmp_path / "fifo").open("wb"), content),
        open_source(str(tmp_path / "fifo"), on_read=pytest.fail) as opened,
    ):
        assert list(opened.blocks()) == from_file
    reading, to_write = os.pipe()
    with writing(lambda: os.fdopen(to_write, "wb"), content), open_source(f"/dev/fd/{reading}") as opened:
        assert list(opened.blocks()) == from_file
    os.close(reading)


def test_a_dash_is_standard_input_which_stays_open(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(TEXT))
    monkeypatch.setattr(sys, "stdin", stdin)
    with open_source("-") as opened:
        assert opened.name == "standard input"
        assert b"".join(opened.blocks()) == TEXT
    assert not stdin.buffer.closed


def test_a_file_named_dash_is_read_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_bytes(TEXT)
    assert read("./-") == TEXT


def test_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="standard input is closed"), open_source("-"):
        pass


def test_each_reading_of_a_file_is_told_as_how_much_of_it_as_stored_has_been_read(tmp_path):
    content = gzip.compress(b"".join(b"%d,%d\n" % (i, i * i) for i in range(200_000)))
    (tmp_path / "data").write_bytes(content)
    positions = []
    with open_source(str(tmp_path / "data"), on_read=lambda *told: positions.append(told)) as opened:
        list(opened.blocks())
    assert {size for _, size in positions} == {len(content)}
    done = [at for at, _ in positions]
    assert 0 < done[0] < len(content)
    assert done == sorted(done)
    assert done[-1] == len(content)


# gzip.

PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize("name", ["data.csv.gz", "data.csv", "data"])
def test_gzip_is_told_by_its_content_under_any_name(tmp_path, name):
    (tmp_path / name).write_bytes(PACKED)
    assert read(tmp_path / name) == TEXT
    (tmp_path / name).write_bytes(TEXT)
    assert read(tmp_path / name) == TEXT


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (PACKED + gzip.compress(b"5,6\n", mtime=0), TEXT + b"5,6\n"),
        (PACKED + gzip.compress(b"", mtime=0) + gzip.compress(b"5", mtime=0), TEXT + b"5"),
        (PACKED + b"\0" * 512, TEXT),
        (gzip.compress(b"", mtime=0), b""),
        (gzip.compress(b"x,y\n1,", mtime=0) + gzip.compress(b"2\n3,4\n", mtime=0), TEXT),
    ],
)
def test_all_members_of_gzip_are_read(stored, text):
    assert b"".join(blocks_of(stored)) == text
    assert b"".join(blocks_of(stored, block_bytes=3)) == text


@pytest.mark.parametrize("n_bytes", range(2, len(PACKED)))
def test_gzip_that_is_cut_off_anywhere_is_refused(n_bytes):
    with pytest.raises(DataError, match=r"^data is damaged gzip: .*; pack it again$"):
        blocks_of(PACKED[:n_bytes])
    with pytest.raises(DataError, match="damaged gzip"):
        blocks_of(PACKED + PACKED[:n_bytes])


@pytest.mark.parametrize(
    "stored",
    [
        PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],  # the checksum
        PACKED[:-1] + b"\1",  # the length
        PACKED[:2] + b"\x07" + PACKED[3:],  # the method
        PACKED[:12] + b"\xff\xff\xff" + PACKED[15:],  # the data
        PACKED + b"junk",
        PACKED + TEXT,
    ],
)
def test_gzip_that_is_damaged_or_has_junk_behind_it_is_refused(stored):
    with pytest.raises(DataError, match="damaged gzip") as error:
        blocks_of(stored)
    assert str(error.value).isprintable()


def text_or_refusal(stored):
    try:
        return b"".join(blocks_of(stored))
    except DataError as error:
        return str(error)


@given(st.integers(0, len(PACKED) * 8 - 1))
@settings(max_examples=cases(100, 200), deadline=None)
def test_a_flipped_bit_in_gzip_never_changes_the_text(bit):
    """What the checksum does not cover is the header, none of which is text."""
    stored = bytearray(PACKED)
    stored[bit // 8] ^= 1 << bit % 8
    if stored[:2] != PACKED[:2]:
        return  # no gzip any more: the reader of numbers refuses the bytes
    result = text_or_refusal(bytes(stored))
    assert result == TEXT or "data is damaged gzip" in str(result)


def test_gzip_is_known_even_if_its_bytes_come_one_by_one():
    assert blocks_of(io.BufferedReader(Trickle(PACKED))) == [TEXT]


def test_a_gzip_bomb_is_unpacked_no_further_than_it_is_read():
    packer = zlib.compressobj(9, wbits=31)
    member = b"".join(packer.compress(b"1,2\n" * (1 << 18)) for _ in range(64)) + packer.flush()
    bomb = member * 16
    stream = Trickle(bomb, 256)
    given = Source(stream, "data").blocks()
    assert len(next(given)) <= blocks.BLOCK_BYTES
    assert stream.n_read < len(bomb) / 4


# Blocks.


def rows_of(text):
    """The rows of a text, blank ones too, by Python's reader."""
    lines = io.StringIO(text.decode(), newline="").readlines()
    return list(csv.reader(lines, strict=True))


FIELDS = st.sampled_from(
    ["1", "-2.5", "", "é", '"a\nb"', '"\r\n"', '"\r"', '"say ""x"""', '"\n\n,\n"', '""', "温度"]
)


@st.composite
def csv_texts(draw):
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\r\n", "\r", "\n\n"]]))
    rows = draw(st.lists(st.lists(FIELDS, min_size=1, max_size=3), max_size=8))
    text = "".join(",".join(row) + draw(st.sampled_from(ends)) for row in rows)
    return (text.rstrip("\r\n") if draw(st.booleans()) else text).encode()


@given(csv_texts(), st.integers(1, 20), st.booleans())
@settings(max_examples=cases(100, 300), deadline=None)
@example(b'"1",2\r\n3,4\r\n', 6, True)  # noqa: FBT003
def test_blocks_end_where_rows_end_and_together_are_the_text(text, n_bytes, streaming):
    """Also with line breaks in quotes; so each block can be read on its own, and counts its own lines."""
    stream = Trickle(text, n_bytes)
    blocks = blocks_of(stream, streaming=streaming, block_bytes=1 << 20 if streaming else n_bytes)
    assert b"".join(blocks) == text
    assert [row for block in blocks for row in rows_of(block)] == rows_of(text)
    assert sum(len(block.splitlines()) for block in blocks) == len(text.splitlines())


@given(csv_texts(), st.integers(2, 20), st.integers(1, 20), st.booleans())
@settings(max_examples=cases(100, 200), deadline=None)
def test_blocks_do_not_depend_on_where_the_bytes_come_from(text, n_bytes, block_bytes, packed):
    from_file = blocks_of(text, block_bytes=block_bytes)
    stored = gzip.compress(text) if packed else text
    assert blocks_of(Trickle(stored, n_bytes), block_bytes=block_bytes) == from_file
    assert blocks_of(stored, block_bytes=block_bytes) == from_file


def test_blocks_are_neither_rows_nor_the_whole_file():
    text = b"1,2\n" * (blocks.BLOCK_BYTES // 2)
    assert [len(block) for block in blocks_of(text, block_bytes=blocks.BLOCK_BYTES)] == [
        blocks.BLOCK_BYTES
    ] * 2


@given(csv_texts(), st.integers(4, 20))  # four bytes are read at least
@settings(max_examples=cases(50, 200), deadline=None)
def test_the_number_of_a_block_tells_where_it_ends(text, block_bytes):
    """So that a process that has not read those before knows it, too."""
    n_read = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        source = Source(io.BytesIO(text), "data")
        for number, block in enumerate(source.blocks()):
            assert source.n_blocks == number + 1
            n_read += len(block)
            assert n_read <= (number + 1) * block_bytes
            assert not block or n_read > number * block_bytes - 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("n_rows", [1, 2, 40])
def test_a_last_row_is_in_the_block_of_those_before_it_with_or_without_a_line_end(end, n_rows):
    """So the fingerprint, and which rows are held out, do not depend on that."""
    text = end.join([b"x,y"] + [b"1,2"] * n_rows)
    for stored, block_bytes in ((text, 1 << 20), (text + end, 1 << 20), (text, 64), (text + end, 64)):
        n_blocks = 1 if block_bytes > 64 else len(text) // 64 + 1
        assert len(blocks_of(stored, block_bytes=block_bytes)) == n_blocks
    ends = [blocks_of(stored, block_bytes=64)[-1].rstrip() for stored in (text, text + end)]
    assert ends[0] == ends[1]


def test_with_prompt_rows_come_as_soon_as_they_are_there():
    stream = Trickle(b"x,y\n1,2\n3,4\n", 4)
    blocks = Source(stream, "data").blocks(streaming=True)
    assert next(blocks) == b"x,y\n"
    assert next(blocks) == b"1,2\n"
    assert stream.n_read < 12


@pytest.mark.parametrize("byte", [b"1", b'"', b","])
def test_a_row_without_an_end_is_refused_before_it_fills_the_memory(monkeypatch, byte):
    monkeypatch.setattr(blocks, "LONGEST_ROW_BYTES", 3 << 20)
    stream = Endless(byte)
    content = Source(stream, "data").blocks()
    with pytest.raises(DataError, match=r"^data has a row of over 3 MiB: are there line ends\?$"):
        list(content)
    assert stream.n_read < 6 << 20


@pytest.mark.parametrize("n_more", [10, 1 << 20, 9 << 20])
def test_a_quote_that_is_not_closed_costs_no_more_than_the_rows_before_it(n_more):
    """The row in which it opens is given out for the reader to name its line; what follows if it is short."""
    text = b'x,y\n1,2\n3,"' + b"4\n" * n_more
    blocks = []
    with suppress(DataError):
        for block in Source(io.BytesIO(text), "data").blocks():
            blocks += [block] if block else []
    assert blocks[0] == b"x,y\n1,2\n"
    assert blocks[1] == (text[8:] if n_more == 10 else b'3,"')
    assert len(blocks) == 2


def test_an_empty_stream_has_no_blocks():
    assert blocks_of(b"") == []


# Encodings.

LETTERS = "größe,y\r\n1,2\r\n3,4\r\n"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "UTF8",
        "latin-1",
        "cp1252",
        "cp850",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-7",
    ],
)
@pytest.mark.parametrize("last_end", [True, False])
def test_text_in_any_encoding_comes_out_as_utf_8(encoding, last_end):
    text = LETTERS if last_end else LETTERS.rstrip()
    for block_bytes in (3, 4, 7, 1 << 20):
        for streaming in (False, True):
            blocks = blocks_of(text.encode(encoding), encoding, streaming=streaming, block_bytes=block_bytes)
            assert b"".join(blocks) == text.encode()


@pytest.mark.parametrize(
    ("stored", "encoding"),
    [("温度,y\n1,2".encode("shift_jis"), "shift_jis"), ("温度,y\n1,2".encode("gb18030"), "gb18030")],
)
def test_characters_of_several_bytes_are_not_torn_between_blocks(stored, encoding):
    for block_bytes in range(1, 6):
        assert b"".join(blocks_of(stored, encoding, block_bytes=block_bytes)).decode() == "温度,y\n1,2"


def test_what_a_decoder_holds_back_until_the_end_is_not_lost():
    """UTF-7 may write the last digits in base 64, which is read only when it ends."""
    stored = b"x,y\n1,2\n3,+ADQANA"
    assert b"".join(blocks_of(stored, "utf-7")) == b"x,y\n1,2\n3,44"


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("n_bytes", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
    ],
)
def test_a_byte_order_mark_is_dropped_however_its_bytes_come(mark, encoding, n_bytes, streaming):
    coded = TEXT.decode().encode("utf-16-be" if mark == codecs.BOM_UTF16_BE else encoding.replace("-sig", ""))
    stored = mark + (coded.removeprefix(mark) if encoding == "utf-16" else coded)
    blocks = blocks_of(Trickle(stored, n_bytes), encoding, streaming=streaming)
    assert b"".join(blocks) == TEXT
    packed = gzip.compress(stored)
    assert b"".join(blocks_of(packed, encoding, streaming=streaming)) == TEXT


@pytest.mark.parametrize("n_bits", [16, 32])
@pytest.mark.parametrize(
    ("order", "marked"), [("", True), ("-le", True), ("-be", True), ("-le", False), ("-be", False)]
)
def test_utf_16_and_32_that_are_not_named_are_refused_with_the_option_that_reads_them(n_bits, order, marked):
    said = f"utf-{n_bits}" if marked else f"utf-{n_bits}{order}"
    stored = ("\ufeff" * (marked and order != "") + TEXT.decode()).encode(f"utf-{n_bits}{order}")
    for packed in (stored, gzip.compress(stored)):
        with pytest.raises(DataError, match=f"^data is UTF-{n_bits}, not UTF-8: say encoding='{said}'$"):
            blocks_of(packed)
        assert b"".join(blocks_of(packed, said)) == TEXT


@pytest.mark.parametrize(
    ("stored", "encoding"),
    [
        (b"x,y\n1,2\n", "utf-16"),
        (b"x,\x81\n", "cp1252"),
        ("x,y\n".encode("utf-16")[:-1], "utf-16"),
        (b"x,\x81", "shift_jis"),
        (b"\x00\xd8\x00\xd8", "utf-16-le"),
        (b"x,\\ud800\n", "unicode_escape"),
        (b"x,y\n", "undefined"),
    ],
)
def test_bytes_that_are_not_in_the_encoding_that_was_named_are_refused(stored, encoding):
    with pytest.raises(DataError, match="data is not in the encoding that was named: ") as error:
        blocks_of(stored, encoding)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "encoding",
    [
        "",
        "utf-9",
        "none",
        "x" * 1000,
        "ä",
        "a\0b",
        "\ud800",
        "../x",
        "aliases",
        "\x1b[31m",
        "rot13",
        "hex",
        "zlib",
    ],
)
def test_an_unknown_encoding_is_a_usage_error(encoding):
    with pytest.raises(UsageError, match=r"^encoding='.*try utf-8 or latin-1$") as error:
        Source(io.BytesIO(TEXT), "data", encoding)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("stored", [b"gr\xf6\xdfe\n", b"\xff\xfd\n", b"a\0b\n"])
def test_utf_8_is_left_for_the_reader_of_rows_to_check(stored):
    assert b"".join(blocks_of(stored)) == stored


def test_line_ends_are_not_translated():
    text = b"a\r\nb\rc\n\r\rd\x0b\x0c\x1c\n"
    assert b"".join(blocks_of(text, block_bytes=1)) == text
    decoded = re.sub(rb"[^\r\n]", b"x", text)
    assert b"".join(blocks_of(decoded, "latin-1", block_bytes=1)) == decoded
