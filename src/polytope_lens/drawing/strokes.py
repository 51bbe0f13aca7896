"""Lines and dots in the plane, many at once, as thick as the picture is large."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

    from polytope_lens._types import Floats


class Strokes(PathPatch):
    """Segments as one curve: far faster, and smaller in vector formats, than an artist or a path for each.

    Parameters
    ----------
    segments : (n, 2, 2) array
    width : float
        In points; or as a part of the shorter side of the axes, whatever size they will be drawn at.
    relative : bool
        Which of the two.
    **style
        For matplotlib's ``Patch``.
    """

    def __init__(self, segments: Floats, *, width: float, relative: bool = False, **style: Any) -> None:
        codes = np.tile(np.array([Curve.MOVETO, Curve.LINETO], dtype=np.uint8), len(segments))
        super().__init__(Curve(segments.reshape(-1, 2), codes), fill=False, capstyle="round", **style)
        self.relative_width = width if relative else None
        if not relative:
            self.set_linewidth(width)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the segments, as thick as the axes are large now."""
        if self.relative_width is not None and self.axes is not None:
            self.set_linewidth(self.relative_width * side_in_points(self.axes))
        super().draw(renderer)


def side_in_points(ax: Any) -> float:
    """The shorter side of axes."""
    return float(min(ax.bbox.width, ax.bbox.height)) * 72 / float(ax.figure.dpi)


def relative_widths(n_regions: int, n_layers: int) -> Floats:
    """Width of each layer's lines as a part of the side of a square that so many regions share: hairlines where many.

    Those of the first of many layers are twice as thick as those of the last.
    """
    width = min(max(0.055 / math.sqrt(n_regions), 1 / 4000), 1 / 600)
    return np.asarray(width * (2 - (np.arange(n_layers) + 1) / max(n_layers, 1)))


def draw_segments(ax: Axes, segments: Floats, *, color: Any, width: float, relative: bool = False) -> Strokes:
    """Add segments, (n, 2, 2), to axes; see `Strokes`."""
    strokes = Strokes(segments, width=width, relative=relative, edgecolor=color)
    ax.add_artist(strokes)
    return strokes


def draw_dots(ax: Axes, points: Floats, color: Any, *, size: float, **edge: Any) -> None:
    """Points on top of a picture; `edge` goes to matplotlib's ``Line2D``."""
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": size, "markeredgewidth": 0, **edge}
    ax.add_artist(Line2D(points[:, 0], points[:, 1], color=color, zorder=3, **style))


def dot_size(n: int, side: float) -> float:
    """Diameter in points of so many dots on a square: they shrink with the picture, and leave most of it free."""
    return float(np.clip(0.16 * side / math.sqrt(max(n, 1)), side / 350, side / 110))
