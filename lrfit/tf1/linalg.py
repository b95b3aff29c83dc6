"""`tf.linalg`: functions of matrices, by their names there."""

from __future__ import annotations

from lrfit.tf1.clipping import l2_normalize, norm
from lrfit.tf1.filling import eye
from lrfit.tf1.matrices import (
    matrix_determinant,
    matrix_diag,
    matrix_diag_part,
    matrix_inverse,
    matrix_solve,
    matrix_transpose,
    tensordot,
    trace,
)
from lrfit.tf1.reductions import matmul
from lrfit.tf1.refusals import refuser

__all__ = [
    "det",
    "diag",
    "diag_part",
    "eye",
    "inv",
    "l2_normalize",
    "matmul",
    "matrix_transpose",
    "norm",
    "solve",
    "tensordot",
    "trace",
    "transpose",
]

__getattr__ = refuser(__name__)

det = matrix_determinant
diag = matrix_diag
diag_part = matrix_diag_part
inv = matrix_inverse
solve = matrix_solve
transpose = matrix_transpose
