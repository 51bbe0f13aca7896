"""Axes in the plane, and what stands around them: ticks, a scale of colours, a legend, and room for these."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.gridspec import GridSpecFromSubplotSpec
from matplotlib.ticker import Formatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.cm import ScalarMappable

    from polytope_lens._types import Floats
    from polytope_lens.drawing.picture_style import PictureStyle


INK, FRAME = "#333333", "#999999"
SIZE = (6.4, 6.0)
MINUS = "\N{MINUS SIGN}"
GAP = 8  # points between panels
BESIDE = (1.03, 0.0, 0.04, 1.0)  # where a scale stands, in units of the axes


def plane_axes(ax: Axes | None, style: PictureStyle, size: tuple[float, float] = SIZE) -> Axes:
    """The axes given, or those of a new figure.

    Raises
    ------
    OptionError
        No axes, or axes in space.
    """
    if ax is not None:
        validate.instance(ax, Axes, name="`ax`", advice="Leave it out for a new figure.")
        if ax.name == "3d":
            raise OptionError("a picture of the plane needs axes in the plane: `figure.add_subplot()`.")
        return ax
    from matplotlib import pyplot

    return pyplot.figure(figsize=style.figsize or size, layout="constrained").add_subplot()


def fit(ax: Axes, extent: tuple[float, float, float, float]) -> None:
    """Show (left, right, bottom, top), one unit as long in both directions; axes without ticks stay without."""
    left, right, bottom, top = extent
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.spines[:].set(color=FRAME, linewidth=0.8)
    ax.tick_params(color=FRAME)
    for axis in (ax.xaxis, ax.yaxis):
        if len(axis.get_majorticklocs()):
            axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10]))


def open_sides(ax: Axes) -> None:
    """Leave out the sides above and at the right, as graphs have it."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(color=FRAME, linewidth=0.8)
    ax.tick_params(color=FRAME)


def draw_scale(
    ax: Axes, scalars: ScalarMappable, label: str, /, *, between: Floats | None = None, **place: Any
) -> None:
    """Draw what colours stand for, with labels at its ends and, where they stand apart, `between` them.

    It stands beside the axes, unless `place` tells ``colorbar`` otherwise.
    """
    bar = ax.figure.colorbar(scalars, label=label, **place or {"cax": ax.inset_axes(BESIDE)})
    bar.outline.set(color=FRAME, linewidth=0.8)
    low, high = (float(np.asarray(end)) for end in (scalars.norm.vmin, scalars.norm.vmax))
    ticks = np.asarray(bar.locator.tick_values(low, high) if between is None else between, dtype=np.float64)
    ticks = ticks[(ticks > low) & (ticks < high)]
    letter = FontProperties(size=rcParams["ytick.labelsize"]).get_size_in_points()
    apart = 1.3 * letter * ax.figure.dpi / 72 / max(float(ax.bbox.height), 1.0)
    places = np.asarray(scalars.norm(ticks), dtype=np.float64)
    bar.set_ticks(with_ends(low, high, ticks, places, min(max(apart, 0.04), 0.5)))
    bar.ax.yaxis.set_major_formatter(ShortNumbers(low, high))
    bar.minorticks_off()
    bar.ax.tick_params(color=FRAME)


def with_ends(low: float, high: float, between: Floats, places: Floats, apart: float = 0.1) -> list[float]:
    """Ticks at both ends of a scale and those between that stand apart; `places` run from 0 to 1."""
    kept, last = [low], 0.0
    for value, place in sorted(zip(between.tolist(), places.tolist(), strict=True)):
        if place < 1 - apart and place - last > apart:
            kept.append(value)
            last = place
    return [*kept, high]


class ShortNumbers(Formatter):
    """Ticks of a scale from `low` to `high`, written to three digits of its length."""

    def __init__(self, low: float, high: float) -> None:
        length = high - low
        self.digits = 2 - math.floor(math.log10(length)) if 0 < length < math.inf else 99

    def __call__(self, value: float, pos: int | None = None) -> str:
        """The text of a tick."""
        if not -4 <= self.digits <= 6:
            text = f"{value:.3g}"
        else:
            text = f"{value:,.{max(self.digits, 0)}f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text.replace("-", MINUS)


