"""Where regions go on forever, on arrangements that are in textbooks and on networks that make ties."""

from __future__ import annotations

from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import braid, central, cross_polytope, generic, grid, low_rank, parallel, random_deep, seven_lines
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells import recession_cones as module
from polytope_lens.errors import IndexingError
from polytope_lens.testing import networks


@pytest.mark.parametrize(("n", "d"), [(1, 1), (6, 1), (3, 2), (9, 2), (5, 3), (7, 3), (7, 4), (4, 6)])
def test_generic_arrangements_have_binomially_many_bounded_regions(n, d):
    partition = Lens(generic(n, d)).partition()
    bounded = partition.bounded_mask()
    assert bounded.sum() == comb(n - 1, d)
    if d == 2:
        assert (~bounded).sum() == 2 * n
    cones = partition.rays()
    assert [cone.is_trivial for cone in cones] == bounded.tolist()
    assert len(cones) == len(partition)
    assert all(len(cone.lines) == max(d - n, 0) for cone in cones)


def test_unbounded_regions_of_the_plane_have_two_rays_in_order():
    partition = Lens(generic(12, 2)).partition()
    cones = partition.rays()
    assert len(cones.rays) == 2 * 24 and not len(cones.lines)
    # Each ray is a direction of a line, and belongs to the regions on both sides of it.
    assert len(np.unique(np.round(cones.rays, 9), axis=0)) == 24
    for index in np.flatnonzero(~partition.bounded_mask()):
        (a, b), (c, d) = cones[int(index)].rays
        assert a * d - b * c > 0


@pytest.mark.parametrize(
    ("network", "unbounded", "lines"),
    [
        (central(7, 3), 44, 0),
        (braid(4), 24, 24),
        (seven_lines(), 14, 0),
        (parallel(3), 4, 4),
        (grid(), 10, 0),
        (low_rank(), 37, 3 * 37),
        (cross_polytope(2), 4, 0),
    ],
    ids=["central", "braid", "seven lines", "parallel", "grid", "low rank", "cross-polytope"],
)
def test_known_arrangements(network, unbounded, lines):
    partition = Lens(network).partition()
    cones = partition.rays()
    assert (~partition.bounded_mask()).sum() == unbounded
    assert len(cones.lines) == lines
    assert repr(cones) == f"RecessionCones({len(cones.rays)} rays, {lines} lines of {len(partition)} regions)"
    region = partition[0]
    assert region.is_bounded == partition.bounded_mask()[0] == region.rays().is_trivial
    assert (region.rays().rays == cones[0].rays).all() and (region.rays().lines == cones[0].lines).all()


def test_bounded_domains_bound_everything():
    lens = Lens(generic(5, 2))
    for domain in (Box([-1, -1], [1, 1]), Polytope([[1, 0], [0, 1], [-1, -1]], [1, 1, 1])):
        partition = lens.partition(domain)
        assert partition.bounded_mask().all() and partition[0].is_bounded and partition[0].rays().is_trivial
        assert not len(partition.rays().rays)


def test_unbounded_domains_clip():
    strip = Polytope([[0, 1], [0, -1]], [1, 1])
    partition = Lens(generic(6, 2)).partition(strip)
    ends = np.flatnonzero(~partition.bounded_mask())
    assert sorted(partition[int(i)].rays(exact=True).rays.tolist() for i in ends) == [[[-1, 0]], [[1, 0]]]


def test_rays_are_those_of_the_exact_rows_not_of_the_rounded_ones():
    """Two parallel lines, one of which the second layer sees times 1/3."""
    lens = Lens.from_arrays([[[0.1, 0.3]], [[1 / 3], [1.0]], [[1, 1]]], [[0], [-1, -2], [0]])
    cones = [region.rays(exact=True) for region in lens.partition()]
    # 0.1 and 0.3 are fractions: the line runs along (0.3, -0.1) times a power of two.
    assert all(cone.lines.tolist() == [[-10808639105689190, 3602879701896397]] for cone in cones)
    assert sorted(len(cone.rays) for cone in cones) == [0, 0, 1, 1]


