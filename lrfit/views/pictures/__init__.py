"""Functions from numbers to pictures, a kind of picture a file. They draw nothing."""
