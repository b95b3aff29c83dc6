"""The house: which module may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lrfit"

# From the bottom up: a module imports only from rows above its own. Modules of one row do not import each
# other, but for the files of a folder.
ROWS = [
    ["errors", "arrays", "interrupts"],
    ["extras", "rules"],
    ["settings"],
    ["fit"],
    ["graph"],
    ["ops"],
    ["autodiff"],
    ["optimizers"],
    ["schedules"],
    ["program"],
    ["passes"],
    ["executors"],
    ["graph_view"],
    ["graph_formats"],
    ["session"],
    ["model"],
    ["training_graph"],
    ["moments"],
    ["scaling", "objective"],
    ["convergence"],
    ["output_file", "workers"],
    ["source"],
    ["csv_format", "csv_writer"],
    ["diagnosis"],
    ["strict_reader", "fast_reader"],
    ["csv_block"],
    ["hold_out"],
    ["data"],
    ["shuffle"],
    ["row_store"],
    ["descent"],
    ["explorer"],
    ["resuming", "run"],
    ["divergence", "stopping"],
    ["training", "advice", "summary"],
    ["prediction"],
    ["evaluation"],
    ["model_file"],
    ["report"],
    ["picture", "history_file"],
    ["pictures", "renderers", "journal"],
    ["terminal"],
    ["options"],
    ["setting_options", "training_data"],
    ["inputs", "titles", "subject"],
    ["plots"],
    ["commands"],
    ["cli"],
    ["__main__"],
]
LEVEL = {name: level for level, row in enumerate(ROWS) for name in row}


def imported_rooms(path):
    """Rooms of the package that a file imports, wherever in the file, imports of types alone included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "lrfit":
            parts = node.module.split(".")
            yield from (
                [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names if alias.name in LEVEL]
            )


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_has_a_row():
    assert {room(path) for path in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_flow_one_way(path):
    here = room(path)
    for name in imported_rooms(path):
        assert name == here or LEVEL[name] < LEVEL[here], f"{here} must not import {name}"


def loaded_by(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_importing_lrfit_loads_none_of_its_dependencies():
    assert not loaded_by("import lrfit") & {"numpy", "pandas", "rich", "click"}


def test_the_graph_library_loads_numpy_at_most():
    loaded = loaded_by("from lrfit import Session, GradientDescentOptimizer, gradients, placeholder")
    assert "numpy" in loaded
    assert not loaded & {"pandas", "rich", "click"}


@pytest.mark.parametrize("arguments", [["train"], ["evaluate", "model.json"], ["predict", "model.json"]])
def test_a_small_table_is_read_without_loading_pandas(tmp_path, arguments):
    """Which would take longer than all else."""
    model = tmp_path / "model.json"
    data = PACKAGE.parent / "sample_data" / "lab.csv"
    run = f"run(['train', {str(data)!r}, '-q', '-o', {str(model)!r}])"
    if arguments != ["train"]:
        run += f"; run({[arguments[0], str(model), str(data)]!r})"
    loaded = loaded_by(f"from lrfit.cli import run; {run}")
    assert "lrfit.csv_block" in loaded
    assert not loaded & {"pandas", "rich"}


def test_every_public_name_can_be_had_from_the_package():
    code = (
        "import lrfit; from lrfit import abs, Session;"
        "assert all(getattr(lrfit, name) is not None for name in dir(lrfit) if name[0] != '_')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_loads_nothing_of_matplotlib_that_has_state(tmp_path):
    data = PACKAGE.parent / "sample_data" / "lab.csv"
    loaded = loaded_by(
        f"from lrfit.cli import run; run(['plot', {str(data)!r}, '-q', '-o', {str(tmp_path / 'p.png')!r}])"
    )
    assert "matplotlib.figure" in loaded
    assert not loaded & {"matplotlib.pyplot", "pandas", "rich", "plotext"}
