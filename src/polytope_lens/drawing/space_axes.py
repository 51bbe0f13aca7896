"""Axes in space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d import Axes3D

from polytope_lens.drawing.plane_axes import FRAME, ShortNumbers, legend, with_ends
from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from polytope_lens._types import Floats
    from polytope_lens.drawing.picture_style import PictureStyle
ZOOM = 0.88  # leaves the names of axes their room


def axes_in_space(ax: Axes | None, style: PictureStyle, what: str) -> Axes3D:
    """The axes given, or those of a new figure.

    Raises
    ------
    OptionError
        Axes in the plane.
    """
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.figure(figsize=style.figsize or (6.8, 6.0), layout="constrained").add_subplot(projection="3d")
    if not isinstance(ax, Axes3D):
        raise OptionError(f'{what} needs axes in space: `figure.add_subplot(projection="3d")`.')
    return ax


def fit_space(ax: Axes3D, lower: Floats, upper: Floats, names: list[str], aspect: Floats | None = None) -> None:
    """Show a box, by default one unit as long in all directions, with few ticks and thin panes."""
    for axis, low, high in zip((ax.xaxis, ax.yaxis, ax.zaxis), lower.tolist(), upper.tolist(), strict=True):
        between = MaxNLocator(3).tick_values(low, high)
        between = between[(between > low) & (between < high)]
        axis.set_ticks(with_ends(low, high, between, (between - low) / (high - low)))
        axis.set_major_formatter(ShortNumbers(low, high))
        axis.pane.fill = False
        axis.pane.set_edgecolor(FRAME)
    limits = zip(("xlim", "ylim", "zlim"), np.stack([lower, upper], axis=1).tolist(), strict=True)
    ax.set(**dict(limits), **dict(zip(("xlabel", "ylabel", "zlabel"), names, strict=True)))
    ax.set_box_aspect(tuple(upper - lower if aspect is None else aspect), zoom=ZOOM)
    ax.grid(visible=False)
    ax.tick_params(color=FRAME)


def legend_beside(ax: Axes3D, handles: Sequence[Artist]) -> None:
    """Add a legend where the axes leave a corner of the picture free."""
    legend(ax, handles, columns=1, loc="upper left", bbox_to_anchor=(0.0, 0.98), borderaxespad=0)


def eye_of(matrix: Floats) -> Floats:
    """Where a projection looks from, (4,), ``[x, y, z, 1]``, or ``[x, y, z, 0]`` for parallel rays from there."""
    eye = np.linalg.svd(matrix[[0, 1, 3]])[2][-1]  # the one point that has no image
    if abs(eye[3]) > 1e-9 * np.abs(eye).max():
        return np.asarray(eye / eye[3])
    eye[3] = 0.0  # rays are parallel; what is projected lower is nearer
    return np.asarray(-eye if matrix[2] @ eye > 0 else eye)
