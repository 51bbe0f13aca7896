"""Partitions of the plane drawn with matplotlib: one picture, three panels, frames of films.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from polytope_lens._arrays import validate
from polytope_lens.domain import Box
from polytope_lens.drawing.picture_style import PLAIN, PictureStyle
from polytope_lens.drawing.plane_axes import FRAME as FRAME
from polytope_lens.drawing.plane_axes import INK as INK
from polytope_lens.drawing.plane_axes import draw_scale, fit, make_room, plane_axes
from polytope_lens.drawing.plane_axes import legend as legend
from polytope_lens.drawing.strokes import draw_dots as draw_dots
from polytope_lens.drawing.strokes import draw_segments, relative_widths
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.flat_domain import within
from polytope_lens.function.level_set import LevelSet, level_set
from polytope_lens.io.files import whole_file
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render import scene
from polytope_lens.render.class_boundary import class_boundary
from polytope_lens.render.dots import dots_of, draw_in_plane
from polytope_lens.render.region_image import fill

if TYPE_CHECKING:
    import os

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Frame
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.dots import Dots
    from polytope_lens.render.region_image import RegionImage


# Colours of boundaries; None: by layer.
LINES = {"value": None, "pattern": "#33333399", "slope": "#33333399", "layer": "white", "class": "#33333366"}
TRAIN, VALIDATION = "#d55e00", "#0072b2"  # vermillion and blue of Okabe and Ito: told apart by all eyes
# Panels of fixed pixels have letters of fixed size.
BELOW: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.0, -0.02), "borderaxespad": 0, "fontsize": 8}


def save_figure(figure: Figure, path: str | os.PathLike[str], dpi: float) -> None:
    """Write a picture as what its name ends in; it is complete or not there, and what was there before is kept."""
    path = Path(path)
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.removeprefix(".").lower(), dpi=dpi)
    with whole_file(path) as file:
        file.write(picture.getbuffer())


def plot(
    partition: Partition,
    ax: Axes | None = None,
    color: str = "value",
    *,
    boundaries: bool = True,
    points: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    points_color: Any = None,
    points_size: float | None = None,
    level: float | None = None,
    output: int = 0,
    style: PictureStyle = PLAIN,
) -> Axes:
    """Draw the regions of a bounded domain in the plane.

    Parameters
    ----------
    partition : Partition
    ax : Axes, optional
        Where to draw; a new figure by default. A panel of ``plt.subplots`` shrinks by what its scale and legend take.
    color : {"value", "pattern", "slope", "layer", "class"}
        The network's value at every pixel, exact up to the rounding of colours; a colour of its own for each activation
        pattern; the norm of the gradient; the last layer that cuts out the region; or the greatest output, with the
        decision boundary.
    boundaries : bool
        Draw the edges between regions, those of earlier layers thicker and on top; over values, coloured by layer.
    points : (n, d) array, optional
        Inputs of the network, drawn on top as small dots; d is 2, unless the domain is a flat box, which should hold
        them.
    labels : (n,) array, optional
        A class for each point: dots have the colours of classes.
    points_color : colour, or n colours, optional
        Of the dots, as matplotlib writes colours; black by default.
    points_size : float, optional
        Diameter of the dots in points; by default the smaller the more there are.
    level : float, optional
        Draw also where the output takes this value.
    output : int
        Which output of the network "value", "slope" and `level` are about.
    style : PictureStyle
        Colours, widths, title, scales; see `picture_style.style`.

    Returns
    -------
    Axes

    Raises
    ------
    OptionError
        An unknown `color`, an `output` that the network does not have, or "class" of a network with one output.
    DimensionError, UnboundedPolytopeError
        The partition has no polygons, or `points` are no inputs.
    OutsideDomainError
        Points beside the flat that is drawn.

    Notes
    -----
    Sizes of letters are those of ``matplotlib.rcParams``; widths of lines follow the size of the axes.
    """
    validate.option(color, name="color", allowed=LINES)
    output = check_output(partition.network, output)
    require_planar_mesh(partition)
    dots = dots_of(partition, points, labels, points_color, points_size)
    curve = None if level is None else level_set(within(partition), output, level)
    limit = class_boundary(partition) if color == "class" else None
    ax = plane_axes(ax, style)
    image = _shade(ax, partition, color, output, style)
    if boundaries:
        draw_boundaries(ax, partition, LINES[color], linewidth=style.linewidth)
    if limit is not None:
        draw_segments(ax, limit, color=INK, width=1 / 230, relative=True)
    if isinstance(curve, LevelSet):
        curve.plot(ax)
    if dots is not None:
        draw_in_plane(ax, dots)
    ax.set(**dict(zip(("xlabel", "ylabel"), scene.axis_names(partition), strict=True)))
    if style.title is not None:
        ax.set_title(style.title)
    if color in ("value", "slope") and style.colorbar:
        draw_scale(ax, image, scene.told_by(color, output))
    if style.legend:
        legend(ax, _handles(partition, color, boundaries, dots))
    make_room(ax)
    return ax


def _handles(partition: Partition, color: str, boundaries: bool, dots: Dots | None) -> list[Artist]:
    """What a legend should tell: layers, or classes."""
    names = [] if dots is None else dots.names
    if color == "class":
        n = max(partition.network.output_dim, len(names))
        colors = scene.class_hues(n) if names else scene.class_colors(n)
        return short_handles("class", [*names, *map(str, range(len(names), n))], colors, filled=True)
    if names:
        dot = partial(Line2D, [], [], linestyle="none", marker="o")
        hues = scene.class_hues(max(len(names), partition.network.output_dim))
        return [dot(color=tuple(hue), label=name) for hue, name in zip(hues, names, strict=False)]
    if color == "layer" or (color == "value" and boundaries):
        return layer_handles(partition, filled=color == "layer")
    return []


def three_panels(
    partition: Partition,
    target: ArrayLike,
    train_points: ArrayLike | None,
    validation_points: ArrayLike | None,
    *,
    output: int = 0,
    title: str | None = None,
) -> Figure:
    """Value with the boundaries of the polytopes; value alone; target with the points that were sampled from it.

    Parameters
    ----------
    partition : Partition
        Of a box in the plane.
    target : (h, w) array
        The image that was to be learnt, 0 black to 1 white, row 0 at the top. It covers the domain.
    train_points, validation_points : (n, 2) arrays or None
        Drawn over the target as tiny dots, vermillion and blue.
    output : int
    title : str, optional
        By default the number of regions.

    Returns
    -------
    Figure
        1280 x 480 pixels, unknown to pyplot: there is nothing to close. All panels share one grey scale, from 0 to 1;
        values beyond it are drawn black and white.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, DomainError, OptionError
    """
    output = check_output(partition.network, output)
    mesh = require_planar_mesh(partition)
    pixels = _checked_target(target, partition)
    dots = [
        (color, name, np.empty((0, 2)) if given is None else validate.points(given, 2, what="`three_panels`"))
        for color, name, given in ((TRAIN, "training", train_points), (VALIDATION, "validation", validation_points))
    ]
    figure = _bare_figure(1280, 480, f"{len(partition):,} regions" if title is None else title)
    titles = ("value and polytopes", "value: 0 black, 1 white", "target")
    left, centre, right = (_panel(figure, (20 + 420 * k, 36, 400, 400), text) for k, text in enumerate(titles))
    _shade_with_polytopes(left, partition, output, (0.0, 1.0), columns=15)
    _shade(centre, partition, "value", output, PictureStyle(limits=(0.0, 1.0)))
    (x0, y0), (x1, y1) = mesh.points.min(axis=0), mesh.points.max(axis=0)
    right.imshow(pixels, cmap="gray", vmin=0.0, vmax=1.0, extent=(x0, x1, y0, y1), origin="upper")
    fit(right, (x0, x1, y0, y1))
    for color, _, points in dots:
        draw_dots(right, points, color, size=1.5)
    handles = [
        Line2D([], [], linestyle="none", marker="o", markersize=3, color=color, label=f"{len(points):,} {name} points")
        for color, name, points in dots
        if len(points)
    ]
    legend(right, handles, **BELOW)
    return figure


def draw_frame(
    partition: Partition,
    target: ArrayLike | None = None,
    train_points: ArrayLike | None = None,
    validation_points: ArrayLike | None = None,
    *,
    output: int = 0,
    step: int | None = None,
    limits: tuple[float, float] | None = None,
) -> Frame:
    """One frame of a film: the three panels, or the value with its polytopes where there is no target.

    Parameters
    ----------
    partition, target, train_points, validation_points, output
        As in `three_panels`.
    step : int, optional
        Written above the picture, before the number of regions.
    limits : (black, white), optional
        Grey scale of the single panel; by default the range of this partition's values. Give it when the partitions of
        a film should share one scale. The three panels always use ``(0, 1)``.

    Returns
    -------
    (h, w, 3) uint8 array
        480 x 1280 pixels with a target, 540 x 480 without. Row 0 is at the top.

    Notes
    -----
    Touches no global state, so threads may draw frames at the same time.
    """
    title = f"{len(partition):,} regions"
    if step is not None:
        title = f"step {step:,}   {title}"
    if target is not None:
        figure = three_panels(partition, target, train_points, validation_points, output=output, title=title)
    else:
        output = check_output(partition.network, output)
        require_planar_mesh(partition)
        if limits is not None and not limits[0] < limits[1]:
            raise OptionError(
                f"limits should be (black, white) with black < white, but received {validate.shown(limits)}."
            )
        figure = _bare_figure(480, 540, title)
        ax = _panel(figure, (20, 60, 440, 440), "")
        _shade_with_polytopes(ax, partition, output, limits, columns=10)
    return pixels_of(figure)


def pixels_of(figure: Figure) -> Frame:
    """A figure as pixels, (h, w, 3), row 0 at the top."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _shade(ax: Axes, partition: Partition, color: str, output: int, style: PictureStyle = PLAIN) -> RegionImage:
    """Colour the regions by what is asked for."""
    cmap: str | mcolors.Colormap
    norm: mcolors.Normalize
    if color == "value":
        planes = within(partition).maps[:, output]
        norm = value_norm(*(style.limits or scene.value_range(partition, output)))
        cmap = style.cmap or "gray"
    elif color == "slope":
        slopes = scene.slopes(partition, output)
        planes, cmap = _constant(slopes), style.cmap or "Blues"
        norm = slope_norm(slopes) if style.limits is None else mcolors.Normalize(*style.limits)
    elif color == "layer":
        n_layers = len(partition.network.layers)
        planes = _constant(scene.last_layers(partition))
        cmap = mcolors.ListedColormap(np.vstack([[0.87] * 3, scene.layer_colors(n_layers)]))
        norm = mcolors.Normalize(-1.5, n_layers - 0.5)
    elif color == "class":
        planes = scene.class_planes(partition)
        cmap, norm = mcolors.ListedColormap(scene.class_colors(planes.shape[1])), _whole_numbers(planes.shape[1])
    else:
        planes = _constant(np.arange(len(partition)))
        cmap = mcolors.ListedColormap(scene.pattern_colors(partition))
        norm = _whole_numbers(len(partition))
    return fill(ax, partition, planes, cmap, norm)


