"""Where a function of the network takes a value: curves in the plane, and surfaces in space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.ragged import entries, following, list_of
from polytope_lens._places import AXES, POINTS
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.displays.markup import beside, card, facts
from polytope_lens.displays.phrases import many
from polytope_lens.displays.sketch import alone, curves
from polytope_lens.errors import DimensionError
from polytope_lens.flat_domain import asked_on_flat, flat_of
from polytope_lens.function.corner_signs import CornerSigns, ExactLines, corner_signs, zeros_between
from polytope_lens.function.level_surface import LevelSurface, zero_surface
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network import scalar
from polytope_lens.network.network import bit_places
from polytope_lens.polyhedral_complex.facet_table import shared_facets
from polytope_lens.polyhedral_complex.requirements import require_complete, require_mesh, require_planar_mesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely import MultiLineString

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class LevelSet:
    """All points of a planar domain where a function takes a value: polylines, and what is thinner or thicker.

    Parameters
    ----------
    points : (n, 2) array
        Corners of the polylines, one after the other; floats, or fractions if it was asked for ``exact=True``.
    indptr : (k + 1,) int array
        Polyline i has the points ``indptr[i]:indptr[i + 1]``.
    closed : (k,) bool array
        Which polylines are loops; the first point of a loop is repeated as its last.
    regions : (n - k,) int array
        The region that each segment runs through, polyline after polyline; for a segment along an edge of the mesh, the
        first of the regions beside it.
    flat_regions : (f,) int array
        Regions on which the function takes the value everywhere. Edges between two of them belong to no polyline, edges
        between one of them and another region do.
    isolated : (m, 2) array
        Points where the function takes the value, and nowhere near: a maximum or a minimum.
    axes : pair of ints
        The coordinates that are not fixed: (0, 1) but in a flat box, where points have all the others, too.

    Notes
    -----
    Which segments there are and how they are joined is exact. A polyline ends at the boundary of the domain, or where
    more than two segments meet. It runs so that the function is greater on its left where the two sides differ.
    Coordinates are rounded, unless they are fractions; those of points on corners of regions are the mesh's.
    """

    points: NDArray[Any] = field(metadata=POINTS)
    indptr: Ints
    closed: Bools
    regions: Ints
    flat_regions: Ints
    isolated: NDArray[Any] = field(metadata=POINTS)
    axes: tuple[int, ...] = field(default=(0, 1), metadata=AXES)

    def __post_init__(self) -> None:
        for name in self.__slots__[:-1]:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.closed)

    def __getitem__(self, index: int) -> NDArray[Any]:
        """The points of a polyline, (n_i, 2)."""
        index = range(len(self))[index]
        return self.points[self.indptr[index] : self.indptr[index + 1]]

    def segments(self) -> NDArray[Any]:
        """Start and end of each segment, (n - k, 2, 2), in the order of `regions`."""
        pairs = np.stack([self.points[:-1], self.points[1:]], axis=1)
        return np.delete(pairs, self.indptr[1:-1] - 1, axis=0)

    @property
    def length(self) -> float:
        """Total length of the polylines; rounded."""
        ends = self.segments().astype(np.float64)
        return float(np.hypot(*(ends[:, 1] - ends[:, 0])[:, list(self.axes)].T).sum())

    def to_shapely(self) -> MultiLineString:
        """The polylines as a shapely geometry of the coordinates in `axes`, rounded to float64."""
        from shapely import LineString, MultiLineString

        plane = list(self.axes)
        return MultiLineString([LineString(self[i][:, plane].astype(np.float64)) for i in range(len(self))])

    def plot(self, ax: Axes | None = None, **line: object) -> Axes:
        """Draw the polylines and the isolated points, cased in white so that they are seen on any ground.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw, such as that of ``partition.plot()``; a new figure by default.
        **line
            For matplotlib's ``LineCollection``: ``color``, ``linewidth``, ``linestyle``, ``label``; black by default.

        Returns
        -------
        Axes
        """
        from polytope_lens.drawing.curves import draw_curves

        plane = list(self.axes)
        curves = [self[i][:, plane].astype(np.float64) for i in range(len(self))]
        return draw_curves(curves, self.isolated[:, plane].astype(np.float64), plane, ax, **line)

    def _repr_html_(self) -> str:
        told = [
            ("polylines", len(self)), ("of them closed", int(self.closed.sum())), ("length", f"{self.length:.6g}"),
            ("flat regions", len(self.flat_regions)), ("isolated points", len(self.isolated)),
        ]  # fmt: skip
        return card("LevelSet", beside(self._drawing(), facts(told)))

    def _repr_svg_(self) -> str | None:
        return alone(self._drawing()) or None

    def _drawing(self) -> str:
        """A small one, as SVG."""
        plane = list(self.axes)
        return curves([self[i][:, plane] for i in range(len(self))], self.isolated[:, plane], repr(self))

    def __repr__(self) -> str:
        loops = int(self.closed.sum())
        more = [many(len(self.flat_regions), "flat region")] if len(self.flat_regions) else []
        more += [many(len(self.isolated), "isolated point")] if len(self.isolated) else []
        told = "".join(f", {text}" for text in more)
        return f"LevelSet({many(len(self), 'polyline')}, {loops} of them closed, length {self.length:.6g}{told})"


@asked_on_flat
def level_set(
    partition: Partition, output: int = 0, value: float = 0.5, *, exact: bool = False
) -> LevelSet | LevelSurface:
    """Where an output takes a value: polylines in the plane, polygons in space (see `LevelSurface`).

    Parameters
    ----------
    partition : Partition
    output : int
        Which one; negative ones count from the last.
    value : float
    exact : bool
        Points as fractions instead of floats.

    Returns
    -------
    LevelSet or LevelSurface
        In the plane, or in space. For type checkers, ``assert isinstance(found, LevelSet)`` says which.

    Raises
    ------
    DimensionError
        Not two or three inputs.
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    Exact: the sign of the function at each corner of the mesh is proved, once for all regions around it; on a region
    the function is affine, so the signs say where the segment runs, from edge to edge or to a corner; and segments are
    joined because they end on the same edge or corner, not because coordinates agree.
    Cost: that of `corner_signs`, and one pass over the mesh; with `exact`, milliseconds for each region crossed.

    Examples
    --------
    Where ``|x| + |y|`` is 1/2, a square:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    >>> square = lens.partition(Box([-1, -1], [1, 1])).level_set(value=0.5)
    >>> square
    LevelSet(1 polyline, 1 of them closed, length 2.82843)
    >>> square[0].tolist()
    [[0.0, -0.5], [-0.5, 0.0], [0.0, 0.5], [0.5, 0.0], [0.0, -0.5]]
    """
    _require_low_dimension(partition, "`level_set`")
    return zero_set(partition, scalar.output_minus(partition.network, output, value), exact=exact)


@asked_on_flat
def boundary(partition: Partition, i: int, j: int, *, exact: bool = False) -> LevelSet | LevelSurface:
    """Where outputs i and j are equal: the decision boundary between two classes, also where a third output is greater.

    It runs so that output i is the greater one on its left. Exactness, cost and errors are those of `level_set`.

    Parameters
    ----------
    partition : Partition
    i, j : int
        Two outputs.
    exact : bool
        Points as fractions instead of floats.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])
    >>> found = lens.partition(Box([-1, -1], [1, 1])).boundary(0, 1)  # relu(x) and relu(y)
    >>> found.length, found.flat_regions  # equal on a diagonal, and where both are zero
    (3.414213562373095, array([0]))
    """
    _require_low_dimension(partition, "`boundary`")
    return zero_set(partition, scalar.difference(partition.network, i, j), exact=exact)


def bent_hyperplane(partition: Partition, layer: int, neuron: int, *, exact: bool = False) -> LevelSet | LevelSurface:
    """Where the pre-activation of a neuron is zero: row `neuron` of ``network.layers[layer].weight``, counted from 0.

    For a neuron that cuts, these are edges or faces of the mesh. Exactness, cost and errors: see `level_set`.

    Parameters
    ----------
    partition : Partition
    layer, neuron : int
    exact : bool
        Points as fractions instead of floats.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, 0], [-0.5], [0]])
    >>> partition = lens.partition(Box([-1, -1], [1, 1]))
    >>> partition.complex.bent_hyperplane(1, 0)[0].tolist()  # relu(x) + relu(y) = 1/2
    [[-1.0, 0.5], [0.0, 0.5], [0.5, 0.0], [0.5, -1.0]]
    """
    if (flat := flat_of(partition)) is not None:
        scalar.preactivation(partition.network, layer, neuron)  # refuses those that there are not
        assert partition.on_flat is not None
        found: LevelSet | LevelSurface = flat.embedded(
            bent_hyperplane(partition.on_flat, layer + (layer >= 0), neuron, exact=exact)
        )
        return found
    _require_low_dimension(partition, "`bent_hyperplane`")
    network, mesh = partition.network, require_mesh(partition)
    function = scalar.preactivation(network, layer, neuron)
    place = (len(function.layers), int(neuron) % network.layers[len(function.layers)].width)
    places = bit_places(network)
    zero = np.zeros(len(mesh.points), dtype=bool)
    if place in places:
        owned = mesh.owners == places.index(place)
        if isinstance(mesh, PlanarMesh):
            zero[mesh.corners[owned]] = zero[mesh.corners[following(mesh.indptr)[owned]]] = True
        else:
            zero[mesh.corners[entries(mesh.corner_indptr, np.flatnonzero(owned))]] = True
    return zero_set(partition, function, zero, exact=exact)


def zero_set(
    partition: Partition, function: Network, zero: Bools | None = None, *, exact: bool = False
) -> LevelSet | LevelSurface:
    """Where a function is zero that is affine on each region; see `corner_signs` for its form and for `zero`."""
    if partition.network.input_dim == 3:
        return zero_surface(partition, function, zero, exact=exact)
    mesh = require_planar_mesh(partition)
    found = corner_signs(partition, function, zero)
    segments, flat = _segments(mesh, found.signs, shared_facets(partition, mesh).places)
    nodes, indptr, closed, order = _polylines(segments)
    used = np.zeros(len(mesh.points), dtype=bool)
    used[segments.nodes[segments.nodes < len(mesh.points)]] = True
    used[mesh.corners[np.repeat(flat, np.diff(mesh.indptr))]] = True
    isolated = np.flatnonzero((found.signs == 0) & ~used)
    place = _exact_places if exact else _rounded_places
    points = place(partition, function, found, np.concatenate([nodes, isolated]), segments.edge_entries)
    return LevelSet(
        points[: len(nodes)].copy(), indptr, closed, segments.regions[order], np.flatnonzero(flat),
        points[len(nodes) :].copy(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Pieces of a zero set between nodes: a corner of the mesh by its number, or n_points + the number of an edge.

    ``sides`` says whether the function is different on the two sides of each piece; it is then greater on the left.
    """

    nodes: Ints
    regions: Ints
    sides: Bools
    edge_entries: Ints


