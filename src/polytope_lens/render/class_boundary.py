"""The decision boundary of a classifier in the plane, for pictures. Needs no drawing library."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.ragged import entries, following, list_of
from polytope_lens.flat_domain import within
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import class_planes

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition


FINE = 1e-9
"""What is too small to be seen, as a part of the whole."""


def class_boundary(partition: Partition) -> Floats:
    """Where two outputs are equal and no other is greater, as segments (n, 2, 2).

    Raises
    ------
    OptionError
        A network with one output.

    Notes
    -----
    In floats, which is enough for a picture; `level_set.boundary` is exact. On each region on which two outputs
    may both be the greatest, the line where they are equal is cut off by the region's sides and by the other outputs.
    Cost: one pass over the corners, and a few microseconds for each such region and pair.
    """
    maps, mesh = class_planes(partition), require_planar_mesh(within(partition))
    corners = mesh.points[mesh.corners]
    of_corners = np.repeat(maps, np.diff(mesh.indptr), axis=0)
    values = np.einsum("nok,nk->no", of_corners[..., :2], corners) + of_corners[..., 2]
    size, height = float(np.ptp(corners, axis=0).max()), float(np.abs(values).max())
    may = _contenders(mesh, values, FINE * height)
    found = [np.zeros((0, 2, 2))]
    for i, j in combinations(range(maps.shape[1]), 2):
        regions = np.flatnonzero(may[:, i] & may[:, j])
        others = np.delete(maps[regions, i, None] - maps[regions], (i, j), axis=1)
        planes = maps[regions, i] - maps[regions, j]
        found.append(_segments(mesh, regions, planes, others, (FINE * size, FINE * height)))
    segments = np.concatenate(found)
    # One along a side is found from both regions beside it.
    rounded = np.rint(segments / (10 * FINE * size or 1.0))
    order = np.lexsort(rounded.transpose(2, 0, 1)[::-1], axis=-1)
    _, first = np.unique(np.take_along_axis(rounded, order[..., None], axis=1), axis=0, return_index=True)
    return np.asarray(segments[np.sort(first)])


def _contenders(mesh: PlanarMesh, values: Floats, slack: float) -> Bools:
    """Which outputs may be the greatest somewhere on each region, given all values at its corners."""
    highest, lowest = (f.reduceat(values, mesh.indptr[:-1]) for f in (np.maximum, np.minimum))
    # The greatest output is nowhere on a region below what one of them is everywhere.
    return np.asarray(highest >= lowest.max(axis=1, keepdims=True) - slack)


def _segments(mesh: PlanarMesh, regions: Ints, planes: Floats, others: Floats, slack: tuple[float, float]) -> Floats:
    """Where planes (n, 3) are zero on regions (n,) and other planes (n, k, 3) not negative, as segments (m, 2, 2)."""
    steep = np.hypot(*planes[:, :2].T)
    bent = steep > 0
    regions, planes, others, steep = regions[bent], planes[bent], others[bent], steep[bent, None]
    if not len(regions):
        return np.zeros((0, 2, 2))
    # A point of the line near the region, and the direction of the line.
    at = entries(mesh.indptr, regions)
    sizes = np.diff(mesh.indptr)[regions]
    starts = np.cumsum(sizes) - sizes
    here, there = mesh.points[mesh.corners[at]], mesh.points[mesh.corners[following(mesh.indptr)[at]]]
    middle = np.add.reduceat(here, starts) / sizes[:, None]
    normal = planes[:, :2] / steep
    height = (planes[:, :2] * middle).sum(axis=1, keepdims=True) + planes[:, 2:]
    foot = middle - normal * (height / steep)
    along = np.stack([-normal[:, 1], normal[:, 0]], axis=1)
    # How far a point is on the inner side of each side of the region, and by how much others are less: at the foot, and
    # how it changes along the line.
    of = list_of(np.append(starts, len(at)))
    side = there - here
    inward = np.stack([-side[:, 1], side[:, 0]], axis=1) / np.maximum(np.hypot(*side.T), 5e-324)[:, None]
    low, high = _span(((foot[of] - here) * inward).sum(axis=1), (along[of] * inward).sum(axis=1), slack[0])
    low, high = np.maximum.reduceat(low, starts), np.minimum.reduceat(high, starts)
    if others.shape[1]:
        above = np.einsum("nok,nk->no", others[..., :2], foot) + others[..., 2]
        lower, upper = _span(above, np.einsum("nok,nk->no", others[..., :2], along), slack[1])
        low, high = np.maximum(low, lower.max(axis=1)), np.minimum(high, upper.min(axis=1))
    kept = low < high
    ends = np.stack([low, high], axis=1)[kept, :, None]
    return np.asarray(foot[kept, None] + ends * along[kept, None])


def _span(start: Floats, change: Floats, slack: float) -> tuple[Floats, Floats]:
    """The least and the greatest t at which ``start + t * change`` is not negative."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        zero = -start / change
    flat = np.abs(change) <= FINE * np.abs(change).max(initial=0.0)
    never = flat & (start < -slack)
    low = np.where(never, np.inf, np.where(flat | (change < 0), -np.inf, zero))
    high = np.where(never, -np.inf, np.where(flat | (change > 0), np.inf, zero))
    return low, high
