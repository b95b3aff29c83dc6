"""Pictures of a descent and its result: a kind of picture a file.

Each file has one function, named after the kind: `fit_picture`, `loss_picture`, `surface_picture`. It takes
what was fitted or run first, then by keyword how it is shown, `title` among it, and returns a `Picture`.
It draws nothing.
"""