def _segments(mesh: PlanarMesh, signs: NDArray[np.int8], edges: Ints) -> tuple[_Segments, Bools]:
    """The pieces of a zero set with given signs at the corners, and the regions that lie in it."""
    n_points, region = len(mesh.points), list_of(mesh.indptr)
    after = following(mesh.indptr)
    here, there = signs[mesh.corners], signs[mesh.corners[after]]
    highest, lowest = (f.reduceat(here, mesh.indptr[:-1]) for f in (np.maximum, np.minimum))
    side = np.where(highest > 0, 1, np.where(lowest < 0, -1, 0))
    edge = np.empty(len(mesh.corners), dtype=np.int64)
    edge[edges[:, 0]] = np.arange(len(edges))
    inner = edges[:, 1] >= 0
    edge[edges[inner, 1]] = np.flatnonzero(inner)
    # Through a region: two nodes, the one that negative corners follow first, so that these lie on the right.
    crossed = (highest > 0) & (lowest < 0)
    ends = np.flatnonzero(crossed[region] & ((here == 0) | (here * there < 0)))
    node = np.where(here[ends] == 0, mesh.corners[ends], n_points + edge[ends])
    # A zero corner is followed by the sign of its next corner, which is not zero in a region that is crossed.
    through = node.reshape(-1, 2)
    through = np.where((there[ends].reshape(-1, 2)[:, 0] < 0)[:, None], through, through[:, ::-1])
    # Along an edge: once, and not between two regions that are zero everywhere.
    first, second = edges.T
    left = side[region[first]]
    right = np.where(inner, side[region[second]], -left)
    along = (here[first] == 0) & (there[first] == 0) & ((left != 0) | (right != 0))
    entry = first[along]
    pairs = np.column_stack([mesh.corners[entry], mesh.corners[after[entry]]])
    pairs = np.where((left >= right)[along][:, None], pairs, pairs[:, ::-1])
    nodes = np.concatenate([through, pairs])
    differs = np.concatenate([np.ones(len(through), dtype=bool), (left != right)[along]])
    regions = np.concatenate([region[ends[::2]], region[entry]])
    return _Segments(nodes, regions, differs, first), side == 0


