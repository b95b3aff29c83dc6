"""The fitted line: its equation as a graph, its document, its predictions and how good they are.

Imports `graph`, `analysis` and `data`. Start with `equation.py`: y_hat = W·x + b and its loss. To add a field
to the document, write it in `document.py`, with a default and the rule for its values.
"""
