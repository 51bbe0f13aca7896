"""One neuron as a sheet of paper with one crease, and films of how its weights move the crease.

The surface ``max(a x + b y + c, 0)`` is where the first of the posts *Some experiments to help me understand Neural
Nets better* (July 2024) starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.engines.enumerate import partition
from polytope_lens.network.network import from_arrays
from polytope_lens.training.recorded_domain import SQUARE

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from polytope_lens._types import Frame
    from polytope_lens.network.network import Network


WEIGHTS = {"a": 1.0, "b": 0.5, "c": 0.25}
"""Where the two weights that do not move stay."""
MOST = {"a": 1.0, "b": 1.0, "c": 1.5}
"""The greatest value of each: by such a `c` the crease leaves the square."""
TOP = 3.0
"""The highest value in the films."""


def crease(a: float, b: float, c: float) -> Network:
    """The network ``max(a x + b y + c, 0)``: one neuron.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> Lens(crease(1, 0, -0.5))([[2.0, 7.0], [-2.0, 7.0]])
    array([[1.5],
           [0. ]])
    """
    return from_arrays([[[a, b]], [[1.0]]], [[c], [0.0]])


def crease_frames(moving: str, *, frames: int = 60, size: int = 480) -> Iterator[Frame]:
    """The surface while one weight goes from its greatest value to minus that and back.

    Parameters
    ----------
    moving : {"a", "b", "c"}
        Which weight, from its value in `MOST`; the others stay at those in `WEIGHTS`.
    frames : int
    size : int
        Pixels per side.

    Yields
    ------
    (size, size, 3) uint8 array
        Each frame from the true polygons of its network. The last one leads back to the first.

    Raises
    ------
    OptionError
    """
    validate.option(moving, name="moving", allowed=WEIGHTS)
    for name, number in (("frames", frames), ("size", size)):
        validate.count(number, name=f"`{name}` of a film")
    values = MOST[moving] * np.cos(2 * np.pi * np.arange(frames) / frames)
    for value in np.round(values, 12) + 0.0:  # no rest of a rounding where the weight is 0, and no -0
        yield _draw({**WEIGHTS, moving: float(value)}, moving, size)


def crease_films(
    folder: str | os.PathLike[str], *, frames: int = 60, suffix: str = ".gif", progress: bool = True
) -> list[Path]:
    """Write three short films, in which `a`, then `b`, then `c` moves; returns their files.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    frames : int
        In each film; 20 are shown per second.
    suffix : str
        Kind of the films, as `encoders.save_film` takes it.
    progress : bool
        Whether to draw a progress bar on stderr.

    Notes
    -----
    Cost: measured, a tenth of a second for each frame.
    """
    from polytope_lens.render.encoders import TICKS, save_film

    validate.option(suffix, name="the suffix of a film", allowed=TICKS)
    validate.count(frames, name="`frames` of a film")
    folder = validate.path(folder, name="the folder")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"crease_{moving}{suffix}" for moving in WEIGHTS]
    for moving, path in zip(WEIGHTS, paths, strict=True):
        drawn = crease_frames(moving, frames=frames)
        save_film(bar(progress, drawn, total=frames, desc=path.stem, unit=" frames"), path, fps=20.0)
    return paths


def _draw(weights: dict[str, float], moving: str, size: int) -> Frame:
    from matplotlib.figure import Figure

    from polytope_lens.drawing.picture_style import PictureStyle
    from polytope_lens.drawing.plane_axes import INK
    from polytope_lens.render.matplotlib import pixels_of
    from polytope_lens.render.surface import surface

    figure = Figure(figsize=(4.8, 4.8), dpi=size / 4.8)
    found = partition(crease(**weights), SQUARE, progress=False)
    place = figure.add_axes((0.0, 0.0, 0.94, 0.9), projection="3d")
    ax = surface(found, place, "pattern", height=0.8, style=PictureStyle(limits=(0, TOP), legend=False))
    ax.view_init(elev=24, azim=-65)
    ax.set(xlabel="x", ylabel="y", zlabel="")
    figure.text(0.05, 0.93, "max(a x + b y + c, 0)", color=INK, fontsize=11)
    for k, (name, value) in enumerate(weights.items()):
        weight = "bold" if name == moving else "normal"
        figure.text(0.05 + 0.28 * k, 0.87, f"{name} = {value:+.2f}", color=INK, fontsize=11, fontweight=weight)
    return pixels_of(figure)
