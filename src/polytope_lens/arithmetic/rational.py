"""Floats as the dyadic rationals they are.

Rows of halfspaces and hyperplanes matter only up to a positive factor, so they become rows of integers: every entry
times one power of two. Nothing here rounds, except `nearest_float`, which rounds once and correctly.
"""

from __future__ import annotations

import re
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Fractions


def common_exponent(*arrays: Floats) -> int:
    """The least ``e >= 0`` for which every entry times ``2**e`` is an integer."""
    lowest = 0
    for array in arrays:
        for value in array[array != 0].ravel().tolist():
            lowest = max(lowest, value.as_integer_ratio()[1].bit_length() - 1)
    return lowest


def scaled_integers(array: Floats, exponent: int) -> list[int]:
    """The entries times ``2**exponent`` in C order, which must be integers."""
    result = []
    for value in array.ravel().tolist():
        numerator, denominator = value.as_integer_ratio()
        result.append(numerator << (exponent - denominator.bit_length() + 1))
    return result


def integer_matrix(array: Floats) -> fmpz_mat:
    """A matrix of floats times the least power of two that makes it one of integers."""
    rows, columns = array.shape
    return fmpz_mat(rows, columns, scaled_integers(array, common_exponent(array)))


def integer_rows(array: Floats) -> list[list[fmpz]]:
    """Each row of floats times its own least power of two; quick for rows with few numbers that are not zero."""
    zero, found = fmpz(0), []
    for row in array:
        found.append([zero] * len(row))
        at = np.flatnonzero(row)
        for k, value in zip(at.tolist(), scaled_integers(row[at], common_exponent(row)), strict=True):
            found[-1][k] = fmpz(value)
    return found


def rational(value: float) -> fmpq:
    """A float as a fraction."""
    return fmpq(*float(value).as_integer_ratio())


def rationals(values: Sequence[float] | Floats) -> list[fmpq]:
    """Floats as fractions."""
    return [rational(value) for value in values]


def nearest_float(value: fmpq | Fraction | float) -> float:
    """The float nearest to a fraction; infinite where it is out of range."""
    try:
        return int(value.p) / int(value.q) if isinstance(value, fmpq) else float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def fraction(value: fmpq | fmpz | Fraction | Integral | float) -> Fraction:
    """A number of whatever kind as one of Python's fractions."""
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, fmpz):
        return Fraction(int(value))
    return Fraction(int(value)) if isinstance(value, Integral) else Fraction(*value.as_integer_ratio())


def fractions(values: Sequence[fmpq | Fraction] | Fractions) -> Fractions:
    """Numbers as an array of Python's fractions, of the same shape."""
    array = np.asarray(values, dtype=object)
    return np.array([fraction(v) for v in array.ravel()], dtype=object).reshape(array.shape)


def digits(n: int) -> str:
    """An integer in decimal; ``str`` refuses more than 4300 digits, which rows of deep networks have."""
    return str(fmpz(n))


def written(value: Fraction) -> str:
    """A fraction as ``p/q``, or ``p`` if it is whole, however long."""
    p, q = value.as_integer_ratio()
    return digits(p) if q == 1 else f"{digits(p)}/{digits(q)}"


def read_fraction(text: str) -> Fraction:
    """The fraction that `written` wrote; ValueError for anything else, ZeroDivisionError for a zero below.

    Examples
    --------
    >>> read_fraction("-1/2")
    Fraction(-1, 2)
    """
    if re.fullmatch(r"-?[0-9]+(/[0-9]+)?", text) is None:
        raise ValueError(f"{text!r} is no fraction")
    p, _, q = text.partition("/")
    return Fraction(int(fmpz(p)), int(fmpz(q or "1")))


def scaled_quotient(row: Sequence[fmpz], scale: fmpz) -> Floats:
    """The integers of a row divided by `scale`, each rounded once."""
    return np.array([nearest_float(fmpq(v, scale)) if v else 0.0 for v in row])


def integers(values: Sequence[fmpq]) -> list[fmpz]:
    """Fractions times their least common denominator."""
    common = fmpz(1)
    for value in values:
        common = common.lcm(value.q)
    return [(value * common).p for value in values]


def sign(value: fmpz | fmpq) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def dot(left: Sequence[fmpq | fmpz], right: Sequence[fmpq]) -> fmpq:
    """Scalar product."""
    total = fmpq(0)
    for a, b in zip(left, right, strict=True):
        total += a * b
    return total
