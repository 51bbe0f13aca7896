"""Pixels of the panels of a film, and what its frames have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb

from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render import matplotlib as render
from polytope_lens.render import scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.colors import Normalize
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Frame, Ints
    from polytope_lens.domain import Box
    from polytope_lens.partition.partition import Partition
    from polytope_lens.training.measures import Measures


PAPER = 255
RIGHT_WRONG = np.array([[0.87, 0.87, 0.87], to_rgb("#d55e00")])
NO_LAYER = (0.87, 0.87, 0.87)


@dataclass(frozen=True, slots=True, eq=False)
class FilmSetting:
    """What the frames of a film have in common.

    Parameters
    ----------
    panels : tuple of str
    size : (width, height)
    domain : Box
    output : int
    layers : tuple of int
        Number of neurons that cut, of each layer.
    n_classes : int
        0 if the values are no categories.
    target : (h, w) array or None
        On [-1, 1]^2, row 0 at the top.
    train_points, validation_points : (n, 2) arrays
    train_classes : (n,) int array or None
        Of the training points, if their values are categories.
    limits : (black, white)
    slopes : (median, steepest)
        For the scale of the panel "slope".
    oldest : int
        The greatest age of a region, in recorded steps.
    measures : Measures or None
        Of all steps, for the curves.
    """

    panels: tuple[str, ...]
    size: tuple[int, int]
    domain: Box
    output: int
    layers: tuple[int, ...]
    n_classes: int
    target: NDArray[Any] | None
    train_points: Floats
    validation_points: Floats
    train_classes: NDArray[Any] | None
    limits: tuple[float, float]
    slopes: tuple[float, float]
    oldest: int
    measures: Measures | None

    @property
    def shows_points(self) -> bool:
        """Whether "value" has the training points on top: there is neither a target nor a panel for them."""
        return self.target is None and "target" not in self.panels and bool(len(self.train_points))


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """The points at which a panel is evaluated, 2 x 2 for each pixel, row 0 lowest.

    Parameters
    ----------
    regions : (2 h, 2 w) int array
    x : (2 w,) array
    y : (2 h,) array
    """

    regions: Ints
    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A bar of colours (n, 3), with labels at some places from 0 to n - 1; `flush` with the ends of the bar."""

    colors: Floats
    places: Sequence[float]
    labels: Sequence[str]
    flush: bool = True


def raster(partition: Partition, domain: Box, shape: tuple[int, int]) -> Raster:
    """The points of a panel of (height, width) pixels."""
    fine = (2 * shape[0], 2 * shape[1])
    regions = scene.region_raster(require_planar_mesh(partition), domain.lower, domain.upper, fine)
    x, y = (
        domain.lower[k] + (np.arange(n) + 0.5) * ((domain.upper[k] - domain.lower[k]) / n)
        for k, n in enumerate(fine[::-1])
    )
    return Raster(regions, x, y)


def shade(
    name: str, setting: FilmSetting, partition: Partition, points: Raster, births: Ints | None, index: int
) -> Frame:
    """Pixels of a panel, (h, w, 3), row 0 at the top: each the mean colour of the 2 x 2 points in it."""
    regions = points.regions
    if name == "value" and not setting.n_classes:
        grey = _grey(_values(partition, setting.output, points), setting.limits)
        return np.repeat(_mean_of_fours(grey[::-1, :, None]), 3, axis=2)
    if name == "value":
        table = scene.class_colors(setting.n_classes)
        fine = _bytes(table)[_classes(partition, points)]
    elif name == "error":
        fine = _errors(setting, partition, points)
    elif name == "pattern":
        fine = _bytes(scene.pattern_colors(partition))[regions]
    elif name == "slope":
        norm = _slope_norm(setting)
        fine = _bytes(_mapped("Blues", norm(scene.slopes(partition, setting.output))))[regions]
    elif name == "layer":
        fine = _bytes(_layer_table(len(setting.layers))[scene.last_layers(partition) + 1])[regions]
    else:
        assert births is not None
        fine = _bytes(_mapped("viridis_r", _age_place(index - births, setting.oldest)))[regions]
    return _mean_of_fours(fine[::-1])


def describe(name: str, setting: FilmSetting) -> tuple[str, Scale | None]:
    """The title of a panel, and what its colours mean."""
    kind = "class" if setting.n_classes else "value"
    layers = [layer for layer, bits in enumerate(setting.layers) if bits]
    if name == "partition":
        return f"{kind} and polytopes, by layer", _layer_scale(layers, len(setting.layers))
    if name == "value":
        title = f"{kind}, {len(setting.train_points):,} training points" if setting.shows_points else kind
        if setting.n_classes:
            labels = [str(k) for k in range(setting.n_classes)]
            return title, Scale(scene.class_colors(setting.n_classes), range(setting.n_classes), labels, flush=False)
        low, high = setting.limits
        return title, _ramp("gray", [0, 1], [f"{low:.3g}", f"{high:.3g}"])
    if name == "target":
        return "target" if setting.target is not None else "points", None
    if name == "pattern":
        return "activation patterns", None
    if name == "slope":
        norm = _slope_norm(setting)
        median, steepest = setting.slopes
        marks = sorted({0.0, median, steepest})
        return "slope: norm of the gradient", _ramp(
            "Blues", [float(norm(m)) for m in marks], [f"{m:,.0f}" if m >= 100 else f"{m:.2g}" for m in marks]
        )
    if name == "layer":
        return "last layer that cuts", _layer_scale(layers, len(setting.layers))
    if name == "error":
        if setting.n_classes:
            return "errors", Scale(RIGHT_WRONG, [0, 1], ["right", "wrong"], flush=False)
        return "error: network minus target", _ramp("RdBu_r", [0, 0.5, 1], ["-1", "0", "1"])
    marks = sorted({0, *(m for m in (1, 3, 10, 30, 100, 1000, 10000) if m < 0.7 * setting.oldest), setting.oldest})
    places = [float(_age_place(np.array(m), setting.oldest)) for m in marks]
    return "age of the pattern, in recorded steps", _ramp("viridis_r", places, [f"{m:,}" for m in marks])


