"""Creases that bundle, and creases that do not."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.experiments.findings.creases import Creases, bundling, close_pairs, creases, random_angles
from polytope_lens.network.network import from_arrays
from polytope_lens.training.recorded_domain import SQUARE


def random_layer(width: int, seed: int, spread: float = 1.0):
    rng = np.random.default_rng(seed)
    normals, biases = rng.normal(size=(width, 2)), rng.normal(0, spread, width)
    return from_arrays([normals, rng.normal(size=(1, width))], [biases, [0]])


def lines_of(angle, offset, bend=None) -> Creases:
    n = len(angle)
    return Creases(np.asarray(angle), np.asarray(offset), np.ones(n) if bend is None else bend, np.arange(n), SQUARE)


@pytest.mark.parametrize("domain", [SQUARE, Box([0, -1], [3, 1])])
def test_the_lines_are_those_that_cut_the_partition(domain):
    network = random_layer(40, seed=1)
    found = creases(network, domain)
    neurons = partition(network, domain, progress=False).neurons()
    assert found.neuron.tolist() == neurons.neuron[neurons.side == "both"].tolist()
    assert 0 < len(found) < 40
    centre = (domain.lower + domain.upper) / 2
    foot = centre + found.offset[:, None] * np.column_stack([np.cos(found.angle), np.sin(found.angle)])
    layer = network.layers[0]
    assert np.allclose((layer.weight[found.neuron] * foot).sum(axis=1) + layer.bias[found.neuron], 0)


def test_bends_are_the_jumps_of_the_gradient():
    network = random_layer(6, seed=2, spread=0.2)
    found, regions = creases(network), partition(network, SQUARE, progress=False)
    facets = regions.complex.facets()
    for i in np.flatnonzero(facets.regions[:, 1] >= 0):
        (_, neuron), *_ = facets.owners(i)
        first, second = facets.regions[i]
        jump = np.linalg.norm(regions.maps[first, 0, :2] - regions.maps[second, 0, :2])
        assert jump == pytest.approx(abs(found.bend[found.neuron.tolist().index(neuron)]))


def test_pairs_are_counted_as_by_brute_force():
    rng = np.random.default_rng(3)
    angle, offset = rng.uniform(-np.pi, np.pi, 60), rng.normal(0, 0.5, 60)
    steps = np.array([0.05, 0.3, 1.0])
    turn = (angle[:, None] - angle + np.pi) % (2 * np.pi) - np.pi
    same = np.hypot(turn, offset[:, None] - offset)
    opposite = np.hypot(np.pi - np.abs(turn), offset[:, None] + offset)
    apart = np.minimum(same, opposite)[np.triu_indices(60, 1)]
    assert close_pairs(angle, offset, steps).tolist() == [(apart <= step).sum() for step in steps]
    assert close_pairs(angle + np.pi, -offset, steps).tolist() == close_pairs(angle, offset, steps).tolist()


def test_random_lines_are_not_called_bundled_more_often_than_said():
    p = []
    for seed in range(40):
        found = bundling(creases(random_layer(30, seed)), [0.05, 0.1, 0.2], draws=39, seed=seed)
        p.append(found.p_overall)
        assert ((found.low <= found.expected) & (found.expected <= found.high)).all()
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.array(p) <= 0.05) < 0.15


def test_bundles_are_found_and_how_they_bend():
    rng = np.random.default_rng(4)
    angle = np.repeat(rng.uniform(-np.pi, np.pi, 10), 3) + rng.normal(0, 1e-4, 30)
    bend = np.tile([1.0, 1.0, -1.0], 10)
    found = bundling(lines_of(angle, np.full(30, 0.4), bend), [0.005], draws=99)
    assert found.pairs.tolist() == [30]
    assert found.p_overall == 0.01 and found.ratio[0] > 20
    assert found.alike[0] == pytest.approx(1 / 3)


def test_lines_at_right_angles_have_the_symmetry_of_the_square():
    angle = np.arange(12) * np.pi / 2
    found = bundling(lines_of(angle, np.linspace(0, 0.9, 12)), [0.01], draws=99)
    assert found.fourfold == pytest.approx(1) and found.fourfold_p == 0.01


def test_chance_keeps_the_offsets_and_stays_in_the_box():
    lines = lines_of(np.full(500, np.pi / 4), np.full(500, 1.3))
    angle = random_angles(lines, np.random.default_rng(5))
    assert (np.abs(np.cos(angle)) + np.abs(np.sin(angle)) > 1.3).all()
    assert len(np.unique(np.floor(angle / (np.pi / 2)))) == 4


def test_bad_input():
    with pytest.raises(DimensionError, match="3 inputs and 1 hidden layers"):
        creases(from_arrays([np.eye(3), np.ones((1, 3))], [np.zeros(3), [0]]))
    with pytest.raises(OptionError, match="ascend"):
        bundling(lines_of([0.0, 1.0], [0.0, 0.0]), [0.2, 0.1])
    with pytest.raises(OptionError, match="but 1 of this layer"):
        bundling(lines_of([0.0], [0.0]))
