"""Functions from numbers to pictures, a kind of picture a file. They draw nothing, and need nothing to draw."""
