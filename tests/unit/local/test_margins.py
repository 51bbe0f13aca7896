"""Margins as layers, and the points guessed from them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

import reference
from polytope_lens import Lens
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.local.margins import margin_network, margins_at
from polytope_lens.network import network as net

NORMS = [1, 2, np.inf]


def random_lens(sizes, seed):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])


def asked(network, x, output=None, value=None):
    return margin_network(network, np.asarray(x, dtype=float), output=output, value=value)


def test_margins_are_differences_of_outputs():
    for seed in range(5):
        lens, x = random_lens((3, 6, 5, 4), seed), np.random.default_rng(seed).standard_normal(3)
        found = asked(lens.network, x)
        _, outputs = reference.evaluate(lens.network, x)
        leader = outputs.index(max(outputs))
        assert found.pairs == tuple((leader, k) for k in range(4) if k != leader)
        want = [outputs[k] - outputs[leader] for _, k in found.pairs]
        exact = margins_at(found, x)
        assert all(v < 0 for v in exact)
        assert len({Fraction(v) / w for v, w in zip(exact, want, strict=True)}) == 1  # a common factor
        X = np.random.default_rng(0).standard_normal((20, 3))
        assert np.allclose(
            net.evaluate(found.network, X), lens(X)[:, [k for _, k in found.pairs]] - lens(X)[:, [leader]]
        )
        assert np.array_equal(point_signs(found.network, X), point_signs(lens.network, X))


def test_ties_and_differences_that_floats_lose():
    """Outputs 1 and 1 + 2^-52 times 1e30 apart from a bias: the greatest is decided exactly, the first of equals."""
    lens = Lens.from_arrays([[[1.0], [1.0], [1.0 + 2**-52]]], [[1e30, 1e30, 1e30]])
    assert asked(lens.network, [1]).pairs[0][0] == 2
    assert asked(lens.network, [0]).pairs[0][0] == 0
    assert margins_at(asked(lens.network, [0]), np.zeros(1)) == [0, 0]
    assert all(v < 0 for v in margins_at(asked(lens.network, [1]), np.ones(1)))


def test_levels_from_both_sides():
    lens = random_lens((2, 5, 2), 0)
    x = np.array([0.3, 0.4])
    here = lens(x)[1]
    for value in (here + 0.5, here - 0.5):
        found = asked(lens.network, x, output=1, value=float(value))
        assert found.pairs == ((1, None),)
        assert margins_at(found, x)[0] < 0
        assert np.isclose(net.evaluate(found.network, x[None])[0, 0], -0.5)
