from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, OptionError, UnboundedPolytopeError
from polytope_lens.flat_domain import within
from polytope_lens.network.network import evaluate
from polytope_lens.render.explorer.solid_arrays import solid_arrays

CUBE = Box([-1] * 3, [1] * 3)
RNG = np.random.default_rng(5)


def random_arrays(d, widths, scale=0.3):
    return [RNG.normal(size=(n, m)) for m, n in pairwise((d, *widths))], [scale * RNG.normal(size=n) for n in widths]


TWICE = [[[1, 2, 0], [1, 2, 0], [-2, -4, 0], [1, 0, 1]], np.ones((1, 4))], [[0] * 4, [0]]
# Several neurons on one plane, neurons that are zero on whole regions, a flat, another domain.
PARTITIONS = {
    "deep": Lens.from_arrays(*random_arrays(3, (5, 4, 2))).partition(CUBE),
    "folded": Lens.from_arrays(*random_arrays(3, (4, 3, 1)), negative_slope=-1.0).partition(CUBE),
    "no biases": Lens.from_arrays(*random_arrays(3, (5, 4, 1), 0.0)).partition(CUBE),
    "twice": Lens.from_arrays(*TWICE).partition(CUBE),
    "simplex": Lens.from_arrays(*random_arrays(3, (5, 4, 1))).partition(
        Polytope([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [0.5, 0.5, 0.5, 1])
    ),
    "flat": Lens.from_arrays(*random_arrays(4, (5, 3, 1))).partition(Box([-1, 0.25, -1, 0], [1, 0.25, 1, 1])),
    "whole": Lens.from_arrays([np.eye(3)], [[1, 2, 3]]).partition(CUBE),
}


def patterns_from(arrays, n, n_bits):
    """All patterns from those of the roots, as the page finds them."""
    crossings, beside = set(arrays["crossings"].tolist()), [[] for _ in range(n)]
    for face, (a, b) in enumerate(arrays["face_regions"].tolist()):
        if b >= 0 and face not in crossings:
            beside[a].append((b, arrays["owners"][face]))
            beside[b].append((a, arrays["owners"][face]))
    known = {
        root: np.unpackbits(bits, count=n_bits).astype(bool)
        for root, bits in zip(arrays["roots"].tolist(), arrays["root_bits"], strict=True)
    }
    todo = list(known)
    for here in todo:
        for there, owner in beside[here]:
            if there not in known:
                known[there] = known[here].copy()
                known[there][owner] ^= True
                todo.append(there)
    return np.array([known[i] for i in range(n)])


@pytest.mark.parametrize("name", PARTITIONS)
def test_patterns_are_found_from_face_to_face(name):
    partition = PARTITIONS[name]
    found = patterns_from(solid_arrays(partition), len(partition), partition.network.n_neurons)
    np.testing.assert_array_equal(found, partition.patterns())


@pytest.mark.parametrize("name", PARTITIONS)
def test_values_and_slopes_are_those_of_the_network(name):
    partition, arrays = within(PARTITIONS[name]), solid_arrays(PARTITIONS[name])
    wanted = evaluate(partition.network, partition.mesh.points).T
    np.testing.assert_allclose(arrays["values"], wanted, rtol=1e-6, atol=1e-6)
    gradients = np.linalg.norm(partition.maps[:, :, :-1], axis=2).T
    np.testing.assert_allclose(arrays["slopes"], gradients, rtol=1e-6)


def test_what_has_no_polyhedra_is_refused():
    lens = Lens.from_arrays(*random_arrays(3, (3, 1)))
    with pytest.raises(UnboundedPolytopeError, match="Choose a bounded domain"):
        solid_arrays(lens.partition())
    with pytest.raises(OptionError, match="mesh=True"):
        solid_arrays(lens.partition(CUBE, mesh=False))
    with pytest.raises(DimensionError, match="exist for networks with 3 inputs"):
        solid_arrays(Lens.from_arrays([np.ones((1, 2))], [[0]]).partition(Box([-1] * 2, [1] * 2)))
