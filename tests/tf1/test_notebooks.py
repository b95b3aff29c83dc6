import json

import pytest
from script_runs import run_cells, run_runner, run_script


def test_cells_run_in_order_in_one_namespace(tmp_path):
    result = run_cells(tmp_path, "import tensorflow as tf\nx = 1", "x += 1", "print(x, __name__)")
    assert (result.returncode, result.stdout, result.stderr) == (0, "2 __main__\n", "")


def test_the_last_expression_of_a_cell_is_shown_as_by_ipython(tmp_path):
    cells = [
        "1\n'two'",
        "'quiet';",
        "None",
        "class Lines:\n    __repr__ = lambda self: '1\\n2'\nLines()",
        "x = 1",
        "display(x, 'y')",
    ]
    assert run_cells(tmp_path, *cells).stdout == "Out[1]: 'two'\nOut[4]:\n1\n2\n1\n'y'\n"


def test_empty_cells_do_not_count(tmp_path):
    assert run_cells(tmp_path, "", "\n", "1").stdout == "Out[1]: 1\n"


def test_what_is_no_python_is_skipped_and_said(tmp_path):
    cells = [
        "%matplotlib inline\n!pip install tensorflow\nprint('a'\n      %())\nlen?",
        "%%time\nif True:\n    %reset -f\n    print('b')",
        "%%bash\nrm -rf x",
    ]
    result = run_cells(tmp_path, *cells)
    assert (result.returncode, result.stdout) == (0, "a\nb\n")
    assert result.stderr.splitlines() == [
        "lrfit.tf1: skipped %matplotlib inline (cell 1, line 1)",
        "lrfit.tf1: skipped !pip install tensorflow (cell 1, line 2)",
        "lrfit.tf1: skipped len? (cell 1, line 5)",
        "lrfit.tf1: skipped %%time (cell 2, line 1)",
        "lrfit.tf1: skipped %reset -f (cell 2, line 3)",
        "lrfit.tf1: skipped %%bash and its cell (cell 3, line 1)",
    ]


def test_a_statement_that_is_timed_runs(tmp_path):
    assert run_cells(tmp_path, "%time x = 3\nx").stdout == "Out[1]: 3\n"


def test_python_that_looks_like_a_magic_is_python(tmp_path):
    result = run_cells(tmp_path, "x = 3\nprint('%d'\n%x)")
    assert (result.stdout, result.stderr) == ("3\n", "")


def test_an_error_names_cell_and_line(tmp_path):
    result = run_cells(tmp_path, "print('before')", "x = 0\n1 / x", "print('after')")
    assert (result.returncode, result.stdout) == (1, "before\n")
    assert 'File "lesson.ipynb, cell 2", line 2, in <module>\n    1 / x\n' in result.stderr


def test_a_refusal_names_cell_and_line(tmp_path):
    result = run_cells(tmp_path, "import tensorflow as tf", "\ntf.keras")
    assert result.stderr.endswith(" (cell 2, line 2 of lesson.ipynb)\n")


def test_an_error_of_syntax_names_cell_and_line(tmp_path):
    result = run_cells(tmp_path, "1", "print 'a'")
    assert result.stderr.startswith("  File \"lesson.ipynb, cell 2\", line 1\n    print 'a'\n")
    assert "Python 2" in result.stderr.splitlines()[-1]


def test_format_3_is_read(tmp_path):
    cells = [{"cell_type": "heading", "source": "Costs"}, {"cell_type": "code", "input": ["x = 2\n", "x"]}]
    text = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]})
    assert run_script(tmp_path, text, name="lesson.ipynb").stdout == "Out[1]: 2\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 1}'])
def test_what_is_no_notebook_is_a_line(tmp_path, text):
    result = run_script(tmp_path, text, name="lesson.ipynb")
    assert (result.returncode, result.stderr) == (
        2,
        "lrfit.tf1: cannot read lesson.ipynb: it is not a notebook\n",
    )


def test_a_notebook_knows_its_name_and_arguments(tmp_path):
    run_cells(tmp_path, "import sys\nprint(sys.argv, __file__)")
    result = run_runner(tmp_path, "lesson.ipynb", "a")
    assert result.stdout == f"['lesson.ipynb', 'a'] {tmp_path}/lesson.ipynb\n"
