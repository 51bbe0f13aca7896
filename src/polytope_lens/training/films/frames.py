"""Frames of films: panels with the regions of one step, beside curves of all steps up to it.

What stays the same (axes, labels, legends, the target) is drawn once; a frame adds pixels, lines and curves to a copy.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from polytope_lens.render import matplotlib as render
from polytope_lens.render import scene
from polytope_lens.training.films import panel_pixels
from polytope_lens.training.films.layout import MARGIN, layout
from polytope_lens.training.films.tracks import log_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from polytope_lens._types import Floats, Frame, Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.training.films.layout import Rectangle
    from polytope_lens.training.films.panel_pixels import FilmSetting
    from polytope_lens.training.measures import Measures


LINES = {"partition": None, "pattern": "#33333399"}  # None: by layer
LETTER = 6  # pixels for a letter of a panel's title, on average
BLANK, EDGE = 229, 153  # grey levels


class Painter:
    """Draws the frames of one film."""

    def __init__(self, setting: FilmSetting) -> None:
        self.setting = setting
        width, height = setting.size
        self.sides = setting.domain.upper - setting.domain.lower
        self.figure = Figure(figsize=(width / 100, height / 100), dpi=100)
        canvas: Any = FigureCanvasAgg(self.figure)
        self.canvas = canvas
        places = layout(len(setting.panels), setting.size, tuple(self.sides.tolist()), setting.measures is not None)
        self.title = self._text(MARGIN, places.title, "", fontsize=10, fontweight="bold")
        self.title.set_animated(True)
        self.boxes = places.panels
        self.dots: list[Line2D] = []  # on top of the panel "value"
        self.axes = [self._panel(name, box) for name, box in zip(setting.panels, places.panels, strict=True)]
        self.curves: list[tuple[Axes, Line2D, Line2D, Floats]] = []
        if setting.measures is not None:
            self._draw_plots(setting.measures, *places.curves)
        self.canvas.draw()
        self.background = self._pixels().copy()
        for left, bottom, across, up in self.boxes:  # a frame of one pixel, which no panel covers
            top, right = height - bottom - up, left + across
            self.background[[top - 1, top + up], left - 1 : right + 1, :3] = EDGE
            self.background[top - 1 : top + up + 1, [left - 1, right], :3] = EDGE

    def draw(self, index: int, step: int, partition: Partition | None, births: Ints | None) -> Frame:
        """One frame.

        Parameters
        ----------
        index, step : int
            Which recorded step, and after how many updates.
        partition : Partition or None
            None where the weights are not finite.
        births : (n_regions,) int array or None
            At which recorded step each region was born, for the panel "age".

        Returns
        -------
        (h, w, 3) uint8 array
        """
        pixels = self._pixels()
        pixels[...] = self.background
        told = "weights are not finite" if partition is None else f"{len(partition):,} regions"
        gap = ": " if partition is None else "   "
        self.title.set_text(f"step {step:,}{gap}{told}")
        self.figure.draw_artist(self.title)
        setting, raster = self.setting, None
        drawn: dict[str, Frame] = {}
        for name, ax, box in zip(setting.panels, self.axes, self.boxes, strict=True):
            if name == "target":
                continue
            if partition is None:
                self._draw_nothing(ax)
                continue
            left, bottom, across, up = box
            if raster is None:
                raster = panel_pixels.raster(partition, setting.domain, (up, across))
            shown = "value" if name == "partition" else name
            if shown not in drawn:
                drawn[shown] = panel_pixels.shade(shown, setting, partition, raster, births, index)
            top = len(pixels) - bottom - up
            pixels[top : top + up, left : left + across, :3] = drawn[shown]
            for dots in self.dots if name == "value" else ():
                ax.draw_artist(dots)
            if name in LINES:
                render.draw_boundaries(ax, partition, LINES[name])
                for patch in list(ax.patches):
                    ax.draw_artist(patch)
                    patch.remove()
        self._draw_curves(index)
        return np.array(pixels[..., :3])

    def _pixels(self) -> Frame:
        """What is drawn, (h, w, 4), to be written to."""
        return np.asarray(self.canvas.buffer_rgba())

    def _text(self, x: float, y: float, text: str, **style: Any) -> Text:
        width, height = self.setting.size
        style = {"fontsize": 8, "color": render.INK, "va": "top", **style}
        return self.figure.text(x / width, y / height, text, **style)

    def _add_axes(self, box: Rectangle, **options: Any) -> Axes:
        width, height = self.setting.size
        left, bottom, across, up = box
        return self.figure.add_axes((left / width, bottom / height, across / width, up / height), **options)

    def _panel(self, name: str, box: Rectangle) -> Axes:
        """Axes without ticks, with everything that no step changes."""
        setting = self.setting
        (x0, y0), (x1, y1) = setting.domain.lower, setting.domain.upper
        ax = self._add_axes(box, xticks=[], yticks=[], xlim=(x0, x1), ylim=(y0, y1))
        ax.spines[:].set_visible(False)
        head, scale = panel_pixels.describe(name, setting)
        if LETTER * len(head) > box[2]:
            head = re.split("[,:]", head)[0]
        ax.set_title(head, loc="left", fontsize=8, color=render.INK, pad=3)
        if scale is not None:
            self._draw_scale(scale, box)
        if name == "target":
            self._draw_target(ax, box[2])
        if name == "value" and setting.shows_points:
            self._add_dots(ax, box)
        return ax

    def _add_dots(self, ax: Axes, box: Rectangle) -> None:
        """The training points, by class if they have any, to be drawn on top of each frame."""
        setting = self.setting
        points, classes = setting.train_points, setting.train_classes
        style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgecolor": render.INK, "animated": True}
        style |= {
            "markersize": float(np.clip((box[2] * box[3] / len(points)) ** 0.5 / 6, 1, 4)),
            "markeredgewidth": 0.3,
        }
        groups: list[tuple[Any, Any]] = [(slice(None), render.TRAIN)]
        if classes is not None and setting.n_classes:
            colors = scene.class_hues(setting.n_classes)
            groups = [(classes == k, tuple(color)) for k, color in enumerate(colors)]
        for chosen, color in groups:
            x, y = points[chosen].T
            self.dots.append(Line2D(x, y, color=color, **style))
            ax.add_artist(self.dots[-1])

    def _draw_scale(self, scale: panel_pixels.Scale, box: Rectangle) -> None:
        """A slim bar of colours below a panel."""
        left, bottom, across, _ = box
        n = len(scale.colors)
        bar = self._add_axes((left, bottom - 12, across, 6), yticks=[], xlim=(-0.5, n - 0.5))
        bar.imshow(scale.colors[None], aspect="auto", interpolation="nearest")
        bar.spines[:].set(color=render.FRAME, linewidth=0.5)
        bar.set_xticks(scale.places, scale.labels, fontsize=7, color=render.INK)
        bar.tick_params(length=0, pad=2)
        for label, place in zip(bar.get_xticklabels(), scale.places, strict=True):
            if place <= 0 and scale.flush:
                label.set_horizontalalignment("left")
            elif place >= n - 1 and scale.flush:
                label.set_horizontalalignment("right")

    def _draw_target(self, ax: Axes, across: int) -> None:
        setting = self.setting
        if setting.target is not None:
            shown = panel_pixels.target_colors(setting.target, setting.n_classes)
            ax.imshow(shown, extent=(-1, 1, -1, 1), origin="upper", zorder=0, aspect="auto")
            ax.set(xlim=setting.domain.lower[:1].tolist() + setting.domain.upper[:1].tolist())
            ax.set(ylim=setting.domain.lower[1:].tolist() + setting.domain.upper[1:].tolist())
        handles = []
        for points, color, name in (
            (setting.train_points, render.TRAIN, "training"),
            (setting.validation_points, render.VALIDATION, "validation"),
        ):
            if len(points):
                render.draw_dots(ax, points, color, size=float(np.clip(across / 200, 0.6, 1.5)))
                label = f"{len(points):,} {name}"
                handles.append(Line2D([], [], linestyle="none", marker="o", markersize=3, color=color, label=label))
        render.legend(ax, handles, columns=2 if across > 200 else 1, **render.BELOW)

    def _draw_nothing(self, ax: Axes) -> None:
        """Say in a panel that there are no regions."""
        left, bottom, right, top = np.rint(ax.bbox.extents).astype(int)
        shown = self._pixels()
        shown[len(shown) - top : len(shown) - bottom, left:right, :3] = BLANK
        text = ax.text(0.5, 0.5, "weights are\nnot finite", transform=ax.transAxes, ha="center", va="center",
                       fontsize=9, color=render.INK)  # fmt: skip
        ax.draw_artist(text)
        text.remove()

    def _draw_plots(self, measures: Measures, first: Rectangle, second: Rectangle) -> None:
        """Axes for losses and for numbers of regions; for the latter alone where there are no losses."""
        losses = [
            (measures.train_loss, render.TRAIN, "training"),
            (measures.validation_loss, render.VALIDATION, "validation"),
            (measures.true_error, render.INK, "share wrong" if measures.categorical else "whole image"),
        ]
        losses = [curve for curve in losses if np.isfinite(curve[0]).any()]
        colors = scene.layer_colors(measures.counts.shape[1])
        layers = [layer for layer, bits in enumerate(self.setting.layers) if bits]
        counts = [(measures.counts[:, layer].astype(float), tuple(colors[layer]), "") for layer in layers]
        if losses:
            title = "cross-entropy" if measures.categorical else "mean squared error"
            if measures.categorical and np.isfinite(measures.true_error).any():
                title += ", share wrong"
            ax = self._draw_axes(title, first, measures, losses)
            ax.tick_params(labelbottom=first[0] != second[0])  # one above the other, they share the labels
        else:
            left, bottom = min(first[0], second[0]), min(first[1], second[1])
            right, top = (max(one[k] + one[k + 2] for one in (first, second)) for k in (0, 1))
            second = (left, bottom, right - left, top - bottom)
        self._draw_axes("regions, after each layer", second, measures, counts)

    def _draw_axes(self, title: str, box: Rectangle, measures: Measures, curves: list[tuple[Floats, Any, str]]) -> Axes:
        """Axes for curves over the steps, with limits that hold for all of them."""
        ax = self._add_axes(box)
        ax.set_title(title, loc="left", fontsize=8, color=render.INK, pad=3)
        values = [np.where(v > 0, v, np.nan) for v, _, _ in curves]
        shown = np.concatenate([np.ones(0), *values])
        shown = shown[np.isfinite(shown)]
        low, high = (float(shown.min()), float(shown.max())) if shown.size else (1.0, 10.0)
        log_scale(ax, low, high)
        room = max((high / low) ** 0.06, 1.05)
        ax.set(ylim=(low / room, high * room))
        first, last = int(measures.step[0]), int(measures.step[-1])
        ax.set(xlim=(first, last) if first < last else (first - 1, first + 1))
        ax.set_xticks(_step_ticks(first, last, max(3, box[2] // 80)))
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        ax.tick_params(which="both", color=render.FRAME, labelcolor=render.INK, labelsize=7, pad=2, length=2)
        ax.spines[:].set(color=render.FRAME, linewidth=0.8)
        ax.spines[["top", "right"]].set_visible(False)
        handles = []
        for v, (_, color, name) in zip(values, curves, strict=True):
            (line,) = ax.plot([], [], color=color, linewidth=1.1, animated=True)
            (dot,) = ax.plot([], [], color=color, marker="o", markersize=2.5, linestyle="none", animated=True)
            self.curves.append((ax, line, dot, v))
            if name:
                handles.append(Line2D([], [], color=color, linewidth=2, label=name))
        wide = box[2] > 300
        place = {"loc": "lower right" if wide else "upper right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0,
                 "fontsize": 8}  # fmt: skip
        render.legend(ax, handles, columns=3 if wide else 1, **place)
        return ax

    def _draw_curves(self, index: int) -> None:
        """The curves up to a step, each with a dot at its end."""
        if self.setting.measures is None:
            return
        steps = self.setting.measures.step
        for ax, line, dot, values in self.curves:
            line.set_data(steps[: index + 1], values[: index + 1])
            dot.set_data(steps[index : index + 1], values[index : index + 1])
            ax.draw_artist(line)
            ax.draw_artist(dot)


def _step_ticks(first: int, last: int, n: int) -> list[float]:
    """Some round steps, and the last one."""
    ticks = [
        tick
        for tick in MaxNLocator(n, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last)
        if first <= tick < last
    ]
    apart = 0.6 * (last - first) / n
    return [*(tick for tick in ticks if last - tick > apart), last]
