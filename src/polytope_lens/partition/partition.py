"""All regions of a domain as struct-of-arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, overload

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens._kept import Keeper, found_later
from polytope_lens.cells import recession_cones
from polytope_lens.displays.sketch import alone
from polytope_lens.errors import IndexingError, Status
from polytope_lens.flat_domain import flat_domain, flat_of, within
from polytope_lens.function import betti, extrema, lipschitz
from polytope_lens.function import level_set as level_sets
from polytope_lens.mesh import planar_mesh as planar
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import find, pack, unpack
from polytope_lens.partition import archive
from polytope_lens.partition.namespaces import PartitionComplex, PartitionExport, PartitionFunction, PartitionPlot
from polytope_lens.partition.provenance import ENDED_IN_MEMORY, Certificate, Search
from polytope_lens.partition.store import is_store, open_store
from polytope_lens.polyhedral_complex import (
    data_table,
    dual_graph,
    face_lattice,
    facet_table,
    largest_balls,
    linear_pieces,
    locate,
    mesh_vertices,
    neurons,
    region_table,
    volumes,
)
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.region import Region, of_packed_pattern
from polytope_lens.render.thumbnail import partition_card, thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    import geopandas as gpd
    import networkx as nx
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

    from polytope_lens._types import Bools, Floats, Fractions, Ints, Words
    from polytope_lens.cells.chebyshev_balls import Balls
    from polytope_lens.domain import Domain
    from polytope_lens.function.level_set import LevelSet
    from polytope_lens.function.level_surface import LevelSurface
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.network.network import Network
    from polytope_lens.render.explorer.explorer import Explorer


def _embedded_witnesses(partition: Partition) -> Floats:
    flat = flat_of(partition)
    assert flat is not None  # others have theirs
    found: Floats = flat.embed(within(partition).witnesses)
    return found


@checked
@found_later(
    maps=lambda partition: affine_maps(partition.network, partition.packed_patterns), witnesses=_embedded_witnesses
)
@dataclass(frozen=True, eq=False)
class Partition(Keeper):
    """Every region of a domain, in canonical order (patterns ascending, bit by bit).

    What is asked most often are its methods; the rest goes by subject: `plot`, `function`, `complex` and `export`,
    each of which prints what it answers.

    One found by `Lens.explore` may hold a part of them only. Its `status` and what it prints say so, and what
    needs all regions refuses: corners, areas, pictures, linear pieces, and the place of a point in no region listed.

    Parameters
    ----------
    network : Network
    domain : Box, Polytope or None
    engine : str
        Which engine enumerated it.
    packed_patterns : (n_regions, n_words) uint64 array
        Activation patterns, 64 bits to a word, first bit highest; `patterns` has them as bools.
    maps : (n_regions, out, d + 1) array
        Affine map ``[A, b]`` of each region; rounded.
    witnesses : (n_regions, d) array
        A float64 point in each region, proved to be strictly inside wherever the region holds a point with room for
        rounding around it (see `float_inside`); in others its middle, rounded.
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
        return of_packed_pattern(self.network, self.packed_patterns[index], self.domain, self.witnesses[index])

    def _checked(self, index: int | slice | Ints | Bools) -> int | Ints:
        """The same index, or indices, counted from the first region."""
        return validate.picked(index, len(self), told=f"the partition has {len(self)} regions", part="region")

    def _checked_one(self, index: int) -> int:
        chosen = self._checked(index)
        if not isinstance(chosen, int):
            raise IndexingError(
                f"the vertices of one region are asked for by its number, but received {validate.shown(index)}."
            )
        return chosen

    def __iter__(self) -> Iterator[Region]:
        return (self._region(i) for i in range(len(self)))

    def __contains__(self, region: object) -> bool:
        """Whether an equal region is listed: of the same network, clipped to the same domain; a binary search."""
        if not isinstance(region, Region) or region.network != self.network or region.domain != self.domain:
            return False
        return bool(find(self.packed_patterns, pack(region.pattern.array[None]))[0] >= 0)

    @property
    def is_complete(self) -> bool:
        """Whether every region of the domain is listed."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The status in one or two sentences: how far the search went and how to go on."""
        told = f"{self.status!r}: "
        if self.search is not None and not self.is_complete:
            told += _open_ends(self.search) + ". "
        elif self.status not in (Status.COMPLETE, Status.PREIMAGE):
            return told + ENDED_IN_MEMORY
        return told + self.status.value.rstrip(".") + "."

    # ------------------------------------------------------------------------------------------- questions by subject

    @property
    def plot(self) -> PartitionPlot:
        """Pictures: ``partition.plot()`` and others; see `PartitionPlot`."""
        return PartitionPlot(self)

    @documented_by("render.explorer.explorer:explorer")
    def explorer(
        self,
        path: str | PathLike[str] | None = None,
        color: Literal["value", "pattern", "slope", "layer", "class", "purity"] = "value",
        *,
        boundaries: bool = True,
        points: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        output: int = 0,
    ) -> Explorer:
        from polytope_lens.render.explorer.explorer import explorer

        return explorer(self, path, color, boundaries=boundaries, points=points, labels=labels, output=output)

    @property
    def function(self) -> PartitionFunction:
        """The network as a function on the domain: ``partition.function.norms()`` and others.

        See `PartitionFunction`.
        """
        return PartitionFunction(self)

    @property
    def complex(self) -> PartitionComplex:
        """The polyhedral complex of the regions: ``partition.complex.facets()`` and others.

        See `PartitionComplex`.
        """
        return PartitionComplex(self)

    @property
    def export(self) -> PartitionExport:
        """Files of solids: ``partition.export.obj()`` and others; see `PartitionExport`."""
        return PartitionExport(self)

    # ------------------------------------------------------------------------------------------------ of each region

    def patterns(self) -> Bools:
        """Which neurons are on in each region, (n_regions, n_neurons) bool, as `Lens.patterns` of points."""
        return unpack(self.packed_patterns, self.network.n_neurons)

    @documented_by(locate.locate)
    def locate(self, X: ArrayLike) -> Ints:
        return locate.locate(self, X)

    @documented_by(planar.polygons)
    def polygons(self) -> NDArray[np.object_]:
        """The regions of a bounded domain in the plane as shapely polygons, (n_regions,).

        They are a valid coverage: neighbours share corners to the last bit.

        Raises
        ------
        DimensionError, UnboundedPolytopeError, PartialPartitionError, OptionError
            There is no mesh.
        """
        return planar.polygons(require_planar_mesh(self))

    @overload
    def vertices(self, index: int, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def vertices(self, index: int, *, exact: Literal[True]) -> Fractions: ...
    @documented_by(mesh_vertices.exact_vertices)
    def vertices(self, index: int, *, exact: bool = False) -> Floats | Fractions:
        """Corners of a region: in the plane counter-clockwise, (n, 2), in space in the order of the mesh, (n, 3).

        On the line they are its ends, ascending, (2, 1); beyond space those of `Region.vertices`.
        Rounded: in the plane and in space each is within ``mesh.error`` of the exact one, on the line it is the float
        nearest to it.

        Parameters
        ----------
        index : int
            Which region.
        exact : bool
            Fractions instead of floats, in the same order.
        """
        index = self._checked_one(index)
        return mesh_vertices.exact_vertices(self, index) if exact else mesh_vertices.rounded_vertices(self, index)

    @documented_by(volumes.volumes)
    def volumes(self) -> Floats:
        return volumes.volumes(self)

    @documented_by(largest_balls.chebyshev_balls)
    def chebyshev_balls(self) -> Balls:
        return largest_balls.chebyshev_balls(self)

    @documented_by(recession_cones.bounded_mask)
    def bounded_mask(self) -> Bools:
        return recession_cones.bounded_mask(self)

    @documented_by(recession_cones.recession_cones)
    def rays(self) -> recession_cones.RecessionCones:
        """Where the regions go on forever: extreme rays and lines of all of them, as ragged arrays.

        ``partition.rays()[i]`` has those of region i; ``partition[i].rays(exact=True)`` as whole numbers.
        """
        return recession_cones.recession_cones(self)

    # ------------------------------------------------------------------------------------------------- of all of them

    @documented_by(facet_table.adjacency)
    def adjacency(self) -> sparse.csr_array:
        return facet_table.adjacency(self)

    @documented_by(linear_pieces.linear_pieces)
    def linear_pieces(self) -> linear_pieces.LinearPieces:
        return linear_pieces.linear_pieces(self)

    @documented_by(neurons.neurons)
    def neurons(self) -> neurons.Neurons:
        return neurons.neurons(self)

    @documented_by(level_sets.level_set)
    def level_set(self, output: int = 0, value: float = 0.5, *, exact: bool = False) -> LevelSet | LevelSurface:
        return level_sets.level_set(self, output, value, exact=exact)

    @documented_by(level_sets.boundary)
    def boundary(self, i: int, j: int, *, exact: bool = False) -> LevelSet | LevelSurface:
        return level_sets.boundary(self, i, j, exact=exact)

    @documented_by(betti.betti)
    def betti(
        self,
        output: int | None = None,
        value: float | None = None,
        *,
        side: Literal["level", "sub", "super"] = "level",
        between: tuple[int, int] | None = None,
        bounded: bool = False,
        max_regions: int = face_lattice.MAX_REGIONS,
    ) -> tuple[int, ...]:
        return betti.betti(self, output, value, side=side, between=between, bounded=bounded, max_regions=max_regions)

    @documented_by(extrema.extrema)
    def extrema(self, output: int = 0, *, exact: bool = False) -> extrema.Extrema:
        return extrema.extrema(self, output, exact=exact)

    @documented_by(lipschitz.lipschitz)
    def lipschitz(
        self, norm: float = 2, output_norm: float | None = None, *, exact: bool = False
    ) -> lipschitz.Lipschitz:
        return lipschitz.lipschitz(self, norm, output_norm, exact=exact)

    # ---------------------------------------------------------------------------------------------- tables and files

    @documented_by(data_table.data_table)
    def data_table(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        predictions: ArrayLike | None = None,
        task: data_table.DataTask | None = None,
    ) -> data_table.RegionData:
        """Count the points of each region that holds some; with labels, also its purity and the network's error."""
        return data_table.data_table(self, X, y, predictions=predictions, task=task)

    @documented_by(region_table.to_frame)
    def to_frame(self, *, with_facets: bool = True, with_maps: bool = False) -> pd.DataFrame:
        return region_table.to_frame(self, with_facets=with_facets, with_maps=with_maps)

    @documented_by(region_table.to_geodataframe)
    def to_geodataframe(self, *, with_facets: bool = True, with_maps: bool = False) -> gpd.GeoDataFrame:
        return region_table.to_geodataframe(self, with_facets=with_facets, with_maps=with_maps)

    @documented_by(dual_graph.to_networkx)
    def to_networkx(self) -> nx.Graph[int]:
        """Regions and the facets between them as a graph for networkx.

        ``dual_graph.degrees``, ``diameter``, ``eccentricities``, ``components`` and ``distances`` take `adjacency`
        instead.
        """
        return dual_graph.to_networkx(self)

    @documented_by(archive.save)
    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to one file, the network included, from which `load` reads the same again."""
        archive.save(self, path)

    @classmethod
    @documented_by(archive.load)
    def load(cls, path: str | PathLike[str]) -> Partition:
        """Read what `save` wrote, or open the folder of a run, which stays on the disk.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        Partition
            Of a folder a `StoredPartition`; its status says whether the run has come to its end.
        """
        if is_store(path):
            from polytope_lens.partition.stored import stored  # which is a kind of this

            return stored(open_store(path))
        fields = archive.load(path)
        search, certificate, whole = fields.pop("search"), fields.pop("certificate"), fields.pop("whole")
        found = cls(
            **fields, certificate=Certificate(**certificate), search=None if search is None else Search(**search)
        )
        if whole is None:
            return found
        network, domain = whole
        return embedded(network, domain, found)

    def _repr_html_(self) -> str:
        return partition_card(self)

    def _repr_svg_(self) -> str | None:
        return alone(thumbnail(self)) or None

    def __repr__(self) -> str:
        layers = ", ".join(map(str, self.counts_per_layer.tolist()))
        where = "all of R^" + str(self.network.input_dim) if self.domain is None else repr(self.domain)
        if self.is_complete:
            return f"Partition({len(self)} regions of {where}, per layer [{layers}], {self.engine}, {self.status.name})"
        told = self.status.name if self.search is None else f"{self.status.name}: {_open_ends(self.search)}"
        return f"Partition({len(self)} of the regions of {where}, per layer at least [{layers}], {self.engine}, {told})"


def embedded(network: Network, domain: Domain, found: Partition) -> Partition:
    """A partition on a flat box as one of the whole network; see `FlatDomain`."""
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
    return f"{told} and {search.n_unseen} regions at some of whose facets it did not look" if search.n_unseen else told