def target_colors(target: NDArray[Any], n_classes: int) -> Frame:
    """The target image as (h, w, 3) bytes."""
    if n_classes:
        return np.asarray(_bytes(scene.class_colors(n_classes))[target])
    return np.repeat(_grey(target, (0.0, 1.0))[..., None], 3, axis=2)


def _values(partition: Partition, output: int, points: Raster) -> Floats:
    """An output of the network at each point, by the affine map of the region that holds it."""
    a, b, c = partition.maps[:, output].T
    values = a[points.regions]
    values *= points.x
    values += (b[points.regions] * points.y[:, None]) + c[points.regions]
    return np.asarray(values)


def _classes(partition: Partition, points: Raster) -> Ints:
    """The greatest output at each point; of several equal ones the first."""
    best = np.zeros(points.regions.shape, dtype=np.int64)
    greatest = _values(partition, 0, points)
    for k in range(1, partition.network.output_dim):
        values = _values(partition, k, points)
        best[values > greatest] = k
        np.maximum(greatest, values, out=greatest)
    return best


def _errors(setting: FilmSetting, partition: Partition, points: Raster) -> Frame:
    """Colours of network minus target; paper where there is no target."""
    assert setting.target is not None
    height, width = setting.target.shape
    rows = np.floor((1 - points.y) * height / 2).astype(np.int64)
    columns = np.floor((points.x + 1) * width / 2).astype(np.int64)
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    wanted = setting.target[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    if setting.n_classes:
        fine = _bytes(RIGHT_WRONG)[(_classes(partition, points) != wanted).astype(np.int64)]
    else:
        table = _bytes(_mapped("RdBu_r", np.linspace(0, 1, 256)))
        fine = table[_grey(_values(partition, setting.output, points) - wanted, (-1.0, 1.0))]
    fine[~inside] = PAPER
    return np.asarray(fine)


def _grey(values: Floats, limits: tuple[float, float]) -> Frame:
    """Values as bytes: limits are 0 and 255, and what lies beyond is cut off."""
    low, high = limits
    scaled = values - low
    scaled *= 255 / (high - low)
    scaled += 0.5
    return np.asarray(np.clip(scaled, 0, 255.5, out=scaled), dtype=np.uint8)


def _mean_of_fours(fine: Frame) -> Frame:
    """Mean of each 2 x 2 points, (2 h, 2 w, n) -> (h, w, n), rounded to the nearest."""
    total = fine[::2, ::2].astype(np.uint16)
    for i, j in ((0, 1), (1, 0), (1, 1)):
        total += fine[i::2, j::2]
    total += 2
    return np.asarray(total >> 2, dtype=np.uint8)


def _bytes(colors: ArrayLike) -> Frame:
    return np.asarray(np.rint(255 * np.asarray(colors)), dtype=np.uint8)


def _mapped(name: str, places: ArrayLike) -> Floats:
    """Colours (n, 3) of a matplotlib map at places from 0 to 1."""
    return np.asarray(mpl.colormaps[name](np.asarray(places, dtype=np.float64)))[..., :3]


def _ramp(name: str, places: Sequence[float], labels: Sequence[str]) -> Scale:
    """A continuous scale with labels at places from 0 to 1, without those that would cover another."""
    shown = [k for k, place in enumerate(places) if k in (0, len(places) - 1) or 0.15 < place < 0.85]
    return Scale(_mapped(name, np.linspace(0, 1, 256)), [255 * places[k] for k in shown], [labels[k] for k in shown])


def _slope_norm(setting: FilmSetting) -> Normalize:
    """One scale for all steps."""
    median, steepest = setting.slopes
    return render.slope_norm(np.array([median, median, steepest]))


def _layer_table(n_layers: int) -> Floats:
    """Colours of no layer, and of each layer."""
    return np.vstack([[NO_LAYER], scene.layer_colors(n_layers)])


def _layer_scale(layers: list[int], n_layers: int) -> Scale | None:
    """The layers that can cut, if any."""
    if not layers:
        return None
    every = -(-len(layers) // 10)
    places = range(0, len(layers), every)
    return Scale(scene.layer_colors(n_layers)[layers], places, [str(layers[k]) for k in places], flush=False)


def _age_place(ages: NDArray[Any], oldest: int) -> Floats:
    """From 0 for the newborn to 1 for the oldest, logarithmic."""
    return np.asarray(np.log1p(ages) / np.log1p(max(oldest, 1)))
