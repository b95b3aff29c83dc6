"""Scopes of variables, in which they are made or shared by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from inspect import signature
from itertools import chain, count
from typing import Any

from lrfit.tf1.dtypes import DType, as_dtype, float32
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.initializers import Initializer, glorot_uniform_initializer, zeros_initializer
from lrfit.tf1.shapes import TensorShape, static_shape
from lrfit.tf1.spare_options import check_spare
from lrfit.tf1.variables import Variable

__all__ = ["AUTO_REUSE", "get_variable", "get_variable_scope", "variable_scope"]

AUTO_REUSE = "auto"
"""For `variable_scope(reuse=…)`: an existing variable is reused, else it is made."""


class VariableScope:
    """A scope of variables: the prefix, reuse and defaults that `get_variable` uses.

    Attributes:
        name: Names of variables begin with it.
        reuse: Whether existing variables are reused.
        initializer: The initializer of variables that have none.
        regularizer: The regularizer of variables that have none.
        dtype: The type of variables that have none; float32 if None.
        opened: Names of the scopes that were opened in it.
    """

    def __init__(self, name: str = "", reuse: Any = None, initializer: Any = None) -> None:
        self.name = name
        self.reuse = reuse
        self.initializer = initializer
        self.regularizer: Any = None
        self.dtype: Any = None
        self.opened: set[str] = set()

    def unused(self, name: str) -> str:
        """The name, with a number behind it if a scope of this name was opened in this one."""
        numbered: Iterator[str] = (f"{name}_{i}" for i in count(1))
        return next(each for each in chain([name], numbered) if each not in self.opened)

    @property
    def original_name_scope(self) -> str:
        """The name as a scope of names."""
        return f"{self.name}/" if self.name else ""

    def reuse_variables(self) -> None:
        """From now on, reuse existing variables."""
        self.reuse = True


def get_variable_scope() -> VariableScope:
    """The current scope of variables."""
    graph = get_default_graph()
    if graph.variable_scope is None:
        graph.variable_scope = VariableScope()
    scope: VariableScope = graph.variable_scope
    return scope


@contextmanager
def variable_scope(
    name_or_scope: Any = None,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    reuse: Any = None,
    regularizer: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Iterator[VariableScope]:
    """Within the block, names of variables and operations begin with this one.

    Args:
        name_or_scope: The name, or a scope that was opened before.
        default_name: The name if there is none; made unique.
        values: Accepted, and not used.
        initializer: The initializer of variables that have none.
        reuse: Whether existing variables are reused.
        regularizer: The regularizer of variables that have none.
        dtype: The type of variables that have none.
        **options: Options of TensorFlow that have no effect here.
    """
    check_spare("tf.variable_scope", options)
    graph, before = get_default_graph(), get_variable_scope()
    if isinstance(name_or_scope, VariableScope):
        name = name_or_scope.name
        names = name
    else:
        names = before.unused(default_name or "VariableScope") if name_or_scope is None else name_or_scope
        before.opened.add(names)
        name = "/".join(filter(None, [before.name, names]))
    scope = VariableScope(name, before.reuse if reuse is None else reuse, initializer or before.initializer)
    scope.regularizer = before.regularizer if regularizer is None else regularizer
    scope.dtype = before.dtype if dtype is None else dtype
    graph.variable_scope = scope
    try:
        with graph.name_scope(names) if names else nullcontext():
            yield scope
    finally:
        graph.variable_scope = before


def _check_reuse(variable: Variable, shape: Any, dtype: Any) -> None:
    """Check that a variable has the shape and type that are asked for.

    Raises:
        ValueError: Its shape or type differs.
    """
    lead = f"Trying to share variable {variable.op.name}, but specified"
    if not variable.shape.is_compatible_with(shape):
        raise ValueError(f"{lead} shape {TensorShape(shape)} and found shape {variable.shape}.")
    if dtype is not None and as_dtype(dtype) is not variable.dtype:
        raise ValueError(f"{lead} dtype {as_dtype(dtype).name} and found dtype {variable.dtype.name}.")


def _starting(name: str, initializer: Any, sizes: Any, dtype: DType) -> Any:
    """The initial value of the variable of this name, or a function without arguments that makes it.

    Raises:
        ValueError: The shape is missing, not known in full, or given beside a value.
    """
    if not callable(initializer):
        if sizes is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        return initializer
    start = initializer() if isinstance(initializer, type) else initializer
    if None in (sizes or ()) or (sizes is None and isinstance(start, Initializer)):
        shown = TensorShape(sizes)
        raise ValueError(f"Shape of a new variable ({name}) must be fully defined, but instead was {shown}.")
    takes = signature(start).parameters
    more = {"partition_info": None} if "partition_info" in takes else {}
    return (lambda: start(list(sizes or ()), dtype=dtype, **more)) if takes else start


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Callable[[Any], Any] | None = None,
    trainable: bool = True,
    collections: Sequence[str] | None = None,
    **options: Any,
) -> Variable:
    """The variable of this name in the current scope of variables: a new or, with `reuse`, existing one.

    Args:
        name: Its name within the scope.
        shape: Its shape.
        dtype: Its type; float32 if None.
        initializer: A function from shape and type to a tensor, or a value; Glorot's uniform one if None.
        regularizer: A function from the variable to a loss, which is added to the collection of these.
        trainable: Whether optimizers change it.
        collections: As for `Variable`.
        **options: Options of TensorFlow that have no effect here.

    Raises:
        ValueError: It exists but is not to be reused, or is to be reused but does not exist.
    """
    check_spare("tf.get_variable", options)
    graph, scope = get_default_graph(), get_variable_scope()
    whole = f"{scope.name}/{name}" if scope.name else name
    shared = _shared(graph, scope, whole)
    if shared is not None:
        _check_reuse(shared, shape, dtype)
        return shared
    kind, sizes = as_dtype(dtype or scope.dtype or float32), static_shape(shape)
    start = scope.initializer if initializer is None else initializer
    if start is None:
        start = glorot_uniform_initializer() if kind.is_floating else zeros_initializer()
    make = _starting(whole, start, sizes, kind)
    with graph.name_scope(None):
        variable = Variable(make, trainable, collections, name=whole, dtype=None if sizes is None else kind)
    graph.shared[whole] = variable
    _regularize(variable, whole, scope.regularizer if regularizer is None else regularizer)
    return variable


def _shared(graph: Graph, scope: VariableScope, name: str) -> Variable | None:
    """The variable of this whole name that is to be reused; None if it is to be made.

    Raises:
        ValueError: It exists but is not to be reused, or is to be reused but does not exist.
    """
    known: Variable | None = graph.shared.get(name)
    if known is not None and not scope.reuse:
        raise ValueError(
            f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
            "reuse=tf.AUTO_REUSE in VarScope?"
        )
    if known is None and scope.reuse is True:
        raise ValueError(
            f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to "
            "set reuse=tf.AUTO_REUSE in VarScope?"
        )
    return known


def _regularize(variable: Variable, name: str, regularizer: Callable[[Any], Any] | None) -> None:
    """Add the penalty of a variable, if it has one, to the collection of these."""
    if regularizer is None:
        return
    with variable.graph.name_scope(f"{name}/Regularizer/"):
        penalty = regularizer(variable)
    if penalty is not None:
        variable.graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, penalty)
