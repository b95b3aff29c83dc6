"""Pictures of a descent and its result: one file for each kind of picture.

Each file has one function, named after the kind: `fit_picture`, `loss_picture`, `surface_picture`. Its first
arguments are the results to show; keywords such as `title` say how. It returns a `Picture`, and draws
nothing.
"""
