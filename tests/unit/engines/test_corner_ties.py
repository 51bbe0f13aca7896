"""Signs at corners that exact rows decide in the kernel: the same regions as by rationals, and no question left."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import families
from polytope_lens import Box, Lens
from polytope_lens.engines import cell_corners
from polytope_lens.engines.enumerate import partition
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.testing import assert_same_regions


@pytest.fixture
def asked(monkeypatch):
    """How many questions kernels have asked."""
    honest, questions = cell_corners.CornerDecisions.answer, []

    def answer(self, state):
        questions.append(1)
        honest(self, state)

    monkeypatch.setattr(cell_corners.CornerDecisions, "answer", answer)
    return questions


def maxima(seed, groups=4, functions=6):
    """Maxima over shared affine functions of float32 numbers, each neuron the difference of two that may be equal."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((functions, 3)).astype(np.float32).astype(float)
    picks = rng.integers(functions, size=(groups, 4))
    first, second = values[picks[:, 0::2]], values[picks[:, 1::2]]
    games = (first - second).reshape(-1, 3)
    # max(a, b) = b + relu(a - b); what is not a game is passed on.
    kept = second.reshape(-1, 3)
    rows = np.vstack([games, kept])
    n = len(games)
    winners = np.hstack([np.eye(n), np.eye(n)])
    final = winners[0::2] - winners[1::2]
    slopes = np.r_[np.zeros(n), np.ones(n)]
    net = from_arrays([rows[:, :2], final, np.ones((1, groups))], [rows[:, 2], np.zeros(groups), [0.0]])
    layer = net.layers[0]
    first_layer = type(layer)(layer.weight, layer.bias, slopes, layer.positive_slope, slopes == 0.0)
    return Network((first_layer, *net.layers[1:]), net.output_weight, net.output_bias)


@pytest.mark.parametrize("seed", range(6))
def test_maxima_over_shared_values_ask_nothing(seed, asked):
    network, box = maxima(seed), Box([-1, -1], [1, 1])
    found = partition(network, box, engine="subdivide")
    assert not asked
    assert found.certificate.rational > 0
    assert_same_regions(found, partition(network, box, engine="brute"))


PLANAR = [family for family in families.ONE_LAYER if family.network.input_dim == 2]


@pytest.mark.parametrize("family", PLANAR, ids=str)
def test_lines_of_small_integers_ask_nothing(family, asked):
    found = Lens(family.network).partition(Box([-3, -3], [3, 3]), engine="subdivide")
    assert not asked
    assert_same_regions(found, Lens(family.network).partition(Box([-3, -3], [3, 3]), engine="split"))


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("slope", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("seed", range(3))
def test_deep_networks_of_small_integers_agree_with_rationals(seed, slope, d, asked):
    rng = np.random.default_rng(seed)
    widths = (d, 4, 4, 1)
    weights = [rng.integers(-1, 2, shape).astype(float) for shape in zip(widths[1:], widths, strict=False)]
    network = from_arrays(weights, [rng.integers(-1, 2, len(w)) for w in weights], negative_slope=slope)
    for domain in (None, Box([-1] * d, [1] * d)):
        found = partition(network, domain, engine="subdivide" if d == 2 else "polyhedra")
        assert_same_regions(found, partition(network, domain, engine="brute"))
    assert d == 3 or not asked


@pytest.mark.parametrize("nudge", [2.0**-20, -(2.0**-20), 2.0**-45, -(2.0**-45), 2.0**-52, 2.0**-60])
@pytest.mark.parametrize("row", range(8))
def test_a_nudge_breaks_the_ties(nudge, row):
    """Of eight lines through one point: determinants grow, up to where double-doubles do not hold them."""
    rows = np.array([[a, b, -a - 2 * b] for a, b in product((-1.0, 0.0, 1.0), repeat=2) if (a, b) != (0, 0)])
    rows[row, 2] += nudge
    lens = Lens.from_arrays([rows[:, :2], np.ones((1, 8))], [rows[:, 2], [0.0]])
    box = Box([0, 1], [2, 3])
    assert_same_regions(lens.partition(box, engine="subdivide"), lens.partition(box, engine="brute"))


def test_rows_that_are_parallel_but_for_the_last_bit_are_told_apart():
    gap = 1.0 + 2.0**-52
    for rows, n in (
        ([[0.1, 0.7, 0.2], [0.3, 2.1, 0.6]], None),
        ([[1.0, 1.0, 0.1], [gap, gap, 0.1 * gap]], None),
        ([[1.0, 3.0, 0.5], [2.0, 6.0, 1.0]], 2),
        ([[1.0, 3.0, 0.5], [-2.0, -6.0, -1.0]], 2),
        ([[1.0, 3.0, 0.5], [2.0, 6.0, np.nextafter(1.0, 2)]], 3),
    ):
        weight = np.array(rows)
        lens = Lens.from_arrays([weight[:, :2], np.ones((1, 2))], [weight[:, 2], [0.0]])
        found, exact = (lens.partition(Box([-1, -1], [1, 1]), engine=engine) for engine in ("subdivide", "brute"))
        assert_same_regions(found, exact)
        assert n is None or len(found) == n
