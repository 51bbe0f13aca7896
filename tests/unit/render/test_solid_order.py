"""The order in which regions of space are drawn, against what hides what."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.render.solid_order import back_to_front, nearer_sides


def random_partition(seed):
    rng = np.random.default_rng(seed)
    shapes = ((6, 3), (5, 6), (1, 5))
    lens = Lens.from_arrays(
        [rng.standard_normal(shape) for shape in shapes], [rng.standard_normal(n) for n, _ in shapes]
    )
    return lens.partition(Box([-1] * 3, [1] * 3))


@pytest.mark.parametrize("eye", [[5, -4, 3, 1], [1, 2, 0.5, 0], [0.2, 0.1, -0.3, 1]])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_look_meets_first_comes_last(seed, eye):
    partition, eye = random_partition(seed), np.array(eye, dtype=float)
    place = back_to_front(nearer_sides(partition, eye))
    assert len(np.unique(place)) == len(partition)
    rng = np.random.default_rng(7)
    for target in rng.uniform(-1, 1, (40, 3)):
        towards = target - eye[:3] if eye[3] else -eye[:3]
        start = eye[:3] if eye[3] else target - 3 * towards
        way = start + np.linspace(0, 6 if not eye[3] else 2, 4000)[:, None] * towards
        way = way[(np.abs(way) < 1).all(axis=1)]
        met = partition.locate(way)
        met = met[np.flatnonzero(np.diff(met, prepend=-1))]
        assert (np.diff(place[met]) < 0).all()


def test_a_network_without_neurons_has_one_place():
    assert back_to_front(np.zeros((3, 0), dtype=bool)).tolist() == [0, 0, 0]
