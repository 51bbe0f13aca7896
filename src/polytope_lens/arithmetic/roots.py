"""Floats below and above a fraction, and below and above its square root."""

from __future__ import annotations

from fractions import Fraction
from math import inf, isqrt, nextafter

from flint import fmpq

from polytope_lens.arithmetic.rational import nearest_float

# Bits of a root that is known before it is rounded: more than two floats have.
BITS = 120
LARGEST = nextafter(inf, 0.0)


def enclose(low: Fraction, high: Fraction) -> tuple[float, float]:
    """The greatest float <= `low` and the least one >= `high`, infinite beyond the largest one; both nonnegative."""
    below, above = (nearest_float(fmpq(value.numerator, value.denominator)) for value in (low, high))
    if below == inf:
        below = LARGEST
    if above == inf:
        return below, above
    if Fraction(below) > low:
        below = nextafter(below, -inf)
    if Fraction(above) < high:
        above = nextafter(above, inf)
    return below, above


def enclose_root(square: Fraction) -> tuple[float, float]:
    """The greatest float <= the square root of a nonnegative fraction, and the least one >= it.

    Examples
    --------
    >>> enclose_root(Fraction(9, 4)), enclose_root(Fraction(2))
    ((1.5, 1.5), (1.414213562373095, 1.4142135623730951))
    """
    p, q = square.numerator, square.denominator
    shift = max(0, 2 * BITS - p.bit_length() + q.bit_length())
    shift += shift & 1
    whole, rest = divmod(p << shift, q)
    root, scale = isqrt(whole), 1 << (shift // 2)
    is_more = rest > 0 or root * root < whole
    return enclose(Fraction(root, scale), Fraction(root + is_more, scale))


def nearest_root(square: Fraction) -> float:
    """The float nearest to the square root of a nonnegative fraction, infinite beyond the largest one.

    Examples
    --------
    >>> nearest_root(Fraction(2)), nearest_root(Fraction(2) ** 1200) == 2.0**600
    (1.4142135623730951, True)
    """
    below, above = enclose_root(square)
    if above == inf or (Fraction(below) + Fraction(above)) ** 2 < 4 * square:
        return above
    return below
