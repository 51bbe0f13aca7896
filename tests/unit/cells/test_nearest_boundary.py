"""The nearest boundary of a region: of all facets, of one layer, against projections onto neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, OutsideDomainError


def random_lens(widths, seed=0):
    rng = np.random.default_rng([*widths, seed])
    weights = [rng.standard_normal((n, m)) for m, n in zip(widths, [*widths[1:], 1], strict=True)]
    return Lens.from_arrays(weights, [rng.standard_normal(len(weight)) for weight in weights])


@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("widths", [(2, 6, 6), (3, 5, 5), (4, 5, 4)])
def test_it_is_the_nearest_neighbour(widths, norm):
    """Among all regions across the facets, no point is nearer; and the owner's neuron vanishes at the point found."""
    lens = random_lens(widths)
    for x in np.random.default_rng(1).standard_normal((5, widths[0])):
        region = lens.at(x)
        found = region.nearest_boundary(norm=norm)
        distances = [neighbor.distance(x, norm=norm) for neighbor in region.neighbors()]
        assert found.distance == pytest.approx(min(distances), rel=1e-12)
        assert np.linalg.norm(found.point - x, ord=norm) == pytest.approx(found.distance, rel=1e-12)
        layers = [region.nearest_boundary(layer=layer, norm=norm) for layer in range(2)]
        assert min(layer.distance for layer in layers) == found.distance
        assert [layer.owner[0] for layer in layers if layer.owner] == [k for k in range(2) if layers[k].owner]
        for layer in layers:
            if layer.owner is not None:
                across = [
                    other.distance(x, norm=norm)
                    for other in region.neighbors()
                    if layer.owner[0] in {place for place, _ in differing(region, other)}
                ]
                assert layer.distance == pytest.approx(min(across), rel=1e-12)


def differing(one, other):
    places = [(layer, neuron) for layer, width in enumerate(one.network.bits_per_layer) for neuron in range(width)]
    return {place for place, a, b in zip(places, one.pattern.bits, other.pattern.bits, strict=True) if a != b}


def test_known_ones():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    region = lens.at([3, 1])
    found = region.nearest_boundary()
    assert (found.distance, found.owners, found.point.tolist()) == (1, [(0, 1)], [3, 0])
    assert region.nearest_boundary([0, 0]).distance == 0
    assert region.nearest_boundary([0.5, 3]).owner == (0, 0)
    # Two neurons that own one facet.
    twice = Lens.from_arrays([[[1, 0], [2, 0]], [[1, 1]]], [[-1, -2], [0]]).at([3, 1])
    assert twice.nearest_boundary().owners == [(0, 0), (0, 1)]
    # The sides of a domain count, as the last layer.
    clipped = lens.partition(Box([-1, -1], [1, 1]))[0]
    assert clipped.nearest_boundary([-0.9, -0.5]).owners == [(-1, 2)]
    assert clipped.nearest_boundary([-0.9, -0.5], layer=0).distance == 0.5


def test_the_foot_may_lie_beyond_the_facet():
    """The second layer's boundary is a segment between (4, 0) and (0, 4); from (3, 5) in norm 2 its end is nearest."""
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, 0], [-4], [0]])
    region = lens.at([1, 9])
    found = region.nearest_boundary([1, 9], layer=1)
    assert found.point.tolist() == [0, 4]
    assert found.distance == pytest.approx(26**0.5, rel=1e-15)
    assert found.distance > (1 + 9 - 4) / 2**0.5


def test_where_there_is_none():
    lens = Lens.from_arrays([[[0, 0]], [[1]]], [[1], [0]])
    found = lens.at([1, 1]).nearest_boundary()
    assert (found.distance, found.owner, found.point) == (np.inf, None, None)


def test_refusals():
    lens = random_lens((2, 4))
    region = lens.at([0, 0])
    outside = next(x for x in 10 * np.random.default_rng(0).standard_normal((50, 2)) if not region.contains(x).all())
    with pytest.raises(OutsideDomainError, match="one outside"):
        region.nearest_boundary(outside)
    with pytest.raises(OptionError, match="layer should be a number from 0 to 0"):
        region.nearest_boundary(layer=1)
    with pytest.raises(OptionError, match="norm"):
        region.nearest_boundary(norm=0)
    with pytest.raises(DimensionError, match="2 coordinates"):
        region.nearest_boundary([1, 2, 3])


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_from_a_corner_it_is_a_facet_that_is_named(norm):
    # x + y = 0 meets the quadrant in its corner only.
    lens = Lens.from_arrays([[[1, 1], [1, 0], [0, 1]], [[1, 1, 1]]], [[0, 0, 0], [0]])
    found = lens.at([0, 0]).nearest_boundary([0, 0], norm=norm)
    assert (found.distance, found.owner, found.point.tolist()) == (0, (0, 1), [0, 0])
    # Two neurons and a side of the domain.
    region = lens.at([0.5, 0.5], Box([0, 0], [1, 1]))
    assert region.nearest_boundary([0, 0], norm=norm).owners == [(-1, 2), (0, 1)]


@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("d", [2, 3])
def test_from_the_vertices_of_networks_with_small_weights(d, norm):
    rng = np.random.default_rng(d)
    for _ in range(6):
        weights = [rng.integers(-1, 2, (5, d)), rng.integers(-1, 2, (4, 5)), np.ones((1, 4))]
        lens = Lens.from_arrays(weights, [rng.integers(-1, 2, 5), rng.integers(-1, 2, 4), [0]])
        for region in lens.partition(Box([-1] * d, [1] * d)):
            facets = {owner for its in region.polytope.owners for owner in its}
            for vertex in region.vertices(exact=True):
                x = np.array(vertex, dtype=float)
                if [*map(type(vertex[0]), x)] == list(vertex):
                    found = region.nearest_boundary(x, norm=norm)
                    assert found.distance == 0
                    assert found.owners and set(found.owners) <= facets
                    assert found.point.tolist() == x.tolist()