def legend(ax: Axes, handles: Sequence[Artist], *, columns: int | None = None, **place: Any) -> None:
    """Add a slim legend that reads row by row, below the axes unless `place` says otherwise.

    Parameters
    ----------
    ax : Axes
    handles : sequence of Artist
    columns : int, optional
        By default as many as the figure is wide.
    **place
        For matplotlib's ``legend``.
    """
    if not handles:
        return
    columns = min(len(handles), _columns(ax, handles) if columns is None else columns)
    style: dict[str, Any] = {"handlelength": 1, "handletextpad": 0.4, "columnspacing": 1, "labelspacing": 0.3}
    ax.legend(
        handles=[handle for column in range(columns) for handle in handles[column::columns]],
        ncols=columns,
        frameon=False,
        borderpad=0,
        **style,
        **place or _below(ax),
    )


def _below(ax: Axes) -> dict[str, Any]:
    """Under the label of the axis."""
    tick = ax.xaxis.get_major_ticks(1)[0]
    letters = float(tick.label1.get_fontsize()) + float(ax.xaxis.label.get_fontsize())
    room = tick.get_tick_padding() + ax.xaxis.labelpad + 1.25 * letters + 4
    down = ScaledTranslation(0, -room / 72, ax.figure.dpi_scale_trans)
    where = {"bbox_to_anchor": (0.5, 0.0), "bbox_transform": ax.transAxes + down}
    return {"loc": "upper center", "borderaxespad": 0, **where}


def _columns(ax: Axes, handles: Sequence[Artist]) -> int:
    """How many entries fit beside each other, by their letters: into the figure, or into a panel of several."""
    letter = 0.55 * FontProperties(size=rcParams["legend.fontsize"]).get_size_in_points()
    entry = sum(len(str(handle.get_label())) + 5 for handle in handles) / len(handles) * letter
    spec = ax.get_subplotspec()
    figure: Any = ax.figure
    width = float(figure.bbox.width)
    if spec is not None:
        width *= len(spec.colspan) / spec.get_gridspec().ncols
    return max(1, int(width * 72 / figure.dpi / entry))


def make_room(ax: Axes) -> None:
    """Let a panel of ``plt.subplots`` end where its neighbour begins, with its scale and its legend.

    Figures with a layout engine see to that themselves, and axes that were put somewhere stay there.
    """
    spec = ax.get_subplotspec()
    figure: Any = ax.figure
    if spec is None or figure.get_layout_engine() is not None:
        return
    _, tops, _, rights = spec.get_gridspec().get_grid_positions(figure)
    rows, columns, box = spec.rowspan, spec.colspan, figure.bbox
    gap = GAP * figure.dpi / 72
    outer = spec.get_position(figure).transformed(figure.transSubfigure)
    # What may be covered reaches to the neighbour on the left, to the panel's own end on the right, to the row below.
    left = box.x0 + box.width * float(rights[columns.start - 1] if columns.start else 0.0) + gap
    right = outer.x1 if columns.stop < len(rights) else box.x1 - gap
    bottom = box.y0 + box.height * float(tops[rows.stop] if rows.stop < len(tops) else 0.0) + gap
    for _ in range(3):  # what is equal in both directions moves when it shrinks
        inner, used = ax.get_subplotspec(), ax.get_tightbbox()
        assert inner is not None and used is not None
        over = np.array([left - used.x0, used.x1 - right, bottom - used.y0])
        if over.max() < 1:
            return
        now = inner.get_position(figure).transformed(figure.transSubfigure)
        room = np.maximum(over, 0)
        left_room, right_room, bottom_room = room + np.array([now.x0 - outer.x0, outer.x1 - now.x1, now.y0 - outer.y0])
        across = [left_room, max(outer.width - left_room - right_room, 1.0), right_room]
        down = [max(outer.height - bottom_room, 1.0), bottom_room]
        grid = GridSpecFromSubplotSpec(2, 3, spec, wspace=0, hspace=0, width_ratios=across, height_ratios=down)
        ax.set_subplotspec(grid[0, 1])
