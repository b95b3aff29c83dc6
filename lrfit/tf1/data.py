"""`tf.data`: datasets, which give elements to tensors, batch after batch.

A dataset is a function from the values of its inputs, which are tensors, to an iterator over elements; an
element is a tuple of arrays. TensorFlow's operations for datasets are in the graph under their names, because
their number matters to random ops; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Iterator as Iterates
from itertools import chain, count, islice
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lrfit.graph.shapes import fits
from lrfit.tf1 import philox
from lrfit.tf1.arithmetic import equal, logical_and, where
from lrfit.tf1.building import constant, convert_to_tensor, known_value
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.dtypes import int64, string
from lrfit.tf1.errors import InvalidArgumentError, UnimplementedError
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.iterators import Element, Iterator, add_operation, initializable, one_shot
from lrfit.tf1.placeholders import placeholder
from lrfit.tf1.refusals import refuser
from lrfit.tf1.session import Session
from lrfit.tf1.shuffling import shuffled
from lrfit.tf1.specs import Component, Specified
from lrfit.tf1.structures import leaves, mapped, packed
from lrfit.tf1.tensors import Tensor

__all__ = [
    "Dataset",
    "Iterator",
    "get_output_classes",
    "get_output_shapes",
    "get_output_types",
    "make_initializable_iterator",
    "make_one_shot_iterator",
]

__getattr__ = refuser(__name__)

_refuse_method = refuser(f"{__name__}.Dataset")


class Pass:
    """The state of one iterator's pass through a dataset.

    Args:
        values: The values of the dataset's inputs.

    Attributes:
        values: The same.
        kept: What datasets keep from one of their starts to the next.
    """

    def __init__(self, values: dict[Tensor, Any]) -> None:
        self.values = values
        self.kept: dict[Any, Any] = {}

    def number(self, tensor: Tensor) -> int:
        """The value of an input that is a number."""
        return int(self.values[tensor])


Draw: TypeAlias = Callable[[Pass], Iterates[Element]]


class _Refusing(type):
    """Refuses what TensorFlow's class has, by its name there."""

    def __getattr__(cls, name: str) -> object:
        return _refuse_method(name)


