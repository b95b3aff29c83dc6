"""Gradient descent on the model's graph: settings, a plan, a run, records of its epochs, a fit.

Imports all rooms but `views` and `cli`. Start with `loop.py`: one epoch after the other. To add a setting,
write it in `settings.py`, with the rule for its values; `cli/setting_options.py` gives it an option.
"""
