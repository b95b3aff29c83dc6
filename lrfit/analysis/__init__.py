"""All that is known of a linear fit without descending: moments, objective, rates, forecasts, scaling.

Imports only the ground. Start with `moments.py`: all that the loss knows of the data. To add a member, write
a file of functions of `Moments` or `Objective`, and test it against a formula of another kind.
"""
