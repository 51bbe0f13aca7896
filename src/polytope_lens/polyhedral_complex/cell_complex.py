"""The cells of a partition, of every dimension, with the cells on the boundary of each: what topology asks for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import following, from_lists, list_of
from polytope_lens._kept import kept
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.errors import OptionError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import numbered_edges
from polytope_lens.network.network import bit_places
from polytope_lens.polyhedral_complex.face_lattice import MAX_REGIONS, cone_faces, rays_on
from polytope_lens.polyhedral_complex.facet_table import facets, shared_facets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Ints
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition

    Vector = tuple[int, ...]

T = TypeVar("T", bound=np.generic)


class Sides(NamedTuple):
    """The cells of one dimension less on the boundary of each cell, as a ragged array."""

    indptr: Ints
    cells: Ints

    def highest(self, of: NDArray[T]) -> NDArray[T]:
        """For each cell, the greatest of what there is of its sides."""
        return np.asarray(np.maximum.reduceat(of[self.cells], self.indptr[:-1])) if len(self.indptr) > 1 else of[:0]

    def lowest(self, of: NDArray[T]) -> NDArray[T]:
        """For each cell, the least of what there is of its sides."""
        return np.asarray(np.minimum.reduceat(of[self.cells], self.indptr[:-1])) if len(self.indptr) > 1 else of[:0]

    def of_cells(self) -> Iterator[list[int]]:
        """The sides of each cell, as lists."""
        bounds, cells = self.indptr.tolist(), self.cells.tolist()
        return (cells[start:stop] for start, stop in pairwise(bounds))


@dataclass(frozen=True, slots=True, eq=False)
class CellComplex:
    """All closed cells of a partition by dimension; regions are the last, in their order.

    Parameters
    ----------
    sides : tuple of Sides
        ``sides[k - 1]`` has those of the cells of dimension k, from 1 on. An edge has two ends: points, or a point and
        a direction in which it goes on forever, which is numbered from `n_points` on.
    outer : tuple of bool arrays
        For each dimension from 0, which cells lie on the boundary of the domain.
    n_points, n_directions : int
        Points are the cells of dimension 0.
    n_lines : int
        Dimension of the directions along which the whole complex goes on to both sides. All cells have these, and are
        counted without them: a cell of dimension k here is one of dimension k + n_lines.
    """

    sides: tuple[Sides, ...]
    outer: tuple[Bools, ...]
    n_points: int
    n_directions: int = 0
    n_lines: int = 0

    @property
    def dim(self) -> int:
        """The dimension of regions, without that of lines."""
        return len(self.sides)

    @property
    def ends(self) -> Ints:
        """The two ends of each edge, (n_edges, 2)."""
        return self.sides[0].cells.reshape(-1, 2)

    @property
    def beside(self) -> Ints:
        """The one or two regions that each facet is a side of, (n_facets, 2); -1 where there is one."""
        facet, region = self.sides[-1].cells, list_of(self.sides[-1].indptr)
        order = np.argsort(facet, kind="stable")
        is_second = np.zeros(len(facet), dtype=np.int64)
        is_second[1:] = facet[order][1:] == facet[order][:-1]
        found = np.full((self.sizes[-2], 2), -1)
        found[facet[order], is_second] = region[order]
        return found

    @property
    def sizes(self) -> list[int]:
        """How many cells there are of each dimension."""
        return [self.n_points, *(len(one.indptr) - 1 for one in self.sides)]

    def __repr__(self) -> str:
        return f"CellComplex({self.sizes} cells by dimension)"


class CornersAndRays(NamedTuple):
    """Points and directions of a complex in homogeneous integer coordinates, and a region that each belongs to."""

    vectors: list[Vector]
    regions: list[int]
    lines: list[Vector]


@kept
def mesh_cells(partition: Partition) -> CellComplex:
    """The cells of a partition with a mesh, whose points are the mesh's."""
    mesh = partition.mesh
    assert mesh is not None
    return _planar(partition, mesh) if isinstance(mesh, PlanarMesh) else _polyhedral(mesh)


def _planar(partition: Partition, mesh: PlanarMesh) -> CellComplex:
    found = shared_facets(partition, mesh)
    entry, twin = found.places.T
    ends = np.column_stack([mesh.corners[entry], mesh.corners[following(mesh.indptr)[entry]]])
    edge = np.empty(len(mesh.corners), dtype=np.int64)
    edge[entry] = np.arange(len(entry))
    edge[twin[twin >= 0]] = np.flatnonzero(twin >= 0)
    outer = twin < 0
    sides = _pairs(ends), Sides(mesh.indptr, edge)
    no_region = np.zeros(len(mesh.indptr) - 1, dtype=bool)
    return CellComplex(sides, (_covered(ends[outer], len(mesh.points)), outer, no_region), len(mesh.points))


def _polyhedral(mesh: PolyhedralMesh) -> CellComplex:
    corners = mesh.corners.astype(np.int64)
    ends, edge = numbered_edges(mesh.corner_indptr, corners)
    outer = mesh.regions[:, 1] < 0
    on_outer = outer[list_of(mesh.corner_indptr)]
    sides = _pairs(ends), Sides(mesh.corner_indptr, edge), Sides(mesh.face_indptr, mesh.faces.astype(np.int64))
    points, edges = _covered(corners[on_outer], len(mesh.points)), _covered(edge[on_outer], len(ends))
    return CellComplex(sides, (points, edges, outer, np.zeros(len(mesh.face_indptr) - 1, dtype=bool)), len(mesh.points))


