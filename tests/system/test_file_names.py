"""A name that no file has is taken for what it may be."""

import pytest

from lrfit.cli.option_names import as_options
from lrfit.errors import DataError
from lrfit.messages import spelling
from lrfit.system.file_names import hint_at_no_file
from lrfit.system.files import open_stream


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("rooms=3,area=100", "for a prediction without a file there is --at rooms=3,area=100"),
        ("living area=-1.5e3", "for a prediction without a file there is --at 'living area=-1.5e3'"),
        ("\x1b=3", r"for a prediction without a file there is --at '\x1b=3'"),
        (
            "lr=0.01",
            "a setting is written --lr 0.01, and for a prediction without a file there is --at lr=0.01",
        ),
        ("missing=drop", "a setting is written --missing drop"),
    ],
)
def test_what_may_be_meant_by_a_name_that_no_file_has_is_said(path, hint):
    with (
        spelling(as_options),
        pytest.raises(DataError, match="cannot be opened: No such file") as error,
        open_stream(path),
    ):
        pass
    assert str(error.value).endswith(hint)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "path", ["", "d.csv", "C:\\d.csv", "a/b=3", "run=3.csv", "a=b,c=d", "a=1,b", "a=", "=1", "a=1=2", "x\0=1"]
)
def test_another_name_is_just_not_there(path):
    assert hint_at_no_file(path) in ("", "; for a prediction without a file there is at='x\\x00=1'")


def test_a_library_names_its_own_settings():
    assert hint_at_no_file("rooms=3,area=100").endswith("there is at='rooms=3,area=100'")


def test_a_file_that_is_there_but_cannot_be_opened_gets_no_hint(tmp_path):
    (tmp_path / "x=1").touch()
    assert hint_at_no_file("x=1") == ""


def test_a_folder_gets_the_pattern_for_its_files(tmp_path):
    (tmp_path / "x=1").mkdir()
    assert hint_at_no_file("x=1") == "; for all files in it say 'x=1/*.csv'"
