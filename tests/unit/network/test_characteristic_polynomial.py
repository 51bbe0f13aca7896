"""Numbers of regions by another road: intersections of hyperplanes, in integers modulo primes."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import given, settings
from hypothesis import strategies as st

import families
from polytope_lens import Lens
from polytope_lens.errors import IntractableError, InvalidNetworkError
from polytope_lens.network import characteristic_polynomial as module
from polytope_lens.network.characteristic_polynomial import characteristic_polynomial
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks

ARRANGEMENTS = [f for f in families.ONE_LAYER + families.LARGE if len(f.per_layer) == 1 and f.domain is None]


@pytest.mark.parametrize("family", ARRANGEMENTS, ids=str)
def test_families_have_as_many_regions_as_are_known(family):
    assert characteristic_polynomial(family.network).n_regions == family.per_layer[0]


def by_whitney(network):
    """Whitney's theorem: the sum of (-1)^k t^(d - rank) over all sets of k hyperplanes with a point in common."""
    layer, d = network.layers[0], network.input_dim
    rows = {}
    for row in np.column_stack([layer.weight, layer.bias])[layer.weight.any(axis=1)].tolist():
        leading = next(v for v in row if v)
        rows.setdefault(tuple(v / leading for v in row), row)
    coefficients = [0] * (d + 1)
    for k in range(len(rows) + 1):
        for some in combinations(rows.values(), k):
            scaled = [[int(8 * v) for v in row] for row in some]
            rank = fmpz_mat([row[:-1] for row in scaled]).rank() if k else 0
            if not k or fmpz_mat(scaled).rank() == rank:
                coefficients[rank] += (-1) ** k
    return tuple(coefficients)


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 4), biases=st.booleans())
def test_coefficients_are_those_of_whitneys_theorem(data, d, biases):
    nets = networks(d, min_depth=1, max_depth=1, max_width=6, weights="integer", activations="relu", biases=biases)
    network = data.draw(nets)
    found = characteristic_polynomial(network)
    assert found.coefficients == by_whitney(network)
    assert found.n_regions == Lens(network).count().total


@pytest.mark.parametrize(("n", "d"), [(4, 1), (5, 2), (6, 3), (7, 4), (8, 5)])
def test_bounded_regions_of_hyperplanes_in_general_position(n, d):
    found = characteristic_polynomial(families.generic(n, d))
    assert found.coefficients == tuple((-1) ** k * comb(n, k) for k in range(d + 1))
    assert found.n_bounded == comb(n - 1, d)
    partition = Lens(families.generic(n, d)).partition()
    assert found.n_regions == len(partition) and found.n_bounded == partition.bounded_mask().sum()


def test_nothing_is_bounded_where_all_repeats_along_a_direction():
    found = characteristic_polynomial(families.stack(([[1, 1, 0], [1, -1, 0], [1, 0, 0]], [0, 0, 1])))
    assert found.n_regions == 7 and found.n_bounded == 0 and found(1) == 1
    nothing = characteristic_polynomial(families.stack(([[0, 0]], [1])))
    assert nothing.coefficients == (1, 0, 0) and nothing.n_regions == 1 and nothing.n_bounded == 0


def test_primes_that_divide_determinants_change_nothing(monkeypatch):
    """With primes this small some do: those have to be left out flat by flat, and more of them to be taken."""
    monkeypatch.setattr(module, "BELOW", 2**7)
    monkeypatch.setattr(module, "FEWEST_BITS", 6)
    module._primes.cache_clear()
    is_left_out = []
    covered, by_class = module._covered, module._sorted_by_class

    def watched(modular, flats, **options):
        def watch(vectors):
            by_prime = vectors.reshape(*vectors.shape[:2], len(modular.primes), -1).any(axis=(1, 3))
            is_left_out.append((by_prime.any(axis=1) & ~by_prime.all(axis=1)).any())
            return by_class(vectors)

        monkeypatch.setattr(module, "_sorted_by_class", watch)
        return covered(modular, flats, **options)

    monkeypatch.setattr(module, "_covered", watched)
    for seed in range(6):
        rows = np.random.default_rng(seed).integers(-20, 21, (24, 4))
        network = families.stack((rows[:, :3], rows[:, 3]))
        assert characteristic_polynomial(network).n_regions == Lens(network).count().total
    module._primes.cache_clear()
    assert any(is_left_out)


@pytest.mark.parametrize("family", ARRANGEMENTS[::5], ids=str)
def test_sums_beyond_64_bits_are_integers_of_python(family, monkeypatch):
    monkeypatch.setattr(module, "MOST_REGIONS", 0)
    assert characteristic_polynomial(family.network).n_regions == family.per_layer[0]


def test_too_many_intersections_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_FLATS", 100)
    with pytest.raises(IntractableError, match=r"more than 100 of codimension 2\. Use `count`"):
        characteristic_polynomial(families.stack((np.eye(40), np.zeros(40))))


def test_neurons_that_do_not_cut_are_none_of_its_business():
    first = from_arrays([np.eye(2), np.eye(2), np.ones((1, 2))], [np.zeros(2)] * 2 + [np.zeros(1)])
    with pytest.raises(InvalidNetworkError, match=r"those of layers 0, 1 do.*Use `count`"):
        characteristic_polynomial(first)
    assert Lens(first).count() == 4
    affine = from_arrays([np.ones((1, 3))], [[0.0]])
    assert characteristic_polynomial(affine).n_regions == 1


def test_the_lens_hands_it_on():
    found = Lens(families.resonance(4)).characteristic_polynomial()
    assert found == characteristic_polynomial(families.resonance(4))
    assert (found.n_regions, found.n_bounded, found.rank) == (370, 0, 4)
