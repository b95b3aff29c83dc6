"""Static graphs, as in TensorFlow 1: define nodes, differentiate them, optimise, run.

Imports only `errors`, `messages`, `arrays` and `system`. Read `nodes.py`, `ops.py`, `autodiff.py` and
`session.py`, in this order. Add an op as a row in `ops.py`, a pass or an executor as a file in its folder.
"""
