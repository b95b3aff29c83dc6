"""Kernels in machine code: called with what they were made for, or not at all."""

import numpy as np
import pytest

pytest.importorskip("numba")

from lrfit.system.machine_code import compiled, loaded

SIGNATURE = "int64(float64[:,::1], uint32[::1], int64)"
TEXT = """
def kernel(rows, counts, factor):
    total = 0
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = factor * np.sqrt(rows[i, j])
            total += counts[j]
    return total
"""


@pytest.fixture(scope="module")
def kernel():
    return loaded(compiled(TEXT, SIGNATURE, "test"), SIGNATURE)


def test_arrays_are_changed_in_place_and_an_integer_comes_back(kernel):
    rows = np.array([[4.0, 9.0, 16.0], [1.0, 0.0, 25.0]])
    assert kernel(rows, np.array([1, 2, 4], np.uint32), 10) == 14
    np.testing.assert_array_equal(rows, [[20.0, 30.0, 40.0], [10.0, 0.0, 50.0]])


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((2, 3), np.float32),
        np.ones(3),
        np.ones((3, 2)).T,
        np.ones((2, 6))[:, ::2],
    ],
    ids=["type", "rank", "order", "strides"],
)
def test_other_arrays_are_refused(kernel, rows):
    with pytest.raises(TypeError, match="a kernel takes contiguous float64 of rank 2, not "):
        kernel(rows, np.zeros(3, np.uint32), 1)


def test_the_number_of_arguments_is_that_of_the_signature(kernel):
    with pytest.raises(ValueError, match="zip"):
        kernel(np.ones((2, 3)), np.zeros(3, np.uint32))


def test_a_kernel_that_needs_numba_while_it_runs_is_refused():
    text = "def kernel(x):\n    made = np.empty(x.shape[0])\n    made[:] = x\n    x[:] = made[::-1]\n"
    with pytest.raises(RuntimeError, match="a kernel must not call NRT_"):
        compiled(text, "void(float64[::1])", "test")


def test_an_exception_in_machine_code_is_one_here():
    text = "def kernel(x):\n    if x[0] < 0.0:\n        raise ValueError\n"
    kernel = loaded(compiled(text, "void(float64[::1])", "test"), "void(float64[::1])")
    assert kernel(np.ones(1)) is None
    with pytest.raises(RuntimeError, match="has raised an exception"):
        kernel(-np.ones(1))
