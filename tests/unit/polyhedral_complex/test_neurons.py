"""What neurons do on a domain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import central, flip_trap, generic, golden, random_deep, sawtooth, stack
from polytope_lens import Box, Lens
from polytope_lens.polyhedral_complex.zero_rows import zero_mask
from polytope_lens.testing import domains, networks

SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=40)
@given(network=networks(st.integers(1, 3), max_depth=3, max_width=3), data=st.data())
def test_sides_by_rows_of_fractions(network, data):
    partition = Lens(network).partition(data.draw(domains(network.input_dim, flat=True)))
    bits = partition.patterns()
    zero = zero_mask(partition)
    for i, pattern in enumerate(bits.tolist()):
        rows = reference.affine_rows(network, pattern)[:-1]
        cutting = [r for layer, found in zip(network.layers, rows, strict=True) for r, c in zip(
            found, layer.cuts, strict=True) if c]  # fmt: skip
        assert zero[i].tolist() == [not any(row) for row in cutting]
    found = partition.neurons()
    for k in range(len(found)):
        signs = {1 if on else 0 if flat else -1 for on, flat in zip(bits[:, k], zero[:, k], strict=True)}
        expected = {(True, True): "both", (True, False): "on", (False, True): "off", (False, False): "zero"}
        assert found.side[k] == expected[1 in signs, -1 in signs]
    owners = [owner for i in range(len(partition.complex.facets())) for owner in partition.complex.facets().owners(i)]
    places = list(zip(found.layer.tolist(), found.neuron.tolist(), strict=True))
    assert found.n_facets.tolist() == [owners.count(place) for place in places]


@pytest.mark.parametrize(
    "network", [central(5, 2), generic(6, 2), golden((2, 4, 4), 1), random_deep((2, 6, 6), 1, 0.1)]
)
def test_lengths_are_those_of_bent_hyperplanes(network):
    partition = Lens(network).partition(SQUARE)
    found = partition.neurons()
    drawn = [partition.complex.bent_hyperplane(*place) for place in zip(found.layer, found.neuron, strict=True)]
    np.testing.assert_allclose(found.size, [curve.length for curve in drawn], atol=1e-12)
    assert found.n_facets.tolist() == [len(curve.regions) for curve in drawn]


def test_shares_by_samples():
    lens = Lens(random_deep((2, 6, 6), 1, 0.0))
    partition = lens.partition(SQUARE)
    found = partition.neurons()
    X = np.random.default_rng(0).uniform(-1, 1, (100_000, 2))
    np.testing.assert_allclose(found.on_volume, lens.patterns(X).mean(axis=0), atol=0.01)
    np.testing.assert_allclose(found.on_share, partition.patterns().mean(axis=0))


def test_dead_neurons_and_lines():
    lens = Lens(stack(([[1, 0], [0, 1], [0, 0], [1, 1]], [0, -3, 0, 5]), ([[1, 0, 0, 0], [0, 1, 0, 0]], [0, 0])))
    found = lens.partition(SQUARE).neurons()
    assert found.side.tolist() == ["both", "off", "zero", "on", "on", "zero"]
    # Neuron (1, 0) is relu(x), which is zero on half of the square, and never negative.
    assert found.n_zero.tolist() == [0, 0, 2, 0, 1, 2] and found.on_volume.tolist() == [0.5, 0, 0, 1, 0.5, 0]
    assert found.size.tolist() == [2, 0, 0, 0, 2, 0]
    assert np.isnan(lens.partition().neurons().size).all()


def test_in_other_dimensions():
    found = Lens(generic(5, 3)).partition().neurons()
    # A plane of the arrangement is cut by the four others into 11 polygons.
    assert found.n_facets.tolist() == [11] * 5 and found.side.tolist() == ["both"] * 5
    trap = Lens(flip_trap()).partition().neurons()
    assert trap.n_facets.tolist() == [1, 1, 2]


def test_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = Lens(sawtooth(3)).partition(Box([0], [1])).neurons().to_frame()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 6
    assert list(frame.columns) == [
        "layer", "neuron", "side", "on_share", "on_volume", "n_zero", "n_facets", "size",
    ]  # fmt: skip
