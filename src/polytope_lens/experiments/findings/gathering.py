"""Training points and the polytopes around them: whose they are, and whether boundaries gather there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import list_of, starts
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import boundary_segments, slopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Homes:
    """The polytopes that hold given points.

    Parameters
    ----------
    n_points, n_polytopes : int
        Points, and different polytopes that hold them.
    n_alone : int
        Points without another on their polytope.
    area : (n_points,) array
        Of each point's polytope; rounded.
    slope : (n_points,) array
        Length of the gradient there; rounded.
    """

    n_points: int
    n_polytopes: int
    n_alone: int
    area: Floats
    slope: Floats


@dataclass(frozen=True, slots=True)
class Contrast:
    """A number for the training points beside the same number for other points of the same image.

    Parameters
    ----------
    value : float
        At the training points.
    others : tuple of float
        At each set of other points.
    """

    value: float
    others: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The value over the mean of the others."""
        return float(self.value / np.mean(self.others))

    @property
    def p(self) -> float:
        """How often chance is as far from the mean of all, on either side; a Monte Carlo test.

        The null hypothesis is that the training points are one more set of the same kind, for the network as it is.
        """
        everything = np.array([self.value, *self.others])
        away = np.abs(everything - everything.mean())
        return float((away >= away[0] * (1 - 1e-12)).mean())


def homes(partition: Partition, points: ArrayLike, output: int = 0) -> Homes:
    """Which polytopes hold the points, how large these are, and how steep.

    A point that is thrown at random finds a polytope with a probability that is its area, so even points that the
    network knows nothing about sit on larger polytopes than the median one. Compare with `Contrast`.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[3, 4]]], [[0, 0], [0]])
    >>> found = homes(lens.partition(Box([-1, -1], [1, 1])), [[0.5, 0.5], [0.1, 0.2], [-0.5, -0.5]])
    >>> found.n_polytopes, found.n_alone, found.slope
    (2, 1, array([5., 5., 0.]))
    """
    held = partition.locate(points)
    _, count = np.unique(held, return_counts=True)
    return Homes(
        len(held), len(count), int((count == 1).sum()), partition.volumes()[held], slopes(partition, output)[held]
    )


def length_near_points(segments: Floats, points: Floats, radius: float) -> float:
    """Total length of those parts of segments (n, 2, 2) that are at most `radius` from one of the points; rounded.

    Parts that are near several points count once. Cost: a k-d tree of the points, and a step for each pair of a segment
    and a point that is near it.

    Examples
    --------
    >>> segment = np.array([[[0.0, 0.0], [10.0, 0.0]]])
    >>> length_near_points(segment, np.array([[2.0, 0.0], [3.0, 0.0], [9.5, 0.0], [5.0, 7.0]]), 1.0)
    4.5
    """
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    is_long = length > 0
    start, along, length = start[is_long], along[is_long], length[is_long]
    near = cKDTree(points).query_ball_point(start + along / 2, radius + length / 2, return_sorted=False)
    sizes = np.array([len(found) for found in near], dtype=np.int64)
    if not sizes.sum():
        return 0.0
    segment = list_of(starts(sizes))
    point = points[np.concatenate([found for found in near if found]).astype(np.int64)]
    # Along the segment, from its start: the foot of the point, and half a chord to either side of it.
    ahead = along[segment] / length[segment, None]
    foot = ((point - start[segment]) * ahead).sum(axis=1)
    aside = (point[:, 0] - start[segment, 0]) * ahead[:, 1] - (point[:, 1] - start[segment, 1]) * ahead[:, 0]
    half = np.sqrt(np.maximum(radius**2 - aside**2, 0))
    low, high = (np.clip(foot + sign * half, 0, length[segment]) for sign in (-1, 1))
    # One axis for all segments, each on a stretch of its own; there the union of intervals is a running maximum.
    shift = segment * (2 * length.max())
    order = np.argsort(low + shift, kind="stable")
    low, high = (low + shift)[order], (high + shift)[order]
    reached = np.concatenate([[-np.inf], np.maximum.accumulate(high)[:-1]])
    return float(np.maximum(high - np.maximum(low, reached), 0).sum())


def length_near_circle(
    segments: Floats, radius: float, margin: float, center: tuple[float, float] = (0.0, 0.0)
) -> float:
    """Total length of those parts of segments (n, 2, 2) that are at most `margin` from a circle; rounded.

    Examples
    --------
    >>> length_near_circle(np.array([[[-2.0, 0.0], [2.0, 0.0]]]), radius=1.0, margin=0.25)
    1.0
    """
    shifted = segments - np.asarray(center)
    inner = _length_in_disc(shifted, radius - margin) if radius > margin else 0.0
    return _length_in_disc(shifted, radius + margin) - inner


def _length_in_disc(segments: Floats, radius: float) -> float:
    """Total length of the parts of segments that are at most `radius` from the origin."""
    along = segments[:, 1] - segments[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])
    is_long = length > 0
    start, length = segments[is_long, 0], length[is_long]
    ahead = along[is_long] / length[:, None]
    foot = -(start * ahead).sum(axis=1)
    aside = start[:, 0] * ahead[:, 1] - start[:, 1] * ahead[:, 0]
    half = np.sqrt(np.maximum(radius**2 - aside**2, 0))
    return float((np.clip(foot + half, 0, length) - np.clip(foot - half, 0, length)).sum())


def gathering(partition: Partition, points: ArrayLike, others: Sequence[ArrayLike], radius: float) -> Contrast:
    """Length of boundary per area within `radius` of the points, in units of the mean over the domain.

    Above 1 boundaries are denser there than elsewhere; above that of the others, they are denser around these points
    than around any others that might have been drawn.

    Parameters
    ----------
    partition : Partition
        Of a bounded domain in the plane.
    points : (n, 2) array-like
    others : sequence of (n, 2) array-likes
        Sets of points of the same kind, which the network has not seen.
    radius : float
        Positive. Areas are those of the discs around the points, less what they share and what leaves the domain.

    Raises
    ------
    OptionError
        A radius that is not positive, or no others.

    Notes
    -----
    Rounded; the areas come from shapely's discs of 64 sides.

    Examples
    --------
    Boundaries along both axes, and a training point on one of them:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[3, 4]]], [[0, 0], [0]])
    >>> found = gathering(lens.partition(Box([-1, -1], [1, 1])), [[0.5, 0.0]], [[[0.5, 0.5]], [[0.2, 0.7]]], 0.1)
    >>> round(found.value, 2), found.others
    (6.38, (0.0, 0.0))
    """
    radius = validate.number(radius, name="`radius`", positive=True)
    sets = [validate.points(each, 2, what="`gathering`") for each in (points, *others)]
    if len(sets) < 2:
        raise OptionError("`gathering` compares with at least one other set of points, but received none.")
    import shapely

    segments = boundary_segments(partition).segments
    volume = float(partition.volumes().sum())
    mean = np.hypot(*(segments[:, 1] - segments[:, 0]).T).sum() / volume
    domain = shapely.convex_hull(shapely.multipoints(require_planar_mesh(partition).points))
    densities = []
    for each in sets:
        discs = shapely.union_all(shapely.buffer(shapely.points(each), radius, quad_segs=16))
        area = shapely.intersection(discs, domain).area
        densities.append(length_near_points(segments, each, radius) / area / mean)
    return Contrast(float(densities[0]), tuple(map(float, densities[1:])))
