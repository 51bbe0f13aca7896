"""All regions of a domain as struct-of-arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, overload

from polytope_lens._arrays import validate
from polytope_lens._kept import Keeper, found_later
from polytope_lens.cells import chebyshev_balls, recession_cones
from polytope_lens.domain import is_bounded
from polytope_lens.errors import (
    DimensionError,
    IndexingError,
    OptionError,
    PartialPartitionError,
    PolytopeLensError,
    Status,
    UnboundedPolytopeError,
)
from polytope_lens.flat_domain import flat_domain, flat_of, within
from polytope_lens.function import extrema, level_set, lipschitz, moments, norms, variation
from polytope_lens.mesh import planar_mesh as planar
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import ActivationPattern, find, pack, unpack
from polytope_lens.partition import archive
from polytope_lens.partition.provenance import Certificate, Search
from polytope_lens.polyhedral_complex import (
    data_table,
    dual_graph,
    face_lattice,
    facet_table,
    linear_pieces,
    linear_regions,
    locate,
    mesh_vertices,
    neurons,
    region_table,
    volumes,
)
from polytope_lens.region import Region
from polytope_lens.render import interactive, solid_files
from polytope_lens.render.sheet import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from os import PathLike

    import geopandas as gpd
    import networkx as nx
    import numpy as np
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D
    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.domain import Domain
    from polytope_lens.function.level_set import LevelSet
    from polytope_lens.function.level_surface import LevelSurface
    from polytope_lens.network.network import Network


def _embedded_witnesses(partition: Partition) -> Floats:
    flat = flat_of(partition)
    assert flat is not None  # others have theirs
    found: Floats = flat.embed(within(partition).witnesses)
    return found


@found_later(
    maps=lambda partition: affine_maps(partition.network, partition.packed_patterns), witnesses=_embedded_witnesses
)
@dataclass(frozen=True, eq=False)
class Partition(Keeper):
    """Every region of a domain, in canonical order (patterns ascending, bit by bit).

    One found by :meth:`.Lens.explore` may hold a part of them only. Its `status` and what it prints say so, and what
    needs all regions refuses: corners, areas, pictures, linear pieces, and the place of a point in no region listed.

    Parameters
    ----------
    network : Network
    domain : Box, Polytope or None
    engine : str
        Which engine enumerated it.
    packed_patterns : (n_regions, n_words) uint64 array
        Activation patterns, 64 bits to a word, first bit highest; :meth:`patterns` has them as bools.
    maps : (n_regions, out, d + 1) array
        Affine map ``[A, b]`` of each region; rounded.
    witnesses : (n_regions, d) array
        A float64 point in each region, proved to be strictly inside wherever the region holds a point with room for
        rounding around it (see :func:`.float_inside`); in others its middle, rounded.
    counts_per_layer : (L,) int array
        Entry l is the number of regions that layers 0 ... l together cut the domain into; lower bounds on these if
        the partition is not complete.
    mesh : PlanarMesh, PolyhedralMesh or None
        Corners, edges and faces, for bounded domains in the plane and in space; those of the flat in a flat box.
    status : Status
    certificate : Certificate
    search : Search or None
        For regions found from facet to facet.
    on_flat : Partition or None
        In a flat box: the same regions as those of a network of the free inputs alone, in whose coordinates the mesh
        is. The maps and witnesses of this one are then made when they are first asked for.
    """

    network: Network
    domain: Domain
    engine: str
    packed_patterns: Words
    maps: Floats
    witnesses: Floats
    counts_per_layer: Ints
    mesh: PlanarMesh | PolyhedralMesh | None
    status: Status
    certificate: Certificate
    search: Search | None = None
    on_flat: Partition | None = None

    def __len__(self) -> int:
        return len(self.packed_patterns)

    @overload
    def __getitem__(self, index: int) -> Region: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> list[Region]: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Region | list[Region]:
        """A region by its number; a list of them for a slice, an array of numbers, or a mask of all regions."""
        chosen = self._checked(index)
        if isinstance(chosen, int):
            return self._region(chosen)
        return [self._region(i) for i in chosen.tolist()]

    def _region(self, index: int) -> Region:
        bits = unpack(self.packed_patterns[index : index + 1], self.network.n_neurons)[0]
        pattern = ActivationPattern(tuple(bits.tolist()), self.network.bits_per_layer)
        return Region(self.network, pattern, self.domain, self.witnesses[index])

    def _checked(self, index: int | slice | Ints | Bools) -> int | Ints:
        """The same index, or indices, counted from the first region."""
        return validate.picked(index, len(self), told=f"the partition has {len(self)} regions", part="region")

    def _checked_one(self, index: int) -> int:
        chosen = self._checked(index)
        if not isinstance(chosen, int):
            raise IndexingError(f"the vertices of one region are asked for by its number, but received {index!r}.")
        return chosen

    def __iter__(self) -> Iterator[Region]:
        return (self._region(i) for i in range(len(self)))

    def __contains__(self, region: object) -> bool:
        """Whether an equal region is listed: of the same network, clipped to the same domain; a binary search."""
        if not isinstance(region, Region) or region.network != self.network or region.domain != self.domain:
            return False
        return bool(find(self.packed_patterns, pack(region.pattern.array[None]))[0] >= 0)

    def patterns(self) -> Bools:
        """Which neurons are on in each region, (n_regions, n_neurons) bool, as :meth:`.Lens.patterns` of points."""
        return unpack(self.packed_patterns, self.network.n_neurons)

    def locate(self, X: ArrayLike) -> Ints:
        """Index of the region that holds each row of `X`, (n,); see :func:`.locate.locate`."""
        return locate.locate(self, X)

    @property
    def is_complete(self) -> bool:
        """Whether every region of the domain is listed."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The status in one or two sentences: how far the search went and how to go on."""
        told = f"{self.status!r}: "
        if self.search is not None and not self.is_complete:
            told += _open_ends(self.search) + ". "
        return told + self.status.value.rstrip(".") + "."

    def require_complete(self, purpose: str) -> None:
        """Refuse a question about all regions of the domain if some may be missing.

        Raises
        ------
        PartialPartitionError
        """
        if not self.is_complete:
            raise PartialPartitionError(
                f"{purpose} needs every region of the domain, but this partition lists {len(self)} of them. "
                f"{self.explain()}"
            )

    def facets(self) -> facet_table.Facets:
        """Every facet with the regions on its sides and its owners; see :func:`.facet_table.facets`."""
        return facet_table.facets(self)

    def adjacency(self) -> sparse.csr_array:
        """Which regions share a facet, (n_regions, n_regions) bool; see :func:`.facet_table.adjacency`."""
        return facet_table.adjacency(self)

    def to_networkx(self) -> nx.Graph[int]:
        """Regions and the facets between them as a graph; see :func:`.dual_graph.to_networkx`.

        ``dual_graph.degrees``, ``diameter``, ``eccentricities``, ``components`` and ``distances`` take `adjacency`
        instead.
        """
        return dual_graph.to_networkx(self)

    def to_frame(self, *, with_facets: bool = True, with_maps: bool = False) -> pd.DataFrame:
        """One row for each region; see :func:`.region_table.to_frame`."""
        return region_table.to_frame(self, with_facets=with_facets, with_maps=with_maps)

    def to_geodataframe(self, *, with_facets: bool = True, with_maps: bool = False) -> gpd.GeoDataFrame:
        """The same table with polygons, in a bounded domain of the plane; see :func:`.region_table.to_geodataframe`."""
        return region_table.to_geodataframe(self, with_facets=with_facets, with_maps=with_maps)

    def data_table(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        predictions: ArrayLike | None = None,
        task: str | None = None,
    ) -> data_table.RegionData:
        """Points, labels and errors of each region that holds rows of `X`; see :func:`.data_table.data_table`."""
        return data_table.data_table(self, X, y, predictions=predictions, task=task)

    def linear_pieces(self) -> linear_pieces.LinearPieces:
        """Regions merged where neighbours have the same affine map; see :func:`.linear_pieces.linear_pieces`."""
        self.require_complete("`linear_pieces`")
        return linear_pieces.linear_pieces(self)

    def level_set(self, output: int = 0, value: float = 0.5, *, exact: bool = False) -> LevelSet | LevelSurface:
        """Where an output takes a value: polylines, in space polygons; see :func:`.level_set.level_set`."""
        return level_set.level_set(self, output, value, exact=exact)

    def boundary(self, i: int, j: int, *, exact: bool = False) -> LevelSet | LevelSurface:
        """Where outputs i and j are equal: polylines, in space polygons; see :func:`.level_set.boundary`."""
        return level_set.boundary(self, i, j, exact=exact)

    def bent_hyperplane(self, layer: int, neuron: int, *, exact: bool = False) -> LevelSet | LevelSurface:
        """Where a neuron is zero: polylines, in space polygons; see :func:`.level_set.bent_hyperplane`."""
        return level_set.bent_hyperplane(self, layer, neuron, exact=exact)

    def moments(self, *, exact: bool = False) -> moments.Moments:
        """Mean and second moments of the outputs over the domain; see :func:`.moments.moments`."""
        return moments.moments(self, exact=exact)

    def mean(self, output: int = 0, *, exact: bool = False) -> float | Fraction:
        """Average of an output over the domain; see :func:`.moments.mean`."""
        return moments.mean(self, output, exact=exact)

    def norms(self, *, exact: bool = False) -> norms.Norms:
        """L1, L2 and supremum norm of each output over the domain; see :func:`.norms.norms`."""
        return norms.norms(self, exact=exact)

    def extrema(self, output: int = 0, *, exact: bool = False) -> extrema.Extrema:
        """Least and greatest value of an output on a bounded domain, and where; see :func:`.extrema.extrema`."""
        return extrema.extrema(self, output, exact=exact)

    def lipschitz(self, p: float = 2, q: float | None = None, *, exact: bool = False) -> lipschitz.Lipschitz:
        """The Lipschitz constant on the domain, and where it is attained; see :func:`.lipschitz.lipschitz`."""
        return lipschitz.lipschitz(self, p, q, exact=exact)

    def total_variation(self, output: int = 0) -> float:
        """Integral of the length of an output's gradient; see :func:`.variation.total_variation`."""
        return variation.total_variation(self, output)

    def gradient_variation(self, output: int = 0) -> float:
        """Jumps of an output's gradient times the facets' sizes; see :func:`.variation.gradient_variation`."""
        return variation.gradient_variation(self, output)

    def neurons(self) -> neurons.Neurons:
        """Where each neuron is on, and how much it cuts; see :func:`.neurons.neurons`."""
        return neurons.neurons(self)

    def faces(self, *, max_regions: int = face_lattice.MAX_REGIONS) -> face_lattice.Faces:
        """The faces of all regions, of every dimension; see :func:`.face_lattice.faces`."""
        return face_lattice.faces(self, max_regions=max_regions)

    def f_vector(self, *, max_regions: int = face_lattice.MAX_REGIONS) -> face_lattice.FVector:
        """Numbers of faces by dimension; see :func:`.face_lattice.f_vector`."""
        return face_lattice.f_vector(self, max_regions=max_regions)

    def linear_region_counts(
        self, *, max_regions: int = linear_regions.MAX_REGIONS, max_programs: int = linear_regions.MAX_PROGRAMS
    ) -> linear_regions.LinearRegionCounts:
        """Numbers of linear regions by each definition in use; see :func:`.linear_regions.linear_region_counts`."""
        return linear_regions.linear_region_counts(self, max_regions=max_regions, max_programs=max_programs)

    def planar_mesh(self) -> PlanarMesh:
        """The corners, or an error that says why there are none.

        Raises
        ------
        DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        """
        if isinstance(self.mesh, PlanarMesh):
            return self.mesh
        raise self._no_mesh("polygons", 2, "a plane")

    def polyhedral_mesh(self) -> PolyhedralMesh:
        """The vertices and faces in space, or an error that says why there are none.

        Raises
        ------
        DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        """
        if isinstance(self.mesh, PolyhedralMesh):
            return self.mesh
        raise self._no_mesh("polyhedra", 3, "a flat of three dimensions")

    def require_mesh(self) -> PlanarMesh | PolyhedralMesh:
        """The mesh of either kind, or an error that says why there is none.

        Raises
        ------
        DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
        """
        return self.polyhedral_mesh() if within(self).network.input_dim == 3 else self.planar_mesh()

    def _no_mesh(self, what: str, dim: int, flat: str) -> PolytopeLensError:
        """Why there is no mesh of polygons or polyhedra."""
        if (n_free := within(self).network.input_dim) != dim:
            has = f"this one has {n_free}" if self.on_flat is None else f"this domain leaves {n_free} free"
            return DimensionError(
                f"{what} exist for networks with {dim} inputs; {has}. Restrict it to {flat} first, or ask single "
                "regions for their polytope."
            )
        self.require_complete(f"a mesh of {what}")
        if is_bounded(self.domain):
            return OptionError(
                f"the partition was made without a mesh, so its {what} are not known. Make it with `mesh=True`."
            )
        return UnboundedPolytopeError(
            f"the domain is unbounded, so its outer regions are no {what}. Choose a bounded domain, for example "
            f"`Box({[-1] * dim}, {[1] * dim})`."
        )

    def polygons(self) -> NDArray[np.object_]:
        """The regions as shapely polygons, (n_regions,), a valid coverage; see :func:`.planar_mesh.polygons`."""
        return planar.polygons(self.planar_mesh())

    @overload
    def vertices(self, index: int, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def vertices(self, index: int, *, exact: Literal[True]) -> list[tuple[Fraction, ...]]: ...
    def vertices(self, index: int, *, exact: bool = False) -> Floats | list[tuple[Fraction, ...]]:
        """Corners of a region: in the plane counter-clockwise, (n, 2), in space in the order of the mesh, (n, 3).

        On the line they are its ends, ascending, (2, 1); beyond space those of :meth:`.Region.vertices`.
        Rounded: in the plane and in space each is within ``mesh.error`` of the exact one, on the line it is the float
        nearest to it. With `exact`, tuples of fractions in the same order; see :func:`.mesh_vertices.exact_vertices`.
        """
        index = self._checked_one(index)
        return mesh_vertices.exact_vertices(self, index) if exact else mesh_vertices.rounded_vertices(self, index)

    def bounded_mask(self) -> Bools:
        """Which regions are bounded, (n_regions,) bool; see :func:`.recession_cones.bounded_mask`."""
        return recession_cones.bounded_mask(self)

    def rays(self) -> recession_cones.RecessionCones:
        """Where the regions go on forever, as ragged arrays; see :func:`.recession_cones.recession_cones`.

        ``partition.rays()[i]`` has those of region i, rounded; ``partition[i].rays(exact=True)`` as integers.
        """
        return recession_cones.recession_cones(self)

    def chebyshev_balls(self) -> chebyshev_balls.Balls:
        """The largest ball inside each region, proved to be inside; see :func:`.balls.chebyshev_balls`."""
        return chebyshev_balls.chebyshev_balls(self)

    def volumes(self) -> Floats:
        """Length of each region on the line, area in the plane, volume in space; see :func:`.volumes.volumes`."""
        return volumes.volumes(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file, the network included; see :func:`.archive.save`."""
        archive.save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Partition:
        """Read what `save` wrote; see :func:`.archive.load`."""
        fields = archive.load(path)
        search, certificate, whole = fields.pop("search"), fields.pop("certificate"), fields.pop("whole")
        found = cls(
            **fields, certificate=Certificate(**certificate), search=None if search is None else Search(**search)
        )
        if whole is None:
            return found
        network, domain = whole
        return embedded(network, domain, found)

    def to_obj(self, *, shrink: float = 1.0) -> str:
        """The polyhedra of a bounded domain in space as a Wavefront OBJ file; see :func:`.solid_files.to_obj`."""
        return solid_files.to_obj(self, shrink=shrink)

    def to_ply(self, *, shrink: float = 1.0) -> str:
        """The polyhedra of a bounded domain in space as a PLY file, with colours; see :func:`.solid_files.to_ply`."""
        return solid_files.to_ply(self, shrink=shrink)

    def plot(
        self,
        ax: Axes | None = None,
        color: Literal["value", "pattern", "slope", "layer"] = "value",
        *,
        boundaries: bool = True,
        points: ArrayLike | None = None,
        output: int = 0,
        shrink: float | None = None,
    ) -> Axes:
        """Draw the regions in the plane or in space; see :func:`.matplotlib.plot` and :func:`.space.plot`.

        `shrink` is how far apart solids are drawn in space, by default a little.
        """
        if within(self).network.input_dim == 3:
            from polytope_lens.render import space

            factor = space.SHRINK if shrink is None else shrink
            axes: Axes = space.plot(self, ax, color, boundaries=boundaries, points=points, output=output, shrink=factor)
            return axes
        from polytope_lens.render import matplotlib as render

        return render.plot(self, ax, color, boundaries=boundaries, points=points, output=output)

    def plot_surface(
        self,
        ax: Axes | None = None,
        color: Literal["value", "pattern", "slope"] = "value",
        *,
        boundaries: bool = True,
        output: int = 0,
        height: float = HEIGHT,
        limits: tuple[float, float] | None = None,
    ) -> Axes3D:
        """Draw the graph of an output over the plane as a folded surface; see :func:`.surface.surface`."""
        from polytope_lens.render.surface import surface

        return surface(self, ax, color, boundaries=boundaries, output=output, height=height, limits=limits)

    def interactive_surface(
        self,
        color: Literal["value", "pattern", "slope"] = "value",
        *,
        boundaries: bool = True,
        output: int = 0,
        height: float = HEIGHT,
        limits: tuple[float, float] | None = None,
    ) -> go.Figure:
        """The same as a plotly figure to turn and zoom into; see :func:`.interactive.surface`."""
        return interactive.surface(self, color, boundaries=boundaries, output=output, height=height, limits=limits)

    def __repr__(self) -> str:
        layers = ", ".join(map(str, self.counts_per_layer.tolist()))
        where = "all of R^" + str(self.network.input_dim) if self.domain is None else repr(self.domain)
        if self.is_complete:
            return f"Partition({len(self)} regions of {where}, per layer [{layers}], {self.engine}, {self.status.name})"
        told = self.status.name if self.search is None else f"{self.status.name}: {_open_ends(self.search)}"
        return f"Partition({len(self)} of the regions of {where}, per layer at least [{layers}], {self.engine}, {told})"


def embedded(network: Network, domain: Domain, found: Partition) -> Partition:
    """A partition on a flat box as one of the whole network; see :class:`.FlatDomain`."""
    flat = flat_domain(network, domain)
    assert flat is not None
    unknown = cast("Floats", None)
    return Partition(
        network, domain, found.engine, found.packed_patterns, unknown, unknown, found.counts_per_layer[1:], found.mesh,
        found.status, found.certificate, flat.embedded(found.search), found,
    )  # fmt: skip


def _open_ends(search: Search) -> str:
    """How far a search went that did not come to its end."""
    told = f"stopped at {search.limit} with {search.n_uncrossed} facets uncrossed"
    return f"{told} and {search.n_unseen} regions at whose facets it did not look" if search.n_unseen else told
