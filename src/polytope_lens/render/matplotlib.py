"""Partitions of the plane drawn with matplotlib: one picture, three panels, frames of films.

This module imports matplotlib, and is itself imported only when something is drawn.
"""

from __future__ import annotations

import io
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colors as mcolors
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path as Curve
from matplotlib.transforms import Affine2D

from polytope_lens._arrays import validate
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.flat_domain import within
from polytope_lens.io.files import whole_file
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render import scene

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.backend_bases import RendererBase
    from matplotlib.cm import ScalarMappable
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Frame
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition


# Coordinates up to this size: axes compute with a few times the width.
WIDEST = 1e300
LINES = {"value": None, "pattern": "#33333399", "slope": "#33333399", "layer": "white"}  # None: by layer
TRAIN, VALIDATION = "#d55e00", "#0072b2"  # vermillion and blue of Okabe and Ito: told apart by all eyes
INK, FRAME = "#333333", "#999999"
BELOW: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.0, -0.02), "borderaxespad": 0}


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
    output: int = 0,
) -> Axes:
    """Draw the regions of a bounded domain in the plane.

    Parameters
    ----------
    partition : Partition
    ax : Axes, optional
        Where to draw; a new figure by default.
    color : {"value", "pattern", "slope", "layer"}
        The network's value at every pixel, exact up to the rounding of colours; a colour of its own for each activation
        pattern; the norm of the gradient; or the last layer that cuts out the region.
    boundaries : bool
        Draw the edges between regions, those of earlier layers thicker and on top; over values, coloured by layer.
    points : (n, d) array, optional
        Inputs of the network, drawn on top as small dots; d is 2, unless the domain is a flat box, which should hold
        them.
    output : int
        Which output of the network "value" and "slope" are about.

    Returns
    -------
    Axes

    Raises
    ------
    OptionError
        An unknown `color`, or an `output` that the network does not have.
    DimensionError, UnboundedPolytopeError
        The partition has no polygons, or `points` are no inputs.
    OutsideDomainError
        Points beside the flat that is drawn.
    """
    validate.option(color, name="color", allowed=LINES)
    output = check_output(partition.network, output)
    require_planar_mesh(partition)
    dots = None if points is None else scene.drawn_points(partition, points)
    if ax is not None:
        validate.instance(ax, Axes, name="`ax`", advice="Leave it out for a new figure.")
    else:
        from matplotlib import pyplot

        ax = pyplot.figure(figsize=(6.4, 6.0), layout="constrained").add_subplot()
    image = _shade(ax, partition, color, output)
    if boundaries:
        draw_boundaries(ax, partition, LINES[color])
    if dots is not None:
        draw_dots(ax, dots, "black", size=3.5, markeredgecolor="white", markeredgewidth=0.5)
    ax.set(**dict(zip(("xlabel", "ylabel"), scene.axis_names(partition), strict=True)))
    if color in ("value", "slope"):
        draw_scale(ax.figure, image, color, output, cax=ax.inset_axes((1.03, 0.0, 0.03, 1.0)))
    if color == "layer" or (color == "value" and boundaries):
        handles = layer_handles(partition, filled=color == "layer")
        legend(ax, handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), borderaxespad=5)
    return ax


def draw_scale(figure: Any, scalars: ScalarMappable, color: str, output: int, **place: Any) -> None:
    """Draw what the colours for "value" or "slope" stand for; `place` goes to matplotlib's ``colorbar``."""
    label = f"output {output}" if color == "value" else f"norm of the gradient of output {output}"
    bar = figure.colorbar(scalars, label=label, **place)
    bar.outline.set(color=FRAME, linewidth=0.8)
    bar.ax.tick_params(color=FRAME, labelcolor=INK, labelsize=9)


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
    _shade(centre, partition, "value", output, (0.0, 1.0))
    (x0, y0), (x1, y1) = mesh.points.min(axis=0), mesh.points.max(axis=0)
    right.imshow(pixels, cmap="gray", vmin=0.0, vmax=1.0, extent=(x0, x1, y0, y1), origin="upper")
    _fit(right, (x0, x1, y0, y1))
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