def _shade_with_polytopes(
    ax: Axes, partition: Partition, output: int, limits: tuple[float, float] | None, columns: int
) -> None:
    """Draw the value, the boundaries, and below them a legend of so many columns."""
    _shade(ax, partition, "value", output, PictureStyle(limits=limits))
    draw_boundaries(ax, partition)
    legend(ax, layer_handles(partition), columns=columns, **BELOW)


def draw_boundaries(
    ax: Axes, partition: Partition, color: str | None = None, *, linewidth: float | None = None
) -> None:
    """Edges between regions, coloured by layer by default: hairlines where many, earlier layers thicker and on top."""
    edges = scene.boundary_segments(partition)
    n_layers = len(partition.network.layers)
    colors = scene.layer_colors(n_layers)
    widths = relative_widths(len(partition), n_layers)
    if linewidth is not None and n_layers:
        widths = linewidth * widths / widths[-1]
    for layer in reversed(range(n_layers)):
        ink, width = color or tuple(colors[layer]), float(widths[layer])
        draw_segments(ax, edges.segments[edges.layers == layer], color=ink, width=width, relative=linewidth is None)


def _bare_figure(width: int, height: int, title: str) -> Figure:
    """Figure of so many pixels that pyplot does not know."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    figure.text(20 / width, 1 - 8 / height, title, color=INK, fontsize=10, fontweight="bold", va="top")
    return figure


def _panel(figure: Figure, pixels: tuple[float, float, float, float], title: str) -> Axes:
    """Axes without ticks at (left, bottom, width, height)."""
    width, height = figure.get_size_inches() * figure.dpi
    left, bottom, across, up = pixels
    ax = figure.add_axes((left / width, bottom / height, across / width, up / height), xticks=[], yticks=[])
    ax.set_title(title, loc="left", fontsize=8, color=INK, pad=3)
    return ax


def layer_handles(partition: Partition, *, filled: bool = False) -> list[Artist]:
    """Entries for a legend of the layers that can cut."""
    layers = [layer for layer, bits in enumerate(partition.network.bits_per_layer) if bits]
    colors = scene.layer_colors(len(partition.network.layers))
    return short_handles("layer", [str(layer) for layer in layers], colors[layers], filled=filled)


def short_handles(what: str, names: list[str], colors: Floats, *, filled: bool) -> list[Artist]:
    """Entries for a legend: "layer 0", "1", "2", "3", ...; of few all are written out."""
    entry = Patch if filled else partial(Line2D, [], [], linewidth=2)
    labels = [f"{what} {name}" if len(names) <= 3 or k == 0 else name for k, name in enumerate(names)]
    return [entry(color=tuple(color), label=label) for color, label in zip(colors, labels, strict=True)]


def value_norm(low: float, high: float) -> mcolors.Normalize:
    """From the least to the greatest; a single value is in the middle."""
    return mcolors.Normalize(low, high) if low < high else mcolors.Normalize(low - 0.5, low + 0.5)


def _whole_numbers(n: int) -> mcolors.Normalize:
    """Colours for 0 ... n - 1."""
    return mcolors.Normalize(-0.5, n - 0.5)


def _constant(values: NDArray[Any]) -> Floats:
    """Planes of a scalar that is constant on each region."""
    return np.pad(values[:, None], ((0, 0), (2, 0)))


def slope_norm(slopes: Floats) -> mcolors.Normalize:
    """Linear; where few regions are far steeper than most, linear up to the median and logarithmic beyond."""
    median, steepest = float(np.median(slopes)), float(slopes.max())
    if steepest > 20 * median > 0:
        return mcolors.AsinhNorm(linear_width=median, vmin=0, vmax=steepest)
    return mcolors.Normalize(0, steepest or 1.0)


def _checked_target(target: ArrayLike, partition: Partition) -> Floats:
    """Return the target image as floats, or say what is wrong with it."""
    if not isinstance(partition.domain, Box):
        raise DomainError(
            f"a target image covers a box, but the domain of this partition is {partition.domain!r}. Choose a Box."
        )
    pixels = validate.float_array(target, name="the target image", ndim=2)
    if not pixels.size:
        raise DimensionError(f"the target image should have pixels, but received an array of shape {pixels.shape}.")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise OptionError(
            f"the target image should run from 0 (black) to 1 (white), but its values run from {low:g} to {high:g}. "
            "Divide bytes by 255."
        )
    return pixels
