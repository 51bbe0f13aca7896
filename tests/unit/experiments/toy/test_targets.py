"""Targets by name, their shapes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from polytope_lens.errors import FileFormatError, OptionError
from polytope_lens.experiments import (
    checkerboard,
    disc,
    from_file,
    lookup,
    moons,
    named,
    photograph,
    ring,
    spiral,
    text,
)
from polytope_lens.experiments.toy.targets import NAMES
from refusals import NO_COUNTS, NO_NAMES, NO_NUMBERS, NO_TEXTS, refuses

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", [*NAMES, "text:ABC"])
def test_each_name_is_an_image_of_the_size_wanted(name):
    image = named(name, 96)
    assert image.shape == (96, 96)
    assert image.dtype == np.float64
    assert image.min() >= 0
    assert image.max() <= 1
    assert 0.02 < np.mean(image < 0.5) < 0.9  # neither empty nor full
    if name != "photograph":
        assert set(np.unique(image)) <= {0.0, 0.5, 1.0}
    for size in (1, 2, 3, 5):
        if name != "checkerboard" or size > 3:
            assert named(name, size).shape == (size, size)


def test_the_moons_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    points, labels = datasets.make_moons(500, noise=None)
    points = 0.55 * (points - [0.5, 0.25])
    image = moons(512, width=0.1)
    assert np.array_equal(lookup(image, points), np.where(labels == 0, 0.0, 0.5))
    for value in (0.0, 0.5):
        assert ndimage.label(image == value)[1] == 1
        area = 4 * np.mean(image == value)
        assert area == pytest.approx(0.1 * np.pi * 0.55 + np.pi * 0.05**2, rel=0.02)  # a bent strip, and its round ends


def test_the_spiral_is_one_arm_that_goes_around():
    image = spiral(400, turns=2, radius=0.9)
    parts = np.bincount(ndimage.label(image == 0)[0].ravel())[1:]
    assert parts.max() > 0.999 * parts.sum()  # its end, thinner than a pixel, may break off
    assert 4 * np.mean(image == 0) == pytest.approx(np.pi * 0.9**2 / 2, rel=0.02)
    along = lookup(image, np.stack([np.linspace(0.02, 0.999, 2000), np.full(2000, 0.0012)], axis=1))
    assert np.count_nonzero(np.diff(along)) == 4  # white and black twice over, and the ground


def test_the_board_changes_colour_at_its_lines():
    image = checkerboard(60, squares=3)
    assert image[0, 0] == 0
    assert np.array_equal(image[::20, ::20], [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert np.array_equal(image, np.kron(image[::20, ::20], np.ones((20, 20))))


def test_a_text_fills_the_image_and_can_be_read():
    image = text("I", 200)
    black = np.argwhere(image == 0)
    assert np.ptp(black[:, 0]) == pytest.approx(180, abs=8)
    assert abs(black.mean() - 99.5) < 3  # in the middle
    assert ndimage.label(text("ABC", 200) == 0)[1] == 3
    assert ndimage.label(text("ABC", 200) == 1)[1] == 4  # the outside, a hole of A and two of B
    assert ndimage.label(text("C\nC", 200) == 0)[1] == 2


def test_the_photograph_is_the_file_of_matplotlib():
    from matplotlib.cbook import get_sample_data

    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as file:
        expected = np.asarray(file.convert("L").crop((0, 44, 512, 556))) / 255
    assert np.array_equal(photograph(), expected)


def test_a_path_is_a_name(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(path)
    for name in (path, str(path)):
        assert np.array_equal(named(name, 8), from_file(path))


def test_unknown_names_are_refused_with_the_list(tmp_path):
    for name in ("rign", "missing.png", tmp_path, ""):
        with pytest.raises(OptionError, match=r"one of 'ring', 'disc', 'moons', .* 'text:' and what to write, or the"):
            named(name)
    (tmp_path / "no.png").write_text("no image")
    with pytest.raises(FileFormatError, match="cannot be read as an image"):
        named(tmp_path / "no.png")
    with pytest.raises(OptionError, match=r"at least one visible character, but received ' \\n'"):
        named("text: \n")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: moons(8, width=0), "width of the moons should be a positive number"),
        (lambda: spiral(8, turns=-1), "`turns` of a spiral should be a positive number"),
        (lambda: spiral(8, radius=np.nan), "`radius` of a spiral should be a positive number"),
        (lambda: checkerboard(8, squares=9), "9 squares on a side needs as many pixels, but has 8"),
        (lambda: checkerboard(8, squares=0), "number of squares on a side should be a whole number"),
        (lambda: text("A", 0), "pixels per side, should be a whole number of at least 1"),
        (lambda: moons(0), "pixels per side, should be a whole number of at least 1"),
    ],
)
def test_senseless_numbers_are_refused(draw, message):
    with pytest.raises(OptionError, match=message):
        draw()


def test_the_ring_is_black_on_white_and_sharp():
    image = ring(256, inner=0.3, outer=0.6)
    assert image.shape == (256, 256)
    assert set(np.unique(image)) == {0.0, 1.0}
    assert lookup(image, [[0, 0], [0.45, 0], [0, -0.45], [0.32, 0.32], [0.7, 0], [1, 1]]).tolist() == [1, 0, 0, 0, 1, 1]
    area = 4 * np.mean(image == 0)
    assert area == pytest.approx(np.pi * (0.6**2 - 0.3**2), rel=0.01)
    assert np.array_equal(image, image.T)
    assert np.array_equal(image, image[::-1])


def test_the_disc_is_a_ring_without_hole():
    image = disc(128, radius=0.5)
    assert lookup(image, [[0, 0], [0.4, 0], [0.6, 0]]).tolist() == [0, 0, 1]
    assert 4 * np.mean(image == 0) == pytest.approx(np.pi / 4, rel=0.02)


def test_senseless_targets_are_refused():
    with pytest.raises(OptionError, match=r"0 <= inner < outer, but received inner=0\.7 and outer=0\.4"):
        ring(8, inner=0.7, outer=0.4)
    with pytest.raises(
        OptionError, match="pixels per side, should be a whole number of at least 1 and at most 16384, but received 0"
    ):
        ring(0)


def test_options_of_another_kind_are_refused():
    for draw in (ring, disc, moons, spiral, checkerboard, lambda size: named("ring", size)):
        refuses(draw, "size", NO_COUNTS, "the size of an image")
    refuses(photograph, "size", NO_COUNTS[1:], "the size of an image")
    for draw, name in ((ring, "inner"), (ring, "outer"), (disc, "radius"), (moons, "width"), (spiral, "turns")):
        refuses(lambda draw=draw, **option: draw(8, **option), name, NO_NUMBERS, "should be a (finite|positive) number")
    refuses(lambda squares: checkerboard(8, squares=squares), "squares", NO_COUNTS, "the number of squares on a side")
    refuses(text, "string", NO_TEXTS, "should be a text, but received")
    refuses(named, "name", NO_NAMES, "a target should be one of 'ring', 'disc'")
