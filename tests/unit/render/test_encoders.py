"""Films: what was written is read back; what fails leaves the frames, or nothing."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from polytope_lens.errors import DimensionError, FilmError, MissingExtraError, OptionError
from polytope_lens.render import encoders
from polytope_lens.render import matplotlib as render
from polytope_lens.render.encoders import BT709, save_film
from processes import forked


def film(n=7):
    """Frames in few colours, all different."""
    frames = np.full((n, 20, 30, 3), 255, dtype=np.uint8)
    for k in range(n):
        frames[k, :, k] = (0, 114, 178)
        frames[k, k, 10:] = 40 * k
    return frames


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".GIF"])
def test_film_holds_every_frame(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    save_film(iter(film()), path, fps=12)
    with Image.open(path) as image:
        assert image.n_frames == 7
        assert image.info["loop"] == 0
        duration = 0
        for k, frame in enumerate(film()):
            image.seek(k)
            assert (np.asarray(image.convert("RGB")) == frame).all()
            duration += image.info["duration"]
    assert duration == pytest.approx(7 / 12 * 1000, abs=5)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_film_of_one_frame(tmp_path, suffix):
    save_film(film(1), tmp_path / f"film{suffix}")
    with Image.open(tmp_path / f"film{suffix}") as image:
        assert (np.asarray(image.convert("RGB")) == film(1)[0]).all()


def test_film_keeps_the_colors_of_drawn_frames(tmp_path, deep):
    frames = [render.draw_frame(deep, step=step) for step in range(3)]
    save_film(frames, tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as image:
        error = np.abs(np.asarray(image.convert("RGB")).astype(int) - frames[0])
    assert error.mean() < 1
    assert (error[(frames[0] == 255).all(axis=2)] == 0).all()  # the paper stays white


def test_bad_films(tmp_path):
    path = tmp_path / "film.gif"
    path.write_bytes(b"before")
    with pytest.raises(
        OptionError, match=r"suffix of a film should be one of '.gif', '.webp', '.mp4', but received '.avi'"
    ):
        save_film(film(), tmp_path / "film.avi")
    with pytest.raises(DimensionError, match="needs at least one frame"):
        save_film([], path)
    with pytest.raises(DimensionError, match=r"frame 1 is uint8 of shape \(20, 29, 3\), and frame 0 has"):
        save_film([film()[0], film()[0][:, 1:]], path)
    with pytest.raises(DimensionError, match="frame 0 is float64"):
        save_film([film()[0] / 255], path)
    with pytest.raises(OptionError, match=r"fps should be above 0 and at most 50 for \.gif, but received 60"):
        save_film(film(), path, fps=60)
    with pytest.raises(FileNotFoundError):
        save_film((pytest.fail("drawn in vain") for _ in range(1)), tmp_path / "nowhere" / "film.gif")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def luma_and_chroma(color):
    """What a colour is in a film: ITU-R BT.709, section 3, with 8 bits."""
    red, green, blue = np.array(color) / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


@pytest.mark.parametrize("size", [(20, 30), (21, 31)])
def test_mp4_is_read_back(tmp_path, size):
    av = pytest.importorskip("av")
    frames = np.zeros((12, *size, 3), dtype=np.uint8)
    frames[:, :, :16] = (213, 94, 0)
    for k in range(12):
        frames[k, :, 16:] = 20 * k
    save_film(iter(frames), tmp_path / "film.mp4", fps=24)
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.frames, stream.average_rate) == ("h264", 12, 24)
        assert float(stream.duration * stream.time_base) == pytest.approx(0.5)
        # Not read as colours: some versions of libav forget the matrix that the frames name.
        decoded = list(container.decode(stream))
        assert {frame.colorspace for frame in decoded} == {BT709}
        read = [frame.to_ndarray(format="yuv420p") for frame in decoded]
    assert len(read) == 12
    height, width = (n + n % 2 for n in size)
    assert read[0].shape == (height * 3 // 2, width)
    for k, frame in enumerate(read):
        planes = np.split(frame.ravel().astype(int), np.cumsum([height * width, height * width // 4]))
        for x, color in ((5, (213, 94, 0)), (25, (20 * k,) * 3)):
            luma, *chroma = luma_and_chroma(color)
            assert abs(planes[0].reshape(height, width)[10, x] - luma) < 4
            for plane, expected in zip(planes[1:], chroma, strict=True):
                assert abs(plane.reshape(height // 2, width // 2)[5, x // 2] - expected) < 4
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]


class Broken:
    """An encoder that takes a few frames."""

    def __init__(self, *_):
        self.n = 0

    def add(self, frame):
        self.n += 1
        if self.n == 3:
            raise ValueError("the codec has gone")

    def close(self):
        raise AssertionError("closed after a failure")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_makes_films_like_its_parent(tmp_path):
    """PyAV 19 has one scaler for all frames of a process, with threads that a forked one has not."""
    pytest.importorskip("av")
    frames = [np.full((34, 30, 3), 9 * i, np.uint8) for i in range(3)]
    save_film(frames, tmp_path / "first.mp4")
    assert forked(lambda: save_film(frames, tmp_path / "second.mp4")) == (0, "")
    assert (tmp_path / "second.mp4").read_bytes() == (tmp_path / "first.mp4").read_bytes()


def test_a_failed_encoder_leaves_the_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(encoders, "_encoder", Broken)
    for folder in ("film.mp4.frames", "film.mp4.frames-2"):
        with pytest.raises(FilmError, match=rf"film.mp4 could not be encoded .the codec has gone.*7 frames.*{folder}"):
            save_film(iter(film()), tmp_path / "film.mp4")
        files = sorted((tmp_path / folder).iterdir())
        assert len(files) == 7
        for file, frame in zip(files, film(), strict=True):
            with Image.open(file) as image:
                assert (np.asarray(image) == frame).all()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["film.mp4.frames", "film.mp4.frames-2"]


def test_pillow_may_fail_too(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(encoders, "_shared_palette", refuse)
    with pytest.raises(FilmError, match="disk full"):
        save_film(film(), tmp_path / "film.gif")
    assert len(list((tmp_path / "film.gif.frames").iterdir())) == 7


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".mp4"])
def test_an_interrupted_film_leaves_nothing(tmp_path, suffix):
    def frames():
        yield from film()[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_film(frames(), tmp_path / f"film{suffix}")
    assert not list(tmp_path.iterdir())


def test_mp4_needs_pyav(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"polytope-lens\[film\]"):
        save_film((pytest.fail("drawn in vain") for _ in range(1)), tmp_path / "film.mp4")
