"""A planar partition as plain arrays: triangles, colours, boundaries, pixels. Needs no drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import fan, following, list_of, places
from polytope_lens.drawing.palettes import class_colors as class_colors
from polytope_lens.drawing.palettes import class_hues as class_hues
from polytope_lens.drawing.palettes import layer_colors as layer_colors
from polytope_lens.drawing.palettes import srgb_from_oklch
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.network.network import layer_of_bit
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition


COLORS = ("value", "pattern", "slope", "layer", "class")
"""What the colours of a picture may tell."""

MOST_LABELS = 64
"""Different labels of points: more are no classes."""


@dataclass(frozen=True, slots=True, eq=False)
class Triangles:
    """Triangles that cover the regions, each inside one region.

    Parameters
    ----------
    corners : (n_triangles, 3, 2) array
        Counter-clockwise.
    values : (n_triangles, 3) array
        An output of the network at each corner, by the affine map of the triangle's own region.
    regions : (n_triangles,) int array
    """

    corners: Floats
    values: Floats
    regions: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """Edges between regions, each once, the deepest layer first.

    Parameters
    ----------
    segments : (n_edges, 2, 2) array
        Both ends of each edge.
    layers : (n_edges,) int array
        Layer of the neuron that cuts along the edge; descending, so that drawing in order puts earlier layers on top.
    ends : (n_edges, 2) int array
        The same ends as indices into the points of the mesh.
    regions : (n_edges, 2) int array
        The regions to the left and to the right of the way from the first end to the second.
    """

    segments: Floats
    layers: Ints
    ends: Ints
    regions: Ints


def axis_names(partition: Partition) -> list[str]:
    """What the axes of a drawing stand for: the inputs, in a flat box those that are free."""
    flat = flat_of(partition)
    shown = range(partition.network.input_dim) if flat is None else flat.free.tolist()
    return [f"input {k}" for k in shown]


def told_by(color: str, output: int) -> str:
    """What a scale of colours stands for."""
    return f"output {output}" if color == "value" else f"gradient norm of output {output}"


def drawn_points(partition: Partition, points: ArrayLike) -> Floats:
    """Inputs of the network, (n, d), where they are in a drawing of a partition, (n, k).

    Raises
    ------
    DimensionError
    OutsideDomainError
        Points beside the flat that is drawn.
    """
    rows, flat = validate.points(points, partition.network.input_dim, what="`plot`"), flat_of(partition)
    return rows if flat is None else flat.coordinates(rows, what="`plot`")


def coded(labels: ArrayLike | None, n: int) -> tuple[Ints | None, list[str]]:
    """Labels as numbers from 0, and their names.

    Raises
    ------
    DimensionError
        Not one for each of n points.
    OptionError
        So many different ones that they are no classes.
    """
    if labels is None:
        return None, []
    given = validate.as_array(labels)
    if given.shape != (n,):
        raise DimensionError(f"`labels` should have one class for each of the {n} points, but has shape {given.shape}.")
    if given.dtype.kind in "iub" and len(given) and given.min() >= 0 and given.max() < MOST_LABELS:
        return given.astype(np.int64), [str(k) for k in range(int(given.max()) + 1)]  # as outputs are numbered
    kinds, codes = np.unique(given, return_inverse=True)
    if len(kinds) > MOST_LABELS:
        raise OptionError(
            f"`labels` should be classes, at most {MOST_LABELS} different ones, but has {len(kinds)}. Leave them out, "
            "or put values together."
        )
    return codes.astype(np.int64), [str(kind) for kind in kinds.tolist()]


def corner_values(partition: Partition, output: int = 0) -> Floats:
    """Output of the network at each entry of ``mesh.corners``, by the affine map of the corner's own region."""
    mesh = require_planar_mesh(partition)
    a, b, c = np.repeat(within(partition).maps[:, output], np.diff(mesh.indptr), axis=0).T
    x, y = mesh.points[mesh.corners].T
    return np.asarray(a * x + b * y + c)


def value_range(partition: Partition, output: int = 0) -> tuple[float, float]:
    """Least and greatest value of an output on the domain: both are taken at corners."""
    values = corner_values(partition, output)
    return float(values.min()), float(values.max())


