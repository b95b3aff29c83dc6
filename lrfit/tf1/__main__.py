"""`python -m lrfit.tf1 script.py`: runs a script or a notebook of TensorFlow 1 without a changed line."""

from __future__ import annotations

import sys

from lrfit.tf1.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
