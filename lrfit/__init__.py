"""lrfit: linear regression by gradient descent, on a static graph.

The graph library's public names live here: `import lrfit`, then `lrfit.placeholder`, `lrfit.gradients`,
`lrfit.Session` and so on. They are imported when the first of them is used, so that `lrfit --help` need not
import NumPy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing it would cost more than all else here
if TYPE_CHECKING:
    from lrfit.errors import *
    from lrfit.graph.assignments import *
    from lrfit.graph.autodiff import *
    from lrfit.graph.leaves import *
    from lrfit.graph.nodes import *
    from lrfit.graph.ops import *
    from lrfit.graph.optimizers import *
    from lrfit.graph.program import *
    from lrfit.graph.schedules import *
    from lrfit.graph.session import *

__version__ = "0.1.0"

_PUBLIC_MODULES = (
    "errors",
    "graph.nodes",
    "graph.leaves",
    "graph.assignments",
    "graph.ops",
    "graph.autodiff",
    "graph.optimizers",
    "graph.schedules",
    "graph.program",
    "graph.session",
)


def __getattr__(name: str) -> object:
    from importlib.util import find_spec  # noqa: PLC0415

    if not name.startswith("_") and find_spec(f"lrfit.{name}") is None:  # a submodule is imported as such
        public = _public_names()
        globals().update(public)
        if name in public:
            return public[name]
    raise AttributeError(f"module 'lrfit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(["__version__", *_public_names()])


def _public_names() -> dict[str, object]:
    from importlib import import_module  # noqa: PLC0415

    modules = [import_module(f"lrfit.{module}") for module in _PUBLIC_MODULES]
    return {name: getattr(module, name) for module in modules for name in module.__all__}