@settings(max_examples=120)
@given(network=networks(st.integers(1, 3), max_depth=3), data=st.data())
def test_masks_agree_with_cones_and_directions_stay_inside(network, data):
    lens = Lens(network)
    d = network.input_dim
    domain = data.draw(st.sampled_from([None, Polytope(np.eye(d)[:1], [1.0]), Polytope(-np.eye(d), np.ones(d))]))
    partition = lens.partition(domain)
    bounded = partition.bounded_mask()
    for i, region in enumerate(partition):
        cone = region.rays(exact=True)
        assert cone.is_trivial == bounded[i] == region.is_bounded
        rows = module._normals(network, domain)(region.pattern.array)
        for y in [*cone.rays, *cone.lines, *([-v for v in line] for line in cone.lines)]:
            assert all(sum(int(a) * v for a, v in zip(row, y, strict=True)) <= 0 for row in rows)


def test_cones_are_picked_one_by_one_and_in_parts():
    cones = Lens(random_deep((2, 6, 5), 1, 0.0)).partition().rays()
    alone = list(cones)
    assert len(alone) == len(cones) > 5
    for index in (slice(2, 5), slice(None, None, -1), [3, 3, 0], slice(0, 0)):
        part = cones[index]
        picked = [alone[i] for i in np.arange(len(cones))[index]]
        assert len(part) == len(picked)
        for one, other in zip(part, picked, strict=True):
            assert np.array_equal(one.rays, other.rays) and np.array_equal(one.lines, other.lines)
    with pytest.raises(IndexingError, match=f"cones of {len(cones)} regions"):
        cones["a"]


@pytest.mark.parametrize("seed", range(3))
def test_points_along_rays_keep_their_pattern(seed):
    lens = Lens(random_deep((2, 6, 5), seed, 0.0))
    partition = lens.partition()
    patterns, cones = partition.patterns(), partition.rays()
    for i in np.flatnonzero(~partition.bounded_mask()):
        for y in [*cones[int(i)].rays, *cones[int(i)].lines]:
            X = partition.witnesses[i] + np.array([[0.5], [3.0], [1000.0]]) * y
            assert (lens.patterns(X) == patterns[i]).all()


def test_deep_narrow_networks_are_settled_layer_by_layer(monkeypatch):
    """Five inputs, of which a layer often passes on fewer: ties in the inputs, decided once for many regions."""
    lens = Lens(random_deep((5, 6, 5), 1, 0.0))
    partition = lens.partition()
    calls = []
    honest = module.is_trivial_cone
    monkeypatch.setattr(module, "is_trivial_cone", lambda *args: calls.append(1) or honest(*args))
    bounded = partition.bounded_mask()
    assert len(calls) < len(partition) / 3
    monkeypatch.undo()
    assert bounded.tolist() == [region.is_bounded for region in partition]


@given(network=networks(2, weights="integer"), sides=st.lists(st.sampled_from([[1, 0], [0, -1], [1, 1]]), max_size=2))
def test_directions_that_are_proposed_decide_as_rationals_do(network, sides):
    domain = Polytope(sides, np.ones(len(sides))) if sides else None
    partition = Lens(network).partition(domain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MANY", 0)
        patch.setattr(module, "_proved", lambda network, sides, bits, first=None: np.zeros(len(bits), dtype=np.int8))
        found = partition.bounded_mask()
    assert found.tolist() == [not (len(cone.rays) or len(cone.lines)) for cone in partition.rays()]


def test_many_inputs(monkeypatch):
    """Regions of more inputs than neurons in the first layer hold lines; in others a direction is proposed by HiGHS."""
    monkeypatch.setattr(module, "is_trivial_cone", None)
    rng = np.random.default_rng(0)
    for widths in ((784, 64, 64), (100, 120, 20)):
        weights = [rng.standard_normal((n, m)) for m, n in pairwise((*widths, 2))]
        region = Lens.from_arrays(weights, [0.1 * rng.standard_normal(len(w)) for w in weights]).at(
            rng.standard_normal(widths[0])
        )
        assert not region.is_bounded
    thin = Polytope(np.eye(3, 400), np.zeros(3))
    assert not thin.is_bounded
    assert Polytope(np.vstack([np.eye(3, 400), -np.eye(1, 400)]), [0, 0, 0, -1]).is_bounded  # the empty one
