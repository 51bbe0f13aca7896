"""The graph of an output over the plane drawn with matplotlib: a sheet of paper, folded along the boundaries.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib import colors as mcolors
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from mpl_toolkits.mplot3d import Axes3D, proj3d

from polytope_lens._arrays import validate
from polytope_lens.flat_domain import within
from polytope_lens.render import scene
from polytope_lens.render.matplotlib import FRAME, boundary_widths, draw_scale, layer_handles, slope_norm
from polytope_lens.render.matplotlib import legend as draw_legend
from polytope_lens.render.sheet import HEIGHT, SHEET_COLORS, back_to_front, checked_limits, sheet
from polytope_lens.render.space import axes_in_space, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polytope_lens._types import Floats, Ints
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
    limits: tuple[float, float] | None = None,
    legend: bool = True,
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
    limits : (low, high), optional
        Values at the bottom and the top of the drawing, and the ends of the scale of values; by default the range of
        this partition's values. Give it when several surfaces should share one scale.
    legend : bool
        Say which colours are which layers' creases.

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
    limits = checked_limits(folded, limits, height)
    space = axes_in_space(ax, "a surface")
    rise = _fit(space, folded, limits, height, [*scene.axis_names(partition), f"output {output}"])
    paint, scalars = _paint(partition, folded, color, output, limits, rise)
    space.add_collection(_FoldedSheet(folded, paint, *_lines(partition, folded, boundaries)), autolim=False)
    if boundaries and legend:
        draw_legend(space, layer_handles(partition), loc="upper center", bbox_to_anchor=(0.5, 0.05))
    if scalars is not None:
        draw_scale(space.figure, scalars, color, output, ax=space, shrink=0.6, pad=0.1)
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
        order = back_to_front(folded, _eye(matrix))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        # A line comes right after the nearer of its two sides.
        order = np.argsort(np.concatenate([rank, rank[self.beside].max(axis=1)]), kind="stable")
        shapes = [*np.split(flat[folded.corners, :2], folded.indptr[1:-1]), *flat[self.lines, :2]]
        self.set_verts([shapes[i] for i in order.tolist()], closed=False)
        self.set(facecolor=self.ink[order], edgecolor=self.ink[order], linewidth=self.widths[order])
        return float(flat[:, 2].min())


def _eye(matrix: Floats) -> Floats:
    """Where a projection looks from, (4,), in the form that `back_to_front` takes."""
    eye = np.linalg.svd(matrix[[0, 1, 3]])[2][-1]  # the one point that has no image
    if abs(eye[3]) > 1e-9 * np.abs(eye).max():
        return np.asarray(eye / eye[3])
    eye[3] = 0.0  # rays are parallel; what is projected lower is nearer
    return np.asarray(-eye if matrix[2] @ eye > 0 else eye)


def _lines(partition: Partition, folded: Sheet, boundaries: bool) -> tuple[Ints, Ints, Floats, Floats]:
    """Ends, sides, colours and widths of the creases, if wanted, and of the rim."""
    rim = len(folded.rim)
    beside = np.stack([folded.rim_regions] * 2, axis=1)
    grey, thin = np.tile(mcolors.to_rgb(FRAME), (rim, 1)), np.full(rim, 0.8)
    if not boundaries:
        return folded.rim, beside, grey, thin
    n_layers = len(partition.network.layers)
    widths = boundary_widths(len(partition), n_layers, 300.0)[folded.crease_layers]
    return (
        np.vstack([folded.creases, folded.rim]),
        np.vstack([folded.crease_regions, beside]),
        np.vstack([scene.layer_colors(n_layers)[folded.crease_layers], grey]),
        np.concatenate([widths, thin]),
    )


def _paint(
    partition: Partition, folded: Sheet, color: str, output: int, limits: tuple[float, float], rise: float
) -> tuple[Floats, ScalarMappable | None]:
    """Colour of each polygon, (n_regions, 3), and the scale that it comes from."""
    if color == "pattern":
        normals = np.pad(-rise * within(partition).maps[:, output, :2], ((0, 0), (0, 1)), constant_values=1.0)
        light = normals @ LAMP / (np.linalg.norm(normals, axis=1) * np.linalg.norm(LAMP))
        return scene.pattern_colors(partition) * (0.72 + 0.28 * light)[:, None], None
    values = folded.mean_heights() if color == "value" else scene.slopes(partition, output)
    norm = mcolors.Normalize(*limits) if color == "value" else slope_norm(values)
    scalars = ScalarMappable(norm, colormaps["cividis"])
    return np.asarray(scalars.to_rgba(values))[:, :3], scalars


def _fit(ax: Axes3D, folded: Sheet, limits: tuple[float, float], height: float, names: list[str]) -> float:
    """Set the view; returns how much longer a unit of value is drawn than one of the inputs."""
    lower, upper = folded.points[:, :2].min(axis=0), folded.points[:, :2].max(axis=0)
    across = upper - lower
    ax.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), zlim=limits)
    ax.set(**dict(zip(("xlabel", "ylabel", "zlabel"), names, strict=True)))
    ax.set_box_aspect((*across, height * across.max()))
    plain_axes(ax)
    return float(height * across.max() / (limits[1] - limits[0]))
