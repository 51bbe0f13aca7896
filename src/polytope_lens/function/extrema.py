"""The least and the greatest value of an output on a bounded domain, in any number of dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._places import PARTS, POINTS
from polytope_lens.arithmetic.rational import fraction, nearest_float
from polytope_lens.domain import is_bounded
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function import corner_maxima, region_maxima
from polytope_lens.network.scalar import check_output, single_output
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens.function.corner_maxima import Greatest
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Extremum:
    """The greatest (or least) value of an output, and where it is taken.

    Parameters
    ----------
    value : float or Fraction
    point : (d,) array
        Where: a vertex of a region.
    region : int
        Which region; others may share the point, or take the value elsewhere.
    """

    value: float | Fraction
    point: NDArray[Any] = field(metadata=POINTS)
    region: int

    def __repr__(self) -> str:
        value = nearest_float(self.value)
        return f"Extremum({value:.6g} at {self.point.astype(np.float64).tolist()}, region {self.region})"


@dataclass(frozen=True, slots=True, eq=False)
class Extrema:
    """Least and greatest value of an output on a domain."""

    minimum: Extremum = field(metadata=PARTS)
    maximum: Extremum = field(metadata=PARTS)


@asked_on_flat
def extrema(partition: Partition, output: int = 0, *, exact: bool = False) -> Extrema:
    """Least and greatest value of an output on a bounded domain, in any number of dimensions.

    Parameters
    ----------
    partition : Partition
    output : int
        Which one; negative ones count from the last.
    exact : bool
        Fractions instead of floats.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    Exact values; without `exact` each number is rounded once. They are taken at corners. Where there is a mesh, float
    values with error bounds leave few of its corners, which are decided in rational arithmetic. Elsewhere a linear
    program in floats for each region proposes multipliers that bound the output there (weak duality, with the errors of
    rows and of the sum accounted for), and regions whose bound exceeds what others attain are solved in rational
    arithmetic, the greatest bounds first.
    Cost: at most that of the partition or twice as much, and milliseconds for each corner or region that may hold the
    extremum; these are many where the output is constant there and floats cannot tell, and in networks of more than
    some ten layers, of which float bounds say little.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0, 0], [0, 1, 1]], [[1, -2]]], [[0, 0], [0.5]])
    >>> lens.partition(Box([-1, -1, -1], [1, 1, 2])).extrema().minimum.value
    -5.5
    """
    output = check_output(partition.network, output, name="`output`")
    require_complete(partition, "`extrema`")
    if not is_bounded(partition.domain):
        raise UnboundedPolytopeError(
            "the extrema of an output were asked for on an unbounded domain, where it may have none. Choose a bounded "
            "one, for example a `Box`."
        )
    found = (
        region_maxima.extremes(partition, output)
        if partition.mesh is None
        else corner_maxima.extremes(partition, single_output(partition.network, output))
    )
    low, high = (_extremum(one, sign, exact) for one, sign in zip(found, (-1, 1), strict=True))
    return Extrema(low, high)


def _extremum(found: Greatest, sign: int, exact: bool) -> Extremum:
    """The greatest value of the output times a sign, as that of the output."""
    value = found.value * sign
    if exact:
        return Extremum(fraction(value), np.array([fraction(v) for v in found.point], dtype=object), found.region)
    return Extremum(nearest_float(value), np.array([nearest_float(v) for v in found.point]), found.region)
