"""What survives a step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import DimensionError
from polytope_lens.experiments.findings.change import change
from polytope_lens.network.network import from_arrays
from polytope_lens.training.recorded_domain import SQUARE


def two_steps(shift: float, seed: int = 1, shape=(2, 8, 6, 1)):
    """A random network, and the same with weights moved a little."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(n, m)) for m, n in pairwise(shape)]
    biases = [rng.normal(0, 0.5, len(weight)) for weight in weights]
    moved = [weight + shift * rng.normal(size=weight.shape) for weight in weights]
    return (partition(from_arrays(w, biases), SQUARE, progress=False) for w in (weights, moved))


def test_nothing_changes_without_a_step():
    first, second = two_steps(0.0)
    found = change(first, second)
    assert found.n_same_pattern == found.n_same_place == found.n_before == found.n_after == len(first)
    assert found.area_same_pattern == pytest.approx(1) and found.area_same_place == pytest.approx(1)
    assert found.moved == pytest.approx(0, abs=1e-12) and found.swept == 0


@pytest.mark.parametrize("shift", [0.02, 0.3])
def test_areas_are_those_that_sampling_sees(shift):
    first, second = two_steps(shift)
    found = change(first, second)
    points = np.random.default_rng(2).uniform(-1, 1, (40000, 2))
    bits = [each.patterns()[each.locate(points)] for each in (first, second)]
    differs = bits[0] != bits[1]
    assert found.area_same_pattern == pytest.approx(1 - differs.any(axis=1).mean(), abs=0.01)
    assert found.swept == pytest.approx(differs.sum(axis=1).mean(), abs=0.02)


@pytest.mark.parametrize("shift", [0.02, 0.3])
def test_regions_are_paired_as_shapely_pairs_them(shift):
    first, second = two_steps(shift)
    found = change(first, second)
    n, area = 0, 0.0
    for one in first.polygons():
        for other in second.polygons():
            shared = one.intersection(other).area
            if shared > max(one.area, other.area) / 2:
                n, area = n + 1, area + shared
    assert found.n_same_place == n
    assert found.area_same_place == pytest.approx(area / 4)
    ours = {tuple(row) for row in first.patterns().tolist()}
    assert found.n_same_pattern == len(ours & {tuple(row) for row in second.patterns().tolist()})


def test_other_shapes_are_refused():
    first, _ = two_steps(0.0)
    second, _ = two_steps(0.0, shape=(2, 8, 7, 1))
    with pytest.raises(DimensionError, match=r"\(8, 6\) and the other \(8, 7\)"):
        change(first, second)
