"""Analysis of a linear fit, without descent: moments, least squares, the objective, rates, forecasts.

Imports only `errors`, `messages`, `arrays` and `system`. Start with `moments.py`, which has all that the loss
depends on. To add a file, write functions of `Moments` or `Objective`, and test them by another formula.
"""
