"""Frames written as a film."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from polytope_lens import _validate
from polytope_lens.errors import DimensionError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

FILM_OPTIONS: dict[str, dict[str, Any]] = {
    ".gif": {"optimize": False},
    ".webp": {"lossless": True, "quality": 50, "method": 2},
}


def save_film(frames: Iterable[Frame], path: str | os.PathLike[str], fps: float = 10.0) -> None:
    """Write frames as an animated GIF or WebP that repeats for ever.

    Parameters
    ----------
    frames : iterable of (h, w, 3) uint8 arrays, all of one shape
        Such as :func:`.matplotlib.draw_frame` makes. Consumed one by one and kept compressed.
    path : str or path
        The suffix decides: ``.gif``, one palette of 256 colours for the whole film; ``.webp``, all colours, lossless.
        The file appears when it is complete, or not at all.
    fps : float
        Frames per second; at most 50 for GIF, whose clock counts hundredths of a second. A frame that equals the one
        before it is stored as a longer duration of that one.

    Raises
    ------
    OptionError, DimensionError
    """
    path = Path(path)
    kind = _validate.option(path.suffix.lower(), name="the suffix of a film", allowed=FILM_OPTIONS)
    ticks = 100 if kind == ".gif" else 1000  # per second
    if not 0 < fps <= ticks / 2:
        raise OptionError(f"fps should be above 0 and at most {ticks // 2} for {kind}, but received {fps!r}.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.touch()  # a folder that cannot be written to is found out before the frames are drawn
    try:
        size, packed = _packed(frames)
        pictures: Iterator[Image.Image] = (Image.frombytes("RGB", size, zlib.decompress(frame)) for frame in packed)
        if kind == ".gif":
            palette = _shared_palette(size, packed)
            pictures = (_indexed(picture, palette) for picture in pictures)
        # Each frame ends at the tick nearest to its true end, so that roundings do not add up.
        ends = np.rint(np.arange(len(packed) + 1) * ticks / fps) * (1000 / ticks)
        next(pictures).save(
            partial,
            format=kind[1:].upper(),
            save_all=True,
            append_images=pictures,
            duration=np.diff(ends).astype(int).tolist(),
            loop=0,
            **FILM_OPTIONS[kind],
        )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _packed(frames: Iterable[Frame]) -> tuple[tuple[int, int], list[bytes]]:
    """Width and height of the frames, and each frame compressed."""
    shape: tuple[int, ...] | None = None
    packed = []
    for index, frame in enumerate(frames):
        array = np.asarray(frame)
        shape = array.shape if shape is None else shape
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.shape != shape:
            raise DimensionError(
                "the frames of a film should be uint8 arrays of one shape (height, width, 3), but frame "
                f"{index} is {array.dtype} of shape {array.shape}"
                + (f", and frame 0 has shape {shape}." if index else ".")
            )
        packed.append(zlib.compress(array.tobytes(), 1))
    if shape is None:
        raise DimensionError("a film needs at least one frame, but received none.")
    return (shape[1], shape[0]), packed


def _shared_palette(size: tuple[int, int], packed: list[bytes]) -> NDArray[np.uint8]:
    """256 colours for a whole film, from some of its frames: the commonest as they are, the others by median cut."""
    samples = [packed[i] for i in np.unique(np.linspace(0, len(packed) - 1, 16).astype(int))]
    width, height = size
    sheet = Image.frombytes("RGB", (width, height * len(samples)), b"".join(map(zlib.decompress, samples)))
    counted: Any = sheet.getcolors(sheet.width * sheet.height)
    common = [channel for _, color in sorted(counted, reverse=True)[:32] for channel in color]
    others = sheet.quantize(224, method=Image.Quantize.MEDIANCUT).getpalette() or []
    return np.array(common + others, dtype=np.uint8).reshape(-1, 3)


def _indexed(image: Image.Image, palette: NDArray[np.uint8]) -> Image.Image:
    """Paint the image in the nearest colours of the palette. Pillow's own search rounds: white turns grey."""
    rgb = np.asarray(image).astype(np.uint32)
    codes, where = np.unique(rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2], return_inverse=True)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    nearest = np.asarray(cKDTree(palette).query(colors)[1], dtype=np.uint8)
    indexed = Image.fromarray(nearest[where].reshape(image.size[::-1]))
    indexed.putpalette(palette.tobytes())
    return indexed
