"""Pictures of a trained network, and of several side by side.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from polytope_lens.drawing.plane_axes import FRAME, INK, legend
from polytope_lens.drawing.strokes import draw_segments
from polytope_lens.render.class_boundary import class_boundary
from polytope_lens.render.matplotlib import TRAIN, VALIDATION, draw_boundaries, layer_handles
from polytope_lens.render.surface import surface
from polytope_lens.training.films.panel_pixels import target_colors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.experiments.run import Run
    from polytope_lens.partition.partition import Partition


TRUTH = "#222222"


def creases(found: Partition, image: NDArray[Any]) -> Figure:
    """The boundaries of the polytopes over the image that was to be learnt, coloured by layer.

    Those of layer 0 are whole lines; with one hidden layer there are no others. Over categories, the boundary between
    the classes that the network tells is drawn too.

    Parameters
    ----------
    found : Partition
        Of a box around [-1, 1]^2.
    image : (size, size) array
        Of grey levels, or of categories.
    """
    figure = Figure(figsize=(6.0, 6.4), layout="constrained")
    ax = figure.add_subplot(xlim=(-1, 1), ylim=(-1, 1), xlabel="input 0", ylabel="input 1", aspect="equal")
    handles = layer_handles(found)
    place: dict[str, Any] = {"extent": (-1, 1, -1, 1), "origin": "upper"}
    draw_boundaries(ax, found)
    if image.dtype.kind in "ui":
        ax.imshow(target_colors(image, found.network.output_dim), **place)
        draw_segments(ax, class_boundary(found), color=TRUTH, width=1.5)
        handles.append(Line2D([], [], color=TRUTH, linewidth=2, label="decision boundary"))
    else:
        # Paler than it is, so that lines of every colour show.
        ax.imshow(image, cmap="gray", vmin=-0.6, vmax=1.1, **place)
    ax.set_title(f"{len(found):,} polytopes over the target", loc="left", color=INK, fontsize=10)
    ax.spines[:].set(color=FRAME, linewidth=0.8)
    legend(ax, handles)
    return figure


def folded(found: Partition, output: int = 0) -> Figure:
    """The graph of an output as a folded surface; see `surface.surface`."""
    figure = Figure(figsize=(6.8, 6.0), layout="constrained")
    surface(found, figure.add_subplot(projection="3d"), output=output)
    return figure


def comparison(runs: Sequence[Run], against: str) -> Figure:
    """Errors, and exact numbers of regions, of several trained networks.

    Parameters
    ----------
    runs : sequence of Run
    against : {"points", "depth"}
        What the runs differ in: the number of training points, or of hidden layers.
    """
    x = np.array([run.setting.n_points if against == "points" else len(run.setting.layers) - 2 for run in runs])
    last: dict[str, tuple[str, str, Any]] = {
        "training points": (TRAIN, "o", [run.measures.train_loss[-1] for run in runs]),
        "validation points": (VALIDATION, "s", [run.measures.validation_loss[-1] for run in runs]),
    }
    categorical = runs[0].setting.categories > 0
    truth = "pixels in the wrong class" if categorical else "whole image"
    last[truth] = (TRUTH, "D", [run.measures.true_error[-1] for run in runs])
    counts: dict[str, tuple[str, str, Any]] = {
        "regions": (TRUTH, "D", [run.n_regions for run in runs]),
        "regions that hold training points": (TRAIN, "o", [run.n_inhabited for run in runs]),
        r"$N^2/2$ for $N$ neurons": (VALIDATION, "s", [sum(run.setting.layers[1:-1]) ** 2 / 2 for run in runs]),
    }
    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _curves(left, x, last, "cross-entropy, and share of pixels" if categorical else "mean squared error", against)
    _curves(right, x, counts, "number", against)
    return figure


def _curves(ax: Axes, x: Floats, curves: dict[str, tuple[str, str, Any]], label: str, against: str) -> None:
    order = np.argsort(x, kind="stable")
    for name, (color, marker, values) in curves.items():
        y = np.asarray(values, dtype=float)[order]
        ax.plot(
            x[order], np.where(y > 0, y, np.nan), color=color, marker=marker, markersize=5, linewidth=1.2, label=name
        )
    ax.set_yscale("log")
    if against == "points":
        ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(np.unique(x).tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set(xlabel="training points" if against == "points" else "hidden layers", ylabel=label)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#e4e4e4", linewidth=0.6)
    ax.tick_params(color=FRAME, labelcolor=INK, labelsize=9)
    ax.legend(frameon=False, fontsize=9, labelcolor=INK)
