"""lrfit: linear regression by gradient descent, on a static graph.

The public names live here: `lrfit.train` and `lrfit.load` for those who want a fit; `lrfit.placeholder`,
`lrfit.gradients`, `lrfit.Session` and so on for those who build graphs. A name is imported when it is first
used, so that `lrfit --help` need not import NumPy.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing it would cost more than all else here
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from lrfit.errors import *
    from lrfit.graph.adaptive_optimizers import *
    from lrfit.graph.assignments import *
    from lrfit.graph.autodiff import *
    from lrfit.graph.averaging import *
    from lrfit.graph.clipping import *
    from lrfit.graph.leaves import *
    from lrfit.graph.nodes import *
    from lrfit.graph.ops import *
    from lrfit.graph.optimizers import *
    from lrfit.graph.program import *
    from lrfit.graph.schedules import *
    from lrfit.graph.selections import *
    from lrfit.graph.session import *
    from lrfit.training.fit import *
    from lrfit.training.record import *
    from lrfit.training.settings import *
    from lrfit.training.train import *

__version__ = "0.1.0"

_PUBLIC_MODULES = (
    "errors",
    "graph.nodes",
    "graph.leaves",
    "graph.assignments",
    "graph.ops",
    "graph.autodiff",
    "graph.clipping",
    "graph.optimizers",
    "graph.adaptive_optimizers",
    "graph.averaging",
    "graph.schedules",
    "graph.program",
    "graph.session",
    "graph.selections",
    "training.settings",
    "training.record",
    "training.fit",
    "training.train",
)
"""Modules of which all names of `__all__` are public; those of the graph first, which import least."""


def __getattr__(name: str) -> object:
    from importlib.util import find_spec  # noqa: PLC0415

    if not name.startswith("_") and find_spec(f"lrfit.{name}") is None:  # a submodule is imported as such
        for module in _public_modules():
            if name in module.__all__:
                globals().update({public: getattr(module, public) for public in module.__all__})
                return getattr(module, name)
    from lrfit.graph.tensorflow_names import hint  # noqa: PLC0415

    raise AttributeError(f"module 'lrfit' has no attribute {name!r}{hint(name)}")


def __dir__() -> list[str]:
    return sorted(["__version__", *(name for module in _public_modules() for name in module.__all__)])


def _public_modules() -> Iterator[ModuleType]:
    from importlib import import_module  # noqa: PLC0415

    return (import_module(f"lrfit.{module}") for module in _PUBLIC_MODULES)
