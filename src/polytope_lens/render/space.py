"""Partitions of space drawn with matplotlib.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib import colors as mcolors
from matplotlib.cm import ScalarMappable
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.render import scene
from polytope_lens.render.matplotlib import FRAME, INK, draw_scale
from polytope_lens.render.solid_files import Solids, solids

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition


# How much regions are drawn apart: by this the eye tells one from the next.
SHRINK = 0.86
OUTSIDE = (0.87, 0.87, 0.87)  # colour of the domain's sides among those of layers


def plot(
    partition: Partition,
    ax: Axes | None = None,
    color: str = "value",
    *,
    boundaries: bool = True,
    points: ArrayLike | None = None,
    output: int = 0,
    shrink: float = SHRINK,
) -> Axes3D:
    """Draw the regions of a bounded domain in space as solids, a little apart.

    Parameters
    ----------
    partition : Partition
    ax : Axes3D, optional
        Where to draw; a new figure by default.
    color : {"value", "pattern", "slope", "layer"}
        The network's value in the middle of each face; a colour of its own for each activation pattern; the norm of the
        gradient; or the layer that each face belongs to.
    boundaries : bool
        Draw the edges of the solids.
    points : (n, d) array, optional
        Inputs of the network, drawn as small dots; d is 3, unless the domain is a flat box, which should hold them.
    output : int
        Which output of the network "value" and "slope" are about.
    shrink : float
        Each solid is scaled about a point inside by this factor; 1 draws them where they are.

    Returns
    -------
    Axes3D

    Raises
    ------
    OptionError, DimensionError, UnboundedPolytopeError

    Notes
    -----
    Colours that stand for numbers are drawn as they are, others shaded like solids under a lamp.
    Faces are drawn from the farthest to the nearest, by their middles; where long ones pass each other, the order may
    be wrong. Cost: about 0.1 milliseconds for each face; some thousands of regions are too many to see anyway.
    """
    validate.option(color, name="color", allowed=scene.COLORS)
    faces = solids(partition, shrink=shrink, output=output)
    dots = None if points is None else scene.drawn_points(partition, points)
    space = axes_in_space(ax, "a partition of space")
    paint, scalars = _paint(partition, faces, color, output)
    edge: dict[str, Any] = {"edgecolors": INK, "linewidths": 0.35} if boundaries else {"edgecolors": "none"}
    space.add_collection3d(Poly3DCollection(faces.rings(), facecolors=paint, shade=scalars is None, **edge))
    if dots is not None:
        space.plot(*dots.T, linestyle="none", marker="o", markersize=3.5, color="black", markeredgecolor="white")
    _fit(space, require_polyhedral_mesh(partition).points, scene.axis_names(partition))
    if scalars is not None:
        draw_scale(space.figure, scalars, color, output, ax=space, shrink=0.7, pad=0.1)
    if color == "layer":
        n_layers = len(partition.network.layers)
        handles = [Patch(color=c, label=f"layer {i}") for i, c in enumerate(scene.layer_colors(n_layers))]
        handles.append(Patch(color=OUTSIDE, label="domain"))
        space.legend(handles=handles, loc="upper left", frameon=False, fontsize=9, labelcolor=INK)
    return space


def _paint(partition: Partition, faces: Solids, color: str, output: int) -> tuple[Floats, ScalarMappable | None]:
    """Colour of each face, (n_faces, 3 or 4), and the scale that it comes from."""
    if color == "pattern":
        return scene.pattern_colors(partition)[faces.regions], None
    if color == "layer":
        return np.vstack([scene.layer_colors(len(partition.network.layers)), OUTSIDE])[faces.layers], None
    values = faces.values if color == "value" else scene.slopes(partition, output)[faces.regions]
    low, high = float(values.min()), float(values.max())
    norm = mcolors.Normalize(low, high) if low < high else mcolors.Normalize(low - 0.5, low + 0.5)
    scalars = ScalarMappable(norm, colormaps["cividis"])
    return np.asarray(scalars.to_rgba(values)), scalars


def _fit(ax: Axes3D, points: Floats, names: list[str]) -> None:
    lower, upper = points.min(axis=0), points.max(axis=0)
    ax.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), zlim=(lower[2], upper[2]))
    ax.set(**dict(zip(("xlabel", "ylabel", "zlabel"), names, strict=True)))
    ax.set_box_aspect(tuple(upper - lower))
    plain_axes(ax)


def axes_in_space(ax: Axes | None, what: str) -> Axes3D:
    """The axes given, or those of a new figure.

    Raises
    ------
    OptionError
        Axes in the plane.
    """
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.figure(figsize=(6.8, 6.0), layout="constrained").add_subplot(projection="3d")
    if not isinstance(ax, Axes3D):
        raise OptionError(f'{what} needs axes in space: `figure.add_subplot(projection="3d")`.')
    return ax


def plain_axes(ax: Axes3D) -> None:
    """Few ticks, no grid, thin panes."""
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(MaxNLocator(4, prune="both"))
        axis.pane.fill = False
        axis.pane.set_edgecolor(FRAME)
    ax.grid(visible=False)
    ax.tick_params(color=FRAME, labelcolor=INK, labelsize=8)
