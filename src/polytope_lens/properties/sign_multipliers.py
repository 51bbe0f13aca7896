"""Which multiple of a neuron that has a sign makes bounds on other neurons better.

Where z is at least 0 in a cell, any multiple t z, t >= 0, may be added to a sum without making it less. A row above the
sum plus t times a row above z has a greatest value in the box that is convex in t, with bends where a coefficient
changes its sign: the t whose value is least is taken. Where z is at most 0, -z takes its place. Source of such
multipliers: Wang, Zhang, Xu, Lin, Jana, Hsieh and Kolter 2021, *Beta-CROWN: efficient bound propagation with per-neuron
split constraints for neural network robustness verification*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.exact.forward import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, Floats, Ints

# Multipliers have so many bits, and sizes that are powers of two up to this one.
BITS, LARGEST = 8, 500


class SignRows(NamedTuple):
    """Rows above what is at least 0 in cells, n of them, with m neurons that have signs in some."""

    places: Ints  # (m,)
    rows: Floats  # (n, m, d + 1)
    is_given: Bools  # (n, m): whether the neuron has a sign in the cell


class SignMultiples(NamedTuple):
    """For each of k sums in n cells a multiple over / under of a neuron's row."""

    top: Floats  # (n, k): the greatest value of the sum with it, a guess; infinite where there is none
    place: Ints  # (n, k)
    over: Floats  # (n, k), whole numbers
    under: Floats  # (n, k), powers of two


def best_multiples(rows: Floats, signs: Sequence[SignRows], lower: Floats, upper: Floats) -> SignMultiples:
    """Those of single neurons that make the greatest values of rows (n, k, d + 1) in boxes least."""
    n, k, _ = rows.shape
    best = SignMultiples(np.full((n, k), np.inf), np.zeros((n, k), np.int64), np.zeros((n, k)), np.ones((n, k)))
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    normal = rows[:, :, :-1] * half[:, None]
    centre = rows[:, :, -1] + (rows[:, :, :-1] * middle[:, None]).sum(axis=2)
    for some in signs:
        for at, place in enumerate(some.places.tolist()):
            across = (some.rows[:, at, :-1] * half)[:, None]
            base = (some.rows[:, at, -1] + (some.rows[:, at, :-1] * middle).sum(axis=1))[:, None]
            with quiet(), np.errstate(divide="ignore"):
                times = -normal / across
                times = np.where(np.isfinite(times) & (times > 0), times, 0.0)
                bend = np.abs(normal[:, :, None] + times[:, :, :, None] * across[:, :, None]).sum(axis=3)
                which = (times * base[:, :, None] + bend).argmin(axis=2)
                over, under = _short(np.take_along_axis(times, which[:, :, None], axis=2)[:, :, 0])
                t = over / under
                top = centre + t * base + np.abs(normal + t[:, :, None] * across).sum(axis=2)
            top = np.where(some.is_given[:, at][:, None] & (over > 0) & np.isfinite(top), top, np.inf)
            found = SignMultiples(top, np.full((n, k), place), over, under)
            best = SignMultiples._make(np.where(top < best.top, *pair) for pair in zip(found, best, strict=True))
    return best


def _short(values: Floats) -> tuple[Floats, Floats]:
    """Nonnegative numbers as whole numbers of few bits over powers of two, rounded."""
    shift = np.clip(BITS - np.frexp(values)[1], 0, LARGEST)
    under = np.exp2(shift.astype(np.float64))
    return np.round(values * under), under
