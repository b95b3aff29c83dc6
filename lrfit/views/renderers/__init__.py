"""Renderers: they draw a `Picture`, each with one library, and are named after it.

Each file has `render(picture, …)`, which returns what can be shown: bytes of a file, or text. Inside, one
function for each kind of mark is registered on a single-dispatch function, so that a new kind of mark cannot
be forgotten: without a function for it, `NotImplementedError` is raised.
"""