def value_triangles(partition: Partition, output: int = 0) -> Triangles:
    """Every region as a fan of triangles, with the network's values at their corners.

    The network is affine on each triangle, so linear interpolation of the values is exact up to rounding: this is what
    surfaces and other renderers that shade triangles need.
    """
    mesh = require_planar_mesh(partition)
    regions, *corners = fan(mesh.indptr)
    entries = np.stack(corners, axis=1)
    return Triangles(mesh.points[mesh.corners[entries]], corner_values(partition, output)[entries], regions)


def slopes(partition: Partition, output: int = 0) -> Floats:
    """Euclidean norm of the gradient of an output on each region, (n_regions,)."""
    return np.asarray(np.linalg.norm(within(partition).maps[:, output, :-1], axis=1))


def last_layers(partition: Partition) -> Ints:
    """Deepest layer that owns an edge of each region, (n_regions,); -1 where only the domain does."""
    mesh = require_planar_mesh(partition)
    layers = np.append(layer_of_bit(partition.network), -1)  # the domain's sides are owned by negative numbers
    return np.asarray(np.maximum.reduceat(layers[np.maximum(mesh.owners, -1)], mesh.indptr[:-1]))


def pattern_colors(partition: Partition) -> Floats:
    """Colour for each region that depends on its activation pattern alone, (n_regions, 3) sRGB in [0, 1].

    So a region keeps its colour from one frame of a film to the next, for as long as it lives. Crossing a boundary
    flips one bit, and the parity of the pattern decides between light and dark: neighbours differ in lightness too,
    not just in hue.
    """
    parity = _parity(partition.packed_patterns)
    hue, shade = _uniform(partition.packed_patterns)
    return srgb_from_oklch(np.where(parity, 0.60, 0.80) + 0.09 * shade, 0.08, 2 * np.pi * hue)


def class_planes(partition: Partition) -> Floats:
    """Affine functions on each region of which the greatest is the class, (n_regions, n_outputs, 3).

    Raises
    ------
    OptionError
        A network with one output.
    """
    if partition.network.output_dim < 2:
        raise OptionError(
            'color="class" tells which output is greatest, but this network has one. Choose "value", or "pattern"; '
            "`level` draws where the output takes a value."
        )
    return within(partition).maps


def boundary_segments(partition: Partition) -> Boundaries:
    """Edges between regions, each once; the sides of the domain are left out.

    Where two neurons share an edge, it belongs to the first of them.
    """
    mesh = require_planar_mesh(partition)
    inner = mesh.owners >= 0
    ends = np.stack([mesh.corners, mesh.corners[following(mesh.indptr)]], axis=1)[inner]
    owners, regions = mesh.owners[inner], list_of(mesh.indptr)[inner]
    keys = ends.min(axis=1) * len(mesh.points) + ends.max(axis=1)
    order = np.lexsort((owners, keys))
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))  # of the two sides of each edge
    last = np.append(first[1:], len(order)) - 1
    layers = layer_of_bit(partition.network)[owners[order[first]]]
    deepest_first = np.argsort(-layers, kind="stable")
    kept, twin = order[first[deepest_first]], order[last[deepest_first]]
    sides = np.stack([regions[kept], regions[twin]], axis=1)
    return Boundaries(mesh.points[ends[kept]], layers[deepest_first], ends[kept], sides)


def domain_outline(mesh: PlanarMesh) -> Floats:
    """Edges that lie on the sides of the domain, (n_edges, 2, 2)."""
    return mesh.points[outline_ends(mesh)[0]]


def outline_ends(mesh: PlanarMesh) -> tuple[Ints, Ints]:
    """The same as indices into the points of the mesh, (n_edges, 2), and the region at each edge."""
    outer = mesh.owners < 0
    ends = np.stack([mesh.corners, mesh.corners[following(mesh.indptr)]], axis=1)
    return ends[outer], list_of(mesh.indptr)[outer]


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """The pixels of a window region by region: neighbours in a row whose centres lie in one region.

    Parameters
    ----------
    regions, rows, starts, stops : (n_spans,) int arrays
        Pixels ``starts ... stops - 1`` of the row; row 0 is the lowest. Regions ascend. A span may be empty.
    """

    regions: Ints
    rows: Ints
    starts: Ints
    stops: Ints


