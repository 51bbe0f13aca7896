"""Images read from files and at points, and turned into categories."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polytope_lens.errors import DimensionError, FileFormatError, OptionError, OutsideDomainError
from polytope_lens.experiments import (
    categories,
    from_file,
    lookup,
    moons,
    pixel_coordinates,
)

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
    for name in ("text.png", "missing.png"):
        with pytest.raises(FileFormatError, match=rf"{name} cannot be read as an image"):
            from_file(tmp_path / name)
    with pytest.raises(OptionError, match="at least 1 pixel"):
        from_file(tmp_path / "text.png", size=0)
