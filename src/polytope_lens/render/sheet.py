"""The graph of an output over the plane as plain arrays: a sheet of paper with creases. Needs no drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import fan
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import within
from polytope_lens.network.network import evaluate
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render import scene

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


SHEET_COLORS = scene.COLORS[:3]  # creases, not faces, have a layer
HEIGHT = 0.5  # of a drawing, as a part of the domain's longer side


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The graph of an output: one flat polygon over each region, joined along the creases.

    Parameters
    ----------
    points : (n_points, 3) array
        Input 0, input 1, and the output there. The points of the mesh, each once, so the sheet has no gaps; the height
        is the network's at the rounded point, and rounded itself.
    indptr : (n_regions + 1,) int array
    corners : int array
        The polygon of region i has the points ``corners[indptr[i]:indptr[i + 1]]``, counter-clockwise from above.
    creases : (n_creases, 2) int array
        Both ends of each edge between two regions.
    crease_layers : (n_creases,) int array
        Layer of the neuron that folds there; descending.
    crease_regions : (n_creases, 2) int array
        The regions to the left and to the right of it.
    rim : (n_edges, 2) int array
        Both ends of each edge on the sides of the domain.
    rim_regions : (n_edges,) int array
    """

    points: Floats
    indptr: Ints
    corners: Ints
    creases: Ints
    crease_layers: Ints
    crease_regions: Ints
    rim: Ints
    rim_regions: Ints

    def rings(self) -> list[Floats]:
        """The corners of each polygon, (n, 3) each."""
        return np.split(self.points[self.corners], self.indptr[1:-1])

    def triangles(self) -> tuple[Ints, Ints]:
        """The polygons cut into triangles: their points, (n_triangles, 3), and the region of each."""
        regions, *entries = fan(self.indptr)
        return np.stack([self.corners[entry] for entry in entries], axis=1), regions

    def mean_heights(self) -> Floats:
        """Mean height of the corners of each polygon, (n_regions,)."""
        heights = self.points[self.corners, 2]
        return np.asarray(np.add.reduceat(heights, self.indptr[:-1]) / np.diff(self.indptr))

    def __repr__(self) -> str:
        return f"Sheet({len(self.indptr) - 1} polygons, {len(self.creases)} creases)"


def sheet(partition: Partition, output: int = 0) -> Sheet:
    """The graph of an output over a bounded domain in the plane.

    Raises
    ------
    OptionError
        The network has no such output.
    DimensionError, UnboundedPolytopeError, PartialPartitionError
    """
    output = check_output(partition.network, output)
    mesh = require_planar_mesh(partition)
    edges = scene.boundary_segments(partition)
    heights = evaluate(within(partition).network, mesh.points)[:, output]
    return Sheet(
        np.column_stack([mesh.points, heights]),
        mesh.indptr,
        mesh.corners,
        edges.ends,
        edges.layers,
        edges.regions,
        *scene.outline_ends(mesh),
    )


def checked_limits(folded: Sheet, limits: tuple[float, float] | None, height: float) -> tuple[float, float]:
    """Values at the bottom and the top of a drawing of so much height: those given, or else the sheet's own.

    Raises
    ------
    OptionError
    """
    height = validate.number(height, name="`height`", positive=True)
    if limits is None:
        low, high = float(folded.points[:, 2].min()), float(folded.points[:, 2].max())
        return (low, high) if low < high else (low - 0.5, low + 0.5)
    low, *more = validate.float_array(limits, name="`limits`", ndim=1, error=OptionError).tolist() or [0.0]
    if len(more) != 1 or not low < more[0]:
        raise OptionError(f"`limits` should be (low, high) with low < high, but received {validate.shown(limits)}.")
    return low, more[0]


def back_to_front(folded: Sheet, eye: Floats) -> Ints:
    """Order in which to draw the polygons so that none covers one in front of it, (n_regions,).

    Parameters
    ----------
    folded : Sheet
    eye : (4,) array
        Where the sheet is seen from, as ``[x, y, z, 1]``, or ``[x, y, z, 0]`` for parallel rays that come from there.

    Notes
    -----
    A straight look from the eye runs, seen from above, along a straight line, and crosses the convex regions below it
    one by one. So it is enough that of any two neighbours the one on the eye's side of their crease comes later. For an
    eye beyond the domain these demands never go round in a circle: a projective map moves the eye to infinity, where
    they say that the nearer of two convex sets that touch comes later. An eye above the domain (or a rounding) may
    break them; then the polygons are ordered by the distance of their middles.
    Cost: proportional to the number of creases.
    Source: that disjoint convex sets of the plane have such an order along every direction is shown by Guibas and Yao,
    *On translating a set of rectangles* (1983).
    """
    n = len(folded.indptr) - 1
    start, stop = (folded.points[folded.creases[:, end], :2] for end in (0, 1))
    along, towards = stop - start, eye[:2] - eye[3] * start
    left_is_nearer = along[:, 0] * towards[:, 1] > along[:, 1] * towards[:, 0]
    left, right = folded.crease_regions.T
    nearer, farther = np.where(left_is_nearer, left, right), np.where(left_is_nearer, right, left)
    earlier: dict[int, list[int]] = {region: [] for region in range(n)}
    for late, early in zip(nearer.tolist(), farther.tolist(), strict=True):
        earlier[late].append(early)
    try:
        return np.fromiter(TopologicalSorter(earlier).static_order(), dtype=np.int64, count=n)
    except CycleError:
        middles = np.add.reduceat(folded.points[folded.corners], folded.indptr[:-1]) / np.diff(folded.indptr)[:, None]
        nearness = middles @ eye[:3] - eye[3] * (middles**2).sum(axis=1) / 2  # grows as the distance falls
        return np.argsort(nearness, kind="stable")
