"""A static graph, as TensorFlow 1 had it: define nodes, differentiate, optimise, run.

Imports only the ground, and knows nothing of regression. Read `nodes.py`, `ops.py`, `autodiff.py`,
`session.py`, in this order. To add an op, write a row in `ops.py`; a pass or an executor, a file there.
"""