class Dataset(Specified, metaclass=_Refusing):
    """Elements of one structure.

    Args:
        graph: The graph of the tensors that it needs.
        spec: The parts of an element.
        inputs: These tensors.
        draw: Gives the elements.
        kind: TensorFlow's name of the operation.

    Attributes:
        graph: The same graph.
        inputs: The same tensors.
        draw: The same function.
    """

    def __init__(self, graph: Graph, spec: Any, inputs: Sequence[Tensor], draw: Draw, kind: str) -> None:
        super().__init__(spec)
        self.graph, self.inputs, self.draw = graph, tuple(dict.fromkeys(inputs)), draw
        add_operation(graph, kind)

    def __getattr__(self, name: str) -> object:
        return _refuse_method(name)

    def __repr__(self) -> str:
        return f"<Dataset shapes: {mapped(str, self.output_shapes)}, types: {self.output_types}>"

    def elements(self, values: Sequence[Any]) -> Iterates[Element]:
        """The elements, for values of the inputs."""
        return self.draw(Pass(dict(zip(self.inputs, values, strict=True))))

    def _derived(self, kind: str, draw: Draw, inputs: Sequence[Tensor] = (), spec: Any = None) -> Dataset:
        """A dataset made of this one, of elements like its own unless `spec` is given."""
        return Dataset(self.graph, self.spec if spec is None else spec, [*self.inputs, *inputs], draw, kind)

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """A dataset with one element: these tensors or arrays."""
        structure = _normalized(tensors)
        inputs = leaves(structure)

        def draw(at: Pass) -> Iterates[Element]:
            yield tuple(at.values[each] for each in inputs)

        spec = mapped(lambda each: Component(each.dtype, each.shape), structure)
        return Dataset(inputs[0].graph, spec, inputs, draw, "TensorDataset")

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """A dataset with an element for each row of these tensors or arrays, which have equally many rows.

        Raises:
            ValueError: They have no rows, or different numbers of them.
        """
        structure = _normalized(tensors)
        inputs = leaves(structure)
        _check_rows([each.shape.as_list() for each in inputs if each.shape])

        def draw(at: Pass) -> Iterates[Element]:
            arrays = [at.values[each] for each in inputs]
            n_rows = {len(array) for array in arrays}
            if len(n_rows) > 1:
                numbers = ", ".join(map(str, sorted(n_rows)))
                raise InvalidArgumentError(f"All parts of a dataset need equally many rows, not {numbers}")
            return zip(*arrays, strict=True)

        spec = mapped(lambda each: Component(each.dtype, each.shape[1:] if each.shape else None), structure)
        return Dataset(inputs[0].graph, spec, inputs, draw, "TensorSliceDataset")

    @staticmethod
    def range(*args: Any) -> Dataset:
        """The numbers that Python's `range` gives, as int64."""
        bounds = slice(*args)
        start, step = bounds.start if bounds.start is not None else 0, bounds.step
        named = {"start": start, "stop": bounds.stop, "step": 1 if step is None else step}
        inputs = [convert_to_tensor(value, int64, name) for name, value in named.items()]

        def draw(at: Pass) -> Iterates[Element]:
            return ((np.int64(number),) for number in range(*map(at.number, inputs)))

        return Dataset(inputs[0].graph, Component(int64, ()), inputs, draw, "RangeDataset")

    @staticmethod
    def zip(datasets: Any) -> Dataset:
        """Elements of several datasets together, in the structure of the datasets, until one has no more.

        Raises:
            TypeError: They are not datasets.
        """
        members = leaves(datasets)
        for each in members:
            if not isinstance(each, Dataset):
                raise TypeError(
                    "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects, such "
                    f"as tf.data.Dataset.zip((features, labels)); not {type(each).__name__}"
                )

        def draw(at: Pass) -> Iterates[Element]:
            elements = zip(*[each.draw(at) for each in members], strict=False)
            return (tuple(chain.from_iterable(parts)) for parts in elements)

        inputs = list(chain.from_iterable(each.inputs for each in members))
        spec = packed(datasets, [each.spec for each in members])
        return Dataset(members[0].graph, spec, inputs, draw, "ZipDataset")

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, followed by those of another dataset.

        Raises:
            TypeError: Their types differ.
        """
        pairs = list(zip(leaves(self.spec), leaves(dataset.spec), strict=False))
        if self.output_types != dataset.output_types:
            raise TypeError(
                f"Two datasets to concatenate have different types {self.output_types} and "
                f"{dataset.output_types}"
            )
        spec = packed(self.spec, [Component(a.dtype, _common(a.shape, b.shape)) for a, b in pairs])

        def draw(at: Pass) -> Iterates[Element]:
            return chain(self.draw(at), dataset.draw(at))

        return self._derived("ConcatenateDataset", draw, dataset.inputs, spec)

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Dataset:
        """Batches of `batch_size` elements, stacked along a new first axis.

        A smaller last batch is kept, or dropped with `drop_remainder`.
        """
        size = convert_to_tensor(batch_size, int64, "batch_size")
        drops = convert_to_tensor(drop_remainder, bool_, "drop_remainder")
        known = known_value(size)
        n_rows = int(known) if known is not None and known_value(drops) else None
        kinds = [each.dtype.numpy for each in leaves(self.spec)]

        def batched(each: Component) -> Component:
            return Component(each.dtype, None if each.shape is None else (n_rows, *each.shape))

        def draw(at: Pass) -> Iterates[Element]:
            n, source = at.number(size), self.draw(at)
            if n < 1:
                raise InvalidArgumentError("Batch size must be greater than zero.")
            batches = iter(lambda: list(islice(source, n)), [])
            return (_stacked(rows, kinds) for rows in batches if len(rows) == n or not at.values[drops])

        return self._derived("BatchDatasetV2", draw, [size, drops], mapped(batched, self.spec))

    def repeat(self, count: Any = None) -> Dataset:
        """The elements, `count` times over; endlessly if None or -1."""
        times = convert_to_tensor(-1 if count is None else count, int64, "count")

        def draw(at: Pass) -> Iterates[Element]:
            n = at.number(times)
            for _ in _counted(n):
                is_empty = True
                for element in self.draw(at):
                    is_empty = False
                    yield element
                if is_empty:
                    return

        return self._derived("RepeatDataset", draw, [times])

    def shuffle(
        self, buffer_size: Any, seed: int | None = None, reshuffle_each_iteration: bool | None = None
    ) -> Dataset:
        """The elements in a random order, which is not TensorFlow's.

        Args:
            buffer_size: The number of elements that the next one is drawn from; see `shuffled`.
            seed: The seed of the operation, as for random ops.
            reshuffle_each_iteration: Whether the order differs each time; True if None.
        """
        size = convert_to_tensor(buffer_size, int64, "buffer_size")
        seeds = philox.seeds(self.graph.seed, seed, self.graph.n_operations)
        _add_seeds(seeds)
        key = object()

        def draw(at: Pass) -> Iterates[Element]:
            n = at.number(size)
            if n < 1:
                raise InvalidArgumentError("buffer_size must be greater than zero.")
            drawn, epoch = at.kept.get(key) or (seeds or philox.random_seeds(), 0)
            at.kept[key] = drawn, epoch if reshuffle_each_iteration is False else epoch + 1
            return shuffled(self.draw(at), n, drawn, epoch)

        return self._derived("ShuffleDataset", draw, [size])

    def take(self, count: Any) -> Dataset:
        """The first `count` elements; all if -1."""
        number = convert_to_tensor(count, int64, "count")

        def draw(at: Pass) -> Iterates[Element]:
            n = at.number(number)
            return islice(self.draw(at), n if n >= 0 else None)

        return self._derived("TakeDataset", draw, [number])

    def skip(self, count: Any) -> Dataset:
        """The elements after the first `count`; none if -1."""
        number = convert_to_tensor(count, int64, "count")

        def draw(at: Pass) -> Iterates[Element]:
            n = at.number(number)
            return islice(self.draw(at), n, None) if n >= 0 else iter(())

        return self._derived("SkipDataset", draw, [number])

    def prefetch(self, buffer_size: Any) -> Dataset:
        """The elements, unchanged; none is fetched ahead."""
        size = convert_to_tensor(buffer_size, int64, "buffer_size")
        return self._derived("PrefetchDataset", self.draw, [size])

    def cache(self, filename: str = "") -> Dataset:
        """The elements, which are kept once all of them have been drawn.

        Raises:
            UnimplementedError: They are to be kept in a file.
        """
        if filename:
            raise UnimplementedError(
                "dataset.cache(filename) is not in lrfit.tf1: cache() keeps it in memory"
            )
        convert_to_tensor(filename, string, "filename")
        key = object()

        def draw(at: Pass) -> Iterates[Element]:
            if key in at.kept:
                yield from at.kept[key]
                return
            elements = []
            for element in self.draw(at):
                elements.append(element)
                yield element
            at.kept[key] = elements

        return self._derived("CacheDataset", draw)

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """The elements, each as a function of tensors turns it into a new one.

        Raises:
            UnimplementedError: The function uses tensors of the graph outside.
        """
        outputs, called = self._called(map_func)
        flat = leaves(outputs)

        def draw(at: Pass) -> Iterates[Element]:
            return (tuple(values) for _, values in called(at, flat))

        spec = mapped(lambda each: Component(each.dtype, each.shape), outputs)
        return self._derived("MapDataset", draw, spec=spec)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which a function of tensors gives True."""
        output, called = self._called(predicate)

        def draw(at: Pass) -> Iterates[Element]:
            return (element for element, is_kept in called(at, output) if is_kept)

        return self._derived("FilterDataset", draw)

    def _called(
        self, function: Callable[..., Any]
    ) -> tuple[Any, Callable[[Pass, Any], Iterates[tuple[Element, Any]]]]:
        """The tensors that a function gives, in a graph of its own, and what pairs elements with values."""
        graph, key = Graph(), object()
        graph.seed = self.graph.seed
        with graph.as_default():
            fed = [placeholder(each.dtype, each.shape, name="args") for each in leaves(self.spec)]
            given = packed(self.spec, fed)
            result = function(*given) if type(given) is tuple else function(given)
            outputs = mapped(convert_to_tensor, result)
        if any(each.graph is not graph for each in leaves(outputs)):
            raise UnimplementedError(
                "a function of a dataset that uses tensors or variables from outside is not in lrfit.tf1: "
                "make them in the function"
            )

        def called(at: Pass, fetches: Any) -> Iterates[tuple[Element, Any]]:
            session = at.kept.setdefault(key, Session(graph=graph))
            for element in self.draw(at):
                yield element, session.run(fetches, dict(zip(fed, element, strict=True)))

        return outputs, called

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """The result of a function of this dataset."""
        return transformation_func(self)

    def make_one_shot_iterator(self) -> Iterator:
        """An iterator that starts by itself, in each session."""
        return one_shot(self)

    def make_initializable_iterator(self, shared_name: str | None = None) -> Iterator:
        """An iterator that its initializer starts, which can be fed."""
        return initializable(self)


