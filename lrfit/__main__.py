"""`python -m lrfit`."""

from lrfit.cli import main

main()
