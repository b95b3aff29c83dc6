"""Messages that lead on: what the message on a wrong file says is done, and then the file is read."""

import re
import shlex
import subprocess
import sys

import pytest
from commands_run import run_command

PLAIN = "a,b\n1,2\n2,4.1\n3,6\n4,7.9\n"
OPTIONS = re.compile(r"(?:say|such as) (--?[a-z].*?)(?=$|; |, )")

WRONG = {
    "a title": ("Report of 2025\n\nmonth,ads,sales\n1,10,25\n2,20,41\n3,30,66\n4,41,80\n", 4),
    "a title with a comma": ("Report, draft\nmonth,ads,sales\n1,10,25\n2,20,41\n3,30,66\n4,41,80\n", 4),
    "two lines of title": ("Report\nby me\nads,sales\n10,25\n20,41\n30,66\n", 3),
    "a row of units": ("T,P\n[C],[kPa]\n1,2\n2,4.1\n3,6\n4,7.9\n", 4),
    "a total": (f"{PLAIN}Total,20\n", 4),
    "lines of a footer": (f"{PLAIN}\nSource: office of tests\nPage 1\n", 4),
    "a comment within": ("a,b\n1,2\n2,4.1\n# sensor changed\n3,6\n4,7.9\n", 4),
    "comments above": (f"# made by a logger\n# version 2\n{PLAIN}", 4),
    "a comment of another kind": (f"% made by a program\n{PLAIN}", 4),
    "a question mark": (PLAIN.replace("4.1", "?"), 3),
    "two dots": (PLAIN.replace("4.1", ".."), 3),
    "a dash": (PLAIN.replace("4.1", "-"), 3),
    "a colon": (PLAIN.replace("4.1", ":"), 3),
    "a word for missing": (PLAIN.replace("4.1", "missing"), 3),
    "thousands in quotes": ('a,b\n1,"1,200"\n2,"2,400"\n3,"3,601"\n', 3),
    "thousands with a blank": ("a;b\n1;1 200\n2;2 400\n3;3 601\n", 3),
    "thousands with a narrow blank": ("a;b\n1;1\u202f200\n2;2\u202f400\n3;3\u202f601\n", 3),
    "thousands with an apostrophe": ("a,b\n1,1'200\n2,2'400\n3,3'601\n", 3),
    "decimal commas": ("a;b\n1,5;2,1\n2,5;4,2\n3,5;6,4\n", 3),
    "decimal commas in quotes": ('a,b\n"1,5","2,1"\n"2,5","4,2"\n"3,5","6,4"\n', 3),
    "percent and dollars": ("p,price\n5%,$20.1\n8%,$26.3\n12%,$34\n", 3),
    "a unit in each cell": ("a,b\n1,12 km\n2,24 km\n3,37 km\n", 3),
    "a flag behind a number": ("a,b\n1,24510.2 e\n2,24700\n3,25000.1\n", 3),
    "tabs and quotes": ('"a"\t"n"\t"b"\n1\t"p"\t2\n2\t"q"\t4.1\n3\t"r"\t6\n', None),
    "no header": ("1,2\n2,4.1\n3,6\n", 3),
    "a note to Excel": ("sep=;\na;b\n1;2\n2;4.1\n3;6\n", 3),
    "a value missing": (PLAIN.replace("4.1", ""), 3),
    "Latin letters": ("gr\u00f6\u00dfe,b\n1,2\n2,4.1\n3,6\n".encode("latin-1"), 3),
    "tabs in no .tsv, with a decimal comma": ("a\tb\n1,5\t2\n2,5\t4,1\n3,5\t6\n", 3),
}


def refused(run, path, options):
    """The options that the message on a refused file names."""
    result = run("train", path, *options, "--format", "json", "-q")
    if not result.code:
        return result, []
    found = OPTIONS.findall(result.err.strip())
    if not found and "leaves such rows out" in result.err:
        return result, ["--missing", "drop"]
    return result, shlex.split(found[0]) if found else []


