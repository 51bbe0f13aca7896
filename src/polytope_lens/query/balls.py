"""The largest balls inside the regions of a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.polytope import balls as kernel
from polytope_lens.polytope.ball import chebyshev_ball
from polytope_lens.query.cells import halfspaces
from polytope_lens.query.inequalities import exact_system
from polytope_lens.query.sides import region_rows, walls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition

    Floats = NDArray[np.float64]


# Numbers in each array of one batch, which should stay in the processor's cache.
BATCH = 2**19


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """A ball in each region of a partition.

    Parameters
    ----------
    centers : (n_regions, d) array
        Floats, taken exactly as they are.
    radii : (n_regions,) array
        Rounded down: each closed ball is proved to lie in its region. Infinite where balls of any size do; 0 where
        there is no room around the floats nearest to the middle.
    """

    centers: Floats
    radii: Floats

    def __len__(self) -> int:
        return len(self.radii)

    def __repr__(self) -> str:
        least, most = (self.radii.min(), self.radii.max()) if len(self) else (np.nan, np.nan)
        return f"Balls({len(self)} balls, radii from {least:.3g} to {most:.3g})"


def chebyshev_balls(partition: Partition) -> Balls:
    """The largest ball inside each region, in any dimension, of bounded regions and others.

    Notes
    -----
    Exactness: balls are proved to lie inside, with the exact rows, from floats that carry bounds on their error; where
    these bounds are too wide (deep networks, slivers) with exact rows, rounded once; and at last in rational
    arithmetic. That no ball is larger is not proved here: it is so but for rounding, wherever a small linear program in
    floats came to its end. ``partition[i].chebyshev_ball()`` proves a bound. Cost: the rows of all neurons under each
    pattern, and some ten microseconds for each region of few inputs.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> found = lens.partition(Box([-1, -1], [1, 3])).chebyshev_balls()
    >>> found.radii.round(12)
    array([0.5, 0.5, 0.5, 0.5])
    """
    network, n = partition.network, len(partition)
    around = walls(partition.domain, network.input_dim)
    centers, radii = np.empty((n, network.input_dim)), np.empty(n)
    bits = partition.bits()
    step = max(1, BATCH // ((network.n_neurons + len(around.exact) + 1) * (network.input_dim + 1)))
    for start in range(0, n, step):
        some = slice(start, start + step)
        rows = region_rows(network, around, bits[some])
        centers[some], radii[some] = kernel.chebyshev_balls(*rows, partition.witnesses[some])
    for i in np.flatnonzero(radii == 0).tolist():
        centers[i], radii[i] = _from_exact_rows(partition, i)
    return Balls(centers, radii)


def _from_exact_rows(partition: Partition, index: int) -> tuple[Floats, float]:
    region = partition[index]
    rows = exact_system(region).floats[None]
    error = UNIT_ROUNDOFF * np.abs(rows) + np.where(rows != 0, UNDERFLOW_GUARD, 0.0)
    centers, radii = kernel.chebyshev_balls(rows, error, region.point[None])
    if radii[0] > 0:
        return centers[0], float(radii[0])
    ball = chebyshev_ball(halfspaces(region))
    return ball.center, ball.radius
