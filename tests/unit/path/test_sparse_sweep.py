"""Paths through convolutional networks, where only what changes is computed, against paths through dense ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convolutions import convolutional, networks_of
from polytope_lens import Lens
from polytope_lens.path import sparse_sweep, sweep


def assert_same(found, expected):
    assert np.array_equal(found.breakpoints, expected.breakpoints)
    assert np.array_equal(found.packed_patterns, expected.packed_patterns)
    assert np.array_equal(found.segments, expected.segments)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [1, 300, 2**20])
def test_paths_are_those_of_the_dense_network(seed, limit, monkeypatch):
    monkeypatch.setattr(sparse_sweep, "MOST_VALUES", limit)
    points = np.random.default_rng(seed).standard_normal((3, 72))
    *sparse, dense = networks_of(convolutional(seed))
    expected = sweep.trace(dense, points)
    assert len(expected.breakpoints) > 100
    for network in sparse:
        assert_same(sweep.trace(network, points), expected)


@pytest.mark.parametrize("seed", range(3))
def test_paths_through_corners(seed):
    """Small integers everywhere: neurons vanish together, on stretches, and at both ends."""
    points = np.random.default_rng(seed).integers(-1, 2, (3, 72)) * 1.0
    *sparse, dense = networks_of(convolutional(seed, integer=True))
    expected = sweep.trace(dense, points)
    for network in sparse:
        assert_same(sweep.trace(network, points), expected)


def test_the_module_is_affine_between_breakpoints():
    module = convolutional(5)
    x, y = np.random.default_rng(5).standard_normal((2, 72))
    path = Lens(module, input_shape=(2, 6, 6)).path(x, y)
    ends = np.concatenate([[0], path.breakpoints, [1]])
    shares = np.array([0.1, 0.5, 0.9])
    positions = ends[:-1, None] + shares * np.diff(ends)[:, None]
    with torch.no_grad():
        images = torch.tensor(path.embed(positions.ravel())).reshape(-1, 2, 6, 6)
        outputs = module(images).numpy().reshape(len(path), 3, 2)
    np.testing.assert_allclose(outputs[:, 1], (outputs[:, 0] + outputs[:, 2]) / 2, atol=1e-12)
    flips = [flip for found in path.flips for flip in found]
    assert len(flips) == (path.patterns()[1:] != path.patterns()[:-1]).sum() >= len(path.breakpoints)


def test_integers_alone_give_the_same_answer(monkeypatch):
    points = np.random.default_rng(0).standard_normal((2, 72)) * 0.3
    network = networks_of(convolutional(0, pooling=False))[1]
    expected = sweep.trace(network, points)
    evaluated = sparse_sweep._evaluated

    def unproved(layer, *given):
        values = evaluated(layer, *given)
        values.left[:] = values.right[:] = 0
        return values

    monkeypatch.setattr("polytope_lens.path.breakpoints.POOR", 0.0)
    monkeypatch.setattr(sparse_sweep, "_evaluated", unproved)
    assert_same(sweep.trace(network, points), expected)
    assert len(expected.breakpoints) > 5


def test_generic_networks_need_no_integers(monkeypatch):
    points = np.random.default_rng(1).standard_normal((2, 72))
    network = networks_of(convolutional(1, pooling=False))[1]
    monkeypatch.setattr("polytope_lens.path.breakpoints.pulled_back", None)
    found = sweep.trace(network, points)
    assert (np.diff(found.breakpoints) > 0).all()
