"""Zero sets drawn: curves in the plane, polygons in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import patheffects
from matplotlib.collections import LineCollection, PolyCollection
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens.drawing.picture_style import PLAIN
from polytope_lens.drawing.plane_axes import FRAME, plane_axes
from polytope_lens.drawing.space_axes import axes_in_space, fit_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D

    from polytope_lens._types import Floats


INK = "black"
SHEET = "#56b4e9"


def draw_curves(
    curves: Sequence[Floats], dots: Floats, inputs: Sequence[int], ax: Axes | None = None, **style: Any
) -> Axes:
    """Draw polylines and points in the plane, cased in white so that they are seen on any ground.

    Parameters
    ----------
    curves : sequence of (n, 2) arrays
    dots : (m, 2) array
    inputs : two ints
        What the axes of a new figure stand for.
    ax : Axes, optional
    **style
        For matplotlib's ``LineCollection``.
    """
    is_new = ax is None
    ax = plane_axes(ax, PLAIN)
    lines = [*curves, *(np.repeat(dot[None], 2, axis=0) for dot in dots)]  # a line of no length is a dot
    if "color" not in style and "colors" not in style:
        style["color"] = INK
    width = style.pop("linewidth", style.pop("linewidths", 1.6))
    casing = [patheffects.withStroke(linewidth=2 * width, foreground="white", alpha=0.8)]
    options: dict[str, Any] = {"linewidths": width, "capstyle": "round", "path_effects": casing, "zorder": 2.5, **style}
    ax.add_collection(LineCollection(lines, **options))
    if is_new:
        ax.set(xlabel=f"input {inputs[0]}", ylabel=f"input {inputs[1]}", aspect="equal")
        ax.spines[:].set(color=FRAME)
    ax.autoscale_view()
    return ax


def draw_areas(rings: Sequence[Floats], ax: Axes | None = None, **style: Any) -> Axes:
    """Draw convex sets of two outputs by their corners, each through the ones before; segments and points are lines.

    Parameters
    ----------
    rings : sequence of (n, 2) arrays
    ax : Axes, optional
    **style
        For matplotlib's ``PolyCollection``.
    """
    is_new = ax is None
    ax = plane_axes(ax, PLAIN)
    options: dict[str, Any] = {"facecolor": SHEET, "edgecolor": INK, "alpha": 0.4, "linewidth": 0.5, **style}
    ax.add_collection(PolyCollection(rings, capstyle="round", **options))
    if is_new:
        ax.set(aspect="equal")
    ax.set(xlabel="output 0", ylabel="output 1")
    ax.spines[:].set(color=FRAME)
    ax.autoscale_view()
    return ax


def draw_polygons(rings: Sequence[Floats], inputs: Sequence[int], ax: Axes | None = None, **style: Any) -> Axes3D:
    """Draw polygons in space, shaded like paper under a lamp.

    Parameters
    ----------
    rings : sequence of (n, 3) arrays
    inputs : three ints
        What the axes of a new figure stand for.
    ax : Axes3D, optional
    **style
        For matplotlib's ``Poly3DCollection``.
    """
    is_new = ax is None
    space = axes_in_space(ax, PLAIN, "a surface")
    faces = style.pop("facecolors", style.pop("facecolor", style.pop("color", SHEET)))
    edges = style.pop("edgecolors", style.pop("edgecolor", "#33333366"))
    options: dict[str, Any] = {"shade": True, "linewidth": 0.3, **style}
    if not rings:
        return space
    space.add_collection3d(Poly3DCollection(rings, facecolors=faces, edgecolors=edges, **options))
    if is_new:
        points = np.concatenate(rings)
        lower, upper = points.min(axis=0), points.max(axis=0)
        room = np.where(upper > lower, 0.0, 0.5)
        fit_space(space, lower - room, upper + room, [f"input {k}" for k in inputs])
    return space
