"""A page to look around in a partition: one file that works without a network, in any browser of the last years."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.domain import Box
from polytope_lens.errors import MissingFileError, OptionError
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.io.files import write_text
from polytope_lens.network.scalar import check_output
from polytope_lens.polyhedral_complex.data_table import data_table
from polytope_lens.polyhedral_complex.requirements import require_mesh
from polytope_lens.render import scene
from polytope_lens.render.explorer.network_arrays import network_arrays
from polytope_lens.render.explorer.payload import packed
from polytope_lens.render.explorer.planar_arrays import planar_arrays
from polytope_lens.render.explorer.solid_arrays import solid_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition

    Arrays = dict[str, NDArray[Any]]
    # Points as they are drawn, the number of the label of each, and the names of labels.
    AboutPoints: TypeAlias = tuple[Floats | None, Ints | None, list[str]]

COLORS = (*scene.COLORS, "purity")
"""What the colours may tell at first; the page switches between all that there are."""
COLORS_OVER_TIME = (*COLORS, "age")
"""The same for a recording."""

SOURCES = Path(__file__).parent / "page"
SCALES = ("gray", "Blues", "cividis")
# In the order in which they are put together: each may use what stands before it.
SCRIPTS = (
    "payload", "network", "mesh", "locate", "shapes", "solid", "raster", "webgl", "lamp", "camera", "panel", "planar",
    "solid_view", "address", "live", "main",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Explorer:
    """A page to look around in a partition, which notebooks show.

    Parameters
    ----------
    html : str
        The whole page.
    n_regions : tuple of ints
        Numbers of regions: one, or one for each step of a recording.
    """

    html: str
    n_regions: tuple[int, ...]

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, which is complete or not there.

        Parameters
        ----------
        path : str or path-like
            Its name should end in .html, by which browsers know it.

        Raises
        ------
        OptionError
            A name that ends otherwise.
        MissingFileError, FileAccessError
        """
        write_text(check_name(path), self.html)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, for notebooks."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" allow="clipboard-write" title="Explorer of a partition" '
            'style="width: 100%; height: 640px; border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        size = f"{len(self.html) / 1e6:.2f} MB"
        if len(self.n_regions) == 1:
            return f"Explorer({self.n_regions[0]} regions, {size})"
        return f"Explorer({len(self.n_regions)} steps of up to {max(self.n_regions)} regions, {size})"


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A partition that a page shows: the only one, or that of a recorded step.

    Parameters
    ----------
    partition : Partition
    step : int or None
    ages : (n_regions,) int array or None
        For how many updates each region has been there.
    python : str
        How one gets the partition in Python.
    """

    partition: Partition
    step: int | None = None
    ages: Ints | None = None
    python: str = "partition"


def explorer(
    partition: Partition,
    path: str | PathLike[str] | None = None,
    color: str = "value",
    *,
    boundaries: bool = True,
    points: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    output: int = 0,
) -> Explorer:
    """A page to look around in the regions of a bounded domain in the plane or in space: one file, nothing else.

    The pointer shows the region under it: its inequalities with their owners, its affine map, pattern, area and
    neighbours. A click keeps it, a click on a neuron shows its bent hyperplane. Colours, layers, points and the view
    change as one looks; the view is kept in the page's address. A domain in space is turned, cut by a plane, and shows
    a level of an output inside.

    Parameters
    ----------
    partition : Partition
    path : str or path-like, optional
        A file to write, .html. Without, the page is shown by notebooks, or written by ``explorer.save(path)``.
    color : {"value", "pattern", "slope", "layer", "class", "purity"}
        What the colours tell at first: the network's value; a colour of its own for each activation pattern; the norm
        of the gradient; the last layer that cuts out the region; the greatest output; the share of the most frequent
        label among the points of a region.
    boundaries : bool
        Whether the edges between regions are drawn at first.
    points : (n, d) array, optional
        Inputs of the network to draw on top, at most a million or so; on a flat box, of the flat.
    labels : (n,) array, optional
        A class for each point, at most 64 different ones.
    output : int
        Which output of the network "value" and "slope" are about at first.

    Returns
    -------
    Explorer

    Raises
    ------
    OptionError
        An unknown `color`, or one that there is nothing to tell about; an `output` that the network does not have; a
        name that does not end in .html.
    DimensionError, UnboundedPolytopeError, PartialPartitionError
        The partition has no polygons or polyhedra, or `points` are no inputs.
    OutsideDomainError
        Points beside the flat, or labelled points outside the domain.
    InvalidNetworkError
        A network with more than four million weights.

    Notes
    -----
    Exactness: regions, neighbours and patterns are the partition's. The page finds the region under the pointer in
    float64 with bounds on rounding, and says so where they leave it open, on a boundary or very near to one. Rows and
    maps are computed there, too, and shown with the digits that are certain. Corners are in float64, colours in single
    precision.
    Cost: 0.16 MB and some 40 bytes for each region in the plane, 90 in space; microseconds for each. The table in
    docs/explorer.md has sizes and times.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> page = lens.partition(Box([-1, -1], [1, 1])).explorer()
    >>> page.n_regions, page.html[:15]
    ((4,), '<!doctype html>')
    """
    if path is not None:
        check_name(path)
    require_mesh(partition)
    about = _about_points(partition, points, labels)
    check_color(color, partition, labels=labels is not None)
    found = page_of([Stage(partition)], color, boundaries=boundaries, output=output, about_points=about)
    if path is not None:
        found.save(path)
    return found


def check_name(path: str | PathLike[str]) -> str | PathLike[str]:
    """Return `path` if a page can be written there."""
    target = validate.path(path, name="the file of an explorer")
    if target.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"an explorer is written to a file that ends in .html, but {str(path)!r} ends otherwise.")
    if not target.parent.is_dir():
        raise MissingFileError(f"{target} cannot be written: there is no folder {target.parent}. Make it first.")
    return path


def check_color(color: str, partition: Partition, *, labels: bool = False, ages: bool = False) -> str:
    """Return `color` if there is something that it tells."""
    validate.option(color, name="color", allowed=COLORS_OVER_TIME)
    if color == "class" and partition.network.output_dim < 2:
        raise OptionError(
            'color="class" tells which output is greatest, but this network has one. Choose "value", or "pattern".'
        )
    if color == "purity" and not labels:
        raise OptionError('color="purity" tells about the labels of points: give `points` and `labels`.')
    if color == "age" and not ages:
        raise OptionError(
            'color="age" tells for how long regions have been there: ask it of a recording, `recording.explorer()`.'
        )
    return color


def page_of(
    stages: Sequence[Stage],
    color: str,
    *,
    boundaries: bool,
    output: int,
    about_points: AboutPoints,
    live: bool = False,
) -> Explorer:
    """The page of one partition or more: at least one, of networks of one shape on one domain.

    With `live`, it asks where it comes from for what follows, see `live_page`.
    """
    first = stages[0].partition
    output = check_output(first.network, output)
    points, codes, names = about_points
    n_layers = len(first.network.layers)
    arrays: Arrays = {
        "layer_colors": np.rint(255 * scene.layer_colors(n_layers)).astype(np.uint8).reshape(n_layers, 3),
        "class_colors": np.rint(255 * scene.class_hues(8)).astype(np.uint8),
    } | _scales()
    if points is not None:
        arrays["data"] = points
        if codes is not None:
            arrays["labels"] = codes.astype(np.int32)
    told = {
        "color": color,
        "output": output,
        "boundaries": bool(boundaries),
        "axes": scene.axis_names(first),
        "names": [f"x{k}" for k in _inputs(first)],
        "outputs": first.network.output_dim,
        "labels": names,
        "aged": stages[0].ages is not None,
        "live": live,
    }
    frames = [_frame(stage, points, codes) for stage in stages]
    told["ranges"] = _ranges(arrays for _, arrays in frames)
    told["steps"] = [stage.step for stage in stages]
    text = _page(told, arrays, frames)
    return Explorer(text, tuple(len(stage.partition) for stage in stages))


def next_frame(stage: Stage, about_points: AboutPoints) -> dict[str, object]:
    """What follows on a page that is live, as its script ``live.js`` reads it."""
    points, codes, _ = about_points
    told, arrays = _frame(stage, points, codes)
    return {"step": stage.step, "text": packed(told, arrays), "ranges": _ranges([arrays])}


def _frame(stage: Stage, points: Floats | None, codes: Ints | None) -> tuple[dict[str, object], Arrays]:
    """What the page is told about one partition."""
    partition, seen = stage.partition, within(stage.partition)
    flat, domain = flat_of(partition), seen.domain
    assert domain is not None  # there is a mesh
    told = {
        "regions": len(partition),
        "python": stage.python,
        "layers": len(seen.network.layers),
        "hidden": 0 if flat is None else 1,  # layers before the network's own
        "sides": list(range(len(domain.b))) if flat is None else flat.sides.tolist(),
    }
    mesh_arrays = solid_arrays if seen.network.input_dim == 3 else planar_arrays
    sides = np.column_stack([domain.A, -domain.b])
    # The rows of a box are exact, those of other domains rounded once.
    error = np.zeros_like(sides) if isinstance(domain, Box) else 2.0**-53 * np.abs(sides) + 2.0**-1074
    arrays = {**network_arrays(seen.network), **mesh_arrays(partition), "side_rows": sides, "side_errors": error}
    if stage.ages is not None:
        arrays["ages"] = stage.ages.astype(np.int32)
    if points is not None and codes is not None:
        arrays |= _shares(partition, points, codes)
    return told, arrays


def _shares(partition: Partition, points: Floats, codes: Ints) -> Arrays:
    """The points in each region, and the share of its most frequent label; -1 where there are none."""
    flat = flat_of(partition)
    found = data_table(partition, points if flat is None else flat.embed(points), codes)
    count, purity = np.zeros(len(partition), dtype=np.int32), np.full(len(partition), -1, dtype=np.float32)
    assert found.purity is not None
    count[found.region], purity[found.region] = found.count, found.purity
    return {"counts": count, "purities": purity}


def _about_points(partition: Partition, points: ArrayLike | None, labels: ArrayLike | None) -> AboutPoints:
    """Points as they are drawn, the number of the label of each, and the labels' names."""
    if points is None:
        if labels is not None:
            raise OptionError("`labels` are those of points, but no `points` were given.")
        return None, None, []
    drawn = scene.drawn_points(partition, points)
    return drawn, *scene.coded(labels, len(drawn))


