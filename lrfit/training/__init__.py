"""Gradient descent on the model's graph: settings, a plan, a run, records of its epochs, a fit.

Imports all rooms but `views` and `cli`. Start with `loop.py`: one epoch after the other. To add a setting:
`settings.py`, `graph.py`, a field in `model/document.py`, an option in `cli/setting_options.py`.
"""
