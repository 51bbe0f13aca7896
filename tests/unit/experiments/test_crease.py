"""Post 1: a sheet of paper with one crease."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError
from polytope_lens.experiments.crease import crease, crease_films, crease_frames

SQUARE = Box([-1, -1], [1, 1])


def test_the_crease_is_where_the_neuron_vanishes():
    lens = Lens(crease(2, -1, 0.5))
    X = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    assert lens(X)[:, 0] == pytest.approx(np.maximum(2 * X[:, 0] - X[:, 1] + 0.5, 0))
    level = lens.partition(SQUARE).level_set(0, 0.25)  # parallel to the crease
    assert level.points @ [2, -1] + 0.5 == pytest.approx(0.25)
    assert lens.count(SQUARE).total == 2
    assert Lens(crease(0, 0, -1)).count(SQUARE).total == 1


@pytest.mark.parametrize("moving", ["a", "b", "c"])
def test_frames_go_there_and_back(moving):
    frames = list(crease_frames(moving, frames=4, size=96))
    assert {frame.shape for frame in frames} == {(96, 96, 3)}
    assert np.array_equal(frames[1], frames[3])  # cos is even: the same weight on the way back
    assert not np.array_equal(frames[0], frames[2])


def test_three_films(tmp_path):
    paths = crease_films(tmp_path / "new", frames=3, suffix=".webp", progress=False)
    assert [path.name for path in paths] == ["crease_a.webp", "crease_b.webp", "crease_c.webp"]
    for path in paths:
        with Image.open(path) as film:
            assert film.size == (480, 480)
            assert film.n_frames >= 2


def test_senseless_films_are_refused(tmp_path):
    with pytest.raises(OptionError, match="moving"):
        next(crease_frames("d"))
    with pytest.raises(OptionError, match="at least 1 pixel, but received frames=0"):
        next(crease_frames("a", frames=0))
    with pytest.raises(OptionError, match="suffix of a film"):
        crease_films(tmp_path, suffix=".avi")
