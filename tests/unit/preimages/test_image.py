"""Images against sampled outputs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from matplotlib.figure import Figure

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, DomainError, UnboundedPolytopeError
from polytope_lens.properties.counterexample import exact_outputs
from properties_twin import random_network


def exact(lens, x):
    return exact_outputs(lens.network, [Fraction(float(v)) for v in x])


@pytest.mark.parametrize("seed", range(6))
def test_outputs_lie_in_the_polytope_of_their_region(seed):
    rng = np.random.default_rng([seed, 13])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    lens, domain = random_network(rng, d, out), Box([-1] * d, [2] * d)
    seen = lens.image(domain)
    assert len(seen) == len(seen.partition) == len(list(seen))
    X = rng.uniform(-1, 2, (100, d))
    for x, i in zip(X, seen.partition.locate(X), strict=True):
        y = np.array([exact(lens, x)], dtype=object)
        assert seen[int(i)].contains(y)[0]
    assert seen.contains([exact(lens, X[0])]).all()
    lower, upper = seen.bounding_box()
    assert (lens(X) >= lower - 1e-9).all() and (lens(X) <= upper + 1e-9).all()
    assert not seen.contains([[v + 1 for v in upper.tolist()]]).any()


def test_a_fold():
    """|x| takes no negative values, and each value of it is taken on both sides."""
    fold = Lens.from_arrays([[[1]], [[1]]], [[0], [0]], negative_slope=-1.0)
    seen = fold.image(Box([-1], [2]))
    assert [part.vertices().tolist() for part in seen] == [[[0], [1]], [[0], [2]]]
    assert seen.contains([["0"], [Fraction(1, 3)], ["2.000001"], [-1]]).tolist() == [True, True, False, False]
    assert seen.vertices(-1, exact=True).tolist() == [[0], [2]]
    assert repr(seen) == "Image(2 polytopes in R^1, of Box([-1.0], [2.0]))"
    with pytest.raises(IndexError):
        seen[2]


def test_flat_boxes():
    lens = Lens.from_arrays([np.eye(3), [[1, 1, 0], [0, 0, 1]]], [np.zeros(3), [0, 0]])
    seen = lens.image(Box([0, 0, 0.5], [1, 1, 0.5]))
    assert sorted(seen[0].vertices().tolist()) == [[0, 0.5], [2, 0.5]]
    assert seen.contains([[1, 0.5], [1, 0.25]]).tolist() == [True, False]


def test_refusals():
    lens = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])
    with pytest.raises(UnboundedPolytopeError, match="bounded"):
        lens.image(None)
    seen = lens.image(Box([0], [1]))
    with pytest.raises(DimensionError):
        seen.contains([[1, 2]])
    with pytest.raises(DomainError, match="`Y`"):
        seen.contains([["a"]])


@pytest.mark.parametrize("box", [Box([-1, -1, 0.25], [1, 1, 0.25]), Box([-1, -1, -1], [1, 1, 1])])
def test_pictures_have_the_corners_of_each_part(box):
    rng = np.random.default_rng(3)
    lens = Lens.from_arrays([rng.normal(size=(4, 3)), rng.normal(size=(2, 4))], [rng.normal(size=4), [0, 1]])
    seen = lens.image(box)
    (areas,) = seen.plot(Figure().add_subplot()).collections
    assert len(areas.get_paths()) == len(seen)
    for k, path in enumerate(areas.get_paths()):
        corners = seen.vertices(k)  # what is mapped onto a side, or onto another corner, is drawn as well
        assert len(corners) <= len(path.vertices) - 1
        assert all(abs(path.vertices - corner).sum(axis=1).min() < 1e-9 for corner in corners)
        assert np.allclose([path.vertices.min(axis=0), path.vertices.max(axis=0)], [corners.min(0), corners.max(0)])
