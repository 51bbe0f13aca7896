"""Points guessed from gradients, by what should hold of them."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens.local.deepfool import candidates
from polytope_lens.local.margins import margin_network
from polytope_lens.network import network as net

NORMS = [1, 2, np.inf]


def random_lens(sizes, seed):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])


def asked(network, x, output=None, value=None):
    return margin_network(network, np.asarray(x, dtype=float), output=output, value=value)


@pytest.mark.parametrize("norm", NORMS)
def test_guesses_are_across_or_nearly_so_and_nearest_first(norm):
    for seed in range(6):
        lens, x = random_lens((6, 12, 12, 5), seed), np.zeros(6)
        found = asked(lens.network, x)
        points = candidates(found, x, norm)
        assert len(points) > 0
        assert (net.evaluate(found.network, points).max(axis=1) >= 0).all()
        size = np.linalg.norm(points - x, norm, axis=1)
        assert (np.diff(size) >= 0).all()
        # Just before, the rivals are still behind.
        assert net.evaluate(found.network, x + (1 - 1e-9) * (points[:1] - x)).max() < 0


def test_no_guesses_where_nothing_changes():
    lens = Lens.from_arrays([[[1.0, 0.0]], [[1.0], [1.0]]], [[0.0], [1.0, 0.0]])
    assert len(candidates(asked(lens.network, [0.5, 0.5]), np.array([0.5, 0.5]), 2)) == 0
