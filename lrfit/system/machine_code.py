"""Machine code: made by Numba, loaded by llvmlite, called with arrays of NumPy.

Numba is not needed to run what it has compiled, and takes ten times as long to import as llvmlite. So a
kernel is one function in machine code that calls nothing but mathematical functions: it allocates nothing,
takes no slices of arrays, and raises nothing. It gets all arrays as arguments, and it is called without the
interpreter's lock.

References:
    Numba's documentation, "Numba architecture": how a function of type (arrays, numbers) is called. An array
    is passed as its owner (none), its number of elements and their size, its address, shape and strides.
"""

from __future__ import annotations

import ctypes
import inspect
import os
import re
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = ["COMPILER", "Kernel", "ObjectCode", "compiled", "loaded"]

Kernel: TypeAlias = Callable[..., Any]

COMPILER: dict[str, Any] = {
    "error_model": "numpy",
    "nogil": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""Division by zero as in NumPy; no fast math, so bits are the same everywhere; and no Python in the code."""

_C = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
"""The functions of this process, those of mathematics among them."""

_NEVER_CALLED = "NRT_MemInfo_call_dtor"
"""The function of Numba that frees an array when its last owner goes: those that are passed have no owner."""

_TYPE = re.compile(r"(float64|uint32|int64)(?:\[((?::,)*)::1\])?")


class ObjectCode(NamedTuple):
    """A function in machine code.

    Attributes:
        symbol: Its name in the code.
        code: An object file.
    """

    symbol: str
    code: bytes


def compiled(text: str, signature: str, name: str) -> ObjectCode:
    """The code of a function, by Numba.

    Args:
        text: The source of one Python function that Numba can compile; `np` stands for NumPy.
        signature: Types of its result and arguments, as Numba writes them.
        name: Makes the function's symbol different from others.

    Raises:
        ImportError: There is no Numba that can be imported.
    """
    import llvmlite.binding as llvm  # noqa: PLC0415 (takes some hundredths of a second)
    import numba  # noqa: PLC0415 (takes a third of a second)

    names: dict[str, Any] = {"np": np}
    exec(compile(text, "<kernel>", "exec"), names)  # noqa: S102 (written by lrfit, from its own ops)
    function = next(value for value in names.values() if inspect.isfunction(value))
    function.__qualname__ = f"kernel_{name}"
    kernel = numba.njit(signature, **COMPILER)(function)
    (written,) = kernel.inspect_llvm().values()
    module = llvm.parse_assembly(written)
    declared = [function.name for function in module.functions if function.is_declaration]
    if unknown := [name for name in declared if not _is_known(name)]:
        raise RuntimeError(f"a kernel must not call {unknown[0]}, which only Numba has")
    defined = [function for function in module.functions if not function.is_declaration]
    (symbol,) = (function.name for function in defined if function.linkage == llvm.Linkage.external)
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3, jit=True)
    return ObjectCode(symbol, machine.emit_object(module))


def loaded(made: ObjectCode, signature: str) -> Kernel:
    """The function of object code, which takes arrays and integers of exactly the types of its signature.

    Raises:
        ImportError: There is no llvmlite that can be imported.
    """
    import llvmlite.binding as llvm  # noqa: PLC0415

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    if llvm.address_of_symbol(_NEVER_CALLED) is None:  # Numba is not loaded
        llvm.add_symbol(_NEVER_CALLED, ctypes.cast(_C.abort, ctypes.c_void_p).value)
    engine.add_object_file(llvm.ObjectFileRef.from_data(made.code))
    engine.finalize_object()
    result, _, types = signature.partition("(")
    arguments = [_Argument(*match.groups()) for match in _TYPE.finditer(types)]
    flat = [ctype for argument in arguments for ctype in argument.types()]
    pointer = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, *flat)
    return _Loaded(
        engine, function(engine.get_function_address(made.symbol)), arguments, has_result=result != "void"
    )


def _is_known(function: str) -> bool:
    """Whether a function that machine code calls is there without Numba."""
    return function.startswith("llvm.") or function == _NEVER_CALLED or hasattr(_C, function)


class _Loaded:
    """A function in machine code, and the engine in whose memory it is."""

    def __init__(
        self, engine: object, function: Kernel, arguments: Sequence[_Argument], *, has_result: bool
    ) -> None:
        self._engine = engine
        self._function = function
        self._arguments = arguments
        self._has_result = has_result

    def __call__(self, *values: Any) -> int | None:  # noqa: ANN401 (arrays and integers)
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        pairs = zip(self._arguments, values, strict=True)
        passed = [part for argument, value in pairs for part in argument.parts(value)]
        if self._function(ctypes.addressof(result), ctypes.addressof(error), *passed):
            raise RuntimeError("machine code has raised an exception, as no kernel may")
        return result.value if self._has_result else None


class _Argument:
    """An argument of a kernel: an integer, or an array whose rows are contiguous.

    Args:
        dtype: Numba's name of its type, or that of its elements.
        colons: The axes of an array but the last, as Numba writes them; None for an integer.
    """

    def __init__(self, dtype: str, colons: str | None) -> None:
        self._dtype = np.dtype(dtype)
        self._rank = None if colons is None else 1 + colons.count(":")

    def types(self) -> list[Any]:
        """The types of what is passed to the machine code."""
        if self._rank is None:
            return [ctypes.c_int64]
        pointer, integer = ctypes.c_void_p, ctypes.c_int64
        return [pointer, pointer, integer, integer, pointer, *[integer] * (2 * self._rank)]

    def parts(self, value: Any) -> Sequence[Any]:  # noqa: ANN401 (an array or an integer)
        """The parts of a value that are passed to the machine code.

        Raises:
            TypeError: It has another type.
        """
        if self._rank is None:
            return (int(value),)
        if (value.dtype, value.ndim, value.flags.c_contiguous) != (self._dtype, self._rank, True):
            raise TypeError(
                f"a kernel takes contiguous {self._dtype} of rank {self._rank}, not {value.dtype}"
            )
        address = value.__array_interface__["data"][0]
        return None, None, prod(value.shape), value.itemsize, address, *value.shape, *value.strides
