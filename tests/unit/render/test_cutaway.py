"""Solids with a part cut away, against volumes and a second road."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.render.cutaway import Facet, checked_cut, cut_solid
from polytope_lens.render.solid_files import solids

LOWER, UPPER = -np.ones(3), np.ones(3)
CUBE = Lens.from_arrays([[[1.0, 0, 0]], [[1]]], [[5.0], [0]]).partition(Box(LOWER, UPPER))


def faces(partition):
    found = solids(partition)
    told = zip(found.rings(), found.regions.tolist(), found.layers.tolist(), strict=True)
    return [Facet(ring, np.ones(len(ring), dtype=bool), region, layer) for ring, region, layer in told]


def volume(facets):
    """Of what outward faces enclose, by the divergence theorem."""
    total = 0.0
    for facet in facets:
        first = facet.ring[0]
        for second, third in zip(facet.ring[1:], facet.ring[2:], strict=False):
            total += np.linalg.det([first, second, third]) / 6
    return total


def edges(facets):
    """The edges that are drawn, each once."""
    return {
        frozenset((tuple(facet.ring[i].round(9)), tuple(np.roll(facet.ring, -1, axis=0)[i].round(9))))
        for facet in facets
        for i in np.flatnonzero(facet.drawn)
    }


def test_a_corner_of_a_cube_is_missing():
    left = cut_solid(faces(CUBE), checked_cut("corner", LOWER, UPPER, np.array([1.0, -1, 1])))
    assert volume(left) == pytest.approx(7)
    # The cube loses three edges of length 1; the hole has nine.
    assert sum(np.linalg.norm(np.subtract(*edge)) for edge in edges(left)) == pytest.approx(24 - 3 + 9)
    removed = [1, -1, 1] * np.vstack([facet.ring.mean(axis=0) for facet in left]) > 1e-9
    assert not removed.all(axis=1).any()
    caps = [facet for facet in left if facet.layer == -1 and (np.abs(facet.ring) < 1e-12).all(axis=0).any()]
    assert len(caps) == 3


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_through_a_plane_leaves_what_is_on_one_side(seed):
    rng = np.random.default_rng(seed)
    normal, offset = rng.standard_normal(3), 0.2
    left = cut_solid(faces(CUBE), checked_cut((normal, offset), LOWER, UPPER, UPPER))
    points = np.vstack([facet.ring for facet in left])
    assert (points @ normal).max() == pytest.approx(offset)
    sample = rng.uniform(-1, 1, (200_000, 3))
    assert volume(left) == pytest.approx(8 * (sample @ normal <= offset).mean(), rel=0.02)
    assert all(facet.drawn.sum() >= len(facet.ring) - 1 for facet in left)


def test_a_solid_beside_the_cut_stays_and_one_inside_goes():
    assert [facet.ring.shape for facet in cut_solid(faces(CUBE), (np.eye(3), np.full(3, 1.0)))] == [(4, 3)] * 6
    assert cut_solid(faces(CUBE), (np.eye(3), np.full(3, -1.0))) == []


def test_a_polygon_gets_no_caps():
    square = Facet(np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]), np.ones(4, dtype=bool), 0, 0)
    left = cut_solid([square], (np.eye(3)[:2], np.zeros(2)), capped=False)
    assert [facet.ring.min(axis=0).tolist()[:2] for facet in left] == [[-1, -1], [0, -1]]
    assert [facet.ring.max(axis=0).tolist()[:2] for facet in left] == [[0, 1], [1, 0]]
    assert [facet.piece for facet in left] == [0, 1]


def test_cuts_are_refused_in_one_sentence():
    assert checked_cut(None, LOWER, UPPER, UPPER) is None
    for wrong in (3, "edge", [1, 2, 3], object()):
        with pytest.raises(OptionError, match="`cut` should be"):
            checked_cut(wrong, LOWER, UPPER, UPPER)
    with pytest.raises(DimensionError, match="a row of 3 numbers for each entry of b"):
        checked_cut(([[1, 0]], [0]), LOWER, UPPER, UPPER)
    with pytest.raises(OptionError, match="without rows of zeros"):
        checked_cut(([0, 0, 0], 1), LOWER, UPPER, UPPER)
