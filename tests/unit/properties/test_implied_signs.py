"""Signs that follow from signs, against what all regions have in common."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import reference
from families import golden, random_deep, size_of_output, with_a_neuron_in_two_halves, without_biases
from polytope_lens import Box, Lens, Property
from polytope_lens.network.network import bit_starts
from polytope_lens.proof import checker, fast_checker
from polytope_lens.properties.cell_bounds import CellBounds
from polytope_lens.properties.cell_tree import CellTree
from polytope_lens.properties.implied_signs import implied_signs, meets

NETWORKS = {
    "one point": without_biases((2, 7, 1), 0),
    "space": without_biases((3, 6, 5, 1), 1),
    "leaky": random_deep((2, 6, 4), 0, 0.25),
    "lattice": golden((2, 5, 4), 1),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sign_is_implied_if_all_regions_with_the_given_ones_have_it(name):
    network = NETWORKS[name]
    box = Box([-1] * network.input_dim, [1] * network.input_dim)
    asked = Property.of(box, ([[1] * network.output_dim], [0])).boxes()[0]
    patterns = Lens(network).partition(box).patterns()
    rng = np.random.default_rng(3)
    n_implied = 0
    for _ in range(40):
        region = patterns[rng.integers(len(patterns))]
        depth = int(rng.integers(len(network.layers)))
        start, stop = bit_starts(network)[depth : depth + 2].tolist()
        known = np.arange(network.n_neurons) < start  # the layers before are decided, and some of this one
        known[rng.choice(np.arange(start, stop), min(3, stop - start), replace=False)] = True
        signs = np.where(known, np.where(region, 1, -1), 0).astype(np.int8)
        found = implied_signs(network, asked, signs, region & known, ~known)
        here = patterns[(patterns[:, known] == region[known]).all(axis=1)]
        same = [j for j in range(start, stop) if not known[j] and len(set(here[:, j].tolist())) == 1]
        assert [one.neuron for one in found if one.neuron < stop] == same
        for one in found:
            assert set(here[:, one.neuron].tolist()) == {one.sign > 0}
            assert all(multiple > 0 and known[j] for j, multiple in one.multiples.items() if one.neuron < stop)
        n_implied += len(found)
    assert n_implied


def test_multiples_and_the_box_prove_the_sign():
    network = without_biases((2, 9, 1), 5)
    rows = [row for layer in reference.affine_rows(network, [True] * 9)[:-1] for row in layer]
    asked = Property.of((["-1", "-1"], ["1", "1"]), ([[1]], [0])).boxes()[0]
    signs = np.array([1, -1, 1, 0, 0, 0, 0, 0, 0], dtype=np.int8)
    found = implied_signs(network, asked, signs, signs > 0, signs == 0)
    assert found
    for j, sign, multiples in found:
        total = [-sign * v for v in rows[j]]
        for i, multiple in multiples.items():
            weight = int(signs[i]) * Fraction(int(multiple.p), int(multiple.q))
            total = [a + weight * b for a, b in zip(total, rows[i], strict=True)]
        assert sum(map(abs, total[:-1])) + total[-1] <= 0


def test_neurons_meet_where_more_vanish_than_have_to():
    box = (["-1", "-1"], ["1", "1"])
    for network, expected in ((without_biases((2, 5, 1), 2), True), (random_deep((2, 5, 3), 2, 0.0), False)):
        bounds = CellBounds(network, [])
        whole = bounds.whole(np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
        cells = bounds.narrowed(whole).cells
        assert meets(network, cells, bounds.is_open(cells)[0]) is expected
        assert meets(network, cells, np.zeros(network.n_neurons, dtype=bool)) is False
    tree = CellTree(without_biases((2, 5, 1), 2), Property.of(box, ([[1]], [-1])).cases)
    cell = tree.looked([tree.whole(Property.of(box, ([[1]], [-1])).boxes()[0])])[0]
    assert cell is None or not cell.by_signs  # boxes do, as long as they are large


@pytest.mark.parametrize("sizes", [(2, 10, 1), (2, 6, 6, 1), (3, 7, 1)])
def test_logs_are_short_where_all_neurons_meet(sizes, tmp_path):
    """A tree of all signs has 2^10 cells and more, and halving goes on to the smallest floats."""
    network = without_biases(sizes, 4)
    box = Box([-1] * sizes[0], [1] * sizes[0])
    n = Lens(network).count(box).total
    answers = {
        "equal": Lens(network).is_equal(with_a_neuron_in_two_halves(network), box, proof=tmp_path / "equal"),
        "least": Lens(size_of_output(network)).minimum([1], box, proof=tmp_path / "least"),
        "steep": Lens(network).lipschitz(box, np.inf, proof=tmp_path / "steep"),
    }
    assert answers["equal"].verdict.name == "HOLDS" and answers["least"].value == 0
    for name, most in (("equal", n), ("least", 12 * n), ("steep", 12 * n)):
        assert answers[name].is_complete if name != "equal" else answers[name].status.name == "COMPLETE"
        assert checker.verify(str(tmp_path / name))["proved"] and fast_checker.verify(tmp_path / name)["proved"]
        lines = (tmp_path / name).read_text().splitlines()
        assert sum(line.startswith(("split", "halve")) for line in lines) < most


@pytest.mark.parametrize("scale", [2.0**-180, 2.0**180])
def test_numbers_near_the_ends_of_floats_are_no_obstacle(scale, tmp_path):
    weights = [scale * layer.dense_weight() for layer in without_biases((2, 5, 1), 2).layers]
    lens = Lens.from_arrays([*weights, np.ones((1, len(weights[-1])))], [[0.0] * len(w) for w in weights] + [[0.0]])
    found = lens.minimum([1], Box([-1, -1], [1, 1]), proof=tmp_path / "run.proof")
    assert found.value == 0 and found.is_logged and checker.verify(str(tmp_path / "run.proof"))["proved"]