def _normalized(tensors: Any) -> Any:
    """The structure with tensors in the place of arrays and lists."""
    parts = leaves(tensors)
    if not parts:
        raise ValueError("a dataset needs tensors or arrays")
    with get_default_graph().name_scope("normalize_element"):
        return packed(
            tensors, [convert_to_tensor(part, name=f"component_{i}") for i, part in enumerate(parts)]
        )


def _check_rows(shapes: Sequence[Sequence[int | None]]) -> None:
    if [] in shapes:
        raise ValueError(
            "Unbatching a tensor is only supported for rank >= 1: use from_tensors for one element"
        )
    n_rows = [shape[0] for shape in shapes if shape[0] is not None]
    for other in n_rows[1:]:
        if other != n_rows[0]:
            raise ValueError(
                f"Dimensions {n_rows[0]} and {other} are not compatible: cut all parts to as many rows"
            )


def _common(shape: Any, other: Any) -> Any:
    """The shape that two shapes have in common, with None where sizes differ."""
    if shape is None or other is None or len(shape) != len(other):
        return None
    return tuple(n if fits((n,), (m,)) and m is not None else None for n, m in zip(shape, other, strict=True))


def _counted(n: int) -> Iterates[int]:
    """`n` numbers; endlessly many if n is below 0."""
    return count() if n < 0 else iter(range(n))