def _polylines(segments: _Segments) -> tuple[Ints, Ints, Bools, Ints]:
    """Segments joined where exactly two meet: nodes and starts of polylines, which are loops, the segments' order."""
    n = len(segments.nodes)
    _, node, degree = np.unique(segments.nodes, return_inverse=True, return_counts=True)
    node = node.reshape(-1, 2)
    at_node = np.argsort(node.reshape(-1), kind="stable").tolist()
    start = (np.cumsum(degree) - degree).tolist()
    ends, degrees, used = node.reshape(-1).tolist(), degree.tolist(), [False] * n
    lines: list[list[int]] = []

    def walk(half: int) -> list[int]:
        """Go on from a half-segment, the end of a segment that it is left by, to the end of the polyline."""
        line = []
        while not used[half >> 1]:
            used[half >> 1] = True
            line.append(half)
            reached = ends[half ^ 1]
            if degrees[reached] != 2:
                break
            one, other = at_node[start[reached] : start[reached] + 2]
            half = other if one == half ^ 1 else one
        return line

    # First what has ends, then the loops that are left.
    for reached, count in enumerate(degrees):
        if count != 2:
            lines += [walk(half) for half in at_node[start[reached] : start[reached] + count] if not used[half >> 1]]
    lines += [walk(2 * q) for q in range(n) if not used[q]]

    nodes, indptr, closed, order = [], [0], [], []
    for line in lines:
        if any(segments.sides[half >> 1] and half & 1 for half in line):
            line = [half ^ 1 for half in reversed(line)]
        nodes += [*(segments.nodes[half >> 1, half & 1] for half in line), segments.nodes[line[-1] >> 1, ~line[-1] & 1]]
        order += [half >> 1 for half in line]
        indptr.append(len(nodes))
        closed.append(ends[line[0]] == ends[line[-1] ^ 1])
    return (
        np.array(nodes, dtype=np.int64),
        np.array(indptr, dtype=np.int64),
        np.array(closed, dtype=bool),
        np.array(order, dtype=np.int64),
    )


