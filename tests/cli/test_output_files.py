"""A slip of a name destroys nothing: only files of the kind that is written are overwritten."""

from pathlib import Path

import pytest
from commands_run import run_command

LAB = Path(__file__).parents[2] / "sample_data" / "lab.csv"
OTHERS = {"table": "a,b\n1,2\n", "json": '{"name": "x"}', "text": "epoch\n", "page": "<html>"}


def written(tmp_path, option, *, command="train", name="out.html"):
    file = tmp_path / name
    return file, run_command(command, LAB, "-q", option, file)


@pytest.mark.parametrize("content", OTHERS.values(), ids=list(OTHERS))
@pytest.mark.parametrize(("command", "option"), [("train", "-o"), ("train", "--history"), ("explore", "-o")])
def test_a_file_of_another_kind_is_not_overwritten(tmp_path, command, option, content):
    (tmp_path / "out.html").write_text(content)
    file, result = written(tmp_path, option, command=command)
    assert result.code == 1
    assert "which is not a" in result.err
    assert "delete it first, or name another file" in result.err
    assert file.read_text() == content


@pytest.mark.parametrize("before", [None, "", "\n"])
@pytest.mark.parametrize(("command", "option"), [("train", "-o"), ("train", "--history"), ("explore", "-o")])
def test_a_file_of_the_same_kind_is(tmp_path, command, option, before):
    if before is not None:
        (tmp_path / "out.html").write_text(before)
    for _ in range(2):
        file, result = written(tmp_path, option, command=command)
        assert result.code == 0, result.err
    assert len(file.read_text()) > 100


@pytest.mark.parametrize("name", ["page.csv", "page"])
def test_a_page_has_the_ending_of_one(tmp_path, name):
    file, result = written(tmp_path, "-o", command="explore", name=name)
    assert result.code == 2
    assert "must end in .html" in result.err
    assert not file.exists()
