"""The theory of a linear fit, without descent: moments, least squares, the objective, rates, forecasts.

Imports only the ground. Start with `moments.py`: all that the loss depends on. To add a member, write
a file of functions of `Moments` or `Objective`, and test it against a formula of another kind.
"""
