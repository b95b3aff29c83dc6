"""The executor `numba`: a training program as one loop in machine code. Start with `loop.py`."""
