"""Where outputs touch a target only, against all regions clipped by it in fractions."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from preimages_twin import all_clipped, random_target
from properties_twin import random_network


@pytest.mark.parametrize("seed", range(8))
def test_flat_parts_are_all_that_is_left(seed):
    rng = np.random.default_rng([seed, 12])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, target = random_network(rng, d, out), random_target(rng, out)
    domain = (Box([-1] * d, [2] * d), None)[seed % 2]
    found = lens.preimage(target, domain)
    cells, parts = [cell.polytope for cell in found], found.flat_parts()
    touching = [P for _, P in all_clipped(lens, domain, target) if not P.has_interior and not P.is_empty]
    for part in parts:
        assert part.dim < d
        assert not any(cell.contains(part.point[None])[0] for cell in cells)
        assert any(P.contains(part.point[None])[0] for P in touching)
    # Points of touching sets lie in cells, or those sets hold a flat part of the same dimension or more.
    for P in touching:
        inner = _middle(P)
        if not any(cell.contains(inner[None])[0] for cell in cells):
            assert parts


def _middle(P):
    """A point in the relative interior: the mean of vertices and of vertices moved along rays."""
    corners = P.vertices(exact=True)
    rays = P.rays(exact=True)
    if not len(corners):
        return P.project([0] * P.dim, exact=True)
    return corners.sum(axis=0) / len(corners) + rays.rays.sum(axis=0)


def test_degenerate_parts_by_hand():
    """|x| + |y| on [-1, 1]^2: a middle, a square as an edge of a union, and the corners."""
    norm = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    box = Box([-1, -1], [1, 1])
    middle, level, corners = ([[1]], [0]), ([[1], [-1]], [1, -1]), ([[-1]], [-2])
    assert norm.preimage(middle, box).flat_parts()[0].point.tolist() == [0, 0]
    parts = norm.preimage([middle, level, corners], box).flat_parts()
    assert sorted(part.dim for part in parts) == [0] * 5 + [1] * 4
    # The level's edges are sides of cells once the inside belongs to the target, too.
    assert not norm.preimage([([[1]], [1]), level], box).flat_parts()
    assert repr(norm.preimage(middle, box).flat_parts()[0]) == "FlatPart(dim=0, at [0.0, 0.0])"


def test_a_plateau_on_the_boundary_belongs_to_it():
    relu = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]])
    found = relu.preimage(([[1]], [0]), Box([-1, -1], [1, 1]))
    assert [cell.pattern.bits[:2] for cell in found] == [(False, False)]
    assert not found.flat_parts()
    assert found.volumes().tolist() == [1.0]
