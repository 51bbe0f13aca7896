"""Jumps along paths against the maps on both sides."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from families import sparsely
from polytope_lens import Lens


def written(widths, seed, negative_slope=0.0, *, whole=False):
    rng = np.random.default_rng([seed, *widths])
    draw = (lambda size: rng.integers(-2, 3, size)) if whole else rng.standard_normal
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Lens.from_arrays([draw(s) for s in shapes], [draw(s[0]) for s in shapes], negative_slope=negative_slope)


CASES = {
    "one layer": written((5, 40, 3), 0),
    "deep": written((5, 12, 12, 12, 4), 1),
    "leaky": written((5, 12, 12, 2), 2, 0.1),
    "integers": written((4, 9, 9, 9, 4), 3, whole=True),
    "integers, absolute values": written((4, 9, 9, 3), 4, -1.0, whole=True),
    "no layers": written((4, 2), 5),
}


def way(lens, *, whole):
    rng = np.random.default_rng(7)
    shape = (6, lens.network.input_dim)
    return lens.path(*(rng.integers(-3, 4, shape) if whole else 2 * rng.standard_normal(shape)))


@pytest.mark.parametrize("name", CASES)
def test_against_the_maps_on_both_sides(name):
    lens = CASES[name]
    path = way(lens, whole="integers" in name)
    found = path.jumps()
    maps = [region.affine_map.A for region in path]
    steps = np.diff(path.points, axis=0)
    steps /= np.linalg.norm(steps, axis=1)[:, None]
    differences = [after - before for before, after in pairwise(maps)]
    assert len(found) == len(differences)
    sizes = np.array([np.linalg.norm(matrix, 2) for matrix in differences])
    turns = np.array([np.linalg.norm(m @ steps[k]) for m, k in zip(differences, path.segments, strict=True)])
    assert (np.abs(found.sizes - sizes) <= found.size_errors + 1e-11 * (1 + sizes)).all()
    assert (np.abs(found.turns - turns) <= found.turn_errors + 1e-11 * (1 + sizes)).all()
    assert (found.size_errors < 1e-8).all() and (found.turn_errors < 1e-8).all()


def test_some_paths_cross_several_boundaries_at_once():
    path = way(CASES["integers"], whole=True)
    assert any(len(flipped) > 1 for flipped in path.flips)


@pytest.mark.parametrize("whole", [False, True])
def test_errors_hold_against_fractions(whole):
    """On a path along an axis, the turn of a network with one output is an exact difference of two slopes."""
    lens = written((2, 8, 8, 1), 8, 0.25, whole=whole)
    path = lens.path([-3, 0.5], [3, 0.5])
    found = path.jumps()
    slopes = [exact_slope(lens, region) for region in path]
    for i, (before, after) in enumerate(pairwise(slopes)):
        assert abs(Fraction(found.turns[i]) - abs(after - before)) <= Fraction(found.turn_errors[i])


def exact_slope(lens, region):
    """The slope of the output along the first axis, in fractions."""
    network = lens.network
    column = [Fraction(row[0]) for row in network.layers[0].weight.tolist()]
    bits = region.pattern.array.tolist()
    for index, layer in enumerate(network.layers):
        on = [bits.pop(0) for _ in range(layer.width)]
        slopes = [
            Fraction(p if o else n) for o, n, p in zip(on, layer.negative_slope, layer.positive_slope, strict=True)
        ]
        column = [Fraction(s) * v for s, v in zip(slopes, column, strict=True)]
        last = index + 1 == len(network.layers)
        weight = (network.output_weight if last else network.layers[index + 1].weight).tolist()
        column = [sum(Fraction(w) * v for w, v in zip(row, column, strict=True)) for row in weight]
    return column[0]


def test_a_flip_that_changes_nothing_has_no_jump():
    lens = Lens.from_arrays([[[1], [1]], [[1, 1]], [[1]]], [[0, -1], [-5], [0]])
    found = lens.path([-1], [2]).jumps()
    assert found.sizes.tolist() == found.size_errors.tolist() == found.turns.tolist() == [0, 0]


def test_a_path_that_goes_nowhere():
    found = CASES["deep"].path([0] * 5, [0] * 5).jumps()
    assert len(found) == 0
    assert repr(found) == "PathJumps(0 crossings)"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sparse_layers(seed):
    rng = np.random.default_rng(seed)
    dense = written((6, 12, 12, 2), 9).network
    sparse = sparsely(dense)
    ends = 3 * rng.standard_normal((2, 6))
    one, other = (Lens(network).path(*ends).jumps() for network in (dense, sparse))
    np.testing.assert_allclose(one.sizes, other.sizes, rtol=1e-12)
    np.testing.assert_allclose(one.turns, other.turns, rtol=1e-12, atol=1e-12)
