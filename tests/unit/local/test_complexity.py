from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, OptionError, Status
from polytope_lens.network.pattern import unpack

NORMS = [1, 2, np.inf]


def random_lens(sizes, seed):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])


def ball(x, radius, norm):
    """Dyadic cubes and cross-polytopes as domains; a cube around the ball of norm 2."""
    x, d = np.asarray(x, dtype=float), len(x)
    if norm != 1:
        return Box(x - radius, x + radius)
    A = np.array(list(product([-1.0, 1.0], repeat=d)))
    return Polytope(A, A @ x + radius)


@pytest.mark.parametrize("norm", [1, np.inf])
@pytest.mark.parametrize("sizes", [(1, 6, 4, 1), (2, 8, 8, 1), (3, 6, 6, 1), (5, 6, 5, 1), (6, 5, 5, 2)])
def test_cubes_and_cross_polytopes_are_domains(sizes, norm):
    x = np.round(np.random.default_rng(1).standard_normal(sizes[0]) * 8) / 8
    for seed, radius in ((0, 0.25), (1, 0.75)):
        lens = random_lens(sizes, seed)
        found = lens.local_complexity(x, radius, norm=norm)
        whole = lens.partition(ball(x, radius, norm))
        assert found.status is Status.COMPLETE
        assert np.array_equal(found.packed_patterns, whole.packed_patterns)
        assert found.n_regions == len(whole)
        assert found.regions.tolist() == whole.counts_per_layer.tolist()
        cut, pieces = creases(lens, whole)
        assert found.neurons.tolist() == cut
        assert found.pieces.tolist() == pieces


def creases(lens, whole):
    """From the facets: the neurons that own one, and these with the patterns of the layers before them."""
    bits, facets = whole.patterns(), whole.complex.facets()
    stops = np.cumsum((0, *lens.network.bits_per_layer))
    owners = {
        (layer, neuron, bits[pair[0], : stops[layer]].tobytes())
        for i, pair in enumerate(facets.regions)
        for layer, neuron in facets.owners(i)
        if layer >= 0
    }
    layers = range(len(lens.network.layers))
    return (
        [len({neuron for layer, neuron, _ in owners if layer == k}) for k in layers],
        [len([owner for owner in owners if owner[0] == k]) for k in layers],
    )


def test_discs_by_the_distance_of_polygons():
    for seed in range(4):
        lens, x = random_lens((2, 8, 8, 1), seed), np.array([0.1, -0.2])
        polygons = lens.partition(Box([-3, -3], [3, 3])).polygons()
        for radius in (0.3, 1.1):
            want = sum(polygon.distance(Point(x)) < radius for polygon in polygons)
            assert lens.local_complexity(x, radius).n_regions == want


@pytest.mark.parametrize("norm", NORMS)
def test_many_inputs_are_searched_few_are_listed(norm, monkeypatch):
    for seed in range(3):
        lens, x = random_lens((3, 7, 6, 1), seed), np.array([0.3, 0.1, -0.2])
        listed = lens.local_complexity(x, 0.8, norm=norm)
        with monkeypatch.context() as patch:
            patch.setattr("polytope_lens.local.complexity.BOXED", 0)
            searched = lens.local_complexity(x, 0.8, norm=norm)
        assert np.array_equal(listed.packed_patterns, searched.packed_patterns)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("boxed", [0, 4])
def test_regions_that_touch_the_open_ball_do_not_meet_it(norm, boxed, monkeypatch):
    """The lines x = 1 and 3x + 4y = 5 are at a distance of 1 in norm 2; in others, of 1 and of 5/4, 5/7."""
    monkeypatch.setattr("polytope_lens.local.complexity.BOXED", boxed)
    lens = Lens.from_arrays([[[1, 0], [3, 4]], [[1, 1]]], [[-1, -5], [0]])
    distances = {1: (1, 5 / 4), 2: (1, 1), np.inf: (1, 5 / 7)}[norm]
    for radius in (0.7, 0.71, 0.72, 1, np.nextafter(1, 2), 1.25, np.nextafter(1.25, 2)):
        found = lens.local_complexity([0, 0], radius, norm=norm)
        assert found.n_creases == sum(distance < radius for distance in distances)


@pytest.mark.parametrize("norm", NORMS)
@given(weights=st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=4), radius=st.integers(1, 3))
def test_one_layer_of_small_integers(norm, weights, radius):
    """Lines cut the open ball iff |c| < r * |w|, in the dual norm; in norm 2, c^2 < r^2 w^2."""
    rows = np.array(weights)
    lens = Lens.from_arrays([rows[:, :2], np.ones((1, len(rows)))], [rows[:, 2], [0]])
    a, c = rows[:, :2], rows[:, 2]
    if norm == 2:
        cuts = c**2 < radius**2 * (a**2).sum(axis=1)
    else:
        cuts = np.abs(c) < radius * np.linalg.norm(a, 1 if norm == np.inf else np.inf, axis=1)
    found = lens.local_complexity([0, 0], radius, norm=norm)
    assert found.neurons.tolist() == found.pieces.tolist() == [cuts.sum()]
    assert found.n_regions == len(np.unique(found.packed_patterns))


