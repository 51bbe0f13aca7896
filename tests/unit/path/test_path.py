"""What a path offers: regions, flips, lengths, inputs; and how it is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import golden, sawtooth
from polytope_lens import Lens, Path
from polytope_lens.errors import DimensionError, IndexingError
from polytope_lens.network.network import Network, from_arrays, pass_through_layer

CORNER = Lens.from_arrays([[[3, 0], [0, 1], [6, 0]], [[1, 1, 1]]], [[-1, -4, -2], [0]])


def test_a_path_in_numbers():
    path = CORNER.path([0, 0], [3, 4])
    assert isinstance(path, Path)
    assert path.points.tolist() == [[0, 0], [3, 4]]
    assert path.breakpoints.tolist() == [float(Fraction(1, 9))]
    assert path.exact_breakpoints().tolist() == [Fraction(1, 9)]
    assert path.flips == [[(0, 0), (0, 2)]]
    assert path.length == 5
    assert path.lengths == pytest.approx([5 / 9, 40 / 9])
    assert path.patterns().tolist() == [[False] * 3, [True, False, True]]
    assert repr(path) == "Path(2 regions in R^2, straight, length 5)"
    for array in (path.points, path.breakpoints, path.segments, path.packed_patterns):
        assert not array.flags.writeable


def test_a_path_around_corners():
    path = CORNER.path([0, 0], [3, 0], [3, 8], [0, 8])
    assert path.breakpoints.tolist() == [float(Fraction(1, 9)), 1.5, float(2 + Fraction(8, 9))]
    assert path.exact_breakpoints().tolist() == [Fraction(1, 9), Fraction(3, 2), 2 + Fraction(8, 9)]
    assert path.segments.tolist() == [0, 1, 2]
    assert path.flips == [[(0, 0), (0, 2)], [(0, 1)], [(0, 0), (0, 2)]]
    assert path.length == path.lengths.sum() == 14
    assert path.lengths == pytest.approx([1 / 3, 8 / 3 + 4, 4 + 8 / 3, 1 / 3])
    assert repr(path) == "Path(4 regions in R^2, 3 segments, length 14)"


def test_positions_embed_as_inputs():
    path = CORNER.path([0, 0], [3, 0], [3, 8])
    assert path.embed(0.5).tolist() == [1.5, 0]
    assert path.embed([0, 1, 1.25, 2]).tolist() == [[0, 0], [3, 0], [3, 2], [3, 8]]
    assert path.embed(path.breakpoints) == pytest.approx(np.array([[1 / 3, 0], [3, 4]]))


def test_regions_are_full_dimensional_and_hold_their_piece():
    lens = Lens(golden((2, 8, 8), 2))
    path = lens.path([-4, -3], [5, 4])
    assert len(path) == len(path.regions) == len(path.breakpoints) + 1 > 10
    for region, again, bits in zip(path, path.regions, path.patterns(), strict=True):
        assert region.pattern == again.pattern == lens.at(region.point).pattern
        assert region.pattern.bits == tuple(bits.tolist())
        assert region.polytope.contains(region.point[None]).all()
    assert path[-1].pattern == lens.at([5, 4]).pattern
    assert path[:2] == path.regions[:2] and path[::-1] == path.regions[::-1] and path[[0]] == path.regions[:1]
    with pytest.raises(IndexingError, match="picked by a number"):
        path["a"]
    with pytest.raises(IndexError, match="crosses"):
        path[len(path)]


def test_a_path_that_is_a_point():
    path = CORNER.path([0, 0], [0, 0])
    assert (len(path), path.length, path.lengths.tolist(), path.flips) == (1, 0, [0], [])
    assert path.breakpoints.shape == path.exact_breakpoints().shape == (0,)
    assert path[0].pattern == CORNER.at([0, 0]).pattern


def test_every_fold_of_a_sawtooth():
    path = Lens(sawtooth(7)).path([0], [1])
    assert path.exact_breakpoints().tolist() == [Fraction(k, 2**7) for k in range(1, 2**7)]
    assert path.breakpoints.tolist() == [k / 2**7 for k in range(1, 2**7)]


def test_layers_that_pass_values_on_keep_their_numbers():
    inner = from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    first = pass_through_layer([[0, 1], [1, 0]], [0, 0])
    path = Lens(Network((first, *inner.layers), inner.output_weight, inner.output_bias)).path([-1, -2], [1, 1])
    assert path.flips == [[(1, 1)], [(1, 0)]]


@pytest.mark.parametrize(
    "points",
    [([0, 0], [1, 2, 3]), ([0], [1]), ([0, 0], [[1, 1]]), ([0, 0], [1, np.nan]), ([0, 0], [1, 1], [1])],
    ids=str,
)
def test_points_that_are_none_are_refused(points):
    with pytest.raises(DimensionError, match="`path`"):
        CORNER.path(*points)
