"""Events by another road: from polygons that shapely cuts, or from volumes as fractions, and sets of pairs."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.testing import boxes, networks
from polytope_lens.training import Recording
from polytope_lens.training.events import ages, events, transition

SQUARE = Box([-1, -1], [1, 1])


def told_apart(overlaps, same):
    """Events by their definitions, from a dictionary of overlaps and a set of pairs with one pattern."""
    before, after = sorted({i for i, _ in overlaps}), sorted({j for _, j in overlaps})
    size = {("before", i): sum(v for (k, _), v in overlaps.items() if k == i) for i in before}
    size |= {("after", j): sum(v for (_, k), v in overlaps.items() if k == j) for j in after}
    heir = {i: j for (i, j), v in overlaps.items() if 2 * v > size["before", i]}
    origin = {j: i for (i, j), v in overlaps.items() if 2 * v > size["after", j]}
    by_pattern = {pair for pair in overlaps if pair in same}
    by_overlap = {(i, j) for i, j in heir.items() if origin.get(j) == i}
    persisting = by_pattern | {(i, j) for i, j in by_overlap if all(i != k and j != n for k, n in by_pattern)}
    lost = set(before) - {i for i, _ in persisting}
    new = set(after) - {j for _, j in persisting}
    split = {(origin[j], j) for j in new if j in origin}
    merged = {(i, heir[i]) for i in lost if i in heir}
    born = {j for j in new if j not in origin and all(j != k for _, k in merged)}
    died = {i for i in lost if i not in heir and all(i != k for k, _ in split)}
    return by_pattern, by_overlap, persisting, split, merged, born, died


def assert_told_apart(found, expected):
    pairs = (found.by_pattern, found.by_overlap, found.persisting, found.split, found.merged)
    for name, array, wanted in zip(("pattern", "overlap", "persist", "split", "merged"), pairs, expected, strict=False):
        assert set(map(tuple, array.tolist())) == wanted and len(array) == len(wanted), name
    assert (set(found.born.tolist()), set(found.died.tolist())) == expected[5:]


def assert_books_balance(found):
    """Every region has one fate, and the numbers add up."""
    firsts = [found.persisting[:, 0], found.merged[:, 0], found.split_up, found.died]
    seconds = [found.persisting[:, 1], found.split[:, 1], found.merged_together, found.born]
    for parts, n in ((firsts, found.n_before), (seconds, found.n_after)):
        assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert set(found.split_up.tolist()) <= set(found.split[:, 0].tolist())
    assert set(found.merged_together.tolist()) <= set(found.merged[:, 1].tolist())
    growth = len(found.born) + found.split_gain - found.merge_loss - len(found.died)
    assert found.n_after == found.n_before + growth
    assert 0 <= found.pattern_share <= found.persisting_share * (1 + 1e-12) and found.persisting_share <= 1 + 1e-12


def perturbed(network, size, rng):
    """The network with all weights and biases moved at random."""
    layers = [
        replace(
            layer,
            weight=layer.weight + size * rng.standard_normal(layer.weight.shape),
            bias=layer.bias + size * rng.standard_normal(layer.width),
        )
        for layer in network.layers
    ]
    return replace(network, layers=tuple(layers))


def same_patterns(first, second):
    if first.network.bits_per_layer != second.network.bits_per_layer:
        return set()
    rows = [[row.tobytes() for row in partition.patterns()] for partition in (first, second)]
    return {(i, j) for (i, one), (j, other) in product(*map(enumerate, rows)) if one == other}


@settings(max_examples=40)
@given(data=st.data())
def test_events_of_degenerate_networks_from_fractions(data):
    d = data.draw(st.integers(1, 3))
    networks_ = networks(d, max_depth=2, max_width=3 if d < 3 else 2)
    first, second = data.draw(networks_), data.draw(networks_)
    found = Lens(first).overlay(Lens(second), data.draw(boxes(d)))
    sizes = [region.volume(exact=True) for region in found.refinement]
    pairs = zip(found.first_regions.tolist(), found.second_regions.tolist(), strict=True)
    overlaps = dict(zip(pairs, sizes, strict=True))
    events_ = transition(found)
    assert_told_apart(events_, told_apart(overlaps, same_patterns(found.first, found.second)))
    assert_books_balance(events_)


@pytest.mark.parametrize("size", [1e-3, 0.03, 0.3])
def test_events_of_perturbed_networks_from_polygons(size):
    network = random_deep((2, 8, 8), 4, 0.0)
    rng = np.random.default_rng(1)
    moved = perturbed(network, size, rng)
    first, second = (Lens(n).partition(SQUARE) for n in (network, moved))
    areas = shapely.area(shapely.intersection(first.polygons()[:, None], second.polygons()[None, :]))
    overlaps = {(int(i), int(j)): areas[i, j] for i, j in np.argwhere(areas > 1e-13)}
    found = transition(Lens(network).overlay(moved, SQUARE))
    assert_told_apart(found, told_apart(overlaps, same_patterns(first, second)))
    assert_books_balance(found)
    kept = sum(area for pair, area in overlaps.items() if pair in same_patterns(first, second))
    assert found.pattern_share == pytest.approx(kept / 4)


def test_ages_by_following_tracks():
    """Weights move; each region's age is found by walking back from region to region."""
    rng = np.random.default_rng(3)
    networks_ = [random_deep((2, 5, 5), 6, 0.0)]
    for _ in range(5):
        networks_.append(perturbed(networks_[-1], 0.02, rng))
    steps = [0, 3, 4, 10, 11, 20]
    found = events(Recording(steps, networks_, domain=SQUARE), progress=False)
    result = ages(found)
    for k, ages_ in enumerate(result):
        for j, age in enumerate(ages_.tolist()):
            at, step = j, k
            while step and at in (before := dict(found[step - 1].persisting[:, ::-1].tolist())):
                at, step = before[at], step - 1
            assert age == steps[k] - steps[step]
    assert max(result[-1]) == 20 and 0 in result[-1]
    for change in found:
        assert_books_balance(change)
