"""Polytopes along a circular edge of the target: how steep they are, and how narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import following
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.polygon_shapes import polygon_shapes
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import corner_values, slopes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class AlongCircle:
    """The pieces that a partition cuts a circle into, with measures of the polytope that each runs through.

    Parameters
    ----------
    region : (n,) int array
        Of each piece, counter-clockwise from the first crossing after the positive x axis.
    share : (n,) array
        Its part of the circle; they add up to 1.
    slope : (n,) array
        Length of the gradient on the polytope.
    width : (n,) array
        Of the polytope: least distance of two parallel lines with it in between.
    rise : (n,) array
        Difference of the greatest and the least value on the polytope. A polytope that takes a jump of height 1 all by
        itself has rise 1; ``slope * width`` is at most the rise.
    """

    region: Ints
    share: Floats
    slope: Floats
    width: Floats
    rise: Floats

    def __len__(self) -> int:
        return len(self.region)

    def quantile(self, name: str, q: float) -> float:
        """The value of a measure, "slope", "width" or "rise", that a share q of the circle does not exceed."""
        values = getattr(self, validate.option(name, name="the measure", allowed=("slope", "width", "rise")))
        order = np.argsort(values)
        at = int(np.searchsorted(np.cumsum(self.share[order]), q))
        return float(values[order[min(at, len(order) - 1)]])


def along_circle(partition: Partition, radius: float, center: ArrayLike = (0.0, 0.0), output: int = 0) -> AlongCircle:
    """Cut a circle at the edges of a planar partition, and measure the polytopes that its pieces run through.

    Raises
    ------
    OptionError
        A circle that leaves the domain.
    OutsideDomainError, DimensionError, UnboundedPolytopeError

    Notes
    -----
    Rounded: crossings come from rounded corners, and the region of a piece is that of its middle. Cost: one pass over
    the edges, and one look-up for each piece.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[3, 4]]], [[0, 0], [0]])
    >>> found = along_circle(lens.partition(Box([-1, -1], [1, 1])), 0.5)
    >>> found.share.round(9), found.slope, found.rise
    (array([0.25, 0.25, 0.25, 0.25]), array([5., 4., 0., 3.]), array([7., 4., 0., 3.]))
    """
    mesh = require_planar_mesh(partition)
    radius = validate.number(radius, name="`radius`", positive=True)
    middle = validate.point(center, 2, what="`along_circle`")
    assert partition.domain is not None  # there is a mesh
    if (partition.domain.A @ middle + radius * np.linalg.norm(partition.domain.A, axis=1) > partition.domain.b).any():
        raise OptionError(f"the circle of radius {radius} around {middle.tolist()} leaves the domain.")
    points = mesh.points - middle
    start, end = points[mesh.corners], points[mesh.corners[following(mesh.indptr)]]
    angle = np.unique(_crossings(start, end, radius))
    if not len(angle):
        angle = np.zeros(1)
    length = np.diff(angle, append=angle[0] + 2 * np.pi)
    halfway = angle + length / 2
    region = partition.locate(middle + radius * np.column_stack([np.cos(halfway), np.sin(halfway)]))
    values = corner_values(partition, output)
    rise = np.maximum.reduceat(values, mesh.indptr[:-1]) - np.minimum.reduceat(values, mesh.indptr[:-1])
    measures = slopes(partition, output), polygon_shapes(mesh).width, rise
    return AlongCircle(region, length / (2 * np.pi), *(measure[region] for measure in measures))


def _crossings(start: Floats, end: Floats, radius: float) -> Floats:
    """Angles from 0 to 2 pi at which segments cross a circle around the origin."""
    along = end - start
    # |start + t along|^2 = radius^2, a quadratic equation in t.
    a = (along**2).sum(axis=1)
    half_b = (start * along).sum(axis=1)
    c = (start**2).sum(axis=1) - radius**2
    square = half_b**2 - a * c
    meets = (square >= 0) & (a > 0)
    root = np.sqrt(square[meets])
    found = []
    for sign in (-1, 1):
        t = (-half_b[meets] + sign * root) / a[meets]
        on = (t >= 0) & (t <= 1)
        x, y = (start[meets][on] + t[on, None] * along[meets][on]).T
        found.append(np.arctan2(y, x) % (2 * np.pi))
    return np.concatenate(found)
