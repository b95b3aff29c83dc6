"""The tables of ops of the executors: which ops each of them has."""

from __future__ import annotations

import pytest

from lrfit.graph.executors.numba import formulas
from lrfit.graph.nodes import OPS

LEAVES = {"constant", "placeholder", "variable"}
WITHOUT_A_VALUE = {"group"}
TABLES = {
    "numpy": [[name for name, op in OPS.items() if op.vjps]],  # the kernels of all ops with inputs
    "numba": [
        formulas.ELEMENTWISE,
        formulas.FILLS,
        formulas.REDUCTIONS,
        formulas.MOVES,
        formulas.CALCULATIONS,
    ],
}
"""For each executor, the parts of its table."""


@pytest.mark.parametrize("name", sorted(OPS))
@pytest.mark.parametrize("executor", TABLES)
def test_an_executor_has_every_op_that_computes_a_value(executor, name):
    """A new op needs a row in each table."""
    n_rows = sum(name in part for part in TABLES[executor])
    assert n_rows == (name not in LEAVES | WITHOUT_A_VALUE)


@pytest.mark.parametrize("executor", TABLES)
def test_an_executor_has_no_op_that_is_not_there(executor):
    assert {name for part in TABLES[executor] for name in part} <= OPS.keys()
