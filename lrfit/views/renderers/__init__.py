"""Functions from a `Picture` to what can be shown, a kind of output a file."""