def region_spans(mesh: PlanarMesh, lower: Floats, upper: Floats, shape: tuple[int, int]) -> Spans:
    """Where the pixels of a window lie whose centre is in a region; each pixel of the domain is in one span.

    Parameters
    ----------
    mesh : PlanarMesh
    lower, upper : (2,) arrays
        Outer corners of the first and the last pixel of the window.
    shape : (height, width)

    Notes
    -----
    Scan conversion of the polygons, so no region is searched for. Neighbours compute the crossing of their common edge
    with a row of pixels alike, so each pixel of the domain belongs to exactly one region.
    Cost: one step for each edge and each crossing of an edge with a row.
    """
    height, width = shape
    x, y = ((mesh.points - lower) * (np.array([width, height]) / (upper - lower)) - 0.5).T
    # A row crosses an edge from its lower end (included) to its upper end (excluded).
    row = np.clip(np.ceil(y), 0, height).astype(np.int64)
    start, stop = mesh.corners, mesh.corners[following(mesh.indptr)]
    crossed = row[start] != row[stop]
    region = list_of(mesh.indptr)[crossed]
    start, stop = start[crossed], stop[crossed]
    rising = y[start] < y[stop]
    low, high = np.where(rising, start, stop), np.where(rising, stop, start)
    # Each convex region has one span of pixels in each row from its lowest to its highest.
    bottom = np.minimum.reduceat(row[mesh.corners], mesh.indptr[:-1])
    rows = np.maximum.reduceat(row[mesh.corners], mesh.indptr[:-1]) - bottom
    first_span = np.cumsum(rows) - rows
    n_crossings = row[high] - row[low]
    at = np.repeat(row[low], n_crossings) + places(n_crossings)
    slope = (x[high] - x[low]) / (y[high] - y[low])
    crossing = np.repeat(x[low], n_crossings) + (at - np.repeat(y[low], n_crossings)) * np.repeat(slope, n_crossings)
    span = np.repeat((first_span - bottom)[region], n_crossings) + at
    ends = np.empty((2, rows.sum()))
    ends[np.repeat(rising.astype(np.int64), n_crossings), span] = np.clip(np.ceil(crossing), 0, width)
    starts, stops = (f(*ends).astype(np.int64) for f in (np.minimum, np.maximum))  # windows may mirror the plane
    owner = np.repeat(np.arange(len(rows)), rows)
    return Spans(owner, np.repeat(bottom, rows) + places(rows), starts, stops)


def region_raster(mesh: PlanarMesh, lower: Floats, upper: Floats, shape: tuple[int, int]) -> Ints:
    """Which region holds the centre of each pixel of a window, (height, width), row 0 lowest; -1 outside.

    Parameters as for `region_spans`. Cost: that, and one step for each pixel.
    """
    spans = region_spans(mesh, lower, upper, shape)
    height, width = shape
    raster = np.full(height * width, -1)
    n_pixels = spans.stops - spans.starts
    raster[np.repeat(spans.rows * width + spans.starts, n_pixels) + places(n_pixels)] = np.repeat(
        spans.regions, n_pixels
    )
    return raster.reshape(height, width)


def _parity(patterns: Words) -> NDArray[np.bool_]:
    """Whether each pattern has an odd number of ones."""
    word = np.bitwise_xor.reduce(patterns, axis=1)
    for shift in (32, 16, 8, 4, 2, 1):
        word = word ^ (word >> np.uint64(shift))
    return np.asarray(word & np.uint64(1), dtype=bool)


def _uniform(patterns: Words) -> tuple[Floats, Floats]:
    """Two numbers in [0, 1) for each pattern, spread evenly: the two halves of a hash."""
    word = np.zeros(len(patterns), dtype=np.uint64)
    for column in patterns.T:
        word = word ^ column
        # The finalizer of splitmix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word = word ^ (word >> np.uint64(31))
    return (word >> np.uint64(32)) / 2.0**32, (word & np.uint64(0xFFFFFFFF)) / 2.0**32