@pytest.mark.parametrize("name", WRONG)
def test_what_the_message_says_gets_there(name, tmp_path):
    content, n_samples = WRONG[name]
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    options, result = [], None
    for _ in range(3):
        result, more = refused(run_command, path, options)
        if not more:
            break
        options += [r"\t" if option == "\\t" else option for option in more]
    if n_samples is None:  # the next message is on a column of words
        assert "--drop n" in result.err
    else:
        assert result.code == 0, (options, result.err)
        assert f'"n_samples": {n_samples},'.encode() in result.out


WORDS = {
    "words": ("city,rent\nrome,100\nberlin,120\nrome,105\nberlin,118\n", "--categories city"),
    "dates": ("day,users\n2026-01-01,10\n2026-01-02,12\n2026-01-03,13\n", "--dates day"),
    "times": (
        "at,users\n2026-01-01 10:00:00,10\n2026-01-01 11:00:00,12\n2026-01-01 12:00:00,14\n",
        "--dates at",
    ),
    "an id": ("id,a,b\nA01,1,2\nA02,2,4.1\nA03,3,6\n", "--drop id"),
    "a column without values": ("a,c,b\n1,,2\n2,,4.1\n3,,6\n", "--drop c"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_column_of_another_kind_is_named_with_its_option(name, tmp_path):
    content, option = WORDS[name]
    path = tmp_path / "table.csv"
    path.write_text(content)
    result = run_command("train", path, "--missing", "drop", "-q")
    assert result.code == 1
    assert option in result.err
    assert run_command("train", path, "--missing", "drop", "-q", *option.split()).code == 0


SCRIPTS = {
    "Fortran": ("a,b\n1,1.2D-03\n2,2.4D-03\n3,3.5D-03\n", []),
    "row names of R": ('a,b\n"1",1,2\n"2",2,4.1\n"3",3,6\n', ["-x", "a"]),
    "German dates": ("day,users\n01.02.2026,10\n02.02.2026,12\n03.02.2026,13\n", ["--dates", "day"]),
    "American dates, semicolons": (
        "it's a day;users\n1/2/2026;10\n1/3/2026;12\n1/4/2026;13\n",
        ["--dates", "1"],
    ),
    "American dates": ("day,users\n1/2/2026,10\n1/3/2026,12\n1/4/2026,13\n", ["--dates", "day"]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_command_in_a_message_mends_the_file(name, tmp_path, monkeypatch):
    content, options = SCRIPTS[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(content)
    error = run_command("train", "table.csv", "-q").err
    command = re.search(r"(?:sed|python) .*?mended\.csv(?:\", index=False\)')?", error)[0]
    command = command.replace("python -c", f"{sys.executable} -c")
    subprocess.run(["bash", "-c", command], check=True, cwd=tmp_path)
    assert run_command("train", "mended.csv", "-q", *options).code == 0


def test_what_comes_through_a_pipe_is_mended_in_it():
    dates = b"day,users\n1/2/2026,10\n1/3/2026,12\n1/4/2026,13\n"
    assert (
        "write dates as 2026-03-01, and --dates day reads them" in run_command("train", "-", stdin=dates).err
    )
    fortran = b"a,b\n1,1.2D-03\n2,2.4D-03\n3,3.5D-03\n"
    assert "Fortran writes D for e: pipe it through sed -E" in run_command("train", "-", stdin=fortran).err


@pytest.mark.parametrize("cell", ["(5)", "($5)", "<5", "~5", "5k", "5M", "\u22125", "\u20135"])
def test_nothing_that_changes_a_number_is_said_to_be_no_part_of_it(cell):
    content = f"x,y\n1,2\n2,{cell}\n3,6\n4,8\n"
    assert "--strip" not in run_command("train", "-", stdin=content.encode()).err


def test_a_short_row_in_a_table_that_goes_on_is_no_footer():
    result = run_command("train", "-", stdin=b"x,y,z\n1,2,3\n1,2\n1,2,4\n")
    assert "line 3: 2 fields, but there are 3 columns" in result.err
    assert "--skip-footer" not in result.err


def test_a_comment_with_as_many_fields_is_no_header():
    result = run_command("train", "-", stdin=b"# made, by hand\nx,y\n1,2\n3,4\n")
    assert "if the first row is a comment, say --comment '#'" in result.err
