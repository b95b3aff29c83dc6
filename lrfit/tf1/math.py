"""`tf.math`: functions that are in `tf` or `tf.nn`, too."""

from __future__ import annotations

from lrfit.tf1.arithmetic import (
    abs,
    accumulate_n,
    add,
    add_n,
    ceil,
    cos,
    divide,
    equal,
    exp,
    expm1,
    floor,
    floordiv,
    floormod,
    greater,
    greater_equal,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    pow,
    reciprocal,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    squared_difference,
    subtract,
    tan,
    tanh,
    truediv,
)
from lrfit.tf1.arithmetic import div_no_nan as divide_no_nan
from lrfit.tf1.counting import count_nonzero, in_top_k
from lrfit.tf1.matrices import confusion_matrix
from lrfit.tf1.nn import l2_normalize, log_softmax, softmax, softplus, softsign, zero_fraction
from lrfit.tf1.reductions import (
    argmax,
    argmin,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from lrfit.tf1.refusals import refuser

__all__ = [
    "abs", "accumulate_n", "add", "add_n", "argmax", "argmin", "ceil", "confusion_matrix", "cos",
    "count_nonzero", "divide", "divide_no_nan", "equal", "exp", "expm1", "floor", "floordiv", "floormod",
    "greater", "greater_equal", "in_top_k", "is_finite", "is_inf", "is_nan", "l2_normalize", "less",
    "less_equal", "log", "log1p", "log_softmax", "logical_and", "logical_not", "logical_or", "logical_xor",
    "maximum", "minimum", "mod", "multiply", "negative", "not_equal", "pow", "reciprocal", "reduce_all",
    "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod",
    "reduce_sum", "round", "rsqrt", "sigmoid", "sign", "sin", "softmax", "softplus", "softsign", "sqrt",
    "square", "squared_difference", "subtract", "tan", "tanh", "truediv", "zero_fraction",
]  # fmt: skip

__getattr__ = refuser(__name__)
