"""The linear model: its equation as a graph, its document, its predictions and their evaluation.

Imports `graph`, `analysis` and `data`. Start with `equation.py`: y_hat = W·x + b and its loss. To add a field
to the document, write it in `document.py`, with a default and the rule for its values.
"""
