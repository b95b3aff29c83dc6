"""The Numba executor: a training program as one loop over batches and rows, in machine code.

`formulas.py` is the table of ops, `schedule.py` decides what is computed where, `source.py` writes it as a
function in Python, and `loop.py` has Numba compile that function. Start with `loop.py`.
"""
