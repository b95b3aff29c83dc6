"""Renderers: they draw a `Picture`, each by one library, which is the name of its file.

Each file has `render(picture, …)`, which returns what can be shown: bytes of a file, or text. Inside, one
function for each kind of mark is registered on a single-dispatch function, so that a new kind of mark cannot
be forgotten: without its function it is a `NotImplementedError`.
"""
