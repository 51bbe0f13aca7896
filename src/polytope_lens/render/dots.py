"""Points of a data set on top of a picture, with colours of their classes or of their own.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors

from polytope_lens._arrays import validate
from polytope_lens.drawing.plane_axes import INK
from polytope_lens.drawing.strokes import dot_size, draw_dots, side_in_points
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.render import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from mpl_toolkits.mplot3d import Axes3D
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Points to be drawn.

    Parameters
    ----------
    points : (n, k) array
        Where they are in the drawing.
    colors : (1, 4) or (n, 4) array
        One for all, or one for each.
    names : list of str
        Of the classes, in the order of `class_hues`; empty without labels.
    codes : (n,) int array or None
        The class of each.
    size : float or None
        Diameter in points; None lets their number and the size of the axes decide.
    """

    points: Floats
    colors: Floats
    names: list[str]
    codes: Ints | None
    size: float | None

    def size_in(self, ax: Axes) -> float:
        """Diameter in points on axes of some size."""
        return dot_size(len(self.points), side_in_points(ax)) if self.size is None else self.size


def dots_of(
    partition: Partition,
    points: ArrayLike | None,
    labels: ArrayLike | None = None,
    color: Any = None,
    size: float | None = None,
) -> Dots | None:
    """The dots that were asked for, if any.

    Raises
    ------
    DimensionError
        `points` are no inputs, or there are not as many labels or colours.
    OptionError
        Something about points, but no points; labels and colours at once; no colours.
    OutsideDomainError
    """
    asked = [name for name, value in (("labels", labels), ("points_color", color), ("points_size", size))
             if value is not None]  # fmt: skip
    if points is None:
        if asked:
            raise OptionError(f"`{asked[0]}` is about points, but no `points` were given.")
        return None
    if labels is not None and color is not None:
        raise OptionError("`labels` give points the colours of classes: leave `points_color` out, or `labels`.")
    if size is not None:
        size = validate.number(size, name="`points_size`", positive=True)
    drawn = scene.drawn_points(partition, points)
    codes, names = scene.coded(labels, len(drawn))
    if codes is None:
        return Dots(drawn, _colors("black" if color is None else color, len(drawn)), [], None, size)
    hues = scene.class_hues(max(len(names), partition.network.output_dim, 1))[codes]
    return Dots(drawn, np.pad(hues, ((0, 0), (0, 1)), constant_values=1.0), names, codes, size)


def draw_in_plane(ax: Axes, dots: Dots) -> None:
    """Dots on top, with rims by which they are seen on any ground."""
    for points, style in _groups(ax, dots):
        draw_dots(ax, points, style.pop("color"), size=style.pop("markersize"), **style)


def draw_in_space(space: Axes3D, dots: Dots) -> None:
    """Dots in front of all solids."""
    for points, style in _groups(space, dots):
        space.plot(*points.T, linestyle="none", marker="o", zorder=1e4, **style)


def _groups(ax: Axes, dots: Dots) -> Iterator[tuple[Floats, dict[str, Any]]]:
    """Points of one colour, and how they are drawn."""
    size = dots.size_in(ax)
    rim = {"markeredgecolor": INK if dots.names else "white", "markeredgewidth": 0.14 * size, "markersize": size}
    colors, which = np.unique(dots.colors, axis=0, return_inverse=True)
    which = np.broadcast_to(which.reshape(-1), len(dots.points))
    for k, color in enumerate(colors.tolist()):
        yield dots.points[which == k], {"color": tuple(color), **rim}


def _colors(color: Any, n: int) -> Floats:
    """Colours as matplotlib reads them: one, or n."""
    try:
        found = np.asarray(mcolors.to_rgba_array(color), dtype=np.float64)
    except (ValueError, TypeError, AttributeError, OverflowError, RuntimeError) as refused:
        are_classes = isinstance(color, list | np.ndarray) and all(isinstance(c, int | np.integer) for c in color)
        advice = " Numbers of classes are `labels`." if are_classes else ""
        raise OptionError(
            "`points_color` should be a colour of matplotlib, such as 'crimson', or one for each point, but received "
            f"{validate.shown(color)}.{advice}"
        ) from refused
    if len(found) not in (1, n):
        raise DimensionError(
            f"`points_color` should be one colour, or one for each of the {n} points, but received {len(found)}."
        )
    return found
