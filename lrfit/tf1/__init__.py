"""TensorFlow 1 for regression: `import lrfit.tf1 as tf` runs the scripts of beginners' courses.

It imports `lrfit.graph` and the ground. Read `graph.py`, `tensors.py`, `building.py`, `arithmetic.py` and
`session.py`. To add a name, put it into the module of its kind, into its `__all__`, and into this list of
all that is there; everything else is refused by name.

graphs, tensors:
    add_to_collection, as_dtype, bool, constant, control_dependencies, convert_to_tensor, device,
    Dimension, double, DType, float16, float32, float64, get_collection, get_default_graph,
    get_default_session, Graph, GraphDef, GraphKeys, half, int16, int32, int64, int8, name_scope,
    NodeDef, Operation, placeholder, placeholder_with_default, reset_default_graph, set_random_seed,
    string, Tensor, TensorShape, uint8
variables:
    all_variables, assign, assign_add, assign_sub, AUTO_REUSE, constant_initializer, get_variable,
    get_variable_scope, global_variables, global_variables_initializer, glorot_normal_initializer,
    glorot_uniform_initializer, group, he_normal, he_uniform, initialize_all_variables,
    initialize_variables, is_variable_initialized, local_variables, local_variables_initializer, no_op,
    ones_initializer, random_normal_initializer, random_uniform_initializer,
    report_uninitialized_variables, trainable_variables, truncated_normal_initializer, tuple,
    uniform_unit_scaling_initializer, Variable, variable_scope, variables_initializer,
    variance_scaling_initializer, xavier_initializer, zeros_initializer
sessions:
    ConfigProto, disable_eager_execution, disable_v2_behavior, GPUOptions, InteractiveSession,
    RunMetadata, RunOptions, Session
arithmetic:
    abs, accumulate_n, add, add_n, cast, ceil, clip_by_value, cos, div, div_no_nan, divide, equal, exp,
    expm1, floor, floor_div, floordiv, floormod, greater, greater_equal, identity, is_finite, is_inf,
    is_nan, less, less_equal, log, log1p, logical_and, logical_not, logical_or, logical_xor, maximum,
    minimum, mod, mul, multiply, neg, negative, not_equal, pow, realdiv, reciprocal, round, rsqrt,
    sigmoid, sign, sin, sqrt, square, squared_difference, stop_gradient, sub, subtract, tan, tanh,
    to_double, to_float, to_int32, to_int64, truediv, truncatediv, where
arrays:
    concat, expand_dims, eye, fill, gather, lin_space, linspace, newaxis, one_hot, ones, ones_like,
    pack, range, rank, reshape, shape, size, slice, split, squeeze, stack, tile, transpose, unpack,
    unstack, zeros, zeros_like
reductions, matrices:
    arg_max, arg_min, argmax, argmin, boolean_mask, clip_by_global_norm, clip_by_norm, confusion_matrix,
    count_nonzero, diag, diag_part, global_norm, l2_normalize, matmul, matrix_determinant, matrix_diag,
    matrix_diag_part, matrix_inverse, matrix_solve, matrix_transpose, norm, reduce_all, reduce_any,
    reduce_logsumexp, reduce_max, reduce_mean, reduce_min, reduce_prod, reduce_sum, tensordot, trace,
    unique
gradients, control:
    case, cond, gradients, hessians, Print
random numbers:
    random_normal, random_shuffle, random_uniform, set_random_seed, truncated_normal
of older versions:
    audio_summary, histogram_summary, image_summary, merge_all_summaries, merge_summary, scalar_summary,
    Summary
tf.app:
    flags, run
tf.compat:
    as_bytes, as_str, as_text, v1
tf.contrib:
    layers
tf.data:
    Dataset, get_output_classes, get_output_shapes, get_output_types, Iterator,
    make_initializable_iterator, make_one_shot_iterator
tf.errors:
    FailedPreconditionError, InvalidArgumentError, NotFoundError, OpError, OutOfRangeError, ShapesError,
    UnimplementedError
tf.flags:
    DEFINE_bool, DEFINE_boolean, DEFINE_float, DEFINE_integer, DEFINE_string, FLAGS, FlagValues,
    IllegalFlagValueError
tf.initializers:
    constant_initializer, glorot_normal_initializer, glorot_uniform_initializer, he_normal, he_uniform,
    ones_initializer, random_normal_initializer, random_uniform_initializer,
    truncated_normal_initializer, uniform_unit_scaling_initializer, variance_scaling_initializer,
    xavier_initializer, zeros_initializer
tf.layers:
    Dense, dense, dropout, flatten
tf.linalg:
    det, diag, diag_part, eye, inv, l2_normalize, matmul, matrix_transpose, norm, solve, tensordot,
    trace, transpose
tf.logging:
    DEBUG, debug, ERROR, error, FATAL, fatal, get_verbosity, INFO, info, log, set_verbosity,
    WARN, warn, warning
tf.losses:
    absolute_difference, add_loss, compute_weighted_loss, get_losses, get_regularization_loss,
    get_regularization_losses, get_total_loss, hinge_loss, huber_loss, log_loss, mean_squared_error,
    Reduction, sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy
tf.math:
    abs, accumulate_n, add, add_n, argmax, argmin, ceil, confusion_matrix, cos, count_nonzero, divide,
    divide_no_nan, equal, exp, expm1, floor, floordiv, floormod, greater, greater_equal, in_top_k,
    is_finite, is_inf, is_nan, l2_normalize, less, less_equal, log, log1p, log_softmax, logical_and,
    logical_not, logical_or, logical_xor, maximum, minimum, mod, multiply, negative, not_equal, pow,
    reciprocal, reduce_all, reduce_any, reduce_logsumexp, reduce_max, reduce_mean, reduce_min,
    reduce_prod, reduce_sum, round, rsqrt, sigmoid, sign, sin, softmax, softplus, softsign, sqrt,
    square, squared_difference, subtract, tan, tanh, truediv, zero_fraction
tf.metrics:
    accuracy, mean, mean_absolute_error, mean_squared_error, precision, recall, root_mean_squared_error
tf.nn:
    bias_add, dropout, elu, embedding_lookup, in_top_k, l2_loss, l2_normalize, leaky_relu, log_softmax,
    moments, relu, relu6, sigmoid, sigmoid_cross_entropy_with_logits, softmax,
    softmax_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2, softplus, softsign,
    sparse_softmax_cross_entropy_with_logits, tanh, weighted_cross_entropy_with_logits, xw_plus_b,
    zero_fraction
tf.python:
    framework
tf.random:
    random_normal, random_shuffle, random_uniform, set_random_seed, truncated_normal
tf.summary:
    audio, FileWriter, histogram, image, merge, merge_all, scalar, Summary, text
tf.test:
    gpu_device_name, is_built_with_cuda, is_gpu_available
tf.train:
    AdagradOptimizer, AdamOptimizer, checkpoint_exists, CheckpointState, cosine_decay,
    create_global_step, exponential_decay, ExponentialMovingAverage, get_checkpoint_state,
    get_global_step, get_or_create_global_step, global_step, GradientDescentOptimizer,
    inverse_time_decay, latest_checkpoint, MomentumOptimizer, natural_exp_decay, Optimizer,
    piecewise_constant, polynomial_decay, RMSPropOptimizer, Saver, SummaryWriter
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lrfit.tf1.refusals import refuser

__version__ = VERSION = "1.15.0"

_MODULES = (
    "graph",
    "graph_def",
    "tensors",
    "default_session",
    "dtypes",
    "shapes",
    "placeholders",
    "building",
    "variables",
    "variable_scopes",
    "session",
    "options",
    "differentiation",
    "arithmetic",
    "casting",
    "filling",
    "joining",
    "reshaping",
    "sizes",
    "slicing",
    "reductions",
    "clipping",
    "matrices",
    "conditions",
    "counting",
    "printing",
    "readiness",
    "random",
    "initializers",
    "old_summaries",
    "switches",
)
"""Modules whose names are names of `tf` itself."""

_ROOMS = (
    "app",
    "compat",
    "contrib",
    "data",
    "errors",
    "flags",
    "initializers",
    "layers",
    "linalg",
    "logging",
    "losses",
    "math",
    "metrics",
    "nn",
    "python",
    "random",
    "summary",
    "test",
    "train",
)
"""Modules that are names of `tf` themselves."""

_refuse = refuser(__name__)


def __getattr__(name: str) -> object:
    _module("reductions"), _module("slicing")  # they give tensors their operators
    if name in _ROOMS:
        return _module(name)
    if name == "__all__":  # for `from lrfit.tf1 import *`
        return __dir__()
    if not name.startswith("__"):
        for module in map(_module, _MODULES):
            if name in module.__all__:
                value = globals()[name] = getattr(module, name)
                return value
    return _refuse(name)


def __dir__() -> list[str]:
    names = {name for module in map(_module, _MODULES) for name in module.__all__}
    return sorted({*names, *_ROOMS, "__version__", "VERSION"})


def _module(name: str) -> ModuleType:
    return import_module(f"lrfit.tf1.{name}")
