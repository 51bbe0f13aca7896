"""Regions of slices through convolutional networks: rows computed in blocks give what dense ones give."""

from __future__ import annotations

import numpy as np
import pytest

from convolutions import convolutional, networks_of
from polytope_lens import Box, Polytope
from polytope_lens.engines import subdivide
from polytope_lens.engines.enumerate import count, partition
from polytope_lens.network.subspace import restrict, spanned_by


@pytest.fixture(autouse=True)
def _also_small_blocks(monkeypatch):
    monkeypatch.setattr("polytope_lens.engines._kernels.packed_network.WORTH_BLOCKS", 1)


def slices(seed, dim, *, integer=False):
    """Slices of all forms of one network, through a random point or one of the integers."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 2, (dim + 1, 72)) * 1.0 if integer else rng.standard_normal((dim + 1, 72))
    plane = spanned_by(rows[0], rows[1:], 72)
    return [restrict(network, plane) for network in networks_of(convolutional(seed, integer=integer))]


def assert_same(found, expected):
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)
    assert np.array_equal(found.counts_per_layer, expected.counts_per_layer)
    np.testing.assert_allclose(found.maps, expected.maps, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("integer", [False, True], ids=["generic", "integer"])
@pytest.mark.parametrize(("dim", "size"), [(2, 0.3), (3, 0.08)])
def test_regions_are_those_of_the_dense_network(dim, size, integer):
    *sparse, dense = slices(dim, dim, integer=integer)
    domain = Box(-size * np.ones(dim), size * np.ones(dim))
    expected = partition(dense, domain)
    assert len(expected) > 30
    for network in sparse:
        found = partition(network, domain)
        assert_same(found, expected)
        assert found.mesh is not None
        assert count(network, domain).total == len(expected)
        assert_same(partition(network, domain, engine="split"), expected)


@pytest.mark.parametrize("domain", [Polytope([[-1, 0], [0, -1]], [0, 0]), None], ids=["quadrant", "plane"])
def test_unbounded_domains(domain):
    network, *_, dense = slices(1, 2)
    found, expected = partition(network, domain), partition(dense, domain)
    assert len(found) > 100
    assert_same(found, expected)


def test_threads_and_small_stacks_change_nothing(monkeypatch):
    network = slices(4, 2)[1]
    domain = Box([-0.5, -0.5], [0.5, 0.5])
    expected = partition(network, domain)
    assert len(expected) > 1500  # enough to be shared
    monkeypatch.setattr(subdivide, "MOST_NUMBERS", 1)
    found = partition(network, domain, workers=3)
    assert np.array_equal(found.maps, expected.maps)
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)
    assert found.certificate.rational == expected.certificate.rational
