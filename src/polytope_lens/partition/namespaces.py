"""Questions to a partition by their subject: ``partition.function.norms()``, as the ``str`` of a series in pandas.

A namespace holds the partition and nothing else; each method forwards to the function that answers, and says what it
says. What is asked most often is a method of the partition itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens.drawing.picture_style import StyleOptions, style
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import within
from polytope_lens.function import critical_cells, jumps, level_set, moments, norms, persistence, variation
from polytope_lens.function import pieces as few_pieces
from polytope_lens.io.files import write_text
from polytope_lens.polyhedral_complex import face_counts, face_lattice, facet_table, linear_regions
from polytope_lens.render import interactive, solid_files
from polytope_lens.render.sheet import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType
    from mpl_toolkits.mplot3d import Axes3D
    from numpy.typing import ArrayLike

    from polytope_lens.function.level_set import LevelSet
    from polytope_lens.function.level_surface import LevelSurface
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.cutaway import Cut


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Namespace:
    """Some of the questions to a partition; what it prints is what it answers."""

    _partition: Partition

    def __repr__(self) -> str:
        asked = (name for name in vars(type(self)) if not name.startswith("_"))
        return f"{type(self).__name__}({', '.join(asked)})"


@checked
class PartitionPlot(Namespace):
    """Pictures of a partition: ``partition.plot()``, ``partition.plot.surface()``.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> lens.partition(Box([-1, -1], [1, 1])).plot
    PartitionPlot(surface, interactive)
    """

    __slots__ = ()

    @documented_by("render.matplotlib:plot", "render.space:plot", "drawing.picture_style:style")
    def __call__(
        self,
        ax: Axes | None = None,
        color: Literal["value", "pattern", "slope", "layer", "class"] = "value",
        *,
        boundaries: bool = True,
        points: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        points_color: ColorType | Sequence[ColorType] | None = None,
        points_size: float | None = None,
        level: float | None = None,
        output: int = 0,
        shrink: float | None = None,
        cut: Cut | bool = True,
        alpha: float | None = None,
        **options: Unpack[StyleOptions],
    ) -> Axes:
        """Draw the regions of a bounded domain in the plane or in space.

        In space they are solids, a little apart, with the corner in front cut away.
        """
        shared: dict[str, Any] = {
            "boundaries": boundaries, "points": points, "labels": labels, "points_color": points_color,
            "points_size": points_size, "level": level, "output": output, "style": style(options),
        }  # fmt: skip
        if within(self._partition).network.input_dim == 3:
            from polytope_lens.render import space

            axes: Axes = space.plot(self._partition, ax, color, shrink=shrink, cut=cut, alpha=alpha, **shared)
            return axes
        from polytope_lens.render import matplotlib as render

        given = (("shrink", shrink is not None), ("cut", cut is not True), ("alpha", alpha is not None))
        for name in (name for name, is_given in given if is_given):
            raise OptionError(f"`{name}` is about solids in space, but this partition is not one of space.")
        return render.plot(self._partition, ax, color, **shared)

    @documented_by("render.surface:surface", "drawing.picture_style:style")
    def surface(
        self,
        ax: Axes | None = None,
        color: Literal["value", "pattern", "slope"] = "value",
        *,
        boundaries: bool = True,
        output: int = 0,
        height: float = HEIGHT,
        **options: Unpack[StyleOptions],
    ) -> Axes3D:
        """Draw the graph of an output over a bounded domain in the plane as a folded surface.

        Parameters
        ----------
        limits : (low, high), optional
            Values at the bottom and the top of the drawing, and the ends of the scale of values; by default the range
            of this partition's values. Give it when several surfaces should share one scale.
        """
        from polytope_lens.render.surface import surface

        return surface(
            self._partition, ax, color, boundaries=boundaries, output=output, height=height, style=style(options)
        )

    @documented_by(interactive.surface)
    def interactive(
        self,
        color: Literal["value", "pattern", "slope"] = "value",
        *,
        boundaries: bool = True,
        output: int = 0,
        height: float = HEIGHT,
        limits: tuple[float, float] | None = None,
    ) -> go.Figure:
        """Draw the graph of an output as a folded surface to turn and zoom into, with plotly."""
        return interactive.surface(
            self._partition, color, boundaries=boundaries, output=output, height=height, limits=limits
        )


@checked
class PartitionFunction(Namespace):
    """The network as a function on the domain: ``partition.function.norms()``.

    Extrema, the Lipschitz constant, level sets and decision boundaries are asked of the partition itself.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])  # relu(x)
    >>> function = lens.partition(Box([-1], [1])).function
    >>> function
    PartitionFunction(moments, norms, total_variation, gradient_variation, jumps, pieces, persistence, critical_cells)
    >>> function.norms().l1, function.total_variation()
    (array([0.5]), 1.0)
    """

    __slots__ = ()

    @documented_by(moments.moments)
    def moments(self, *, exact: bool = False) -> moments.Moments:
        return moments.moments(self._partition, exact=exact)

    @documented_by(norms.norms)
    def norms(self, *, exact: bool = False) -> norms.Norms:
        return norms.norms(self._partition, exact=exact)

    @documented_by(variation.total_variation)
    def total_variation(self, output: int = 0) -> float:
        return variation.total_variation(self._partition, output)

    @documented_by(variation.gradient_variation)
    def gradient_variation(self, output: int = 0) -> float:
        return variation.gradient_variation(self._partition, output)

    @documented_by(jumps.jumps)
    def jumps(self, norm: float = 2, output_norm: float | None = None, *, exact: bool = False) -> jumps.Jumps:
        return jumps.jumps(self._partition, norm, output_norm, exact=exact)

    @documented_by(few_pieces.pieces)
    def pieces(self, eps: float, output: int | None = None) -> few_pieces.Pieces:
        return few_pieces.pieces(self._partition, eps, output)

    @documented_by(persistence.persistence)
    def persistence(
        self, output: int = 0, *, side: Literal["sub", "super"] = "sub", max_regions: int = face_lattice.MAX_REGIONS
    ) -> persistence.Persistence:
        return persistence.persistence(self._partition, output, side=side, max_regions=max_regions)

    @documented_by(critical_cells.critical_cells)
    def critical_cells(
        self, output: int = 0, *, max_regions: int = face_lattice.MAX_REGIONS
    ) -> critical_cells.CriticalCells:
        return critical_cells.critical_cells(self._partition, output, max_regions=max_regions)


@checked
class PartitionComplex(Namespace):
    """The regions as a polyhedral complex, with its faces: ``partition.complex.f_vector()``.

    Which regions are neighbours, `Partition.adjacency`, and which of them make one linear piece are asked of the
    partition itself.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> found = lens.partition(Box([-1, -1], [1, 1])).complex
    >>> found
    PartitionComplex(facets, faces, f_vector, linear_region_counts, bent_hyperplane)
    >>> found.facets(), found.f_vector()
    (Facets(12 facets, 4 of them between two regions), FVector([9, 12, 4], [1, 4, 4] inside the domain))
    """

    __slots__ = ()

    @documented_by(facet_table.facets)
    def facets(self) -> facet_table.Facets:
        return facet_table.facets(self._partition)

    @documented_by(face_lattice.faces)
    def faces(self, *, max_regions: int = face_lattice.MAX_REGIONS) -> face_lattice.Faces:
        return face_lattice.faces(self._partition, max_regions=max_regions)

    @documented_by(face_counts.f_vector)
    def f_vector(self, *, max_regions: int = face_lattice.MAX_REGIONS) -> face_counts.FVector:
        return face_counts.f_vector(self._partition, max_regions=max_regions)

    @documented_by(linear_regions.linear_region_counts)
    def linear_region_counts(
        self, *, max_regions: int = linear_regions.MAX_REGIONS, max_programs: int = linear_regions.MAX_PROGRAMS
    ) -> linear_regions.LinearRegionCounts:
        return linear_regions.linear_region_counts(self._partition, max_regions=max_regions, max_programs=max_programs)

    @documented_by(level_set.bent_hyperplane)
    def bent_hyperplane(self, layer: int, neuron: int, *, exact: bool = False) -> LevelSet | LevelSurface:
        return level_set.bent_hyperplane(self._partition, layer, neuron, exact=exact)


@checked
class PartitionExport(Namespace):
    """The polyhedra of a bounded domain in space for other programs: ``partition.export.obj()``.

    A single region has formats of its own, `Region.export`; tables and graphs come from ``to_frame``,
    ``to_geodataframe`` and ``to_networkx``.
    """

    __slots__ = ()

    @documented_by(solid_files.to_obj)
    def obj(self, *, shrink: float = 1.0) -> str:
        return solid_files.to_obj(self._partition, shrink=shrink)

    @documented_by(solid_files.to_ply)
    def ply(self, *, shrink: float = 1.0) -> str:
        return solid_files.to_ply(self._partition, shrink=shrink)

    def write(self, path: str | PathLike[str], *, shrink: float = 1.0) -> None:
        """Write a file that ends in .obj or .ply, which is complete or not there.

        Parameters
        ----------
        path : str or path-like
        shrink : float
            Each solid is scaled about a point inside by this factor; 1 leaves them where they are.

        Raises
        ------
        OptionError
            A name that ends otherwise.
        DimensionError, UnboundedPolytopeError, PartialPartitionError
        """
        suffix = Path(path).suffix.lower()
        if suffix not in (".obj", ".ply"):
            raise OptionError(
                f"the polyhedra of a partition are written to a file that ends in .obj or .ply, but {str(path)!r} ends "
                "otherwise. All of a partition is kept by `partition.save(path)`."
            )
        write_text(path, self.obj(shrink=shrink) if suffix == ".obj" else self.ply(shrink=shrink))
