"""Addresses: what is one, and what is said where what is there cannot be read."""

import sys

import pytest
from remote import bucket, web_server

from lrfit.errors import DataError, LrfitError, UsageError
from lrfit.system import addresses
from lrfit.system.addresses import is_address, matching_addresses, open_address, size_at
from lrfit.system.file_names import matching
from lrfit.system.files import n_bytes_at, n_bytes_of, open_stream, rooted


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def web():
    pytest.importorskip("aiohttp")
    with web_server() as server:
        server.files["d.csv"] = bytes(range(256)) * 8000
        yield server


def message(address):
    with pytest.raises(LrfitError) as error, open_stream(address) as (stream, _):
        stream.read()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["d.csv", "C:\\d.csv", "http:/d.csv", "://d.csv", "a b://d.csv", "1s3://d"])
def test_a_name_without_a_scheme_is_no_address(name):
    assert not is_address(name)


def test_a_name_that_a_file_has_is_none(folder):
    assert is_address("s3://b")
    (folder / "s3:").mkdir()
    (folder / "s3:" / "b").touch()
    assert not is_address("s3://b")
    assert (rooted("s3://b"), rooted("s3://c")) == (f"{folder}/s3:/b", "s3://c")


def test_no_socket_is_opened_for_a_file(folder, monkeypatch):
    """Nor is fsspec imported."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    (folder / "http:").mkdir()
    (folder / "http:" / "d.csv").write_bytes(b"x\n")
    with open_stream("http://d.csv") as (stream, name):
        assert (stream.read(), name) == (b"x\n", "'http://d.csv'")


@pytest.mark.parametrize(
    ("package", "address", "text"),
    [
        (
            "fsspec",
            "https://x.org/d.csv",
            "needs fsspec: pip install fsspec aiohttp, or download it: curl -sSL https://x.org/d.csv > d.csv",
        ),
        (
            "s3fs",
            "s3://b/d.csv",
            "needs s3fs: pip install s3fs, or download it: aws s3 cp s3://b/d.csv d.csv",
        ),
        ("aiohttp", "http://x.org", "needs aiohttp: pip install fsspec aiohttp, or download it: curl -sSL"),
        ("paramiko", "sftp://x.org/d.csv", "needs paramiko: pip install paramiko"),
    ],
)
def test_a_package_that_is_missing_is_named_with_both_ways_on(monkeypatch, package, address, text):
    registry = pytest.importorskip("fsspec.registry")
    monkeypatch.delitem(registry._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    assert message(address).startswith(f"'{address}' {text}")
    with pytest.raises(UsageError, match=f" needs {package}: pip install "):
        n_bytes_at(address)
    with pytest.raises(UsageError, match=rf"/\*' needs {package}: pip install [a-z0-9 ]+$"):
        matching([f"{address}/*"])


def test_a_package_that_is_broken_is_named(monkeypatch, folder):
    registry = pytest.importorskip("fsspec.registry")
    (folder / "lrfit_broken.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(
        registry.known_implementations, "broken", {"class": "lrfit_broken.Files", "err": "lrfit_broken is"}
    )
    assert message("broken://d.csv") == "'broken://d.csv' cannot be opened: lrfit_broken is"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("memory://none.csv", "there is no such file"),
        ("file:///none/d.csv", "there is no such file"),
        ("file:///tmp", "Is a directory"),
        ("foo://d.csv", "Protocol not known: foo"),
        ("http://127.0.0.1:9/d.csv", "Connect call failed ('127.0.0.1', 9)"),
        ("https://nowhere.invalid/d.csv", ""),
    ],
)
def test_what_cannot_be_opened_is_one_line(address, reason):
    pytest.importorskip("aiohttp")
    assert message(address).startswith(f"'{address}' cannot be opened: {reason}")


def test_the_size_of_what_is_not_there_cannot_be_told():
    pytest.importorskip("fsspec")
    with pytest.raises(DataError, match=r"^'memory://none.csv' cannot be opened: there is no such file$"):
        n_bytes_at("memory://none.csv")


@pytest.mark.parametrize(("status", "reason"), [(404, "404 Not Found"), (403, "403 Forbidden")])
def test_a_web_server_is_heard(web, status, reason):
    web.status = status
    assert message(f"{web.address}d.csv") == f"'{web.address}d.csv' cannot be opened: {reason}"


def test_a_bucket_is_heard():
    with bucket():
        assert message("s3://bucket/no.csv") == "'s3://bucket/no.csv' cannot be opened: there is no such file"
        assert message("s3://other/no.csv").endswith("cannot be opened: there is no such file")
        assert matching_addresses("s3://bucket/no.csv") == ["s3://bucket/no.csv"]
        with pytest.raises(DataError, match=r"^no file matches 's3://bucket/\*.csv'"):
            matching(["s3://bucket/*.csv"])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError("Forbidden"), "permission denied"),
        (
            OSError("Unable to load libjvm\nand so on"),
            "Unable to load libjvm; pyarrow reads hdfs",
        ),
        (RuntimeError("Unable to locate credentials"), "Unable to locate credentials; a public bucket needs"),
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("red\x1b[31m"), r"red\x1b[31m"),
    ],
)
def test_whatever_a_filesystem_raises_is_one_line(monkeypatch, error, reason):
    memory = pytest.importorskip("fsspec.implementations.memory")

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(memory.MemoryFileSystem, "open", fail)
    assert message("memory://d.csv").startswith(f"'memory://d.csv' cannot be opened: {reason}")


def test_it_is_a_buffered_file_with_a_size(web):
    address, content = f"{web.address}d.csv", web.files["d.csv"]
    with open_address(address) as stream:
        assert (stream.peek(4)[:4], stream.seekable(), n_bytes_of(stream)) == (
            content[:4],
            True,
            len(content),
        )
        assert stream.read(1 << 20) == content[: 1 << 20]
        assert stream.seek(-1000, 2) == len(content) - 1000
        assert stream.read() == content[-1000:]
        assert (stream.tell(), stream.read()) == (len(content), b"")
    assert n_bytes_at(address) == size_at(address) == len(content)
    web.says_sizes = False
    assert n_bytes_at(address) == 0
    with open_address(address) as stream:
        assert (stream.seekable(), n_bytes_of(stream), stream.read()) == (False, None, content)


def test_a_file_that_shrinks_or_fails_while_it_is_read_is_an_error(web):
    address, content = f"{web.address}d.csv", web.files["d.csv"]
    for change, reason in (
        (lambda: web.files.update({"d.csv": content[: 1 << 20]}), "ends before its size of 2048000 bytes"),
        (lambda: setattr(web, "status", 500), "500 Internal Server Error"),
    ):
        web.files["d.csv"] = content
        with open_address(address) as stream:
            stream.read(1000)
            change()
            with pytest.raises(OSError, match=reason):
                stream.read()


def test_names_with_other_signs_are_no_patterns(web):
    for address in ("http://[::1]:9/d.csv", f"{web.address}d?a=[1]*", f"{web.address}d.csv"):
        assert matching_addresses(address) == [address]


def test_a_name_that_a_file_there_has_is_no_pattern(web):
    web.files |= {"[a].csv": b"", "a.csv": b"", "b.csv": b""}
    assert matching_addresses(f"{web.address}[a].csv") == [f"{web.address}[a].csv"]
    assert matching_addresses(f"{web.address}[ab].csv") == [f"{web.address}{name}.csv" for name in "ab"]


def test_a_pattern_is_looked_up_anew_each_time(folder):
    for names in ("a", "ab"):
        (folder / f"{names[-1]}.csv").touch()
        addresses_of = [f"file://{folder}/{name}.csv" for name in names]
        assert matching_addresses(f"file://{folder}/*.csv") == addresses_of
        assert matching_addresses("local://*.csv") == [f"file://{folder}/{name}.csv" for name in names]


def test_what_the_user_has_set_for_fsspec_stays(monkeypatch):
    config = pytest.importorskip("fsspec.config")
    fsspec = sys.modules["fsspec"]
    assert set(addresses._options("s3", fsspec)) == {"config_kwargs"}
    monkeypatch.setitem(config.conf, "s3", {"config_kwargs": {}})
    assert addresses._options("s3", fsspec) == {}
