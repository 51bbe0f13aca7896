"""The graph of an output over the plane drawn with matplotlib: a sheet of paper, folded along the boundaries.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from mpl_toolkits.mplot3d import Axes3D, proj3d

from polytope_lens._arrays import validate
from polytope_lens.drawing.picture_style import PLAIN
from polytope_lens.drawing.plane_axes import FRAME, draw_scale
from polytope_lens.drawing.space_axes import axes_in_space, eye_of, fit_space, legend_beside
from polytope_lens.drawing.strokes import relative_widths, side_in_points
from polytope_lens.flat_domain import within
from polytope_lens.render import scene
from polytope_lens.render.matplotlib import layer_handles, slope_norm
from polytope_lens.render.sheet import HEIGHT, SHEET_COLORS, back_to_front, checked_limits, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polytope_lens._types import Floats, Ints
    from polytope_lens.drawing.picture_style import PictureStyle
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.sheet import Sheet


SEAM = 0.3  # polygons are outlined in their own colour, or the ground would shine through between neighbours
LAMP = np.array([-0.4, -0.5, 0.77])  # towards it; above the left front


def surface(
    partition: Partition,
    ax: Axes | None = None,
    color: str = "value",
    *,
    boundaries: bool = True,
    output: int = 0,
    height: float = HEIGHT,
    style: PictureStyle = PLAIN,
) -> Axes3D:
    """Draw the graph of an output over a bounded domain in the plane as a folded surface.

    Parameters
    ----------
    partition : Partition
    ax : Axes3D, optional
        Where to draw; a new figure by default.
    color : {"value", "pattern", "slope"}
        The mean of the values at the corners of each polygon; a colour of its own for each activation pattern, shaded
        like paper under a lamp; or the norm of the gradient.
    boundaries : bool
        Draw the creases, coloured by layer.
    output : int
        Which output of the network.
    height : float
        Of the drawing, as a part of the domain's longer side: heights have a scale of their own.
    style : PictureStyle
        Colours, widths, title, scales; see `picture_style.style`. Its limits are also the values at the bottom
        and the top of the drawing. Values have no scale of colours: the axis is one.

    Returns
    -------
    Axes3D

    Raises
    ------
    OptionError
        An unknown `color`, an `output` that the network does not have, or a `height` or `limits` that leave no room.
    DimensionError, UnboundedPolytopeError, PartialPartitionError

    Notes
    -----
    Each polygon is flat and is drawn as one, whatever its size. What is in front covers what is behind, also where
    polygons are long and thin (see `back_to_front`), so creases behind a fold stay hidden.
    Cost: about 30 microseconds for each region and crease.
    """
    validate.option(color, name="color", allowed=SHEET_COLORS)
    folded = sheet(partition, output)
    limits = checked_limits(folded, style.limits, height)
    space = axes_in_space(ax, style, "a surface")
    rise = _fit(space, folded, limits, height, [*scene.axis_names(partition), f"output {output}"])
    paint, scalars = _paint(partition, folded, color, output, limits, rise, style)
    lines = _lines(partition, folded, boundaries, style.linewidth)
    space.add_collection(_FoldedSheet(folded, paint, *lines), autolim=False)
    if style.title is not None:
        space.set_title(style.title)
    if boundaries and style.legend:
        legend_beside(space, layer_handles(partition))
    if color == "slope" and style.colorbar:
        draw_scale(space, scalars, scene.told_by(color, output), ax=space, shrink=0.6, pad=0.12)
    return space


class _FoldedSheet(PolyCollection):
    """Polygons, creases and rim in space, each drawn after all that is behind it.

    Parameters
    ----------
    folded : Sheet
    paint : (n_regions, 3) array
    lines : (n, 2) int array
        Both ends of each line.
    beside : (n, 2) int array
        The regions on both sides of each line.
    colors : (n, 3) array
    widths : (n,) array
        In points; negative ones as parts of the side of the axes.
    """

    def __init__(self, folded: Sheet, paint: Floats, lines: Ints, beside: Ints, colors: Floats, widths: Floats) -> None:
        super().__init__([], closed=False, capstyle="round", joinstyle="round")
        self.folded, self.lines, self.beside = folded, lines, beside
        self.ink = np.vstack([paint, colors])
        self.widths = np.concatenate([np.full(len(paint), SEAM), widths])

    def do_3d_projection(self) -> float:
        """Project everything for the present view, and put it in order."""
        axes: Any = self.axes
        matrix = np.asarray(axes.M)
        folded = self.folded
        flat = np.column_stack(proj3d.proj_transform(*folded.points.T, matrix))
        order = back_to_front(folded, eye_of(matrix))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        # A line comes right after the nearer of its two sides.
        order = np.argsort(np.concatenate([rank, rank[self.beside].max(axis=1)]), kind="stable")
        shapes = [*np.split(flat[folded.corners, :2], folded.indptr[1:-1]), *flat[self.lines, :2]]
        self.set_verts([shapes[i] for i in order.tolist()], closed=False)
        widths = np.where(self.widths < 0, -self.widths * side_in_points(axes), self.widths)
        self.set(facecolor=self.ink[order], edgecolor=self.ink[order], linewidth=widths[order])
        return float(flat[:, 2].min())


def _lines(
    partition: Partition, folded: Sheet, boundaries: bool, linewidth: float | None
) -> tuple[Ints, Ints, Floats, Floats]:
    """Ends, sides, colours and widths of the creases, if wanted, and of the rim."""
    rim = len(folded.rim)
    beside = np.stack([folded.rim_regions] * 2, axis=1)
    grey, thin = np.tile(mcolors.to_rgb(FRAME), (rim, 1)), np.full(rim, 0.8)
    if not boundaries:
        return folded.rim, beside, grey, thin
    n_layers = len(partition.network.layers)
    widths = relative_widths(len(partition), n_layers)
    widths = -widths if linewidth is None else linewidth * widths / widths[-1:]
    return (
        np.vstack([folded.creases, folded.rim]),
        np.vstack([folded.crease_regions, beside]),
        np.vstack([scene.layer_colors(n_layers)[folded.crease_layers], grey]),
        np.concatenate([widths[folded.crease_layers], thin]),
    )


def _paint(
    partition: Partition,
    folded: Sheet,
    color: str,
    output: int,
    limits: tuple[float, float],
    rise: float,
    style: PictureStyle,
) -> tuple[Floats, ScalarMappable]:
    """Colour of each polygon, (n_regions, 3), and the scale that it comes from, if it does."""
    if color == "pattern":
        normals = np.pad(-rise * within(partition).maps[:, output, :2], ((0, 0), (0, 1)), constant_values=1.0)
        light = normals @ LAMP / (np.linalg.norm(normals, axis=1) * np.linalg.norm(LAMP))
        return scene.pattern_colors(partition) * (0.72 + 0.28 * light)[:, None], ScalarMappable()
    values = folded.mean_heights() if color == "value" else scene.slopes(partition, output)
    norm = mcolors.Normalize(*limits) if color == "value" else slope_norm(values)
    scalars = ScalarMappable(norm, style.cmap or "cividis")
    return np.asarray(scalars.to_rgba(values))[:, :3], scalars


def _fit(ax: Axes3D, folded: Sheet, limits: tuple[float, float], height: float, names: list[str]) -> float:
    """Set the view; returns how much longer a unit of value is drawn than one of the inputs."""
    lower, upper = folded.points[:, :2].min(axis=0), folded.points[:, :2].max(axis=0)
    across = upper - lower
    bottom, top = limits
    aspect = np.append(across, height * across.max())
    fit_space(ax, np.append(lower, bottom), np.append(upper, top), names, aspect)
    return float(height * across.max() / (limits[1] - limits[0]))
