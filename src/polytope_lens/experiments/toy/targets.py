"""Images to be learnt: drawn ones, a text, a photograph, any file.

All are sharply delineated, but for photographs. How an image lies in the plane, `target_image` says.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.experiments.toy.images import check_size, from_file, pixel_coordinates

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens._types import Floats


def named(name: str | os.PathLike[str], size: int = 1024) -> Floats:
    """The image of that name.

    Parameters
    ----------
    name : str or path-like
        "ring", "disc", "moons", "spiral", "checkerboard", "photograph"; "text:" and what to write; or an image file.
    size : int
        Pixels per side.

    Returns
    -------
    (size, size) array
        From 0 (black) to 1 (white).

    Raises
    ------
    OptionError
        A name that is none of these, and no file either.
    FileFormatError
        A file that is no image.

    Examples
    --------
    >>> named("checkerboard", 4)
    array([[0., 1., 0., 1.],
           [1., 0., 1., 0.],
           [0., 1., 0., 1.],
           [1., 0., 1., 0.]])
    """
    if isinstance(name, str) and name in NAMES:
        return NAMES[name](size)
    if isinstance(name, str) and name.startswith("text:"):
        return text(name.removeprefix("text:"), size)
    if not isinstance(name, str | os.PathLike) or not Path(name).is_file():
        raise OptionError(
            f"a target should be one of {', '.join(map(repr, NAMES))}, 'text:' and what to write, or the path of an "
            f"image file, but received {str(name)!r}."
        )
    return from_file(name, size)


def ring(size: int = 1024, *, inner: float = 0.4, outer: float = 0.7) -> Floats:
    """Draw a black ring around the origin on white ground, sharply delineated.

    Parameters
    ----------
    size : int
        Pixels per side.
    inner, outer : float
        Radii, ``0 <= inner < outer``, in units of the plane.

    Returns
    -------
    (size, size) array
        0 where the centre of the pixel has distance inner to outer from the origin, else 1.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> ring(8)[0]
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    """
    for what, radius in (("inner", inner), ("outer", outer)):
        validate.number(radius, name=f"`{what}`, a radius of a ring,")
    if not 0 <= inner < outer:
        raise OptionError(f"a ring needs radii 0 <= inner < outer, but received inner={inner} and outer={outer}.")
    x, y = pixel_coordinates(size).T
    r = np.hypot(x, y).reshape(size, size)
    return np.where((r >= inner) & (r <= outer), 0.0, 1.0)


def disc(size: int = 1024, *, radius: float = 0.6) -> Floats:
    """Draw a black disc around the origin on white ground: a ring without a hole; see `ring`."""
    validate.number(radius, name="the radius of a disc", positive=True)
    return ring(size, inner=0.0, outer=radius)


def moons(size: int = 1024, *, width: float = 0.2) -> Floats:
    """Draw two half circles that reach into each other, the upper one in black and the lower one in grey, on white.

    The arcs are those of scikit-learn's `make_moons`, moved and scaled by 0.55; with `categories(image, 3)` they become
    three classes: a moon, the other one, neither.

    Parameters
    ----------
    size : int
        Pixels per side.
    width : float
        Of the arcs, in units of the plane.

    Returns
    -------
    (size, size) array
        0 where the centre of the pixel is within half a `width` of the upper arc, 0.5 of the lower one, else 1.

    Raises
    ------
    OptionError
        A width that is not positive.
    """
    validate.number(width, name="the width of the moons", positive=True)
    x, y = pixel_coordinates(size).T / 0.55 + np.array([[0.5], [0.25]])
    upper = _to_half_circle(x, y) <= width / 1.1
    lower = _to_half_circle(1 - x, 0.5 - y) <= width / 1.1
    return np.where(upper, 0.0, np.where(lower, 0.5, 1.0)).reshape(size, size)


def _to_half_circle(x: Floats, y: Floats) -> Floats:
    """Distance from the upper half of the unit circle."""
    return np.asarray(np.where(y >= 0, np.abs(np.hypot(x, y) - 1), np.hypot(np.abs(x) - 1, y)))


def spiral(size: int = 1024, *, turns: float = 2.0, radius: float = 0.9) -> Floats:
    """Draw a black arm that winds out of the origin, as wide as the white one between its windings.

    Parameters
    ----------
    size : int
        Pixels per side.
    turns : float
        How often it goes around, counterclockwise.
    radius : float
        Where it ends.

    Returns
    -------
    (size, size) array
        0 where the centre of the pixel has polar coordinates (r, angle) with ``r <= radius`` and
        ``angle / (2 pi) - turns r / radius`` modulo 1 in [0, 1/2), else 1.

    Raises
    ------
    OptionError
        Numbers that are not positive.
    """
    for what, number in (("turns", turns), ("radius", radius)):
        validate.number(number, name=f"`{what}` of a spiral", positive=True)
    x, y = pixel_coordinates(size).T
    r = np.hypot(x, y)
    phase = np.mod(np.arctan2(y, x) / (2 * np.pi) - turns * r / radius, 1)
    return np.where((r <= radius) & (phase < 0.5), 0.0, 1.0).reshape(size, size)


def checkerboard(size: int = 1024, *, squares: int = 4) -> Floats:
    """Draw a board of `squares` by `squares` fields, black and white in turn, the upper left one black.

    Raises
    ------
    OptionError
        No fields, or more than one for each pixel.
    """
    validate.count(squares, name="the number of squares on a side")
    x, y = pixel_coordinates(size).T.reshape(2, size, size)
    if squares > size:
        raise OptionError(f"a checkerboard of {squares} squares on a side needs as many pixels, but has {size}.")
    column, row = np.floor((x + 1) * squares / 2), np.floor((1 - y) * squares / 2)
    return np.asarray(np.mod(column + row, 2))


def text(string: str, size: int = 1024) -> Floats:
    """Write in black on white, as large as fits.

    Parameters
    ----------
    string : str
        One line or more, in the characters of the font DejaVu Sans Bold; it draws a box for any other.
    size : int
        Pixels per side.

    Returns
    -------
    (size, size) array
        0 and 1: edges are not smoothed.

    Raises
    ------
    OptionError
        A string without a visible character.
    """
    import matplotlib

    check_size(size)
    if not validate.text(string, name="what a target writes").strip():
        raise OptionError(f"a text to draw needs at least one visible character, but received {string!r}.")
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf")
    image = Image.new("L", (size, size), "white")
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = draw.multiline_textbbox((0, 0), string, ImageFont.truetype(path, 200), align="center")
    font = ImageFont.truetype(path, max(1, int(180 * size / max(right - left, bottom - top))))
    left, top, right, bottom = draw.multiline_textbbox((0, 0), string, font, align="center")
    corner = (size - left - right) / 2, (size - top - bottom) / 2
    draw.multiline_text(corner, string, "black", font, align="center")
    return np.where(np.asarray(image) < 128, 0.0, 1.0)


def photograph(size: int = 512) -> Floats:
    """The portrait of Grace Hopper that comes with matplotlib (public domain), in grey; 512 pixels wide as it is there.

    Raises
    ------
    FileFormatError
        A matplotlib that was packaged without its sample data.
    """
    from matplotlib.cbook import get_sample_data

    return from_file(get_sample_data("grace_hopper.jpg", asfileobj=False), size)


NAMES: dict[str, Callable[[int], Floats]] = {
    "ring": ring,
    "disc": disc,
    "moons": moons,
    "spiral": spiral,
    "checkerboard": checkerboard,
    "photograph": photograph,
}
"""Targets that need no more than a size."""
