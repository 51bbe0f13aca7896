"""Sparse networks are asked in the same words however large: with a tiny limit on dense weights, beside dense ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convolutions import stored
from polytope_lens import Lens
from polytope_lens.cells import region_facets
from polytope_lens.errors import IntractableError
from polytope_lens.network import network as net


def generator(seed):
    """From 3 numbers to pictures of 8 x 8: a linear layer and two transposed convolutions."""
    torch.manual_seed(seed)
    module = nn.Sequential(
        nn.Linear(3, 16), nn.ReLU(), nn.Unflatten(1, (4, 2, 2)), nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.LeakyReLU(0.25),
        nn.ConvTranspose2d(4, 2, 4, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 3, padding=1),
    )  # fmt: skip
    network = Lens(module.double()).network
    return stored(network, len(network.layers))


@pytest.fixture(params=[0, 1])
def lenses(request, monkeypatch):
    """The network with sparse layers that must not be written out, and the same one with dense layers."""
    sparse = generator(request.param)
    dense = stored(sparse, 0)
    monkeypatch.setattr(net, "MOST_DENSE_ENTRIES", 100)
    assert not net.fits_written_out(sparse)
    return Lens(sparse), Lens(dense)


POINT = np.array([0.3, -0.2, 0.1])


def patterns(regions):
    return [region.pattern.array.tolist() for region in regions]


def test_one_region(lenses):
    one, other = (lens.at(POINT) for lens in lenses)
    assert one.pattern == other.pattern
    assert one.polytope == other.polytope
    assert patterns(one.neighbors()) == patterns(other.neighbors())
    assert one.is_bounded == other.is_bounded
    mine, theirs = one.inequalities(), other.inequalities()
    assert (mine.is_facet == theirs.is_facet).all()
    np.testing.assert_allclose(np.asarray(mine.A.toarray()), theirs.A, atol=1e-12)
    np.testing.assert_allclose(one.affine_map.A, other.affine_map.A, atol=1e-12)
    np.testing.assert_allclose(one.affine_map.b, other.affine_map.b, atol=1e-12)


def test_searches(lenses):
    one, other = (lens.explore(POINT, max_regions=20, progress=False) for lens in lenses)
    assert patterns(one) == patterns(other)
    np.testing.assert_allclose(one.maps, other.maps, atol=1e-12)
    value = float(lenses[1](POINT)[5]) + 1e-4
    radii = [lens.robustness_radius(POINT, output=5, value=value, progress=False) for lens in lenses]
    assert radii[0].is_complete
    assert radii[0].radius == pytest.approx(radii[1].radius, rel=1e-12)


def test_rows_that_fill_memory_are_refused_with_what_can_be_asked_instead(lenses, monkeypatch):
    monkeypatch.setattr(region_facets, "MOST_NUMBERS", 100)
    region = lenses[0].at(POINT)
    for ask in (region.inequalities, region.neighbors, lambda: lenses[0].explore(POINT, progress=False)):
        with pytest.raises(IntractableError, match="facets=False"):
            ask()
    assert len(region.inequalities(facets=False)) == lenses[0].network.n_neurons
    assert region.nearest_boundary().distance > 0