def _ranges(frames: Iterable[Arrays]) -> dict[str, list[list[float]]]:
    """For each output the least and the greatest value, and slope, of all frames."""
    found: dict[str, list[list[float]]] = {}
    for arrays in frames:
        for name in ("values", "slopes"):
            ends = np.stack([arrays[name].min(axis=1), arrays[name].max(axis=1)], axis=1).astype(np.float64)
            if name in found:
                before = np.array(found[name])
                ends = np.stack([np.minimum(ends, before)[:, 0], np.maximum(ends, before)[:, 1]], axis=1)
            found[name] = ends.tolist()
        median = np.median(arrays["slopes"].astype(np.float64), axis=1)
        found["median"] = [[value] for value in median.tolist()]
    return found


def _scales() -> Arrays:
    """Colours from the least to the greatest number, 256 of each scale."""
    from matplotlib import colormaps

    steps = np.linspace(0, 1, 256)
    return {
        name: np.rint(255 * colormaps[name](steps)[:, :3]).astype(np.uint8) for name in ("gray", "Blues", "cividis")
    }


def _inputs(partition: Partition) -> list[int]:
    """Which inputs of the network the plane is spanned by."""
    flat = flat_of(partition)
    return list(range(partition.network.input_dim)) if flat is None else [int(k) for k in flat.free]


def _page(told: dict[str, object], arrays: Arrays, frames: Sequence[tuple[dict[str, object], Arrays]]) -> str:
    """The page: its sources in one file, then what it is about."""

    def source(name: str) -> str:
        return (SOURCES / name).read_text(encoding="utf-8")

    payloads = [packed(told, arrays), *(packed(*frame) for frame in frames)]
    parts = {
        "styles": source("page.css"),
        "flatbush": f"/*\n{source('flatbush-LICENSE.txt')}*/\n{source('flatbush.js')}",
        "scripts": joined([source(f"{name}.js") for name in SCRIPTS]),
        "payloads": "\n".join(f'<script type="text/plain" class="payload">{text}</script>' for text in payloads),
    }
    text = source("page.html")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def joined(modules: Sequence[str]) -> str:
    """Modules as one: in the order in which they use each other, they need no imports."""
    lines = [line for module in modules for line in module.splitlines() if not line.startswith("import ")]
    return "\n".join(line.removeprefix("export ") for line in lines)
