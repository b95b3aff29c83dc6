"""Formats of a graph: each file has `render`, which writes a `GraphView` as text in a language."""
