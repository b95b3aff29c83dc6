"""The tables of ops of the executors: which ops each of them has."""

from __future__ import annotations

import pytest
from gradient_checks import ops_in

from lrfit.graph import assignments, leaves, ops, selections
from lrfit.graph.executors.numba import formulas
from lrfit.graph.nodes import OPS

LEAVES = {"constant", "placeholder", "variable"}
WITHOUT_A_VALUE = {"group"}
WITH_ROWS_IN_ALL_TABLES = ops_in(leaves, assignments, ops)
IN_NUMPY_ALONE = ops_in(selections) - WITH_ROWS_IN_ALL_TABLES
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


@pytest.mark.parametrize("name", sorted(WITH_ROWS_IN_ALL_TABLES | IN_NUMPY_ALONE))
@pytest.mark.parametrize("executor", TABLES)
def test_an_executor_has_every_op_that_computes_a_value(executor, name):
    """A new op needs a row in each table; selections, which no loop needs, in that of NumPy."""
    n_rows = sum(name in part for part in TABLES[executor])
    without = LEAVES | WITHOUT_A_VALUE | (IN_NUMPY_ALONE if executor == "numba" else set())
    assert n_rows == (name not in without)


@pytest.mark.parametrize("executor", TABLES)
def test_an_executor_has_no_op_that_is_not_there(executor):
    assert {name for part in TABLES[executor] for name in part} <= OPS.keys()
