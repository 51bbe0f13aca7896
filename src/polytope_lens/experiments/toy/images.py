"""Images as functions on the square [-1, 1]^2; `target_image` says how they lie there."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from polytope_lens._arrays import validate
from polytope_lens.errors import FileFormatError, OptionError, OutsideDomainError
from polytope_lens.io.files import read_bytes
from polytope_lens.training.target_image import check_image

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints

MOST = 2**14
"""Pixels per side of an image."""


MODES = (
    *("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"),
    *("I;16", "I;16B", "I;16L", "I;16N"),
)
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MOST_PIXELS = 2**26


def from_file(path: str | PathLike[str], size: int | None = None) -> Floats:
    """Read an image file in grey scale.

    The largest square around the centre is kept; transparent parts become white.

    Parameters
    ----------
    path : str or path-like
        A PNG, JPEG, TIFF, GIF, WebP, BMP or PPM file, of bits, bytes or 16 bits for each channel.
    size : int or None
        Pixels per side to resize to; None keeps those of the file.

    Returns
    -------
    (size, size) array
        From 0 (black) to 1 (white), in steps of 1/255.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        What Pillow does not read; wrong sums; more than 2^26 pixels; pixels that are floats or 32-bit integers, which
        do not say what is white.
    OptionError
        A `size` below 1.
    """
    if size is not None:
        check_size(size)
    path = validate.path(path, name="an image file")
    stream = io.BytesIO(read_bytes(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are looked at here
            with Image.open(stream, formats=FORMATS) as file:
                _check_kind(file)
                file.verify()  # the sums of its parts, which are not looked at when it is decoded
            with Image.open(stream, formats=FORMATS) as file:
                image = ImageOps.exif_transpose(file)
                if image.mode.startswith("I"):  # 16 bits per pixel, which Pillow would clip instead of scaling
                    image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
                image = image.convert("RGBA")
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        raise FileFormatError(f"{path} cannot be read as an image: {str(error).rstrip('.')}.") from error
    grey = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
    side = min(grey.size)
    left, top = (grey.width - side) // 2, (grey.height - side) // 2
    square = grey.crop((left, top, left + side, top + side))
    if size is not None:
        square = square.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, dtype=np.float64) / 255


def _check_kind(image: Image.Image) -> None:
    """Refuse what would not be seen as it is meant, or would not fit into memory."""
    if image.mode not in MODES and not (image.mode == "I" and image.format in ("PNG", "PPM")):  # 16 bits
        raise FileFormatError(
            f"its pixels are of Pillow's mode {image.mode!r}, which does not say what is black and what is white. Save "
            "it with 8 or 16 bits per pixel, or make an array of floats from 0 to 1 of it"
        )
    if image.width * image.height > MOST_PIXELS:
        raise FileFormatError(f"it has {image.width} x {image.height} pixels, more than {MOST_PIXELS}. Make it smaller")


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


def lookup(image: ArrayLike, X: ArrayLike) -> Floats | Ints:
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
    points = validate.points(X, 2, what="`lookup`")
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
    validate.count(n, name="the number of categories", least=2)
    pixels = check_image(image)
    if pixels.dtype.kind != "f" or pixels.min() < 0 or pixels.max() > 1:
        raise OptionError(
            "categories are made from an image of floats from 0 to 1, but received one of "
            f"{pixels.dtype} from {pixels.min()} to {pixels.max()}."
        )
    return np.minimum((pixels * n).astype(np.int64), n - 1)


def check_size(size: int) -> None:
    """Refuse images without pixels.

    Raises
    ------
    OptionError
    """
    validate.count(size, name="the size of an image, pixels per side,", most=MOST)