def _stacked(rows: Sequence[Element], kinds: Sequence[np.dtype[Any]]) -> Element:
    """The elements as one, along a new first axis."""
    columns = zip(*rows, strict=True)
    return tuple(
        _column(column, kind, i) for i, (column, kind) in enumerate(zip(columns, kinds, strict=True))
    )


def _column(values: Sequence[Any], kind: np.dtype[Any], place: int) -> npt.NDArray[Any]:
    try:
        return np.stack([np.asarray(value, kind) for value in values])
    except ValueError:
        shapes = [list(np.shape(value)) for value in values]
        i, shape = next((i, shape) for i, shape in enumerate(shapes) if shape != shapes[0])
        raise InvalidArgumentError(
            f"Cannot batch tensors with different shapes in component {place}. First element had shape "
            f"{shapes[0]} and element {i} had shape {shape}."
        ) from None


def _add_seeds(seeds: tuple[int, int] | None) -> None:
    """Add the operations that TensorFlow has for the seeds of a dataset."""
    seed = constant(np.int64(seeds[0] if seeds else 0), int64, name="seed")
    if seeds is None:
        constant(np.int64(0), int64, name="seed2")
        return
    with get_default_graph().name_scope("seed2") as scope:
        seed2 = constant(np.int64(seeds[1]), int64)
        is_unset = logical_and(equal(seed, 0), equal(seed2, 0))
        where(is_unset, constant(np.int64(2**31 - 1), int64), seed2, name=scope)


def make_one_shot_iterator(dataset: Dataset) -> Iterator:
    """An iterator that starts by itself, in each session."""
    return dataset.make_one_shot_iterator()


def make_initializable_iterator(dataset: Dataset, shared_name: str | None = None) -> Iterator:
    """An iterator that its initializer starts, which can be fed."""
    return dataset.make_initializable_iterator()


def get_output_types(dataset_or_iterator: Specified) -> Any:
    """The types of an element."""
    return dataset_or_iterator.output_types


def get_output_shapes(dataset_or_iterator: Specified) -> Any:
    """The shapes of an element."""
    return dataset_or_iterator.output_shapes


def get_output_classes(dataset_or_iterator: Specified) -> Any:
    """`tf.Tensor` for each part of an element."""
    return dataset_or_iterator.output_classes