def test_a_ball_in_one_region():
    found = random_lens((3, 5, 5, 2), 0).local_complexity([0.1, 0.2, 0.3], 1e-9)
    assert repr(found) == "LocalComplexity(1 regions, per layer: regions [1, 1], neurons [0, 0], pieces [0, 0])"
    assert Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).local_complexity([0, 0], 1).n_regions == 1


def test_a_budget_leaves_lower_bounds():
    lens, x = random_lens((6, 10, 10, 1), 0), np.zeros(6)
    part, whole = lens.local_complexity(x, 1, max_regions=20), lens.local_complexity(x, 1)
    assert part.status is Status.BUDGET_REACHED
    assert 0 < part.n_regions <= 20 < whole.n_regions
    assert "at least" in repr(part)
    assert set(map(bytes, part.packed_patterns)) <= set(map(bytes, whole.packed_patterns))


def test_estimates_of_the_first_layer_are_those_of_the_cross_polytope():
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.standard_normal((30, 4)), np.ones((1, 30))], [rng.standard_normal(30), [0]])
    x, layer = rng.standard_normal(4), lens.network.layers[0]
    found = lens.local_complexity(x, 0.5, estimate=True, seed=3)
    assert found.corners.shape == (8, 4)
    ways = (found.corners[:4] - x) / 0.5
    assert np.allclose(ways @ ways.T, np.eye(4))
    assert np.allclose(found.corners.mean(axis=0), x)
    cuts = np.abs(layer.weight @ x + layer.bias) < 0.5 * np.abs(layer.weight @ ways.T).max(axis=1)
    assert found.neurons.tolist() == [cuts.sum()]
    assert found.neurons[0] <= lens.local_complexity(x, 0.5).neurons[0]
    assert lens.local_complexity(x, 0.5, estimate=True, n_directions=2).corners.shape == (4, 4)
    assert repr(found) == f"ComplexityEstimate(neurons per layer [{cuts.sum()}], from 8 corners)"


def test_bits_are_those_of_regions_with_interior_in_the_ball():
    lens, x = random_lens((2, 10, 10, 1), 7), np.array([0.5, 0.25])
    found = lens.local_complexity(x, 0.5)
    ways = np.random.default_rng(0).standard_normal((20_000, 2))
    ways *= np.sqrt(np.random.default_rng(1).random(20_000) * 0.25)[:, None] / np.linalg.norm(ways, axis=1)[:, None]
    seen = np.unique(lens.patterns(x + ways), axis=0)
    listed = set(map(bytes, unpack(found.packed_patterns, 20)))
    assert set(map(bytes, seen)) <= listed
    assert len(seen) > len(listed) / 2


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (([0, 0], 0), {}, OptionError, "`radius` should be a positive number, but received 0"),
        (([0, 0], -1), {}, OptionError, "positive"),
        (([0, 0], np.nan), {}, OptionError, "positive"),
        (([0, 0], np.inf), {}, OptionError, "positive"),
        (([0, 0], True), {}, OptionError, "positive"),
        (([0, 0], 1), {"norm": 3}, OptionError, "`norm` should be 1, 2 or inf"),
        (([0, 0], 1), {"max_regions": 0}, OptionError, "`max_regions`"),
        (([0, 0, 0], 1), {}, DimensionError, "2 coordinates"),
        (([0, np.nan], 1), {}, DimensionError, "finite"),
    ],
)
def test_bad_questions(arguments, options, error, words):
    with pytest.raises(error, match=words):
        random_lens((2, 3, 1), 0).local_complexity(*arguments, **options)


def test_bad_questions_about_estimates():
    lens = random_lens((2, 3, 1), 0)
    with pytest.raises(OptionError, match="positive"):
        lens.local_complexity([0, 0], 0, estimate=True)
    with pytest.raises(OptionError, match="`n_directions`"):
        lens.local_complexity([0, 0], 1, estimate=True, n_directions=0)
    with pytest.raises(OptionError, match="ask for `estimate=True`"):
        lens.local_complexity([0, 0], 1, n_directions=2)
    for options in ({"norm": 1}, {"max_regions": 5}):
        with pytest.raises(OptionError, match="leave out `norm` and `max_regions`"):
            lens.local_complexity([0, 0], 1, estimate=True, **options)
