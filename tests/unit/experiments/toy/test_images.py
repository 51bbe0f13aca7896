"""Images read from files and at points, and turned into categories."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

from polytope_lens.errors import DimensionError, FileFormatError, MissingFileError, OptionError, OutsideDomainError
from polytope_lens.experiments import (
    categories,
    from_file,
    lookup,
    moons,
    pixel_coordinates,
)
from refusals import NO_COUNTS, NO_PATHS, refuses

torch = pytest.importorskip("torch")


def test_categories_are_equal_steps_of_grey():
    image = np.arange(256).reshape(16, 16) / 255
    for n in (2, 3, 7, 256):
        found = categories(image, n)
        assert found.dtype == np.int64
        counts = np.bincount(found.ravel(), minlength=n)
        assert len(counts) == n
        assert counts.max() - counts.min() <= 1
        assert (np.diff(found.ravel()) >= 0).all()
    assert categories(moons(64), 3)[0, 0] == 2
    with pytest.raises(OptionError, match="least 2, but received 1"):
        categories(image, 1)
    for wrong in (image * 2, image - 1, categories(image, 3)):
        with pytest.raises(OptionError, match="categories are made from an image of floats from 0 to 1"):
            categories(wrong, 3)


def test_pixels_are_read_with_y_upwards():
    centres = pixel_coordinates(4)
    assert centres.shape == (16, 2)
    assert centres[0].tolist() == [-0.75, 0.75]
    assert centres[3].tolist() == [0.75, 0.75]
    assert centres[4].tolist() == [-0.75, 0.25]
    assert centres[-1].tolist() == [0.75, -0.75]


def test_lookup_finds_the_pixel_around_its_centre():
    for size in (1, 5, 16, 37):
        image = np.random.default_rng(size).random((size, size))
        assert np.array_equal(lookup(image, pixel_coordinates(size)), image.ravel())


def test_lookup_knows_corners_edges_and_outside():
    image = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert lookup(image, [[-1, 1], [1, 1], [-1, -1], [1, -1], [0, 0]]).tolist() == [1, 2, 3, 4, 4]
    assert lookup(image, [-0.1, 0.9]).tolist() == [1]
    with pytest.raises(OutsideDomainError, match=r"point 1 is \[1\.5, 0\.0\]"):
        lookup(image, [[0, 0], [1.5, 0]])
    with pytest.raises(DimensionError, match=r"square of at least one pixel, but has shape \(1, 2\)"):
        lookup(image[:1], [[0, 0]])


def test_images_are_read_in_grey(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(from_file(tmp_path / "grey.png"), pixels[:, :3] / 255)
    Image.fromarray(np.dstack([pixels] * 3)).save(tmp_path / "colour.png")
    assert np.array_equal(from_file(str(tmp_path / "colour.png")), pixels[:, :3] / 255)
    Image.fromarray(pixels.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert np.array_equal(from_file(tmp_path / "deep.png"), pixels[:, :3] / 255)
    transparent = np.zeros((2, 2, 4), dtype=np.uint8)
    transparent[0, 0, 3] = 255
    Image.fromarray(transparent).save(tmp_path / "clear.png")
    assert from_file(tmp_path / "clear.png").tolist() == [[0, 1], [1, 1]]
    large = from_file(tmp_path / "grey.png", size=16)
    assert large.shape == (16, 16)
    assert large[:8].mean() < large[8:].mean()


def test_files_that_are_no_images_are_refused(tmp_path):
    (tmp_path / "text.png").write_text("not an image")
    with pytest.raises(FileFormatError, match=r"text.png cannot be read as an image"):
        from_file(tmp_path / "text.png")
    with pytest.raises(MissingFileError, match=r"missing.png cannot be read: there is no such file"):
        from_file(tmp_path / "missing.png")
    with pytest.raises(OptionError, match="pixels per side"):
        from_file(tmp_path / "text.png", size=0)


RAMP = np.linspace(0, 1, 400).reshape(20, 20)
PIXELS = {
    "bytes": (RAMP * 255).astype("u1"),
    "16 bits": (RAMP * 65535).astype("u2"),
    "16 bits, swapped": (RAMP * 65535).astype(">u2"),
    "32 bits": (RAMP * 2**24).astype("i4"),
    "floats from 0 to 1": RAMP.astype("f4"),
    "floats from 0 to 255": (RAMP * 255).astype("f4"),
    "bits": RAMP > 0.5,
}


DEPTHS = [
    *[(kind, ".tif") for kind in PIXELS],
    *[(kind, ".png") for kind in ("bytes", "16 bits", "bits")],
    *[(kind, ".ppm") for kind in ("bytes", "16 bits", "bits")],
    *[("bytes", suffix) for suffix in (".webp", ".bmp", ".gif")],
]


@pytest.mark.parametrize(("kind", "suffix"), DEPTHS)
def test_pixels_are_read_as_they_are_meant_or_refused(tmp_path, kind, suffix):
    """Floats came out black, 32-bit integers as others."""
    path = tmp_path / f"ramp{suffix}"
    Image.fromarray(PIXELS[kind]).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    expected = RAMP > 0.5 if kind == "bits" else RAMP
    try:
        found = from_file(path)
    except FileFormatError:
        assert kind.startswith(("floats", "32"))
    else:
        assert np.abs(found - expected).max() < 1 / 100


def test_no_bit_of_a_png_is_wrong(tmp_path):
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9)).astype(np.uint8)).save(path)
    data, whole = path.read_bytes(), from_file(path)
    for at in range(8, len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        try:
            found = from_file(path)
        except FileFormatError:
            continue
        assert np.array_equal(found, whole)


def test_pictures_that_are_programs_are_not_run(tmp_path):
    (tmp_path / "a.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n")
    with pytest.raises(FileFormatError, match="cannot identify"):
        from_file(tmp_path / "a.eps")


def test_images_beyond_any_memory_are_refused(tmp_path):
    path = tmp_path / "large.png"
    Image.fromarray(np.zeros((1, 1), dtype=np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = (2**14).to_bytes(4, "big") + (2**13).to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="has 16384 x 8192 pixels, more than"):
        from_file(path)


def test_options_of_another_kind_are_refused(tmp_path):
    refuses(pixel_coordinates, "size", (*NO_COUNTS, 0), "the size of an image")
    refuses(lambda size: from_file(tmp_path, size), "size", [v for v in NO_COUNTS if v is not None], "size of an image")
    refuses(from_file, "path", NO_PATHS, "an image file should be a path")
    refuses(lambda n: categories(np.zeros((2, 2)), n), "n", (*NO_COUNTS, 1), "the number of categories")
