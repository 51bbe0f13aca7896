from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Lens
from polytope_lens.errors import DimensionError


def random_lens(sizes, seed, slope=0.0):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights], negative_slope=slope)


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_against_paths_one_by_one(slope):
    lens = random_lens((3, 7, 6, 5, 2), 0, slope)
    rng = np.random.default_rng(1)
    X, Y = 2 * rng.standard_normal((2, 12, 3))
    found = lens.crossings(X, Y)
    assert len(found) == 12
    for i in range(12):
        path = lens.path(X[i], Y[i])
        first, last = path[0].pattern, path[-1].pattern
        layers = np.array([layer for flips in path.flips for layer, _ in flips], dtype=int)
        assert found.crossings[i] == len(path.breakpoints)
        assert found.flips[i].tolist() == np.bincount(layers, minlength=3).tolist()
        differing = [int((a != b).sum()) for a, b in zip(first.layers, last.layers, strict=True)]
        assert found.hamming[i].tolist() == differing
        assert sum(differing) == first.hamming(last)
    assert not found.is_monotone.all()
    assert found.is_monotone.any()


def test_against_samples_on_the_way():
    lens = random_lens((2, 6, 6, 1), 3)
    x, y = np.array([-2.0, 0.3]), np.array([1.5, -0.7])
    found = lens.crossings(x, y)
    t = np.linspace(0, 1, 200_001)[:, None]
    bits = lens.patterns((1 - t) * x + t * y)
    assert found.flips[0].tolist() == [int(part.sum()) for part in np.split(np.diff(bits, axis=0).sum(axis=0), [6])]


@given(data=st.data())
def test_laws(data):
    numbers = st.integers(-2, 2)
    draw = lambda n: np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)), dtype=float)  # noqa: E731
    lens = Lens.from_arrays([draw(6).reshape(3, 2), draw(6).reshape(2, 3), draw(2)[None]], [draw(3), draw(2), draw(1)])
    x, y = draw(2), draw(2)
    there, back = lens.crossings(x, y), lens.crossings(y, x)
    assert (there.hamming <= there.flips).all()
    assert ((there.flips - there.hamming) % 2 == 0).all()
    assert (there.flips[:, 0] == there.hamming[:, 0]).all()  # hyperplanes are crossed once
    assert there.crossings[0] <= there.flips.sum()
    if (x != y).any():
        assert all((getattr(there, name) == getattr(back, name)).all() for name in ("hamming", "flips", "crossings"))
    assert there.is_monotone[0] == (there.flips == there.hamming).all()


def test_one_point_goes_with_many():
    lens = random_lens((3, 5, 4, 1), 2)
    X = np.random.default_rng(0).standard_normal((6, 3))
    star, pairs = lens.crossings(X[0], X), lens.crossings(np.repeat(X[:1], 6, axis=0), X)
    assert np.array_equal(star.flips, pairs.flips)
    assert star.crossings[0] == 0
    assert lens.crossings(np.zeros((0, 3)), X[0]).crossings.shape == (0,)


def test_bad_questions():
    lens = random_lens((2, 3, 1), 0)
    with pytest.raises(DimensionError, match="as many starts as ends, or one of either, but received 2 and 3"):
        lens.crossings(np.zeros((2, 2)), np.zeros((3, 2)))
    with pytest.raises(DimensionError, match="2 coordinates"):
        lens.crossings([0, 0, 0], [1, 1, 1])
    with pytest.raises(DimensionError, match="finite"):
        lens.crossings([0, np.nan], [1, 1])
