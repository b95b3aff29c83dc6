import subprocess
import sys
from importlib import import_module

import pytest
from script_runs import run_runner, run_script

from lrfit.tf1.runner import main

REFUSAL = "is not in lrfit.tf1, which has regression, logistic regression and small networks"


def output(folder, text, *arguments, **options):
    result = run_script(folder, text, *arguments, **options)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_a_script_finds_itself_as_python_would_show_it(tmp_path):
    (tmp_path / "scripts").mkdir()
    text = "import sys, __main__\nprint(sys.argv, sys.path[0], __name__, __file__, __main__.sys is sys)"
    name = "scripts/script.py"
    shown = output(tmp_path, text, "a", "--b", name=name)
    plain = subprocess.run([sys.executable, name, "a", "--b"], cwd=tmp_path, capture_output=True, check=True)
    assert shown == plain.stdout.decode()


def test_a_script_may_come_from_standard_input(tmp_path):
    result = run_runner(tmp_path, "-", "a", stdin="import sys\nprint(sys.argv, [sys.path[0]])\n1 / 0\n")
    assert result.stdout == "['-', 'a'] ['']\n"
    assert 'File "<stdin>", line 3, in <module>\n    1 / 0\n' in result.stderr


def test_a_safe_path_is_left_as_it_is(tmp_path):
    folder = str(tmp_path.resolve())
    assert output(tmp_path, f"import sys\nprint({folder!r} in sys.path)", python=["-P"]) == "False\n"


def test_all_spellings_of_tensorflow_1_are_this_package(tmp_path):
    text = """
import tensorflow
import tensorflow.compat.v1 as tf
import lrfit.tf1.compat.v1
tf.disable_v2_behavior()
assert tf is tensorflow is tf.compat.v1 is lrfit.tf1.compat.v1

import tensorflow.compat.v1.train as train
from tensorflow.compat.v1 import train as same
assert train is same is tf.train is lrfit.tf1.train
assert train.__spec__.name == "lrfit.tf1.train"

from tensorflow.contrib.layers import xavier_initializer
assert xavier_initializer is tf.contrib.layers.xavier_initializer is tf.initializers.xavier_initializer

from tensorflow.python.framework import ops
before = tf.get_default_graph()
ops.reset_default_graph()
assert tf.get_default_graph() is not before
assert tf.python.framework.ops is ops

with tf.Session() as session:
    print(session.run(tf.constant(2.0) * 3.0))
"""
    assert output(tmp_path, text) == "6.0\n"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import tensorflow.keras as keras", "tensorflow.keras"),
        ("from tensorflow import keras", "tensorflow.keras"),
        ("import tensorflow as tf; tf.gfile.Exists", "tf.gfile"),
    ],
)
def test_what_is_not_here_is_refused_in_a_line(tmp_path, statement, name):
    result = run_script(tmp_path, f"\n\n{statement}\n")
    assert result.stderr == f"lrfit.tf1: {name} {REFUSAL} (line 3 of script.py)\n"
    assert (result.returncode, result.stdout) == (1, "")


def test_every_import_of_what_is_not_here_is_an_import_error_that_names_it(tmp_path):
    text = """
import tensorflow as tf
assert not hasattr(tf, "keras")
try:
    from tensorflow.keras.layers import Dense
except ImportError as error:
    print(error)
try:
    from tensorflow.contrib import slim
except ImportError as error:
    print(error)
try:
    from tensorflow.test import TestCase
except ImportError as error:
    print(error)
try:
    import tensorflow.test.main
except ImportError as error:
    print(error)
"""
    assert output(tmp_path, text).splitlines() == [
        f"tensorflow.keras {REFUSAL} (line 5 of script.py)",
        f"tensorflow.contrib.slim {REFUSAL} (line 9 of script.py)",
        f"tensorflow.test.TestCase {REFUSAL} (line 13 of script.py)",
        f"tensorflow.test.main {REFUSAL} (line 17 of script.py)",
    ]


def test_an_import_from_this_package_is_refused_by_name_without_the_runner(tmp_path):
    (tmp_path / "script.py").write_text("from lrfit.tf1 import keras")
    plain = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, check=False)
    assert f"tensorflow.keras {REFUSAL} (line 1 of script.py)" in plain.stderr.decode()


