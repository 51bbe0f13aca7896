"""What training does to regions, drawn with matplotlib: their ages, how many there are, and how many come and go.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from polytope_lens._arrays import validate
from polytope_lens.drawing.picture_style import PLAIN
from polytope_lens.drawing.plane_axes import INK, draw_scale, make_room, open_sides, plane_axes
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.matplotlib import draw_boundaries
from polytope_lens.render.region_image import fill
from polytope_lens.render.scene import axis_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import ColorType
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition

    Curve = tuple[Floats, ColorType, str]


# Blues come, vermillions go: colours of Okabe and Ito, told apart by all eyes.
GAINS = {"split": "#0072b2", "born": "#56b4e9"}
LOSSES = {"merged": "#d55e00", "died": "#e69f00"}
AGES = "cividis_r"


def plot_ages(
    partition: Partition,
    ages: ArrayLike,
    ax: Axes | None = None,
    *,
    oldest: float | None = None,
    boundaries: bool = True,
    label: str = "age in updates",
) -> Axes:
    """Draw the regions of a bounded domain in the plane, the older the darker.

    Parameters
    ----------
    partition : Partition
    ages : (n_regions,) array of numbers not below 0
        Such as one of those that `events.ages` finds.
    ax : Axes, optional
        Where to draw; a new figure by default.
    oldest : float, optional
        End of the scale, by default the greatest age; for pictures that share a scale. It is linear up to the least
        age above 0, or a thousandth of `oldest` if that is more, and logarithmic beyond.
    boundaries : bool
        Draw the edges between regions.
    label : str
        Of the scale.

    Raises
    ------
    DimensionError
        The partition has no polygons, or not as many regions as there are ages.
    UnboundedPolytopeError
    OptionError
        An age below 0 or not finite, or an end of the scale that is not above 0.
    """
    values = np.asarray(ages, dtype=np.float64)
    if values.shape != (len(partition),):
        raise DimensionError(
            f"`plot_ages` needs an age for each of the {len(partition)} regions, but received an array of shape "
            f"{values.shape}."
        )
    if not (np.isfinite(values) & (values >= 0)).all():
        raise OptionError("ages should be finite and not below 0.")
    if oldest is not None and not 0 < oldest < np.inf:
        raise OptionError(f"`oldest` should be a finite number above 0, but received {validate.shown(oldest)}.")
    require_planar_mesh(partition)
    end = float(values.max()) if oldest is None else float(oldest)
    end = end or 1.0
    least = float(values[values > 0].min(initial=end))
    norm = mcolors.AsinhNorm(linear_width=min(max(least, end / 1000), end), vmin=0, vmax=end)
    ax = plane_axes(ax, PLAIN, (6.4, 5.0))
    image = fill(ax, partition, np.pad(values[:, None], ((0, 0), (2, 0))), AGES, norm)
    if boundaries:
        draw_boundaries(ax, partition, "#99999999")
    ax.set(**dict(zip(("xlabel", "ylabel"), axis_names(partition), strict=True)))
    between = np.array([factor * 10.0**k for k in range(7) for factor in (1, 3)])
    draw_scale(ax, image, label, between=between[(between >= least) & (between < end)])
    make_room(ax)
    return ax


def plot_events(steps: Ints, n_regions: Ints, counts: Mapping[str, Floats], figure: Figure | None = None) -> Figure:
    """Draw how many regions there are, how many of them persist, and how many come and go, over the recorded steps.

    Above, the number of regions at each step, and of those that were there at the recorded step before. Below, for
    each pair of steps, what came (split off or born) upwards and what went (merged or died) downwards. Where the
    training had diverged nothing is drawn.

    Parameters
    ----------
    steps : (n,) int array
    n_regions : (n,) int array
        At each step; 0 where the training had diverged.
    counts : dict of (n - 1,) float arrays
        What came and went between steps, by kind; NaN where that is not known.
    figure : Figure, optional
        Where to draw; a new one by default.
    """
    if figure is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=(7.6, 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(steps, np.where(n_regions > 0, n_regions, np.nan), color=INK, linewidth=1.5, label="regions")
    above.stairs(counts["persisting"], steps, baseline=0, color="#999999", fill=True, label="of these persisting")
    above.set(ylabel="regions", ylim=(0, None))
    for side, kinds in ((1, GAINS), (-1, LOSSES)):
        base = np.zeros(len(steps) - 1)
        for name, color in kinds.items():
            top = base + side * counts[name]
            label = {"split": "split off"}.get(name, name)
            below.stairs(top, steps, baseline=base, color=color, fill=True, label=label)
            base = top
    below.axhline(0, color=INK, linewidth=0.8)
    below.set(xlabel="step", ylabel="gone      come", xlim=(steps[0], steps[-1]))
    below.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    for ax in (above, below):
        _trim(ax)
    return figure


def plot_over_steps(steps: Ints, panels: Sequence[tuple[str, Sequence[Curve]]], figure: Figure | None = None) -> Figure:
    """Draw curves over recorded steps, one panel below the other, on logarithmic scales.

    Parameters
    ----------
    steps : (n,) int array
    panels : sequence of (str, curves)
        What the axis says; and of each curve its n values, its colour, and its name. Values not above 0 are left out.
    figure : Figure, optional
        Where to draw; a new one by default.
    """
    if figure is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=(7.6, 5.2), layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (name, curves) in zip(axes, panels, strict=True):
        for values, color, label in curves:
            ax.plot(steps, np.where(values > 0, values, np.nan), color=color, linewidth=1.5, label=label)
        known = np.concatenate([values[values > 0] for values, _, _ in curves])
        log_scale(ax, known.min(initial=np.inf), known.max(initial=0.0))
        ax.set(ylabel=name)
        _trim(ax)
    axes[-1].set(xlabel="step")
    return figure


def log_scale(ax: Axes, low: float, high: float) -> None:
    """Let values from `low` to `high` be on a logarithmic scale, with plain numbers beside it."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 30 * low else (1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _trim(ax: Axes) -> None:
    """Frame, labels and legend as all of these pictures have them."""
    open_sides(ax)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
