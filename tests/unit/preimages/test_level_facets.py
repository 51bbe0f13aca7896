"""Preimages of hyperplanes, against level sets in the plane and in space, and against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.properties.counterexample import exact_outputs
from properties_twin import random_network


def test_facets_are_the_edges_of_a_level_set():
    lens, square = Lens.example(), Box([-1, -1], [1, 1])
    found, curve = lens.level_facets(0, "-0.25", square), lens.partition(square).level_set(0, -0.25)
    assert len(found) == len(curve.regions)
    length = sum(np.linalg.norm(np.diff(found.polytope(k).vertices(), axis=0)) for k in range(len(found)))
    assert length == pytest.approx(sum(np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in curve))
    assert not len(found.plateaus)


@pytest.mark.parametrize("seed", range(8))
def test_the_value_is_taken_on_facets_and_plateaus(seed):
    rng = np.random.default_rng([seed, 14])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, row = random_network(rng, d, out), [Fraction(int(v), 2) for v in rng.integers(-2, 3, out)]
    value = Fraction(int(rng.integers(-1, 2)), 2)
    domain = Box([-1] * d, [1] * d)
    found = lens.level_facets(row, value, domain)

    def taken(x):
        return sum(c * y for c, y in zip(row, exact_outputs(lens.network, x), strict=True)) == value

    for k in range(len(found)):
        facet = found.polytope(k)
        assert not facet.has_interior
        corners = facet.vertices(exact=True)
        assert taken(list(corners.sum(axis=0) / len(corners)))
        assert all(map(taken, corners.tolist()))
    for cell in found.plateaus.tolist():
        point = found.cells[cell].polytope.vertices(exact=True)
        assert taken(list(point.sum(axis=0) / len(point)))
    pairs = found.cells.complex.facets().regions
    bits = found.cells.patterns()[:, -1]
    inner = pairs[pairs[:, 1] >= 0]
    crossed = inner[bits[inner[:, 0]] != bits[inner[:, 1]]]
    # Whatever is crossed is listed.
    assert {tuple(pair) for pair in crossed.tolist()} <= {tuple(pair) for pair in found.facets.regions.tolist()}


def test_plateaus_and_folds():
    square = Box([-1, -1], [1, 1])
    relu = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]])
    found = relu.level_facets(0, 0, square)
    assert repr(found) == "LevelFacets(2 facets in R^2, 1 plateau)"
    assert found.touched() == ()
    fold = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]], negative_slope=-1.0)
    (crease,) = (fold.level_facets(0, 0, square).polytope(k) for k in range(1))
    assert crease.vertices().tolist() == [[0, -1], [0, 1]]
    norm = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    middle = norm.level_facets(0, 0, square)
    assert (len(middle), len(middle.plateaus)) == (0, 0)
    assert [part.point.tolist() for part in middle.touched()] == [[0, 0]]
    assert len(norm.level_facets(0, 1)) == 4


def test_flat_boxes():
    lens = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [np.zeros(3), [0]], negative_slope=-1.0)
    found = lens.level_facets(0, "0.75", Box([-1, -1, 0.5], [1, 1, 0.5]))
    assert len(found) == 4
    assert all((found.polytope(k).vertices()[:, 2] == 0.5).all() for k in range(4))
    assert all(np.allclose(lens(found.polytope(k).vertices()), 0.75) for k in range(4))


def test_refusals():
    lens = Lens.from_arrays([[[1, 0]], [[1], [2]]], [[0], [0, 0]])
    with pytest.raises(DimensionError, match="each of the 2 outputs"):
        lens.level_facets([1])
    with pytest.raises(OptionError, match="counted from 0"):
        lens.level_facets(2)
    with pytest.raises(DomainError, match="`value`"):
        lens.level_facets(0, "x")
