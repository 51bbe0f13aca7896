"""Persistent homology against gudhi's, of the same cells cut into simplices; skipped where gudhi is not installed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.function.corner_order import ordered_cells

gudhi = pytest.importorskip("gudhi")


@pytest.mark.parametrize("seed", range(12))
def test_gudhi_finds_the_same_intervals(seed):
    rng, d = np.random.default_rng(seed), 2 + seed % 3
    sizes = (d, *{2: (8, 8), 3: (5, 4), 4: (3, 2)}[d], 1)
    if seed % 2:  # many corners with equal values
        weights = [rng.integers(-2, 3, (b, a)) for a, b in pairwise(sizes)]
        biases = [rng.integers(-1, 2, b) for b in sizes[1:]]
    else:
        weights = [rng.standard_normal((b, a)) for a, b in pairwise(sizes)]
        biases = [rng.standard_normal(b) / 2 for b in sizes[1:]]
    partition = Lens.from_arrays(weights, biases).partition(Box([-1] * d, [1] * d))
    found = partition.function.persistence()
    assert [sorted(map(tuple, found.of(k).tolist())) for k in range(d)] == intervals(partition, d)


def intervals(partition, d):
    """Chains of cells, each a face of the one before, are simplices, which come when the greatest of the cells does."""
    ordered = ordered_cells(partition, 0, max_regions=10_000, purpose="a test")
    cells, highest = ordered.cells, ordered.highest()
    first = np.concatenate([[0], np.cumsum(cells.sizes)]).tolist()
    faces = {i: set() for i in range(cells.n_points)}
    for dim, one in enumerate(cells.sides, start=1):
        for i, inner in enumerate(one.of_cells()):
            sides = {first[dim - 1] + side for side in inner}
            faces[first[dim] + i] = sides.union(*(faces[side] for side in sides))

    def chains(cell):
        yield [cell]
        for face in faces[cell]:
            yield from ([cell, *chain] for chain in chains(face))

    tree = gudhi.SimplexTree()
    for cell, rank in enumerate(np.concatenate(highest).tolist()):
        for chain in chains(cell):
            tree.insert(chain, filtration=float(rank))
    tree.compute_persistence(min_persistence=0, persistence_dim_max=True)
    value = dict(zip(ordered.ranks.tolist(), ordered.values.tolist(), strict=True)) | {np.inf: np.inf}
    return [
        sorted((value[birth], value[death]) for birth, death in tree.persistence_intervals_in_dimension(k))
        for k in range(d)
    ]
