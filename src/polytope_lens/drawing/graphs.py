"""Graphs of numbers: what is found along a path, and about neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.drawing.palettes import layer_colors
from polytope_lens.drawing.picture_style import PLAIN
from polytope_lens.drawing.plane_axes import open_sides, plane_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from polytope_lens._types import Floats, Ints


MOST_NAMES = 12
"""Lines that a legend names."""


def draw_path(
    positions: Floats,
    values: Floats,
    outputs: Sequence[int],
    layers: Sequence[int],
    n_layers: int,
    ax: Axes | None = None,
    **line: Any,
) -> Axes:
    """Draw outputs along a path, above a mark for each boundary that it crosses, coloured by layer.

    Parameters
    ----------
    positions : (k + 2,) array
        Of the start, the boundaries and the end.
    values : (k + 2, m) array
        Of the outputs there; they are affine between.
    outputs : m ints
        Their numbers.
    layers : k ints
        Of a neuron that flips at each boundary.
    n_layers : int
    ax : Axes, optional
    **line
        For matplotlib's ``plot``.
    """
    ax = open_axes(ax, (6.4, 4.0))
    for output, column in zip(outputs, values.T, strict=True):
        ax.plot(
            positions, column, **{"label": f"output {output}", "linewidth": 1.5, "solid_joinstyle": "round", **line}
        )
    crossed, where = positions[1:-1], np.asarray(layers, dtype=np.int64)
    for layer, color in enumerate(layer_colors(n_layers)):
        marks = crossed[where == layer]
        if len(marks):
            ax.vlines(marks, 0, 0.04, transform=ax.get_xaxis_transform(), color=tuple(color), linewidth=0.8,
                      label=f"layer {layer}")  # fmt: skip
    ax.set(xlabel="position on the path", xlim=(positions[0], positions[-1]))
    ax.set_ylabel(f"output {outputs[0]}" if len(outputs) == 1 else "outputs")
    handles, _ = ax.get_legend_handles_labels()
    named = len(outputs) if 1 < len(outputs) <= MOST_NAMES // 2 else 0
    handles = [*handles[:named], *handles[len(outputs) :]]
    if 0 < len(handles) <= MOST_NAMES:
        ax.legend(handles=handles, frameon=False, ncols=2, fontsize="small")
    return ax


def draw_neurons(layers: Ints, share: Floats, sizes: Floats, n_layers: int, told: str, ax: Axes | None = None) -> Axes:
    """Draw a dot for each neuron: where it is on, and how much it cuts.

    Parameters
    ----------
    layers : (n,) int array
    share : (n,) array
        Part of the domain where it is on.
    sizes : (n,) array
        Of its bent hyperplane.
    n_layers : int
    told : str
        What sizes are.
    ax : Axes, optional
    """
    ax = open_axes(ax, (6.4, 4.0))
    for layer, color in enumerate(layer_colors(n_layers)):
        own = layers == layer
        if own.any():
            ax.scatter(share[own], sizes[own], s=22, color=tuple(color), edgecolors="white", linewidths=0.5,
                       label=f"layer {layer}", clip_on=False)  # fmt: skip
    ax.set(xlabel="share of the domain where it is on", ylabel=told, xlim=(0, 1), ylim=(0, None))
    if 0 < len(np.unique(layers)) <= MOST_NAMES:
        ax.legend(frameon=False, fontsize="small", handletextpad=0.2)
    return ax


def open_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes given, or new ones, without sides above and at the right."""
    ax = plane_axes(ax, PLAIN, size)
    open_sides(ax)
    return ax
