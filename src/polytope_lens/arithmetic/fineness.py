"""When sums of products of floats are exact.

All terms of a sum are multiples of the least product of the lowest set bits of their factors. If the sum of their
magnitudes is at most 2**53 times that, all partial sums are floats, in any order. The sum of the reciprocals stands for
the reciprocal of the least: an upper bound, and sharp for a single term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats

# Largest integer up to which all are floats.
LARGEST_EXACT = 2.0**53


def reciprocal_of_lowest_bit(values: Floats) -> Floats:
    """One over the lowest set bit of each number; 0 for 0. Numbers are finite."""
    mantissa, exponent = np.frexp(values)
    integers = (mantissa * LARGEST_EXACT).astype(np.int64)
    lowest = integers & -integers
    return np.asarray(np.ldexp(1.0 / np.maximum(lowest, 1), 53 - exponent) * (lowest > 0))


def leaves_room(size: Floats, fineness: Floats) -> NDArray[np.bool_]:
    """Whether sums are exact, by the sums of magnitudes and those of reciprocals of lowest bits of their terms.

    Both are rounded sums of positive numbers, which the last factor makes up for. False where one overflows.
    """
    return np.asarray(size * fineness * (1 + 2.0**-20) <= LARGEST_EXACT)