def _pairs(ends: Ints) -> Sides:
    return Sides(np.arange(0, ends.size + 1, 2), np.ascontiguousarray(ends.reshape(-1)))


def _covered(numbers: Ints, n: int) -> Bools:
    found = np.zeros(n, dtype=bool)
    found[numbers.reshape(-1)] = True
    return found


def exact_cells(
    partition: Partition, *, max_regions: int = MAX_REGIONS, purpose: str
) -> tuple[CellComplex, CornersAndRays]:
    """The cells of any partition, bounded or not, in any number of dimensions; exact.

    Parameters
    ----------
    partition : Partition
        Complete.
    max_regions : int
        More regions than this are refused.
    purpose : str
        What they are wanted for.

    Raises
    ------
    OptionError

    Notes
    -----
    As in `faces`, cells are the sets of corners and rays of a region that lie on some of its facets. A cell is
    known by its corners and rays, which are integer vectors without a common divisor: so those that regions share are
    found without comparing rounded numbers. All regions of a convex domain go on to both sides in the same directions,
    since those that share a facet have the lines of the facet.
    Cost: milliseconds to seconds for each region; found once.
    """
    if len(partition) > validate.count(max_regions, name="`max_regions`"):
        raise OptionError(
            f"{purpose} needs all faces of {len(partition)} regions, which take milliseconds to seconds for each; the "
            f"limit is max_regions={max_regions}. Raise it, or choose a smaller domain; bounded ones in the plane and "
            "in space have a mesh, which makes it quick."
        )
    return _exact_cells(partition)


@kept
def _exact_cells(partition: Partition) -> tuple[CellComplex, CornersAndRays]:
    network, d = partition.network, partition.network.input_dim
    source, around = ExactRows(network), domain_sides(partition.domain, d).exact
    table, owners = _CellTable(), _facet_owners(partition)
    place = {owner: bit for bit, owner in enumerate(bit_places(network))}
    lines: list[Vector] = []
    for region, bits in enumerate(partition.patterns()):
        rows = []
        for of_facet in owners[region]:
            # A neuron may own the facet from the other side alone, and vanish here.
            found = ((owner, source.rows(owner[0], bits)[owner[1]]) for owner in of_facet)
            owner, row = next((owner, row) for owner, row in found if any(row))
            rows.append([-v for v in row] if bits[place[owner]] else row)
        cone, spans = cone_faces([*rows, *around], d)
        lines = cone.lines
        walls = [rays_on(row, cone.rays) for row in around]
        table.add(region, cone.rays, [(dim - len(lines), span) for span, dim in spans], walls)
    return table.complex(d - len(lines), len(lines)), CornersAndRays(*table.generators(), lines)


def _facet_owners(partition: Partition) -> list[list[list[tuple[int, int]]]]:
    """For each region, the neurons that own each of its facets, but for those on the boundary of the domain."""
    table = facets(partition)
    found: list[list[list[tuple[int, int]]]] = [[] for _ in range(len(partition))]
    for i in np.flatnonzero(table.regions[:, 1] >= 0).tolist():
        for region in table.regions[i].tolist():
            found[region].append(table.owners(i))
    return found


class _CellTable:
    """Cells by what spans them."""

    def __init__(self) -> None:
        self._generators: dict[Vector, tuple[int, int]] = {}
        self._known: dict[frozenset[int], int] = {}
        self._sides: dict[int, list[list[int]]] = {}
        self._outer: dict[int, list[bool]] = {}
        self._count = [0, 0]

    def add(self, region: int, rays: Sequence[Vector], spans: list[tuple[int, int]], walls: list[int]) -> None:
        """Add the cells of a region, given by dimension and the set of its rays as bits."""
        names = []
        for ray in rays:
            if ray not in self._generators:
                at_infinity = int(ray[-1] == 0)
                self._generators[ray] = (self._count[at_infinity], region)
                self._count[at_infinity] += 1
            number = self._generators[ray][0]
            names.append(number if ray[-1] else -1 - number)
        here: dict[int, list[tuple[int, int]]] = {}
        for dim, span in sorted(spans):
            members = [name for k, name in enumerate(names) if span >> k & 1]
            key, of_dim = frozenset(members), self._sides.setdefault(dim, [])
            number = members[0] if dim == 0 else self._known.get(key, len(of_dim))
            if number == len(of_dim):
                self._known[key] = number
                of_dim.append(members if dim == 1 else [i for i, inner in here.get(dim - 1, []) if not inner & ~span])
                self._outer.setdefault(dim, []).append(any(not span & ~wall for wall in walls))
            here.setdefault(dim, []).append((number, span))

    def complex(self, dim: int, n_lines: int) -> CellComplex:
        n_points, n_directions = self._count
        sides = [Sides(*from_lists(self._sides[k])) for k in range(1, dim + 1)]
        if sides:
            ends = sides[0].cells
            sides[0] = Sides(sides[0].indptr, np.where(ends < 0, n_points - 1 - ends, ends))
        outer = [np.array(self._outer[k], dtype=bool) for k in range(dim + 1)]
        return CellComplex(tuple(sides), tuple(outer), n_points, n_directions, n_lines)

    def generators(self) -> tuple[list[Vector], list[int]]:
        """Points, then directions, with the region that each was met in first."""
        found = sorted(self._generators.items(), key=lambda item: (item[0][-1] == 0, item[1][0]))
        return [ray for ray, _ in found], [region for _, (_, region) in found]
