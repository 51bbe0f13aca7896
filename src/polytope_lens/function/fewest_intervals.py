"""The fewest pieces of a line on each of which an affine function is near enough to a piecewise affine one.

Pieces are unions of the intervals on which the function is affine; they need not join continuously. One after the
other, each is made as long as it can be. That is best: a part of a piece is near enough where the piece is, so whatever
other pieces there are, the first k of them end no farther than the first k of these.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.arithmetic.rational import rational
from polytope_lens.function.affine_fits import fit, grouped, proved_levels
from polytope_lens.function.affine_fits_kernels import Enough, Groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flint import fmpq

    from polytope_lens._types import Floats, Ints
    from polytope_lens.function.affine_fits_kernels import KnownValues


class Intervals(NamedTuple):
    """Pieces of a line: piece i goes from knot ``stops[i]`` to ``stops[i + 1]``.

    `maps` are those of `Fits`, about the first knot of each piece; `deviations` are proved upper bounds.
    """

    stops: Ints
    maps: Floats
    deviations: Floats


def fewest_intervals(samples: KnownValues, eps: float, level: Callable[[int, int], fmpq]) -> Intervals:
    """The fewest pieces on which an affine function deviates by at most `eps`, in each output; exact.

    Parameters
    ----------
    samples : KnownValues
        The n knots in ascending order, at least two, (n, 1), and the function's values there.
    eps : float
    level : function
        The least deviation from knot a to knot b, both included, as a fraction: asked where floats cannot tell.

    Notes
    -----
    That a piece is near enough is proved by its affine function, that no longer one is by three knots and one output.
    """
    last = len(samples.points) - 1
    stops, open_ends = [0], True
    while open_ends:
        stops, shown = _by_floats(samples, eps, stops)
        proved = np.zeros(len(shown), dtype=bool)
        if shown:
            reference, output = np.array([r for _, r, _ in shown]), np.array([o for *_, o in shown])
            proved = proved_levels(samples, reference, output) > eps
        open_ends = False
        for i in np.flatnonzero(~proved).tolist():
            place = shown[i][0]
            start, stop = stops[place], stops[place + 1]
            reach = stop
            while reach < last and level(start, reach + 1) <= rational(eps):
                reach += 1
            if reach > stop:
                stops, open_ends = [*stops[: place + 1], reach], reach < last
                break
    found = fit(samples, grouped([np.arange(a, b + 1) for a, b in pairwise(stops)]))
    # Where floats could not tell, fractions did; and on a single interval the function is affine.
    return Intervals(np.array(stops), found.maps, np.minimum(found.worst, np.where(np.diff(stops) == 1, 0.0, eps)))


def _by_floats(samples: KnownValues, eps: float, stops: list[int]) -> tuple[list[int], list[tuple[int, Ints, int]]]:
    """Go on from the last stop; and for each new piece but the last: its place, and what shows that it cannot go on."""
    last = len(samples.points) - 1
    stops, shown = list(stops), []
    while stops[-1] < last:
        start = stops[-1]
        good, bad, found = start + 1, last + 1, None
        step = 1
        while good + 1 < bad and good < last:
            # Twice as far each time, then halfway between what is near enough and what is not
            tried = min(good + step, last) if bad > last else (good + bad) // 2
            one = fit(samples, Groups(np.arange(start, tried + 1), np.array([0, tried + 1 - start])), Enough(eps, eps))
            if one.worst[0] <= eps:
                good, step = tried, 2 * step
            else:
                bad, found = tried, one
        if good < last:
            assert found is not None  # something was too far
            shown.append((len(stops) - 1, found.reference[0], int(found.output[0])))
        stops.append(good)
    return stops, shown


def exact_level(points: Sequence[fmpq], values: Sequence[Sequence[fmpq]]) -> fmpq:
    """The least greatest deviation of affine functions from values at points that ascend, over several outputs; exact.

    It is half of the greatest vertical distance between the upper and the lower hull of the points' graph.
    """
    return max(_level(points, column) for column in zip(*values, strict=True))


def _level(x: Sequence[fmpq], y: Sequence[fmpq]) -> fmpq:
    upper, lower = _hull(x, y, 1), _hull(x, y, -1)
    gaps = [_at(x, y, upper, i) - _at(x, y, lower, i) for i in sorted({*upper, *lower})]
    return max(gaps) / 2


def _hull(x: Sequence[fmpq], y: Sequence[fmpq], side: int) -> list[int]:
    """Indices of the corners of the upper hull (side 1) or the lower one (-1)."""
    found: list[int] = []
    for i in range(len(x)):
        while len(found) > 1:
            a, b = found[-2:]
            if side * ((y[b] - y[a]) * (x[i] - x[a]) - (y[i] - y[a]) * (x[b] - x[a])) > 0:
                break
            found.pop()
        found.append(i)
    return found


def _at(x: Sequence[fmpq], y: Sequence[fmpq], hull: Sequence[int], i: int) -> fmpq:
    """Height of a hull over a point."""
    a, b = next((a, b) for a, b in pairwise(hull) if x[a] <= x[i] <= x[b])
    return y[a] + (y[b] - y[a]) * (x[i] - x[a]) / (x[b] - x[a])
