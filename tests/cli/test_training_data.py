"""What commands read of a CSV before they descend; the tests of the commands hold the rest."""

import numpy as np

from lrfit.cli.training_data import _keeping
from lrfit.data.row_store import RowStore


def test_of_more_rows_than_are_wanted_no_more_are_kept():
    rows = RowStore()
    keep = _keeping(rows, 3)
    for _ in range(9):
        keep(np.zeros((2, 2)))
    assert len(rows) == 4
