"""Balls inside the regions of a partition, from the rows of all neurons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.products import times_each
from polytope_lens._places import POINTS
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.network.pattern import unpack
from polytope_lens.polytope.batch import inscribed_balls as kernel
from polytope_lens.polytope.halfspaces import rounded
from polytope_lens.polytope.metric.ball import Ball, BallStatus, chebyshev_ball

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.region import Region


# Numbers in each array of one batch: they stay in the processor's cache, and matrix products in one thread, since
# starting others takes longer.
IN_CACHE = 2**14
# Where the numbers of a row differ by more than this factor, programs in floats may miss the largest ball.
SPREAD = 1e6
# By how much more than this share a ball is larger without a row if the row matters.
GAIN = 2.0**-20


@dataclass(frozen=True, slots=True, eq=False)
class Balls:
    """A ball in each region of a partition.

    Parameters
    ----------
    centers : (n_regions, d) array
        Floats, taken exactly as they are.
    radii : (n_regions,) array
        Rounded down: each closed ball is proved to lie in its region. Infinite where balls of any size are proved to;
        0 where there is no room around the floats nearest to the middle.
    """

    centers: Floats = field(metadata=POINTS)
    radii: Floats

    def __len__(self) -> int:
        return len(self.radii)

    @overload
    def __getitem__(self, index: int) -> Ball: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> Balls: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Ball | Balls:
        """The ball of a region, with an infinite `bound`, since nothing is proved of larger ones; of several, Balls."""
        chosen = validate.picked(index, len(self), told=f"there are balls of {len(self)} regions", part="region")
        if not isinstance(chosen, int):
            return Balls(self.centers[chosen], self.radii[chosen])
        radius = float(self.radii[chosen])
        status = BallStatus.LARGEST if 0 < radius < np.inf else BallStatus.UNBOUNDED if radius else BallStatus.TOO_THIN
        return Ball(self.centers[chosen].copy(), radius, np.inf, status)

    def __iter__(self) -> Iterator[Ball]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        least, most = (self.radii.min(), self.radii.max()) if len(self) else (np.nan, np.nan)
        return f"Balls({len(self)} balls, radii from {least:.3g} to {most:.3g})"


class BallsFromRows(NamedTuple):
    """Centers and radii; which have rows that floats may misjudge; how much the errors of rows may have taken."""

    centers: Floats
    radii: Floats
    doubtful: Bools
    lost: Floats


def balls_from_rows(partition: Partition, wanted: Ints) -> BallsFromRows:
    """Balls in some regions, from the rows of all neurons in floats."""
    network = partition.network
    around = domain_sides(partition.domain, network.input_dim)
    centers, radii = np.empty((len(wanted), network.input_dim)), np.empty(len(wanted))
    doubtful, lost = np.empty(len(wanted), dtype=bool), np.empty(len(wanted))
    numbers = (network.n_neurons + len(around.exact) + 1) * (network.input_dim + 1)
    for some in batches(len(wanted), numbers, IN_CACHE):
        bits = unpack(partition.packed_patterns[wanted[some]], network.n_neurons)
        rows, error = region_rows(network, around, bits)
        centers[some], radii[some] = kernel.chebyshev_balls(rows, error, partition.witnesses[wanted[some]])
        with np.errstate(all="ignore"):
            off = times_each(error[:, :, :-1], np.abs(centers[some])) + error[:, :, -1]
            share = off / np.sqrt(np.einsum("nmk,nmk->nm", rows[:, :, :-1], rows[:, :, :-1]))
        lost[some] = np.where(off > 0, share, 0.0).max(axis=1, initial=0.0)
        # Coordinate by coordinate: of few numbers next to each other, numpy takes the greatest one by one.
        size, doubt = (np.ascontiguousarray(part[:, :, :-1].transpose(2, 0, 1)) for part in (np.abs(rows), error))
        known = size > doubt
        least = np.where(known, size, np.inf).min(axis=0)
        doubtful[some] = (size.max(axis=0) > SPREAD * least).any(axis=1)
        # Rows that may be constant, such as those of neurons that see no input, have no side unless they matter.
        may_be_constant: Bools = np.asarray(~known.any(axis=0) & doubt.any(axis=0))
        again = np.flatnonzero(may_be_constant.any(axis=1))
        if again.size:
            others, inside = ~may_be_constant[again, :, None], partition.witnesses[wanted[some]][again]
            kept, its_error = (np.where(others, part[again], 0.0) for part in (rows, error))
            _, without = kernel.chebyshev_balls(kept, its_error, inside)
            doubtful[some][again] |= without > radii[some][again] * (1.0 + GAIN)
    return BallsFromRows(centers, radii, doubtful, lost)


def ball_from_exact_rows(partition: Partition, index: int) -> tuple[Floats, float]:
    """Center and radius in a region, from its exact rows, each rounded once."""
    region = partition[index]
    system = exact_system(region)
    A, b = rounded(system)
    rows = np.column_stack([A, -b])
    # Floats of 0 may have underflowed.
    given = np.array([[v != 0 for v in row] for row in system.rows], dtype=bool).reshape(rows.shape)
    error = UNIT_ROUNDOFF * np.abs(rows) + np.where(given, UNDERFLOW_GUARD, 0.0)
    centers, radii = kernel.chebyshev_balls(rows[None], error[None], region.point[None])
    if radii[0] > 0:
        return centers[0], float(radii[0])
    return ball_by_itself(region)


def ball_by_itself(region: Region) -> tuple[Floats, float]:
    """Center and radius of the largest ball, to which a bound is proved."""
    ball = chebyshev_ball(region.polytope)
    return ball.center, ball.radius