def _rounded_places(
    partition: Partition, function: Network, found: CornerSigns, nodes: Ints, edge_entries: Ints
) -> Floats:
    """Coordinates of nodes; on edges by linear interpolation between the corners."""
    mesh = require_planar_mesh(partition)
    on_edge = nodes >= len(mesh.points)
    points = mesh.points[np.where(on_edge, 0, nodes)]
    entry = edge_entries[nodes[on_edge] - len(mesh.points)]
    start, end = mesh.corners[entry], mesh.corners[following(mesh.indptr)[entry]]
    points[on_edge] = zeros_between(mesh.points, found.values, start, end)
    return points


def _exact_places(
    partition: Partition, function: Network, found: CornerSigns, nodes: Ints, edge_entries: Ints
) -> NDArray[np.object_]:
    mesh = require_planar_mesh(partition)
    lines = ExactLines(partition, function)
    entry_of = np.empty(len(mesh.points), dtype=np.int64)
    entry_of[mesh.corners] = np.arange(len(mesh.corners))
    points = np.empty((len(nodes), 2), dtype=object)
    places: dict[int, tuple[object, object]] = {}
    for i, node in enumerate(nodes.tolist()):
        if node not in places:
            edge = node - len(mesh.points)
            x, y = lines.corner(int(entry_of[node])) if edge < 0 else lines.zero_on(int(edge_entries[edge]))
            places[node] = fraction(x), fraction(y)
        points[i] = places[node]
    return points


def _require_low_dimension(partition: Partition, purpose: str) -> None:
    require_complete(partition, purpose)
    if partition.network.input_dim not in (2, 3):
        raise DimensionError(
            f"{purpose} finds curves in the plane and surfaces in space, but this network has "
            f"{partition.network.input_dim} inputs. Look at a plane: `lens.slice(p, q, r).partition(domain)`, "
            "or ask for facets: `lens.level_facets(c, value, domain)`."
        )
