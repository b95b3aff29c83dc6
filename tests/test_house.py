"""The house: which room may import which."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lrfit"

# From the bottom up: a room imports only from rooms before its own, imports of types alone included.
ROOMS = [
    "errors",
    "messages",
    "arrays",
    "system",
    "analysis",
    "graph",
    "eager",
    "tf1",
    "data",
    "model",
    "training",
    "views",
    "cli",
    "__main__",
]
GROUND = {"errors", "messages", "arrays", "system"}
FACES = {"eager", "tf1"}  # they stand on the graph; nothing stands on them
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE or path.stem != "__init__"
}


def imported_files(path):
    """Modules of the package that a file imports, wherever in it, by their names without "lrfit."."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "lrfit":
            module = node.module.removeprefix("lrfit").removeprefix(".")
            for alias in node.names:
                name = f"{module}.{alias.name}".removeprefix(".")
                if name in FILES or module in FILES:
                    yield name if name in FILES else module


def room(module):
    return module.split(".")[0]


def test_every_room_has_its_place():
    assert set(map(room, FILES)) == set(ROOMS)


def test_the_top_shows_a_dozen_names():
    assert len([path for path in PACKAGE.iterdir() if path.name not in ("__pycache__", "py.typed")]) <= 16


def test_imports_go_down():
    for module, path in FILES.items():
        for other in imported_files(path):
            assert ROOMS.index(room(other)) <= ROOMS.index(room(module)), f"{module} must not import {other}"


def test_no_imports_go_in_a_circle():
    TopologicalSorter({module: set(imported_files(path)) for module, path in FILES.items()}).prepare()


def test_the_graph_stands_on_the_ground_alone():
    for module, path in FILES.items():
        if room(module) == "graph":
            assert {room(other) for other in imported_files(path)} <= {*GROUND, "graph"}, module


def test_a_face_stands_on_the_graph_and_nothing_stands_on_it():
    for module, path in FILES.items():
        others = {room(other) for other in imported_files(path)}
        if room(module) in FACES:
            assert others <= {*GROUND, "graph", room(module)}, module
        else:
            assert not others & FACES, module


def test_the_init_of_a_room_says_what_it_is_for_and_imports_nothing():
    for name in ROOMS:
        init = PACKAGE / name / "__init__.py"
        if init.exists():
            docstring, *code = ast.parse(init.read_text()).body
            if name in FACES:  # whose docstring lists the names that it has
                continue
            assert not code, init
            assert docstring.value.value.strip().count("\n") == 3, init


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
    loaded = loaded_by(f"from lrfit.cli.group import run; {run}")
    assert "lrfit.data.csv.parse" in loaded
    assert not loaded & {"pandas", "rich"}


@pytest.mark.parametrize(
    "arguments", [["train", "d.csv", "-q"], ["predict", "m.json", "d.csv", "-o", "p.csv"]]
)
def test_a_large_table_is_read_by_pyarrow_without_loading_pandas(tmp_path, monkeypatch, arguments):
    """Which would take as long as reading millions of rows."""
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("x,y\n" + "1.5,2\n2.5,3.25\n" * 100_000)
    loaded = loaded_by(
        f"from lrfit.cli.group import run; run(['train', 'd.csv', '-q', '-o', 'm.json']); run({arguments!r})"
    )
    assert "pyarrow.csv" in {name.replace("._", ".") for name in loaded}
    assert not loaded & {"pandas", "rich"}


def test_every_public_name_can_be_had_from_the_package():
    code = (
        "import lrfit; from lrfit import abs, Session;"
        "assert all(getattr(lrfit, name) is not None for name in dir(lrfit) if name[0] != '_')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_loads_nothing_of_matplotlib_that_has_state(tmp_path):
    data = PACKAGE.parent / "sample_data" / "lab.csv"
    picture = str(tmp_path / "p.png")
    loaded = loaded_by(
        f"from lrfit.cli.group import run; run(['plot', {str(data)!r}, '-q', '-o', {picture!r}])"
    )
    assert "matplotlib.figure" in loaded
    assert not loaded & {"matplotlib.pyplot", "pandas", "rich", "plotext"}
