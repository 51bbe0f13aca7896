"""Partitions of space drawn with matplotlib.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from mpl_toolkits.mplot3d import Axes3D, proj3d

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import following, list_of, starts
from polytope_lens.drawing.picture_style import PLAIN
from polytope_lens.drawing.plane_axes import INK, draw_scale
from polytope_lens.drawing.space_axes import axes_in_space, eye_of, fit_space, legend_beside
from polytope_lens.drawing.strokes import side_in_points
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import within
from polytope_lens.function.level_set import level_set
from polytope_lens.function.level_surface import LevelSurface
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.render import scene
from polytope_lens.render.cutaway import Facet, checked_cut, cut_solid
from polytope_lens.render.dots import dots_of, draw_in_space
from polytope_lens.render.matplotlib import short_handles, slope_norm, value_norm
from polytope_lens.render.solid_files import solids
from polytope_lens.render.solid_order import back_to_front, nearer_sides

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats
    from polytope_lens.drawing.picture_style import PictureStyle
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.cutaway import Cut, Halfspaces


# How much regions are drawn apart: by this the eye tells one from the next.
SHRINK = 0.86
OUTSIDE = (0.87, 0.87, 0.87)  # colour of the domain's sides among those of layers
SHEET = (0.84, 0.37, 0.0)  # of a level: vermillion
CMAP = "YlGnBu"  # from light to dark: pale solids leave edges and what is behind them to be seen
GLASS = 0.03  # how much of its colour a solid has around a level
LAMP = np.array([0.15, -0.6, 0.79])  # towards it
FAINT = 0.5  # how much of the lamp is left out where colours stand for numbers
EDGE, MANY = 1 / 800, 0.03  # width of edges, as a part of the side of the axes; the same times the root of regions
SHADE = 0.45
HIDDEN, BACK, LEVEL, FRONT = -1.0, 0.0, 0.25, 0.5  # order within a region


def plot(
    partition: Partition,
    ax: Axes | None = None,
    color: str = "value",
    *,
    boundaries: bool = True,
    points: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    points_color: Any = None,
    points_size: float | None = None,
    level: float | None = None,
    output: int = 0,
    shrink: float | None = None,
    cut: Cut | bool = True,
    alpha: float | None = None,
    style: PictureStyle = PLAIN,
) -> Axes3D:
    """Draw the regions of a bounded domain in space as solids, a little apart, with the corner in front cut away.

    Parameters
    ----------
    partition : Partition
    ax : Axes3D, optional
        Where to draw; a new figure by default.
    color : {"value", "pattern", "slope", "layer", "class"}
        The network's value in the middle of each face; a colour of its own for each activation pattern; the norm of the
        gradient; the layer that each face belongs to; or the greatest output in the middle of each face.
    boundaries : bool
        Draw the edges of the solids.
    points : (n, d) array, optional
        Inputs of the network, drawn as small dots, on top of all solids; d is 3, unless the domain is a flat box, which
        should hold them.
    labels, points_color, points_size
        As in the plane.
    level : float, optional
        Draw where the output takes this value, within solids of glass.
    output : int
        Which output of the network "value", "slope" and `level` are about.
    shrink : float, optional
        In space, each solid is scaled about a point inside by this factor, by default a little, or not at all around a
        level; 1 draws them where they are.
    cut : True, "corner", (A, b) or None
        In space, remove what hides the inside: the corner in front, an eighth of the box; or where ``A @ x > b``, of
        several rows where all of them hold. By default the corner, unless one sees through the solids. None removes
        nothing.
    alpha : float, optional
        In space, how opaque the solids are, from 0 to 1; by default they are, but around a level.
    style : PictureStyle
        Colours, widths, title, scales; see `picture_style.style`.

    Returns
    -------
    Axes3D

    Raises
    ------
    OptionError, DimensionError, UnboundedPolytopeError

    Notes
    -----
    Faces are shaded like solids under a lamp, where colours stand for numbers only a little.
    No solid covers one in front of it, from wherever it is seen (see `nearer_sides`).
    Cost: about 0.05 milliseconds for each face; some thousands of regions are too many to see anyway.
    """
    validate.option(color, name="color", allowed=scene.COLORS)
    mesh = require_polyhedral_mesh(partition)
    output = check_output(partition.network, output)
    dots = dots_of(partition, points, labels, points_color, points_size)
    is_glass = level is not None if alpha is None else alpha < 1
    if alpha is not None and not 0 < validate.number(alpha, name="`alpha`") <= 1:
        raise OptionError(f"`alpha` should be more than 0 and at most 1, but received {validate.shown(alpha)}.")
    shrink = (SHRINK if level is None else 1.0) if shrink is None else shrink
    lower, upper = mesh.points.min(axis=0), mesh.points.max(axis=0)
    if isinstance(cut, bool | np.bool_):
        cut = "corner" if cut and not is_glass else None
    checked_cut(cut, lower, upper, np.ones(3))
    facets = [*_solid_facets(partition, shrink), *_level_facets(partition, output, level)]
    if color == "class":
        scene.class_planes(partition)

    space = axes_in_space(ax, style, "a partition of space")
    fit_space(space, lower, upper, scene.axis_names(partition))
    planes = checked_cut(cut, lower, upper, _towards(space))
    facets = facets if planes is None else _cut(facets, planes)
    opaque = (GLASS if is_glass else 1.0) if alpha is None else float(alpha)
    ink, scalars = _paint(partition, facets, color, output, shrink, style)
    faces = _Solids(partition, facets, ink, planes, opaque, boundaries, style.linewidth)
    space.add_collection(faces, autolim=False)
    if dots is not None:
        draw_in_space(space, dots)
    if style.title is not None:
        space.set_title(style.title)
    if scalars is not None and style.colorbar:
        draw_scale(space, scalars, scene.told_by(color, output), ax=space, shrink=0.6, pad=0.12)
    if style.legend:
        legend_beside(space, _handles(partition, color))
    return space


def _solid_facets(partition: Partition, shrink: float) -> list[Facet]:
    found = solids(partition, shrink=shrink)
    told = zip(found.rings(), found.regions.tolist(), found.layers.tolist(), strict=True)
    return [Facet(ring, np.ones(len(ring), dtype=bool), region, layer) for ring, region, layer in told]


def _level_facets(partition: Partition, output: int, level: float | None) -> list[Facet]:
    """Polygons where the output takes a value; they have no layer."""
    if level is None:
        return []
    found = level_set(within(partition), output, level)
    assert isinstance(found, LevelSurface)
    rings = (found[i].astype(np.float64) for i in range(len(found)))
    told = zip(rings, found.regions.tolist(), strict=True)
    return [Facet(ring, np.ones(len(ring), dtype=bool), region, NO_LAYER) for ring, region in told]


NO_LAYER = -2


def _cut(facets: list[Facet], planes: Halfspaces) -> list[Facet]:
    """Each solid, and each polygon of a level, without what is removed."""
    is_level = [facet for facet in facets if facet.layer == NO_LAYER]
    solid = [facet for facet in facets if facet.layer != NO_LAYER]
    found = [left for _, faces in groupby(solid, lambda facet: facet.region) for left in cut_solid([*faces], planes)]
    return found + [left for facet in is_level for left in cut_solid([facet], planes, capped=False)]


def _towards(space: Axes3D) -> Floats:
    """The direction that axes are seen from."""
    around, up = np.deg2rad([space.azim, space.elev])
    return np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)])


def _paint(
    partition: Partition, facets: list[Facet], color: str, output: int, shrink: float, style: PictureStyle
) -> tuple[Floats, ScalarMappable | None]:
    """Colour of each face, (n_faces, 3), and the scale that it comes from."""
    found, scalars = within(partition), None
    regions = np.array([facet.region for facet in facets], dtype=np.int64)
    layers = np.array([facet.layer for facet in facets], dtype=np.int64)
    centers = found.witnesses[regions]
    drawn = np.array([facet.ring.sum(axis=0) / len(facet.ring) for facet in facets]).reshape(-1, 3)
    middles = np.where((layers == NO_LAYER)[:, None], drawn, centers + (drawn - centers) / shrink)
    if color in ("value", "slope"):
        maps = found.maps[:, output]
        slopes = scene.slopes(partition, output)
        values = np.einsum("nk,nk->n", maps[regions, :-1], middles) + maps[regions, -1]
        values = values if color == "value" else slopes[regions]
        shown = values[layers != NO_LAYER]
        norm = value_norm(float(shown.min()), float(shown.max())) if color == "value" else slope_norm(slopes)
        norm = norm if style.limits is None else mcolors.Normalize(*style.limits)
        scalars = ScalarMappable(norm, style.cmap or CMAP)
        ink = np.asarray(scalars.to_rgba(values))[:, :3]
    elif color == "pattern":
        ink = scene.pattern_colors(partition)[regions]
    elif color == "layer":
        ink = np.vstack([scene.layer_colors(len(partition.network.layers)), [OUTSIDE] * 2])[layers]
    else:
        outputs = np.einsum("nok,nk->no", found.maps[regions, :, :-1], middles) + found.maps[regions, :, -1]
        ink = scene.class_hues(outputs.shape[1])[outputs.argmax(axis=1)]
    light = _light(facets)[:, None]
    ink = ink * (light if scalars is None else FAINT + (1 - FAINT) * light)
    return np.where((layers == NO_LAYER)[:, None], light * SHEET, ink), scalars


def _light(facets: list[Facet]) -> Floats:
    """How bright each face is under the lamp."""
    light = normals_of([facet.ring for facet in facets]) @ LAMP / np.linalg.norm(LAMP)
    on_sheet = np.array([facet.layer == NO_LAYER for facet in facets], dtype=bool)  # it is seen from both sides
    return np.asarray(np.where(on_sheet, 0.55 + 0.45 * np.abs(light), 0.78 + 0.22 * light))


def normals_of(rings: list[Floats]) -> Floats:
    """Unit normals of flat polygons, (n, 3), towards where they turn counter-clockwise; zero if one is too thin."""
    if not rings:
        return np.zeros((0, 3))
    indptr = starts(np.array([len(ring) for ring in rings], dtype=np.int64))
    points = np.concatenate(rings)
    here = points - points[indptr[:-1]][list_of(indptr)]
    size = np.maximum.reduceat(np.abs(here).max(axis=1), indptr[:-1])[list_of(indptr), None]
    here = np.divide(here, size, out=np.zeros_like(here), where=size > 0)
    around = np.add.reduceat(np.cross(here, here[following(indptr)]), indptr[:-1], axis=0)
    lengths = np.linalg.norm(around, axis=1, keepdims=True)
    return np.asarray(np.divide(around, lengths, out=np.zeros_like(around), where=lengths > 0))


def _handles(partition: Partition, color: str) -> list[Artist]:
    if color == "layer":
        layers = [k for k, bits in enumerate(partition.network.bits_per_layer) if bits]
        colors = np.vstack([scene.layer_colors(len(partition.network.layers))[layers], OUTSIDE])
        handles = short_handles("layer", [*map(str, layers), "domain"], colors, filled=True)
        handles[-1].set_label("domain")
        return handles
    if color == "class":
        n = partition.network.output_dim
        return short_handles("class", list(map(str, range(n))), scene.class_hues(n), filled=True)
    return []


class _Solids(PolyCollection):
    """Faces of solids, and polygons of a level inside, each drawn after all that is behind it.

    Parameters
    ----------
    partition : Partition
    facets : list of Facet
    ink : (n, 3) array
        A colour for each.
    planes : (A, b) or None
        What the solids were cut by.
    alpha : float
    boundaries : bool
    linewidth : float or None
    """

    def __init__(
        self,
        partition: Partition,
        facets: list[Facet],
        ink: Floats,
        planes: Halfspaces | None,
        alpha: float,
        boundaries: bool,
        linewidth: float | None,
    ) -> None:
        super().__init__([], closed=False, capstyle="round", joinstyle="round")
        self.partition, self.planes, self.width = within(partition), planes, linewidth
        self.rings = [facet.ring for facet in facets]
        self.regions = np.array([facet.region for facet in facets], dtype=np.int64)
        self.pieces = np.array([facet.piece for facet in facets], dtype=np.int64)
        self.is_level = np.array([facet.layer == NO_LAYER for facet in facets], dtype=bool)
        normals = normals_of(self.rings)
        first = np.array([ring[0] for ring in self.rings]).reshape(-1, 3)
        self.faced = np.column_stack([normals, -(normals * first).sum(axis=1)])
        self.is_glass = alpha < 1
        ink = np.column_stack([ink, np.where(self.is_level, 1.0, alpha)])
        # Without edges, faces are outlined in their own colour, or the ground would shine through between them.
        # Edges are a darker shade of their face: those of slivers would be black lines.
        lines = np.tile(mcolors.to_rgba(INK, 0.2), (len(ink), 1)) if self.is_glass else ink * [SHADE, SHADE, SHADE, 1]
        whole = np.array([facet.drawn.all() for facet in facets], dtype=bool) & boundaries
        own = ink if not self.is_glass else ink * [1, 1, 1, 0]
        self.fill, self.outline = ink, np.where(whole[:, None], lines, own)
        # Edges of faces that have seams as well are drawn one by one.
        broken = np.flatnonzero(~whole & boundaries)
        parts = [(k, side) for k in broken.tolist() for side in np.flatnonzero(facets[k].drawn).tolist()]
        self.of_face = np.array([k for k, _ in parts], dtype=np.int64)
        self.lines = lines[self.of_face]
        self.edges = [np.stack([self.rings[k][i], self.rings[k][(i + 1) % len(self.rings[k])]]) for k, i in parts]

    def do_3d_projection(self) -> float:
        """Project everything for the present view, and put it in order."""
        axes: Any = self.axes
        eye = eye_of(np.asarray(axes.M))
        sides = nearer_sides(self.partition, eye)[self.regions]
        if self.planes is not None:
            A, b = self.planes
            beyond = np.arange(len(b)) < self.pieces[:, None]
            sides = np.column_stack([sides, beyond == (A @ eye[:3] > b * eye[3])])
        place = back_to_front(sides)
        is_front = self.faced[:, :3] @ eye[:3] + self.faced[:, 3] * eye[3] > 0
        stage = np.where(self.is_level, LEVEL, np.where(is_front, FRONT, BACK if self.is_glass else HIDDEN))
        rank = np.concatenate([place + stage, (place + stage)[self.of_face] + 0.1])
        shown = np.concatenate([stage, stage[self.of_face]]) != HIDDEN
        order = np.argsort(rank, kind="stable")
        order = order[shown[order]]
        shapes = [*self.rings, *self.edges]
        sizes = np.array([len(shape) for shape in shapes], dtype=np.int64)
        flat = np.column_stack(proj3d.proj_transform(*np.concatenate(shapes).T, axes.M))
        verts = np.split(flat[:, :2], np.cumsum(sizes)[:-1])
        n = len(self.edges)
        fill = np.vstack([self.fill, np.zeros((n, 4))])[order]
        line = np.vstack([self.outline, self.lines])[order]
        many = min(EDGE, MANY / len(self.partition) ** 0.5)
        width = many * side_in_points(axes) if self.width is None else self.width
        self.set_verts([verts[i] if i >= len(self.rings) else closed(verts[i]) for i in order.tolist()], closed=False)
        self.set(facecolor=fill, edgecolor=line, linewidth=width)
        return float(flat[:, 2].min())


def closed(ring: Floats) -> Floats:
    """A ring that ends where it began."""
    return np.concatenate([ring, ring[:1]])
