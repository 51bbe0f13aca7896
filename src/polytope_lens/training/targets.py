"""Grey-scale images as functions on the square [-1, 1]^2.

An image is an array (size, size) of values from 0, black, to 1, white. It covers the square: x grows to the right with
the column, and y grows upwards, so row 0 is the uppermost, at y = +1. The pixel in row r and column c is the square of
side 2 / size around its centre ``x = (2 c + 1) / size - 1``, ``y = 1 - (2 r + 1) / size``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from polytope_lens import _validate
from polytope_lens.errors import DimensionError, FileFormatError, OptionError, OutsideDomainError

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]


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
    if not 0 <= inner < outer:
        raise OptionError(f"a ring needs radii 0 <= inner < outer, but received inner={inner} and outer={outer}.")
    x, y = pixel_coordinates(size).T
    radius = np.hypot(x, y).reshape(size, size)
    return np.where((radius >= inner) & (radius <= outer), 0.0, 1.0)


def disc(size: int = 1024, *, radius: float = 0.6) -> Floats:
    """Draw a black disc around the origin on white ground: a ring without a hole; see `ring`."""
    return ring(size, inner=0.0, outer=radius)


def from_file(path: str | PathLike[str], size: int | None = None) -> Floats:
    """Read an image file in grey scale.

    The largest square around the centre is kept; transparent parts become white.

    Parameters
    ----------
    path : str or path-like
        Any format that Pillow reads.
    size : int or None
        Pixels per side to resize to; None keeps those of the file.

    Returns
    -------
    (size, size) array
        From 0 (black) to 1 (white), in steps of 1/255.

    Raises
    ------
    FileFormatError
        A missing file, or one that Pillow does not read.
    OptionError
        A `size` below 1.
    """
    if size is not None:
        _check_size(size)
    path = Path(path)
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            if image.mode.startswith("I"):  # 16 bits per pixel, which Pillow would clip instead of scaling
                image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            image = image.convert("RGBA")
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        raise FileFormatError(f"{path} cannot be read as an image: {error}.") from error
    grey = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
    side = min(grey.size)
    left, top = (grey.width - side) // 2, (grey.height - side) // 2
    square = grey.crop((left, top, left + side, top + side))
    if size is not None:
        square = square.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, dtype=np.float64) / 255


def pixel_coordinates(size: int) -> Floats:
    """Centres of the pixels, row by row: shape (size * size, 2), in the order of ``image.ravel()``.

    Examples
    --------
    >>> pixel_coordinates(2)
    array([[-0.5,  0.5],
           [ 0.5,  0.5],
           [-0.5, -0.5],
           [ 0.5, -0.5]])
    """
    _check_size(size)
    x = (2 * np.arange(size) + 1) / size - 1
    return np.stack([np.tile(x, size), np.repeat(x[::-1], size)], axis=1)


def lookup(image: ArrayLike, X: ArrayLike) -> Floats:
    """Value of the pixel that holds each point.

    Parameters
    ----------
    image : (size, size) array
    X : (n, 2) array
        Points of [-1, 1]^2. A point on the line between pixels belongs to the right one and the lower one.

    Returns
    -------
    (n,) array

    Raises
    ------
    OutsideDomainError
        A point outside the square.
    """
    pixels = check_image(image)
    points = _validate.points(X, 2, what="`lookup`")
    outside = np.flatnonzero((np.abs(points) > 1).any(axis=1))
    if outside.size:
        raise OutsideDomainError(
            f"the image covers [-1, 1]^2, but point {int(outside[0])} is {points[outside[0]].tolist()}."
        )
    size = len(pixels)
    columns = np.minimum(((points[:, 0] + 1) * size / 2).astype(np.intp), size - 1)
    rows = np.minimum(((1 - points[:, 1]) * size / 2).astype(np.intp), size - 1)
    return pixels[rows, columns]


def check_image(image: ArrayLike) -> Floats:
    """Return `image` as a read-only square float64 array.

    Raises
    ------
    DimensionError
    """
    pixels = _validate.float_array(image, name="an image", ndim=2)
    if pixels.shape[0] != pixels.shape[1] or not pixels.size:
        raise DimensionError(f"an image should be a square of pixels, but has shape {pixels.shape}.")
    return pixels


def _check_size(size: int) -> None:
    if size < 1:
        raise OptionError(f"an image needs a size of at least 1 pixel, but received {size}.")
