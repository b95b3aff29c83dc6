"""Static graphs, as in TensorFlow 1: define nodes, differentiate them, optimise, run.

Imports only `errors`, `messages`, `arrays` and `system`. Read `nodes.py`, `ops.py`, `autodiff.py` and
`session.py`, in this order. Add an op in `ops.py` and `executors/numba/formulas.py`; a pass in `passes/`.
"""