class RegionImage(AxesImage):
    """A scalar that is affine on each region, drawn for the pixels of whatever view is asked for.

    Each pixel is the mean colour of 2 x 2 points at which the scalar is evaluated: no value is interpolated, so the
    picture is true at every zoom and resolution, and has no seams. Vector formats embed it as one image.

    Parameters
    ----------
    ax : Axes
    mesh : PlanarMesh
    planes : (n_regions, 3) array
        ``[a, b, c]``: the scalar is ``a x + b y + c`` on the region.
    cmap, norm
        How the scalar becomes a colour.
    """

    def __init__(
        self, ax: Axes, mesh: PlanarMesh, planes: Floats, *, cmap: str | mcolors.Colormap, norm: mcolors.Normalize
    ) -> None:
        (left, bottom), (right, top) = mesh.points.min(axis=0), mesh.points.max(axis=0)
        super().__init__(ax, cmap=cmap, norm=norm, extent=(left, right, bottom, top), origin="lower")
        self.mesh, self.planes = mesh, planes
        self.set_data(planes[:, 2:])  # the base class draws nothing without an array
        self.set_clip_path(ax.patch)

    def make_image(
        self, renderer: RendererBase, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[Frame, float, float, Affine2D]:
        """Compute the pixels of the current view, and where they go."""
        corners = self.axes.bbox.get_points() * magnification
        first, last = np.floor(corners[0]), np.ceil(corners[1])  # whole pixels around the axes
        lower, upper = self.axes.transData.inverted().transform(np.array([first, last]) / magnification)
        width, height = (last - first).astype(int)
        fine = self._colors(lower, upper, (2 * height, 2 * width))
        x, y = first / magnification
        return _mean_of_fours(fine), float(x), float(y), Affine2D()

    def get_cursor_data(self, event: Any) -> None:
        """Nothing: the array that matplotlib would look into is not the picture."""

    def _check_unsampled_image(self) -> bool:
        return False  # vector formats, too, take what `make_image` returns

    def _colors(self, lower: Floats, upper: Floats, shape: tuple[int, int]) -> Frame:
        regions = scene.region_raster(self.mesh, lower, upper, shape)
        y, x = (
            start + (np.arange(n) + 0.5) * ((stop - start) / n)
            for n, start, stop in zip(shape, lower[::-1], upper[::-1], strict=True)
        )
        a, b, c = self.planes.T
        values = a[regions] * x + b[regions] * y[:, None] + c[regions]
        return np.asarray(self.to_rgba(np.ma.masked_array(values, regions < 0), bytes=True))


def _mean_of_fours(fine: Frame) -> Frame:
    """Mean colour of each 2 x 2 pixels, (2 h, 2 w, 4) -> (h, w, 4). Transparent ones only make the mean transparent."""
    total = np.zeros((fine.shape[0] // 2, fine.shape[1] // 2, 4), dtype=np.uint16)
    opaque = np.zeros((*total.shape[:2], 1), dtype=np.uint16)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        quarter = fine[i::2, j::2]
        total += quarter  # transparent pixels are black
        opaque += quarter[..., 3:] > 0
    total[..., :3] = (total[..., :3] + opaque // 2) // np.maximum(opaque, 1)
    total[..., 3] //= 4
    return total.astype(np.uint8)


def _shade(
    ax: Axes, partition: Partition, color: str, output: int, limits: tuple[float, float] | None = None
) -> RegionImage:
    """Colour the regions by what is asked for."""
    cmap: str | mcolors.Colormap
    norm: mcolors.Normalize
    if color == "value":
        planes = within(partition).maps[:, output]
        low, high = limits or scene.value_range(partition, output)
        cmap, norm = "gray", mcolors.Normalize(low, high) if low < high else mcolors.Normalize(low - 0.5, low + 0.5)
    elif color == "slope":
        slopes = scene.slopes(partition, output)
        planes, cmap, norm = _constant(slopes), "Blues", slope_norm(slopes)
    elif color == "layer":
        n_layers = len(partition.network.layers)
        planes = _constant(scene.last_layers(partition))
        cmap = mcolors.ListedColormap(np.vstack([[0.87] * 3, scene.layer_colors(n_layers)]))
        norm = mcolors.Normalize(-1.5, n_layers - 0.5)
    else:
        planes = _constant(np.arange(len(partition)))
        cmap = mcolors.ListedColormap(scene.pattern_colors(partition))
        norm = mcolors.Normalize(-0.5, len(partition) - 0.5)
    return fill(ax, partition, planes, cmap, norm)


def fill(
    ax: Axes, partition: Partition, planes: Floats, cmap: str | mcolors.Colormap, norm: mcolors.Normalize
) -> RegionImage:
    """Fill the regions by a scalar that is affine on each, outline the domain and fit the view to it."""
    mesh = require_planar_mesh(partition)
    if not np.abs(mesh.points).max() < WIDEST:
        raise DomainError(f"a domain is drawn if its coordinates are below {WIDEST:g} in size. Choose a smaller one.")
    image = RegionImage(ax, mesh, planes, cmap=cmap, norm=norm)
    ax.add_image(image)
    draw_segments(ax, scene.domain_outline(mesh), color=FRAME, width=0.8)
    _fit(ax, image.get_extent())
    return image


def _shade_with_polytopes(
    ax: Axes, partition: Partition, output: int, limits: tuple[float, float] | None, columns: int
) -> None:
    """Draw the value, the boundaries, and below them a legend of so many columns."""
    _shade(ax, partition, "value", output, limits)
    draw_boundaries(ax, partition)
    legend(ax, layer_handles(partition), columns=columns, **BELOW)


def draw_boundaries(ax: Axes, partition: Partition, color: str | None = None) -> None:
    """Edges between regions, coloured by layer by default: hairlines where many, earlier layers thicker and on top."""
    edges = scene.boundary_segments(partition)
    n_layers = len(partition.network.layers)
    colors = scene.layer_colors(n_layers)
    box = ax.get_window_extent()
    widths = boundary_widths(len(partition), n_layers, min(box.width, box.height) * 72 / ax.figure.dpi)
    for layer in reversed(range(n_layers)):
        where = edges.layers == layer
        draw_segments(ax, edges.segments[where], color=color or tuple(colors[layer]), width=float(widths[layer]))


def boundary_widths(n_regions: int, n_layers: int, side: float) -> Floats:
    """Width of each layer's lines, in points, where so many regions share a square of a side of so many points."""
    width = np.clip(0.06 * side / math.sqrt(n_regions), 0.1, 0.6)
    return np.asarray(width * (1 + (n_layers - np.arange(n_layers)) / n_layers))


def draw_segments(ax: Axes, segments: Floats, *, color: str | tuple[float, ...], width: float) -> None:
    """All segments as one curve: far faster, and smaller in vector formats, than an artist or a path for each."""
    codes = np.tile(np.array([Curve.MOVETO, Curve.LINETO], dtype=np.uint8), len(segments))
    curve = Curve(segments.reshape(-1, 2), codes)
    ax.add_artist(PathPatch(curve, fill=False, edgecolor=color, linewidth=width, capstyle="round"))


def draw_dots(ax: Axes, points: Floats, color: str, *, size: float, **edge: Any) -> None:
    """Points on top of a picture; `edge` goes to matplotlib's ``Line2D``."""
    style: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": size, "markeredgewidth": 0, **edge}
    ax.add_artist(Line2D(points[:, 0], points[:, 1], color=color, zorder=3, **style))


def _fit(ax: Axes, extent: tuple[float, float, float, float]) -> None:
    left, right, bottom, top = extent
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.spines[:].set(color=FRAME, linewidth=0.8)
    ax.tick_params(color=FRAME, labelcolor=INK, labelsize=9)


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
    """Legend entries of the layers that can cut."""
    layers = [layer for layer, bits in enumerate(partition.network.bits_per_layer) if bits]
    colors = scene.layer_colors(len(partition.network.layers))
    labels = [f"layer {layer}" if len(layers) <= 6 or layer == layers[0] else str(layer) for layer in layers]
    entry = Patch if filled else partial(Line2D, [], [], linewidth=2)
    return [entry(color=tuple(colors[layer]), label=label) for layer, label in zip(layers, labels, strict=True)]


def legend(ax: Axes, handles: Sequence[Artist], *, columns: int = 10, **place: Any) -> None:
    """Add a slim legend that reads row by row."""
    columns = min(len(handles), columns)
    if columns:
        ax.legend(
            handles=[handle for column in range(columns) for handle in handles[column::columns]],
            ncols=columns,
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            handlelength=1,
            handletextpad=0.4,
            columnspacing=1,
            borderpad=0,
            labelspacing=0.3,
            **place,
        )


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
