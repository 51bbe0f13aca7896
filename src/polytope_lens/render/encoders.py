"""Frames written as a film."""

from __future__ import annotations

import zlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from polytope_lens._arrays import validate
from polytope_lens._deferred import spatial
from polytope_lens.errors import DimensionError, FilmError, MissingFileError, OptionError, require
from polytope_lens.io.files import whole_folder, whole_path

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from polytope_lens._types import Frame


TICKS = {".gif": 100, ".webp": 1000, ".mp4": 1000}
"""Suffixes of films, and the ticks per second of each one's clock."""
PILLOW_OPTIONS: dict[str, dict[str, Any]] = {
    ".gif": {"optimize": False},
    ".webp": {"lossless": True, "quality": 50, "method": 2},
}
X264_OPTIONS = {"crf": "18", "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709"}
BT709 = 1


class Encoder(Protocol):
    """Takes frames one by one; the file is complete when it is closed."""

    def add(self, frame: Frame) -> None:
        """Take the next frame."""

    def close(self) -> None:
        """Write what is not yet written."""


def check_film(path: str | os.PathLike[str], fps: float) -> str:
    """Return the kind of film, its suffix in lower case, if a film can be written there.

    Raises
    ------
    OptionError
        Another suffix, or more frames per second than the format has.
    MissingFileError
        The folder does not exist.
    MissingExtraError
        PyAV is not installed, for ``.mp4``.
    """
    path = validate.path(path, name="the film")
    kind = validate.option(path.suffix.lower(), name="the suffix of a film", allowed=TICKS)
    if not 0 < validate.number(fps, name="fps") <= TICKS[kind] / 2:
        raise OptionError(
            f"fps should be above 0 and at most {TICKS[kind] // 2} for {kind}, but received {validate.shown(fps)}."
        )
    if not path.parent.is_dir():
        raise MissingFileError(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
    if kind == ".mp4":
        require("av", extra="film", purpose="writing a film as .mp4")
    return kind


def save_film(frames: Iterable[Frame], path: str | os.PathLike[str], fps: float = 10.0) -> None:
    """Write frames as an MP4 film, or as an animated GIF or WebP that repeats for ever.

    Parameters
    ----------
    frames : iterable of (h, w, 3) uint8 arrays, all of one shape
        Such as `matplotlib.draw_frame` makes. Consumed one by one and kept compressed.
    path : str or path
        The suffix decides: ``.mp4``, H.264 in all colours, encoded while the frames come, an odd last row or column
        repeated; ``.gif``, one palette of 256 colours for the whole film; ``.webp``, all colours, lossless.
        The file appears when it is complete, or not at all.
    fps : float
        Frames per second; at most 50 for GIF, whose clock counts hundredths of a second. A frame that equals the one
        before it is stored in GIF and WebP as a longer duration of that one.

    Raises
    ------
    OptionError, DimensionError, MissingFileError, FileAccessError, MissingExtraError
    FilmError
        The encoder failed. All frames are then in a folder beside `path`, as PNG files; the message names it.
    """
    path = Path(path)
    kind = check_film(path, fps)
    packed: list[bytes] = []
    size, encoder, failure = (0, 0), None, None
    # A folder that cannot be written to is found out before the frames are drawn.
    with whole_path(path) as partial:
        for frame in _checked(frames):
            packed.append(zlib.compress(frame.tobytes(), 1))
            size = (frame.shape[1], frame.shape[0])
            if failure is None:
                try:
                    encoder = encoder or _encoder(kind, partial, size, packed, fps)
                    encoder.add(frame)
                except Exception as error:  # whatever a codec raises; the frames are still to be drawn and kept
                    failure = error
        if encoder is None and failure is None:
            raise DimensionError("a film needs at least one frame, but received none.")
        try:
            if failure is None and encoder is not None:
                encoder.close()
        except Exception as error:
            failure = error
        if failure is not None:
            raise FilmError(f"{path} could not be encoded ({failure}); {_kept(path, size, packed)}") from failure


def _checked(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The same frames, all of one shape."""
    shape: tuple[int, ...] | None = None
    for index, frame in enumerate(frames):
        array = np.asarray(frame)
        shape = array.shape if shape is None else shape
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or array.shape != shape:
            raise DimensionError(
                "the frames of a film should be uint8 arrays of one shape (height, width, 3), but frame "
                f"{index} is {array.dtype} of shape {array.shape}"
                + (f", and frame 0 has shape {shape}." if index else ".")
            )
        yield array


def _encoder(kind: str, path: Path, size: tuple[int, int], packed: list[bytes], fps: float) -> Encoder:
    return Video(path, size, fps) if kind == ".mp4" else Animation(kind, path, size, packed, fps)


class Video:
    """H.264 in an MP4 file, by PyAV."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        av: Any = require("av", extra="film", purpose="writing a film as .mp4")
        self.av = av
        self.container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(fps).limit_denominator(1000)
        self.stream = self.container.add_stream("libx264", rate=rate, options=X264_OPTIONS)
        self.stream.width, self.stream.height = (n + n % 2 for n in size)
        self.stream.pix_fmt = "yuv420p"
        # One that all frames of the process share has threads, for which a forked process would wait for ever.
        self.reformatter = av.video.reformatter.VideoReformatter()
        self.odd = ((0, size[1] % 2), (0, size[0] % 2), (0, 0))

    def add(self, frame: Frame) -> None:
        """Encode the next frame."""
        picture = self.av.VideoFrame.from_ndarray(np.pad(frame, self.odd, mode="edge"), format="rgb24")
        picture = self.reformatter.reformat(picture, format="yuv420p", dst_colorspace=BT709)
        self.container.mux(self.stream.encode(picture))

    def close(self) -> None:
        """Encode what the encoder holds back, and close the file."""
        self.container.mux(self.stream.encode())
        self.container.close()


class Animation:
    """GIF or WebP, by Pillow, which wants all frames at once."""

    def __init__(self, kind: str, path: Path, size: tuple[int, int], packed: list[bytes], fps: float) -> None:
        self.kind, self.path, self.size, self.packed, self.fps = kind, path, size, packed, fps

    def add(self, frame: Frame) -> None:
        """Nothing: the list of packed frames grows by itself."""

    def close(self) -> None:
        """Write the frames."""
        pictures: Iterator[Image.Image] = _pictures(self.size, self.packed)
        if self.kind == ".gif":
            palette = _shared_palette(self.size, self.packed)
            pictures = (_indexed(picture, palette) for picture in pictures)
        # Each frame ends at the tick nearest to its true end, so that roundings do not add up.
        ticks = TICKS[self.kind]
        ends = np.rint(np.arange(len(self.packed) + 1) * ticks / self.fps) * (1000 / ticks)
        next(pictures).save(
            self.path,
            format=self.kind[1:].upper(),
            save_all=True,
            append_images=pictures,
            duration=np.diff(ends).astype(int).tolist(),
            loop=0,
            **PILLOW_OPTIONS[self.kind],
        )


def _pictures(size: tuple[int, int], packed: list[bytes]) -> Iterator[Image.Image]:
    return (Image.frombytes("RGB", size, zlib.decompress(frame)) for frame in packed)


def _kept(path: Path, size: tuple[int, int], packed: list[bytes]) -> str:
    """Keep the frames in a new folder beside `path`; what is to be said about them."""
    folder, n = path.with_name(f"{path.name}.frames"), 1
    while folder.exists():  # of an earlier failure
        n += 1
        folder = path.with_name(f"{path.name}.frames-{n}")
    try:
        with whole_folder(folder) as partial:
            for index, picture in enumerate(_pictures(size, packed)):
                picture.save(partial / f"{index:05d}.png", compress_level=1)
    except OSError as error:
        return f"nor could its {len(packed)} frames be kept: {error}"
    return f"its {len(packed)} frames are in {folder} as PNG files."


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
    nearest = np.asarray(spatial.cKDTree(palette).query(colors)[1], dtype=np.uint8)
    indexed = Image.fromarray(nearest[where].reshape(image.size[::-1]))
    indexed.putpalette(palette.tobytes())
    return indexed
