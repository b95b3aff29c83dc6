"""Student's t distribution.

Every run of `train` asks for it. That is why it does not come from SciPy, whose special functions take longer
to import than a small run takes as a whole, and which a plain install has not. The tests hold it against
SciPy, and against numbers of twenty digits.

References:
    Didonato and Morris, Algorithm 708, ACM Transactions on Mathematical Software 18 (1992), section 3: the
    continued fraction of the incomplete beta function I. NIST Digital Library of Mathematical Functions,
    5.11.13: the ratio of gamma functions.
"""

from __future__ import annotations

from math import exp, gamma, log1p, pi, sqrt
from sys import float_info

__all__ = ["probability_beyond", "quantile"]

_LARGE = 50.0
"""Smallest a at which the series of Γ(a + 1/2) / Γ(a) has fifteen digits."""


def probability_beyond(t: float, degrees_of_freedom: int) -> float:
    """The probability of a value at least as far from 0 as t, on both sides: I_x(n/2, 1/2), x = n / (n + t²).

    Args:
        t: A finite number.
        degrees_of_freedom: n, 1 or more.

    >>> round(probability_beyond(-5.817, 15), 8)
    3.393e-05
    """
    a, b = 0.5 * degrees_of_freedom, 0.5
    ratio = t * t / degrees_of_freedom
    x = 1.0 / (1.0 + ratio)
    y = ratio * x if ratio < 1.0 else 1.0 - x
    scale = abs(t) * _density(t, degrees_of_freedom)
    if abs(t) < 1.0:
        return 1.0 - scale / _continued_fraction(b, a, y, x)
    return scale / _continued_fraction(a, b, x, y)


def quantile(level: float, degrees_of_freedom: int) -> float:
    """The t between which and -t a value lies with this probability.

    The probability beyond t falls ever more slowly, so Newton's method from 0 comes nearer from one side.

    Args:
        level: Between 0 and 1.
        degrees_of_freedom: 1 or more.

    >>> round(quantile(0.95, 15), 4)
    2.1314
    """
    t, step = 0.0, 0.5 * level / _density(0.0, degrees_of_freedom)
    while t + step > t:
        t += step
        excess = probability_beyond(t, degrees_of_freedom) - (1.0 - level)
        step = 0.5 * excess / _density(t, degrees_of_freedom)
    return t


def _density(t: float, degrees_of_freedom: int) -> float:
    decay = exp(-0.5 * (degrees_of_freedom + 1) * log1p(t * t / degrees_of_freedom))
    return _gamma_ratio(0.5 * degrees_of_freedom) / sqrt(pi * degrees_of_freedom) * decay


def _gamma_ratio(a: float) -> float:
    """Γ(a + 1/2) / Γ(a)."""
    if a < _LARGE:
        return gamma(a + 0.5) / gamma(a)
    u = 1.0 / (8.0 * a)
    return sqrt(a) * (1.0 - u + u**2 / 2 + 5 * u**3 / 2 - 21 * u**4 / 8 - 399 * u**5 / 8)


def _continued_fraction(a: float, b: float, x: float, y: float) -> float:
    """x^a · y^b / (B(a, b) · I_x(a, b)), where y = 1 - x is at least b / (a + b): by Lentz's method."""
    excess = a * y - b * x + 1.0
    value = c = a / (a + 1.0) * excess
    d, change, n = 0.0, 2.0, 0
    while abs(change - 1.0) > float_info.epsilon:
        n += 1
        even, product = a + 2 * n, n * (b - n) * x
        numerator = (a + n - 1) * (a + b + n - 1) * product * x / (even - 1) ** 2
        term = n + product / (even - 1) + (a + n) / (even + 1) * (excess + n * (1 + y))
        c, d = term + numerator / c, 1.0 / (term + numerator * d)
        change = c * d
        value *= change
    return value
