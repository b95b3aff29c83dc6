"""Scripts of TensorFlow 1, run as people run them: by `python -m lrfit.tf1`, in a process."""

import json
import os
import subprocess
import sys


def run_script(folder, text, *arguments, name="script.py", python=(), stdin=None, **environment):
    """Write a script into a folder and run it there; the result has returncode, stdout and stderr."""
    (folder / name).write_text(text)
    return run_runner(folder, name, *arguments, python=python, stdin=stdin, **environment)


def run_cells(folder, *cells):
    """Run a notebook of these cells of code, as `run_script`."""
    written = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return run_script(folder, json.dumps({"cells": written, "nbformat": 4}), name="lesson.ipynb")


def run_runner(folder, *arguments, python=(), stdin=None, **environment):
    """Run the runner in a folder, with options of Python, standard input and environment."""
    return subprocess.run(
        [sys.executable, *python, "-m", "lrfit.tf1", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
