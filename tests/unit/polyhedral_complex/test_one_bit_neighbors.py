"""Neighbours by patterns that differ in one bit, beside those by the rows of every region."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from families import braid, flip_trap, generic, seven_lines
from polytope_lens import Box, Lens, Polytope
from polytope_lens.importers.npz import load_npz
from polytope_lens.network.network import Layer
from polytope_lens.polyhedral_complex import one_bit_neighbors
from polytope_lens.polyhedral_complex.one_bit_neighbors import (
    Pairs,
    _at_witnesses,
    _behind,
    _meet,
    facets,
    one_bit_apart,
    owner_counts,
    pairs,
    pays,
)
from polytope_lens.polyhedral_complex.one_sided_facets import region_facets
from polytope_lens.polytope.batch.statuses import OPEN
from polytope_lens.testing.strategies import domains, networks

NETS = Path(__file__).parents[3] / "benchmarks" / "nets"
NAMES = ["d3_16x2_box1", "d3_20_unb", "d4_12x2_box1", "ng_duplicate", "ng_zero_bias", "sliver_27", "triangle_33"]


def by_rows(partition):
    found = region_facets(partition, np.arange(len(partition)))
    both = np.sort(np.column_stack([found.region, found.across])[found.across >= 0], axis=1)
    return np.unique(both, axis=0).tolist()


def all_by_rows(partition):
    """Every facet once, with its owners, as a set."""
    found = region_facets(partition, np.arange(len(partition)))
    return listed(np.column_stack([found.region, found.across]), found.indptr, found.owner)


def listed(regions, indptr, owner):
    kept = []
    for i, (one, other) in enumerate(regions.tolist()):
        kept.append((min(one, other), max(one, other), *sorted(owner[indptr[i] : indptr[i + 1]].tolist())))
    return sorted(kept)


def assert_facets(partition):
    """The same as by the rows of each region, seen from one side; and each once."""
    expected = all_by_rows(partition)
    found = listed(*facets(partition))
    assert found == sorted(set(expected)) and len(found) == len(set(found))
    owners = [owner for facet in found for owner in facet[2:] if owner >= 0]
    assert owner_counts(partition).tolist() == [owners.count(bit) for bit in range(partition.network.n_neurons)]


@pytest.mark.parametrize("name", NAMES)
def test_they_are_those_that_the_rows_of_all_regions_tell(name):
    network, domain = load_npz(NETS / f"{name}.npz")
    partition = Lens(network).partition(domain, mesh=False)
    assert pairs(partition).tolist() == by_rows(partition)
    assert_facets(partition)


@pytest.mark.parametrize("network", [flip_trap(), generic(6, 3), braid(4), seven_lines()])
def test_of_arrangements_and_of_patterns_that_differ_in_one_bit_without_a_facet(network):
    partition = Lens(network).partition(mesh=False)
    assert pairs(partition).tolist() == by_rows(partition)
    assert_facets(partition)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_of_degenerate_networks(data):
    network = data.draw(networks(input_dim=st.integers(1, 3)))
    partition = Lens(network).partition(data.draw(domains(network.input_dim)), mesh=False)
    assert pairs(partition).tolist() == by_rows(partition)
    assert_facets(partition)


@pytest.mark.parametrize("blind", ["_meet", "_are_sure", "_tell_rows_apart"])
def test_what_is_not_proved_is_asked_of_the_rows(monkeypatch, blind):
    network, domain = load_npz(NETS / "d3_16x2_box1.npz")
    partition = Lens(network).partition(domain, mesh=False)
    if blind == "_meet":
        monkeypatch.setattr(one_bit_neighbors, blind, lambda *arguments: np.zeros(len(arguments[-1].bit), dtype=bool))
    else:
        # Every other region is in doubt.
        monkeypatch.setattr(one_bit_neighbors, blind, lambda *_: np.arange(len(partition)) % 2 == 0)
    assert pairs(partition).tolist() == by_rows(partition)
    assert_facets(partition)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_neurons_on_sides_of_the_domain_own_them_too(d):
    """Some hyperplanes are sides of the box, of a polytope, or its sides twice; some cross it."""
    first = np.concatenate([np.eye(d), -np.eye(d), np.ones((1, d))])
    bias = np.concatenate([np.full(d, -1.0), np.full(d, -1.0), [0.25]])
    lens = Lens.from_arrays([first, np.ones((2, 2 * d + 1)), [[1, 1]]], [bias, [-0.5, 0.25], [0]])
    square = Polytope(np.vstack([np.eye(d), -np.eye(d), 2 * np.eye(d)]), [1] * (2 * d) + [2] * d)
    for domain in (Box([-1] * d, [1] * d), square, Box([-1] * d, [2] * d)):
        assert_facets(lens.partition(domain, mesh=False))


@pytest.mark.parametrize("blind", ["sides", "all"])
def test_sides_that_are_not_proved_are_asked_exactly(monkeypatch, blind):
    network, domain = load_npz(NETS / "d3_16x2_box1.npz")
    partition = Lens(network).partition(domain, mesh=False)
    prove = one_bit_neighbors.prove_rows

    def blinded(*arguments, given):
        status, vanishes = prove(*arguments, given=given)
        at = np.s_[::5, network.n_neurons :] if blind == "sides" else np.s_[::9]
        status[at] = OPEN
        return status, vanishes

    monkeypatch.setattr(one_bit_neighbors, "prove_rows", blinded)
    assert_facets(partition)


def test_a_search_that_was_cut_short_is_asked_by_its_rows():
    lens = Lens(generic(6, 3))
    assert pays(lens.partition(mesh=False))
    assert not pays(lens.explore([0, 0, 0], max_regions=5))


@pytest.mark.parametrize("n_bits", [5, 64, 150])
def test_pairs_of_patterns(n_bits):
    rng = np.random.default_rng(n_bits)
    bits = np.unique(rng.random((40, n_bits)) < 0.5, axis=0)
    flipped = bits.copy()
    flipped[np.arange(len(bits)), rng.integers(0, n_bits, len(bits))] ^= True
    bits = np.unique(np.concatenate([bits, flipped]), axis=0)
    indices = range(len(bits))
    expected = [
        (i, j)
        for i, j in product(indices, indices)
        if bits[i].sum() == bits[j].sum() + 1 and (bits[i] >= bits[j]).all()
    ]
    found = one_bit_apart(bits)
    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert all(bits[i, q] and not bits[j, q] for i, j, q in zip(*found, strict=True))


@pytest.mark.parametrize(("height", "meets"), [(0.6, True), (1.4, False)])
def test_a_segment_may_miss_the_facet_between_two_regions(height, meets):
    # The second layer's neuron is off below y = 1/2 + max(x, 0), and the two regions lie below that, side by side.
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[-1, 1]], [[1]]], [[0, 0], [-0.5], [0]])
    bits = np.array([[True, True, False], [False, True, False]])
    points = np.array([[1, height], [-0.1, 0.45]])
    values = _at_witnesses(lens.network, bits, points)
    pair = Pairs(*(np.array([v]) for v in (0, 1, 0)))
    assert _meet(lens.network, bits, values, pair).tolist() == [meets]


@pytest.mark.parametrize("slope", [0.0, 0.01, -1.0])
@pytest.mark.parametrize("is_sparse", [False, True])
def test_bounds_behind_a_crossing_hold(slope, is_sparse):
    # Ten points on either side of the first neuron's zero, and the other neurons on the same side at both of a pair.
    rng = np.random.default_rng(2)
    weight = rng.standard_normal((5, 4)) * 10.0 ** rng.integers(-3, 3, (5, 4))
    layer = Layer(np.eye(4), np.zeros(4), np.full(4, slope), np.ones(4), np.ones(4, dtype=bool))
    rows = csr_array(weight) if is_sparse else weight
    next_layer = Layer(rows, rng.standard_normal(5), np.zeros(5), np.ones(5), np.ones(5, dtype=bool))
    value = np.tile(rng.standard_normal((10, 4)), (2, 1)) * (1 + rng.random((20, 4)))
    value[:, 0] = np.abs(value[:, 0]) * np.repeat([1.0, -1.0], 10)

    def exactly(z, slopes):
        one = [s * Fraction(float(v)) for s, v in zip(slopes, z, strict=True)]
        return [
            sum((Fraction(w) * v for w, v in zip(row, one, strict=True)), Fraction(b))
            for row, b in zip(weight.tolist(), next_layer.bias.tolist(), strict=True)
        ]

    def slopes(z):
        return [Fraction(1) if v > 0 else Fraction(slope) for v in z]

    behind = np.array([[float(v) for v in exactly(z, slopes(z))] for z in value])
    # What is behind has errors of its own.
    doubt = 2.0**-30 * np.abs(behind)
    first, second, neuron = np.arange(10), np.arange(10, 20), np.zeros(10, dtype=np.int64)
    here = value, np.full(value.shape, 2.0**-40)
    far = behind * (1 - 2.0**-31), doubt
    found, bound = _behind(layer, next_layer, here, far, first, second, neuron)
    for i in range(10):
        for moved in (0.0, 2.0**-40, -(2.0**-40)):
            a, b = value[i].copy(), value[10 + i].copy()
            a[0] += moved
            share = Fraction(a[0]) / (Fraction(a[0]) - Fraction(b[0]))
            x = [Fraction(p) + share * (Fraction(q) - Fraction(p)) for p, q in zip(a.tolist(), b.tolist(), strict=True)]
            one = [s * v for s, v in zip(slopes(value[i]), x, strict=True)]
            for row in range(5):
                exact = sum((Fraction(w) * v for w, v in zip(weight[row].tolist(), one, strict=True)), Fraction(0))
                exact += Fraction(float(next_layer.bias[row]))
                assert abs(Fraction(float(found[i, row])) - exact) <= Fraction(float(bound[i, row]))
    assert bound.max() < 2.0**-28 * (np.abs(behind).max() + np.abs(weight).max())


@pytest.mark.parametrize(
    ("weights", "biases", "expected"),
    [
        ([[[1, 2]]], [[0]], []),  # no neuron at all
        ([[[0, 0]], [[1]]], [[1], [0]], []),  # one that is always on
        ([[[1, 0]], [[1]]], [[0], [0]], [[0, 1]]),
        ([[[0, 0], [1, 1]], [[1, 1]]], [[0, 0], [0]], [[0, 1]]),  # one that is zero everywhere
    ],
)
def test_of_hardly_any_neurons(weights, biases, expected):
    assert pairs(Lens.from_arrays(weights, biases).partition(mesh=False)).tolist() == expected