def test_an_error_shows_what_python_shows(tmp_path):
    text = "def f():\n    return [][1]\n\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    f()\n"
    result = run_script(tmp_path, text)
    plain = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (1, plain.stderr.decode())


MISFIT = """
import tensorflow as tf
with tf.name_scope("layer"):
    tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))
"""


def test_an_error_of_this_package_points_to_the_script(tmp_path):
    lines = run_script(tmp_path, MISFIT).stderr.splitlines()
    assert [line for line in lines if "File" in line] == [
        f'  File "{tmp_path.resolve()}/script.py", line 4, in <module>'
    ]
    message = "Dimensions must be equal, but are 3 and 2 for 'layer/MatMul'"
    assert lines[-1].startswith(f"lrfit.tf1.errors.ShapesError: {message}")


def test_in_development_mode_all_frames_are_shown(tmp_path):
    assert "runner.py" in run_script(tmp_path, MISFIT, python=["-X", "dev"]).stderr
    refusal = run_script(tmp_path, "import tensorflow.keras", python=["-X", "dev"]).stderr
    assert "Traceback" in refusal
    assert REFUSAL in refusal


def test_a_script_may_have_its_own_way_to_show_errors(tmp_path):
    text = "import sys\nsys.excepthook = lambda kind, *_: print(kind.__name__)\n1 / 0"
    result = run_script(tmp_path, text)
    assert (result.returncode, result.stdout, result.stderr) == (1, "ZeroDivisionError\n", "")


def test_a_script_of_python_2_is_called_so(tmp_path):
    result = run_script(tmp_path, 'print "cost", 1\n')
    *syntax_error, note = result.stderr.splitlines()
    assert syntax_error[-1].startswith("SyntaxError: Missing parentheses in call to 'print'")
    assert note.startswith("lrfit.tf1: this is a script of Python 2, and this is Python 3.")


def test_another_error_of_syntax_is_not_of_python_2(tmp_path):
    result = run_script(tmp_path, "print(1\n")
    assert result.stderr.splitlines()[-1] == "SyntaxError: '(' was never closed"


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no data')", 1, "no data\n"),
        ("raise KeyboardInterrupt", 130, "lrfit.tf1: interrupted\n"),
    ],
)
def test_a_script_that_ends_itself_keeps_its_code(tmp_path, statement, code, message):
    result = run_script(tmp_path, statement)
    assert (result.returncode, result.stderr) == (code, message)


def test_a_script_that_is_not_there_is_a_line(tmp_path):
    result = run_runner(tmp_path, "nowhere.py")
    assert result.stderr == "lrfit.tf1: cannot read nowhere.py: No such file or directory\n"
    assert result.returncode == 2


def test_without_arguments_the_usage_is_shown(tmp_path):
    result = run_runner(tmp_path)
    assert (result.returncode, result.stderr) == (2, "usage: python -m lrfit.tf1 SCRIPT [ARGUMENTS]\n")
    assert run_runner(tmp_path, "--help").stdout.startswith(result.stderr)


@pytest.mark.parametrize(
    ("text", "reader", "read"),
    [
        ("for i in range(100_000): print(i)", "head -1", b"0\n"),
        ("import time; time.sleep(0.1); print(0)", "true", b""),
    ],
)
def test_a_reader_who_has_enough_is_no_error(tmp_path, text, reader, read):
    (tmp_path / "script.py").write_text(text)
    command = ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m lrfit.tf1 script.py | {reader}"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, read, b"")


def test_a_full_disk_is_said_as_python_says_it(tmp_path):
    (tmp_path / "script.py").write_text("print(1)")
    command = ["bash", "-c", f"{sys.executable} -m lrfit.tf1 script.py > /dev/full"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 120
    assert result.stderr.splitlines()[1:] == ["OSError: [Errno 28] No space left on device"]


def test_pictures_open_no_windows_and_say_nothing(tmp_path):
    text = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint(plt.get_backend())"
    assert output(tmp_path, text, MPLBACKEND="").lower() == "agg\n"


def test_the_user_may_choose_where_pictures_go(tmp_path):
    text = "import os\nprint(os.environ['MPLBACKEND'])"
    assert output(tmp_path, text, MPLBACKEND="svg") == "svg\n"


def test_importing_the_module_runs_nothing():
    assert import_module("lrfit.tf1.__main__").main is main
