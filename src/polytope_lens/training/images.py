"""Images as functions on the square [-1, 1]^2.

An image is an array (size, size) of floats from 0, black, to 1, white; or of integers, the numbers of categories,
counted from 0. It covers the square: x grows to the right with the column, and y grows upwards, so row 0 is the
uppermost, at y = +1. The pixel in row r and column c is the square of side 2 / size around its centre
``x = (2 c + 1) / size - 1``, ``y = 1 - (2 r + 1) / size``.
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

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints

    Values: TypeAlias = Floats | Ints


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
        check_size(size)
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
    check_size(size)
    x = (2 * np.arange(size) + 1) / size - 1
    return np.stack([np.tile(x, size), np.repeat(x[::-1], size)], axis=1)


def lookup(image: ArrayLike, X: ArrayLike) -> Values:
    """Value of the pixel that holds each point.

    Parameters
    ----------
    image : (size, size) array
    X : (n, 2) array
        Points of [-1, 1]^2. A point on the line between pixels belongs to the right one and the lower one.

    Returns
    -------
    (n,) array
        Of floats, or of the integers that stand for categories, as the image.

    Raises
    ------
    OutsideDomainError
        A point outside the square.
    DimensionError
        What `check_image` refuses.
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


def categories(image: ArrayLike, n: int) -> Ints:
    """Turn a grey-scale image into one of `n` categories, by equal steps of grey.

    Parameters
    ----------
    image : (size, size) array
        Of floats from 0 to 1.
    n : int
        At least 2.

    Returns
    -------
    (size, size) int array
        k where the grey value is from k / n up to, but without, (k + 1) / n; n - 1 also where it is 1.

    Raises
    ------
    OptionError
        An `n` below 2; an image that has categories already, or values outside of [0, 1].

    Examples
    --------
    >>> categories([[0.0, 0.5], [0.9, 1.0]], 3)
    array([[0, 1],
           [2, 2]])
    """
    _validate.count(n, name="the number of categories", least=2)
    pixels = check_image(image)
    if pixels.dtype.kind != "f" or pixels.min() < 0 or pixels.max() > 1:
        raise OptionError(
            "categories are made from an image of floats from 0 to 1, but received one of "
            f"{pixels.dtype} from {pixels.min()} to {pixels.max()}."
        )
    return np.minimum((pixels * n).astype(np.int64), n - 1)


def check_image(image: ArrayLike) -> Values:
    """Return `image` as a read-only square array of float64; one of integers as int64.

    Raises
    ------
    DimensionError
        No pixels; not a square; colours; negative integers; numbers that are not finite or not real.
    OptionError
        Bytes, which could be either.
    """
    try:
        raw = np.asarray(image)
    except ValueError as error:
        raise DimensionError("an image should be a square of pixels, but its rows differ in length.") from error
    if raw.ndim == 3 and raw.shape[-1] in (1, 2, 3, 4):
        raise DimensionError(
            f"an image should have one grey value per pixel, but has shape {raw.shape}: {raw.shape[-1]} channels. Take "
            "one of them, image[..., 0], or their mean, image[..., :3].mean(axis=2); `from_file` reads files in grey."
        )
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1] or not raw.size:
        raise DimensionError(f"an image should be a square of at least one pixel, but has shape {raw.shape}.")
    if raw.dtype == np.uint8:
        raise OptionError(
            "an image of bytes may hold grey values or the numbers of categories. Say which: image / 255 for grey "
            "values from 0 to 1, image.astype(int) for categories."
        )
    return _validate.values_array(raw, name="an image", ndim=2)


def check_size(size: int) -> None:
    """Refuse images without pixels.

    Raises
    ------
    OptionError
    """
    if size < 1:
        raise OptionError(f"an image needs a size of at least 1 pixel, but received {size}.")
